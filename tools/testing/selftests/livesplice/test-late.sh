#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A module that comes while an update with a part for it is enabled: its part is
# asked for, and is in use before the module's init function runs, or the module
# does not come. Whoever is killed, missing, late or in parallel: nobody waits
# for ever, and nothing is left.

. ./functions.sh

U=lsp_late
TOP=lsp_late_top		# made with $U as its base
TOPMOST=2011
NOTIFIER=lsp_notifier
SEVERAL=lsp_parts		# for vmlinux, binfmt_misc and overlay
RELAXED=lsp_relaxed		# main loop of a thread of lsp_kinds
LOOP=/sys/module/lsp_kinds/parameters/loop

. ./late.sh

TOPPART=${TOP}_$T

need_update $TOP $TOP-$T $NOTIFIER $SEVERAL $RELAXED $RELAXED-lsp_kinds

# away	the module and its part go; the update is enabled again
away()
{
	echo "$(switch_off $U) $(unload $PART) $(unload $T) $(switch_on $U)"
}

# gone	nothing of module and part is there, the update is enabled
gone()
{
	! is_loaded "$T" && ! is_loaded "$PART" && ! is_loaded "$TOPPART" &&
		[ ! -e "$SPLICE/$U/$T" ] &&
		[ "$(value "$U" state) $(value "$U" pending)" = "enabled $T" ]
}

# is_gone PID	or waits for nobody but us
is_gone()
{
	[ ! -e "/proc/$1/stat" ] || grep -qs ') Z ' "/proc/$1/stat"
}

# Does no modprobe run any more?
idle()
{
	! grep -qs "argv[0]" /proc/[0-9]*/cmdline
}

# refused WORD	the module is, and the update says why
refused()
{
	mark_log
	is "the module may not come" ENOPKG "$(come)"
	check "the log says why" new_says "$U: module $T is not loaded: $1: "
	is "so does result" "$1" "$(value $U result)"
	check "nothing is left" gone
}

# In the background, with a gate before modprobe; sets $started.
come_gated()
{
	rm -f $LATE/asked $LATE/go
	helper gate
	start lsp-helper load modules/$T.ko
	wait_for 10 [ -s $LATE/asked ]
}

plan 151

is "load" ok "$(load $U)"
is "what it waits for, before" $T "$(value $U pending)"
is "enable without the module" ok "$(switch_on $U)"
is "state" enabled "$(value $U state)"
is "what it waits for" $T "$(value $U pending)"
is "at first a module without its part is refused" refuse "$(value $U late)"
is "late refuses other words" EINVAL "$(put $SPLICE/$U/late maybe)"

# No part.
install
helper modprobe
refused part
matches "it was asked for by its alias" "*livesplice:$U:$T*" "$(cat $LATE/calls)"
helper none
refused part
echo >$HELPER
refused part

# The administrator wants the module all the same.
is "allow" ok "$(put $SPLICE/$U/late allow)"
is "it keeps it" allow "$(value $U late)"
helper modprobe
mark_log
is "the module comes" ok "$(come)"
check "the log says how" new_says "$U: module $T is loaded, but not updated: part: "
is "it has run old code, and does" "$OLD $OLD" "$(says first) $(says now)"
is "the update waits for it" "enabled $T part" \
	"$(value $U state) $(value $U pending) $(value $U result)"
is "load the part by hand" ok "$(load $U-$T)"
is "that changes nothing" "$OLD $T" "$(says now) $(value $U pending)"
is "verify" "ok ok" "$(put "$SPLICE/$U/verify" 1) $(value $U verify)"
is "it can go again" ok "$(unload $PART)"
is "and come again" ok "$(load $U-$T)"
is "enable what is enabled" ok "$(switch_on $U)"
is "now it is in use" "$NEW " "$(says now) $(value $U pending)"
is "and stays" EAGAIN "$(unload $PART)"
is "and they go, and the update is enabled" "ok ok ok ok" "$(away)"
is "refuse" ok "$(put $SPLICE/$U/late refuse)"

# The part comes with the module.
install "$LSP_UPDATES/$U-$T.ko"
mark_log
is "the module comes" ok "$(come)"
check "the log says so" new_says "$U: enabled for module $T, "
is "its init function has run new code" $NEW "$(says first)"
is "nothing is waited for" "enabled  ok" \
	"$(value $U state) $(value $U pending) $(value $U result)"
is "verify" "ok ok" "$(put "$SPLICE/$U/verify" 1) $(value $U verify)"
check "its function is listed" [ -d "$SPLICE/$U/$T/comer_answer,1" ]
check "it is held by its part" [ -e "/sys/module/$T/holders/$PART" ]
is "the module stays" EAGAIN "$(unload $T)"
is "so does the part" EAGAIN "$(unload $PART)"
is "who uses an export gets new code" "ok $NEW" \
	"$(load_module lsp_caller) $(cat /sys/module/lsp_caller/parameters/now)"
count=$(says count)
is "per-CPU data is the module's" "$NEW $((count + 1))" "$(says now) $(says count)"
is "so is its static branch" "ok 1015" "$(put $PARAMS/branch 1) $(says now)"
is "in new code as well" $((count + 12)) "$(says count)"
is "and back" "ok $NEW" "$(put $PARAMS/branch 0) $(says now)"
is "disable" ok "$(switch_off $U)"
is "old code" "$OLD $OLD" "$(says now) $(cat /sys/module/lsp_caller/parameters/now)"
is "enable" ok "$(switch_on $U)"
is "new code" "$NEW $NEW" "$(says now) $(cat /sys/module/lsp_caller/parameters/now)"
is "the user goes" ok "$(unload lsp_caller)"
is "all go" "ok ok ok ok" "$(away)"
is "and come again" "ok $NEW" "$(come) $(says first)"
is "all go" "ok ok ok ok" "$(away)"

# Its init function fails: the part is in it until then.
for i in 1 2 3; do
	matches "init fails" "*No such device*" "$(come_with fail=19)"
	check "nothing is left, $i" gone
	[ $i -gt 1 ] || vmalloc=$(vmalloc_pages)
done
check "no memory, either" wait_for 10 eval "[ \$(vmalloc_pages) -le $vmalloc ]"
is "it comes again" "ok $NEW" "$(come) $(says first)"
is "all go" "ok ok ok ok" "$(away)"

# Compressed.
install "$LSP_UPDATES/$U-$T.ko.xz"
is "a compressed part" "ok $NEW" "$(come) $(says first)"
is "all go" "ok ok ok ok" "$(away)"
install "$LSP_UPDATES/$U-$T.ko"

# Another module of this name.
mark_log
is "a part that does not fit" ENOPKG "$(load_module ${T}_other)"
check "the log says where" new_says "refused: mismatch: $T kernel/livesplice/$T.o: "
check "and what became of it" new_says "$U: module $T is not loaded: mismatch: "
check "nothing is left" gone
is "asked for once" 1 "$(new_log | grep -c 'refused: mismatch')"

# What modprobe may not load.
echo "blacklist $PART" >/etc/modprobe.d/late.conf
refused part
rm /etc/modprobe.d/late.conf

# In the middle of its init function.
start come_with hold=1
wait_for 20 grep -qs $NEW $PARAMS/first
is "init runs" "coming $NEW" "$(cat /sys/module/$T/initstate) $(says first)"
is "the module stays" EAGAIN "$(unload $T)"
is "disable meanwhile" ok "$(switch_off $U)"
is "old code" $OLD "$(says now)"
is "the part can go" ok "$(unload $PART)"
is "but not come any more" ENODEV "$(load $U-$T)"
is "without it nothing is enabled" ENOPKG "$(switch_on $U)"
echo 0 >$PARAMS/hold
wait_for 10 grep -q live /sys/module/$T/initstate
wait "$started"
is "then it can" "ok ok" "$(wait_for 10 eval "load $U-$T | grep -q ok" && echo ok) $(switch_on $U)"
is "new code" $NEW "$(says now)"
is "all go" "ok ok ok ok" "$(away)"

# While it waits: others come, the update goes and comes, the part is early.
come_gated
is "it waits" coming "$(cat /sys/module/$T/initstate)"
is "a module notifier is registered" "ok ok" "$(load $NOTIFIER) $(unload $NOTIFIER)"
is "disable and enable" "ok ENOPKG" "$(switch_off $U) $(switch_on $U)"
touch $LATE/go
wait_for 20 is_gone "$started"
is "it has come all the same" "loaded $OLD" "$(value $U state) $(says first)"
check "with its part" is_loaded $PART
is "that can be enabled" "ok $NEW" "$(switch_on $U) $(says now)"
is "all go" "ok ok ok ok" "$(away)"
come_gated
is "the part by hand" ok "$(load $U-$T)"
is "is not in use before its time" $T "$(value $U pending)"
touch $LATE/go
wait_for 20 is_gone "$started"
is "it is in time" "$NEW " "$(says first) $(value $U pending)"
is "all go" "ok ok ok ok" "$(away)"

# Killed while it waits.
come_gated
kill -9 "$started"
check "it dies at once" wait_for 5 is_gone "$started"
check "nothing is left" wait_for 5 gone
mark_log
touch $LATE/go
check "the part is too late" wait_for 10 new_says "refused: target: "
check "nothing is left of that" wait_for 5 gone
helper modprobe
is "it comes again" "ok $NEW" "$(come) $(says first)"
is "all go" "ok ok ok ok" "$(away)"

# At any other moment.
strange=0 came=0
for i in $(seq 20); do
	start lsp-helper load modules/$T.ko
	sleep "$(printf '0.%02d' $((i * 5 % 100)))"
	kill -9 "$started"
	wait_for 20 is_gone "$started" || strange=$((strange + 1))
	wait_for 10 idle
	if is_loaded $T; then
		came=$((came + 1))
		[ "$(says first) $(away)" = "$NEW ok ok ok ok" ] ||
			strange=$((strange + 1))
	elif ! wait_for 10 gone; then
		strange=$((strange + 1))
	fi
done
say "of 20 that were killed $came had come"
is "whenever it was killed, all or nothing" 0 $strange

# The part by somebody else at the same time, module notifiers all the time.
load_notifiers()
{
	while :; do
		load "$NOTIFIER"
		unload "$NOTIFIER"
	done
}
start load_notifiers
notifiers=$started
strange=0
for i in $(seq 10); do
	start applet modprobe $PART
	other=$started
	[ $((i % 2)) -eq 0 ] || sleep 0.02
	[ "$(come)" = ok ] || strange=$((strange + 1))
	wait_for 20 is_gone "$other" || strange=$((strange + 1))
	[ "$(says first) $(value $U pending) $(away)" = "$NEW  ok ok ok ok" ] ||
		strange=$((strange + 1))
done
is "module and part in parallel" 0 $strange
strange=0
for i in $(seq 5); do
	start come
	other=$started
	come >/dev/null
	wait_for 20 is_gone "$other" || strange=$((strange + 1))
	[ "$(says first) $(away)" = "$NEW ok ok ok ok" ] || strange=$((strange + 1))
done
is "the module twice at once" 0 $strange
kill "$notifiers"
wait_for 10 is_gone "$notifiers"
# Whom it was just having loaded goes on.
notifier_gone()
{
	unload "$NOTIFIER" >/dev/null
	! is_loaded "$NOTIFIER"
}
check "no notifier is left" wait_for 10 notifier_gone

# An update on top of the other one.
install "$LSP_UPDATES/$U-$T.ko" "$LSP_UPDATES/$TOP-$T.ko"
is "one on top" "ok ok" "$(load $TOP) $(switch_on $TOP)"
is "both parts come" "ok $TOPMOST" "$(come) $(says first)"
is "one stands on the other" $U "$(value $TOP depends)"
is "verify" "ok ok ok ok" "$(put "$SPLICE/$U/verify" 1) $(value $U verify) \
$(put "$SPLICE/$TOP/verify" 1) $(value $TOP verify)"
is "undo both" "ok ok" "$(switch_off $TOP) $(switch_off $U)"
is "old code" $OLD "$(says now)"
is "unload" "ok ok ok" "$(unload "$TOPPART") $(unload "$PART") $(unload "$T")"
is "enable both" "ok ok" "$(switch_on $U) $(switch_on $TOP)"
matches "init fails" "*No such device*" "$(come_with fail=19)"
check "nothing is left of either" gone
install "$LSP_UPDATES/$U-$T.ko"
is "without the upper one" ENOPKG "$(come)"
check "the lower one is gone again" gone
is "the upper one says so" "part ok" "$(value $TOP result) $(value $U result)"
is "the upper one goes" "ok ok" "$(switch_off $TOP) $(unload $TOP)"

# One of several modules.
install "$LSP_UPDATES/$U-$T.ko" "$LSP_UPDATES/$SEVERAL-binfmt_misc.ko"
is "for the kernel and two modules" "ok ok" "$(load $SEVERAL) $(switch_on $SEVERAL)"
is "none of them is there" "binfmt_misc overlay" "$(value $SEVERAL pending | xargs)"
is "one comes" ok "$(load_module binfmt_misc)"
is "the other one is waited for" overlay "$(value $SEVERAL pending)"
is "verify" "ok ok" "$(put "$SPLICE/$SEVERAL/verify" 1) $(value $SEVERAL verify)"
is "the other update is for others" "enabled $T" "$(value $U state) $(value $U pending)"
is "disable" ok "$(switch_off $SEVERAL)"
is "unload" "ok ok ok" "$(unload ${SEVERAL}_binfmt_misc) $(unload binfmt_misc) $(unload $SEVERAL)"

# Functions of which frames may stay.
install "$LSP_UPDATES/$U-$T.ko" "$LSP_UPDATES/$RELAXED-lsp_kinds.ko"
is "a part with a relaxed function" "ok ok" "$(load $RELAXED) $(switch_on $RELAXED)"
is "comes with its module" "ok " "$(load_module lsp_kinds) $(value $RELAXED pending)"
is "start the thread" ok "$(put $LOOP 1)"
check "it runs the new code" wait_for 5 grep -q '^2$' $LOOP
is "disable" "ok draining" "$(switch_off $RELAXED) $(value $RELAXED state)"
is "neither can go" "EAGAIN EAGAIN" "$(unload ${RELAXED}_lsp_kinds) $(unload lsp_kinds)"
is "end the thread" ok "$(put $LOOP 0)"
check "nobody is in it any more" wait_for 20 eval "[ \$(value $RELAXED state) = loaded ]"
is "all go" "ok ok ok" "$(unload ${RELAXED}_lsp_kinds) $(unload lsp_kinds) $(unload $RELAXED)"

# As a distribution has them: compressed, with a signature behind the contents.
install "updates/signed/$U-$T.ko.zst"
is "a signed and compressed module and its part" "0 $NEW" \
	"$(applet insmod modules/signed/$T.ko.xz >/dev/null 2>&1; echo $?) $(says first)"
is "neither was found to be unsigned" "  " \
	"$(tr -d OK </sys/module/$T/taint) $(tr -d OK </sys/module/$PART/taint) "
is "verify" "ok ok" "$(put "$SPLICE/$U/verify" 1) $(value $U verify)"
is "all go" "ok ok ok ok" "$(away)"
# Where the build signs its modules splice-gen has signed the part: then without the mark
# that the kernel looks for.
size=$(wc -c <"$LSP_UPDATES/$U-$T.ko")
[ "$(tail -c 28 "$LSP_UPDATES/$U-$T.ko")" != "~Module signature appended~" ] ||
	size=$((size - 28))
head -c "$size" "$LSP_UPDATES/$U-$T.ko" >"$LATE/$U-$T.ko"
install "$LATE/$U-$T.ko"
is "unsigned ones" "ok E E" "$(come) $(tr -d OK </sys/module/$T/taint) \
$(tr -d OK </sys/module/$PART/taint)"
is "all go" "ok ok ok ok" "$(away)"
install "$LSP_UPDATES/$U-$T.ko"

# Somebody does not answer.
come_gated
check "it does not wait for ever" wait_for 45 is_gone "$started"
check "nothing is left" gone
touch $LATE/go

helper modprobe
is "disable and unload" "ok ok" "$(switch_off $U) $(unload $U)"
is "nothing left in sysfs" features "$(ls $SPLICE)"
refuse "no warning" tainted $TAINT_WARN

finish
