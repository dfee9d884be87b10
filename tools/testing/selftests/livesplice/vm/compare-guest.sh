#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The part of `make compare` that runs in the guest (see compare.sh): each fix by both
# tools, as far as they made a module of it, on an idle machine, under load, and with
# a thread asleep in the function. Lines for the host, milliseconds:
#	@@compare apply STATE TOOL FIX RESULT MS PAUSE-NS
#	@@compare call UNPATCHED SPLICED LIVEPATCHED	picoseconds
#	@@compare failed WHAT

# shellcheck source=../functions.sh
. ./functions.sh

# A livepatch that has not switched all tasks after so many seconds is given up.
LIMIT=15
TARGETS=/sys/module/lsp_targets/parameters
KLP=/sys/kernel/livepatch

tell()
{
	echo "@@compare $*"
}

now_ms()
{
	awk '{ printf "%d\n", $1 * 1000 }' /proc/uptime
}

# parts_of FIX	the parts of an update that are for modules
parts_of()
{
	for parts_file in "$LSP_UPDATES/$1-"*.ko; do
		[ ! -e "$parts_file" ] || basename "$parts_file" .ko
	done
}

# splice_on FIX	sets $result; the parts for modules belong to it
splice_on()
{
	result=$(load "$1")
	for splice_part in $(parts_of "$1"); do
		[ "$result" != ok ] || result=$(load "$splice_part")
	done
	[ "$result" != ok ] || result=$(switch_on "$1")
}

splice_off()
{
	switch_off "$1" >/dev/null
	unload_all "$1" >/dev/null
}

# klp_module FIX	what the kernel calls its livepatch
klp_module()
{
	echo "klp_$1"
}

klp_done()
{
	grep -qs 0 "$KLP/$(klp_module "$1")/transition"
}

# klp_on FIX	sets $result
klp_on()
{
	mark_log
	result=$(lsp-helper load "klp/$(klp_module "$1").ko")
	if [ "$result" != ok ]; then
		result="$result $(new_log | sed -n 's/.*livepatch: failed/failed/p' | head -n 1)"
		return
	fi
	wait_for $LIMIT klp_done "$1" || result="not within $LIMIT s"
}

# A forced end would not be one: who never switches is sent a signal.
klp_off()
{
	echo 0 >"$KLP/$(klp_module "$1")/enabled"
	wait_for $LIMIT [ ! -e "$KLP/$(klp_module "$1")" ] ||
		tell failed "livepatch $1 does not end"
	unload "$(klp_module "$1")" >/dev/null
}

# apply STATE FIX
apply()
{
	if [ -e "$LSP_UPDATES/$2.ko" ]; then
		apply_from=$(now_ms)
		splice_on "$2"
		apply_to=$(now_ms)
		tell apply "$1" splice "$2" "$(echo "$result" | tr ' ' _)" \
			$((apply_to - apply_from)) "$(value "$2" pause_ns)"
		splice_off "$2"
	fi
	if [ -e "klp/$(klp_module "$2").ko" ]; then
		apply_from=$(now_ms)
		klp_on "$2"
		apply_to=$(now_ms)
		tell apply "$1" klp "$2" "$(echo "$result" | tr ' ' _)" \
			$((apply_to - apply_from)) 0
		[ "$1" != asleep ] || stop_all
		[ ! -e "$KLP/$(klp_module "$2")" ] || klp_off "$2"
	fi
}

calls()
{
	calls_plain=$(cat $TARGETS/call_ps)
	splice_on targets
	calls_spliced=$(cat $TARGETS/call_ps)
	splice_off targets
	klp_on targets
	calls_livepatched=$(cat $TARGETS/call_ps)
	klp_off targets
	tell call "$calls_plain" "$calls_spliced" "$calls_livepatched"
}

for module in binfmt_misc lsp_targets; do
	[ "$(load_module $module)" = ok ] || tell failed "load $module"
done
FIXES=$(cat fixes)
for fix in $FIXES; do
	apply idle "$fix"
done
for fix in $FIXES; do
	start_load
	apply load "$fix"
	stop_all
done
start lsp-helper eventfd-block
check "a thread sleeps in the function" wait_for 5 sleeps_in "$started" eventfd_read
apply asleep eventfd
stop_all
calls
tainted $TAINT_WARN && tell failed "a warning"
exit 0
