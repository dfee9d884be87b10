#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A replacement of no bytes stands where that of another function starts.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
int entry(int x) { alternative("lfence", "", 0x12); return other(x); }
int unchanged(int x) { alternative("nop; nop; nop", "stac", 0x34); return x; }
END
post <<'END'
int entry(int x) { alternative("lfence", "", 0x12); return other(x) + 1; }
int unchanged(int x) { alternative("nop; nop; nop", "stac", 0x34); return x; }
END
run_diff
check "object is written" result 0
check "only the changed function" test "$(grep -c ^func report)" = 1
check "its alternative is carried" section_size .altinstructions "$alt_entry"
check "the replacement of the other is not" \
	section_size .altinstr_replacement 0

post <<'END'
int entry(int x) { alternative("lfence", "", 0x12); return other(x); }
int unchanged(int x) { alternative("nop; nop; nop", "clac", 0x34); return x; }
END
run_diff
check "a changed replacement changes its function only" \
	test "$(grep ^func report | cut -f3)" = unchanged
finish
