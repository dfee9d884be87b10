#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Special tables go with functions of assembly.
# shellcheck disable=SC1091
. "$(dirname "$0")/asm-lib.bash"

unit() {
	cat <<'END'
.macro risky
1:	movl (%rsi), %eax
2:
	.pushsection __ex_table, "a"
	.balign 4
	.long 1b - ., 3f - ., 3
	.popsection
.endm
.macro alt
661:	.skip 3, 0x90
662:
	.pushsection .altinstructions, "a"
	.long 661b - ., 663f - .
	alt_feature 0x134
	.byte 3, 664f - 663f
	.popsection
	.pushsection .altinstr_replacement, "ax"
663:	stac
664:
	.popsection
.endm
.macro locked
	.pushsection .smp_locks, "a"
	.balign 4
	.long 671f - .
	.popsection
671:	lock; incl (%rdi)
.endm
func first
	body 1
	alt
	risky
3:	locked
	return
end first
label:
	alt
	jmp outside
	.size label, . - label
func second
	body 2
	alt
	risky
	locked
3:	return
end second
END
}

asm_change 's/body 2/&\n\talt/' < <(unit)
check "object is written" result 0
check "one function is replaced" test "$(grep ^func report | cut -f 3)" = second
check "exception: one entry" section_size __ex_table 12
check "exception: about the new code" count_is 2 __ex_table ".text \+ [0-9a-f]+"
check "alternatives: two entries" section_size .altinstructions $((2 * alt_entry))
check "alternatives: with their replacements" section_size .altinstr_replacement 6
check "lock prefix: one entry" section_size .smp_locks 4

asm_change '/^end second/s/^/.pushsection .unheard_of, "a"\n.quad second\n.popsection\n/;s/body 2/body 3/' \
	< <(unit)
check "a table that is not known" refused section
finish
