#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Functions of an assembly file are told apart, although they share a section.
# shellcheck disable=SC1091
. "$(dirname "$0")/asm-lib.bash"

unit() {
	cat <<'END'
func helper local
	body 1
	return
end helper
func first
	body 2
	call helper
	call second
	return
end first
func second
	body 3
	jmp later
	.skip 200, 0x90
	return
end second
func third
	body 4
	call outside
	jmp first
end third
func later
	body 5
	return
end later
END
}

asm_change '' < <(unit)
check "equal: nothing to do" result 66

asm_change '/body 4/s/$/\n\tvzeroupper/' < <(unit)
check "the last but one: object is written" result 0
check "that one is replaced" reports func replaced third size
check "and no other" test "$(grep -c ^func report)" = 1
check "tail call of a global function by its name" \
	count_is 1 .text "first - 4"
check "with room for call thunks" is_padded third.splice
check "no reference is lost" count_is 2 .text ".* - 4"

asm_change '/body 2/s/$/\n\tvzeroupper/' < <(unit)
check "the first: object is written" result 0
check "it moves all others, which stay what they are" \
	test "$(grep -c ^func report)" = 1
check "call of a local function by its place" refers_to_old helper f
check "the number is gone" grep -q "c5f877e800000000e800000000e900000000$" \
	<<< "$(code_of first.splice)"

asm_change 's/body 1/body 7/;s/body 5/body 8/' < <(unit)
check "two: object is written" result 0
check "both, and no caller" test "$(grep ^func report | cut -f 3 | xargs)" = \
	"helper later"
check "each with its row" section_size .livesplice.link.funcs 64

asm_change 's/^func later/func fresh local\n\tbody 9\n\treturn\nend fresh\n&/;s/call outside/&\n\tcall fresh/' < <(unit)
check "a new function: object is written" result 0
check "it is reported" reports func new fresh
check "it has room for call thunks" is_padded fresh
check "its caller means the new one" count_is 1 .text "\.text \+ [0-9a-f]+"
finish
