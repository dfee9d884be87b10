#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Measures, and prints as "# measured: " lines: the pause with few and with
# many threads asleep beside an empty stop_machine() of the same guest, and
# what a call of a replaced function costs. The numbers are for people; what
# is checked is that there are any, and that the switches worked.

. ./functions.sh

U=lsp_hexdump
B=lsp_bench
PARAM=/sys/module/$B/parameters
ROUNDS=15

need_update $U $B

# Median of the numbers on standard input.
median()
{
	sort -n | awk '{ v[NR] = $1 } END { print NR ? v[int((NR + 1) / 2)] : "none" }'
}

# One line per pause: enable and disable, ROUNDS times.
pauses()
{
	pauses_i=0
	while [ $pauses_i -lt $ROUNDS ]; do
		[ "$(switch_on $U)" = ok ] && value $U pause_ns
		[ "$(switch_off $U)" = ok ] && value $U pause_ns
		pauses_i=$((pauses_i + 1))
	done
}

stops()
{
	stops_i=0
	while [ $stops_i -lt $ROUNDS ]; do
		cat $PARAM/stop_ns
		stops_i=$((stops_i + 1))
	done
}

is_number()
{
	[ "$1" -gt 0 ] 2>/dev/null
}

# measure_threads NUMBER
measure_threads()
{
	: >/tmp/sleepers
	lsp-helper sleepers "$1" >>/tmp/sleepers &
	background="$background $!"
	check "$1 threads asleep" wait_for 20 grep -q ready /tmp/sleepers
	with=$(pauses | median)
	empty=$(stops | median)
	check "pause with $1 threads" is_number "$with"
	say "measured: threads=$1 pause_ns=$with empty_stop_ns=$empty ratio=$(awk \
		-v a="$with" -v b="$empty" 'BEGIN { printf "%.2f", a / b }')"
	stop_all
	rm -f /tmp/sleepers
}

plan 12

is "load" ok "$(load $U)"
is "load the bench" ok "$(load $B)"
check "empty stop_machine can be timed" is_number "$(cat $PARAM/stop_ns)"
measure_threads 100
measure_threads 1000

plain=$(cat $PARAM/call_ps)
is "enable" ok "$(switch_on $U)"
is "the bench calls the new code" 16 "$(cat $PARAM/probe)"
spliced=$(cat $PARAM/call_ps)
is "disable" ok "$(switch_off $U)"
check "both were measured" is_number "$((plain * spliced))"
say "measured: call_unpatched_ps=$plain call_spliced_ps=$spliced (of hex_to_bin)"

is "unload" "ok ok" "$(unload $B) $(unload $U)"
finish
