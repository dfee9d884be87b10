#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Lock prefixes of new code are listed.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
int unchanged(int *p) { count(p); return 1; }
int entry(int *p) { int x = other(0); count(p); return x + 2; }
END
post <<'END'
int unchanged(int *p) { count(p); return 1; }
int entry(int *p) { int x = other(0); count(p); count(p); return x + 2; }
END
run_diff
check "object is written" result 0
check "two entries, none of the other function" section_size .smp_locks 8
check "they are about the new code" \
	count_is 2 .smp_locks ".text.entry \+ [0-9a-f]+"
check "and not about the old" not grep -q text.unchanged \
	<(readelf -rW new.o)

finish
