#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A hundred switches there and back while every CPU calls the function as fast
# as it can and the machine works: each call gets one of the two right
# answers, and after a switch only the new one.

. ./functions.sh

U=lsp_personality
CYCLES=${LSP_CYCLES:-100}
OLD=0
NEW=0x5150000

need_update $U

cycle()
{
	answer=$(switch_on "$U")
	[ "$answer" = ok ] || { say "enable: $answer"; return 1; }
	answer=$(lsp-helper personality)
	[ "$answer" = "$NEW" ] || { say "enabled: $answer"; return 1; }
	answer=$(switch_off "$U")
	[ "$answer" = ok ] || { say "disable: $answer"; return 1; }
	answer=$(lsp-helper personality)
	[ "$answer" = "$OLD" ] || { say "disabled: $answer"; return 1; }
}

cycles()
{
	done=0
	longest=0
	while [ "$done" -lt "$CYCLES" ]; do
		cycle || { say "in cycle $done"; return 1; }
		pause=$(value "$U" pause_ns)
		[ "$pause" -le "$longest" ] || longest=$pause
		done=$((done + 1))
	done
	say "$done cycles, longest pause (of the undo) $longest ns"
}

plan 9

is "load" ok "$(load $U)"
is "a generous budget" "ok ok" \
	"$(put $SPLICE/$U/max_attempts 50) $(put $SPLICE/$U/retry_ms 10)"
is "old answer" $OLD "$(lsp-helper personality)"

start_load
lsp-helper hammer $OLD $NEW >/tmp/hammer 2>&1 &
hammer=$!
sleep 1
forks=$(awk '/^processes/ { print $2 }' /proc/stat)
check "$CYCLES cycles under load" cycles
forks=$(($(awk '/^processes/ { print $2 }' /proc/stat) - forks))
check "the load went on" [ $forks -gt "$CYCLES" ]
kill $hammer
wait $hammer
check "no caller saw a wrong answer" grep -q 'wrong 0$' /tmp/hammer
say "$(cat /tmp/hammer), $forks forks meanwhile"
check "callers saw both answers" grep -qE 'old [1-9][0-9]* new [1-9]' /tmp/hammer
stop_all

is "unload" "ok" "$(unload $U)"
refuse "no warning since boot" tainted $TAINT_WARN

finish
