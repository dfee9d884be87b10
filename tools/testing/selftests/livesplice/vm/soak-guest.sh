#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The part of `make soak` that runs in the guest (see soak.sh): the random walk of
# lsp-soak, and then what it has left: nothing in sysfs, no module, no memory, no
# report of any checker of this kernel.

# shellcheck source=../functions.sh
. ./functions.sh
# shellcheck source=../kmod.sh
. ./kmod.sh
# MINUTES and SEED
# shellcheck source=/dev/null
. ./soak.env

LEAKS=/sys/kernel/debug/kmemleak

# leaks		what nobody points at any more; young objects are left out
leaks()
{
	echo scan >"$LEAKS"
	sleep 6
	echo scan >"$LEAKS"
	cat "$LEAKS"
}

# What is loaded, and how much memory it takes.
left_over()
{
	cut -d' ' -f1 /proc/modules | sort | xargs
	ls "$SPLICE"
}

# settled PAGES	Is no more vmalloc space in use than that? RCU may need a while.
settled()
{
	[ "$(vmalloc_pages)" -le "$1" ]
}

plan 10

for dir in "$SPLICE" /sys/kernel/tracing; do
	check "there is $dir" [ -d "$dir" ]
done
check "lockdep is on" grep -q 'debug_locks: *1' /proc/lockdep_stats
check "slabs are checked" grep -q 1 /sys/kernel/slab/kmalloc-64/red_zone
check "leaks are looked for" [ -e "$LEAKS" ]

make_modprobe /tmp/modprobe
echo /tmp/modprobe >"$HELPER"
install updates/*-*.ko
load_module exportfs >/dev/null
load lsp_bench >/dev/null

# So that what is allocated once is there.
lsp-soak 1 "$SEED" >/dev/null
echo clear >"$LEAKS"
before=$(left_over)
pages=$(vmalloc_pages)
follow_log

check "$MINUTES minutes of it" lsp-soak "$MINUTES" "$SEED"
is "nothing is left of it" "$before" "$(left_over)"
check "no memory" wait_for 30 settled "$pages"
is "no memory that nobody knows of" "" "$(leaks | grep -v '^ *\[<' | head -n 40)"
is "no checker has found anything" "" "$(splats)"

finish
