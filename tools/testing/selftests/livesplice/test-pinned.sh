#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# An update of which something may be left behind in the kernel: it can be
# undone, and enabled again, but never unloaded. Likewise its part for a module that
# comes later, and then that module. They stay behind in the guest, so this is the
# last of the tests.

. ./functions.sh

U=lsp_pinned
LATE=lsp_late_pinned
TARGET=lsp_comer
PART=${LATE}_$TARGET

need_update $U $LATE $LATE-$TARGET
[ -e modules/$TARGET.ko ] || skip_all "no modules/$TARGET.ko"

. ./kmod.sh

# state	the update's state
state()
{
	cat "$SPLICE/$U/state"
}

plan 19

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

make_modprobe /tmp/modprobe
echo /tmp/modprobe >$HELPER
install "$LSP_UPDATES/$LATE-$TARGET.ko"
is "one for a module that is not there" "ok ok" "$(load $LATE) $(switch_on $LATE)"
is "its module comes" ok "$(load_module $TARGET)"
check "with the part" is_loaded $PART
is "disable" "ok pinned" "$(switch_off $LATE) $(value $LATE state)"
is "neither part nor module can go" "EAGAIN EAGAIN" "$(unload $PART) $(unload $TARGET)"
is "the first part neither" EAGAIN "$(unload $LATE)"
is "enable again" ok "$(switch_on $LATE)"
is "verify, and disable again" "ok ok ok" \
	"$(put "$SPLICE/$LATE/verify" 1) $(value $LATE verify) $(switch_off $LATE)"
refuse "no warning since boot" tainted $TAINT_WARN

finish
