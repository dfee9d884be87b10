#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What can happen at the same time: tasks that exit, fork and exec while an
# attempt is under way, modules that are to be unloaded, others who write to
# the same files or read them. Nobody waits for ever, and of two that cannot
# both have their way it is clear who had.

. ./functions.sh

U=lsp_race			# eventfd_read(), where one can sleep, and binfmt_misc
SAME=lsp_eventfd		# of the same unit
CODE=lsp_personality
DATA=lsp_table
WATCH=/sys/module/lsp_watch/parameters
ROUNDS=${LSP_ROUNDS:-6}

need_update $U $SAME $CODE $DATA lsp_watch

count()
{
	lsp-helper eventfd-value 7
}

idle()
{
	[ "$(cat "$WATCH/probes")" -eq 0 ]
}

references()
{
	awk '{ print $1, $3, $4 }' /proc/modules | sort
}

# Every file, again and again; those that wait for an operation as well.
read_all()
{
	while :; do
		grep -rs '' "$SPLICE"
		sleep 0.1
	done
}

under_way()
{
	[ "$(value "$U" attempts)" -ge 1 ]
}

# gone PID	a child that nobody has waited for yet is gone as well
gone()
{
	! grep -q '^State:.[^Z]' "/proc/$1/status" 2>/dev/null
}

# meanwhile NAME COMMAND...	in the background; said NAME is its answer
meanwhile()
{
	meanwhile_out=/tmp/meanwhile.$1
	shift
	"$@" >"$meanwhile_out" 2>&1 &
	meanwhile=$!
	background="$background $meanwhile"
}

said()
{
	cat "/tmp/meanwhile.$1"
}

# set_on NAME UPDATE	meanwhile, in a process that can be killed
set_on()
{
	meanwhile "$1" lsp-helper put "$SPLICE/$2/enabled" 1
}

# counted WHAT ALLOWED COMMAND...	ROUNDS times; each answer is one of a list
# ("ok EAGAIN,EBUSY ok"), and all is as it should be after each
counted()
{
	counted_what=$1
	counted_allowed=$2
	shift 2
	counted_left=$ROUNDS
	: >/tmp/counted
	while [ "$counted_left" -gt 0 ]; do
		"$@" >>/tmp/counted || echo "not as it should be" >>/tmp/counted
		counted_left=$((counted_left - 1))
	done
	sort /tmp/counted | uniq -c | sed 's/^/# /'
	is "$counted_what" "" \
		"$(echo "$counted_allowed" | tr ',' '\n' | grep -vxFf - /tmp/counted)"
}

# Does it do what it says?
consistent()
{
	case $(value "$CODE" enabled) in
	0) [ "$(lsp-helper personality)" = 0 ] ;;
	1) [ "$(lsp-helper personality)" = 0x5150000 ] ;;
	esac && put "$SPLICE/$CODE/verify" 1 >/dev/null &&
		[ "$(value "$CODE" verify)" = ok ]
}

on()
{
	echo "put $SPLICE/$1/enabled 1"
}

off()
{
	echo "put $SPLICE/$1/enabled 0"
}

two_updates()
{
	lsp-helper duel "$(on "$CODE")" "$(on "$DATA")" && consistent &&
		lsp-helper duel "$(off "$CODE")" "$(off "$DATA")" && consistent
}

one_unit()
{
	one_unit=$(lsp-helper duel "$(on "$U")" "$(on "$SAME")")
	echo "$one_unit"
	case $one_unit in
	ok*) [ "$(count) $(value "$SAME" result)" = "2007 base" ] && switch_off "$U" >/dev/null ;;
	*) [ "$(count) $(value "$U" result)" = "1007 base" ] && switch_off "$SAME" >/dev/null ;;
	esac
}

same_value()
{
	lsp-helper duel "$(on "$CODE")" "$(on "$CODE")" && consistent &&
		[ "$(value "$CODE" enabled)" = 1 ] &&
		lsp-helper duel "$(off "$CODE")" "$(off "$CODE")" && consistent &&
		[ "$(value "$CODE" enabled)" = 0 ]
}

other_value()
{
	lsp-helper duel "$(on "$CODE")" "$(off "$CODE")" && consistent &&
		switch_off "$CODE" >/dev/null && consistent
}

enable_or_unload()
{
	duel=$(lsp-helper duel "$(on "$DATA")" "unload $DATA")
	echo "$duel"
	case $duel in
	ok*) [ "$(value "$DATA" state)" = enabled ] && switch_off "$DATA" >/dev/null ;;
	*) [ ! -e "$SPLICE/$DATA" ] && load "$DATA" >/dev/null ;;
	esac
}

target_or_part()
{
	duel=$(lsp-helper duel "unload binfmt_misc" "load $LSP_UPDATES/$U-binfmt_misc.ko")
	echo "$duel"
	case $duel in
	ok*) load_module binfmt_misc >/dev/null ;;
	*) unload "${U}_binfmt_misc" >/dev/null ;;
	esac
}

# A switch that may be busy, but is never anything else.
try_switch()
{
	try_to=$((1 - $(value "$U" enabled)))
	put "$SPLICE/$U/enabled" "$try_to"
	[ "$(count)" -eq $((7 + 2000 * $(value "$U" enabled))) ]
}

plan 51

is "load the target" ok "$(load_module binfmt_misc)"
is "load lsp_watch" ok "$(load lsp_watch)"
check "no operation is under way" wait_for 20 idle
before=$(references)
awk '$3 == "_stext" || $3 == "_etext" { print $1 }' /proc/kallsyms | xargs >"$WATCH/text"
is "the kernel's text is watched" same "$(cat $WATCH/text)"
follow_log
is "load" "ok ok ok ok" \
	"$(load $U) $(load $U-binfmt_misc) $(load $CODE) $(load $DATA)"

# An attempt after the other, because somebody sleeps in the function.
is "a long budget, nobody nudged" "ok ok ok" \
	"$(put $SPLICE/$U/max_attempts 1000) $(put $SPLICE/$U/retry_ms 20) $(put $SPLICE/$U/nudge none)"
start lsp-helper eventfd-block
sleeper=$started
check "a task sleeps in the function" wait_for 5 sleeps_in "$sleeper" eventfd_read
meanwhile churn lsp-helper churn
churn=$meanwhile
start read_all
set_on first $U
first=$meanwhile
check "an attempt is under way" wait_for 10 under_way
is "unload the target" EAGAIN "$(unload binfmt_misc)"
is "unload its part" EAGAIN "$(unload ${U}_binfmt_misc)"
is "unload the update" EAGAIN "$(unload $U)"
is "state can be read" "loaded 0" "$(value $U state) $(value $U enabled)"
set_on second $U
waiting=$meanwhile
set_on other $CODE
waiting="$waiting $meanwhile"
meanwhile unload lsp-helper unload $DATA
waiting="$waiting $meanwhile"
meanwhile load lsp-helper load "$LSP_UPDATES/$SAME.ko"
waiting="$waiting $meanwhile"
set_on killed $CODE
sleep 1
kill "$meanwhile"
check "who waits can be killed" wait_for 5 gone "$meanwhile"
meanwhile blockers cat $SPLICE/$U/blockers
sleep 1
kill "$meanwhile"
check "so can a reader of blockers" wait_for 5 gone "$meanwhile"
refuse "the first one still tries" gone "$first"
tries=$(value $U attempts)
check "again and again" wait_for 5 eval "[ \"\$(value $U attempts)\" -gt $tries ]"
is "and has changed nothing" 7 "$(count)"
kill "$sleeper" "$churn"
for pid in $first $waiting; do
	check "at last it is through" wait_for 20 gone "$pid"
done
wait "$churn"
say "$(said churn) processes came and went, attempts: $(value $U attempts)"
is "its answer" ok "$(said first)"
is "its effect" 2007 "$(count)"
is "a second writer of 1" ok "$(said second)"
is "a writer of another update" ok "$(said other)"
is "the unload of an update" ok "$(said unload)"
is "a load of the same unit" EEXIST "$(said load)"
is "effect of the other update" 0x5150000 "$(lsp-helper personality)"
is "disable both" "ok ok" "$(switch_off $U) $(switch_off $CODE)"
is "load" "ok ok" "$(load $DATA) $(load $SAME)"

# Two at a time.
start load_fork
counted "two updates" "ok ok" two_updates
counted "two updates of one unit" "ok EEXIST,EEXIST ok" one_unit
is "none is enabled" "0 0 7" "$(value $U enabled) $(value $SAME enabled) $(count)"
counted "the same for one update" "ok ok" same_value
counted "the contrary for one update" "ok ok" other_value
counted "enable and unload" \
	"ok EAGAIN,EBUSY ok,ENODEV ok,ENOENT ok" enable_or_unload
is "unload the part" ok "$(unload ${U}_binfmt_misc)"
counted "unload of a target, load of its part" \
	"ok ENODEV,EAGAIN ok,EAGAIN ENODEV" target_or_part
is "load the part" ok "$(load $U-binfmt_misc)"

# Tasks that end, become others and are born in the function.
is "a short budget" "ok ok" \
	"$(put $SPLICE/$U/max_attempts 10) $(put $SPLICE/$U/retry_ms 5)"
meanwhile churn lsp-helper churn
churn=$meanwhile
counted "switches while tasks come and go" "ok,EBUSY" try_switch
kill "$churn"
wait "$churn"
say "$(said churn) processes came and went"
is "afterwards" ok "$(switch_off $U)"
is "old code" 7 "$(count)"

stop_all
is "unload" "ok ok ok ok ok" "$(unload ${U}_binfmt_misc) $(unload $U) $(unload $SAME) $(unload $CODE) $(unload $DATA)"
check "tracking ends" wait_for 20 idle
is "text is as before" same "$(cat $WATCH/text)"
is "references are as before" "$before" "$(references)"
is "no splat" "" "$(splats)"
is "unload" "ok ok" "$(unload lsp_watch) $(unload binfmt_misc)"
refuse "no warning" tainted $TAINT_WARN

finish
