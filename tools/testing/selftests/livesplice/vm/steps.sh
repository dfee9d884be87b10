#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# `make steps`: the series, mail by mail, in a tree that has nothing of it. After each
# one the kernel has to build as it is, without a warning, and after the last one with
# the engine and its tests.
#
#	TREE=7.3	the series is for mainline; 6.12 if nothing is said

set -u
CALLER=$PWD
cd "$(dirname "$0")" || exit 3
. ./lib.sh
. ./build.sh

# steps_config [ALL]	without ALL not us
steps_config()
{
	local fragment=$TREE/config

	if [ -n "${1:-}" ]; then
		cat "$VM/steps.config"
	else
		grep -v '^CONFIG_LIVESPLICE' "$VM/steps.config"
	fi | config_merge | config_for_tree >"$fragment"
	{ config_begin small "$fragment" && kmake -s olddefconfig; } \
		>"$TREE/log/config.log" 2>&1 ||
		{ cat "$TREE/log/config.log" >&2; die "no configuration"; }
	config_verify "$fragment" "$OBJ/.config"
}

build_step()
{
	kernel_build
	! grep -qE '(warning:|WARNING:)' "$TREE/log/build.log" || die "see the warnings above"
}

# pristine_copy	SRC becomes a copy that has nothing of us; the mails are in $TREE/mails
pristine_copy()
{
	local from=$SRC

	SRC=$TREE/src
	rm -rf "$SRC" "$TREE/mails"
	# Times count: make must not think that all is new.
	cp -a "$from/." "$SRC/" || die "no copy of $from"
	{ overlay remove "$SRC" && overlay series "$SRC" "$TREE/mails"; } \
		>"$TREE/log/overlay.log" 2>&1 ||
		{ cat "$TREE/log/overlay.log" >&2; die "no series"; }
}

export GIT_AUTHOR_NAME=livesplice GIT_AUTHOR_EMAIL=livesplice@localhost
export GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
lock_cache
# shellcheck disable=SC2086 # a list of words
need_packages $PACKAGES_BUILD git
kernel_tree steps "$VM/demo/CVE-2017-5123-vulnerable.patch"
pristine_copy
mails=("$TREE"/mails/*.patch)
# The first one is the letter.
mails=("${mails[@]:1}")
[ ${#mails[@]} -gt 1 ] || die "a series of ${#mails[@]} mails"

step "before the first mail"
steps_config
build_step
for mail in "${mails[@]}"; do
	step "$(basename "$mail" .patch)"
	patch -d "$SRC" -p1 -F0 -s -f --no-backup-if-mismatch <"$mail" ||
		die "$(basename "$mail") does not apply"
	[ "$mail" != "${mails[-1]}" ] || steps_config all
	build_step
done
[ -e "$OBJ/kernel/livesplice/core.o" ] || die "the engine was not built"
note "steps: ok, Linux $(cat "$OBJ/include/config/kernel.release"): ${#mails[@]} mails, each builds without a warning"
