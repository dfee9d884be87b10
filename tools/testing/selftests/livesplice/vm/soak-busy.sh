#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# `make soak-busy`: the tests of functions that are never free, in full length:
# what `make check` does with tens of threads is done with hundreds. Prints a
# line for each switch: attempts and milliseconds.
#
#	KDIR=TREE	kernel source other than the distribution's
#	CALLS="a b"	only these calls, of those in test-sleepers.sh
#	SLEEPERS=N LOOPERS=N	threads that sleep in a call, and that call it

set -u
CALLER=$PWD
cd "$(dirname "$0")" || exit 3
. ./lib.sh
. ./build.sh
. ./qemu.sh

# Seconds for all, in a guest without KVM.
LIMIT=1800

# Everything that the guest needs, in $1.
guest_files()
{
	local dir=$1 patch name

	mkdir -p "$dir/updates"
	cp "$SELFTESTS"/{functions,test-sleepers,test-parked}.sh "$VM/run-tests.sh" "$dir/"
	guest_program "$SELFTESTS/lsp-helper.c" "$dir/lsp-helper"
	guest_program "$SELFTESTS/lsp-parked.c" "$dir/lsp-parked"
	guest_program "$SELFTESTS/lsp-sleepers.c" "$dir/lsp-sleepers" "$SELFTESTS"/lsp-sleep-*.c
	guest_test_modules "$dir/updates" vcpu || die "the test modules do not build"
	for patch in "$SELFTESTS"/patches/sleep/*.patch; do
		name=lsp_sleep_$(basename "$patch" .patch)
		make_update "$patch" "$name" "$dir/updates" ||
			{ cat "$dir/updates/$name.log"; die "no update $name"; }
		note "   $name: $GEN_S s"
	done
	cat >"$dir/sleepers.env" <<-END
		LSP_SLEEPERS=${SLEEPERS:-500}
		LSP_LOOPERS=${LOOPERS:-100}
		LSP_LIMIT_MS=3000
		LSP_CALLS="${CALLS:-}"
	END
	printf '%s\n' "test-sleepers.sh $LIMIT" "test-parked.sh 300" >"$dir/tests.list"
}

lock_cache
# shellcheck disable=SC2086 # lists of words
need_packages $PACKAGES_BUILD $PACKAGES_GUEST
step "kernel under test"
check_kernel
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
step "updates"
guest_files "$work/guest"
step "guest: functions that are never free"
GUEST_LOG=$TREE/log/soak-busy
GUEST_MEMORY=1024 GUEST_APPEND="kunit.enable=0" \
	guest_alone soak-busy "$work/guest" $((LIMIT + 360))
