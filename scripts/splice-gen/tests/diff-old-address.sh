#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A replaced function is still known by its original address.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
static noinline int walk(int x) { return x ? other(x) + 1 : 0; }
int entry(int x) { return walk(x) + walk(x + 1); }
int counter(int x) { return x ? counter(other(x)) + other(2) : 0; }
END
post <<'END'
static noinline int walk(int x) { return x ? other(x) + 2 : 0; }
int entry(int x) { keep(walk); return walk(x) + walk(x + 1); }
int counter(int x) { return x ? counter(other(x)) + other(3) : 0; }
END
run_diff
check "object is written" result 0
check "static function, called and handed out" \
	count_is 3 .text.entry "$(old_name walk f) .*"
check "recursion goes through the original entry" \
	count_is 1 .text.counter "counter - 4"
for f in walk entry counter; do
	check "$f does not lead to new entries" count_is 0 ".text.$f" "[a-z]+\.splice.*"
done
finish
