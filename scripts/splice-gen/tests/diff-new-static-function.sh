#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A new static function comes along and is called directly.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
int entry(int x) { return other(x); }
END
post <<'END'
static noinline int check_it(int x) { return x < 0 ? -22 : other(x); }
int entry(int x) { return check_it(x) + 1; }
END
run_diff
check "object is written" result 0
check "new function is reported" reports func new check_it
check "new function keeps its name" symbol "LOCAL [0-9]+ check_it"
check "no row for it" section_size .livesplice.link.funcs 32
check "call leads to it" count_is 1 .text.entry ".text.check_it \+ c"
finish
