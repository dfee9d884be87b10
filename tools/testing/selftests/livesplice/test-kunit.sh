#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The KUnit suites of the engine ran while the kernel booted: their results as
# one flat list. None at all is a failure.

. ./functions.sh

KUNIT=/sys/kernel/debug/kunit
RESULTS=/tmp/kunit-results

[ -d $KUNIT ] || skip_all "no $KUNIT"

# "ok suite.case" or "not ok suite.case" or "skip suite.case", a line each. A
# suite that promised more cases than it has results failed for the rest.
cases()
{
	results "$1" | cases_of "$1"
}

# What a suite has said. Older kernels keep only the beginning of it, and the rest is
# in the log.
results()
{
	if cases_of "$1" <"$KUNIT/$1/results" | grep -q '[.]incomplete$'; then
		dmesg | sed 's/^\[[ .0-9]*\] //' |
			sed -n "/# Subtest: $1\$/,/^[a-z ]*ok [0-9]* $1\$/p"
	else
		cat "$KUNIT/$1/results"
	fi
}

# cases_of SUITE	on standard input
cases_of()
{
	awk -v suite="$1" '
		/^    1\.\.[0-9]+/ { sub(/^ *1\.\./, ""); planned = $1 }
		/^    (not )?ok [0-9]+ / {
			seen++
			word = /^    not ok/ ? "not ok" : "ok"
			if (/# SKIP/)
				word = "skip"
			sub(/^    (not )?ok [0-9]+ /, "")
			print word " " suite "." $1
		}
		END {
			if (!seen || seen < planned)
				print "not ok " suite ".incomplete"
		}'
}

for dir in "$KUNIT"/livesplice*; do
	[ -e "$dir/results" ] && cases "$(basename "$dir")"
done >$RESULTS

if [ ! -s $RESULTS ]; then
	plan 1
	fail "a livesplice suite ran"
	finish
fi

plan "$(wc -l <$RESULTS)"
while read -r word name; do
	case $word in
	ok)
		pass "$name"
		;;
	skip)
		pass "$name # SKIP"
		;;
	*)
		fail "${name#ok }"
		grep -h -B 4 "not ok [0-9]* ${name##*.}" "$KUNIT"/livesplice*/results |
			sed 's/^/# /'
		;;
	esac
done <$RESULTS
finish
