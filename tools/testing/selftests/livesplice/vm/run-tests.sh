#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Runs in the guest: the selftests named in tests.list, one after the other.
# check.sh reads the markers; a test without its @@rc took the guest with it.

export LSP_UPDATES=/test/updates
status=0

while read -r name seconds <&3; do
	echo "@@test $name"
	start=$(cut -d. -f1 /proc/uptime)
	timeout "$seconds" sh "./$name" </dev/null
	rc=$?
	[ $rc -eq 0 ] || status=1
	echo "# $name: $(($(cut -d. -f1 /proc/uptime) - start)) s"
	echo "@@rc $name $rc"
done 3<tests.list
exit $status
