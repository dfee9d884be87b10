#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Strings: known ones are used where they are, new ones are copied.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
int entry(int x) { return _printk("known message %d\n", x); }
int user(int x) { return _printk("also known\n"); }
END
post <<'END'
int entry(int x)
{
	if (x > 3)
		return _printk("brand new message\n");
	return _printk("known message %d\n", x) + _printk("also known\n");
}
int user(int x) { return _printk("also known\n"); }
END
run_diff
sect=$(readelf -SW plain.o | sed -n 's/^ *\[ *\([0-9]*\)\] \.rodata\.str1\.1 .*/\1/p')
check "object is written" result 0
check "known string at its old place" \
	symbol "GLOBAL UND __splice.old.7.$(printf %x "$sect").0.s"
check "two old strings" test "$(readelf -sW new.o | grep -c '\.s$')" = 2
check "new string is copied" sh -c 'readelf -p .rodata.entry.str1.1 new.o |
	grep -q "brand new"'
check "known string is not" sh -c '! readelf -p .rodata.entry.str1.1 new.o |
	grep -q known'
finish
