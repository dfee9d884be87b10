#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# An own address that is known to be forgotten does not pin.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2317
free_after() {
	post <<< "$1"
	run_diff
	result 0 && not grep -q ^pinned report &&
		readelf -x .livesplice.link.flags new.o | grep -q ' 00000000 '
}
old='static const char *where; int entry(int x)'
pre <<< "$old { where = \"old\"; return x; } const char *get(void) { return where; }"
rest='const char *get(void) { return where; }'
check "string for printk" free_after \
	"$old { where = \"old\"; return _printk(\"fresh %d\", x); } $rest"
check "string for a callee that may sleep" free_after \
	"extern int audit_log(const char *s, int x);
	 $old { where = \"old\"; return audit_log(\"fresh\", x) + 1; } $rest"
check "string for a callee that cannot sleep, without coming back" free_after \
	"extern int match_string(int x, const char *s);
	 $old { where = \"old\"; return match_string(x, \"fresh\"); } $rest"
check "own object, only read and written" free_after \
	"static int box; $old { where = \"old\"; return box += x; } $rest"
check "own function, only called" free_after \
	"static noinline int f(int x) { return other(x); }
	 $old { where = \"old\"; return f(x) + 1; } $rest"
check "old string, stored" free_after \
	"$old { where = \"old\"; return x + 5; } $rest"
check "old function, handed out" free_after \
	"$old { where = \"old\"; keep(entry); return x; } $rest"
finish
