# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# For the tests types-*.sh: compile two versions of a small unit with debug
# information as splice-gen does, run splice-types, look at the report. No kernel
# is needed.
#
#   pre <<EOF ... / post <<EOF ...   the unit before and after the change
#   header SIDE <<EOF                unit.h of that side (pre or post)
#   run_types [FUNCTION...]          sets $rc; these functions are replaced

set -u -o pipefail
export LC_ALL=C

: "${SPLICE_ELF:?path of splice-elf, beside the splice-types to test}"
: "${CC:=gcc}"
SPLICE_TYPES=${SPLICE_ELF%/*}/splice-types

# shellcheck source=check-lib.bash
. "${BASH_SOURCE[0]%/*}/check-lib.bash"
outputs=(lines errors)
mkdir pre post
touch pre/unit.h post/unit.h
rc=none
dwarf='-gdwarf-5'
options=()

side() {
	cat > "$1/unit.c" || return 1
	# shellcheck disable=SC2086 # $dwarf is a list of words
	(cd "$1" && "$CC" -std=gnu11 -O2 -w -ffunction-sections -fdata-sections \
		-g $dwarf -fno-eliminate-unused-debug-types -c -o ../"$1.o" unit.c)
}

header() {
	cat > "$1/unit.h"
}

pre() {
	side pre
}

post() {
	side post
}

# The same text for both, edited by SED for what comes after.
both() {
	cat > text
	pre < text && sed -E "$1" text | post
}

run_types() {
	: > replaced
	(($# == 0)) || printf '%s\n' "$@" > replaced
	"$SPLICE_TYPES" -a pre.o -b post.o -r replaced \
		${options[@]+"${options[@]}"} > report 2> errors
	rc=$?
	tr '\v' '\n' < report > lines
}

# Conditions for check.

silent() {
	[[ $rc == 0 && ! -s report && ! -s errors ]]
}

# A line of the report, several of one text being several.
says() {
	grep -qE -e "$1" lines
}

# refused TYPE...: these, and no others, in the order of their names.
refused() {
	[[ $rc == 1 && $(sed -n 's/^refuse\tlayout\t\([^\t]*\)\t.*/\1/p' report) == \
		"$(printf '%s\n' "$@")" ]]
}

# Not refused, but told.
noted() {
	[[ $rc == 0 ]] && grep -qF -e "note	$1	" report
}
