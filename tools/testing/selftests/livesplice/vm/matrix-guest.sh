#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The part of `make matrix` that runs in the guest (see matrix.sh): is this the
# machine that the row is about, does all of the kernel match, can an update be
# applied and undone. One line for the host, whatever happens:
#	@@face UNITS FUNCTIONS MISMATCH APPLIED UNDONE
# with "-" for what was not reached.

# shellcheck source=../functions.sh
. ./functions.sh
# FACE and CPUS of the row
. ./face.env

WHOLE=lsp_whole
U=lsp_waitid
# Its new code has all kinds of sites that the kernel rewrites later.
T=lsp_traced
TRACING=/sys/kernel/tracing
EVENTS=$TRACING/instances/lsp
CPU=/sys/devices/system/cpu/cpu1/online

units=- functions=- mismatch=- applied=- undone=-
trap 'echo "@@face $units $functions $mismatch $applied $undone"; cleanup' EXIT

# What the row does to the running text before anything is looked at. Recording
# is off: only the calls are wanted, from every function.
face_begin()
{
	case $FACE in
	ftrace)
		echo 0 >"$TRACING/tracing_on"
		echo function >"$TRACING/current_tracer"
		;;
	offline) echo 0 >"$CPU" ;;
	esac
}

# And what it does while the update is enabled.
face_change()
{
	case $FACE in
	ftrace)
		echo nop >"$TRACING/current_tracer"
		echo function >"$TRACING/current_tracer"
		;;
	offline | late) echo 1 >"$CPU" ;;
	esac
	echo 1 >"$TRACING/events/sched/sched_kthread_stop/enable"
}

# logged TEXT
logged()
{
	dmesg | grep -qF "$1"
}

# cpu_is TEXT
cpu_is()
{
	grep -q "^model name.*$1" /proc/cpuinfo
}

# vulnerable NAME TEXT	what the kernel says of a vulnerability of the CPU
vulnerable()
{
	grep -q "$2" "/sys/devices/system/cpu/vulnerabilities/$1"
}

# Has the kernel really made of its text what the row is about?
face_holds()
{
	case $FACE in
	qemu64) cpu_is "QEMU Virtual CPU" ;;
	max) ! cpu_is "QEMU Virtual CPU" ;;
	skylake) vulnerable retbleed Stuffing ;;
	one-cpu) vulnerable spectre_v2 Vulnerable ;;
	late) logged "switching to SMP code" ;;
	offline) [ "$(processors)" -eq 2 ] ;;
	four-cpus) [ "$(processors)" -eq 4 ] ;;
	isolated) grep -qx 1 /sys/devices/system/cpu/nohz_full ;;
	no-mitigations) vulnerable retbleed Vulnerable ;;
	preempt-*) logged "Dynamic Preempt: ${FACE#preempt-}" ;;
	ftrace) [ "$(wc -l <"$TRACING/enabled_functions")" -gt 10000 ] ;;
	debug) [ -e /proc/lockdep ] && logged "KernelAddressSanitizer initialized" ;;
	*) false ;;
	esac
}

# What the match event says under a name.
event()
{
	sed -n "s/.*livesplice_match: update=$WHOLE .*$1=\([^ ]*\).*/\1/p" $EVENTS/trace | tail -n 1
}

# match_all WHEN	all functions of all units
match_all()
{
	echo >$EVENTS/trace
	is "all of the kernel matches$1" ok "$(load $WHOLE)"
	units=$(event units)
	functions=$(event functions)
	mismatch=0
	if [ "$(event reason)" = ok ]; then
		unload $WHOLE >/dev/null
	else
		mismatch="$(event reason):$(event function)+$(event offset)"
		dmesg | grep "livesplice: $WHOLE:" | tail -n 2
	fi
}

# verified UPDATE WHEN	is the text what it must be?
verified()
{
	is "$1: verify can be asked $2" ok "$(put "$SPLICE/$1/verify" 1)"
	is "$1: verify $2" ok "$(value "$1" verify)"
}

# Not nproc: it does not count CPUs that are kept from us.
processors()
{
	grep -c '^processor' /proc/cpuinfo
}

# The probe's word on every CPU that there is, each once.
probe_everywhere()
{
	for cpu in $(seq 0 $(($(processors) - 1))); do
		taskset -c "$cpu" probe
	done | sort -u
}

mkdir $EVENTS
echo 1 >$EVENTS/events/livesplice/livesplice_match/enable

plan 28

check "the row's text can be made" face_begin
is "processors" "$CPUS" "$(processors)"
match_all ""
check "30 units or more" [ "${units:-0}" -ge 30 ]
check "and functions of each" [ "${functions:-0}" -ge "${units:-0}" ]

is "load" ok "$(load $U)"
is "as it was" vulnerable "$(probe_everywhere)"
applied=$(switch_on $U)
is "enable" ok "$applied"
is "applied" fixed "$(probe_everywhere)"
verified $U "when enabled"
is "another one" "ok ok" "$(load $T) $(switch_on $T)"
check "the row's text can be changed" face_change
check "this is the row's machine" face_holds
verified $U "after the change"
verified $T "after the change"
is "the other one goes" "ok ok" "$(switch_off $T) $(unload $T)"
is "still applied" fixed "$(probe_everywhere)"
undone=$(switch_off $U)
is "disable" ok "$undone"
is "undone" vulnerable "$(probe_everywhere)"
verified $U "when disabled"
is "unload" ok "$(unload $U)"
match_all " once more"
is "nothing left in sysfs" features "$(ls $SPLICE)"
refuse "no warning since boot" tainted $TAINT_WARN

finish
