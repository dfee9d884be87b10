#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A weak function that no other definition overrides.

. ./functions.sh

U=lsp_weak

need_update $U

# Is this a terminal? That is what its settings are asked for.
says()
{
	if [ -t 0 ]; then
		echo terminal
	else
		echo none
	fi </dev/ptmx
}

[ "$(says)" = terminal ] || skip_all "no terminal"

plan 8

is "load" ok "$(load $U)"
is "loading changes nothing" terminal "$(says)"
is "enable" ok "$(switch_on $U)"
is "new code" none "$(says)"
put $SPLICE/$U/verify 1 >/dev/null
is "verify" ok "$(value $U verify)"
is "disable" ok "$(switch_off $U)"
is "old code" terminal "$(says)"
is "unload" ok "$(unload $U)"

finish
