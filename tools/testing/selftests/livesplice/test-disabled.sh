#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The administrator forbids modules while one waits for its part. That cannot be
# taken back, so it has a boot of its own.

. ./functions.sh

U=lsp_late

. ./late.sh

DISABLED=/proc/sys/kernel/modules_disabled

plan 12

install "$LSP_UPDATES/$U-$T.ko"
is "load" ok "$(load $U)"
is "enable" ok "$(switch_on $U)"
helper gate
start come
check "the module waits" wait_for 10 [ -s $LATE/asked ]
echo 1 >$DISABLED
is "no more modules" EPERM "$(load_module lsp_kinds)"
mark_log
touch $LATE/go
check "the part may not come" wait_for 20 new_says "$U: module $T is not loaded: part: "
wait "$started"
refuse "nor does the module" is_loaded $T
refuse "nothing is left of it" [ -e /sys/module/$T ]
is "state" "enabled $T part" \
	"$(value $U state) $(value $U pending) $(value $U result)"
is "disable" ok "$(switch_off $U)"
is "enable" ok "$(switch_on $U)"
is "disable again" ok "$(switch_off $U)"
refuse "no warning" tainted $TAINT_WARN

finish
