#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The order in which tables appear in an object means nothing.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
int early(int *p) { return *p; }
int late(int *p) { int v = fetch(p); count(p); return v; }
END
post <<'END'
int early(int *p) { count(p); return *p; }
int late(int *p) { int v = fetch(p); count(p); return v; }
END
run_diff
check "object is written" result 0
check "the function that changed" reports func replaced early
check "not the one whose tables moved" not reports func replaced late
finish
