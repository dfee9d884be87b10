#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Constants without a name are compared and copied by content.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

row='71, 82, 93, 104, 115, 126, 137, 148, 159, 161, 172, 183, 194, 205, 216'
box="struct box { long v[34]; }; extern void use(struct box *b);
int quiet(int x)
{
	struct box b = { { 5, $row, 6, $row, 7, 8 } };
	use(&b);
	return x;
}"
entry() {
	printf '%s\nint entry(int x) { struct box b = { { 1, %s, 2, %s, 3, %s } };\n' \
		"$box" "$row" "$row" "$1"
	printf 'use(&b); return x; }\n'
}

pre <<< "$(entry 9)"
check "the compiler makes such a constant" sh -c \
	'readelf -SW pre.o | grep -qE " \.rodata +PROGBITS"'
post <<< "$(entry 4660)"
run_diff
check "object is written" result 0
check "changed contents change the function" reports func replaced entry
check "other contents do not" not reports func replaced quiet
check "the new contents are there" sh -c \
	'objdump -s -j .rodata new.o | grep -q 34120000'
check "the others are not" section_size .rodata 272
finish
