#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Static locals keep their state, whatever number the compiler gives them.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
int entry(int x) { static int calls = 3; return x + calls++; }
static int limit = 9;
int reader(void) { return limit++; }
END
post <<'END'
int early(int x) { static int other_one = 4; return other_one += x; }
int entry(int x) { static int calls = 3; return x + calls++ + 1; }
static int limit = 9;
int reader(void) { return limit++ + 1; }
END
run_diff
plain=$(readelf -sW plain.o | awk '$8 ~ /^calls\./ { print $8 }')
check "object is written" result 0
check "static local at its old place" symbol "GLOBAL UND $(old_name "$plain" o)"
check "static variable at its old place" symbol "GLOBAL UND $(old_name limit o)"
check "no copy of them" not symbol "LOCAL [0-9]+ (calls|limit).*"
check "the new one comes along" reports data new other_one

# A name that macros have for constants makes no constant of a variable.
for name in __msg CSWTCH __func__; do
	unit="int entry(int x) { static int $name = 3; return x + $name++; }"
	[[ $name != __func__ ]] ||
		unit="int entry(int x) { static int v asm(\"__func__.7\") = 3; return x + v++; }"
	pre <<< "$unit"
	post <<< "${unit/x +/1 + x +}"
	run_diff
	plain=$(readelf -sW plain.o | awk -v s="$name." 'index($8, s) == 1 { print $8 }')
	check "a variable by the name of $plain" reports func replaced entry
	check "stays where it is" symbol "GLOBAL UND $(old_name "$plain" o)"
	post <<< "${unit/= 3/= 4}"
	run_diff
	check "has an initial value that cannot change" refused data
done
finish
