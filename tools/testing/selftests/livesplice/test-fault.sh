#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Every step that can fail is made to fail, once in each place: allocations one
# by one, then the other steps by name. Whatever fails says so, and leaves the
# kernel as it was: its text, the references on modules, its memory.

. ./functions.sh

DEBUGFS=/sys/kernel/debug
WATCH=/sys/module/lsp_watch/parameters
CODE=lsp_personality		# replaces a function
DATA=lsp_table			# writes a read-only table
PART=lsp_binfmt_binfmt_misc	# replaces a function of a module
FIRST=lsp_binfmt
LENT=lsp_entries		# replaces functions that begin with a static call

need_update $CODE $DATA $FIRST $LENT lsp_watch
[ -e $DEBUGFS/fail_function/inject ] || skip_all "no CONFIG_FAIL_FUNCTION"
[ -e /proc/self/fail-nth ] || skip_all "no CONFIG_FAULT_INJECTION"

# Everything may fail, and says no more than that: the backtrace of a failure
# that was asked for would look like a splat on the console.
allow_faults()
{
	for fault in failslab fail_page_alloc fail_function; do
		echo 0 >"$DEBUGFS/$fault/verbose"
	done
	echo N >$DEBUGFS/failslab/ignore-gfp-wait
	echo N >$DEBUGFS/fail_page_alloc/ignore-gfp-wait
	echo N >$DEBUGFS/fail_page_alloc/ignore-gfp-highmem
	echo 0 >$DEBUGFS/fail_page_alloc/min-order
	echo 100 >$DEBUGFS/fail_function/probability
	dmesg -n 4
}

deny_faults()
{
	echo Y >$DEBUGFS/failslab/ignore-gfp-wait
	echo Y >$DEBUGFS/fail_page_alloc/ignore-gfp-wait
	echo Y >$DEBUGFS/fail_page_alloc/ignore-gfp-highmem
	echo 1 >$DEBUGFS/fail_page_alloc/min-order
	echo >$DEBUGFS/fail_function/inject
	echo 0 >$DEBUGFS/fail_function/probability
	dmesg -n 8
}

# fails_once FUNCTION COMMAND...
fails_once()
{
	fails_name=$1
	shift
	echo 1 >$DEBUGFS/fail_function/times
	echo "$fails_name" >$DEBUGFS/fail_function/inject || return 1
	"$@"
	[ "$(cat $DEBUGFS/fail_function/times)" -eq 0 ] || echo "and was not made to fail"
	echo "!$fails_name" >$DEBUGFS/fail_function/inject
}

address_of()
{
	awk -v name="$1" '$3 == name { print $1; exit }' /proc/kallsyms
}

# Nothing of the engine is under way, not even the tracking that lingers.
idle()
{
	[ "$(cat "$WATCH/probes")" -eq 0 ]
}

# What was allocated meanwhile and not freed. Open files of sysfs are freed in
# a way that cannot be seen.
left()
{
	# The last ones are the allocator's own, in 7.3.
	grep -v -e kernfs_fop_open -e __pcs_replace_ $WATCH/left | sort | uniq -c
	grep ' lsp_' /proc/vmallocinfo
}

# The dentry of a file that is gone keeps its name.
nothing_left()
{
	echo 2 >/proc/sys/vm/drop_caches
	[ -z "$(left)" ]
}

# Modules, their references, and who holds them.
references()
{
	awk '{ print $1, $3, $4 }' /proc/modules | sort
}

# each WHAT COMMAND...	nothing comes of its failures but ENOMEM, or success
# where the kernel can do without
each()
{
	each_what=$1
	shift
	each_answer=$("$@")
	say "$each_what: $each_answer"
	case $each_answer in
	*"fails 0"* | *"not as before"*)
		fail "$each_what"
		;;
	*)
		is "$each_what" "" "$(echo "$each_answer" | tr ',' '\n' |
			grep -vE '^ *(fails|ENOMEM|ok) ')"
		;;
	esac
}

# each_load UPDATE MODULE
each_load()
{
	each "load $1: every allocation" \
		lsp-fault load "$LSP_UPDATES/$1.ko" "$2"
}

# each_switch UPDATE	there and back. The first time nothing is tracked yet,
# the second time the allocations for that are not made.
each_switch()
{
	check "nothing is tracked" wait_for 20 idle
	for each_when in "starts" "lingers"; do
		each "enable $1 when tracking $each_when: every allocation" \
			lsp-fault write "$SPLICE/$1/enabled" 1 0
	done
	is "enable $1" ok "$(switch_on "$1")"
	each "disable $1: every allocation" \
		lsp-fault write "$SPLICE/$1/enabled" 0 1
	is "disable $1" ok "$(switch_off "$1")"
}

# step_load FUNCTION ERROR
step_load()
{
	is "load: $1 fails" "$2, features" \
		"$(fails_once "$1" load $CODE), $(ls $SPLICE)"
}

# step UPDATE VALUE FUNCTION ERROR RESULT
step()
{
	step_was="ok ok $(value "$1" state), $(references)"
	is "write $2 to $1: $3 fails" "$4 $5" \
		"$(fails_once "$3" put "$SPLICE/$1/enabled" "$2") $(value "$1" result)"
	is "all is as before: verify, state, references" "$step_was" \
		"$(put "$SPLICE/$1/verify" 1) $(value "$1" verify) $(value "$1" state), $(references)"
}

# steps UPDATE VALUE	those that both ways have
steps()
{
	step "$1" "$2" lsp_operation_make ENOMEM nomem
	step "$1" "$2" lsp_track_start ENOMEM nomem
	step "$1" "$2" lsp_sums_check EBUSY changed
	step "$1" "$2" lsp_track_drain EINTR interrupted
	step "$1" "$2" lsp_map ENOMEM nomem
	step "$1" "$2" lsp_ran_start ENOMEM nomem
	step "$1" "$2" lsp_check_entries ENOEXEC format
	# To undo, the entries are INT3 by now.
	step "$1" "$2" lsp_scan_again ENOEXEC format
}

# vetoed WHEN
vetoed()
{
	printf '%s' $CODE >"$WATCH/veto_$1"
	is "a notifier $1 ours refuses" "EPERM, features" "$(load $CODE), $(ls $SPLICE)"
	echo none >"$WATCH/veto_$1"
}

plan 100

is "load the target" ok "$(load_module binfmt_misc)"
# The first module that calls by a key of the kernel's makes a list that stays.
is "load and unload $LENT" "ok ok" "$(load $LENT) $(unload $LENT)"
is "load lsp_watch" ok "$(load lsp_watch)"
check "no operation is under way" wait_for 20 idle
before=$(references)
echo "$(address_of _stext) $(address_of _etext)" >$WATCH/text
is "the kernel's text is watched" same "$(cat $WATCH/text)"
follow_log
allow_faults

# Memory.
each_load $CODE $CODE
is "load $CODE" ok "$(load $CODE)"
each_switch $CODE
each "verify: every allocation" lsp-fault write "$SPLICE/$CODE/verify" 1 -
each "unload $CODE: every allocation" \
	lsp-fault unload "$LSP_UPDATES/$CODE.ko" $CODE
is "unload $CODE" ok "$(unload $CODE)"
each_load $DATA $DATA
is "load $FIRST" ok "$(load $FIRST)"
each_load $FIRST-binfmt_misc $PART
is "load $PART" ok "$(load $FIRST-binfmt_misc)"
each_switch $FIRST
is "unload both" "ok ok" "$(unload $PART) $(unload $FIRST)"
# Without memory for a key of the kernel's the loader warns, so this is not tried.
is "load $LENT" ok "$(load $LENT)"
each_switch $LENT
is "unload $LENT" ok "$(unload $LENT)"
is "references are as before" "$before" "$(references)"

# Everything else, by name. What returns a reason returns its first one.
step_load lsp_values_init ENOEXEC
step_load lsp_match ENOEXEC
step_load lsp_data_plan ENOEXEC
step_load lsp_imports_resolve ENOEXEC
step_load lsp_borrow_check ENOEXEC
step_load lsp_sums_make ENOEXEC
step_load lsp_add ENOEXEC
step_load lsp_own_make ENOEXEC
step_load lsp_sysfs_add EINVAL
vetoed before
vetoed after
is "load both" "ok ok" "$(load $CODE) $(load $DATA)"
step $CODE 1 lsp_verify_own ENOEXEC format
step $CODE 1 lsp_hold_parts ENOEXEC format
steps $CODE 1
is "enable $CODE" ok "$(switch_on $CODE)"
steps $CODE 0
is "disable $CODE" ok "$(switch_off $CODE)"
step $DATA 1 lsp_data_check EBUSY changed
is "enable $DATA" ok "$(switch_on $DATA)"
step $DATA 0 lsp_data_check EBUSY changed
is "disable $DATA" ok "$(switch_off $DATA)"
is "unload both" "ok ok" "$(unload $CODE) $(unload $DATA)"
deny_faults

# In 7.3 a fprobe warns if there is no memory when a module goes. That is not our
# module's doing, but it taints the kernel.
FPROBE='WARNING: .*fprobe_module_callback'

no_warning()
{
	! tainted "$TAINT_WARN" || sed "1,/$log_mark/d" "$LOG_COPY" | grep -q "$FPROBE"
}

# Nothing of all this is left.
check "tracking ends" wait_for 20 idle
is "text is as before" same "$(cat $WATCH/text)"
is "references are as before" "$before" "$(references)"
check "memory is as before" wait_for 5 nothing_left
left | sed 's/^/# left: /'
is "no splat" "" "$(splats | grep -v "$FPROBE")"
is "unload" "ok ok" "$(unload lsp_watch) $(unload binfmt_misc)"
check "no warning" no_warning

finish
