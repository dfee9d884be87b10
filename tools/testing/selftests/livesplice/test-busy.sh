#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A function that somebody is always in: the switch gives up when its budget
# is used, names who is in the way and has changed nothing. Once they are gone
# it works. The same for undo.

. ./functions.sh

U=lsp_eventfd
OTHER=lsp_bench
TRIES=3

need_update $U $OTHER

# Somebody waits for the lock of the engine, or for the next attempt.
under_way()
{
	[ "$(value "$U" attempts)" -ge 1 ] && kill -0 "$started"
}

count()
{
	lsp-helper eventfd-value 7
}

# block FUNCTION	start a sleeper and wait until it is in there
block()
{
	start lsp-helper eventfd-block
	check "a task sleeps in $1" wait_for 5 sleeps_in "$started" "$1"
}

# blocker_is PID	is it in the list, in the form of the ABI?
blocker_is()
{
	value "$U" blockers | grep -qE \
		"^$1 lsp-helper eventfd_read\+0x[0-9a-f]+/0x[0-9a-f]+\$"
}

plan 34

is "load" ok "$(load $U)"
is "nobody is to be nudged" ok "$(put $SPLICE/$U/nudge none)"
is "max_attempts can be set" ok "$(put $SPLICE/$U/max_attempts $TRIES)"
is "retry_ms can be set" ok "$(put $SPLICE/$U/retry_ms 20)"
is "kernel as it was" 7 "$(count)"

block eventfd_read
first=$started
block eventfd_read
second=$started
is "enable is busy" EBUSY "$(switch_on $U)"
is "result" busy "$(value $U result)"
is "state" loaded "$(value $U state)"
is "enabled" 0 "$(value $U enabled)"
is "the whole budget was used" $TRIES "$(value $U attempts)"
value $U blockers | sed 's/^/# /'
check "first blocker named" blocker_is "$first"
check "second blocker named" blocker_is "$second"
is "nobody else named" 2 "$(value $U blockers | wc -l)"
is "kernel unchanged" 7 "$(count)"
check "blocked task not disturbed" sleeps_in "$first" eventfd_read

# Whoever has nothing to do with it need not wait for the end of an operation.
is "many attempts" ok "$(put $SPLICE/$U/max_attempts 1000)"
start lsp-helper put $SPLICE/$U/enabled 1
check "an operation is under way" wait_for 5 under_way
is "another module comes and goes meanwhile" "ok ok" \
	"$(timeout 10 lsp-helper load "$LSP_UPDATES/$OTHER.ko") $(timeout 10 lsp-helper unload $OTHER)"
check "the operation still is" under_way
is "few attempts again" ok "$(put $SPLICE/$U/max_attempts $TRIES)"

stop_all
is "enable once they are gone" ok "$(switch_on $U)"
is "no blockers any more" "" "$(value $U blockers)"
is "new code runs" 1007 "$(count)"

block eventfd_read.splice
first=$started
is "disable is busy" EBUSY "$(switch_off $U)"
value $U blockers | sed 's/^/# /'
is "state is still enabled" enabled "$(value $U state)"
is "still the new code" 1007 "$(count)"
is "unload is refused" EAGAIN "$(unload $U)"

stop_all
is "disable once it is gone" ok "$(switch_off $U)"
is "old code runs" 7 "$(count)"
is "unload" ok "$(unload $U)"
refuse "no warning since boot" tainted $TAINT_WARN

finish
