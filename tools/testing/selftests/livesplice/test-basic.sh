#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The whole life of an update that closes a hole (CVE-2017-5123), and of a
# second, independent one: load, enable, disable, enable again, unload.

. ./functions.sh

U=lsp_waitid
V=lsp_cmdline

need_update $U $V

cmdline_word()
{
	cut -d' ' -f1 /proc/cmdline
}

# logged TEXT	is it in the kernel log?
logged()
{
	dmesg | grep -qF "$1"
}

plan 35

is "kernel is vulnerable" vulnerable "$(probe)"
is "load" ok "$(load $U)"
is "state after load" loaded "$(value $U state)"
is "enabled after load" 0 "$(value $U enabled)"
is "loading changes nothing" vulnerable "$(probe)"
if tainted $TAINT_LIVEPATCH; then fail "no taint before enable"; else
	pass "no taint before enable"; fi

is "enable" ok "$(switch_on $U)"
is "state when enabled" enabled "$(value $U state)"
is "enabled when enabled" 1 "$(value $U enabled)"
is "result" ok "$(value $U result)"
is "hole is closed" fixed "$(probe)"
check "taint when enabled" tainted $TAINT_LIVEPATCH
check "log has the switch" logged "livesplice: $U: enabled, "
# Without a daemon audit records end up in the log, a moment later.
check "audit has it too" wait_for 10 logged \
	"op=livesplice name=$U enabled=1 reason=ok res=1"
check "attempts counted" [ "$(value $U attempts)" -ge 1 ]
check "pause measured" [ "$(value $U pause_ns)" -gt 0 ]
say "pause_ns $(value $U pause_ns) attempts $(value $U attempts)"
is "enable again is no change" ok "$(switch_on $U)"
is "still closed" fixed "$(probe)"

first=$(cmdline_word)
is "load a second update" ok "$(load $V)"
is "enable the second" ok "$(switch_on $V)"
is "second in effect" spliced "$(cmdline_word)"
is "first still in effect" fixed "$(probe)"

is "disable the first" ok "$(switch_off $U)"
is "state after disable" loaded "$(value $U state)"
is "hole is back" vulnerable "$(probe)"
check "log has the undo" logged "livesplice: $U: disabled, "
check "audit has the undo" wait_for 10 logged \
	"op=livesplice name=$U enabled=0 reason=ok res=1"
is "second still in effect" spliced "$(cmdline_word)"
is "enable the first again" ok "$(switch_on $U)"
is "closed again" fixed "$(probe)"
is "disable both" "ok ok" "$(switch_off $V) $(switch_off $U)"
is "unload both" "ok ok" "$(unload $U) $(unload $V)"
is "nothing left in sysfs" features "$(ls $SPLICE)"
is "kernel as before" "vulnerable $first" "$(probe) $(cmdline_word)"
refuse "no warning since boot" tainted $TAINT_WARN

finish
