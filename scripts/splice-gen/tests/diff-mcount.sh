#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ftrace sites and call padding go with their function.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
int unchanged(int x) { return other(x); }
int entry(int x) { return other(x) + 1; }
END
post <<'END'
int unchanged(int x) { return other(x); }
int entry(int x) { return other(x) + 2; }
END
run_diff
check "object is written" result 0
check "one ftrace site" section_size __mcount_loc 8
check "it is in the new code" count_is 1 __mcount_loc ".text.entry \+ 14"
check "padding is before the function" \
	count_is 1 __patchable_function_entries ".text.entry \+ 0"
check "function starts behind the padding" \
	sh -c 'readelf -sW new.o | grep -q "0000000010 .* entry.splice"'
check "link order is kept" sh -c \
	'readelf -SW new.o | grep -q "__patchable_function_entries .* WAL "'
finish
