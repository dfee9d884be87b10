# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Puts an update where modprobe finds it: --install ROOT. Run when all of its
# modules are finished and verified.
#
# Part of splice-gen, whose variables it uses: INSTALL, OBJTREE, OUTPUT.

# The directory below ROOT/lib/modules/RELEASE. depmod prefers what is in updates/.
readonly INSTALL_SUBDIR=updates/livesplice

# Before anything is made: is there a system at ROOT that has this kernel?
check_install() {
	local release=$OBJTREE/include/config/kernel.release modules

	[[ -d $INSTALL ]] || usage "$INSTALL: no such directory"
	[[ -s $release ]] ||
		die "$E_TREE" "$OBJTREE: never built: no include/config/kernel.release"
	modules=$INSTALL/lib/modules/$(< "$release")
	[[ -d $modules && -w $modules ]] ||
		usage "$modules: no directory to write to; --install wants the root of a system that has this kernel"
	need_tools depmod
	OUTPUT=$modules/$INSTALL_SUBDIR
	[[ -d $OUTPUT ]] || mkdir -p "$OUTPUT" ||
		usage "$OUTPUT: cannot be made"
}

# Without its tables modprobe does not find what is there.
update_depmod() {
	local release

	release=$(< "$OBJTREE/include/config/kernel.release")
	step "depmod"
	depmod -b "$INSTALL" "$release" > "$WORK/depmod.log" 2>&1 || {
		cat "$WORK/depmod.log" >&2
		die "$E_TREE" "the modules are in $OUTPUT, but depmod failed"
	}
}
