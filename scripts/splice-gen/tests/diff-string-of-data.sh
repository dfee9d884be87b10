#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A string that only data uses has no address that can be told: copied.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
const char *table[] = { "only in data", "too" };
int entry(int x) { return x; }
END
post <<'END'
const char *table[] = { "only in data", "too" };
int entry(int x) { return _printk("only in data"); }
END
run_diff
check "object is written" result 0
check "no import of a string" not symbol "GLOBAL UND __splice.old.*s"
check "string is copied" sh -c 'strings -a new.o | grep -q "only in data"'
finish
