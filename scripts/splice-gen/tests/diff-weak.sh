#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A weak function cannot be replaced here.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
__attribute__((weak)) int entry(int x) { return x + 1; }
END
post <<'END'
__attribute__((weak)) int entry(int x) { return x + 2; }
END
run_diff
check "weak function is refused" refused weak
finish
