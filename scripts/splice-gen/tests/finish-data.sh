#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What finish, verify and show make of objects that get new contents in place.

# shellcheck disable=SC1091
. "$(dirname "$0")/tables-lib.bash"

# make_data [NEW-CONTENTS [ROW [SECTION]]]: the module with a row for an object.
make_data() {
	local place

	place="$((16#$(text_of .rodata))), $((16#$(place_of list)))"
	make_module
	cat >> new.s <<-EOF
	.section ${3-.rodata.list,\"a\"},@progbits
		.balign 8
	before:	.quad 7
		.type list.splice, @object
	list.splice:
		${1-.quad 2, __splice.old.0.$(text_of .text).$(place_of local).f, before}
		.size list.splice, . - list.splice
	.section .livesplice.link.datas,"",@progbits
		${2-.quad list.splice; .long 0, $place, 24}
	.section .livesplice.link.funcs,"",@progbits
		.quad 0
		.long 0, $((16#$(text_of .text))), $((16#$(place_of other))), 0, 2, 0
	EOF
	as -o unit.o new.s && ld -r -o in.ko unit.o || exit 1
}

# The fields of the only row: symbol bytes first_reloc nr_relocs shndx offset
row() {
	od -An -tu4 -w24 -j "$(bytes_at out.ko .livesplice.datas)" -N 24 out.ko
}

old_bytes_are() {
	local bytes

	read -r _ bytes _ < <(row)
	[[ $(od -An -tu8 -w24 -j $(($(bytes_at out.ko .livesplice.bytes) + bytes)) \
		-N 24 out.ko | xargs) == "$1" ]]
}

# offset, type and addend of the relocations of the old contents
old_relocs_are() {
	local first nr

	read -r _ _ first nr _ < <(row)
	od -An -v -tu4 -w24 -j $(($(bytes_at out.ko .livesplice.relocs) + 24 * first)) \
		-N $((24 * nr)) out.ko | awk '{ print $1, $2, $5 }' | xargs > got
	echo "got $(cat got)"
	[[ $(cat got) == "$1" ]]
}

place_is_right() {
	local shndx offset

	read -r _ _ _ _ shndx offset < <(row)
	[[ $shndx == "$(section_index out.ko .rodata.list)" && $offset == 8 ]]
}

# damaged WHAT TEXT SECTION OFFSET BYTES
damaged() {
	cp good.ko bad.ko
	poke bad.ko "$3" "$4" "$5"
	ok "$1" status 1 "^refuse	$2" verify bad.ko
}

try() {
	rm -f out.ko
	ok "$1" status "$2" "$3" finish
	ok "$1: nothing is written" test ! -e out.ko
}

make_pre
cat >> pre.c <<-'EOF'
static long spare[2] = { 1, 2 };
long *kept(void) { return spare; }
extern const struct list { long n; int (*f)(int); const char *s; } list;
const struct list list = { 1, target, "a name" };
__attribute__((weak)) const long maybe = 3;
EOF
compile pre.c pre.o
make_data
ok "it is written" silent finish
ok "verify agrees" silent verify
cp out.ko good.ko
ok "show names the object" status 0 '^    rewrites list \(24 bytes\)$' \
	"$ELF" show out.ko
ok "show names the reader" status 0 '^    reader other \([0-9]* bytes\)$' \
	"$ELF" show out.ko
ok "JSON has both" status 0 \
	'"change":"reader".*"data":\[\{"name":"list","unit":"dir/pre.o","change":"rewritten","size":24\}\]' \
	"$ELF" show --json out.ko
ok "old contents are those of pre" old_bytes_are "1 0 0"
ok "old pointers come with them" old_relocs_are "8 1 0 16 1 16"
ok "new contents are where the row says" place_is_right

damaged "symbol" 'format	.livesplice.datas\[0\]' .livesplice.datas 2 X
damaged "another symbol" 'format	.livesplice.datas\[0\]' .livesplice.datas 0 '\x00'
damaged "old contents" 'format	.livesplice.datas\[0\]' .livesplice.datas 4 '\x01'
damaged "relocations" 'format	.livesplice.datas\[0\]' .livesplice.datas 8 '\x01'
damaged "number of relocations" 'format	.livesplice.datas\[0\]' \
	.livesplice.datas 14 X
damaged "one relocation less" 'format	.livesplice.sections' \
	.livesplice.datas 12 '\x01'
damaged "section of new contents" 'data	list' .livesplice.datas 16 '\x01'
damaged "offset of new contents" 'data	list' .livesplice.datas 21 X
read -r _ _ first _ < <(row)
damaged "type of an old pointer" "format	.livesplice.relocs\\[$first\\]" \
	.livesplice.relocs $((24 * first + 4)) '\x02'

# The object alone: an update need not replace a function.
sed '/livesplice.link.funcs/,/long/d' new.s > alone.s
as -o unit.o alone.s && ld -r -o in.ko unit.o
ok "data and nothing else" silent finish
ok "data and nothing else: verify" silent verify

# The row got lost on the way.
make_data
sed '/livesplice.link.datas/,/quad/d' new.s > lost.s
as -o lost.o lost.s && ld -r -o in.ko lost.o
ok "a lost row" silent finish
ok "a lost row: verify" status 1 '^refuse	count	.livesplice.datas' verify

make_data ".quad 2; .long hidden - .; .long 0; .quad before"
ok "a relative reference" silent finish
ok "a relative reference: verify" status 1 '^refuse	data	list	relocation' verify

place="$((16#$(text_of .rodata))), $((16#$(place_of list)))"
make_data ".quad 2, 3, 4" ".quad 5; .long 0, $place, 24"
try "a row without new contents" 3 'does not name new contents'
make_data ".quad 2, 3, 4" ".quad target.splice; .long 0, $place, 24"
try "a row that names code" 3 'not read-only data of the module'
make_data ".quad 2, 3, 4" ".quad list.splice; .long 0, $place, 24" '.data.list,"aw"'
try "new contents that are writable" 3 'not read-only data of the module'
make_data ".quad 2, 3" ".quad list.splice; .long 0, $place, 24"
try "new contents that are too short" 3 'not read-only data of the module'
make_data ".quad 2, 3, 4" ".quad list.splice; .long 0, $place, 16"
try "another size" 3 'no object of 16 bytes'
make_data ".quad 2, 3, 4" ".quad list.splice; .long 3, $place, 24"
try "no such unit" 3 'no object of 24 bytes'
place="$((16#$(text_of .data))), $((16#$(place_of spare)))"
make_data ".quad 2, 3" ".quad list.splice; .long 0, $place, 16"
try "a writable object" 3 'spare is not read-only'
place="$((16#$(text_of .rodata))), $((16#$(place_of maybe)))"
make_data ".quad 2" ".quad list.splice; .long 0, $place, 8"
try "a weak object" 1 '^refuse	weak	maybe	'
place="$((16#$(text_of .rodata))), $((16#$(place_of list)))"
make_data ".quad 2, 3, 4" \
	".quad list.splice; .long 0, $place, 24; .quad list.splice; .long 0, $place, 24"
try "an object that is there twice" 1 '^refuse	duplicate	list	'

# What is gone after boot, and what counts from its own place.
sed -i 's/= { 1, target, /= { 1, boot, /' pre.c
compile pre.c pre.o
make_data
try "an old pointer into init text" 1 '^refuse	init	list\+0x8	'
sed -i 's/= { 1, boot, .*/= { 1 };/' pre.c
cat >> pre.c <<-'EOF'
asm(".pushsection .rodata, \"a\"; .type near, @object; near: .long visible - .;"
    ".size near, 4; .popsection");
EOF
compile pre.c pre.o
place="$((16#$(text_of .rodata))), $((16#$(place_of near)))"
make_data ".quad 2" ".quad list.splice; .long 0, $place, 4"
try "an old relative pointer" 1 '^refuse	reloc	near\+0x0	'

finished
