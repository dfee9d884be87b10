#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A changed body: the function is replaced, its neighbours are not.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
int first(int x) { return x + 1; }
int second(int x) { return other(x) + 2; }
END
post <<'END'
int first(int x) { return x + 1; }
int second(int x) { return other(x) + 3; }
END
run_diff
check "object is written" result 0
check "changed function is replaced" reports func replaced second
check "its neighbour is not" not reports func replaced first
check "the name of the old function is told too" reports func replaced second code second
check "new code is local and has its own name" symbol "LOCAL 1 second.splice"
check "original name is not defined" not symbol "GLOBAL [0-9]+ second"
check "function outside stays an import" symbol "GLOBAL UND other"
check "one row for finish" section_size .livesplice.link.funcs 32
check "row leads to the new code" \
	count_is 1 .livesplice.link.funcs "second.splice \+ 0"
check "linker takes it" ld -r -o linked.o new.o
finish
