#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The key of a static call is named beside its trampoline.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
extern int __SCT__hook(int x);
int entry(int x) { return x; }
END
post <<'END'
extern int __SCT__hook(int x);
int entry(int x) { return __SCT__hook(x) + 1; }
END
run_diff
check "object is written" result 0
check "trampoline is imported" symbol "GLOBAL UND __SCT__hook"
check "so is its key" symbol "GLOBAL UND __SCK__hook"
check "linker keeps both" sh -c \
	'ld -r -o linked.o new.o && nm linked.o | grep -q "U __SCK__hook"'
finish
