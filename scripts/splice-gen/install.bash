# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Signs an update where the build signs its modules, and puts it where modprobe finds
# it: --install ROOT. Run when all of its modules are finished and verified.
#
# Part of splice-gen, whose variables it uses: INSTALL, OBJTREE, OUTPUT, PARTS, SRCTREE,
# WORK.

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

# build_value OPTION	what the build has for it, without quotes
build_value() {
	sed -n "s/^CONFIG_$1=\"\{0,1\}\([^\"]*\)\"\{0,1\}\$/\1/p" \
		"$OBJTREE/include/config/auto.conf"
}

# The key that the build signs its own modules with when they are installed, in
# $REPLY: a file, or the name of one in a token.
find_key() {
	local dir

	REPLY=$(build_value MODULE_SIG_KEY)
	[[ $REPLY != pkcs11:* ]] || return 0
	for dir in "" "$OBJTREE/" "$SRCTREE/"; do
		if [[ -n $REPLY && -f $dir$REPLY ]]; then
			REPLY=$dir$REPLY
			return 0
		fi
	done
	return 1
}

# With CONFIG_MODULE_SIG_ALL kbuild signs what it installs, and so do we. A build
# whose key is elsewhere leaves that to its owner: the signature comes behind
# everything that the kernel looks at, and can be added later.
sign_parts() {
	local part

	is_set MODULE_SIG_ALL || return 0
	if ! find_key; then
		report note "$NAME" "not signed: the key of the build is not there"
		return 0
	fi
	step "sign"
	for part in "${PARTS[@]}"; do
		"$OBJTREE/scripts/sign-file" "$(build_value MODULE_SIG_HASH)" "$REPLY" \
			"$OBJTREE/certs/signing_key.x509" "$WORK/$(file_of "$part").ko" >&2 ||
			die "$E_TREE" "$part: sign-file failed"
	done
}
