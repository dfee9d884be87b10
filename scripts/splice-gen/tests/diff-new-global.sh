#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# New global functions and data stay global; only what is needed comes.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
int entry(int x) { return x; }
END
post <<'END'
int shared_limit = 5;
int shared_zero;
int shared(int x) { return x > shared_limit; }
int entry(int x) { return shared(x) + shared_zero++; }
END
run_diff
check "object is written" result 0
check "new function is global" symbol "GLOBAL [0-9]+ shared"
check "new data is global" symbol "GLOBAL [0-9]+ shared_limit"
check "its value comes along" has_section .data.shared_limit
check "zeroed data is there" has_section .bss.shared_zero
check "data is reported" reports data new shared_limit
finish
