#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Functions whose first bytes are a static branch or a static call, so that the jump
# lies on top of it: they are replaced, their keys change whenever they like, and
# what undo puts there is what the kernel itself would have there by then. In a
# module, with every kind of site and place, and in the kernel image.

. ./functions.sh

U=lsp_borrow
I=lsp_entries
TARGET=lsp_lent
PARAMETERS=/sys/module/$TARGET/parameters
TRACE=/sys/kernel/tracing
LIMIT=/sys/module/livesplice/parameters/max_pause_us
PREEMPT=/sys/kernel/debug/sched/preempt
CYCLES=${LSP_CYCLES:-50}

# Keys and call; each differs from the one before it in one of them, or in all.
STATES="00 10 11 30 31 20 01 21 00 31"

need_update $U $I
[ -e modules/$TARGET.ko ] || skip_all "no modules/$TARGET.ko"

get()
{
	cat "$PARAMETERS/$1"
}

# go_to STATE	keys and call
go_to()
{
	put $PARAMETERS/keys "${1%?}" >/dev/null
	put $PARAMETERS/call "${1#?}" >/dev/null
}

# What the kernel has where nobody borrows anything, for every state.
note_all()
{
	for state in $STATES; do
		go_to "$state"
		get results >"/tmp/lent.results.$state"
		get bytes >"/tmp/lent.bytes.$state"
	done
	go_to 00
}

# The old code, as it must be in a state; says what is not.
old()
{
	get bytes | diff "/tmp/lent.bytes.$1" - | sed "s/^/state $1: /"
	get results | diff "/tmp/lent.results.$1" - | sed "s/^/state $1: /"
}

# The new code: each result has a 1 in front.
new()
{
	sed 's/\([0-9a-f][0-9a-f]*\)/1\1/g' "/tmp/lent.results.$1" |
		diff - $PARAMETERS/results | sed "s/^/state $1, new: /"
}

old_in_all()
{
	for state in $STATES; do
		go_to "$state"
		old "$state"
	done
}

new_in_all()
{
	for state in $STATES; do
		go_to "$state"
		new "$state"
	done
}

says_ok()
{
	[ "$1" = ok ] || echo "$2: $1"
}

verified()
{
	put "$SPLICE/$1/verify" 1 >/dev/null
	says_ok "$(value "$1" verify)" "$2"
}

# From each state to the next one while it is replaced, and while it is not.
switch_between()
{
	last=00
	go_to $last
	for state in $STATES; do
		says_ok "$(switch_on $U)" "enable in $last"
		verified $U "enabled in $last"
		new "$last"
		go_to "$state"
		new "$state"
		verified $U "enabled, now in $state"
		says_ok "$(switch_off $U)" "disable in $state"
		old "$state"
		verified $U "disabled in $state"
		go_to "$last"
		old "$last"
		go_to "$state"
		old "$state"
		last=$state
	done
	go_to 00
}

cycles()
{
	put $PARAMETERS/busy 1 >/dev/null
	cycle=0
	while [ "$cycle" -lt "$CYCLES" ]; do
		says_ok "$(switch_on $U)" "enable, cycle $cycle"
		says_ok "$(switch_off $U)" "disable, cycle $cycle"
		cycle=$((cycle + 1))
	done
	put $PARAMETERS/busy 0 >/dev/null
	old_in_all
}

# probe FUNCTION OFFSET	can there be a kprobe?
probe()
{
	echo "p:lsp/lent $TARGET:$1+$2" 2>/dev/null >"$TRACE"/kprobe_events &&
		echo 1 >"$TRACE"/events/lsp/lent/enable
}

probe_off()
{
	echo 0 >$TRACE/events/lsp/lent/enable
	echo >$TRACE/kprobe_events
}

# seen PATTERN	how often, if each function is called once
seen()
{
	echo >$TRACE/trace
	get results >/dev/null
	grep -c "$1" $TRACE/trace
}

traced()
{
	echo 'lent_far lent_call lent_if_any' >$TRACE/set_ftrace_filter
	echo function >$TRACE/current_tracer
	seen ": lent_"
	echo nop >$TRACE/current_tracer
	echo >$TRACE/set_ftrace_filter
}

part()
{
	load "$U-$TARGET"
}

replaced()
{
	[ -d "$SPLICE/$U/$TARGET/lent_$1,1" ]
}

image_verified()
{
	put "$SPLICE/$I/verify" 1 >/dev/null
	value $I verify
}

# How many events of the socket's branch one datagram makes.
events()
{
	echo >$TRACE/trace
	lsp-helper socket-priority >/dev/null
	grep -c sk_data_ready $TRACE/trace
}

# 6.1 has no such event; what is left to be seen there is that all goes on.
event()
{
	[ "$has_event" -eq 0 ] || echo "$1" >$TRACE/events/sock/sk_data_ready/enable
}

preempt()
{
	[ ! -e $PREEMPT ] || echo "$1" >$PREEMPT
}

has_event=0
[ ! -e $TRACE/events/sock/sk_data_ready ] || has_event=1

plan 73
follow_log
echo 1 >$TRACE/tracing_on

is "load the target" ok "$(load_module $TARGET)"
note_all
get bytes | sed 's/^/# /'
is "function tracer" 3 "$(traced)"
refuse "no kprobe on a static branch" probe lent_far 9
is "load" "ok ok" "$(load $U) $(part)"
for function in branch likely far two behind call tail last nothing if_any; do
	check "lent_$function is replaced" replaced $function
done
is "loading changes nothing" "" "$(old 00)"
is "enable" ok "$(switch_on $U)"
is "new code, in all states" "" "$(new_in_all)"
is "disable" ok "$(switch_off $U)"
is "old code, in all states" "" "$(old_in_all)"
is "from state to state" "" "$(switch_between)"
is "old code once more" "" "$(old_in_all)"

# Others at the same entries.
go_to 00
is "enable under the tracer" ok "$(echo function >$TRACE/current_tracer; switch_on $U)"
go_to 31
is "disable under the tracer" ok "$(switch_off $U)"
echo nop >$TRACE/current_tracer
is "old code has followed" "" "$(old 31)"
is "function tracer as before" 3 "$(traced)"
refuse "still no kprobe on a static branch" probe lent_far 9
check "a kprobe behind the bytes" probe lent_behind 17
is "it sees the old code" 1 "$(seen "lent: ")"
is "enable with it" ok "$(switch_on $U)"
is "it sees the new code no more" 0 "$(seen "lent: ")"
is "function tracer while replaced" 3 "$(traced)"
go_to 10
is "disable with it" ok "$(switch_off $U)"
is "it sees the old code again" 1 "$(seen "lent: ")"
probe_off
is "old code has followed again" "" "$(old 10)"
is "enable again" ok "$(switch_on $U)"
refuse "no kprobe in what the jump has left" probe lent_behind 14
check "a kprobe on the jump" probe lent_behind 9
go_to 01
is "it sees the call" "1 " "$(seen "lent: ") $(new 01)"
is "but keeps it from being undone" EBUSY "$(switch_off $U)"
is "for whom the bytes are" kprobe "$(value $U result)"
go_to 30
is "keys change all the same" "" "$(new 30)"
probe_off
is "disable" ok "$(switch_off $U)"
is "old code has followed all of it" "" "$(old 30)"

# An attempt that comes to nothing, when all was borrowed, and opened.
limit=$(cat $LIMIT)
put $SPLICE/$U/max_attempts 2 >/dev/null
go_to 11
put $LIMIT 1 >/dev/null
is "enable takes too long" ETIME "$(switch_on $U)"
is "nothing is borrowed" "" "$(old_in_all)"
put $LIMIT "$limit" >/dev/null
is "enable" ok "$(switch_on $U)"
go_to 30
put $LIMIT 1 >/dev/null
is "disable takes too long" ETIME "$(switch_off $U)"
is "all is borrowed still" "" "$(new_in_all)"
is "and verified" "" "$(verified $U)"
put $LIMIT "$limit" >/dev/null
# Those who call it under load never sleep: a look finds them outside by chance.
put $SPLICE/$U/max_attempts 1000 >/dev/null
put $SPLICE/$U/retry_ms 5 >/dev/null
is "disable" ok "$(switch_off $U)"
is "old code has followed through all of it" "" "$(old 31; old_in_all)"

is "on and off $CYCLES times under load" "" "$(cycles)"
is "no wrong result" 0 "$(get wrong)"
say "calls: $(get calls), changes of keys: $(get changes)"
check "keys have changed meanwhile" test "$(get changes)" -gt "$CYCLES"

is "unload" ok "$(unload_all $U)"
is "old code without the update" "" "$(old_in_all)"
go_to 31
is "load where keys are on" "ok ok" "$(load $U) $(part)"
is "enable" ok "$(switch_on $U)"
go_to 00
is "new code follows" "" "$(new 00)"
is "disable and unload" "ok ok" "$(switch_off $U) $(unload_all $U)"
is "old code follows" "" "$(old 00)"
is "unload the target" ok "$(unload $TARGET)"

# In the kernel image: a trace event, and what the preemption model calls.
is "before" "0 0" "$(lsp-helper socket-priority) $(events)"
is "load and enable" "ok ok" "$(load $I) $(switch_on $I)"
preempt voluntary
event 1
is "new code, its event is on" "5 $has_event ok" \
	"$(lsp-helper socket-priority) $(events) $(image_verified)"
is "disable" ok "$(switch_off $I)"
is "old code, its event is on" "0 $has_event ok" \
	"$(lsp-helper socket-priority) $(events) $(image_verified)"
preempt full
is "enable with the event on" ok "$(switch_on $I)"
event 0
is "new code, its event is off" "5 0" "$(lsp-helper socket-priority) $(events)"
is "disable and unload" "ok ok" "$(switch_off $I) $(unload $I)"
event 1
is "old code, its event is on again" "0 $has_event" "$(lsp-helper socket-priority) $(events)"
event 0
is "no splat" "" "$(splats)"
refuse "no warning since boot" tainted $TAINT_WARN

finish
