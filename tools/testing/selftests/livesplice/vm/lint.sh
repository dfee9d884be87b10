#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# `make lint`: what can be said about the sources without running them, in less
# than a minute. One line "ok GATE" or "not ok GATE" each, findings above it.
#
# checkpatch and kernel-doc come from the kernel source in the cache, sparse
# looks at the engine if a build tree is there too.

set -u
CALLER=$PWD
cd "$(dirname "$0")" || exit 3
. ./lib.sh
. ./build.sh

EXTRA_WARNINGS="-Wextra -Wunused -Wmissing-declarations -Wmissing-prototypes
	-Wmissing-format-attribute -Wold-style-definition -Wunused-const-variable
	-Wno-unused-parameter -Wno-missing-field-initializers -Wno-sign-compare
	-Wno-type-limits"
EXTRA_WARNINGS=$(tr -s '\n\t' ' ' <<<"$EXTRA_WARNINGS")
failed=0

# gate NAME	findings on standard input: none is good
gate()
{
	local findings

	findings=$(cat)
	if [ -z "$findings" ]; then
		echo "ok $1"
	else
		printf '%s\n' "$findings" | head -n 40
		echo "not ok $1"
		failed=1
	fi
}

# Our files that git knows or would know.
files()
{
	(cd "$TOP" && git ls-files -co --exclude-standard -- "$@" | sort -u |
		while IFS= read -r file; do [ -f "$file" ] && printf '%s\n' "$file"; done)
}

engine_files()
{
	files 'kernel/*.[ch]' 'include/*.h'
}

c_files()
{
	files '*.c' '*.h'
}

shell_files()
{
	local file

	files | while IFS= read -r file; do
		case $file in
		*.sh | *.bash) printf '%s\n' "$file" ;;
		*.c | *.h | *.patch | *.rst) ;;
		*) head -n 1 "$TOP/$file" | grep -qE '^#!.*[/ ](ba)?sh' && printf '%s\n' "$file" ;;
		esac
	done
}

checkpatch()
{
	local -a older=()

	# Does it know what stands right behind the function that it is about?
	grep -q ALLOW_ERROR_INJECTION "$SRC/scripts/checkpatch.pl" ||
		older=(--ignore LINE_SPACING)
	(cd "$TOP" && c_files | xargs -r -P "$JOBS" -n 4 \
		perl "$SRC/scripts/checkpatch.pl" --strict --no-tree --no-summary \
		--terse --show-types --max-line-length=100 "${older[@]}" -f 2>&1) |
		grep -E '(ERROR|WARNING|CHECK):' | while IFS= read -r line; do
			excused "$line" || printf '%s\n' "$line"
		done
}

# Is the finding "FILE:LINE: KIND:TYPE: text" in the list?
excused()
{
	local file=${1%%:*} type pattern kind

	type=$(sed -E 's/.*(ERROR|WARNING|CHECK):([A-Z_]*):.*/\2/' <<<"$1")
	while read -r pattern kind _; do
		# shellcheck disable=SC2053 # it is a pattern
		[[ $file == $pattern && $type == "$kind" ]] && return
	done <"$VM/lint-excused"
	return 1
}

kernel_doc()
{
	local -a all=()

	! perl "$SRC/scripts/kernel-doc" -h 2>&1 | grep -q -e -Wall || all=(-Wall)
	(cd "$TOP" && c_files | xargs -r perl "$SRC/scripts/kernel-doc" -none "${all[@]}" -Werror 2>&1) |
		grep -vE '^[0-9]+ (warnings|errors) as'
}

# Neither pass makes anything in the build tree: what is built there must stay
# what `make` would build.
run_sparse()
{
	local log rc not='^$'

	# sparse sees no guard end. Trees that do not make up for it say so everywhere.
	grep -A 12 'GUARD.*(rcu' "$SRC/include/linux/rcupdate.h" |
		grep -qE '__release(s_shared)?\(RCU\)' ||
		not='context imbalance'
	log=$(mktemp)
	kmake C=2 -j"$JOBS" CHECK="sparse -Wbitwise -Wcontext" \
		kernel/livesplice/ kernel/module/livesplice.o >"$log" 2>&1
	rc=$?
	grep -E '(warning|error):' "$log" | grep livesplice | grep -v "$not"
	[ $rc -eq 0 ] || { echo "make C=2 ended with $rc"; tail -n 5 "$log"; }
	rm -f "$log"
}

# The saved commands once more, with what W=1 would add. One that is not found is a
# finding as well.
extra_warnings()
{
	local cmd saved

	for cmd in "$OBJ"/kernel/livesplice/.*.o.cmd "$OBJ"/kernel/module/.livesplice.o.cmd; do
		grep -Eq '^(saved)?cmd_[^ ]* := [^ ]*(gcc|clang)' "$cmd" || continue
		saved=$(sed -nE '1s/^(saved)?cmd_[^ ]* := (.*\.c) *(;.*)?$/\2/p' "$cmd")
		sed -e 's/ -Wp,-MMD,[^ ]*//' -e 's, -c -o [^ ]*, -c -o /dev/null,' \
			<<<"${saved:-echo error: $(basename "$cmd") has no command; :}"
	done | (cd "$OBJ" && tr '\n' '\0' |
		xargs -0 -r -P "$JOBS" -I{} sh -c "{} $EXTRA_WARNINGS" 2>&1) |
		grep -E '(warning|error|not found)'
}

# An option that a tree has no more is never set, and what it decides is left out
# without a word. What a tree lacks and is excused for, kernel.instead knows.
options_unknown()
{
	engine_files | (cd "$TOP" && xargs grep -noE 'CONFIG_[A-Z0-9_]+') |
		awk 'FILENAME != "-" { known[$1]; next }
		     { split($0, at, ":") }
		     !(at[3] in known) { print at[1] ":" at[2] ": " at[3] ": not in this tree" }' \
			<(config_known) <(grep -o '^CONFIG_[A-Z0-9_]*' "$VM/kernel.instead") -
}

# SC2317: functions that are called by name, as by run_long(), look unreachable.
run_shellcheck()
{
	(cd "$TOP" && shell_files | xargs -r -P "$JOBS" -n 4 \
		shellcheck -x -S style -e SC2317 -f gcc -P SCRIPTDIR)
}

budgets()
{
	(cd "$TOP" || exit
	 engine_files | xargs -r awk -v max_func=80 -v max_file=450 -f "$VM/budget.awk"
	 files 'scripts/*.[ch]' 'tools/*.[ch]' | xargs -r awk -v max_func=100 -v max_file=650 \
		-f "$VM/budget.awk"
	 shell_files | xargs -r awk -v max_func=60 -v max_file=750 -f "$VM/budget.awk")
}

# words PATTERN PATHSPEC...
words()
{
	local pattern=$1
	shift

	(cd "$TOP" && files "$@" | xargs -r grep -nIE -e "$pattern" --)
}

# The words of the kernel's table against those that Documentation explains.
reasons()
{
	local table=$TOP/kernel/livesplice/words.h kernel documented

	kernel=$(sed -n '/^#define LSP_REASONS(X)/,/[^\\]$/s/.*X([A-Z]*,[[:space:]]*"\([a-z]*\)".*/\1/p' \
		"$table" | sort)
	[ -n "$kernel" ] || echo "no reason words found in $table"
	documented=$(reason_words "$TOP/Documentation/livesplice/reasons.rst")
	diff <(echo "$kernel") <(echo "$documented") | sed -n \
		-e 's/^< \(.*\)/reason "\1" is not in Documentation\/livesplice\/reasons.rst/p' \
		-e 's/^> \(.*\)/reasons.rst explains "\1", which the kernel does not know/p'
	documented=$(abi_words "$TOP/Documentation/ABI/testing/sysfs-kernel-splice")
	diff <(echo "$kernel") <(echo "$documented") | sed -n \
		-e 's/^< \(.*\)/reason "\1" is not in Documentation\/ABI/p' \
		-e 's/^> \(.*\)/Documentation\/ABI names "\1", which the kernel does not know/p'
}

# shellcheck disable=SC2016 # backquotes are what is looked for
# Words that reasons.rst defines: ``word`` alone at the beginning of a line.
reason_words()
{
	sed -n 's/^``\([a-z]*\)``.*/\1/p' "$1" 2>/dev/null | sort
}

# shellcheck disable=SC2016
# Words that the entry of .../result lists, in quotes or double backquotes.
abi_words()
{
	awk '/^What:/ { on = /\/result$/ } on' "$1" 2>/dev/null |
		grep -oE '(``[a-z]+``|"[a-z]+")' | tr -d '"`' | sort -u
}

# The words of the generator's table against Documentation and the tests.
generator_reasons()
{
	local gen=$TOP/scripts/splice-gen word known documented tested

	known=$(sed -n 's/^\tX([A-Z_]*, "\([a-z-]*\)", \\$/\1/p' "$gen/reasons.h" | sort)
	[ -n "$known" ] || echo "no reason words found in scripts/splice-gen/reasons.h"
	sort <<<"$known" | uniq -d | sed 's/.*/reason "&" is there twice/'
	documented=$(refusal_words "$TOP/Documentation/livesplice/splice-gen.rst")
	diff <(echo "$known") <(echo "$documented") | sed -n \
		-e 's/^< \(.*\)/reason "\1" is not in Documentation\/livesplice\/splice-gen.rst/p' \
		-e 's/^> \(.*\)/splice-gen.rst explains "\1", which splice-elf does not know/p'
	tested=$(tested_words)
	for word in $known; do
		grep -qE "(^|[^a-z-])$word([^a-z-]|\$)" <<<"$tested" ||
			echo "reason \"$word\" is in no test"
	done
}

# Words in front of an explanation, in the part about refusals.
refusal_words()
{
	awk '/^Refusals$/ { on = 1 }
	     on && /^    / && last ~ /^[a-z-]+(, [a-z-]+)*$/ { print last }
	     { last = $0 }' "$1" | tr -s ', ' '\n' | sort
}

# The last column of the tables of changes.rst.
documented_tests()
{
	local name

	sed -n '/^     - \(diff\|finish\|gen\|test\|types\)-[a-z0-9, -]*$/s/^     - //p' \
		"$TOP/Documentation/livesplice/changes.rst" | tr -s ', ' '\n' | sort -u |
		while read -r name; do
			[ -e "$TOP/scripts/splice-gen/tests/$name.sh" ] ||
				[ -e "$TOP/tools/testing/selftests/livesplice/$name.sh" ] ||
				echo "changes.rst names $name, which is no test"
		done
}

# Lines of tests that want a refusal.
tested_words()
{
	(cd "$TOP" && files 'scripts/splice-gen/tests/*.sh' 'tools/testing/selftests/livesplice/*.sh' |
		xargs -r grep -hE '^[^#]*(refuse|status 1|says|damaged|without)')
}

BASE=$VM/demo/CVE-2017-5123-vulnerable.patch
if [ -z "${SRC:-}" ]; then
	lock_cache
	# shellcheck disable=SC2086 # lists of words
	need_packages $PACKAGES_BUILD $PACKAGES_LINT
	kernel_tree check "$BASE" >/dev/null
fi
# What must not be in a source, spelled so that this line is not a finding.
UNDONE='\b(TO''DO|FIX''ME|XX''X)\b'
MACHINE='(^|[^A-Za-z0-9_.$}])/(wo''rk|ro''ot)/'

options_unknown | gate "options that the tree has"
checkpatch | gate "checkpatch --strict"
kernel_doc | gate "kernel-doc"
if [ -e "$OBJ/vmlinux" ]; then
	run_sparse | gate "sparse"
	extra_warnings | gate "compiler W=1"
fi
run_shellcheck | gate "shellcheck"
budgets | gate "budgets of functions and files"
words "$UNDONE" | gate "nothing left to do"
words '\bBUG(_ON)?\(' 'kernel/*' | gate "no BUG in the engine"
words '(LINUX_VERSION_CODE|KERNEL_VERSION)' 'kernel/*' | gate "no version tests in the engine"
words "$MACHINE" | gate "no paths of a machine"
reasons | gate "reasons are documented"
generator_reasons | gate "reasons of the generator are documented and tested"
documented_tests | gate "tests that Documentation names are there"
exit $failed
