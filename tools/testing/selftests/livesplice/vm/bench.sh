#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# `make bench`: what a pause, an update and a call cost. Measured in a guest,
# once in time, which is that of this machine and noisy, and once counted: with
# -icount a nanosecond of the guest is an instruction, the same on every machine.
# Prints the tables, writes them to Documentation/livesplice/bench.rst, and fails
# if one of the bars of the design is missed.
#
#	KDIR=TREE	kernel source other than the distribution's

set -u
CALLER=$PWD
cd "$(dirname "$0")" || exit 3
. ./lib.sh
. ./build.sh
. ./qemu.sh

RST=$TOP/Documentation/livesplice/bench.rst

# targets_update NUMBER	an update of lsp_targets, that many functions
targets_update()
{
	local file=kernel/livesplice/lsp_targets.c

	mkdir -p "$work/a/${file%/*}" "$work/b/${file%/*}"
	cp "$SRC/$file" "$work/a/$file"
	sed "s/^\(#define LSP_ADD_$1\t*\)1\$/\12/" "$SRC/$file" >"$work/b/$file"
	(cd "$work" && diff -u "a/$file" "b/$file") >"$work/$1.patch"
	make_update "$work/$1.patch" "lsp_targets_$1" "$work/guest/updates" ||
		{ cat "$work/guest/updates/lsp_targets_$1.log"; die "no update of $1 functions"; }
	note "   lsp_targets_$1: $GEN_S s"
}

guest_files()
{
	local number

	mkdir -p "$work/guest/updates" "$work/guest/modules" "$work/modules"
	cp "$SELFTESTS/functions.sh" "$VM/bench-guest.sh" "$work/guest/"
	guest_program "$SELFTESTS/lsp-helper.c" "$work/guest/lsp-helper"
	cp "$OBJ/kernel/livesplice/lsp_targets.ko" "$work/guest/modules/"
	cp "$SELFTESTS"/test_modules/{Makefile,*.c} "$work/modules/"
	make -s -C "$work/modules" KDIR="$OBJ" modules >"$work/log" 2>&1 ||
		{ cat "$work/log"; die "the test modules do not build"; }
	cp "$work/modules"/lsp_{bench,livepatch}.ko "$work/guest/updates/"
	make_update "$SELFTESTS/patches/hexdump.patch" lsp_hexdump "$work/guest/updates" ||
		die "no update of hexdump"
	for number in 1 100 1000; do
		targets_update $number
	done
}

# run_guest NAME	what it tells goes to $work/NAME
run_guest()
{
	local rc boots=0

	GUEST_LOG=$TREE/log/bench-$1
	while :; do
		GUEST_MEMORY=2048 GUEST_QUIET=1 GUEST_APPEND="kunit.enable=0" \
			guest_run "$work/guest" bench-guest.sh 900
		rc=$?
		boots=$((boots + 1))
		if [ $boots -ge 3 ] || ! guest_stale_text "$GUEST_LOG/console.log"; then
			break
		fi
		note "guest: the emulator ran a stale INT3, again"
	done
	tr -d '\r' <"$GUEST_LOG/result.log" | sed -n 's/^@@bench //p' >"$work/$1"
	[ $rc -eq 0 ] || die "the guest ended with status $rc"
}

machine()
{
	printf '%s, %s CPUs; %s; Linux %s, gcc %s; guest: 2 CPUs, TCG\n' \
		"$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)" \
		"$(nproc)" "$(qemu-system-x86_64 --version | head -n 1)" \
		"$(cat "$OBJ/include/config/kernel.release")" "$(gcc -dumpfullversion)"
}

lock_cache
# shellcheck disable=SC2086 # lists of words
need_packages $PACKAGES_BUILD $PACKAGES_GUEST
check_kernel

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
step "updates"
guest_files
step "guest, in time"
run_guest time
step "guest, counted"
GUEST_ICOUNT=1 run_guest counted

machine >"$work/machine"
awk -f bench.awk "$work/machine" "$work/time" "$work/counted" >"$work/bench.rst"
rc=$?
cat "$work/bench.rst"
[ $rc -le 1 ] || exit $rc
cmp -s "$work/bench.rst" "$RST" || cp "$work/bench.rst" "$RST"
exit $rc
