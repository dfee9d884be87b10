#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Functions of one section are told apart by their symbols.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
__section(".sched.text") int first(int x) { return other(x) + 1; }
__section(".sched.text") int second(int x) { return other(x) + 2; }
__section(".sched.text") int third(int x) { return other(x) + 3; }
END
post <<'END'
__section(".sched.text") int first(int x) { return other(x) + 1; }
__section(".sched.text") int second(int x) { return other(other(x)) + 2; }
__section(".sched.text") int third(int x) { return other(x) + 3; }
END
run_diff
check "object is written" result 0
check "one function is replaced" test "$(grep -c ^func report)" = 1
check "the right one" reports func replaced second
check "one ftrace site" section_size __mcount_loc 8
check "old place is that of the function" sh -c "readelf -x \
	.livesplice.link.funcs new.o | grep -q \"$(readelf -sW plain.o |
	awk '$8 == "second" { printf "%02x", ("0x" substr($2, 15)) + 0 }' \
	2> /dev/null)\""
finish
