#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Updates that take the place of others: lsp_instead_image of two that stand on each
# other and one that rewrites a table, lsp_instead_module of one whose functions
# begin with static branches and calls. They are matched while those are enabled,
# go from one to the other in one pause, and stand on nobody; hooks of those that go
# are called. See patches/instead.

. ./functions.sh

A=lsp_stack_a
B=lsp_stack_b
C=lsp_stack_c
T=lsp_table
R=lsp_instead_image
M=lsp_instead_module
L=lsp_borrow
G=lsp_grown
N=lsp_instead_hooks
BENCH=lsp_bench
PARAM=/sys/module/$BENCH/parameters
TARGET=lsp_lent
LENT=/sys/module/$TARGET/parameters
LIMIT=/sys/module/livesplice/parameters/max_pause_us
OLD="-1 ab 400 444 kernel"
OTHERS="17 AB 444 400 kernel"
NEW="18 ab 444 444 instead"
STATES="00 10 11 30 31 20 01 21"

need_update $A $B $C $T $R $M $L $G $N $BENCH
[ -e modules/$TARGET.ko ] || skip_all "no modules/$TARGET.ko"

# What the functions and the table do now.
now()
{
	echo "$(cat $PARAM/probe) $(cat $PARAM/hex)" \
		"$(sh -c 'stat -c %a /proc/$$/personality /proc/$$/limits' | xargs)" \
		"$(grep -q '^instead ' /proc/cmdline && echo instead || echo kernel)"
}

verified()
{
	for verified_update; do
		put "$SPLICE/$verified_update/verify" 1 >/dev/null
		value "$verified_update" verify
	done | sort -u
}

# states UPDATE...
states()
{
	for states_update; do
		value "$states_update" state
	done | xargs
}

others_on()
{
	echo "$(switch_on $A) $(switch_on $B) $(switch_on $T)"
}

# Reads as fast as it can what must be 17 before, 18 after, and nothing else.
watch()
{
	while [ ! -e /tmp/watched ]; do
		cat $PARAM/probe
	done >/tmp/watch
}

# All cycles of it; says what was seen.
watched_cycles()
{
	cycle=0
	while [ $cycle -lt 10 ]; do
		cycle=$((cycle + 1))
		[ "$(others_on)" = "ok ok ok" ] || echo "others not enabled"
		rm -f /tmp/watched
		watch &
		watch_pid=$!
		wait_for 5 [ -s /tmp/watch ]
		[ "$(switch_on $R)" = ok ] || echo "not enabled"
		[ "$(now)" = "$NEW" ] || echo "not there: $(now)"
		touch /tmp/watched
		wait $watch_pid
		sort -u /tmp/watch
		: >/tmp/watch
		[ "$(switch_off $R)" = ok ] || echo "not disabled"
		[ "$(now)" = "$OLD" ] || echo "not gone: $(now)"
	done | sort -u | xargs
}

# Names of the filesystems, in the order of the list.
filesystems()
{
	sed 's/^[a-z]*\t//; s/\t.*//' /proc/filesystems | xargs
}

# go_to STATE	keys and call
go_to()
{
	put $LENT/keys "${1%?}" >/dev/null
	put $LENT/call "${1#?}" >/dev/null
}

# Results of all functions in each state; a digit more in front if an update has them.
lent_results()
{
	for state in $STATES; do
		go_to "$state"
		cat $LENT/results
	done
	go_to 00
}

# in_front DIGIT FIELD...	the old results with the digit in front of some
in_front()
{
	awk -v digit="$1" -v fields=" $2 " '{
		for (i = 1; i <= NF; i++)
			if (index(fields, " " i " "))
				$i = digit $i
		print
	}' /tmp/lent.old
}

# lent_is DIGIT	what differs
lent_is()
{
	lent_results | diff "/tmp/lent.$1" - | head -n 4
}

plan 66
follow_log

is "load the bench" ok "$(load $BENCH)"
is "kernel as it was" "$OLD" "$(now)"
is "load others" "ok ok ok ok" "$(load $A) $(switch_on $A) $(load $B) $(load $T)"
is "enable them" "ok ok" "$(switch_on $B) $(switch_on $T)"
is "they run" "$OTHERS" "$(now)"

is "load one in their place" ok "$(load $R)"
is "whose place" "$A $B $T" "$(value $R replaces | xargs)"
is "it stands on nobody" "" "$(value $R depends)"
is "nothing has changed yet" "$OTHERS" "$(now)"
is "all are what they must be" ok "$(verified $A $B $T)"

echo 1 >$LIMIT
put $SPLICE/$R/max_attempts 3 >/dev/null
is "a pause that is too long" ETIME "$(switch_on $R)"
is "has changed nothing" "$OTHERS enabled enabled enabled loaded" \
	"$(now) $(states $A $B $T $R)"
is "all are what they must be" ok "$(verified $A $B $T)"
echo 100000 >$LIMIT
put $SPLICE/$R/max_attempts 100 >/dev/null

mark_log
is "enable it" ok "$(switch_on $R)"
is "it runs, and nothing of them" "$NEW" "$(now)"
is "states" "enabled loaded loaded loaded" "$(states $R $A $B $T)"
is "all are what they must be" ok "$(verified $R $A $B $T)"
is "the log says so of each" 3 "$(new_log | grep -c "replaced by $R")"
is "a function of theirs, beside it" "EEXIST base" \
	"$(switch_on $A) $(value $A result)"
is "it still runs" "$NEW" "$(now)"
is "they can be unloaded" "ok ok ok" "$(unload $T) $(unload $B) $(unload $A)"
is "it runs without them" "$NEW" "$(now)"
is "disable it" ok "$(switch_off $R)"
is "kernel as it was" "$OLD" "$(now)"
is "it is what it must be" ok "$(verified $R)"
is "enable and disable with nobody there" "ok ok" "$(switch_on $R) $(switch_off $R)"
is "kernel as it was" "$OLD" "$(now)"

is "load one of them again" "ok ok" "$(load $A) $(switch_on $A)"
is "it runs" "16 ab" "$(now | cut -d' ' -f1,2)"
is "and goes, though it came later" "ok $NEW" "$(switch_on $R) $(now)"
is "back to the kernel" "ok $OLD" "$(switch_off $R) $(now)"
is "all three again" "ok ok ok ok" "$(switch_on $A) $(load $B) $(load $T) $(switch_on $B)"
is "one more on top" "ok ok" "$(load $C) $(switch_on $C)"
mark_log
is "that one stays, so they must" "EBUSY depends" "$(switch_on $R) $(value $R result)"
is "which the log says, with all names" 1 \
	"$(new_log | grep -c "$R: .*$C on top")"
is "nothing has changed" "117 AB enabled enabled enabled loaded" \
	"$(now | cut -d' ' -f1,2) $(states $A $B $C $R)"
is "without it" "ok ok $NEW" "$(switch_off $C) $(switch_on $R) $(now)"
is "unload it" "ok ok" "$(switch_off $R) $(unload $C)"
is "never without either" "17 18" "$(watched_cycles)"
is "unload" "ok ok ok ok" "$(unload $R) $(unload $T) $(unload $B) $(unload $A)"
is "kernel as it was" "$OLD" "$(now)"

old=$(filesystems)
is "one with hooks" "ok ok" "$(load $G) $(switch_on $G)"
refuse "has turned a list around" [ "$(filesystems)" = "$old" ]
mark_log
is "one in its place" "ok ok" "$(load $N) $(switch_on $N)"
is "undoes what the hooks have done" "$old" "$(filesystems)"
check "and runs" grep -q 'listed$' /proc/filesystems
is "unload both" "ok ok ok" "$(unload $G) $(switch_off $N) $(unload $N)"
refuse "no shadow variable is left" eval "new_log | grep 'left behind'"

is "load the target" ok "$(load_module $TARGET)"
lent_results >/tmp/lent.old
in_front 1 "1 2 3 4 5 6 7 8 9 10" >/tmp/lent.1
in_front 2 "1 4 6" >/tmp/lent.2
cp /tmp/lent.old /tmp/lent.0
is "an update of it" "ok ok ok" "$(load $L) $(load $L-$TARGET) $(switch_on $L)"
is "runs, in all states" "" "$(lent_is 1)"
go_to 31
is "load one in its place" "ok ok" "$(load $M) $(load $M-$TARGET)"
is "enable it" ok "$(switch_on $M)"
is "states" "enabled loaded" "$(states $M $L)"
is "runs, in all states" "" "$(lent_is 2)"
is "both are what they must be" ok "$(verified $M $L)"
is "the other one goes" "ok ok" "$(unload ${L}_$TARGET) $(unload $L)"
is "runs still, in all states" "" "$(lent_is 2)"
go_to 10
is "disable it" ok "$(switch_off $M)"
is "the module as it was, in all states" "" "$(lent_is 0)"
is "it is what it must be" ok "$(verified $M)"
is "and once more" "ok ok" "$(switch_on $M) $(switch_off $M)"
is "unload it" "ok ok" "$(unload ${M}_$TARGET) $(unload $M)"
is "unload the target and the bench" "ok ok" "$(unload $TARGET) $(unload $BENCH)"
check "nothing is left" [ -z "$(ls -d $SPLICE/lsp_* 2>/dev/null)" ]
refuse "no warning since boot" tainted $TAINT_WARN

finish
