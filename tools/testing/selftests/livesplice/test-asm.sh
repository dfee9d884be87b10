#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A function written in assembly: rep_stos_alternative(), which clears memory
# of user space where the CPU has no fast way to do that by itself.

. ./functions.sh

U=lsp_clear_user

need_update $U
grep -qw fsrs /proc/cpuinfo && skip_all "this CPU does without the function"

# What a read of this many zeros gives, without the zeros.
zeros()
{
	dd if=/dev/zero bs="$1" count=1 2>/dev/null | tr -d '\000'
	echo .
}

plan 10

is "zeros" . "$(zeros 1445)"
is "load" ok "$(load $U)"
is "enable" ok "$(switch_on $U)"
is "new code" A. "$(zeros 1445)"
is "other sizes" . "$(zeros 1444)$(zeros 5 | tr -d .)$(zeros 4096 | tr -d .)"
put $SPLICE/$U/verify 1 >/dev/null
is "verify" ok "$(value $U verify)"
is "disable" ok "$(switch_off $U)"
is "zeros again" . "$(zeros 1445)"
is "unload" ok "$(unload $U)"
if is_loaded $U; then fail "gone"; else pass "gone"; fi

finish
