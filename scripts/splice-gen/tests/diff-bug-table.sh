#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Entries of BUG() go with their function.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
int unchanged(int *p) { if (other(*p)) BUG(); return 1; }
int entry(int *p) { if (other(*p)) BUG(); return 2; }
END
post <<'END'
int unchanged(int *p) { if (other(*p)) BUG(); return 1; }
int entry(int *p) { if (other(*p)) BUG(); if (other(*p)) BUG(); return 2; }
END
run_diff
check "object is written" result 0
check "two entries, none of the other function" section_size __bug_table $((2 * bug_entry))
check "they are about the new code" \
	count_is 2 __bug_table ".text.entry \+ [0-9a-f]+"
check "and not about the old" not grep -q text.unchanged \
	<(readelf -rW new.o)
check "file name is copied" sh -c "strings -a new.o | grep -qx unit.c"
finish
