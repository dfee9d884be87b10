#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A relocation type that the module loader does not know is refused.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
ulong entry(int x) { return x; }
END
post <<'END'
ulong entry(int x)
{
	ulong v;
	asm("movq elsewhere@GOTPCREL(%%rip), %0" : "=r" (v));
	return v + x;
}
END
run_diff
check "unknown relocation" refused reloc
check "place is named" reports refuse reloc "entry+0x"
finish
