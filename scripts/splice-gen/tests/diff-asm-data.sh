#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Data of assembly: named, nameless, and constants that linkers merge.
# shellcheck disable=SC1091
. "$(dirname "$0")/asm-lib.bash"

unit() {
	cat <<'END'
.section .rodata.cst16, "aM", @progbits, 16
.Lone:	.octa 0x11111111111111111111111111111111
.Ltwo:	.octa 0x22222222222222222222222222222222
.section .rodata, "a"
.Ltable: .long 1, 2, 3, 4
.Lrest:	.long 5, 6
.section .rodata.named, "a"
named:	.long 1, 2, 3
.section .rodata.first, "a"
.Lfirst: .long 1
second: .long 2
.section .rodata.mixed, "a"
mixed:	.long 1
.size mixed, 4
.Lmixed: .long 2
.data
.Lstate: .long 7
.section .data.named, "aw"
state:	.long 8
.text
func entry
	body 1
	vpaddd .Ltwo(%rip), %xmm0, %xmm0
	movl .Ltable(%rip), %eax
	movl named+4(%rip), %eax
	movl state(%rip), %eax
	return
end entry
func user
	body 2
	vpaddd .Lone(%rip), %xmm0, %xmm0
	vpshufd $3, .Ltwo(%rip), %xmm0
	return
end user
END
}

asm_change 's/body 1/body 3/' < <(unit)
check "object is written" result 0
check "a constant is used where it is" refers_to_old .Ltwo s
check "so is what has a name" refers_to_old named o "\+ 0"
check "and what is written to" refers_to_old state o
check "nameless tables are copied whole" section_size .rodata 24
check "there is no other copy" not has_section .rodata.cst16

asm_change 's/body 2/body 3/' < <(unit)
check "behind an immediate: object is written" result 0
check "a constant is found behind an immediate" refers_to_old .Ltwo s "- 5"

asm_change 's/vpaddd .Lone/vpaddd .Lone+16/' < <(unit)
check "a sum that leads out of a constant" refused ambiguous
asm_change 's/0x1{32}/0x33333333333333333333333333333333/' < <(unit)
check "another constant: object is written" result 0
check "its user is replaced" test "$(grep ^func report | cut -f 3)" = user
check "with a constant of its own" section_size .rodata.cst16 16
asm_change 's/(Lrest:.*)6/\19/' < <(unit)
check "another table: its user is replaced" reports func replaced entry

asm_change 's/body 1/&\n\tmovl .Lstate(%rip), %eax/' < <(unit)
check "what may be written to and has no name" refused data
asm_change 's/body 1/&\n\tmovl .Lmixed(%rip), %eax/' < <(unit)
check "what has no name belongs to the name above it" \
	refers_to_old mixed o "\+ 0"
asm_change 's/(Lmixed:.*)2/\19/' < <(unit)
check "and so does its value" refused data
asm_change 's/body 1/&\n\tmovl .Lfirst(%rip), %eax/' < <(unit)
check "what has no name above all names" refused ambiguous
asm_change 's/(state:.*)8/\19/' < <(unit)
check "another initial value" refused data
asm_change 's/(named:.*)3/\19/' < <(unit)
check "another table with a name" refused data
finish
