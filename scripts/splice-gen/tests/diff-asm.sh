#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Assembly units are refused when they change.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

assemble() {
	printf '.text\n.globl entry\n.type entry, @function\nentry:\n\t%s\n\tret\n.size entry, . - entry\n' \
		"$2" | "$CC" -c -x assembler - -o "$1"
}
assemble plain.o nop
assemble pre.o nop
assemble post.o nop
run_diff
check "equal: nothing to do" result 66
assemble post.o cld
run_diff
check "changed" refused asm
finish
