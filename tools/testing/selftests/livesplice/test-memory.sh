#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What an update leaves in memory: its new code and what goes with it. The old
# code that it was proved with, most of the file, is gone when insmod returns.

. ./functions.sh

U=lsp_waitid

need_update $U

total()
{
	awk -v kind="$1" '$1 == kind { print $2 }' "$LSP_UPDATES/$U.sizes"
}

vmalloc_bytes()
{
	sleep 1
	echo $(($(vmalloc_pages) * 4096))
}

plan 7

proof=$(total proof)
alloc=$(total alloc)
say "file $(stat -c %s "$LSP_UPDATES/$U.ko") bytes: $alloc for the module, $proof of tables and old code"
check "the proof is the larger part" [ "$proof" -gt "$alloc" ]

load $U >/dev/null; unload $U >/dev/null
before=$(vmalloc_bytes)
is "load" ok "$(load $U)"
after=$(vmalloc_bytes)
module=$(awk -v name=$U '$1 == name { print $2 }' /proc/modules)
say "module $module bytes, vmalloc space grew by $((after - before))"
check "no more than the module stays" [ $((after - before)) -le "$module" ]
# A module has up to seven kinds of memory, each rounded up to a page.
check "the module is its alloc sections" [ "$module" -le $((alloc + 7 * 4096)) ]
refuse "no section of the proof has an address" \
	sh -c "ls /sys/module/$U/sections 2>/dev/null | grep -q livesplice; exit \$?"
is "unload" ok "$(unload $U)"
check "nothing stays after unload" [ "$(vmalloc_bytes)" -le "$before" ]

finish
