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
shadow='typedef int (*make)(void *, void *, void *);
extern void *__livesplice_shadow_attach(void *, long, long, int, make, void *);
extern int livesplice_shadow_detach(void *, long, void (*)(void *, void *));
static int set(void *o, void *d, void *a) { keep(o); return 0; }
static void end(void *o, void *d) { keep(d); }'
check "constructor and destructor of a shadow variable" free_after \
	"$shadow $old { where = \"old\"; if (x) livesplice_shadow_detach(&x, 1, end);
	 return !!__livesplice_shadow_attach(&x, 1, 8, x, set, 0); } $rest"
# shellcheck disable=SC2317
kept_after() {
	post <<< "$1"
	run_diff
	result 0 && grep -q "^pinned	$2" report
}
check "what a constructor is given may be kept" kept_after \
	"static int box;
	 $shadow $old { where = \"old\"; if (x) livesplice_shadow_detach(&x, 1, end);
	 return !!__livesplice_shadow_attach(&x, 1, 8, x, set, &box); } $rest" box
finish
