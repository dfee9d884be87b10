#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Live data keeps its contents, wherever the compiler puts it.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
int limit = 5;
int entry(int x) { return x > limit; }
END
post <<'END'
int limit = 6;
int entry(int x) { return x > limit; }
END
run_diff
check "changed value" refused data
check "report names it" reports data changed limit contents
check "with advice" reports refuse data limit \
	"contents of an object that the running kernel has and may have changed: set it from a hook instead"

post <<'END'
long limit = 5;
int entry(int x) { return x > limit; }
END
run_diff
check "changed size" refused data
check "changed size: advice" reports refuse data limit \
	"size of an object that the running kernel has: keep it"

post <<'END'
extern int other(int x);
int limit = 5;
int entry(int x) { return x > limit + 1; }
END
run_diff
check "the same value" result 0

# From one section to another.
moves() {
	pre <<< "$2; int entry(int x) { return v += x; }"
	post <<< "$3; int entry(int x) { return v += 2 * x; }"
	run_diff
	check "$1" result 0
	check "$1: no data changes" not reports data
	check "$1: it stays where it is" symbol "GLOBAL UND $(old_name v o)"
}

moves "to .data, with zeros" 'static int v' 'static int v __section(".data")'
moves "to .bss, with zeros" 'static int v __section(".data.x") = 0' 'static int v'
moves "to data that is mostly read" 'static int v = 3' \
	'static int v __section(".data..read_mostly") = 3'

# New code must not write to what is read-only for the running kernel.
hardens() {
	pre <<< "$2; int entry(int x) { return use(&v) + x; } extern int use();"
	post <<< "$3; int entry(int x) { return use(&v) + 2 * x; } extern int use();"
	run_diff
}

hardens "" 'static const int v = 3' 'static int v = 3'
check "constants that become writable" refused data
check "constants that become writable: why" reports refuse data v \
	"section of an object that new code may write to, and that is read-only"
hardens "" 'static int v __section(".data..ro_after_init") = 3' \
	'static int v = 3'
check "what was writable during boot only" refused data
hardens "" 'static int v = 3' 'static const int v = 3'
check "variables that become constants" result 0
hardens "" 'static int v = 3' \
	'static int v __section(".data..ro_after_init") = 3'
check "variables that become constants after boot" result 0
hardens "" 'static int v = 3' 'static const int v = 4'
check "with another value" refused data
finish
