#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# `make check`: every test that a change must pass. Lint, host tests, kernel,
# updates, guest with KUnit and selftests. The last line is
# "N passed, N failed", the exit status says whether N failed is 0.
#
#	KDIR=TREE	kernel source other than the distribution's
#	TESTS="a b"	only these selftests (and no host tests): for development;
#			dump.sh is the guest that crashes, overlay those of the
#			overlay on the host
#	DEBUG=1		a kernel with lockdep; takes several times as long
#	TREE=, LLVM=, CONFIG=, OPTIONS=
#			which kernel: lib.sh and configs/; what is put on its command line
#	RECORD=FILE	a line of the table of runs (configs.sh), for what was run

set -u
CALLER=$PWD
cd "$(dirname "$0")" || exit 3
. ./lib.sh
. ./build.sh
. ./qemu.sh
. ./record.sh

# KUnit suites run while the kernel boots, so they have a boot of their own;
# test-poison.sh ends it, for after that no update can be loaded.
KUNIT_TESTS="
test-kunit.sh 240
test-poison.sh 60
"
# Selftest and the seconds it may take in a guest without KVM. test-basic.sh has
# to be the first: it looks at the kernel before anything was ever enabled; and
# test-pinned.sh the last.
ALL_TESTS="
test-basic.sh 60
test-asm.sh 60
test-whole.sh 180
test-sysfs.sh 60
test-modules.sh 120
test-late.sh 300
test-boot.sh 90
test-stack.sh 60
test-replaces.sh 120
test-kinds.sh 60
test-borrow.sh 180
test-state.sh 60
test-hooks.sh 120
test-answers.sh 60
test-shadow.sh 60
test-data.sh 180
test-weak.sh 60
test-badinput.sh 240
test-busy.sh 90
test-nudge.sh 90
test-relaxed.sh 120
test-sleepers.sh 300
test-parked.sh 150
test-events.sh 60
test-stress.sh 240
test-race.sh 180
test-trace.sh 90
test-company.sh 240
test-probes.sh 120
test-keys.sh 60
test-kgdb.sh 60
test-machine.sh 180
test-perf.sh 60
test-memory.sh 60
test-rox.sh 60
test-pause.sh 180
test-verify.sh 120
test-pinned.sh 60
"
# Only for a configuration that they are about (configs.sh).
OTHER_TESTS="
test-rt.sh 60
test-signed.sh 120
"
# Each has a boot of its own: after most of them nothing can be loaded, and after the
# first one the kernel may be tainted by somebody else's warning.
LAST_TESTS="
test-fault.sh 150
test-awake.sh 60
test-disabled.sh 60
"

passed=0
failed=0
failures=()
making=()
# TESTS is filled in later.
selected=${TESTS:-}

ok()
{
	passed=$((passed + 1))
	note "ok $*"
}

not_ok()
{
	failed=$((failed + 1))
	failures+=("$*")
	note "not ok $*"
}

finish()
{
	local line

	[ ${#failures[@]} -eq 0 ] || step "failed"
	for line in "${failures[@]}"; do
		note "   $line"
	done
	[ -z "${RECORD:-}" ] || record_run "${selected:-all}" "$passed" "$failed" "${failures[0]:-}"
	note "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
	exit
}

# Whatever stops us early is a failure, with the closing line all the same.
on_exit()
{
	local rc=$?

	wait
	[ -z "${work:-}" ] || rm -rf "$work"
	[ -z "${closed:-}" ] || exit "$rc"
	closed=1
	not_ok "check ended early (status $rc)"
	finish
}

# count_lines WHAT STATUS	counts "ok"/"not ok" lines on standard input
count_lines()
{
	local what=$1 status=$2 line oks=0 bad=0

	while IFS= read -r line; do
		case $line in
		*"# SKIP"*) bad=$((bad + 1)); failures+=("$what: $line") ;;
		"ok "*) oks=$((oks + 1)) ;;
		"not ok "*) bad=$((bad + 1)); failures+=("$what: $line") ;;
		esac
	done
	passed=$((passed + oks))
	failed=$((failed + bad))
	if [ $bad -eq 0 ] && { [ "$status" -ne 0 ] || [ $oks -eq 0 ]; }; then
		failed=$((failed + 1))
		failures+=("$what: status $status, $oks results")
	fi
}

# run_counted WHAT COMMAND...	its output is shown and its results counted
run_counted()
{
	local what=$1 log rc start=$SECONDS
	shift

	log=$(mktemp)
	"$@" >"$log" 2>&1 </dev/null
	rc=$?
	if [ $rc -ne 0 ] || [ -n "${VERBOSE:-}" ] || grep -q '^not ok' "$log"; then
		cat "$log"
	fi
	note "   $what: $(grep -c '^ok' "$log") ok, $(grep -c '^not ok' "$log") not ok, $((SECONDS - start)) s"
	count_lines "$what" $rc <"$log"
	rm -f "$log"
}

# host_scripts WHAT DIR...	every script there, some at a time
host_scripts()
{
	local what=$1 logs=$work/host log start=$SECONDS
	shift

	step "$what"
	mkdir "$logs"
	# shellcheck disable=SC2016 # for the inner shell
	find "$@" -name '*.sh' ! -name lib.sh | sort |
		KSRC=$SRC KOBJ=$OBJ SPLICE_ELF=$OBJ/scripts/splice-gen/splice-elf \
		xargs -P "$JOBS" -I{} bash -c 'log=$1/${2##*/}
			timeout 600 "$2" >"$log" 2>&1 </dev/null
			echo $? >"$log.rc"' - "$logs" {}
	for log in "$logs"/*.sh; do
		if grep -q '^not ok' "$log" || [ "$(cat "$log.rc")" -ne 0 ]; then
			sed "s,^,${log##*/}: ," "$log"
		fi
		count_lines "${log##*/}" "$(cat "$log.rc")" <"$log"
	done
	note "   $(find "$logs" -name '*.rc' | wc -l) scripts, $((SECONDS - start)) s"
}

host_tests()
{
	host_scripts "host tests" "$TOP"/scripts/*/tests
	run_counted "harness" env KERNEL="$GUEST_KERNEL" "$VM/harness.sh"
	run_counted "off" env SRC="$SRC" OBJ="$OBJ" "$VM/off.sh"
	run_counted "generator" env SRC="$SRC" OBJ="$OBJ" "$VM/generator.sh"
}

# Where the tables are, and how much is for the module and how much for the
# proof: the guest has no readelf.
update_facts()
{
	local name offset size flags proof=0 alloc=0

	: >"$1.sections"
	while read -r name _ _ offset size _ flags _; do
		offset=$((16#$offset))
		size=$((16#$size))
		echo "$name $offset $size" >>"$1.sections"
		if [[ $name == .livesplice.* ]]; then
			proof=$((proof + size))
		elif [[ $flags == *A* ]]; then
			alloc=$((alloc + size))
		fi
	done < <(readelf -SW "$1.ko" | sed -n 's/^ *\[ *[1-9][0-9]*\] *//p')
	printf 'proof %d\nalloc %d\n' $proof $alloc >"$1.sizes"
	if [ $proof -eq 0 ] || [ $alloc -eq 0 ]; then
		not_ok "$(basename "$1").ko has no tables"
	fi
}

# Does one of the selected tests name it? Without a selection all are made.
is_wanted()
{
	local name

	[ -n "$selected" ] || return 0
	for name in $TESTS; do
		! grep -qw "$1" "$SELFTESTS/$name" "$VM/$name" 2>/dev/null || return 0
	done
	return 1
}

# update_for_test NAME PATCH DIR [OPTION...]	some are made at a time; updates_made has
#	the results
update_for_test()
{
	local name=$1 patch=$2 dir=$3
	shift 3

	is_wanted "$name" || return 0
	while [ "$(jobs -pr | wc -l)" -ge "$JOBS" ]; do
		wait -n
	done
	making+=("$dir/$name")
	{
		make_update "$patch" "$name" "$dir" "$@"
		echo "$? $GEN_S" >"$dir/$name.made"
	} &
}

# All that were begun are there, or have failed.
updates_made()
{
	local update rc seconds

	wait
	for update in ${making[@]+"${making[@]}"}; do
		read -r rc seconds <"$update.made" || rc=none
		if [ "$rc" = 0 ]; then
			update_facts "$update"
			ok "generate ${update##*/} ($seconds s)"
		else
			cat "$update.log"
			not_ok "generate ${update##*/}"
		fi
		rm -f "$update.made"
	done
	making=()
}

# An update for another build of the kernel: the same source, but its unit was
# compiled with a frame pointer.
other_build_update()
{
	local dir=$1 other=$TREE/other-obj cmd=kernel/.exec_domain.o.cmd
	local obj=kernel/exec_domain.o

	is_wanted lsp_other_build || return 0
	rm -rf "$other"
	cp -al "$OBJ" "$other" && rm "$other/$obj" "$other/$cmd" || return 1
	sed 's/ -c -o / -fno-omit-frame-pointer -c -o /' "$OBJ/$cmd" >"$other/$cmd"
	(cd "$other" && eval "$(sed -n '1s/^\(saved\)\{0,1\}cmd_[^=]*:= //p' "$cmd")") || return 1
	if cmp -s "$OBJ/$obj" "$other/$obj"; then
		not_ok "another build differs"
		return
	fi
	OBJ=$other update_for_test lsp_other_build "$SELFTESTS/patches/personality.patch" "$dir"
	updates_made
	rm -rf "$other"
}

# Each on top of those before it.
stacked_updates()
{
	local stack=$SELFTESTS/patches/stack

	update_for_test lsp_stack_a "$stack/a.patch" "$1"
	update_for_test lsp_stack_b "$stack/b.patch" "$1" --base "$stack/a.patch"
	update_for_test lsp_stack_c "$stack/c.patch" "$1" \
		--base "$stack/a.patch" --base "$stack/b.patch"
}

# One that relies on what the compiler saw of a function, and one that makes that
# untrue: without its base the first calls that function and looks at nothing else.
seen_updates()
{
	local seen=$SELFTESTS/patches/seen name refs

	is_wanted lsp_seen_a || return 0
	update_for_test lsp_seen_a "$seen/a.patch" "$1"
	update_for_test lsp_seen_b "$seen/b.patch" "$1"
	update_for_test lsp_seen_ba "$seen/b.patch" "$1" --base "$seen/a.patch"
	updates_made
	for name in b:1 ba:3; do
		refs=$(objdump -dr --no-show-raw-insn --disassemble=kinds_keep.splice \
			"$1/lsp_seen_${name%:*}-lsp_kinds.ko" |
			grep -v '__fentry__\|_thunk' | grep -c 'R_X86_64_\(PC32\|PLT32\|32S\)')
		if [ "$refs" -eq "${name#*:}" ]; then
			ok "lsp_seen_${name%:*}: the call, and accesses of the variable: $refs"
		else
			not_ok "lsp_seen_${name%:*}: references of the caller: $refs, not ${name#*:}"
		fi
	done
}

# In the place of those.
replacing_updates()
{
	local instead=$SELFTESTS/patches/instead

	update_for_test lsp_instead_image "$instead/image.patch" "$1" \
		--replaces lsp_stack_a,lsp_stack_b,lsp_table
	update_for_test lsp_instead_module "$instead/module.patch" "$1" \
		--replaces lsp_borrow
	update_for_test lsp_instead_hooks "$instead/hooks.patch" "$1" \
		--replaces lsp_grown
}

# An update of the same name and change, made at another time: its parts do not
# belong to the first one's.
other_parts()
{
	mkdir -p "$1/other"
	sed '1s/$/ again/' "$(tree_patch "$SELFTESTS/patches/binfmt.patch")" \
		>"$1/other/binfmt.patch"
	update_for_test lsp_binfmt "$1/other/binfmt.patch" "$1/other"
}

# The modules that updates have parts for, and one that is not quite the same.
target_modules()
{
	mkdir -p "$1"
	cp "$OBJ/fs/binfmt_misc.ko" "$OBJ/fs/overlayfs/overlay.ko" "$1/"
	# What overlay uses, unless it is built in.
	has_option EXPORTFS || cp "$OBJ/fs/exportfs/exportfs.ko" "$1/"
	cp "$OBJ"/kernel/livesplice/lsp_{kinds,lent}.ko "$1/"
	sed 's/disabled/disabxed/g' "$1/binfmt_misc.ko" >"$1/binfmt_misc_other.ko"
	cp "$OBJ"/kernel/livesplice/lsp_{comer,caller}.ko "$1/"
	sed 's/twin/twig/' "$1/lsp_comer.ko" >"$1/lsp_comer_other.ko"
}

# sign_module FROM TO	by the key that the kernel knows
sign_module()
{
	"$OBJ/scripts/sign-file" sha256 "$OBJ/certs/signing_key.pem" \
		"$OBJ/certs/signing_key.x509" "$1" "$2" || not_ok "sign $(basename "$1")"
}

# For a module that comes late: what is on top of its part, the part compressed.
late_files()
{
	local patches=$SELFTESTS/patches

	update_for_test lsp_late_pinned "$patches/late/pinned.patch" "$1/updates"
	is_wanted lsp_late || return 0
	update_for_test lsp_late_top "$patches/late/top.patch" "$1/updates" \
		--base "$patches/late.patch"
	updates_made
	xz -k --check=crc32 "$1/updates/lsp_late-lsp_comer.ko"
	mkdir "$1/updates/signed" "$1/modules/signed"
	sign_module "$1/updates/lsp_late-lsp_comer.ko" "$1/updates/signed/lsp_late-lsp_comer.ko"
	sign_module "$1/modules/lsp_comer.ko" "$1/modules/signed/lsp_comer.ko"
	zstd -q --rm "$1/updates/signed/lsp_late-lsp_comer.ko"
	xz --check=crc32 "$1/modules/signed/lsp_comer.ko"
}

has_option()
{
	grep -q "^CONFIG_$1=y" "$OBJ/.config"
}

# Those that this kernel can have.
test_modules()
{
	local -a names=(bench intruder notifier splat vcpu watch)

	# What they import is not exported.
	! has_option TRIM_UNUSED_KSYMS || return 0
	! has_option KPROBES_ON_FTRACE || names+=(company)
	! has_option LIVEPATCH || names+=(overrule)
	! has_option KGDB || names+=(debugger)
	guest_test_modules "$1" "${names[@]}"
}

# Everything the guest needs, in $1.
guest_files()
{
	local dir=$1 patch

	mkdir -p "$dir/updates"
	cp "$SELFTESTS"/{functions.sh,kmod.sh,late.sh,test-*.sh} "$VM/run-tests.sh" \
		"$TOP/Documentation/ABI/testing/sysfs-kernel-splice" \
		"$TOP/tools/livesplice/livesplice-boot" "$dir/"
	guest_program "$SELFTESTS/lsp-helper.c" "$dir/lsp-helper"
	guest_program "$SELFTESTS/lsp-fault.c" "$dir/lsp-fault"
	guest_program "$SELFTESTS/lsp-core.c" "$dir/lsp-core"
	guest_program "$SELFTESTS/lsp-company.c" "$dir/lsp-company"
	guest_program "$SELFTESTS/lsp-parked.c" "$dir/lsp-parked"
	guest_program "$SELFTESTS/lsp-sleepers.c" "$dir/lsp-sleepers" "$SELFTESTS"/lsp-sleep-*.c
	guest_program "$VM/demo/probe.c" "$dir/probe"

	step "updates"
	update_for_test lsp_waitid "$VM/demo/CVE-2017-5123.patch" "$dir/updates"
	for patch in "$SELFTESTS"/patches/*.patch; do
		update_for_test "lsp_$(basename "$patch" .patch)" "$patch" "$dir/updates"
	done
	for patch in "$SELFTESTS"/patches/sleep/*.patch; do
		update_for_test "lsp_sleep_$(basename "$patch" .patch)" "$patch" "$dir/updates"
	done
	stacked_updates "$dir/updates"
	seen_updates "$dir/updates"
	replacing_updates "$dir/updates"
	other_build_update "$dir/updates"
	other_parts "$dir/updates"
	target_modules "$dir/modules"
	late_files "$dir"
	updates_made
	guest_kmod "$dir/kmod"
	test_modules "$dir/updates" || not_ok "build the test modules"
	! is_wanted lsp_whole ||
		run_counted "whole kernel" env SRC="$SRC" OBJ="$OBJ" "$VM/whole.sh" "$dir/updates"
}

# Takes the last test out of a result if it did not end; all, if none did.
forget_unfinished()
{
	local last

	last=$(grep -n '^@@test' "$1" | tail -n 1 | cut -d: -f1)
	if [ -z "$last" ]; then
		: >"$1"
	elif ! sed "1,${last}d" "$1" | grep -q '^@@rc'; then
		sed -i "$last,\$d" "$1"
		grep -q '^@@test' "$1" || : >"$1"
	fi
}

# One boot for all of a list, but a test that takes the guest with it must not
# take the others: those are run in a new one.
guest_tests()
{
	local dir=$1 list=$2 name=$3 boot=0 count rest

	while [ -s "$list" ] && [ $boot -lt 12 ]; do
		boot=$((boot + 1))
		cp "$list" "$dir/tests.list"
		GUEST_LOG=$TREE/log/$name-$boot
		guest_run "$dir" run-tests.sh \
			$(($(awk '{ sum += $2 } END { print sum }' "$list") + 60))
		case $? in
		126) not_ok "$name $boot: the kernel complained (log: $GUEST_LOG/console.log)" ;;
		esac
		if guest_stale_text "$GUEST_LOG/console.log"; then
			note "guest: the emulator ran a stale INT3, again from there"
			forget_unfinished "$GUEST_LOG/result.log"
			[ -s "$GUEST_LOG/result.log" ] || continue
		fi
		count=$(awk -f "$VM/tally.awk" "$GUEST_LOG/result.log")
		passed=$((passed + $(sed -n '1s/ .*//p' <<<"$count")))
		failed=$((failed + $(sed -n '1s/.* //p' <<<"$count")))
		mapfile -t -O ${#failures[@]} failures < <(sed 1d <<<"$count")
		# Nothing even began: booting again would not help.
		grep -q '^@@test' "$GUEST_LOG/result.log" ||
			{ not_ok "$name $boot: no test ran (log: $GUEST_LOG/console.log)"; return; }
		rest=$(grep -c '^@@test' "$GUEST_LOG/result.log")
		sed -i "1,${rest}d" "$list"
	done
}

trap on_exit EXIT
lock_cache
# shellcheck disable=SC2086 # lists of words
need_packages $PACKAGES_BUILD $PACKAGES_GUEST $PACKAGES_LINT $PACKAGES_TEST

step "kernel under test (CVE-2017-5123 is put back on purpose)"
check_kernel

work=$(mktemp -d)

if [ -z "${TESTS:-}" ]; then
	step "lint"
	run_counted "lint" env SRC="$SRC" OBJ="$OBJ" "$VM/lint.sh"
	host_tests
	TESTS=$(awk '{ print $1 }' <<<"$KUNIT_TESTS$ALL_TESTS$LAST_TESTS" && echo dump.sh)
elif grep -qw overlay <<<"$TESTS"; then
	host_scripts "overlay" "$TOP"/scripts/overlay/tests
fi
for name in $TESTS; do
	grep "^$name" <<<"$ALL_TESTS$OTHER_TESTS" >>"$work/list"
	grep "^$name" <<<"$KUNIT_TESTS" >>"$work/kunit"
	grep "^$name" <<<"$LAST_TESTS" >>"$work/last"
done
if [ -n "${DEBUG:-}" ]; then
	GUEST_MEMORY=2048
	sed -i -E 's/ ([0-9]+)$/ \10/' "$work/list" "$work/kunit" "$work/last"
fi

guest_files "$work/guest"
GUEST_APPEND=${OPTIONS:-}
step "guest: KUnit"
guest_tests "$work/guest" "$work/kunit" kunit
step "guest: selftests"
GUEST_APPEND+=" kunit.enable=0"
guest_tests "$work/guest" "$work/list" guest
while read -r -u 3 name; do
	echo "$name" >"$work/one"
	guest_tests "$work/guest" "$work/one" "${name%%.*}"
done 3<"$work/last"
if grep -qw dump.sh <<<"$TESTS"; then
	step "guest: crash"
	run_counted "dump" env KERNEL="$GUEST_KERNEL" GUEST_LOG="$TREE/log/dump" \
		"$VM/dump.sh" "$work/guest/updates"
fi
closed=1
finish
