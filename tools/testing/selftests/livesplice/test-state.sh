#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# New variables that an update brings: each CPU has its own of one that is for
# each CPU, initialisers count, and values last as long as the update is loaded.

. ./functions.sh

U=lsp_state

need_update $U

# counts CPU	of this CPU, total, reads; nothing without the update
counts()
{
	taskset $((1 << $1)) sed -n '1s/^spliced //p' /proc/softirqs
}

plan 13

is "before" "" "$(counts 0)"
is "load" ok "$(load $U)"
is "enable" ok "$(switch_on $U)"
is "initial values" "11 101 1" "$(counts 0)"
is "again" "12 102 2" "$(counts 0)"
is "another CPU has its own" "11 103 3" "$(counts 1)"
is "the first one goes on" "13 104 4" "$(counts 0)"
is "disable" ok "$(switch_off $U)"
is "no more" "" "$(counts 0)"
is "enable again" ok "$(switch_on $U)"
is "values are kept" "12 105 5" "$(counts 1)"
is "disable and unload" "ok ok" "$(switch_off $U) $(unload $U)"
is "a new load starts anew" "ok ok 11 101 1" "$(load $U) $(switch_on $U) $(counts 0)"

finish
