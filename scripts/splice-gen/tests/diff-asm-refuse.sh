#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Assembly that cannot be taken apart, or must stay what it is.
# shellcheck disable=SC1091
. "$(dirname "$0")/asm-lib.bash"

unit() {
	cat <<'END'
func entry
	body 1
	return
end entry
func other_one
	body 2
	return
end other_one
END
}

# odd NAME REASON TEXT: with these lines behind entry both changes of entry and
# of another function are refused, but not a change elsewhere.
odd() {
	local unit

	unit=$(unit | sed "/^end entry/r "<(printf '%s\n' "$3"))
	asm_change 's/body 1/body 7/' <<< "$unit"
	check "$1" refused "$2"
	asm_change 's/body 2/body 7/' <<< "$unit"
	check "$1: beside it" refused "$2"
	asm_change 's/body 8/body 7/' <<< "$unit
.section .text.apart, \"ax\"
func apart
	body 8
	return
end apart"
	check "$1: not concerned" result 0
}

odd "code between functions" asm $'\tmovl $1, %eax\n\tret'
odd "bytes between functions" asm $'\t.byte 1, 2, 3'
odd "a function without a size" asm $'.type nosize, @function\nnosize:\tret'
odd "functions that overlap" asm $'.type inner, @function\n.set inner, entry + 8\n.size inner, 4'
odd "a function that runs on" asm $'func runs\n\tbody 3\nend runs'
odd "a function that ends with a call" asm $'func calls\n\tcall outside\nend calls'
odd "a function that may run on" asm $'func may\n\tbody 3
661:	return\n662:\nend may\n.pushsection .altinstructions, "a"
.long 661b - ., 663f - .\nalt_feature 1\n.byte 5, 1\n.popsection
.pushsection .altinstr_replacement, "ax"\n663: nop\n.popsection'
odd "half an instruction" asm $'func bad\n\treturn\n\t.byte 0xe9, 1\nend bad'
odd "a branch to nowhere" asm $'func lost\n\tjmp lost - 8\nend lost'
odd "a transaction" asm $'func xbegin\n\txbegin 1f\n1:\treturn\nend xbegin'

asm_change 's/body 1/body 7/' < <(unit | sed '/^end entry/r '<(printf '\t.balign 64, 0xcc\n\t.skip 40, 0\n\t.balign 16\n'))
check "any filler: object is written" result 0

for sect in .noinstr.text .entry.text .head.text .kprobes.text; do
	asm_change 's/body 1/body 7/' < <(unit | sed "1i .section $sect, \"ax\"")
	check "section $sect" refused noinstr
done
asm_change 's/body 1/body 7/' < <(unit | sed '1i .section .text..thunk, "ax"')
check "a section that is not known" refused section

asm_change 's/body 1/body 7/' < <(unit; printf '.section _kprobe_blacklist, "aw"\n.quad entry\n')
check "no probe may be in it" refused noinstr
asm_change 's/body 1/body 7/' < <(unit; printf '.section .discard.func_stack_frame_non_standard, "aw"\n.quad entry\n')
check "objtool does not look at it" refused asm
asm_change 's/body 1/body 7\n.globl inside\ninside:/' < <(unit)
check "a global label inside of it" refused interior

code='code:	body 3
	jmp outside
	.size code, . - code
	.skip 16, 0x90
	.p2align 4, 0x90'
asm_change 's/body 3/body 7/' < <(unit | sed "/^end entry/r "<(echo "$code"))
check "code that is no function" refused label
asm_change 's/body 1/body 7/' < <(unit | sed "/^end entry/r "<(echo "$code"))
check "code that is no function: beside it" result 0
asm_change 's/body 1/&\n\tjne code\n\t.skip 200, 0x90/' < <(unit | sed "/^end entry/r "<(echo "$code"))
check "code that is no function: branch to it" refused label

data='.type data, @object
data:	.quad 1
	.size data, 8
	.skip 16, 0x90
	.p2align 4, 0x90'
asm_change 's/body 1/&\n\tmovl data(%rip), %eax/' < <(unit | sed "/^end entry/r "<(echo "$data"))
check "data in text: use of it" refused label
asm_change 's/quad 1/quad 2/' < <(unit | sed "/^end entry/r "<(echo "$data"))
check "data in text: change of it" refused data
asm_change 's/body 1/body 7/' < <(unit | sed "/^end entry/r "<(echo "$data"))
check "data in text: beside it" result 0
finish
