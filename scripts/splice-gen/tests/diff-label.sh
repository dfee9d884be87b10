#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# New code that is no function cannot be carried.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
int entry(int x) { return x + 1; }
END
post <<'END'
asm(".section .text.label,\"ax\"\nplace: ret\n .size place, . - place\n .previous");
int entry(int x) { asm volatile("call place"); return x + 2; }
END
run_diff
check "a label" refused label
finish
