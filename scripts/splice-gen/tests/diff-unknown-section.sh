#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A section that nobody knows, next to changed code, is refused.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

odd='asm volatile("1: nop\n .pushsection __odd_sites,\"a\"\n .quad 1b\n .popsection");'
pre <<END
int entry(int x) { $odd return x + 1; }
int quiet(int x) { return x; }
END
post <<END
int entry(int x) { $odd return x + 2; }
int quiet(int x) { return x; }
END
run_diff
check "unknown section at changed code" refused section

post <<END
int entry(int x) { $odd return x + 1; }
int quiet(int x) { return x + 7; }
END
run_diff
check "unknown section elsewhere does not matter" result 0

post <<END
int entry(int x) { $odd return x + 1; }
int quiet(int x) { $odd return x; }
END
run_diff
check "more of an unknown section" refused section
finish
