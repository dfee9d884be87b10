#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The same source twice means nothing for a running kernel.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

source='
static int state;
static noinline int helper(int x) { _printk("x %d\n", x); return x + state; }
int entry(int *p) { static int calls; calls++; BUG(); return helper(fetch(p)); }
'
pre <<< "$source"
post <<< "$source"
run_diff
check "equal objects: nothing to do" result 66
check "nothing is written" test ! -e new.o
finish
