#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# New code that refers into the middle of an old function is refused.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
int old(int x) { return x * 3 + 1; }
int entry(int x) { return x + 1; }
END
post <<'END'
int old(int x) { return x * 3 + 1; }
int entry(int x) { asm volatile("call old + 4"); return x + 2; }
END
run_diff
check "the middle of a function" refused interior

post <<'END'
int old(int x) { return x * 3 + 1; }
int entry(int x) { asm volatile("call old"); return x + 2; }
END
run_diff
check "its start" result 0
finish
