#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A broken invariant: what the engine reads back after a switch is not what it
# has written. From then on it changes nothing any more, whatever is asked of
# it, and says why; what is enabled stays enabled, and the machine lives on.
#
# The kernel is tainted by the warning, and no update can be loaded until the
# next boot, so this is the last test of a boot.

. ./functions.sh

DEBUGFS=/sys/kernel/debug
CODE=lsp_personality
DATA=lsp_table
OTHER=lsp_eventfd
NEW=lsp_cmdline
LATE=lsp_late			# has a part for a module that comes later
TARGET=lsp_comer

need_update $CODE $DATA $OTHER $NEW $LATE
[ -e modules/$TARGET.ko ] || skip_all "no modules/$TARGET.ko"
[ -e $DEBUGFS/fail_function/inject ] || skip_all "no CONFIG_FAIL_FUNCTION"

modes()
{
	sh -c 'stat -c %a /proc/$$/personality /proc/$$/limits' | xargs
}

# The first check is that before the switch, the second one that after it.
second_check_fails()
{
	echo 0 >"$DEBUGFS/fail_function/verbose"
	echo 100 >"$DEBUGFS/fail_function/probability"
	echo 2 >"$DEBUGFS/fail_function/interval"
	echo 1 >"$DEBUGFS/fail_function/times"
	echo lsp_data_check >"$DEBUGFS/fail_function/inject"
}

no_failures()
{
	echo >"$DEBUGFS/fail_function/inject"
	echo 0 >"$DEBUGFS/fail_function/probability"
	echo 1 >"$DEBUGFS/fail_function/interval"
}

refused()
{
	is "$1 is refused" "EIO poisoned $3" \
		"$(put "$SPLICE/$1/enabled" "$2") $(value "$1" result) $(value "$1" state)"
}

plan 33

is "load" "ok ok ok" "$(load $CODE) $(load $DATA) $(load $OTHER)"
is "enable one" ok "$(switch_on $CODE)"
is "and one for a module that is not there" "ok ok" "$(load $LATE) $(switch_on $LATE)"
# The warning is wanted: it must not be on the console, where the harness looks.
dmesg -n 4
follow_log
check "a check is made to fail" second_check_fails
is "enable the other" ok "$(switch_on $DATA)"
is "the check has failed" 0 "$(cat $DEBUGFS/fail_function/times)"
no_failures
dmesg -n 8
check "the log has a warning" wait_for 5 grep -qE 'WARNING:.*(lsp_|livesplice/)' $LOG_COPY
check "and what is broken" grep -q 'livesplice: broken invariant: !lsp_data_check' $LOG_COPY
check "the kernel is tainted by it" tainted $TAINT_WARN

# The switch itself was complete.
is "it is enabled" "enabled 444 400" "$(value $DATA state) $(modes)"
is "so is the first one" "enabled 0x5150000" \
	"$(value $CODE state) $(lsp-helper personality)"

# Nothing is changed any more.
refused $CODE 0 enabled
refused $DATA 0 enabled
refused $OTHER 1 loaded
refused $CODE 0 enabled
is "the first one still works" 0x5150000 "$(lsp-helper personality)"
is "the second one as well" "444 400" "$(modes)"
is "the third one does not" 7 "$(lsp-helper eventfd-value 7)"
mark_log
is "load" EIO "$(load $NEW)"
check "the log says why" eval "new_log | grep -q 'refused: poisoned:'"
is "what is so already is no change" "ok ok" \
	"$(switch_on $CODE) $(switch_off $OTHER)"

# A module that it should be brought into cannot come, unless that was allowed.
mark_log
is "a module that has a part" "ENOPKG poisoned" "$(load_module $TARGET) $(value $LATE result)"
check "the log says why" eval "new_log | grep -q '$LATE: module $TARGET is not loaded: poisoned:'"
is "allow" ok "$(put $SPLICE/$LATE/late allow)"
is "it comes, with old code" "ok 11" \
	"$(load_module $TARGET) $(cat /sys/module/$TARGET/parameters/now)"
is "it goes" ok "$(unload $TARGET)"

# But everything can be looked at, and what is not enabled can go.
is "verify" "ok ok" "$(put $SPLICE/$CODE/verify 1) $(value $CODE verify)"
is "verify of data" "ok ok" "$(put $SPLICE/$DATA/verify 1) $(value $DATA verify)"
check "all files can be read" eval "grep -rs '' $SPLICE >/dev/null"
is "unload what is enabled" EAGAIN "$(unload $CODE)"
is "unload what is not" ok "$(unload $OTHER)"
check "processes come and go" eval "[ \"\$(sh -c 'sh -c \"echo alive\"')\" = alive ]"
check "modules too" eval "[ \"\$(load_module binfmt_misc) \$(unload binfmt_misc)\" = 'ok ok' ]"

finish
