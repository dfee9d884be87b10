#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # the lists of tests are named by the rows
#
# `make configs`: the trees, compilers and configurations that people have. For each
# row a kernel is built as configs/ says and tested in a guest, or nothing but a
# refusal is expected. The results go into Documentation/livesplice/runs.csv.
#
#	CONFIGS="a b"	only these rows

set -u
CALLER=$PWD
cd "$(dirname "$0")" || exit 3
. ./lib.sh
. ./build.sh
. ./record.sh

export RECORD=$TOP/Documentation/livesplice/runs.csv

# What shows each kind of thing that an update does, wherever it is built; with
# events and tracers, and without; and with hooks in the pause, and without.
TESTS_PLAIN="test-basic.sh test-kunit.sh test-asm.sh test-sysfs.sh test-modules.sh
	test-late.sh test-stack.sh test-replaces.sh test-kinds.sh test-state.sh
	test-shadow.sh test-data.sh test-weak.sh test-badinput.sh test-busy.sh
	test-relaxed.sh test-race.sh test-memory.sh test-rox.sh
	test-pinned.sh"
TESTS_HOOKS="test-hooks.sh test-answers.sh"
TESTS_TRACING="test-whole.sh test-borrow.sh test-events.sh test-trace.sh test-company.sh
	test-verify.sh"
TESTS_ALL="$TESTS_PLAIN $TESTS_HOOKS $TESTS_TRACING"
TESTS_FEW="test-basic.sh test-kunit.sh test-whole.sh test-modules.sh test-stack.sh
	test-kinds.sh test-data.sh test-hooks.sh test-weak.sh test-trace.sh"
# Not all of a kernel without names of variables can be matched, see trees.rst.
TESTS_NAMELESS="${TESTS_FEW/test-whole.sh /}"
# Modules of others have no kernel to use there, and so the test modules have not.
TESTS_TRIM="test-basic.sh test-kunit.sh test-asm.sh test-whole.sh test-sysfs.sh
	test-modules.sh test-kinds.sh test-borrow.sh test-state.sh test-shadow.sh
	test-data.sh test-weak.sh test-badinput.sh test-relaxed.sh test-events.sh
	test-trace.sh test-memory.sh $TESTS_HOOKS test-pinned.sh"
# Parts that modprobe finds, compressed.
TESTS_CLOUD="$TESTS_FEW test-late.sh"
# test-borrow.sh knows where gcc puts static branches.
TESTS_CLANG="${TESTS_ALL/test-borrow.sh /}"
# Without those whose patches have hooks in the pause, or no place in such code.
TESTS_RT="${TESTS_PLAIN/test-replaces.sh /} test-whole.sh test-events.sh test-company.sh
	test-rt.sh"
TESTS_SIGNED="test-kunit.sh test-signed.sh"

# Name, series, LLVM=, CONFIG=, options of the kernel, what is run: a list of tests,
# "everything", which is what `make check` does, or "refused OPTION", which splice-gen
# has to name.
ROWS="
7.3|7.3||||everything
6.12|6.12||||everything
6.1|6.1||||everything
clang|6.12|-16|||TESTS_CLANG
kcfi|6.12|-16|kcfi||TESTS_CLANG
thinlto|6.12|-16|thinlto||refused LTO_CLANG
defconfig|6.12||defconfig||TESTS_FEW
cloud|6.12||cloud||TESTS_CLOUD
rt|6.12||rt||TESTS_RT
signed|6.12||signed|lockdown=integrity|TESTS_SIGNED
trim|6.12||trim||TESTS_TRIM
nokallsyms|6.12||nokallsyms||TESTS_NAMELESS
noftrace|6.12||noftrace||TESTS_PLAIN
nokprobes|6.12||nokprobes||TESTS_PLAIN
randstruct|6.12||randstruct||refused RANDSTRUCT
pvspin|7.3||pvspin||TESTS_FEW
"

# refused_row OPTION	a configured tree is enough to be told so
refused_row()
{
	local option=$1 log

	check_config
	kmake -s prepare >"$TREE/log/prepare.log" 2>&1 ||
		die "make prepare failed (log: $TREE/log/prepare.log)"
	log=$TREE/log/refused.log
	"$SRC/scripts/splice-gen/splice-gen" -k "$SRC" -O "$OBJ" -o "$TREE" \
		"$VM/demo/CVE-2017-5123.patch" >"$log" 2>&1 </dev/null
	if [ $? -eq 3 ] && grep "CONFIG_$option is set" "$log"; then
		record_run splice-gen 1 0 "refused: $(sed -n "s/.*\(CONFIG_$option\) is set in [^ ]*: /\1: /p" "$log")"
	else
		cat "$log"
		record_run splice-gen 0 1 "not refused"
		return 1
	fi
}

# run_row SERIES LLVM CONFIG OPTIONS WHAT
run_row()
{
	local what=$5

	export KERNEL_SERIES=$1 KERNEL_LLVM=$2 KERNEL_CONFIG=$3 OPTIONS=$4
	case $what in
	everything) TESTS='' "$VM/check.sh" ;;
	refused*) ("$VM/configs.sh" --refused "${what#* }") ;;
	*) TESTS=$(xargs <<<"${!what}") "$VM/check.sh" ;;
	esac
}

if [ "${1:-}" = --refused ]; then
	lock_cache
	# shellcheck disable=SC2086 # a list of words
	need_packages $PACKAGES_BUILD
	# Headers of the compiler, for its plugins.
	need_packages "gcc-$(gcc -dumpversion | cut -d. -f1)-plugin-dev"
	refused_row "$2"
	exit
fi

for name in ${CONFIGS:-}; do
	grep -q "^$name|" <<<"$ROWS" || die "$name: no such row"
done
bad=()
rows=0
while IFS='|' read -r -u 3 name series llvm config options what; do
	[ -n "$name" ] || continue
	[ -z "${CONFIGS:-}" ] || [[ " $CONFIGS " == *" $name "* ]] || continue
	step "row $name"
	rows=$((rows + 1))
	run_row "$series" "$llvm" "$config" "$options" "$what" || bad+=("$name")
done 3<<<"$ROWS"

if [ ${#bad[@]} -gt 0 ]; then
	note "configs: of $rows rows these failed: ${bad[*]}"
	exit 1
fi
note "configs: ok, $rows rows"
