#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Functions that share a section call each other by numbers.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

unit() {
	cat <<'END'
static __section(".sched.text") noinline int helper(int x) { return other(x) + 1; }
__section(".sched.text") int first(int x) { return helper(x) * 3; }
__section(".sched.text") int second(int x) { return other(x) + 2; }
END
}

pre < <(unit)
check "the assembler leaves no relocation here" not grep -q helper \
	<(readelf -rW pre.o)
post < <(unit | sed 's/\* 3/* 5/')
run_diff
check "object is written" result 0
check "only the caller is replaced" test "$(grep ^func report | cut -f 3)" = first
check "its call leads to the old helper" \
	count_is 1 .sched.text "$(old_name helper f) - 4"

post < <(unit | sed 's/+ 1/+ other(x + 1)/')
run_diff
check "the callee grows: object is written" result 0
check "only the callee is replaced" test "$(grep ^func report | cut -f 3)" = helper

post < <(unit | sed 's/+ 1/+ 4/;s/+ 2/+ 5/')
run_diff
check "two of one section: object is written" result 0
objcopy -O binary -j .sched.text new.o text.bin
check "no zeros between them, which are code to objtool" \
	not grep -qaP '\x00{5}' text.bin

# A tail call that is near enough takes two bytes.
pre < <(unit | sed '2,$d'; echo '__section(".sched.text") int tail(int x) { return helper(x); }')
post < <(unit | sed '2,$d'; echo '__section(".sched.text") int tail(int x) { return helper(x + 1); }')
run_diff
check "a short branch to a function that stays" refused branch
finish
