#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Runs in the guest of dump.sh: what a warning shows of enabled updates, and
# where vmcoreinfo says that they are. Ends with an oops in which one update is
# enabled and another one about to be; dump-crashed.sh goes on from there.

# shellcheck source=../functions.sh
. ./functions.sh

U=lsp_cmdline
B=lsp_eventfd
SPLAT=/sys/module/lsp_splat/parameters/splat

need_update $U $B

# The list as a warning shows it; "-" if it has no such line.
warned()
{
	mark_log
	put "$SPLAT" warn >/dev/null
	new_log | grep -q 'Modules linked in:' || echo "no warning"
	new_log | awk '{ sub(/^\[ *[0-9.]+\] /, "") }
		sub(/^Live updates: /, "") { found = 1; print }
		END { if (!found) print "-" }'
}

# The same as a dump tool finds it.
dumped()
{
	lsp-core updates /proc/kcore
}

is_tried()
{
	[ "$(value "$1" attempts)" -gt 0 ]
}

plan 25

is "load what warns" ok "$(load lsp_splat)"
lsp-core info /proc/kcore >/tmp/info
check "vmcoreinfo says where the list is" \
	grep -q '^SYMBOL(livesplice_updates)=ffffffff[0-9a-f]*$' /tmp/info
check "vmcoreinfo says how long it may be" grep -q '^LENGTH(livesplice_updates)=512$' /tmp/info
refuse "no names in it while the kernel lives" grep -q LIVESPLICE= /tmp/info
is "no update: no line in a warning" "-" "$(warned)"
is "no update: empty list" "" "$(dumped)"

is "load" "ok ok" "$(load $U) $(load $B)"
is "loaded: no line" "-" "$(warned)"
is "enable" ok "$(switch_on $U)"
is "enabled: its name" $U "$(warned)"
is "enabled: in the list" $U "$(dumped)"
is "enable the other one" ok "$(switch_on $B)"
is "both names" "$U $B" "$(warned)"
is "disable the first one" ok "$(switch_off $U)"
is "the other name" $B "$(warned)"
is "disable the other one" ok "$(switch_off $B)"
is "none: no line" "-" "$(warned)"
is "none: empty list" "" "$(dumped)"

# Busy for ever: the list has it, and has it no more when that has failed.
start lsp-helper eventfd-block
check "a task is in the way" wait_for 5 sleeps_in "$started" eventfd_read
put "$SPLICE/$B/nudge" none >/dev/null
put "$SPLICE/$B/max_attempts" 1 >/dev/null
is "enable is busy" EBUSY "$(switch_on $B)"
is "not enabled: no line" "-" "$(warned)"
put "$SPLICE/$B/max_attempts" 1000 >/dev/null
switch_on $U >/dev/null
start switch_on $B
wait_for 5 is_tried $B
is "being enabled, and enabled" "$B(+) $U" "$(warned)"
is "the same in the list" "$B(+) $U" "$(dumped)"

append="console=ttyS0 no_timer_check kunit.enable=0 panic=-1 nr_cpus=1 lsp_script=dump-crashed.sh"
is "load the crash kernel" ok "$(lsp-helper crash-kernel bzImage crash.gz "$append")"
pass "now crash"
# What has been said must be out before.
sleep 1
put "$SPLAT" oops
fail "still here"
