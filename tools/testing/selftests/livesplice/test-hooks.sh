#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Hooks of the author: which are called, in which order, and what is left when
# one says no or nothing comes of it. Then a list of live objects that is brought
# over to new code in the pause, and back.

. ./functions.sh

U=lsp_hooks
G=lsp_grown
TARGET=lsp_kinds
PANIC=/proc/sys/kernel/panic
TRACING=/sys/kernel/tracing
EVENT=events/livesplice/livesplice_hook/enable
panic=$(cat $PANIC)

need_update $U $G
[ -e modules/$TARGET.ko ] || skip_all "no modules/$TARGET.ko"
[ -e $TRACING/trace ] || mount -t tracefs none $TRACING 2>/dev/null

# Of the last operation, what the last hook has said.
noted()
{
	new_log | sed -n 's/.*noted: \(.*[^ ]\) *$/\1/p' | tail -n 1
}

# veto LETTER	the hook of this letter, of the second file, says no; none with ""
veto()
{
	veto_number=$panic
	[ -z "$1" ] || veto_number=$((1000 + $(printf '%d' "'$1")))
	echo "$veto_number" >$PANIC
}

count()
{
	lsp-helper eventfd-value 7
}

# What there is of an update: its state, how many use it.
traces()
{
	echo "$(value $U state) $(awk -v u=$U '$1 == u { print $3 }' /proc/modules) $(count)"
}

# try WRITE LETTER	with a veto
try()
{
	veto "$2"
	put $SPLICE/$U/enabled "$1"
	veto ""
}

names()
{
	awk '{ print ($1 == "nodev" ? $2 : $1) }' /proc/filesystems | xargs
}

backwards()
{
	for backwards_name in $1; do
		backwards_list="$backwards_name ${backwards_list:-}"
	done
	echo "${backwards_list% }"
	backwards_list=
}

# uses NAME	what /proc/filesystems says of one: its count, and 1 if it has one
# from its beginning, 2 from a hook, 0 if it has none
uses()
{
	awk -v n="$1" '$1 == n { print $2, $3 } $2 == n { print $3, $4 }' /proc/filesystems
}

# How many are of this kind?
made()
{
	awk -v k="$1" '$NF == k { nr++ } END { print nr + 0 }' /proc/filesystems
}

plan 62

is "load" "ok ok ok" "$(load_module $TARGET) $(load $U) $(load $U-$TARGET)"
is "nobody is to be nudged" ok "$(put $SPLICE/$U/nudge none)"
before=$(traces)

echo 1 >$TRACING/$EVENT
mark_log
is "check says no" ECANCELED "$(try 1 c)"
is "result" veto "$(value $U result)"
is "nothing else is called" "ac bc" "$(noted)"
matches "the log names the hook" "*$U: hook check, noted_check*, says no: -11*" "$(new_log)"
is "no trace is left" "$before" "$(traces)"
matches "the trace has it" "*update=$U kind=check function=noted_check*answer=-11*" \
	"$(cat $TRACING/trace)"
echo 0 >$TRACING/$EVENT
echo >$TRACING/trace
is "no attempt was made" 0 "$(value $U attempts)"

mark_log
is "pre says no" ECANCELED "$(try 1 p)"
is "result" veto "$(value $U result)"
is "fail of those before it is called" "ac bc cc ap bp af" "$(noted)"
is "no trace is left" "$before" "$(traces)"

start lsp-helper eventfd-block
blocker=$started
check "a task sleeps in a function" wait_for 5 sleeps_in "$blocker" eventfd_read
is "several attempts" "ok ok" \
	"$(put $SPLICE/$U/max_attempts 3) $(put $SPLICE/$U/retry_ms 20)"
mark_log
is "enable is busy" EBUSY "$(try 1 "")"
is "there were several" 3 "$(value $U attempts)"
is "each is called once, then fail, the last first" \
	"ac bc cc ap bp cp cf bf af" "$(noted)"
is "hooks_ns" 0 "$(value $U hooks_ns)"
is "kernel as it was" 7 "$(count)"
kill "$blocker"
wait "$blocker" 2>/dev/null
is "budget as it was" ok "$(put $SPLICE/$U/max_attempts 20)"

mark_log
is "enable" ok "$(try 1 "")"
is "all in their order" "ac bc cc ap bp cp aa ba ca ao bo co" "$(noted)"
is "new code" 1007 "$(count)"
hooks_ns=$(value $U hooks_ns)
pause_ns=$(value $U pause_ns)
say "hooks $hooks_ns ns, pause $pause_ns ns without them"
check "three hooks of 500 us each" [ "$hooks_ns" -ge 1500000 ]
mark_log
is "enable once more" ok "$(try 1 "")"
is "nothing is called" "" "$(noted)"

mark_log
is "undo_check says no" ECANCELED "$(try 0 C)"
is "state" enabled "$(value $U state)"
is "nothing else is called" "cC bC" "$(noted)"
mark_log
is "undo_pre says no" ECANCELED "$(try 0 P)"
is "undo_fail of those before it is called" "cC bC aC cP bP cF" "$(noted)"
is "new code" 1007 "$(count)"

start lsp-helper eventfd-block
blocker=$started
check "a task sleeps in new code" wait_for 5 sleeps_in "$blocker" eventfd_read.splice
is "few attempts" ok "$(put $SPLICE/$U/max_attempts 2)"
mark_log
is "disable is busy" EBUSY "$(try 0 "")"
is "each is called once, then undo_fail" \
	"cC bC aC cP bP aP aF bF cF" "$(noted)"
kill "$blocker"
wait "$blocker" 2>/dev/null
is "budget as it was" ok "$(put $SPLICE/$U/max_attempts 20)"
mark_log
is "disable" ok "$(try 0 "")"
is "all in the opposite order" "cC bC aC cP bP aP cA bA aA cO bO aO" "$(noted)"
is "no trace is left" "$before" "$(traces)"
is "unload" "ok ok" "$(unload ${U}_$TARGET) $(unload $U)"

unload binfmt_misc >/dev/null
old=$(names)
mark_log
is "load" ok "$(load $G)"
is "enable" ok "$(switch_on $G)"
is "the list is turned around" "$(backwards "$old")" "$(names)"
is "each has got its count" "$(echo "$old" | wc -w) 0" "$(made 2) $(made 0)"
mkdir -p /tmp/grown
first=$(uses ramfs)
mount -t ramfs none /tmp/grown && umount /tmp/grown
is "it counts" "0 2 1 2" "$first $(uses ramfs)"
is "a filesystem comes" ok "$(load_module binfmt_misc)"
is "it has one from the beginning" "0 1" "$(uses binfmt_misc)"
is "it is the first" binfmt_misc "$(names | cut -d' ' -f1)"
is "it goes" ok "$(unload binfmt_misc)"
is "the others stay" "$(backwards "$old")" "$(names)"
is "another one comes" ok "$(load_module binfmt_misc)"
is "disable" ok "$(switch_off $G)"
is "the list is as it would be" "$old binfmt_misc" "$(names)"
is "enable again" ok "$(switch_on $G)"
is "all counts are new" "0 2 0 2" "$(uses ramfs) $(uses binfmt_misc)"
is "disable and unload" "ok ok ok" "$(switch_off $G) $(unload $G) $(unload binfmt_misc)"
is "the list is as it was" "$old" "$(names)"
is "nothing is left behind" "" "$(new_log | grep 'left behind')"
is "unload the target" ok "$(unload $TARGET)"
refuse "no warning since boot" tainted $TAINT_WARN

finish
