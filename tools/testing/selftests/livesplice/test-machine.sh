#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The machine changes under an update: a CPU is away while it is switched, or
# goes and comes back, modules come and go, everything is frozen and devices and
# CPUs are suspended (by pm_test, which returns from every depth by itself).

. ./functions.sh

U=lsp_cmdline
BUSY=lsp_eventfd
CPU=/sys/devices/system/cpu/cpu1/online
PM=/sys/power
TOGGLING=/tmp/toggling
ROUNDS=${LSP_ROUNDS:-5}

need_update $U $BUSY
[ -e $CPU ] || skip_all "no second CPU that can go"
[ -e $PM/pm_test ] || skip_all "no pm_test"

word()
{
	cut -d' ' -f1 /proc/cmdline
}

# word_on CPU
word_on()
{
	taskset $((1 << $1)) cut -d' ' -f1 /proc/cmdline
}

cpu()
{
	put $CPU "$1"
}

# Both go on until TOGGLING has gone, and leave things as they were.
toggle_cpu()
{
	while [ -e "$TOGGLING" ]; do
		echo 0 >"$CPU"
		echo 1 >"$CPU"
	done
}

toggle_modules()
{
	while [ -e "$TOGGLING" ]; do
		lsp-helper load modules/exportfs.ko
		lsp-helper load modules/overlay.ko
		lsp-helper unload overlay
		lsp-helper unload exportfs
	done
}

# switches	there and back, ROUNDS times; each has its effect
switches()
{
	switches_left=$ROUNDS
	attempts=0
	while [ "$switches_left" -gt 0 ]; do
		answer=$(switch_on "$U")
		attempts=$((attempts + $(value "$U" attempts)))
		[ "$answer $(word)" = "ok spliced" ] || { say "enable: $answer"; return 1; }
		answer=$(switch_off "$U")
		attempts=$((attempts + $(value "$U" attempts)))
		[ "$answer $(word)" = "ok $old" ] || { say "disable: $answer"; return 1; }
		switches_left=$((switches_left - 1))
	done
}

# meanwhile WHAT COMMAND	switches while it runs
meanwhile()
{
	: >"$TOGGLING"
	start "$2"
	check "$1: come and go while there are switches" switches
	say "$1: meanwhile, works; attempts $attempts for $((2 * ROUNDS)) switches"
	rm "$TOGGLING"
	wait "$started"
}

# sleep_to STATE DEPTH
sleep_to()
{
	echo "$2" >$PM/pm_test
	put $PM/state "$1"
	echo none >$PM/pm_test
}

# suspends STATE DEPTH	in either state of the update
suspends()
{
	is "suspend to $2: with the old code" "ok $old" "$(sleep_to "$1" "$2") $(word)"
	is "suspend to $2: enable" ok "$(switch_on $U)"
	is "suspend to $2: with the new code" "ok spliced spliced" \
		"$(sleep_to "$1" "$2") $(word_on 0) $(word_on 1)"
	is "suspend to $2: verify" "ok ok" "$(put $SPLICE/$U/verify 1) $(value $U verify)"
	is "suspend to $2: disable" "ok $old" "$(switch_off $U) $(word_on 1)"
	say "suspend to $2: before and after, works; attempts $(value $U attempts)"
}

under_way()
{
	[ "$(value "$BUSY" attempts)" -ge 1 ]
}

plan 46

old=$(word)
is "load" "ok ok" "$(load $U) $(load $BUSY)"

is "CPU: goes first" ok "$(cpu 0)"
is "CPU: enable without it" "ok spliced" "$(switch_on $U) $(word)"
is "CPU: comes to the new code" "ok spliced" "$(cpu 1) $(word_on 1)"
is "CPU: goes from the new code" "ok spliced" "$(cpu 0) $(word)"
is "CPU: comes back to it" "ok spliced" "$(cpu 1) $(word_on 1)"
is "CPU: goes once more" ok "$(cpu 0)"
is "CPU: disable without it" "ok $old" "$(switch_off $U) $(word)"
is "CPU: comes to the old code" "ok $old" "$(cpu 1) $(word_on 1)"
say "CPU: before and after, works; attempts $(value $U attempts)"
meanwhile CPUs toggle_cpu
is "CPU: is there" 1 "$(cat $CPU)"
meanwhile modules toggle_modules
is "module: comes first" "ok ok" "$(load_module exportfs) $(load_module overlay)"
is "module: enable beside it" "ok spliced" "$(switch_on $U) $(word)"
is "module: goes from beside it" "ok ok spliced" "$(unload overlay) $(unload exportfs) $(word)"
is "module: comes second" "ok ok spliced" "$(load_module exportfs) $(load_module overlay) $(word)"
is "module: disable under it" "ok $old" "$(switch_off $U) $(word)"
is "module: has gone" "ok ok" "$(unload overlay) $(unload exportfs)"

[ ! -e /sys/module/suspend/parameters/pm_test_delay ] ||
	echo 1 >/sys/module/suspend/parameters/pm_test_delay
for depth in freezer devices platform; do
	suspends freeze $depth
done
grep -qw mem $PM/state && deep=mem || deep=freeze
suspends "$deep" core

# While an operation waits for its next attempt, because somebody is in the way.
put $SPLICE/$BUSY/max_attempts 1000 >/dev/null
put $SPLICE/$BUSY/retry_ms 50 >/dev/null
start lsp-helper eventfd-block
sleeper=$started
check "a task sleeps in the function" wait_for 5 sleeps_in "$sleeper" eventfd_read
switch_on $BUSY >/tmp/answer &
writer=$!
background="$background $writer"
check "an operation is under way" wait_for 10 under_way
is "suspend meanwhile" ok "$(sleep_to freeze freezer)"
wait "$writer"
is "ends the operation" "EINTR interrupted loaded" \
	"$(cat /tmp/answer) $(value $BUSY result) $(value $BUSY state)"
check "the sleeper sleeps on" sleeps_in "$sleeper" eventfd_read
say "suspend meanwhile, refused: interrupted"
kill "$sleeper"
wait "$sleeper" 2>/dev/null
is "enable after that" ok "$(switch_on $BUSY)"
is "disable and unload" "ok ok ok" "$(switch_off $BUSY) $(unload $BUSY) $(unload $U)"
refuse "no warning" tainted $TAINT_WARN

finish
