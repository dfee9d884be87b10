#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Runs in the crash kernel of dump.sh: what the dump of the kernel that has
# crashed says of live updates.

# shellcheck source=../functions.sh
. ./functions.sh

LIST="lsp_eventfd(+) lsp_cmdline"

plan 4

lsp-core info /proc/vmcore >/tmp/info
is "vmcoreinfo has the names" "$LIST" "$(sed -n 's/^LIVESPLICE=//p' /tmp/info)"
check "beside the time of the crash" grep -q '^CRASHTIME=[0-9]*$' /tmp/info
is "they are found by their address as well" "$LIST" "$(lsp-core updates /proc/vmcore)"
is "this kernel has none itself" "" "$(lsp-core updates /proc/kcore)"
finish
