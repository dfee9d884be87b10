# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Puts an update where modprobe finds it: --install ROOT. Run when all of its
# modules are finished and verified.
#
# Part of splice-gen, whose variables it uses: INSTALL, OBJTREE, OUTPUT.

# The directory below ROOT/lib/modules/RELEASE. depmod prefers what is in updates/.
readonly INSTALL_SUBDIR=updates/livesplice

# Of the kernel that the build is of; vet has seen that it is there.
build_release() {
	cat "$OBJTREE/include/config/kernel.release"
}

# Before anything is made: is there a system at ROOT that has this kernel?
check_install() {
	local modules

	[[ -d $INSTALL ]] || usage "$INSTALL: no such directory"
	modules=$INSTALL/lib/modules/$(build_release)
	[[ -d $modules && -w $modules ]] ||
		usage "$modules: no directory to write to; --install wants the root of a system that has this kernel"
	need_tools depmod
	OUTPUT=$modules/$INSTALL_SUBDIR
}

# Without its tables modprobe does not find what is there.
update_depmod() {
	step "depmod"
	depmod -b "$INSTALL" "$(build_release)" > "$WORK/depmod.log" 2>&1 || {
		cat "$WORK/depmod.log" >&2
		die "$E_TREE" "the modules are in $OUTPUT, but depmod failed"
	}
}
