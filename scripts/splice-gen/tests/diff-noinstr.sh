#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Text that may run while text is changed is not replaced.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

for sect in .noinstr.text .entry.text .kprobes.text; do
	pre <<< "__section(\"$sect\") int entry(int x) { return x + 1; }"
	post <<< "__section(\"$sect\") int entry(int x) { return x + 2; }"
	run_diff
	check "$sect is refused" refused noinstr
done
pre <<< "__section(\".static_call.text\") int entry(int x) { return x + 1; }"
post <<< "__section(\".static_call.text\") int entry(int x) { return x + 2; }"
run_diff
check ".static_call.text is refused" refused static-call

blacklist='static void *listed __section("_kprobe_blacklist") __attribute__((used)) = entry;'
pre <<< "int entry(int x) { return x + 1; } $blacklist"
post <<< "int entry(int x) { return x + 2; } $blacklist"
run_diff
check "where no probe may be is refused" refused noinstr
finish
