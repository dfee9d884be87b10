# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Runs a script in a guest. Sourced after lib.sh by demo.sh, check.sh, matrix.sh
# and corpus.sh.
#
# The first serial port is the console: printk and panics. The second one is
# what the test says (see init). So neither can tear the other's lines.

# The machine: megabytes, processors, and which model if not the best there is.
GUEST_MEMORY=${GUEST_MEMORY:-512}
GUEST_SMP=${GUEST_SMP:-2}
GUEST_CPU=${GUEST_CPU:-}
# Of the emulator: a thread for each processor (multi), or one for all (single).
GUEST_THREADS=${GUEST_THREADS:-multi}
GUEST_APPEND=${GUEST_APPEND:-}
# Devices beside the two serial ports: arguments of the emulator.
GUEST_DEVICES=()

# What a kernel prints when something went wrong in it.
SPLAT='WARNING: |BUG: |BUG at|Oops: |Oops\[|Kernel panic|kernel BUG'
SPLAT+='|general protection|Unable to handle|stack segment|double fault'
SPLAT+='|int3: |invalid opcode|INFO: task|INFO: rcu|rcu: INFO|soft lockup|hard LOCKUP'
SPLAT+='|possible (circular|recursive|irq lock)|suspicious RCU|inconsistent lock'
SPLAT+='|held lock freed|sleeping function called|scheduling while atomic'
SPLAT+='|refcount_t: |list_(add|del) corruption|Missing ENDBR|Call Trace:'
SPLAT+='|Unpatched return thunk|bad page|Bad page'

# guest_image DIR OUT	initramfs of busybox, our init, and DIR as /test.
guest_image()
{
	local dir=$1 out=$2 root

	root=$(mktemp -d) || return 1
	mkdir -p "$root/bin" "$root/test" &&
		cp "$(command -v busybox)" "$root/bin/busybox" &&
		cp "$VM/init" "$root/init" && chmod 755 "$root/init" &&
		ln -s busybox "$root/bin/sh" &&
		cp -r "$dir/." "$root/test/" &&
		(cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet | gzip -1) >"$out"
	local rc=$?
	rm -rf "$root"
	return $rc
}

# guest_clock ACCEL...
#	The CPUs of an emulated guest are threads of a machine that may be busy:
#	the kernel measures the clock of the processor wrong, ten times and more
#	has been seen, and a CPU that is held may have to wait for its thread.
#	Where instructions are counted neither is so.
guest_clock()
{
	case "$*" in
	*icount* | *kvm*) ;;
	*) echo "clocksource=hpet livesplice.max_pause_us=2000000" ;;
	esac
}

# guest_qemu KERNEL IMAGE APPEND TIMEOUT CONSOLE RESULT ACCEL...
#	Blocks until it is over. no_timer_check: on a busy machine the timer
#	interrupts that the kernel waits for may be late, and it would panic.
guest_qemu()
{
	local kernel=$1 image=$2 append=$3 limit=$4 console=$5 result=$6
	shift 6

	timeout -k 5 "$limit" qemu-system-x86_64 "$@" -smp "$GUEST_SMP" -m "$GUEST_MEMORY" \
		-display none -monitor none -no-reboot -nodefaults -no-user-config \
		-serial "file:$console" -serial "file:$result" "${GUEST_DEVICES[@]}" \
		-kernel "$kernel" -initrd "$image" \
		-append "console=ttyS0 panic=-1 oops=panic no_timer_check $(guest_clock "$@") $append" \
		</dev/null 2>"$result.qemu"
}

# Prints the accelerator arguments, a line each. KVM is used only where a guest
# has been seen to boot with it: a device node alone proves nothing.
guest_accel()
{
	local kernel=$1 dir state

	if [ -n "${GUEST_ICOUNT:-}" ]; then
		# A nanosecond of the guest is an instruction: exact, and slow.
		printf '%s\n' -accel tcg,thread=single -icount shift=0,sleep=off \
			-cpu "${GUEST_CPU:-max}"
		return
	fi
	if [ -w /dev/kvm ]; then
		state=$CACHE/accel.$(cut -c1-8 /proc/sys/kernel/random/boot_id)
		if [ ! -s "$state" ]; then
			dir=$(mktemp -d)
			mkdir "$dir/test"
			echo 'exit 0' >"$dir/test/true.sh"
			guest_image "$dir/test" "$dir/image" &&
				guest_qemu "$kernel" "$dir/image" lsp_script=true.sh 15 \
					"$dir/console" "$dir/result" -accel kvm -cpu host
			if grep -qs '^@@end 0' "$dir/result"; then
				echo kvm >"$state"
			else
				echo tcg >"$state"
			fi
			rm -rf "$dir"
		fi
		if [ "$(cat "$state")" = kvm ]; then
			printf '%s\n' -accel kvm -cpu "${GUEST_CPU:-host}"
			return
		fi
	fi
	printf '%s\n' -accel "tcg,thread=$GUEST_THREADS" -cpu "${GUEST_CPU:-max}"
}

# guest_splats CONSOLE	Prints what looks wrong; true if there is anything.
guest_splats()
{
	grep -aE "$SPLAT" "$1" | tr -d '\r' | head -n 20 | grep .
}

# Follows a result file while process $1 lives, without our markers.
guest_follow()
{
	tail -n +1 -f --pid="$1" "$2" 2>/dev/null | tr -d '\r' |
		grep --line-buffered -v '^@@'
}

# guest_stale CONSOLE RESULT
#	Did the emulator fail before any test began? With a thread for each CPU,
#	TCG of QEMU 7.2 can keep the translation of an INT3 that another CPU has
#	replaced meanwhile, and the kernel switches static branches while it
#	boots. Once a test or KUnit runs, such an end is a failure like any other.
guest_stale()
{
	grep -qa 'Oops: int3' "$1" && ! grep -qa '^@@begin' "$2" &&
		! grep -qaE 'KTAP version|livesplice: [^ ]+:' "$1"
}

# guest_stale_text CONSOLE
#	The same in a test: has a CPU run an INT3 that memory does not have, and
#	that can be none of ours? Those are at entries, not well inside of a
#	function, where static branches of the kernel are; nor in front of the
#	place of the jump, where the tracer's NOP or call is.
guest_stale_text()
{
	local oops rip byte next

	oops=$(grep -a -m 1 -A 9 'Oops: ' "$1" | tr -d '\r')
	[[ $oops == *'Oops: int3'* ]] || return 1
	rip=$(sed -n 's,.*RIP: 0010:[^ ]*+0x\([0-9a-f]*\)/.*,\1,p' <<<"$oops" | head -n 1)
	byte=$(sed -n 's/.*Code: .* \([0-9a-f][0-9a-f]\) <.*/\1/p' <<<"$oops" | head -n 1)
	next=$(sed -n 's/.*Code: .*<\(.* .. .. ..\) .*/\1/p' <<<"$oops" | head -n 1)
	[ -n "$rip" ] && [ -n "$byte" ] && [ "$byte" != cc ] || return 1
	[ $((16#$rip)) -lt 32 ] || return 0
	[[ $rip == [15] ]] && [[ $byte == e8 || "$byte <$next" == "0f <1f> 44 00 00"* ]]
}

# guest_run DIR SCRIPT TIMEOUT
#	Boots $GUEST_KERNEL with DIR as /test, runs /test/SCRIPT there and
#	prints what it says as it says it. Logs: $GUEST_LOG/console.log and
#	result.log. Returns the script's status, or
#	  124 no end within TIMEOUT seconds (hung guest)
#	  125 the guest ended without an end marker (panic, reset)
#	  126 the script ended, but the kernel complained meanwhile
guest_run()
{
	local dir=$1 script=$2 limit=$3 image pid rc status boots=0
	# shellcheck disable=SC2153 # set by who calls us
	local console=$GUEST_LOG/console.log result=$GUEST_LOG/result.log
	local -a accel

	mkdir -p "$GUEST_LOG"
	image=$GUEST_LOG/initramfs.gz
	guest_image "$dir" "$image" || die "cannot make an initramfs"
	mapfile -t accel < <(guest_accel "$GUEST_KERNEL")
	while :; do
		: >"$console"
		: >"$result"
		guest_qemu "$GUEST_KERNEL" "$image" \
			"lsp_script=$script $GUEST_APPEND" \
			"$limit" "$console" "$result" "${accel[@]}" &
		pid=$!
		[ -n "${GUEST_QUIET:-}" ] || guest_follow $pid "$result"
		wait $pid
		rc=$?
		boots=$((boots + 1))
		if [ $boots -ge 3 ] || ! guest_stale "$console" "$result"; then
			break
		fi
		echo "guest: the emulator ran a stale INT3 while booting, again"
	done
	rm -f "$image"

	status=$(sed -n 's/^@@end \([0-9]*\).*/\1/p' "$result" | tail -n 1)
	if guest_splats "$console" >"$GUEST_LOG/splats"; then
		echo "guest: the kernel complained (log: $console):"
		sed 's/^/guest:   /' "$GUEST_LOG/splats"
		[ -n "$status" ] && return 126
	fi
	[ -n "$status" ] && return "$status"
	if [ $rc -eq 124 ] || [ $rc -eq 137 ]; then
		echo "guest: no end within $limit s (log: $console)"
		return 124
	fi
	[ -s "$result.qemu" ] && sed 's/^/guest: /' "$result.qemu"
	echo "guest: ended without a result (log: $console)"
	return 125
}

# guest_alone WHAT DIR LIMIT
#	A guest that is all there is: the tests of DIR, again if the emulator has
#	spoilt it, what failed of them and how many. Status 0 if nothing did.
guest_alone()
{
	local what=$1 dir=$2 limit=$3 boots=0 status count failed

	while :; do
		guest_run "$dir" run-tests.sh "$limit"
		status=$?
		boots=$((boots + 1))
		if [ $status -eq 0 ] || [ $boots -ge 3 ] ||
		   ! guest_stale_text "$GUEST_LOG/console.log"; then
			break
		fi
		note "guest: the emulator ran a stale INT3, again from the start"
	done
	count=$(awk -f "$VM/tally.awk" "$GUEST_LOG/result.log")
	sed 1d <<<"$count"
	[ $status -ne 126 ] || note "the kernel complained (log: $GUEST_LOG/console.log)"
	failed=$(sed -n '1s/.* //p' <<<"$count")
	note "$what: $(sed -n '1s/ .*//p' <<<"$count") passed, $failed failed"
	[ "$failed" -eq 0 ] && return $status
	return 1
}
