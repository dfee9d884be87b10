#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The part of `make bench` that runs in the guest (see bench.sh). Lines for the
# host, numbers in ns, ps and bytes, medians with the 99th percentile behind:
#	@@bench pause NAME PAUSE P99 STOP P99 EMPTY-STOP P99 WALK
#	@@bench functions NUMBER LOAD MATCH ENABLE DISABLE PAUSE WINDOW BEFORE LOADED ENABLED
#	@@bench window CYCLES WINDOW P99 HITS
#	@@bench call UNPATCHED SPLICED LIVEPATCHED
#	@@bench failed WHAT

# shellcheck source=../functions.sh
. ./functions.sh

CYCLES=${LSP_BENCH_CYCLES:-100}
TRACE=/sys/kernel/tracing
BENCH=/sys/module/lsp_bench/parameters
TARGETS=/sys/module/lsp_targets/parameters
KLP=/sys/kernel/livepatch/lsp_livepatch

tell()
{
	echo "@@bench $*"
}

# must WHAT COMMAND...	the command says "ok"
must()
{
	must_what=$1
	shift
	must_said=$("$@" 2>&1 | tail -n 1)
	[ "$must_said" = ok ] || tell failed "$must_what: $must_said"
}

# Median and 99th percentile of the numbers on standard input.
ranks()
{
	sort -n | awk '{ v[NR] = $1 }
		END { print NR ? v[int((NR + 1) / 2)] " " v[int((NR * 99 + 99) / 100)] : "- -" }'
}

# field EVENT NAME	of all such events in the trace
field()
{
	sed -n "s/^.*: livesplice_$1: .* $2=\([0-9]*\).*/\1/p" $TRACE/trace
}

# cycles UPDATE NUMBER	enable and disable it so many times
cycles()
{
	cycles_left=$2
	echo >$TRACE/trace
	while [ "$cycles_left" -gt 0 ]; do
		must "enable $1" switch_on "$1"
		must "disable $1" switch_off "$1"
		cycles_left=$((cycles_left - 1))
	done
}

# samples NUMBER FILE	of a parameter that measures when it is read
samples()
{
	samples_left=$1
	while [ "$samples_left" -gt 0 ]; do
		cat "$2"
		samples_left=$((samples_left - 1))
	done
}

# pauses NAME	with whatever runs now
pauses()
{
	cycles lsp_hexdump "$CYCLES"
	tell pause "$1" "$(field pause_end pause_ns | ranks)" \
		"$(field pause_end stop_ns | ranks)" \
		"$(samples $((2 * CYCLES)) $BENCH/stop_ns | ranks)" \
		"$(samples 5 $BENCH/walk_ns | ranks | cut -d' ' -f1)"
}

# sleep_threads NUMBER
sleep_threads()
{
	: >/tmp/sleepers
	lsp-helper sleepers "$1" >/tmp/sleepers &
	background="$background $!"
	wait_for 120 grep -q ready /tmp/sleepers || tell failed "$1 threads"
}

# Bytes in use by slabs, per-CPU memory, and vmalloc space without stacks: the
# least of some looks, for others come and go.
bytes()
{
	for _ in 1 2 3; do
		echo 3 >/proc/sys/vm/drop_caches
		sleep 0.5
		{
			echo $(($(vmalloc_pages) * 4))
			awk '/^(Slab|Percpu):/ { print $2 }' /proc/meminfo
		} | awk '{ sum += $1 } END { printf "%d\n", sum * 1024 }'
	done | sort -n | head -n 1
}

# functions NUMBER	replaced by one update
functions()
{
	functions_update=lsp_targets_$1
	functions_before=$(bytes)
	must "load $functions_update" load "$functions_update"
	echo >$TRACE/trace
	functions_load=$(lsp-helper load-ns "$LSP_UPDATES/$functions_update-lsp_targets.ko")
	functions_match=$(field match match_ns)
	functions_loaded=$(bytes)
	echo >$TRACE/trace
	functions_enable=$(lsp-helper put-ns "$SPLICE/$functions_update/enabled" 1)
	functions_pause=$(field pause_end pause_ns)
	functions_window=$(field window window_ns)
	functions_enabled=$(bytes)
	tell sums "$1" "$(cat $TARGETS/sums)"
	functions_disable=$(lsp-helper put-ns "$SPLICE/$functions_update/enabled" 0)
	tell functions "$1" "$functions_load" "$functions_match" \
		"$functions_enable" "$functions_disable" "$functions_pause" \
		"$functions_window" "$functions_before" "$functions_loaded" \
		"$functions_enabled"
	must "unload $functions_update" unload_all "$functions_update"
}

# The breakpoints, with somebody on each CPU who runs into them.
window()
{
	must "load lsp_targets_1" load lsp_targets_1
	must "load its part" load lsp_targets_1-lsp_targets
	put $SPLICE/lsp_targets_1/max_attempts 1000 >/dev/null
	put $SPLICE/lsp_targets_1/retry_ms 1 >/dev/null
	must "hammer" put $TARGETS/hammer 2
	cycles lsp_targets_1 50
	must "hammer" put $TARGETS/hammer 0
	tell window 100 "$(field window window_ns | ranks)" \
		"$(field window hits | awk '{ sum += $1 } END { print sum + 0 }')"
}

calls()
{
	calls_plain=$(cat $TARGETS/call_ps)
	must "enable lsp_targets_1" switch_on lsp_targets_1
	calls_spliced=$(cat $TARGETS/call_ps)
	must "disable lsp_targets_1" switch_off lsp_targets_1
	must "unload lsp_targets_1" unload_all lsp_targets_1

	must "load livepatch" load lsp_livepatch
	wait_for 60 grep -q 0 $KLP/transition || tell failed "livepatch: no end"
	calls_livepatched=$(cat $TARGETS/call_ps)
	echo 0 >$KLP/enabled
	wait_for 60 [ ! -e $KLP ] || tell failed "livepatch: no end of the end"
	must "unload livepatch" unload lsp_livepatch
	tell call "$calls_plain" "$calls_spliced" "$calls_livepatched"
}

# A load with gaps: where instructions are counted, the emulator has one thread
# for all CPUs, and does not get on if none of them is ever idle.
load_gaps()
{
	while :; do
		load_once "$1"
		usleep 3000
	done
}

load_once()
{
	dd if=/dev/zero bs=4096 count=8 2>/dev/null | cat >"/tmp/load.$1"
	rm "/tmp/load.$1"
}

echo 60000 >/proc/sys/kernel/threads-max
echo 1 >$TRACE/events/livesplice/enable
must "load lsp_bench" load lsp_bench
must "load lsp_targets" load_module lsp_targets
must "load lsp_hexdump" load lsp_hexdump

functions 1
functions 100
functions 1000
window
calls
for threads in 50 100 1000 10000; do
	sleep_threads $threads
	pauses $threads
	stop_all
done
sleep_threads 50
for number in 1 2 3; do
	start load_gaps $number
done
put $SPLICE/lsp_hexdump/max_attempts 1000 >/dev/null
put $SPLICE/lsp_hexdump/retry_ms 1 >/dev/null
pauses load
stop_all
must "unload lsp_hexdump" unload lsp_hexdump
tainted $TAINT_WARN && tell failed "a warning"
exit 0
