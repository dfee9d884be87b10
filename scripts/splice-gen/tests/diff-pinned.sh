#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# An own address that may be kept pins the update.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2317
pinned_by() {
	post <<< "$1"
	run_diff
	result 0 && grep -q "^pinned.$2" report &&
		readelf -x .livesplice.link.flags new.o | grep -q ' 01000000 '
}
old='const char *where; int entry(int x)'
pre <<< "$old { return x; }"
check "stored string" pinned_by \
	"$old { where = \"fresh\"; return x; }" '"fresh"'
check "string for a callee that nobody knows" pinned_by \
	"$old { keep(\"fresh\"); return x; }" '"fresh"'
check "string behind a branch" pinned_by \
	"$old { return _printk(x ? \"one\" : \"two\"); }" '"'
check "function that is handed out" pinned_by \
	"static int cb(void) { return 1; } $old { keep(cb); return x; }" cb
check "object that is handed out" pinned_by \
	"static int box; $old { keep(&box); return box + x; }" box
check "pointers in new data" pinned_by \
	"static const char *names[] = { \"a\", \"b\" };
	 $old { where = names[x]; return x; }" '"a"'
check "string that is copied to another register first" pinned_by \
	"$old { const char *s = \"fresh\"; _printk(s); keep(s); return x; }" \
	'"fresh"'
check "string for a callee that may sleep, without coming back" pinned_by \
	"extern int audit_log(const char *s, int x);
	 $old { return audit_log(\"fresh\", x); }" '"fresh"'
finish
