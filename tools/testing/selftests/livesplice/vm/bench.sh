#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# `make bench`: what a pause and a call cost. Once in the time of this machine,
# and once counted: with -icount a nanosecond of the guest is an instruction,
# so that the numbers are the same on every machine.

set -u
export TESTS=test-pause.sh

"$(dirname "$0")/check.sh" || exit
echo
echo "The same, counted: 1 ns is one instruction, 1000 ps likewise"
GUEST_ICOUNT=1 exec "$(dirname "$0")/check.sh"
