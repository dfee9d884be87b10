#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# An update of which something may be left behind in the kernel: it can be
# undone, and enabled again, but never unloaded. It stays behind in the guest,
# so this is the last of the tests.

. ./functions.sh

U=lsp_pinned

need_update $U

# state	the update's state
state()
{
	cat "$SPLICE/$U/state"
}

plan 11

is "load" ok "$(load $U)"
is "unload before it was ever enabled" ok "$(unload $U)"
is "load again" ok "$(load $U)"
is "enable" ok "$(switch_on $U)"
is "disable" ok "$(switch_off $U)"
is "state" pinned "$(state)"
is "unload is refused" EAGAIN "$(unload $U)"
is "enable again" ok "$(switch_on $U)"
is "disable again" ok "$(switch_off $U)"
is "still pinned" pinned "$(state)"
refuse "no warning since boot" tainted $TAINT_WARN

finish
