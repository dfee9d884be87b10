#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Functions of assembly with several names, or with a prefix.
# shellcheck disable=SC1091
. "$(dirname "$0")/asm-lib.bash"

unit() {
	cat <<'END'
.globl alias
.type alias, @function
.set alias, entry
.weak weakly
.type weakly, @function
.set weakly, entry
func entry
	body 1
	return
end entry
.size alias, . - entry
.size weakly, . - entry
	.p2align 4, 0x90
	.skip 11, 0x90
.type __cfi_typed, @function
__cfi_typed:
	movl $0x11111111, %eax
end __cfi_typed
.globl typed
.type typed, @function
typed:
	body 2
	call alias
	return
end typed
func other_def weak
	body 3
	return
end other_def
END
}

asm_change 's/body 1/body 7/' < <(unit)
check "a function of three names: object is written" result 0
check "it is replaced once" test "$(grep -c ^func report)" = 1
check "by one row" section_size .livesplice.link.funcs 32

asm_change 's/body 2/body 7/' < <(unit)
check "with a prefix: object is written" result 0
check "only the function is replaced" \
	test "$(grep ^func report | cut -f 3)" = typed
check "the other name of a callee stays" count_is 1 .text "alias - 4"

asm_change 's/0x11111111/0x22222222/' < <(unit)
check "a prefix that changes" refused asm

asm_change 's/body 3/body 7/' < <(unit)
check "a function that is only weak" refused weak
finish
