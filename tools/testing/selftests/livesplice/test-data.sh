#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A read-only table gets new contents in place, and its old ones back: no code
# changes, and whoever has its address finds the new ones.

. ./functions.sh

U=lsp_table

need_update $U

# Modes of both files in the directory of a new process.
modes()
{
	sh -c 'stat -c %a /proc/$$/personality /proc/$$/limits' | xargs
}

# Of one that exists: its files get their modes when they are first looked at.
modes_of()
{
	stat -c %a "/proc/$1/personality" "/proc/$1/limits" | xargs
}

plan 17

start sleep 1000
old=$started
is "before" "400 444" "$(modes)"
is "load" ok "$(load $U)"
is "loading changes nothing" "400 444" "$(modes)"
is "no function is replaced" "" "$(find "$SPLICE/$U" -name '*,*')"
is "enable" ok "$(switch_on $U)"
is "new contents" "444 400" "$(modes)"
is "for a process that was there before" "444 400" "$(modes_of "$old")"
is "verify" "ok ok" "$(put "$SPLICE/$U/verify" 1) $(value $U verify)"
is "disable" ok "$(switch_off $U)"
is "old contents" "400 444" "$(modes)"
is "verify" "ok ok" "$(put "$SPLICE/$U/verify" 1) $(value $U verify)"

# Readers are in the way now and then, and never see half of it.
start_load
is "50 times under load" "ok ok" "$(
	left=50
	while [ $left -gt 0 ]; do
		left=$((left - 1))
		on=$(switch_on $U)
		[ "$(modes)" = "444 400" ] || on=$on:on
		off=$(switch_off $U)
		[ "$(modes)" = "400 444" ] || off=$off:off
		[ "$on $off" = "ok ok" ] || break
	done
	echo "$on $off")"
stop_all
is "old contents" "400 444" "$(modes)"
is "unload" ok "$(unload $U)"
is "load again" ok "$(load $U)"
is "unload again" ok "$(unload $U)"
refuse "no warning" tainted $TAINT_WARN

finish
