#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# `splice-elf finish` and verify with updates of several parts: the first one,
# which may be empty, and one that is for a module.

# shellcheck disable=SC1091
. "$(dirname "$0")/tables-lib.bash"

# The entry of .modinfo that begins with this.
info() {
	readelf -p .modinfo "${2-out.ko}" | sed -n "s/^ *\[ *[0-9a-f]*\] *$1//p"
}

imports() {
	"$ELF" show out.ko | grep -q -x "import $1"
}

undefined() {
	readelf -sW out.ko | grep -q " UND $1\$"
}

make_pre

# A part for the module drv: it may use what third exports, and what drv itself
# does comes by way of the engine.
OBJECT=drv MODULE=fix_drv DEPENDS=elsewhere,drv,third
make_module "call of_drv
	call of_third
	movq \$__splice.this_module, %rdi"
printf '0x0\t%s\t%s\tEXPORT_SYMBOL\t\n' of_drv path/to/drv of_third other/third >> symvers
ok "a part for a module" silent finish
ok "it verifies" silent verify
ok "it says what it is for" status 0 '^object drv$' "$ELF" show out.ko
ok "it has the id of the update" status 0 "^id $ID\$" "$ELF" show out.ko
ok "an export of its target is an import" imports of_drv
ok "an export of another module is not" undefined of_third
ok "neither is one of the kernel" undefined exported
ok "THIS_MODULE is that of the target" imports __this_module
ok "it needs the first part, not its target" \
	test "$(info depends=)" = fix,elsewhere,third
ok "and nothing else of .modinfo changed" \
	test "$(info license=):$(info name=)" = GPL:fix_drv

OBJECT=vmlinux MODULE=fix
make_module "call of_third"
printf '0x0\tof_third\tother/third\tEXPORT_SYMBOL\t\n' >> symvers
ok "built-in code cannot use an export of a module" \
	status 1 '^refuse	module-export	of_third' finish

# What is exported to a namespace, or to some modules only, is no export for others.
make_module "call to_kvm
	call to_all
	call to_ns"
printf '0x0\t%s\tvmlinux\t%s\t%s\n' to_kvm EXPORT_SYMBOL_GPL module:kvm,fix_it \
	to_ns EXPORT_SYMBOL_GPL A_NAMESPACE to_all EXPORT_SYMBOL_GPL '' >> symvers
ok "exports to others" silent finish
ok "it verifies" silent verify
ok "one for some modules is an import" imports to_kvm
ok "one to a namespace is an import" imports to_ns
ok "one to all is not" undefined to_all

# Names with a dash, and names that only end like the target's.
OBJECT=the_drv MODULE=fix_the_drv
make_module "call mine
	call not_mine"
printf '0x0\t%s\t%s\tEXPORT_SYMBOL\t\n' mine a/the-drv not_mine a/b_the-drv >> symvers
ok "a target with a dash in its file's name" silent finish
ok "its export is an import" imports mine
ok "that of a longer name is not" undefined not_mine

# The first part lists the others.
OBJECT=vmlinux MODULE=fix
make_module
ok "a first part" silent finish -T drv -T third
ok "it verifies" silent verify
ok "it lists the other parts" test \
	"$("$ELF" show out.ko | sed -n 's/^target //p' | xargs)" = "drv third"

# It may be empty but for that.
printf 'here: .section .modinfo,"a",@progbits\n.asciz "license=GPL", "name=fix"\n' > empty.s
as -o in.ko empty.s
empty() {
	"$ELF" finish -o out.ko in.ko -s symvers -N fix -O vmlinux -I "$ID" \
		-D d -R r -P fix.patch "$@"
}
ok "an empty first part" silent empty -T drv
ok "it verifies" silent "$ELF" verify out.ko -s symvers
ok "an update of nothing at all" status 2 usage empty

OBJECT=drv MODULE=fix_drv DEPENDS=elsewhere,drv,third
make_module
ok "a part that lists parts" silent finish -T third
ok "does not verify" status 1 '^refuse	format	.livesplice.targets\[0\]' verify
MODULE=fix_else make_module
ok "a module of another name" status 3 'not a module named fix_drv' finish
ok "a name that is too long for a module" status 2 'too long for a module' \
	finish -O a_module_of_a_name_that_is_very_long_indeed_so_that_it_fails

finished
