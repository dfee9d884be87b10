#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Spinlocks that sleep (PREEMPT_RT): an update whose hook runs in the pause is
# refused, for it might find somebody in the middle of what a lock protects; one
# that has hooks elsewhere, or none, is not.

. ./functions.sh

H=lsp_hooks
U=lsp_waitid

need_update $H
need_update $U
uname -v | grep -q PREEMPT_RT || skip_all "this is no PREEMPT_RT kernel"

plan 12

mark_log
is "a hook for the pause" EOPNOTSUPP "$(load $H)"
check "the log says why" new_says "$H: .*preempt: "
refuse "nothing is left of it" is_loaded $H
refuse "nor in sysfs" [ -e $SPLICE/$H ]
is "one without" ok "$(load $U)"
is "as it was" vulnerable "$(probe)"
is "enable" ok "$(switch_on $U)"
is "applied" fixed "$(probe)"
is "disable" ok "$(switch_off $U)"
is "undone" vulnerable "$(probe)"
is "unload" ok "$(unload $U)"
refuse "no warning" tainted $TAINT_WARN

finish
