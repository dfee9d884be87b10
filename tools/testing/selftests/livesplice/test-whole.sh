#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Every function of every C unit of the kernel is matched with its pre object,
# by loading an update that has all of them in it. It has a unit in common with
# any other update, so it cannot be loaded while another one is enabled.

. ./functions.sh

U=lsp_whole

OTHER=lsp_personality

need_update $U $OTHER

plan 10

started=$(cut -d. -f1 /proc/uptime)
is "all of the kernel matches" ok "$(load $U)"
say "$(wc -l <"$LSP_UPDATES/$U.units") units in $(($(cut -d. -f1 /proc/uptime) - started)) s"
is "state" loaded "$(cat $SPLICE/$U/state)"
is "unload" ok "$(unload $U)"
is "load another" ok "$(load $OTHER)"
is "enable it" ok "$(switch_on $OTHER)"
mark_log
is "no second update of the same unit" EEXIST "$(load $U)"
check "log has the reason and both names" sh -c \
	"dmesg | sed '1,/$log_mark/d' | grep -q '$U: vmlinux:kernel/exec_domain.o is also a unit of $OTHER'"
is "disable the other" ok "$(switch_off $OTHER)"
is "unload the other" ok "$(unload $OTHER)"
refuse "no warning since boot" tainted $TAINT_WARN

finish
