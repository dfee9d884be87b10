#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A change of an inlined callee changes its callers.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
static inline int step(int x) { return x * 3; }
int caller(int x) { return step(x) + 1; }
int stranger(int x) { return x - 1; }
END
post <<'END'
static inline int step(int x) { return x * 5; }
int caller(int x) { return step(x) + 1; }
int stranger(int x) { return x - 1; }
END
run_diff
check "object is written" result 0
check "caller is replaced" reports func replaced caller
check "stranger is not" not reports func replaced stranger
finish
