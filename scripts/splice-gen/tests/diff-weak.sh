#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A weak function can be replaced if the kernel uses this definition of it.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

unit() {
	echo "__attribute__((weak)) int entry(int x) { return x + 1; }"
}

pre < <(unit)
post < <(unit | sed 's/+ 1/+ 2/')
run_diff
check "nobody knows which one is used" refused weak
printf "T entry\nW entry2\nW entr\n" > weak
diff_options=(-w weak)
run_diff
check "another one is used" refused weak
echo "W entry" > weak
run_diff
check "this one is used" result 0
check "it is replaced" reports func replaced entry
post < <(unit | sed 's/.*))//;s/+ 1/+ 2/')
run_diff
check "weak no more" refused weak
pre < <(unit | sed 's/.*))//')
post < <(unit | sed 's/+ 1/+ 2/')
run_diff
check "newly weak" refused weak
finish
