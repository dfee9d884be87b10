#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Every function of every C unit of the kernel is matched with its pre object,
# by loading an update that has all of them in it. Nothing is enabled.

. ./functions.sh

U=lsp_whole

need_update $U

plan 4

started=$(cut -d. -f1 /proc/uptime)
is "all of the kernel matches" ok "$(load $U)"
say "$(wc -l <"$LSP_UPDATES/$U.units") units in $(($(cut -d. -f1 /proc/uptime) - started)) s"
is "state" loaded "$(cat $SPLICE/$U/state)"
is "unload" ok "$(unload $U)"
refuse "no warning since boot" tainted $TAINT_WARN

finish
