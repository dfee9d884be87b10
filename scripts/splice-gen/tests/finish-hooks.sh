#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What finish, verify and show make of functions that are called when the update
# is switched.

# shellcheck disable=SC1091
. "$(dirname "$0")/tables-lib.bash"

# make_hooks [BODY [ROWS]]: the module with functions that are hooks.
make_hooks() {
	make_module
	cat >> new.s <<-EOF
	.section .text.hooks,"ax",@progbits
		.balign 16
		.type ready, @function
	ready:	endbr64
		${1-call helper}
	1:	jmp __x86_return_thunk
		.size ready, . - ready
	.set ready_size, . - ready
		.type finished, @function
	finished: endbr64
	2:	jmp __x86_return_thunk
		.size finished, . - finished
	.section .return_sites,"a",@progbits
		.long 1b - ., 2b - .
	.section .orc_unwind_ip,"a",@progbits
		.long ready - .
	.section .orc_unwind,"a",@progbits
		.byte 8, 0, 0, 0, 5, 2
	.section .livesplice.link.hooks,"",@progbits
		${2-.quad finished; .long 0, 8, 9, 0
		.quad ready; .long 0, 1, ready_size, 0}
	EOF
	as -o unit.o new.s && ld -r -o in.ko unit.o || exit 1
}

# unit kind shndx offset size of each row
rows_are() {
	od -An -v -tu4 -w20 -j "$(bytes_at out.ko .livesplice.hooks)" -N 40 out.ko |
		awk '{ print $1, $2, $3, $4 }' | xargs > got
	echo "got $(cat got), wanted $1"
	[[ $(cat got) == "$1" ]]
}

# damaged WHAT TEXT OFFSET BYTES
damaged() {
	cp good.ko bad.ko
	poke bad.ko .livesplice.hooks "$3" "$4"
	ok "$1" status 1 "^refuse	$2" verify bad.ko
}

try() {
	rm -f out.ko
	ok "$1" status "$2" "$3" finish
	ok "$1: nothing is written" test ! -e out.ko
}

make_pre
make_hooks
ok "it is written" silent finish
ok "verify agrees" silent verify
cp out.ko good.ko
code=$(section_index out.ko .text.hooks)
ok "rows are in order, with their places" rows_are \
	"0 1 $code 0 0 8 $code $((16#$(symbol_field out.ko finished 2)))"
ok "show names one" status 0 '^    hook pre ready$' "$ELF" show out.ko
ok "show names the other" status 0 '^    hook undo_post finished$' "$ELF" show out.ko
ok "JSON has both" status 0 \
	'"hooks":\[\{"name":"ready","unit":"dir/pre.o","kind":"pre"\},\{"name":"finished","unit":"dir/pre.o","kind":"undo_post"\}\]' \
	"$ELF" show --json out.ko

damaged "unit" 'format	.livesplice.hooks\[0\]' 0 '\x01'
damaged "kind" 'format	.livesplice.hooks\[1\]' 24 '\x0a'
damaged "order" 'format	.livesplice.hooks\[1\]' 24 '\x01'
damaged "section" 'hook	dir/pre.o' 8 '\x00\x01'
damaged "no section" 'format	.livesplice.hooks\[0\]' 8 '\x00'
damaged "offset" 'hook	dir/pre.o' 12 '\x01'
damaged "size" 'hook	dir/pre.o' 16 '\x01'

# What the update replaces.
make_hooks "call __splice.old.0.$(text_of .text).$(place_of target).f"
try "a call of a replaced function" 1 \
	'^refuse	hook	ready	dir/pre.o: the hook refers at \+0x5 to target\(\)'
make_hooks "call target"
try "a call of one in another unit" 1 \
	'^refuse	hook	ready	.*refers at \+0x5 to target\(\)'
make_hooks "movq \$target, %rdi"
try "its address" 1 '^refuse	hook	ready	.*refers at \+0x7 to target\(\)'
make_hooks "call __splice.old.0.$(text_of .text).$(place_of local).f"
ok "a call of another function" silent finish

# By way of other functions of the update.
through() {
	make_hooks "call passes"
	cat >> new.s <<-EOF
	.section .text.through,"ax",@progbits
		.balign 16
		.type passes, @function
	passes:	jmp .Lbehind
		.size passes, . - passes
	.section .text.behind,"ax",@progbits
		.balign 16
		.skip 16, 0xcc
		.type behind, @function
	behind:
	.Lbehind: call $1
		jmp passes
		.size behind, . - behind
	.section .orc_unwind_ip,"a",@progbits
		.long passes - ., behind - .
	.section .orc_unwind,"a",@progbits
		.byte 8, 0, 0, 0, 5, 2, 8, 0, 0, 0, 5, 2
	EOF
	as -o unit.o new.s && ld -r -o in.ko unit.o || exit 1
}
through target
try "a call of a replaced function by way of others" 1 \
	'^refuse	hook	ready	.*refers by way of behind at \+0x[0-9a-f]* to target\(\)'
through helper
ok "a call of another one by way of others" silent finish

make_hooks "" ".quad ready; .long 0, 10, ready_size, 0"
try "no kind" 3 'row at 0x0 makes no sense'
make_hooks "" ".quad ready; .long 3, 1, ready_size, 0"
try "no unit" 3 'row at 0x0 makes no sense'
make_hooks "" ".quad 0; .long 0, 1, ready_size, 0"
try "no function" 3 'row at 0x0 does not name new code'
make_hooks "" ".quad ready; .long 0, 1, ready_size, 0
	.quad finished; .long 0, 1, 9, 0"
try "two of a kind" 3 'two hooks of kind 1 in one unit'

# A row got lost on the way.
make_hooks
cp unit.o whole.o
sed '/livesplice.link.hooks/,$d' new.s > fewer.s
as -o unit.o fewer.s && ld -r -o in.ko unit.o
ok "without hooks" silent finish
mv whole.o unit.o
ok "hooks that got lost" status 1 '^refuse	count	.livesplice.hooks' verify
finished
