#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What a name means to those who use it elsewhere must stay.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

# The rest of what the unit is linked into.
printf 'T elsewhere\nD counter\nW arch_hook\nt hidden\n' > names
diff_options=(-w names)

pre <<< "int entry(int x) { return x + 1; }"
for new in "int elsewhere(int x) { return x; }" "int counter = 1;" \
	"int arch_hook(int x) { return x * 2; }"; do
	post <<< "$new int entry(int x) { return x + 2; }"
	run_diff
	case $new in
	*arch_hook*)	check "a strong definition of a weak name" refused weak ;;
	*)		check "what another unit has: $new" refused symbol ;;
	esac
done
post <<< "int hidden(int x) { return x; } int entry(int x) { return hidden(x) + 2; }"
run_diff
check "the name of something static elsewhere" result 0

alias='extern int second(int) __attribute__((alias'
pre <<< "int one(int x) { return x + 1; } int two(int x) { return x + 2; } $alias(\"one\")));"
post <<< "int one(int x) { return x + 1; } int two(int x) { return x + 2; } $alias(\"two\")));"
run_diff
check "an alias of another function" refused symbol
alias='extern long second __attribute__((alias'
pre <<< "long one = 1; $alias(\"one\"))); int entry(int x) { return x; }"
post <<< "long one = 1; long second = 1; int entry(int x) { return x + 1; }"
run_diff
check "an alias that becomes a variable" refused symbol
pre <<< "int level __section(\".init.data\") = 3; int entry(int x) { return x; }"
post <<< "int level = 3; int entry(int x) { return x + 1; }"
run_diff
check "a variable that was gone after boot" refused symbol

static_level='static int level __section(".init.data") = 3; __section(".init.text") void set(int x) { level = x; keep(&level); }'
pre <<< "$static_level int entry(int x) { return x; }"
post <<< "${static_level/__section(\".init.data\")/} int entry(int x) { return x + level; }"
run_diff
check "a static variable that was gone after boot" refused init
pre <<< "static int v; int entry(int x) { return x + v++; }"
post <<< "__section(\".data..percpu\") static int v; int entry(int x) { return x + v++; }"
run_diff
check "a variable that becomes one of each CPU" refused percpu

unit() {
	echo "int strong(int x) { return other(x); }"
	echo "extern int maybe(int) __attribute__((weak, alias(\"strong\")));"
	echo "int entry(int x) { return $1(x); }"
}
pre < <(unit maybe)
post < <(unit strong)
run_diff
check "a weak name and a strong one are not the same" reports func replaced entry
finish
