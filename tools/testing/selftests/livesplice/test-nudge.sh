#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A function in which tasks sleep for ever is replaced and restored under them,
# and they notice nothing; how far that may go is the operator's choice; who
# cannot be freed is left alone and named.

. ./functions.sh

U=lsp_eventfd
TRACE=/sys/kernel/tracing
OUT=/tmp/await

need_update $U
[ -d $TRACE/events/livesplice ] || skip_all "no trace events"

# What was done to whom since the last call: LEVEL FREED, a line each.
nudges()
{
	sed -n 's/^.*: livesplice_nudge: .* level=\([a-z]*\) freed=\([a-z]*\).*/\1 \2/p' \
		$TRACE/trace | sort | uniq
	echo >$TRACE/trace
}

count()
{
	lsp-helper eventfd-value 7
}

block()
{
	start lsp-helper eventfd-block
	check "a task sleeps in $1" wait_for 5 sleeps_in "$started" "$1"
}

# await HOW MS	sleeps until MS are over; what it gets is in $OUT
await()
{
	lsp-helper eventfd-await "$1" "$2" >$OUT &
	awaiting=$!
	check "a task waits with $1()" wait_for 5 sleeps_in "$awaiting" eventfd_read
}

# Hundredths of a second since boot.
now()
{
	cut -d' ' -f1 /proc/uptime | tr -d .
}

# timed WHAT COMMAND	sets $answer
timed()
{
	timed_from=$(now)
	answer=$($2 $U)
	say "$1: $answer, $(value $U attempts) attempts," \
		"$((($(now) - timed_from) * 10)) ms"
}

plan 43

is "load" ok "$(load $U)"
is "at first" park "$(value $U nudge)"
is "another word is refused" EINVAL "$(put $SPLICE/$U/nudge kill)"
is "still so" park "$(value $U nudge)"
is "retry_ms can be set" ok "$(put $SPLICE/$U/retry_ms 20)"
is "max_attempts can be set" ok "$(put $SPLICE/$U/max_attempts 6)"
echo >$TRACE/trace
echo 1 >$TRACE/events/livesplice/livesplice_nudge/enable

block eventfd_read
first=$started
block eventfd_read
second=$started

is "none" ok "$(put $SPLICE/$U/nudge none)"
timed "none, enable" switch_on
is "busy" EBUSY "$answer"
is "nothing was done to anybody" "" "$(nudges)"

is "wake" ok "$(put $SPLICE/$U/nudge wake)"
mark_log
timed "wake, enable" switch_on
is "they go back in" EBUSY "$answer"
is "they were sent out" "wake back
wake sent" "$(nudges)"
matches "the log says so" "*$U: lsp-helper*could not be freed: it was woken, and went back*" "$(new_log)"
check "the first sleeps on" wait_for 5 sleeps_in "$first" eventfd_read
check "and the second" wait_for 5 sleeps_in "$second" eventfd_read

is "park" ok "$(put $SPLICE/$U/nudge park)"
timed "park, enable" switch_on
is "enabled" ok "$answer"
is "in the first attempt that may" 4 "$(value $U attempts)"
is "they were held" "park sent
wake back
wake sent" "$(nudges)"
is "no blockers" "" "$(value $U blockers)"
is "new code" 1007 "$(count)"
check "the first sleeps in the new code" wait_for 5 sleeps_in "$first" eventfd_read.splice
check "and the second" wait_for 5 sleeps_in "$second" eventfd_read.splice
timed "park, disable" switch_off
is "disabled" ok "$answer"
check "the first sleeps in the old code again" wait_for 5 sleeps_in "$first" eventfd_read
check "and the second" wait_for 5 sleeps_in "$second" eventfd_read
refuse "not in the new one" sleeps_in "$first" eventfd_read.splice
stop_all

await read 4000
timed "enable under a reader" switch_on
is "enabled" ok "$answer"
wait $awaiting
is "it reads by the new code" 1007 "$(cat $OUT)"
is "disable" ok "$(switch_off $U)"
nudges >/dev/null

# preadv2() is in no table: nobody has shown that it restarts.
await preadv2 6000
mark_log
timed "enable under another call" switch_on
is "busy" EBUSY "$answer"
matches "it is named" "$awaiting lsp-helper eventfd_read+0x*" "$(value $U blockers)"
is "it is left alone" "park call
wake call" "$(nudges)"
matches "the log says why" "*?$awaiting? could not be freed: its system call would not restart exactly*" "$(new_log)"
wait $awaiting
is "it reads what was written" 7 "$(cat $OUT)"
is "enable once it is gone" ok "$(switch_on $U)"
is "disable" ok "$(switch_off $U)"

echo 0 >$TRACE/events/livesplice/livesplice_nudge/enable
is "unload" ok "$(unload $U)"
refuse "no warning since boot" tainted $TAINT_WARN

finish
