#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A function and its cold part are one.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

cold='extern void die(int) __attribute__((cold));'
pre <<END
$cold
int entry(int x) { if (x < 0) { die(1); other(x); } return x + 1; }
END
post <<END
$cold
int entry(int x) { if (x < 0) { die(2); other(x); } return x + 1; }
END
run_diff
check "object is written" result 0
check "the function is reported" reports func replaced entry
check "its cold part is not" not reports func replaced entry.cold
check "both are carried under the new name" symbol "LOCAL [0-9]+ entry.splice.cold"
check "hot part jumps to the new cold part" \
	count_is 1 .text.entry ".text.unlikely.entry.*"
check "rows: the function and its old cold part" \
	section_size .livesplice.link.funcs 64
check "the cold part has no new code" \
	count_is 1 .livesplice.link.funcs "entry.splice.*"
finish
