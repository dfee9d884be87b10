#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The kernel goes on rewriting old and new code of a function: the static branch
# of a tracepoint that both have, and a static call of the new one. Whenever they
# are switched, whichever code runs knows. (test-kinds.sh has those of a module.)

. ./functions.sh

U=lsp_traced			# kthread_stop()
TRACE=/sys/kernel/tracing
EVENT=$TRACE/events/sched/sched_kthread_stop/enable
PREEMPT=/sys/kernel/debug/sched/preempt

need_update $U lsp_company
[ -e $EVENT ] || skip_all "no tracepoint"

# Has a thread stopped, and tells how often the event, the old and the new code
# of the function were seen.
stops()
{
	load lsp_company >/dev/null
	echo >$TRACE/trace
	unload lsp_company >/dev/null
	for stops_what in "sched_kthread_stop: comm=lsp_holder" ": kthread_stop <-" \
		": kthread_stop.splice <-"; do
		grep -c "$stops_what" $TRACE/trace
	done | xargs
}

event()
{
	echo "$1" >$EVENT
}

# mode NAME	how the kernel is preempted decides where static calls lead
mode()
{
	[ ! -e $PREEMPT ] || echo "$1" >$PREEMPT
}

plan 22

echo 1 >$TRACE/tracing_on
is "load" ok "$(load $U)"
printf 'kthread_stop\nkthread_stop.splice\n' >$TRACE/set_ftrace_filter
echo function >$TRACE/current_tracer

event 1
is "branch first: old code follows" "1 1 0" "$(stops)"
is "enable beside it" ok "$(switch_on $U)"
is "new code knows" "1 1 1" "$(stops)"
event 0
is "new code follows" "0 1 1" "$(stops)"
is "disable" ok "$(switch_off $U)"
is "old code has followed" "0 1 0" "$(stops)"
is "enable" ok "$(switch_on $U)"
event 1
is "branch second: new code follows" "1 1 1" "$(stops)"
is "verify" "ok ok" "$(put $SPLICE/$U/verify 1) $(value $U verify)"
is "disable under it" ok "$(switch_off $U)"
is "old code has followed again" "1 1 0" "$(stops)"
event 0
is "and back" "0 1 0" "$(stops)"
say "static branch: before and after, works; attempts $(value $U attempts)"

[ ! -e $PREEMPT ] || was=$(sed 's/.*(\(.*\)).*/\1/' $PREEMPT)
mode none
is "call first: enable beside it" ok "$(switch_on $U)"
is "new code runs" "0 1 1" "$(stops)"
mode voluntary
is "call second: new code runs" "0 1 1" "$(stops)"
is "verify that" "ok ok" "$(put $SPLICE/$U/verify 1) $(value $U verify)"
mode "$was"
is "call back: new code runs" "0 1 1" "$(stops)"
is "disable after that" ok "$(switch_off $U)"
is "old code runs" "0 1 0" "$(stops)"
say "static call: before and after, works; attempts $(value $U attempts)"

echo nop >$TRACE/current_tracer
echo >$TRACE/set_ftrace_filter
is "unload" ok "$(unload $U)"
refuse "no warning" tainted $TAINT_WARN

finish
