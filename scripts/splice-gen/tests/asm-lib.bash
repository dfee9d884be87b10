# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# For the tests diff-asm*.sh: lib.sh, and units in assembly.
#
#   asm_change SED <<EOF     a unit, and what the edit makes of it, compared
#   code_of NAME             bytes of a function of new.o, in hex
#
# A unit is written with what the macros of linux/linkage.h come down to.

# shellcheck disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cat > asm.h <<'END'
.macro func name bind=globl
	.p2align 4, 0x90
	.skip 16, 0x90
	.ifnc \bind, local
	.\bind \name
	.endif
	.type \name, @function
\name:
	endbr64
.endm
.macro end name
	.size \name, . - \name
.endm
.macro return
	jmp __x86_return_thunk
.endm
.macro body n
	leal \n(%rdi), %eax
	imull $\n, %eax, %eax
.endm
END

cat >> asm.h <<END
.macro alt_feature n
	$alt_feature \\n
.endm
END

assemble() {
	cat asm.h "$1.S" | "$CC" -c -x assembler -o "$1.o" -
}

# The plain object is the pre object: assembly is what it is.
asm_change() {
	rm -f ./*.o
	cat > pre.S
	sed -E "$1" pre.S > post.S
	assemble pre && assemble post && cp pre.o plain.o && run_diff
}

# .text of new.o, and what is there of a function.
code_of() {
	local at size

	read -r at size < <(readelf -sW new.o |
		awk -v s="$1" '$8 == s { print $2, $3 }')
	objcopy -O binary -j .text new.o text.bin
	od -An -v -tx1 -j $((0x$at)) -N "$size" text.bin | tr -d ' \n'
}

# The bytes in front of a function are those that call thunks may overwrite.
is_padded() {
	local at

	at=$((0x$(readelf -sW new.o | awk -v s="$1" '$8 == s { print $2 }')))
	objcopy -O binary -j .text new.o text.bin
	[[ $(od -An -v -tx1 -j $((at - 16)) -N 16 text.bin | tr -d ' \n') == \
	   90909090909090909090909090909090 ]]
}

# new.o refers to a place of the plain object: SECTION NAME TYPE [ADDEND].
refers_to_old() {
	readelf -rW new.o | grep -qE -- "$(old_name "$1" "$2") ${3-- 4}\$"
}
