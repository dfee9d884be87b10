#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A read-only table of which one word changes gets it in place.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

# The fields of the row of datas: unit, section and offset in pre, size.
data_row() {
	objcopy -O binary -j .livesplice.link.datas \
		--set-section-flags .livesplice.link.datas=alloc new.o row &&
		od -An -v -tu4 -w24 row | awk '{ print $3, $4, $5, $6 }'
}

row_is() {
	[[ $(data_row) == "$1" ]]
}

place_of() {
	local shndx value

	read -r value shndx < <(readelf -sW plain.o |
		awk -v s="$1" '$8 == s { print $2, $7 }')
	echo "$shndx $((16#$value))"
}

pre <<'END'
static int a(void) { return 1; }
static int b(void) { return 2; }
struct ops { int (*run)(void); int n; };
const struct ops table = { a, 1 };
const struct ops spare = { b, 1 };
END
post <<'END'
static int a(void) { return 1; }
static int b(void) { return 2; }
struct ops { int (*run)(void); int n; };
const struct ops table = { b, 1 };
const struct ops spare = { b, 1 };
static int (*keep_a)(void) __attribute__((used)) = a;
END
run_diff
check "changed pointer in a table" result 0
check "the table is rewritten" reports data rewritten table "references, one word"
check "the other table is not named" not reports data rewritten spare
check "new contents have a name" symbol "LOCAL [0-9]+ table.splice"
check "the table's name stays the kernel's" not symbol "GLOBAL [0-9]+ table"
check "its pointer leads to the old function" count_is 1 .rodata.table \
	"$(old_name b f) \\+ 0"
check "and nothing else is in it" section_size .rodata.table 16
check "one row of an object" row_is "7 $(place_of table) 16"
check "no function has to be free" not has_section .livesplice.link.funcs
check "nothing is left behind" not reports pinned

# A pointer to what is new may be copied from the table.
post <<'END'
static int a(void) { return 1; }
static int b(void) { return 2; }
static int c(void) { return 3; }
struct ops { int (*run)(void); int n; };
const struct ops table = { c, 1 };
const struct ops spare = { b, 1 };
static int (*keep_a)(void) __attribute__((used)) = a;
END
run_diff
check "pointer to a new function" result 0
check "the function comes along" reports func new c
check "the pointer leads to it" count_is 1 .rodata.table ".text.c \\+ [0-9a-f]+"
check "it may be left behind" reports pinned c table+0x0

# A reference to a replaced function goes on meaning its original address.
post <<'END'
static int a(void) { return 1; }
static int b(void) { return 4; }
struct ops { int (*run)(void); int n; };
const struct ops table = { b, 1 };
const struct ops spare = { b, 1 };
static int (*keep_a)(void) __attribute__((used)) = a;
END
run_diff
check "pointer to a replaced function" reports func replaced b
check "the pointer leads to the original" count_is 1 .rodata.table \
	"$(old_name b f) \\+ 0"
check "only the replaced function has a row" section_size \
	.livesplice.link.funcs 32

# Strings that stay are those of the old contents, which the engine has seen.
names() {
	cat <<-END
	extern int use(const char *s);
	static const char * const names[] = { "one", "two", "$1" };
	int entry(unsigned int x) { return use(names[x % 3]); }
	END
}
names three | pre
names four | post
run_diff
check "another string in a table" result 0
check "the others are the old ones" count_is 2 .rodata.names \
	"__splice.old.7.[0-9a-f]+.[0-9a-f]+.s \+ 0"
check "only the new one may be left behind" reports pinned '"four"' names+0x10
check "only the new one is there" not grep -q 'pinned.*"one"' report
finish
