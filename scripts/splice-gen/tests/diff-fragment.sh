#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A part of a function cannot be replaced without the function.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

part() {
	cat <<END
int entry(int x) { return x + 1; }
asm(".text\\n .type lost.cold, @function\\nlost.cold: mov \$$1, %eax\\n"
	"ret\\n .size lost.cold, . - lost.cold");
END
}
part 1 | pre
part 2 | post
run_diff
check "a fragment without its function" refused fragment
finish
