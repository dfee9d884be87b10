#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A changed initialiser of live data is refused.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
int limit = 5;
int entry(int x) { return x > limit; }
END
post <<'END'
int limit = 6;
int entry(int x) { return x > limit; }
END
run_diff
check "changed value" refused data
check "report names it" reports data changed limit

post <<'END'
long limit = 5;
int entry(int x) { return x > limit; }
END
run_diff
check "changed size" refused data
finish
