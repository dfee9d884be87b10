#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What is neither function nor object, and what an object is kept in.
# shellcheck disable=SC1091,SC2016,SC2028
. "$(dirname "$0")/lib.sh"

entry='int entry(int x) { return x + 1; }'

# quirk DEVICE HOOK
quirk() {
	echo "asm(\".pushsection .pci_fixup_resume,\\\"a\\\"\\n.balign 16\\n.short 0x8086, $1\\n\""
	echo "\".long 0, 0\\n.long $2 - .\\n.popsection\");"
}
hooks='void one(void) { other(1); } void two(void) { other(2); }'
pre <<< "$hooks $entry $(quirk 1 one) $(quirk 2 two)"
for to in "$(quirk 3 one) $(quirk 2 two)" "$(quirk 1 two) $(quirk 2 one)" "$(quirk 1 one)"; do
	post <<< "$hooks ${entry/+ 1/+ 2} $to"
	run_diff
	check "a table that the kernel goes on reading" refused section
done
post <<< "$hooks ${entry/+ 1/+ 2} $(quirk 1 one) $(quirk 2 two)"
run_diff
check "that table as it is" result 0

for at in '.text.x,\"ax\"' '.data.x,\"aw\"'; do
	pre <<< "$entry asm(\".pushsection $at\\n.long 5\\n.popsection\");"
	post <<< "$entry asm(\".pushsection $at\\n.long 6\\n.popsection\");"
	run_diff
	check "bytes without a name in $at" refused section
done

unsized='asm(".pushsection .text\n.globl f\n.type f, @function\nf: mov $5, %eax\nret\n.popsection");'
pre <<< "$entry $unsized"
post <<< "$entry ${unsized/5/6}"
run_diff
check "a function without a size" refused asm
behind='int entry(int x) { asm volatile("test %0, %0; je 1f\n2:\n.subsection 1\n1: add $5, %0; jmp 2b\n.previous" : "+r" (x)); return x; }'
pre <<< "$behind"
post <<< "${behind/5/6}"
run_diff
check "code behind the end of a function" refused asm

buffer='char buffer[64]; int entry(int x) { return buffer[x]; }'
pre <<< "$buffer"
post <<< "${buffer/;/ __attribute__((aligned(128)));}"
run_diff
check "alignment of an object that stays" refused data
pre <<< "long v = 1; $entry"
post <<< "__section(\".data..decrypted\") long v = 1; $entry"
run_diff
check "an object that is to be decrypted" refused data
pre <<< "$entry"
post <<< "__section(\".noinstr.text\") $entry"
run_diff
check "a function that is to be noinstr" refused noinstr
finish
