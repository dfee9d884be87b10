#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What counts as one word: what one aligned store of the machine can write, and
# no two fields.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

type=
common='
extern int use(const void *p);
int entry(void) { return use(&x); }
'

# unit CLASS OLD NEW: a change of an object of $type
unit() {
	pre <<< "$1 $type = { $2 }; $common"
	post <<< "$1 $type = { $3 }; $common"
	run_diff
}

known() {
	unit static "$2" "$3"
	check "$1: the reader is known" reports data rewritten x \
		"contents, used by entry()"
	check "$1: a reader" has_section .livesplice.link.funcs
}

# one NAME OLD NEW, more NAME OLD NEW

one() {
	known "$@"
	unit "" "$2" "$3"
	check "$1: one word" reports data rewritten x "contents, one word"
	check "$1: no reader" not has_section .livesplice.link.funcs
}

more() {
	known "$@"
	unit "" "$2" "$3"
	check "$1: more than one" refused data
	check "$1: why" reports refuse data x \
		"more than one word of it changes, and x makes it known"
}

type='const __attribute__((aligned(8))) int x[4]'
one "one number" "1, 2, 3, 4" "1, 5, 3, 4"
more "both halves of a word" "1, 2, 3, 4" "5, 6, 3, 4"
more "halves of two words" "1, 2, 3, 4" "1, 5, 6, 4"
more "first and last" "1, 2, 3, 4" "5, 2, 3, 6"
one "the last number" "1, 2, 3, 4" "1, 2, 3, 6"
type='const long x[2]'
one "the lower half of a long" "1, 2" "1, 5"
more "both halves of a long" "1, 2" "1, -1"
type='const char x[6]'
one "one character" "'a', 'b', 'c'" "'a', 'x', 'c'"
more "two characters" "'a', 'b', 'c'" "'x', 'y', 'c'"
type='const struct { long n; const char *s; } x'
more "a number and what a pointer leads to" '1, "one"' '2, "two"'

# A pointer has eight bytes.
type='const void *const x[2]'
pointers='extern int f(void), g(void);'
pointer() {
	unit "$pointers" "$2" "$3"
	check "$1" reports data rewritten x "$4, one word"
}
pointer "another pointer" 'f, "s"' 'g, "s"' references
pointer "no pointer any more" 'f, "s"' '0, "s"' references
pointer "a number for a pointer" 'f, "s"' '(void *)-5, "s"' contents
unit "$pointers" 'f, "s"' 'g, "t"'
check "two pointers" refused data

# Both fields of an element, read one after the other.
ranges() {
	cat <<-END
	extern int wait(void), copy(int from);
	static const struct { int off, len; } range[2] = { { $1 }, { 1, 1 } };
	int entry(int i)
	{
		int off = range[i].off;

		wait();
		return copy(off) + range[i].len;
	}
	END
}
ranges "0, 8" | pre
ranges "4, 4" | post
run_diff
check "two fields: who reads them is known" reports data rewritten range \
	"contents, used by entry()"
check "two fields: and waited for" has_section .livesplice.link.funcs

# One word of each of two objects.
pre <<< 'const int one = 1; const int two = 1;'
post <<< 'const int one = 2; const int two = 2;'
run_diff
check "two objects, a word each" refused data
check "two objects: why" reports refuse data one \
	"contents of an object that is not the only one to change"

# Half a word in front, so that the halves of one are halves of two.
odd() {
	cat <<-END
	asm(".pushsection .rodata.x, \"a\"; .balign 8; .long 0\n"
	    ".type x, @object; x: .long $1; .size x, 8; .popsection");
	extern const int x[2];
	$common
	END
}
odd "1, 2" | pre
odd "3, 4" | post
run_diff
check "two elements that are not aligned" reports data rewritten x \
	"contents, used by entry()"
finish
