#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Functions that are on some stack at all times: the main loop of a kernel
# thread, and schedule(). Who is in the old code finishes in it, and so the other
# way round; the update cannot be unloaded before the last task is out.

. ./functions.sh

U=lsp_relaxed
TIGHT=lsp_tight
S=lsp_schedule
TARGET=lsp_kinds
LOOP=/sys/module/$TARGET/parameters/loop

need_update $U $TIGHT $S
[ -e modules/$TARGET.ko ] || skip_all "no modules/$TARGET.ko"

part()
{
	load "$1-$TARGET"
}

says()
{
	[ "$(cat "$LOOP")" = "$1" ]
}

has_state()
{
	[ "$(value "$1" state)" = "$2" ]
}

# By the new schedule(), who has a slack of 12345 has one more when it runs again.
slack()
{
	sh -c 'echo 12345 >/proc/$$/timerslack_ns; sleep 0.1; cat /proc/$$/timerslack_ns'
}

# asleep_in FUNCTION	somebody is
asleep_in()
{
	cat /proc/[0-9]*/stack 2>/dev/null | grep -q "$1+"
}

nobody_in()
{
	! asleep_in "$1"
}

draining_or_left()
{
	has_state "$S" draining || nobody_in schedule.splice
}

# It may become so at any time.
refused_or_left()
{
	case $before.$answer in
	draining.EAGAIN | loaded.ok) true ;;
	draining.ok) nobody_in schedule.splice ;;
	*) false ;;
	esac
}

# if_loaded COMMAND	of $S, if it is still there
if_loaded()
{
	[ ! -e "$SPLICE/$S" ] || [ "$($1 "$S")" = ok ]
}

# Seconds since boot.
clock()
{
	cut -d' ' -f1 /proc/uptime
}

plan 53

is "load the target" ok "$(load_module $TARGET)"
is "start its thread" ok "$(put $LOOP 1)"
check "it is in its loop" wait_for 5 says 1
is "load" "ok ok" "$(load $U) $(part $U)"
is "nobody need be nudged" ok "$(put $SPLICE/$U/nudge none)"

is "enable" ok "$(switch_on $U)"
is "in one attempt" 1 "$(value $U attempts)"
sleep 0.2
is "the thread goes on in the old code" 1 "$(cat "$LOOP")"
is "another thread" ok "$(put $LOOP 1)"
check "runs the new code" wait_for 5 says 2

is "disable" ok "$(switch_off $U)"
is "in one attempt" 1 "$(value $U attempts)"
is "result" ok "$(value $U result)"
is "it is draining" draining "$(value $U state)"
is "it is not enabled" 0 "$(value $U enabled)"
is "the thread goes on in the new code" 2 "$(cat "$LOOP")"
is "its part cannot be unloaded" EAGAIN "$(unload ${U}_$TARGET)"
is "nor the update" EAGAIN "$(unload $U)"
sleep 2
is "it still is draining" draining "$(value $U state)"
is "the thread is still there" 2 "$(cat "$LOOP")"

is "enable while it is draining" ok "$(switch_on $U)"
is "state" enabled "$(value $U state)"
is "another thread" ok "$(put $LOOP 1)"
check "runs the new code" wait_for 5 says 2
is "disable" ok "$(switch_off $U)"
is "draining again" draining "$(value $U state)"
is "another thread" ok "$(put $LOOP 1)"
check "runs the old code" wait_for 5 says 1
check "the last one has left the new code" wait_for 20 has_state $U loaded
is "unload" "ok ok" "$(unload ${U}_$TARGET) $(unload $U)"
is "the thread runs on" 1 "$(cat "$LOOP")"

is "enable and disable with no thread: load" "ok ok ok" "$(put $LOOP 0) $(load $U) $(part $U)"
is "on and off" "ok ok" "$(switch_on $U) $(switch_off $U)"
is "nothing to wait for" loaded "$(value $U state)"
is "unload" "ok ok" "$(unload ${U}_$TARGET) $(unload $U)"

is "start the other thread" ok "$(put $LOOP 2)"
check "it is in its loop" wait_for 5 says 11
is "load" ok "$(load $TIGHT)"
mark_log
is "a loop that begins where the jump goes" EOPNOTSUPP "$(part $TIGHT)"
matches "is refused with its name" "*kinds_tight*old code of a relaxed function leads to the bytes of the jump*" \
	"$(new_log)"
is "unload" "ok ok ok" "$(unload $TIGHT) $(put $LOOP 0) $(unload $TARGET)"

say "at $(clock) s"
is "schedule(): before" 12345 "$(slack)"
say "at $(clock) s"
is "load" ok "$(load $S)"
say "at $(clock) s"
is "enable" ok "$(switch_on $S)"
say "schedule(): enabled, $(value $S attempts) attempts, $(value $S pause_ns) ns"
is "new code" 12346 "$(slack)"
check "somebody sleeps in the new code" wait_for 5 asleep_in schedule.splice
is "disable" ok "$(switch_off $S)"
is "old code" 12345 "$(slack)"
check "it is draining, or nobody is in it" draining_or_left
before=$(value $S state)
answer=$(unload $S)
say "unload while it is $before: $answer"
check "it can be unloaded only if the last one has left" refused_or_left
for second in 1 2 3; do
	[ -e "$SPLICE/$S" ] || break
	say "schedule(): second $second, $(value $S state)," \
		"$(grep -l 'schedule.splice+' /proc/[0-9]*/stack 2>/dev/null | wc -l) tasks asleep in it"
	sleep 1
done
check "it can be enabled again" if_loaded switch_on
check "and disabled" if_loaded switch_off
refuse "no warning since boot" tainted $TAINT_WARN

finish
