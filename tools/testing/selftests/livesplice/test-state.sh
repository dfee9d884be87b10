#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# New variables that an update brings: each CPU has its own of one that is for
# each CPU, initialisers count, and values last as long as the update is loaded.

. ./functions.sh

U=lsp_state

need_update $U

# per-CPU sum, total, reads; "-" without the update
counts()
{
	sed -n '1s/^spliced //p' /proc/softirqs
}

# On every CPU in turn.
read_everywhere()
{
	for cpu in $(seq 0 $((cpus - 1))); do
		taskset $((1 << cpu)) cat /proc/softirqs >/dev/null
	done
}

cpus=$(grep -c ^processor /proc/cpuinfo)

plan 11

is "before" "" "$(counts)"
is "load" ok "$(load $U)"
is "enable" ok "$(switch_on $U)"
is "initial values" "1 101 1" "$(counts)"
read_everywhere
n=$((cpus + 2))
is "all CPUs count" "$n $((n + 100)) $n" "$(counts)"
is "disable" ok "$(switch_off $U)"
is "no more" "" "$(counts)"
is "enable again" ok "$(switch_on $U)"
n=$((n + 1))
is "values are kept" "$n $((n + 100)) $n" "$(counts)"
is "disable and unload" "ok ok" "$(switch_off $U) $(unload $U)"
is "a new load starts anew" "ok ok 1 101 1" "$(load $U) $(switch_on $U) $(counts)"

finish
