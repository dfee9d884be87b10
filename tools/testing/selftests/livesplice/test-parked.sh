#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tasks that are sent out of a function and held, again and again, because one
# that nobody can free keeps the switch from being done; and what can happen to
# them meanwhile: they are stopped, debugged, killed, become another program, dump
# core, or the machine is suspended. None of it takes long, and in the end they
# are as if nothing had been.

. ./functions.sh

U=lsp_sleep_poll
COUNT=20
OUT=/tmp/sleepers
POWER=/sys/power
PM_DELAY=/sys/module/suspend/parameters/pm_test_delay
EVENTS=/sys/kernel/tracing/instances/lsp_parked

need_update $U

# some_held PID	is a thread of it held on its way to user space?
some_held()
{
	cat /proc/"$1"/task/*/stack 2>/dev/null | grep -q 'lsp_hold_'
}

none_held()
{
	! some_held "$1"
}

# begin	enable, which goes on until somebody ends it
begin()
{
	lsp-helper put $SPLICE/$U/enabled 1 >/tmp/switch 2>&1 &
	switch=$!
	background="$background $switch"
}

# begin_holder	one that is in the function and cannot be sent out
begin_holder()
{
	: >/tmp/holder
	lsp-sleepers sleep ppoll 1 600000 >>/tmp/holder 2>&1 &
	holder=$!
	background="$background $holder"
	wait_for 30 grep -q ready /tmp/holder
}

# gone PID	a child that nobody has waited for yet is gone as well
gone()
{
	! grep -q '^State:.[^Z]' "/proc/$1/status" 2>/dev/null
}

attempted()
{
	[ "$(value "$U" attempts)" -ge "$1" ]
}

nudged()
{
	grep -q "freed=$1" "$EVENTS/trace"
}

# still_under_way WHAT
still_under_way()
{
	still_attempts=$(value $U attempts)
	check "$1: it is still tried" wait_for 10 attempted $((still_attempts + 2))
}

stop_and_continue()
{
	stop_left=10
	while [ "$stop_left" -gt 0 ]; do
		kill -STOP "$sleepers"
		sleep 0.05
		kill -CONT "$sleepers"
		sleep 0.05
		stop_left=$((stop_left - 1))
	done
}

# group HOW	5 tests: a group of threads ends while some are held
group()
{
	: >/tmp/group
	lsp-parked group "$COUNT" "$1" >>/tmp/group 2>&1 &
	group=$!
	background="$background $group"
	check "$1: threads are there" wait_for 10 grep -q ready /tmp/group
	check "$1: some are held" wait_for 10 some_held "$group"
	if [ "$1" = kill ]; then
		kill -KILL "$group"
	else
		kill -USR1 "$group"
	fi
	check "$1: all are gone" wait_for 10 gone "$group"
	wait "$group"
	is "$1: its end" "$2" $?
	still_under_way "$1"
}

freeze_all()
{
	echo 1 >$PM_DELAY
	echo freezer >$POWER/pm_test
	put $POWER/state freeze
	echo none >$POWER/pm_test
}

plan 58

mkdir -p $EVENTS
echo 1 >$EVENTS/events/livesplice/livesplice_nudge/enable
echo /tmp/core >/proc/sys/kernel/core_pattern
is "load" ok "$(load $U)"
is "a long budget" "ok ok" \
	"$(put $SPLICE/$U/max_attempts 1000) $(put $SPLICE/$U/retry_ms 30)"
: >"$OUT"
lsp-sleepers sleep poll $COUNT >>"$OUT" 2>&1 &
sleepers=$!
background="$background $sleepers"
check "$COUNT threads sleep" wait_for 60 grep -q ready "$OUT"
check "so does one that must be left alone" begin_holder
begin
check "it is tried again and again" wait_for 20 attempted 6
check "some are held" wait_for 20 some_held "$sleepers"

stop_and_continue
still_under_way "stop and continue"
ask USR1
matches "they can be woken" "woken $COUNT of $COUNT *" "$answer"

matches "a debugger stops them" "threads=* stops=* bad=0" \
	"$(lsp-parked trace "$sleepers" 5)"
still_under_way "debugger"
lsp-parked attach "$sleepers" >/tmp/attach &
attach=$!
background="$background $attach"
check "a debugger has them" wait_for 10 grep -q ready /tmp/attach
check "it is told that they are traced" wait_for 10 nudged traced
still_under_way "traced"
kill $attach
wait $attach
check "some are held again" wait_for 20 some_held "$sleepers"
ask USR1
matches "they can be woken" "woken $COUNT of $COUNT *" "$answer"

group exec 0
is "exec: it became another" "became another" "$(tail -n 1 /tmp/group)"
rm -f /tmp/core
group core 134
check "core: there is one" [ -s /tmp/core ]
rm -f /tmp/core
group end 0
group kill 137

is "the machine is suspended" ok "$(freeze_all)"
check "who enables is interrupted by that" wait_for 10 gone "$switch"
is "and is told so" "EINTR interrupted" "$(cat /tmp/switch) $(value $U result)"
check "nobody is held any more" wait_for 10 none_held "$sleepers"
ask USR1
matches "they can be woken" "woken $COUNT of $COUNT *" "$answer"
begin
check "some are held again" wait_for 20 some_held "$sleepers"
still_under_way "enabled again"

kill $switch
check "who enables can be interrupted" wait_for 10 gone "$switch"
check "nobody is held any more" wait_for 10 none_held "$sleepers"
is "it is as before" "0 old" "$(value $U enabled) $(lsp-sleepers probe poll)"
ask USR1
matches "they can be woken" "woken $COUNT of $COUNT *" "$answer"

begin
check "it is tried again" wait_for 20 attempted 6
check "some are held" wait_for 20 some_held "$sleepers"
kill "$holder"
check "it is done when nobody is in the way" wait_for 20 gone "$switch"
is "its answer" ok "$(cat /tmp/switch)"
is "new code" new "$(lsp-sleepers probe poll)"
check "nobody is held any more" wait_for 10 none_held "$sleepers"
ask USR1
matches "they can be woken" "woken $COUNT of $COUNT *" "$answer"
ask TERM
say "$answer"
matches "nobody noticed" "ok *" "$answer"
is "disable and unload" "ok ok" "$(switch_off $U) $(unload $U)"
refuse "no warning since boot" tainted $TAINT_WARN
rmdir $EVENTS

finish
