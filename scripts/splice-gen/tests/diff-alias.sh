#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A function with several names is replaced once.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

unit() {
	cat <<'END'
noinline int entry(int x) { return other(x) + 1; }
extern int second(int) __attribute__((alias("entry")));
extern int weakly(int) __attribute__((weak, alias("entry")));
static int local(int) __attribute__((alias("entry"), used));
int user(int x) { return second(x) + weakly(x) + 3; }
int user2(int x) { return local(x) + 4; }
END
}

pre < <(unit)
post < <(unit | sed 's/+ 1/+ 2/')
run_diff
check "object is written" result 0
check "it is replaced once" test "$(grep -c ^func report)" = 1
check "by one row" section_size .livesplice.link.funcs 32

post < <(unit | sed 's/+ 3/+ 5/')
run_diff
check "its callers keep the name they use" count_is 1 .text.user "second - 4"
check "also a weak one, which may mean another" count_is 1 .text.user "weakly - 4"
post < <(unit | sed 's/+ 4/+ 5/')
run_diff
check "a static name leads to the one place" count_is 1 .text.user2 \
	"(entry|second) - 4"

# Two names become two functions: both names meant the first one's code.
pre < <(unit)
post < <(unit | sed 's/^extern int second.*/noinline int second(int x) { return other(x) + 9; }/')
run_diff
check "a name that gets code of its own" refused symbol
check "the name is given" reports refuse symbol second
cp post.o pre.o
cp post.o plain.o
post < <(unit)
run_diff
check "a function whose name becomes another one's" refused symbol
finish
