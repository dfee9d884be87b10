#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Per-CPU data: what exists is used, what is new is refused.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

percpu='__section(".data..percpu")'
pre <<END
static int counter $percpu = 1;
int reader(void) { return counter; }
int entry(int x) { return x + counter; }
END
post <<END
static int counter $percpu = 1;
int reader(void) { return counter; }
int entry(int x) { return x - counter; }
END
run_diff
check "old per-CPU data is used" result 0
check "at its old place" symbol "GLOBAL UND $(old_name counter o)"

post <<END
static int counter $percpu = 1;
static int another $percpu = 2;
int reader(void) { return counter; }
int entry(int x) { return x - counter - another; }
END
run_diff
check "new per-CPU data is refused" refused percpu

post <<END
static int counter $percpu = 3;
int reader(void) { return counter; }
int entry(int x) { return x + counter; }
END
run_diff
check "changed per-CPU data is refused" refused percpu
finish
