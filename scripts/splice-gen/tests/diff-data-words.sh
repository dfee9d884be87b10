#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What counts as one word: what one aligned store of the machine can write.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

type=
common='
extern int use(const void *p);
int entry(void) { return use(&x); }
'

# unit OLD NEW: a change of an object of $type
unit() {
	pre <<< "$type = { $1 }; $common"
	post <<< "$type = { $2 }; $common"
	run_diff
}

# one NAME OLD NEW, more NAME OLD NEW

one() {
	unit "$2" "$3"
	check "$1: one word" reports data rewritten x "contents, one word"
	check "$1: no reader" not has_section .livesplice.link.funcs
}

more() {
	unit "$2" "$3"
	check "$1: more than one" reports data rewritten x \
		"contents, used by entry()"
	check "$1: a reader" has_section .livesplice.link.funcs
}

type='static const __attribute__((aligned(8))) int x[4]'
one "both halves of a word" "1, 2, 3, 4" "5, 6, 3, 4"
more "halves of two words" "1, 2, 3, 4" "1, 5, 6, 4"
more "first and last" "1, 2, 3, 4" "5, 2, 3, 6"
one "the last word" "1, 2, 3, 4" "1, 2, 5, 6"
type='static const char x[6]'
one "one character" "'a', 'b', 'c'" "'a', 'x', 'c'"
more "two characters" "'a', 'b', 'c'" "'x', 'y', 'c'"
type='static const struct { long n; const char *s; } x'
more "a number and what a pointer leads to" '1, "one"' '2, "two"'

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
