#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Exception table entries go with their function.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
int unchanged(int *p) { fetch(p); return 1; }
int entry(int *p) { fetch(p); return 2; }
END
post <<'END'
int unchanged(int *p) { fetch(p); return 1; }
int entry(int *p) { fetch(p); fetch(p); return 2; }
END
run_diff
check "object is written" result 0
check "two entries, none of the other function" section_size __ex_table 24
check "they are about the new code" \
	count_is 4 __ex_table ".text.entry \+ [0-9a-f]+"
check "and not about the old" not grep -q text.unchanged \
	<(readelf -rW new.o)

finish
