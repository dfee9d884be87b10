#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Per-CPU data: what exists is used, what is new is allocated for the module.
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
check "new per-CPU data is carried" result 0
check "report names it" reports data new another
check "in the section that the loader allocates" section_size .data..percpu 4
check "new code uses it" count_is 1 .text.entry another

post <<END
static int counter $percpu = 1;
static int another $percpu = 2;
static int third __section(".data..percpu..shared_aligned") = 3;
int reader(void) { return counter; }
int entry(int x) { return x - counter - another - third; }
END
run_diff
check "whatever its section was" section_size .data..percpu 8
check "there is no other one" not has_section .data..percpu..shared_aligned

post <<END
static int counter $percpu = 1;
static int * volatile address $percpu = (int *)0xffffffff80000000;
int reader(void) { return counter; }
int entry(int x) { return x - counter - *address; }
END
run_diff
check "a number may look like an address" result 0
post <<END
static int counter $percpu = 1;
static int target;
static int * volatile address $percpu = &target;
int reader(void) { return counter; }
int entry(int x) { return x - counter - *address; }
END
run_diff
check "new per-CPU data with an address is refused" refused percpu
check "report says why" reports refuse percpu address "new per-CPU data that holds an address"

post <<END
static int counter $percpu = 3;
int reader(void) { return counter; }
int entry(int x) { return x + counter; }
END
run_diff
check "changed per-CPU data is refused" refused percpu
finish
