#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Assembly files as units: which are ordinary code, and of what.

# shellcheck disable=SC1091,SC2317 # functions are called through ok
. "$(dirname "$0")/gen-lib.bash"
need_helper

# asm_file PATH NAME: a file with a function NAME, and one that it calls.
asm_file() {
	source_file "$1" <<-EOF2
	#include <linux/other.h>
		/* It isn't (C. "Quotes mean nothing here either. */
		.globl $2
		.type $2, @function
	$2:
		mov \$OTHER, %eax
		call ${2}_helper
		ret
		.size $2, . - $2
		.type ${2}_helper, @function
	${2}_helper:
		lea 7(%rdi), %eax
		imul \$9, %eax, %eax
		ret
		.size ${2}_helper, . - ${2}_helper
	EOF2
}

asm_unit() {
	asm_file "$1.S" "$2"
	compile "$1.S" "$1.o" "${3-}"
}

one_replaced() {
	[[ $(grep -c replaced "$WORK/stdout") == 1 ]]
}

asm_unit lib/plain plain
asm_unit lib/odd odd
asm_unit arch/x86/kernel/head_64 head
asm_unit arch/x86/lib/retpoline thunk
asm_unit drivers/part part " -DMODULE"
asm_unit drivers/two/parts parts " -DMODULE"
echo "drivers/part.o" > "$OBJ/drivers/one-module.mod"
printf 'drivers/two/parts.o\n' > "$OBJ/drivers/two/b-mod.mod"
printf 'drivers/mod.o\ndrivers/two/parts.o\n' > "$OBJ/drivers/two/a.mod"
cp "$OBJ/drivers/part.o" "$OBJ/drivers/one-module.o"
cp "$OBJ/drivers/two/parts.o" "$OBJ/drivers/two/b-mod.o"
ld -r -z noexecstack -o "$OBJ/drivers/two/a.o" "$OBJ/drivers/mod.o" "$OBJ/drivers/two/parts.o"
echo "OBJECT_FILES_NON_STANDARD_odd.o := y" | source_file lib/Makefile

change='s/(imul .)9/\18/'
explain() {
	gen --explain "$(patch_of "$@")"
}

ok "ordinary assembly" status 0 "replaced +plain_helper" \
	explain plain lib/plain.S "$change"
ok "is part of the kernel" says "^  vmlinux"
ok "only what changed is replaced" one_replaced
ok "all that changed" status 0 "replaced +plain\(\)" \
	explain both lib/plain.S "$change;s/call/nop; call/"
ok "by way of a header" status 1 "replaced +plain\(\)" \
	explain header include/linux/other.h 's/3/4/'
ok "the start of the kernel, by way of the header" says "^  asm +arch/x86/kernel/head_64.o"
for file in arch/x86/kernel/head_64 arch/x86/lib/retpoline lib/odd; do
	ok "$file" status 1 "^  asm +$file.o" explain fixed $file.S "$change"
done
ok "of a module" status 0 "^  one_module$" \
	explain module drivers/part.S "$change"
ok "of several modules" status 0 "^  a:b_mod$" \
	explain modules drivers/two/parts.S "$change"
ok "C of a module of another name" status 0 "^  a$" \
	explain other drivers/mod.c 's/\+ 1/+ 2/'

# An edit since the build would ride along.
sed -i 's/lea 7/lea 5/' "$SRC/lib/plain.S"
ok "a source that is not that of the build" status 3 "lib/plain.S: plain_helper" \
	explain plain lib/plain.S "$change"

finish
