#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# There must be room for the jump, and who owns it must lend it.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

change() {
	pre <<< "struct key key; int lock; $1"
	post <<< "struct key key; int lock; ${1/+ 1/+ 2}"
	run_diff
}

change 'int entry(int x) { return branch(&key) ? x + 1 : 0; }'
check "a static branch at the entry is lent" result 0
change 'int entry(int x) { return other(x) + (branch(&key) ? x + 1 : 0); }'
check "a static branch further down" result 0
change 'int entry(int x) { count(&lock); return x + 1; }'
check "a lock prefix at the entry" refused site
change 'int entry(int x) { x = other(x); count(&lock); return x + 1; }'
check "a lock prefix further down" result 0
change 'int __SCT__call(int); int entry(int x) { return __SCT__call(x) + 1; }'
check "a static call at the entry, behind an instruction, is lent" result 0
change 'int __SCT__call(int); int entry(int x) { return other(__SCT__call(other(x)) + 1); }'
check "a static call further down" result 0
change 'int entry(int x) { alternative("nop; nop; nop", "stac", 0x134); return x + 1; }'
check "an alternative is decided on for good" result 0

# short BYTES: a function that has this many behind its ENDBR.
short() {
	local byte

	for byte in 0x90 0xcc; do
		printf 'asm(".text; .globl entry; .type entry, @function; entry: endbr64; ret; .skip %d, %s; .size entry, . - entry");' \
			$(($1 - 1)) "$byte" > "$byte.c"
	done
	pre < 0x90.c
	post < 0xcc.c
	run_diff
}
short 4
check "too short by a byte" refused site
short 5
check "just long enough" result 0
finish
