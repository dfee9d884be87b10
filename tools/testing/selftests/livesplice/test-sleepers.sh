#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Functions that are never free: threads sleep in them, others call them in a
# loop, and the shell that runs this does both. Each is replaced and restored
# all the same, and none of those threads notices. Calls that nothing restarts
# without a trace are left alone, and named.
#
#	LSP_SLEEPERS, LSP_LOOPERS	threads of each call
#	LSP_LIMIT_MS			how long a switch may take
#	LSP_LATE_MS			how much later than after a stop of the same
#					length a sleeper may come back
#	LSP_CALLS			only these, of $CALLS

. ./functions.sh
# What "make soak-busy" wants.
# shellcheck source=/dev/null
[ ! -e ./sleepers.env ] || . ./sleepers.env

SLEEPERS=${LSP_SLEEPERS:-40}
LOOPERS=${LSP_LOOPERS:-8}
# The emulator, on a machine that does other things too.
LIMIT_MS=${LSP_LIMIT_MS:-10000}
LATE_MS=${LSP_LATE_MS:-50}
# With and without a timeout.
TIMED="poll epoll futex nanosleep"
ENDLESS="wait pipe accept tty sem msg sigwait aio"
# And the update that has their function. Those of the first kind time out, the
# others are woken.
LEFT="ppoll:poll select:select accept-timed:accept sem:sem sigwait:sigwait aio:aio"
LEFT_WOKEN="uring:uring sqpoll:sqpoll vcpu:vcpu"
CALLS=${LSP_CALLS:-$TIMED $ENDLESS $LEFT $LEFT_WOKEN}
LEFT_MS=3000
OUT=/tmp/sleepers
LOOPED=/tmp/loopers
EVENTS=/sys/kernel/tracing/instances/lsp_sleepers

# start_sleepers CALL COUNT [TIMEOUT_MS]
start_sleepers()
{
	# Not what the last ones have said.
	: >"$OUT"
	lsp-sleepers sleep "$@" >>"$OUT" 2>&1 &
	sleepers=$!
	background="$background $sleepers"
	wait_for 90 says_more 0
	grep -q '^ready' "$OUT"
}

start_loopers()
{
	: >"$LOOPED"
	lsp-sleepers loop "$1" "$LOOPERS" >>"$LOOPED" 2>&1 &
	loopers=$!
	background="$background $loopers"
	wait_for 30 grep -q ready "$LOOPED"
}

# Names of the functions that an update replaces, as a pattern.
replaced()
{
	for replaced_dir in "$SPLICE/$1"/vmlinux/*/; do
		basename "$replaced_dir" | sed 's/,.*//'
	done | tr '\n' '|' | sed 's/|$//'
}

# sleeping_in PATTERN	how many sleepers have one of the functions on the stack
sleeping_in()
{
	cat /proc/"$sleepers"/task/*/stack >/tmp/stacks 2>/dev/null
	grep -cE " ($1)(\.[a-z.0-9]*)?\+" /tmp/stacks
}

# Not all: some have been woken at the moment, or their time is over.
most_sleep_in()
{
	[ "$(sleeping_in "$1")" -ge $((SLEEPERS / 2)) ]
}

# How often something was done about somebody, by level and outcome.
nudges()
{
	sed -n 's/.* level=\([a-z]*\) freed=\([a-z]*\).*/\1-\2/p' $EVENTS/trace |
		sort | uniq -c | awk '{ printf " %s=%s", $2, $1 }'
}

# timed_switch 0|1 WHAT	with a wake-up for each sleeper meanwhile; sets $took to
# the milliseconds, or to the error, and $woken to what came of the wake-ups
timed_switch()
{
	timed_lines=$(wc -l <"$OUT")
	echo >$EVENTS/trace
	lsp-helper put-ns "$SPLICE/$U/enabled" "$1" >/tmp/took &
	timed_pid=$!
	kill -USR1 "$sleepers"
	wait "$timed_pid"
	took=$(cat /tmp/took)
	case $took in
	[0-9]*) took=$((took / 1000000)) ;;
	esac
	wait_for 60 says_more "$timed_lines"
	woken=$(sed -n "$((timed_lines + 1))p" $OUT)
	say "$CALL: $2 took_ms=$took attempts=$(value "$U" attempts) pause_ns=$(value "$U" pause_ns) nudges:$(nudges)"
	value "$U" blockers | head -n 3 | sed 's/^/#   /'
}

# in_time MS	is it a number, and small enough?
in_time()
{
	case $1 in
	[0-9]*) [ "$1" -le "$LIMIT_MS" ] ;;
	*) return 1 ;;
	esac
}

# What the sleepers must say after USR1.
all_woken()
{
	if [ "$CALL" = nanosleep ]; then
		echo "not woken"
	else
		echo "woken $SLEEPERS of $SLEEPERS ms=*"
	fi
}

# How late the latest was since the last time.
max_late()
{
	ask USR2
	late=${answer##*max_late_ms=}
}

# The same sleepers, stopped for as long as the longer switch took.
late_after_stop()
{
	kill -HUP "$sleepers"
	ask USR2
	kill -STOP "$sleepers"
	sleep "$(awk -v ms="$1" 'BEGIN { print ms / 1000 }')"
	kill -CONT "$sleepers"
	sleep 1.5
	max_late
}

# replace_and_restore CALL [-1]	14 tests, 13 if all sleep for ever
replace_and_restore()
{
	CALL=$1
	U=lsp_sleep_$CALL
	is "$CALL: load" ok "$(load "$U")"
	put "$SPLICE/$U"/max_attempts 100 >/dev/null
	put "$SPLICE/$U"/retry_ms 10 >/dev/null
	check "$CALL: $SLEEPERS threads sleep" start_sleepers "$CALL" "$SLEEPERS" "$2"
	functions=$(replaced "$U")
	# Nobody is told of functions that belong to the scheduler.
	[ "$CALL" != nanosleep ] || functions="$functions|hrtimer_nanosleep"
	check "$CALL: in $functions" most_sleep_in "$functions"
	check "$CALL: $LOOPERS threads call it" start_loopers "$CALL"
	ask USR2
	timed_switch 1 enable
	enable=$took
	check "$CALL: enable" in_time "$took"
	matches "$CALL: each was woken once" "$(all_woken)" "$woken"
	is "$CALL: new code" new "$(lsp-sleepers probe "$CALL")"
	timed_switch 0 undo
	check "$CALL: undo" in_time "$took"
	matches "$CALL: each was woken once more" "$(all_woken)" "$woken"
	is "$CALL: old code" old "$(lsp-sleepers probe "$CALL")"
	if [ -z "$2" ]; then
		[ "$enable" -gt "$took" ] 2>/dev/null && took=$enable
		sleep 1.5
		max_late
		switched=$late
		late_after_stop "$took"
		say "$CALL: max_late_ms=$switched stopped_ms=$took then_late_ms=$late"
		check "$CALL: no later than after a stop" [ "$switched" -le $((late + LATE_MS)) ]
	fi
	ask TERM
	matches "$CALL: nobody noticed" "ok *" "$answer"
	kill "$loopers"
	wait "$loopers"
	matches "$CALL: nor those in a loop" "*wrong=0 *stuck=0" "$(tail -n 1 $LOOPED)"
	is "$CALL: unload" ok "$(unload "$U")"
	stop_all
}

# Somebody of the program, or a thread that a ring of it has started.
blocker_is_ours()
{
	value "$U" blockers | grep -qE " (lsp-sleepers|iou-sqp-[0-9]+) ($1)(\.[a-z.0-9]*)?\+"
}

# Each has had its timeout, early or not.
all_timed_out()
{
	[ "$(echo "$1" | sed 's/.* timeouts=\([0-9]*\).*/\1/')" -ge 4 ]
}

# left_alone CALL UPDATE TIMED|WOKEN	10 tests
left_alone()
{
	CALL=$1
	U=lsp_sleep_$2
	is "$CALL: load" ok "$(load "$U")"
	put "$SPLICE/$U"/max_attempts 8 >/dev/null
	put "$SPLICE/$U"/retry_ms 20 >/dev/null
	echo >$EVENTS/trace
	case $3 in
	TIMED) check "$CALL: 4 threads sleep" start_sleepers "$CALL" 4 $LEFT_MS ;;
	WOKEN) check "$CALL: 4 threads sleep" start_sleepers "$CALL" 4 -1 ;;
	esac
	is "$CALL: enable is busy" EBUSY "$(switch_on "$U")"
	say "$CALL: attempts=$(value "$U" attempts) nudges:$(nudges)"
	value "$U" blockers | head -n 3 | sed 's/^/#   /'
	check "$CALL: they are named" blocker_is_ours "$(replaced "$U")"
	is "$CALL: old code" old "$(lsp-sleepers probe "$CALL")"
	case $3 in
	TIMED)
		sleep $((LEFT_MS / 1000))
		ask TERM
		check "$CALL: they time out" all_timed_out "$answer"
		;;
	WOKEN)
		ask USR1
		matches "$CALL: they can be woken" "woken 4 of 4 *" "$answer"
		ask TERM
		;;
	esac
	matches "$CALL: nobody noticed" "ok *" "$answer"
	put "$SPLICE/$U"/max_attempts 100 >/dev/null
	is "$CALL: enable when they are gone" ok "$(switch_on "$U")"
	is "$CALL: new code" new "$(lsp-sleepers probe "$CALL")"
	is "$CALL: undo and unload" "ok ok" "$(switch_off "$U") $(unload "$U")"
	stop_all
}

works_were_run()
{
	vcpu_works=$(cat /sys/module/lsp_vcpu/parameters/works)
	say "vcpu: works=$vcpu_works"
	[ "$vcpu_works" -ne 0 ]
}

one_of()
{
	case " $2 " in
	*" $1 "*) return 0 ;;
	*) return 1 ;;
	esac
}

# run CALL[:UPDATE]
run()
{
	case $1 in
	vcpu:*)
		is "vcpu: load the module" ok "$(load lsp_vcpu)"
		left_alone vcpu vcpu WOKEN
		check "vcpu: works were run in the middle" works_were_run
		is "vcpu: unload the module" ok "$(unload lsp_vcpu)"
		;;
	*:*)
		if one_of "$1" "$LEFT"; then
			left_alone "${1%:*}" "${1#*:}" TIMED
		else
			left_alone "${1%:*}" "${1#*:}" WOKEN
		fi
		;;
	*)
		if one_of "$1" "$TIMED"; then
			replace_and_restore "$1" ""
		else
			replace_and_restore "$1" -1
		fi
		;;
	esac
}

# tests_of CALL[:UPDATE]	how many
tests_of()
{
	case $1 in
	vcpu:*) echo 13 ;;
	*:*) echo 10 ;;
	*) one_of "$1" "$TIMED" && echo 14 || echo 13 ;;
	esac
}

need_update lsp_sleep_poll lsp_sleep_epoll lsp_sleep_futex lsp_sleep_nanosleep \
	lsp_sleep_wait lsp_sleep_pipe lsp_sleep_accept lsp_sleep_tty \
	lsp_sleep_sem lsp_sleep_msg lsp_sleep_sigwait lsp_sleep_aio \
	lsp_sleep_select lsp_sleep_uring lsp_sleep_sqpoll lsp_sleep_vcpu lsp_vcpu
number=1
for call in $CALLS; do
	number=$((number + $(tests_of "$call")))
done
mkdir -p $EVENTS
echo 1 >$EVENTS/events/livesplice/livesplice_nudge/enable
plan $number

for call in $CALLS; do
	run "$call"
done
refuse "no warning since boot" tainted $TAINT_WARN
rmdir $EVENTS

finish
