# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # what is set here is used by those who source it
#
# What every script of this directory shares: where things are, how it talks,
# packages, long steps with progress. Sourced, never run.
#
# Everything that is made lands in the cache, outside the repository:
#	${LIVESPLICE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/livesplice}

VM=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SELFTESTS=$(dirname "$VM")
TOP=$(cd "$SELFTESTS/../../../.." && pwd)
CACHE=${LIVESPLICE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/livesplice}
JOBS=${JOBS:-$(($(nproc) + 1))}

# The kernel series that is worked with: TREE=7.3, 6.12 or 6.1. Told to the
# scripts that are run from here by a name of its own: TREE is a directory then.
export KERNEL_SERIES=${TREE:-${KERNEL_SERIES:-6.12}}
unset TREE
# Likewise the configuration, CONFIG=NAME of configs/, and whether LLVM makes the
# kernel: LLVM=1, or LLVM=-16 for the tools of that version.
export KERNEL_CONFIG=${CONFIG:-${KERNEL_CONFIG:-}}
export KERNEL_LLVM=${LLVM:-${KERNEL_LLVM:-}}
unset CONFIG LLVM

# We are no part of the make that called us, nor of its language.
unset MAKEFLAGS MFLAGS MAKELEVEL
export LC_ALL=C

case ${KDIR:-} in
'' | /*) ;;
*) KDIR=${CALLER:-$PWD}/$KDIR ;;
esac

PACKAGES_BUILD="build-essential bc bison flex libelf-dev libdw-dev libssl-dev
	cpio kmod openssl patch xz-utils zstd perl"
PACKAGES_GUEST="qemu-system-x86 busybox-static"
PACKAGES_LINT="sparse shellcheck"
PACKAGES_TEST="clang libclang-rt-14-dev"
case $KERNEL_LLVM in
'') ;;
-*) PACKAGES_BUILD+=" clang$KERNEL_LLVM lld$KERNEL_LLVM llvm$KERNEL_LLVM" ;;
*) PACKAGES_BUILD+=" clang lld llvm" ;;
esac

note()
{
	printf '%s\n' "$*"
}

step()
{
	printf '== %s\n' "$*"
}

die()
{
	printf '%s: %s\n' "$(basename "$0")" "$*" >&2
	exit 3
}

# Prints those of the given packages that are not installed.
packages_missing()
{
	local name

	for name; do
		[ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] ||
			printf '%s ' "$name"
	done
}

# need_packages NAME...	Install what is missing; touch nothing otherwise.
need_packages()
{
	local missing

	command -v dpkg-query >/dev/null || return 0
	missing=$(packages_missing "$@")
	[ -n "$missing" ] || return 0
	[ "$(id -u)" -eq 0 ] || die "not root, and these packages are missing: $missing"
	step "installing packages: $missing"
	mkdir -p "$CACHE"
	# shellcheck disable=SC2086 # a list of words
	if ! { apt-get update && DEBIAN_FRONTEND=noninteractive \
		apt-get install -y --no-install-recommends $missing; } \
		>"$CACHE/apt.log" 2>&1 </dev/null; then
		tail -n 20 "$CACHE/apt.log" >&2
		die "apt-get failed (log: $CACHE/apt.log)"
	fi
}

# One line every 15 s while process $1 lives; kbuild's steps are counted.
progress()
{
	local pid=$1 log=$2 start=$SECONDS next=15

	while kill -0 "$pid" 2>/dev/null; do
		sleep 1
		[ $((SECONDS - start)) -ge $next ] || continue
		next=$((next + 15))
		printf '   %4d s  %5d objects  %s\n' $((SECONDS - start)) \
			"$(grep -cE '^  (CC|AS|HOSTCC) ' "$log")" \
			"$(tail -n 1 "$log" | cut -c1-60)"
	done
}

# run_long WHAT LOG COMMAND...	Output to LOG, progress here, its end if it fails.
run_long()
{
	local what=$1 log=$2 start=$SECONDS pid
	shift 2

	step "$what"
	: >"$log"
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	progress $pid "$log"
	if ! wait $pid; then
		grep -nE '(error|Error|refused|No rule)' "$log" | head -n 20 >&2
		tail -n 15 "$log" >&2
		note "$what: failed (log: $log)" >&2
		return 1
	fi
	note "   $((SECONDS - start)) s"
}

# Short fingerprint of standard input.
fingerprint()
{
	sha256sum | cut -c1-12
}

# One user of the cache at a time; the lock goes with the process.
lock_cache()
{
	mkdir -p "$CACHE" || die "cannot create $CACHE"
	exec 9>"$CACHE/lock"
	if ! flock -n 9; then
		note "waiting for another run that uses $CACHE"
		flock 9
	fi
}
