#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Code that refers to its own entries of a special table, as warnings with
# arguments do: the new code has new entries, and means those.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

warn='
void trap(void *bug, int);
static inline __attribute__((always_inline)) void warn(int arg, const int flags)
{
	void *bug;

	asm volatile("lea 2f(%%rip), %0\n1:\n"
		     ".pushsection __bug_table, \"aw\"\n2:\n"
		     ".long 1b - .\n.word %c1\n.org 2b + 8\n.popsection"
		     : "=r" (bug) : "i" (flags));
	trap(bug, arg);
}'
unchanged='int unchanged(int *p) { if (other(*p)) warn(*p, 1); return 1; }'

pre <<< "$warn $unchanged
int entry(int *p) { if (other(*p)) warn(*p, 1); return 2; }"
post <<< "$warn $unchanged
int entry(int *p) { if (other(*p)) { warn(*p, 1); warn(2, 1); } return 2; }"
run_diff
check "object is written" result 0
check "two entries, none of the other function" section_size __bug_table 16
check "of the new code" count_is 2 __bug_table ".text.entry \+ [0-9a-f]+"
check "which refers to the first" count_is 1 .text.entry "__bug_table - 4"
check "and the second" count_is 1 .text.entry "__bug_table \+ 4"
check "the other one did not change" not grep -q unchanged <(readelf -rW new.o)

pre <<< "$warn $unchanged
int entry(int *p) { if (other(*p)) warn(*p, 1); return 2; }"
post <<< "$warn $unchanged
int entry(int *p) { if (other(*p)) warn(*p, 3); return 2; }"
run_diff
check "an entry that differs is a change of code" result 0
check "its entry is carried" section_size __bug_table 8

post <<< "$warn $unchanged
int entry(int *p) { if (other(*p)) warn(*p, 1); return 2; }"
run_diff
check "the same entries are no change" result 66
finish
