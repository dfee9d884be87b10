#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# `make demo`: from a source patch to the running kernel and back, on a fresh
# machine. Packages, kernel source, kernel, update, boot, before and after.
#
#	PATCH=FILE	another patch than the default one
#	PROBE=COMMAND	run in the guest, its first line is the behaviour shown
#			(without it, with a patch of your own: the update's state)
#	KDIR=TREE	kernel source other than the distribution's
#	TIMEOUT=SECONDS	for the guest

set -u
CALLER=$PWD
cd "$(dirname "$0")" || exit 3
. ./lib.sh
. ./build.sh
. ./qemu.sh

FIX=$VM/demo/CVE-2017-5123.patch

# The patch as a path from where make was called.
patch_path()
{
	case $1 in
	/*) printf '%s\n' "$1" ;;
	*) printf '%s\n' "$CALLER/$1" ;;
	esac
}

update_name()
{
	basename "$1" | sed -e 's/\.[a-z]*$//' | tr -c 'A-Za-z0-9\n' _ | cut -c1-40
}

# Everything the guest needs, in $1.
demo_files()
{
	local dir=$1

	cp "$SELFTESTS/functions.sh" "$VM/demo/guest.sh" "$dir/"
	guest_program "$SELFTESTS/lsp-helper.c" "$dir/lsp-helper"
	guest_program "$VM/demo/probe.c" "$dir/probe"
	printf 'NAME=%s\nPROBE=%q\n' "$name" "$probe" >"$dir/demo.env"
}

demo_failed()
{
	note "demo: failed: $*"
	exit 1
}

patch=$(patch_path "${PATCH:-$FIX}")
[ -r "$patch" ] || die "cannot read $patch"
name=$(update_name "$patch")
probe=${PROBE-}
[ -n "${PATCH:-}" ] || probe=probe

lock_cache
# shellcheck disable=SC2086 # lists of words
need_packages $PACKAGES_BUILD $PACKAGES_GUEST

step "the demo kernel is made vulnerable on purpose: CVE-2017-5123 is put back"
check_kernel

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/guest"
step "update $name from $(basename "$patch")"
if ! make_update "$patch" "$name" "$work/guest"; then
	cat "$work/guest/$name.log"
	demo_failed "no update was made"
fi
sed 's/^/   /' "$work/guest/$name.log"
note "   $GEN_S s from patch to module"
demo_files "$work/guest"

step "boot"
GUEST_LOG=$TREE/log/demo
GUEST_APPEND=kunit.enable=0
guest_run "$work/guest" guest.sh "${TIMEOUT:-180}"
status=$?
told=$(sed -n 's/^@@demo //p' "$GUEST_LOG/result.log" | tr -d '\r')
[ $status -eq 0 ] || demo_failed "guest status $status (logs: $GUEST_LOG)"

# Before and after must differ, and undone must be as before.
read -r pause before after undone <<<"$told"
if [ "${before#*=}" = "${after#*=}" ] || [ "${before#*=}" != "${undone#*=}" ]; then
	demo_failed "$told"
fi
note "demo: ok gen_s=$GEN_S $pause $before $after $undone"
