#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A hook that lets others run in the pause, as one does that sleeps: the switch is
# brought to its end, the log names the hook, and from then on nothing is changed.
# A kernel with CONFIG_DEBUG_ATOMIC_SLEEP has reported the hook itself as well.
#
# The kernel is tainted by the warning, and no update can be loaded until the
# next boot, so it has a boot of its own.

. ./functions.sh

U=lsp_awake
OTHER=lsp_personality

need_update $U $OTHER

domains()
{
	grep -c '(awake)' /proc/execdomains
}

# The debug kernel does it by what all functions do that may sleep.
reported_in_pause()
{
	if zcat /proc/config.gz | grep -q '^CONFIG_DEBUG_ATOMIC_SLEEP=y'; then
		grep -A 20 'BUG: sleeping function called from invalid context' "$LOG_COPY" |
			grep -q 'execdomains_apply+'
	else
		! grep -q 'sleeping function called' "$LOG_COPY"
	fi
}

plan 13

is "load" ok "$(load $U)"
# The warning is wanted: it must not be on the console, where the harness looks.
dmesg -n 3
follow_log
is "enable" ok "$(switch_on $U)"
dmesg -n 8
check "the log has a warning" wait_for 5 grep -qE 'WARNING:.*(lsp_|livesplice/)' $LOG_COPY
check "it names the hook" grep -q \
	"livesplice: $U: the hook execdomains_apply.* has slept in the pause" $LOG_COPY
check "and says what is broken" grep -q 'livesplice: broken invariant: op->awake' $LOG_COPY
check "where sleeping is checked, the hook itself is reported" reported_in_pause
check "the kernel is tainted by it" tainted $TAINT_WARN
is "the switch is complete" "enabled 1" "$(value $U state) $(domains)"
check "it took time" [ "$(value $U hooks_ns)" -gt 0 ]
is "nothing is changed any more" EIO "$(switch_off $U)"
is "result" poisoned "$(value $U result)"
is "nothing is loaded any more" EIO "$(load $OTHER)"
check "processes come and go" eval "[ \"\$(sh -c 'sh -c \"echo alive\"')\" = alive ]"

finish
