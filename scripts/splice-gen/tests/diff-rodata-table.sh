#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A changed read-only table is refused.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
static int a(void) { return 1; }
static int b(void) { return 2; }
struct ops { int (*run)(void); int n; };
const struct ops table = { a, 1 };
const struct ops spare = { b, 1 };
END
post <<'END'
static int a(void) { return 1; }
static int b(void) { return 2; }
struct ops { int (*run)(void); int n; };
const struct ops table = { b, 1 };
const struct ops spare = { b, 1 };
static int (*keep_a)(void) __attribute__((used)) = a;
END
run_diff
check "changed pointer in a table" refused data
check "the other table is not named" not reports refuse data spare
finish
