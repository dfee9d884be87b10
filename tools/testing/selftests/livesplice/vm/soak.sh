#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# `make soak`: updates and the modules that they have parts for are loaded, stacked,
# enabled, interrupted, undone and unloaded at random while the machine is busy, in
# a kernel with lockdep, KASAN, kmemleak, checks of slabs and of sleeping where one
# must not. Takes MIN minutes; finds nothing, or says what.
#
#	MIN=10		minutes
#	SEED=N		of the walk; the same seed chooses the same steps as long as
#			none of them is interrupted
#	PLAIN=1		a kernel without the checks, to see where it goes faster
#	KDIR=TREE	kernel source other than the distribution's

set -u
CALLER=$PWD
cd "$(dirname "$0")" || exit 3
. ./lib.sh
. ./build.sh
. ./qemu.sh

MIN=${MIN:-10}
SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}
DEBUG=kasan
[ -z "${PLAIN:-}" ] || DEBUG=
PATCHES=$SELFTESTS/patches

# soak_update NAME PATCH [OPTION...]
soak_update()
{
	local name=$1 patch=$2
	shift 2

	make_update "$patch" "$name" "$work/guest/updates" "$@" ||
		{ cat "$work/guest/updates/$name.log"; die "no update $name"; }
	if grep -q pinned "$work/guest/updates/$name.log"; then
		die "$name could not be unloaded again"
	fi
}

# Those of the table in soak/model.c.
soak_updates()
{
	local name stack=$PATCHES/stack instead=$PATCHES/instead

	mkdir -p "$work/guest/updates"
	soak_update lsp_waitid "$VM/demo/CVE-2017-5123.patch"
	for name in personality hexdump table cmdline eventfd shadow grown parts binfmt \
		race borrow late every state entries; do
		soak_update lsp_$name "$PATCHES/$name.patch"
	done
	soak_update lsp_stack_a "$stack/a.patch"
	soak_update lsp_stack_b "$stack/b.patch" --base "$stack/a.patch"
	soak_update lsp_stack_c "$stack/c.patch" --base "$stack/a.patch" \
		--base "$stack/b.patch"
	soak_update lsp_instead_image "$instead/image.patch" \
		--replaces lsp_stack_a,lsp_stack_b,lsp_table
	soak_update lsp_instead_module "$instead/module.patch" --replaces lsp_borrow
	soak_update lsp_instead_hooks "$instead/hooks.patch" --replaces lsp_grown
}

# Everything that the guest needs.
soak_files()
{
	local dir=$work/guest

	mkdir -p "$dir/modules"
	cp "$SELFTESTS"/{functions,kmod}.sh "$VM"/{run-tests,soak-guest}.sh "$dir/"
	guest_program "$SELFTESTS/lsp-helper.c" "$dir/lsp-helper"
	guest_program "$VM/soak/lsp-soak.c" "$dir/lsp-soak" "$VM"/soak/{model,noise}.c
	cp "$OBJ/fs/binfmt_misc.ko" "$OBJ/fs/overlayfs/overlay.ko" "$OBJ/fs/exportfs/exportfs.ko" \
		"$OBJ"/kernel/livesplice/lsp_{lent,kinds,comer}.ko "$dir/modules/"
	guest_kmod "$dir/kmod"
	guest_test_modules "$dir/updates" bench notifier ||
		die "the test modules do not build"
	printf 'MINUTES=%d\nSEED=%d\n' "$MIN" "$SEED" >"$dir/soak.env"
	echo "soak-guest.sh $((MIN * 60 + 900))" >"$dir/tests.list"
}

lock_cache
# shellcheck disable=SC2086 # lists of words
need_packages $PACKAGES_BUILD $PACKAGES_GUEST
step "kernel under test, with all checks"
check_kernel
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
step "updates"
soak_updates
soak_files
step "guest: $MIN minutes, seed $SEED"
GUEST_LOG=$TREE/log/soak
# Tracers and updates rewrite text all the time: of two threads of the emulator one
# soon runs what the other has just replaced.
GUEST_THREADS=single GUEST_MEMORY=3072 GUEST_APPEND="kunit.enable=0 slab_debug=FZPU kmemleak=on" \
	guest_alone "soak: seed $SEED" "$work/guest" $((MIN * 60 + 960))
