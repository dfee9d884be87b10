#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# dump.sh UPDATES: a guest that crashes. What it shows of enabled updates while
# it lives (dump-guest.sh), and what the crash kernel finds in its memory, booted
# in the same machine (dump-crashed.sh). Warnings and an oops are wanted here,
# and no others. Prints "ok"/"not ok" lines. KERNEL is a bootable kernel,
# UPDATES a directory with the updates and modules of check.sh.

set -u
updates=$(cd "$1" && pwd) || exit 3
cd "$(dirname "$0")" || exit 3
. ./lib.sh
. ./build.sh
. ./qemu.sh

GUEST_KERNEL=${KERNEL:?a bootable kernel}
GUEST_APPEND="kunit.enable=0 crashkernel=128M"
GUEST_QUIET=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
GUEST_LOG=${GUEST_LOG:-$work/log}
failed=0

# check WHAT COMMAND...
check()
{
	local what=$1
	shift

	if "$@"; then
		echo "ok $what"
	else
		echo "not ok $what"
		failed=1
	fi
}

# files DIR SCRIPT	what both kernels need
files()
{
	mkdir -p "$1"
	cp "$SELFTESTS/functions.sh" "$2" "$1/"
	guest_program "$SELFTESTS/lsp-helper.c" "$1/lsp-helper"
	guest_program "$SELFTESTS/lsp-core.c" "$1/lsp-core"
}

# Results in the log of the guest: as many as both plans promised, all of them good.
complete()
{
	local planned seen

	planned=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$work/results" | awk '{ n += $1 } END { print n + 0 }')
	seen=$(grep -cE '^(not )?ok [0-9]' "$work/results")
	[ "$(grep -c '^1\.\.' "$work/results")" -eq 2 ] && [ "$planned" -eq "$seen" ] &&
		! grep -q '^not ok' "$work/results"
}

# How often the console of the guest has a line.
count()
{
	tr -d '\r' <"$GUEST_LOG/console.log" | grep -caE "$1"
}

# Everything that looks like trouble is a warning of ours or the oops in the end.
as_wanted()
{
	! grep -aE "$SPLAT" "$GUEST_LOG/console.log" |
		grep -vE 'WARNING: .*splat_set.*lsp_splat|Call Trace:|NULL pointer dereference|Oops: '
}

files "$work/crash" dump-crashed.sh
files "$work/guest" dump-guest.sh
guest_image "$work/crash" "$work/guest/crash.gz" || die "cannot make an initramfs"
cp "$GUEST_KERNEL" "$work/guest/bzImage"
mkdir "$work/guest/updates"
cp "$updates"/{lsp_cmdline,lsp_eventfd,lsp_splat}.ko "$work/guest/updates/"

guest_run "$work/guest" dump-guest.sh 90 >"$work/out"
tr -d '\r' <"$GUEST_LOG/result.log" >"$work/results"
grep -E '^(ok|not ok|#)' "$work/results"
check "the crash kernel came to its end" grep -q '^@@end 0' "$work/results"
check "results of both kernels are complete" complete
check "one oops" [ "$(count 'Oops: ')" -eq 1 ]
check "the oops has the list" \
	[ "$(sed -n '/BUG: kernel NULL/,$p' "$GUEST_LOG/console.log" |
		grep -ac 'Live updates: lsp_eventfd(+) lsp_cmdline')" -eq 1 ]
check "nothing else went wrong" as_wanted
[ $failed -eq 0 ] || tail -n 30 "$GUEST_LOG/console.log" | sed 's/^/# /'
exit $failed
