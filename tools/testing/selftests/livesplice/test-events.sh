#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The trace events of livesplice: each load and each attempt can be explained
# from the trace alone. And the ceiling of a pause.

. ./functions.sh

U=lsp_eventfd
OTHER=lsp_other_build
TRACE=/sys/kernel/tracing
CEILING=/sys/module/livesplice/parameters/max_pause_us

need_update $U $OTHER
[ -d $TRACE/events/livesplice ] || skip_all "no trace events"

# The events since the last call, without task and time, a line each. Those of ours:
# what another test has undone may still be looked after in the background.
events()
{
	sed -n 's/^.*: livesplice_\([a-z_]*: update=\('$U'\|'$OTHER'\) .*\)$/\1/p' $TRACE/trace
	echo >$TRACE/trace
}

# Their names, in order.
names()
{
	echo "$1" | sed 's/:.*//' | tr '\n' ' ' | sed 's/ $//'
}

# event NAME PATTERN EVENTS	does the first of that name look like this?
event()
{
	matches "$1" "$2" "$(echo "$3" | sed -n "s/^$1: //p" | head -n 1)"
}

plan 35

echo >$TRACE/trace
check "events can be enabled" sh -c "echo 1 >$TRACE/events/livesplice/enable"

is "load" ok "$(load $U)"
all=$(events)
is "one event for a load" match "$(names "$all")"
event match "update=$U object=vmlinux units=1 functions=[1-9]* match_ns=[1-9]* reason=ok function= offset=0x0" "$all"

is "load for another build" ENOEXEC "$(load $OTHER)"
event match "update=$OTHER object=vmlinux units=1 * reason=mismatch function=?* offset=0x*" \
	"$(events)"

is "enable" ok "$(switch_on $U)"
all=$(events)
is "what happens, in order" "attempt pause_begin pause_end window attempt_end switched" "$(names "$all")"
event attempt "update=$U enable=1 attempt=1" "$all"
event pause_begin "update=$U looks=[1-9]* ran=*" "$all"
event pause_end "update=$U pause_ns=[1-9]* stop_ns=[1-9]* tasks=[1-9]* switched=1" "$all"
event window "update=$U entries=1 window_ns=[1-9]* hits=*" "$all"
event attempt_end "update=$U enable=1 attempt=1 reason=ok" "$all"
event switched "update=$U enable=1 functions=1 attempts=1 reason=ok" "$all"
is "pause as in sysfs" "$(value $U pause_ns)" \
	"$(echo "$all" | sed -n 's/^pause_end: .* pause_ns=\([0-9]*\) .*/\1/p')"
is "disable" ok "$(switch_off $U)"
event switched "update=$U enable=0 functions=1 attempts=1 reason=ok" "$(events)"

start lsp-helper eventfd-block
check "a task sleeps in the function" wait_for 5 sleeps_in "$started" eventfd_read
is "two attempts" ok "$(put $SPLICE/$U/max_attempts 2)"
is "enable is busy" EBUSY "$(switch_on $U)"
all=$(events)
is "no pause while it is known to be in vain" \
	"attempt blocker attempt_end attempt blocker attempt_end switched" "$(names "$all")"
event blocker "update=$U pid=$started comm=lsp-helper at=eventfd_read+0x*/0x*" "$all"
event attempt_end "update=$U enable=1 attempt=1 reason=busy" "$all"
event switched "update=$U enable=1 functions=1 attempts=2 reason=busy" "$all"
stop_all

old=$(cat $CEILING)
is "none at all is refused" EINVAL "$(put $CEILING 0)"
is "no end is refused" EINVAL "$(put $CEILING 2000001)"
is "a microsecond is not" ok "$(put $CEILING 1)"
is "no pause is that short" ETIME "$(switch_on $U)"
is "result" ceiling "$(value $U result)"
is "nothing is switched" loaded "$(value $U state)"
all=$(events)
event pause_end "update=$U pause_ns=* switched=0" "$all"
event attempt_end "update=$U enable=1 attempt=1 reason=ceiling" "$all"
put $CEILING "$old" >/dev/null
is "enable with the old ceiling" ok "$(switch_on $U)"
is "disable and unload" "ok ok" "$(switch_off $U) $(unload $U)"
echo 0 >$TRACE/events/livesplice/enable
refuse "no warning since boot" tainted $TAINT_WARN

finish
