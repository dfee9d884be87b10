#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What `splice-elf finish` does not take.

# shellcheck disable=SC1091
. "$(dirname "$0")/tables-lib.bash"

try() {
	local what=$1 status=$2 text=$3

	shift 3
	rm -f out.ko
	ok "$what" status "$status" "$text" finish "$@"
	ok "$what: nothing is written" test ! -e out.ko
}

make_pre
text=$(text_of .text)

make_module "call elsewhere"
try "an export of a module" 1 '^refuse	module-export	elsewhere	'
make_module ".weak maybe; call maybe"
try "a weak reference" 1 '^refuse	weak	maybe	'
make_module "call boot"
try "a name in init text" 1 '^refuse	init	boot	'
make_module "call __splice.old.0.$(text_of .init.text).0.f"
try "a place in init text" 1 '^refuse	init	boot\+0x0	'
make_module "call elsewhere; call boot"
try "all reasons in one run" 1 '^refuse	init	boot	'
ok "all reasons in one run" grep -q module-export stdout

make_module "call __splice.old.0.$text.1.f"
try "no function there" 3 'no such thing'
make_module "call __splice.old.7.$text.0.f"
try "no such unit" 3 'no unit 7'
make_module "call __splice.old.0.$text.ffffff.f"
try "behind the section" 3 'no such place'
make_module "call __splice.old.0.99.0.f"
try "no such section" 3 'no such place'
make_module "call __splice.old.0.$text.0x0.f"
try "a number of another form" 3 'not a place'
make_module "call __splice.12"
try "a name that is reserved" 3 'reserved name'
make_module "movq \$__splice.old.0.$text.0.s, %rax"
try "a string in text" 3 'no such thing'
make_module "movq \$__splice.old.0.$text.0.o, %rax"
try "an object in text" 3 'no such thing'

make_module
sed 's/^\.quad target\.splice/.quad nowhere/' new.s > no.s
as -o no.o no.s && ld -r -o in.ko no.o
try "a row without new code" 3 'does not name new code'
make_module
sed 's/name=fix/name=mix/' new.s > no.s
as -o no.o no.s && ld -r -o in.ko no.o
try "a module of another name" 3 'not a module named fix'
as -o no.o new.s && ld -r -o in.ko no.o unit.o 2> /dev/null
try "a function that is replaced twice" 1 '^refuse	duplicate	target	'
make_module
sed '/livesplice.link.funcs/,/long/d' new.s > no.s
as -o no.o no.s && ld -r -o in.ko no.o
try "a module that replaces nothing" 3 'replaces nothing'
make_module
sed "/^\.long 0, [0-9]*, .*target_size/a .quad 0\n.long 0, $text, $((16#$(place_of weakly))), 0, 1, 0" \
	new.s > no.s
as -o no.o no.s && ld -r -o in.ko no.o
try "a part of a weak function" 1 '^refuse	weak	weakly	'

make_module
{ cat new.s; printf '.globl visible\n.data\nvisible: .long 0\n'; } > no.s
as -o no.o no.s && ld -r -o in.ko no.o
try "a new name that a unit has" 1 '^refuse	symbol	visible	'

make_module
try "the same unit twice" 2 'twice' -u 0:dir/pre.o:pre.o
try "a unit without a path" 2 'NUMBER:NAME' -u 1:dir/pre.o
try "a name that is none" 2 'letters' -N "a b"
try "a name that is too long" 2 '1 to 40' \
	-N aaaaaaaaaabbbbbbbbbbccccccccccdddddddddde
try "an id that is none" 2 'an id has 32' -I 0123
try "no such file" 3 'No such file' -u 1:x.o:nowhere.o
head -c 900 in.ko > short.ko
ok "a truncated module" status 3 'error' "$ELF" finish -o out.ko short.ko \
	-s symvers -N fix -O vmlinux -I "$ID" -D d -R r -P fix.patch -u 0:pre.o:pre.o
ok "two units that define one name" status 1 '^refuse	duplicate	' \
	finish -u 1:dir/again.o:pre.o

finished
