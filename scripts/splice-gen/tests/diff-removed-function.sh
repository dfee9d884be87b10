#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A removed function stays as it is.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
static noinline int old_check(int x) { return other(x); }
int entry(int x) { return old_check(x) + 1; }
END
post <<'END'
int entry(int x) { return other(x) + 2; }
END
run_diff
check "object is written" result 0
check "removal is reported" reports func removed old_check
check "caller is replaced" reports func replaced entry
check "no code for it" not symbol "LOCAL [0-9]+ old_check.*"
finish
