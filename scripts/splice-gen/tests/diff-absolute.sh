#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The name of a number: other units got the number when the kernel was linked.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

unit() {
	cat <<-END
	asm(".globl magic\n$1");
	int entry(int x) { return x + $2; }
	${3-}
	END
}
pre < <(unit 'magic = 5' 1)
post < <(unit 'magic = 5' 2)
run_diff
check "a number that stays" result 0
check "code beside it is replaced" reports func replaced entry
post < <(unit 'magic = 6' 1)
run_diff
check "another number" refused symbol
check "it says which" grep -q "magic.*0x5 and gets 0x6" report
post < <(unit '.data\nmagic: .long 5\n.text' 1)
run_diff
check "a variable in its place" refused symbol
post < <(unit 'magic = 5\n.globl more\nmore = 7' 2)
run_diff
check "a new number" refused symbol
post < <(unit '' 2)
run_diff
check "one that goes away" result 0

user='extern char magic[]; long user(void) { return (long)magic; }'
pre < <(unit 'magic = 5' 1 "$user")
post < <(unit 'magic = 5' 2 "$user")
run_diff
check "beside code that uses it" result 0
check "which stays" not reports func replaced user
post < <(unit 'magic = 6' 1 "$user")
run_diff
check "code that uses another number" refused symbol
check "has changed" reports func replaced user

# A number of the unit's own is in the code.
own='asm("size = 5"); int entry(int x) { asm("add %1, %0" : "+r" (x) : "i" (size)); return x; }'
own="extern char size[]; ${own/(size)/((long)size)}"
pre <<< "$own"
post <<< "${own/= 5/= 6}"
run_diff
check "a number of its own" reports func replaced entry
finish
