#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the compiler adds to the address of a string is no other string.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

# The loop ends at the address behind the string, where another one begins.
unit() {
	cat <<'END'
int entry(int x)
{
	for (const char *p = "0123456789"; p != &"0123456789"[10]; p++)
		x += other(*p);
	return x + 1;
}
void second(void) { keep("another string"); }
END
}

pre < <(unit)
check "the compiler adds to the string" \
	grep -qE '\.LC[0-9]+ \+ a' <(readelf -rW pre.o)
post < <(unit | sed 's/x + 1/x + 2/')
run_diff
check "object is written" result 0
check "both ends are those of the old string" \
	count_is 2 .text.entry "__splice.old.7.[0-9a-f.]+.s \+ [0a]"
check "of the same string" test "$(readelf -rW new.o |
	grep -o '__splice.old.7.[0-9a-f.]*.s' | sort -u | wc -l)" = 1

post < <(unit | sed 's/0123456789/9876543210/g')
run_diff
check "another string: object is written" result 0
check "both ends are those of the new one" \
	count_is 2 .text.entry ".rodata.*str1.1 \+ [0a]"
check "nothing else is replaced" test "$(grep -c ^func report)" = 1
finish
