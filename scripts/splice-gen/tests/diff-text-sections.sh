#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Functions in special sections of text, with and without fentry.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

change() {
	pre <<< "$1 int entry(int x) { return other(x) + 1; } int user(int x) { return entry(x) + 3; }"
	post <<< "$1 int entry(int x) { return other(x) + 2; } int user(int x) { return entry(x) + 3; }"
	run_diff
}

for sect in .text.unlikely .text.hot .text.custom .ref.text .sched.text \
	    .spinlock.text .softirqentry.text; do
	change "noinline __section(\"$sect\")"
	check "$sect: object is written" result 0
	check "$sect: one function" test "$(grep ^func report | cut -f 3)" = entry
	check "$sect: keeps its section" has_section "$sect"
	check "$sect: keeps its fentry site" section_size __mcount_loc 8
done

change "noinline __attribute__((cold))"
check "cold: object is written" result 0
check "cold: one function" test "$(grep ^func report | cut -f 3)" = entry

change "noinline __attribute__((no_instrument_function))"
check "notrace: object is written" result 0
check "notrace: no fentry site" not has_section __mcount_loc
finish
