#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Out of line code that only jumps lead to goes with its function.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2016
slow='asm goto("661: jmp 671f\n662:\n"
	".pushsection .altinstructions,\"a\"\n"
	".long 661b - .\n .long 663f - .\n" ALT_FEATURE "0x77\n"
	".byte 662b - 661b\n .byte 664f - 663f\n .popsection\n"
	".pushsection .altinstr_replacement,\"ax\"\n"
	"663: jmp %l[yes]\n664:\n .popsection\n"
	".pushsection .altinstr_aux,\"ax\"\n"
	"671: testb $1, flags(%%rip)\n jnz %l[yes]\n jmp %l[no]\n"
	".popsection" : : : : yes, no);'
pre <<END
int unchanged(int x) { $slow yes: return other(x); no: return 7; }
int entry(int x) { $slow yes: return other(x); no: return 1; }
END
post <<END
int unchanged(int x) { $slow yes: return other(x); no: return 7; }
int entry(int x) { $slow yes: return other(x); no: return 2; }
END
run_diff
check "object is written" result 0
check "a jump is no address that is kept" not reports pinned
check "one piece of three instructions" section_size .altinstr_aux 18
check "it uses the kernel's flags" count_is 1 .altinstr_aux "flags - 5"
check "and jumps back to the new code" count_is 2 .altinstr_aux ".text.entry.*"
check "which jumps to it" count_is 1 .text.entry ".altinstr_aux - 4"
check "replacement jumps to the new code" \
	count_is 1 .altinstr_replacement ".text.entry.*"
check "nothing of the other function" not grep -q unchanged \
	<(readelf -rW new.o)
finish
