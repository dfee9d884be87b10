# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# One result line for each condition, a directory of its own, and the exit
# status of a script. Sourced by lib.sh and types-lib.bash.
#
#   outputs=(FILE...)        shown when a condition does not hold
#   check NAME COMMAND...    one result line
#   finish                   exit status of the script

test_dir=$(mktemp -d) || exit 1
trap 'rm -rf "$test_dir"' EXIT
cd "$test_dir" || exit 1
failed=0
outputs=()

check() {
	local name=$1
	shift
	if "$@"; then
		echo "ok $name"
	else
		echo "not ok $name"
		failed=1
		sed 's/^/# /' "${outputs[@]}" 2> /dev/null
	fi
}

finish() {
	exit "$failed"
}

# Conditions for check.

not() {
	! "$@"
}
