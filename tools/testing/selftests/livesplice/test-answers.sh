#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Data that was initialised when the kernel booted, and is to be another: a hook
# brings it over, and back when the update is undone. What an administrator has set
# meanwhile stays.

. ./functions.sh

U=lsp_answers
AIO=/proc/sys/fs/aio-max-nr
PRINTK=/proc/sys/kernel/printk
BURST=/proc/sys/net/core/message_burst
DOMAINS=/proc/execdomains

need_update $U

level()
{
	awk '{ print $2 }' $PRINTK
}

all()
{
	echo "$(cat $AIO) $(level) $(cat $BURST)"
}

reads()
{
	awk '$1 == "reads" { print $2 }' $DOMAINS
}

plan 17

is "before" "65536 4 10" "$(all)"
is "nobody counts" "" "$(reads)"
is "load" ok "$(load $U)"
is "nothing has changed" "65536 4 10" "$(all)"
is "enable" ok "$(switch_on $U)"
is "the new defaults" "131072 5 20" "$(all)"
is "what init would have allocated is there" "1 2" "$(reads) $(reads)"
is "disable" ok "$(switch_off $U)"
is "the old ones" "65536 4 10" "$(all)"
is "nobody counts" "" "$(reads)"

is "an administrator sets one" ok "$(put $AIO 1000)"
is "enable" ok "$(switch_on $U)"
is "it stays, the others are new" "1000 5 20" "$(all)"
is "the count is new" 1 "$(reads)"
is "disable and unload" "ok ok" "$(switch_off $U) $(unload $U)"
is "it still stays" "1000 4 10" "$(all)"
is "set it back" ok "$(put $AIO 65536)"

finish
