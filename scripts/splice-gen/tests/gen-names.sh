#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Names that the kernel has already: where the build tree tells them, and that
# nothing is taken for new if it does not.

# shellcheck disable=SC1091,SC2317 # functions are called through ok
. "$(dirname "$0")/gen-lib.bash"
need_helper

# "two" is a function of another unit, "in_module" of the module.
taken=$(patch_of taken kernel/sub/one.c 's/^int first\(int x\)$/int two(int x) { return x; }\n&/')
free=$(patch_of free kernel/sub/one.c 's/^int first\(int x\)$/int three(int x) { return x; }\n&/;s/x \* PRIVATE/x * three(PRIVATE) + 1/')
module=$(patch_of module drivers/mod.c 's/^int in_module\(int x\)$/int beside(int x) { return x; }\n&/')

refuses() {
	ok "$1" status 1 "^  symbol +$2" gen --explain "$3"
}

refuses "a name that System.map has" two "$taken"
ok "a new name" status 0 "new +three" gen --explain "$free"
ld -r -o "$OBJ/vmlinux" "$OBJ/init/main.o" "$OBJ/kernel/sub/one.o" \
	"$OBJ/kernel/sub/deep/two.o"
rm "$OBJ/System.map"
refuses "a name that vmlinux has" two "$taken"
strip -s "$OBJ/vmlinux"
ok "a vmlinux without symbols" status 3 "which names vmlinux has" gen --explain "$free"
rm "$OBJ/vmlinux"
ok "no vmlinux" status 3 "which names vmlinux has" gen --explain "$free"

# The unit is one of two that the module is made of.
printf 'int beside(int x) { return x; }\n' > "$WORK/beside.c"
gcc -c -o "$WORK/beside.o" "$WORK/beside.c"
ld -r -o "$OBJ/drivers/some-mod.o" "$OBJ/drivers/mod.o" "$WORK/beside.o"
printf 'drivers/mod.o\ndrivers/beside.o\n' > "$OBJ/drivers/some-mod.mod"
echo drivers/some-mod.o > "$OBJ/modules.order"
refuses "a name that the module has" beside "$module"
rm "$OBJ/modules.order"
refuses "the same, found by kbuild's list" beside "$module"
rm "$OBJ/drivers/some-mod.o"
ok "no object of the module" status 3 "which names some_mod has" gen --explain "$module"
finish
