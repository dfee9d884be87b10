#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# `make faults`: the tests that make everything fail, do everything at the same
# time, and break an invariant, which `make check` has too; and the table of what
# came of each, to Documentation/livesplice/faults.rst.

set -u
cd "$(dirname "$0")" || exit 3
. ./lib.sh

RST=$TOP/Documentation/livesplice/faults.rst

log=$(mktemp)
trap 'rm -f "$log" "$log.rst"' EXIT
TESTS="test-fault.sh test-race.sh test-poison.sh" "$VM/check.sh" | tee "$log"
rc=${PIPESTATUS[0]}
[ "$rc" -eq 0 ] || exit "$rc"
awk -f faults.awk "$log" >"$log.rst" || exit
cmp -s "$log.rst" "$RST" || cp "$log.rst" "$RST"
