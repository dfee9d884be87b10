#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# `make matrix`: the faces of the machine. The kernel rewrites its text as the
# processor and the command line want it; on each of these machines everything
# that it runs must match, and an update be applied and undone. Prints a table;
# when all rows are good, Documentation/livesplice/matrix.rst is made from it.
#
#	MATRIX="a b"	only these rows; Documentation is left alone
#	KDIR=TREE	kernel source other than the distribution's

set -u
CALLER=$PWD
cd "$(dirname "$0")" || exit 3
. ./lib.sh
. ./build.sh
. ./qemu.sh

PAGE=$TOP/Documentation/livesplice/matrix.rst
# For a row, in a guest without KVM.
LIMIT=300

# Name, kernel (empty, or a value of DEBUG), model of the CPU, -smp, CPUs at first,
# options of the kernel, what is special. matrix-guest.sh has more for some names.
ROWS="
qemu64||qemu64|2|2||a CPU without anything new
max||max|2|2||all that the emulator has
skylake||Skylake-Client|2|2|spectre_v2=retpoline retbleed=stuff|call depth tracking: code in front of functions
one-cpu||qemu64|1|1|spectre_v2=off|no lock prefixes, indirect calls in line
late||max|2|1|maxcpus=1|one CPU; lock prefixes come back with the second, while the update is enabled
offline||max|2|1||the second CPU goes, and comes back while the update is enabled
four-cpus||max|4|4||more CPUs
isolated||max|2|2|nohz_full=1 isolcpus=1|a CPU without a tick
no-mitigations||Skylake-Client|2|2|mitigations=off|returns and indirect calls as compiled
preempt-none||max|2|2|preempt=none|static calls of the scheduler lead elsewhere
preempt-voluntary||max|2|2|preempt=voluntary|likewise
preempt-full||max|2|2|preempt=full|likewise
ftrace||max|2|2||every function calls the tracer
debug|kasan|max|2|2||a kernel with lockdep and KASAN
"

# wanted NAME	is the row asked for?
wanted()
{
	[ -z "${MATRIX:-}" ] || [[ " $MATRIX " == *" $1 "* ]]
}

# rows KERNEL	those of a kernel that are asked for, without that column
rows()
{
	local name kernel rest

	while IFS='|' read -r name kernel rest; do
		if [ -n "$name" ] && [ "$kernel" = "$1" ] && wanted "$name"; then
			printf '%s|%s\n' "$name" "$rest"
		fi
	done <<<"$ROWS"
}

# A name that is no row must not look like success.
check_names()
{
	local name

	for name in ${MATRIX:-}; do
		grep -q "^$name|" <<<"$ROWS" || die "there is no row $name"
	done
}

# Everything that the guest needs, in $1.
guest_files()
{
	local dir=$1

	mkdir -p "$dir/updates"
	cp "$SELFTESTS/functions.sh" "$VM/run-tests.sh" "$VM/matrix-guest.sh" "$dir/"
	guest_program "$SELFTESTS/lsp-helper.c" "$dir/lsp-helper"
	guest_program "$VM/demo/probe.c" "$dir/probe"
	if ! make_update "$VM/demo/CVE-2017-5123.patch" lsp_waitid "$dir/updates" ||
	   ! make_update "$SELFTESTS/patches/traced.patch" lsp_traced "$dir/updates"; then
		cat "$dir"/updates/*.log
		die "no update was made"
	fi
	SRC=$SRC OBJ=$OBJ "$VM/whole.sh" "$dir/updates" || die "no update of everything was made"
}

# row_failed NAME STATUS	why, from what the guest said
row_failed()
{
	local name=$1 status=$2 why found=

	while read -r why; do
		reasons+=("$name: ${why#matrix-guest.sh: }")
		found=1
	done < <(awk -f "$VM/tally.awk" "$GUEST_LOG/result.log" | sed 1d)
	[ -n "$found" ] || reasons+=("$name: the guest ended with status $status")
	if [ -s "$GUEST_LOG/splats" ]; then
		reasons+=("$name: $(head -n 1 "$GUEST_LOG/splats")")
	fi
	reasons+=("$name: logs in $GUEST_LOG")
}

# row_done NAME SECONDS WHAT	its line of the table
row_done()
{
	local units functions mismatch applied undone

	read -r units functions mismatch applied undone < <(
		sed -n 's/^@@face //p' "$GUEST_LOG/result.log" | tr -d '\r')
	printf '%s|%s|%s|%s|%s|%s|%s|%s\n' "$1" "$3" "${units:--}" "${functions:--}" \
		"${mismatch:--}" "${applied:--}" "${undone:--}" "$2" >>"$work/table"
	note "   ${units:--} units, ${functions:--} functions, mismatch ${mismatch:--}," \
		"applied ${applied:--}, undone ${undone:--}, $2 s"
}

# run_row DIR "NAME|CPU|SMP|CPUS|OPTIONS|WHAT"
run_row()
{
	local dir=$1 name cpus options what start=$SECONDS limit=$LIMIT status

	IFS='|' read -r name GUEST_CPU GUEST_SMP cpus options what <<<"$2"
	step "$name: -cpu $GUEST_CPU -smp $GUEST_SMP $options"
	GUEST_MEMORY=512
	if [ -n "${DEBUG:-}" ]; then
		GUEST_MEMORY=2048
		limit=$((limit * 6))
	fi
	# Tens of thousands of sites become INT3 and then something else, while all
	# run: too much for an emulator with more than one thread (see guest_stale).
	GUEST_THREADS=multi
	[ "$name" != ftrace ] || GUEST_THREADS=single
	GUEST_APPEND="kunit.enable=0 $options"
	GUEST_LOG=$TREE/log/matrix-$name
	rm -rf "$GUEST_LOG"
	echo "matrix-guest.sh $limit" >"$dir/tests.list"
	printf 'FACE=%s\nCPUS=%s\n' "$name" "$cpus" >"$dir/face.env"
	GUEST_QUIET=1 guest_run "$dir" run-tests.sh $((limit + 60))
	status=$?
	row_done "$name" $((SECONDS - start)) \
		"${what}: \`\`-cpu $GUEST_CPU -smp $GUEST_SMP${options:+ }$options\`\`"
	[ $status -eq 0 ] || row_failed "$name" $status
}

# A kernel, and the rows that are about it.
run_kernel()
{
	local DEBUG=$1 row list dir=$work/guest-$1

	list=$(rows "$1")
	[ -n "$list" ] || return
	step "kernel${1:+ with $1}"
	check_kernel
	kernel=$(cat "$OBJ/include/config/kernel.release"),$(sed -n \
		's/^CONFIG_CC_VERSION_TEXT="\(.*\)"/ \1/p' "$OBJ/.config")
	guest_files "$dir"
	# The guest's console must not eat the list.
	while read -r row <&3; do
		run_row "$dir" "$row"
	done 3<<<"$list"
}

# What the rows were run on.
machine()
{
	printf '%s, %s, on %s processors' "$(qemu-system-x86_64 --version | sed -n '1s/ (.*//p')" \
		"$(guest_accel "$GUEST_KERNEL" | sed -n 2p)" "$(nproc)"
}

# print_page	the page of Documentation, from the table
print_page()
{
	local name what units functions mismatch applied undone seconds cell

	cat <<-END
		.. SPDX-License-Identifier: GPL-2.0
		..
		   Made by "make matrix", not by hand.

		======
		Matrix
		======

		The kernel rewrites its own text as the processor and the command line want
		it. On each of these machines every function of every C unit of the kernel is
		matched, before and after an update was applied, verified and undone. Functions
		that the kernel has in another definition, and those that are gone after boot,
		are not counted.

		Linux $kernel.
		$(machine).

		.. list-table::
		   :header-rows: 1

	END
	while IFS='|' read -r name what units functions mismatch applied undone seconds; do
		printf '   * - %s\n' "$name"
		for cell in "$what" "$units" "$functions" "$mismatch" "$applied" "$undone" "$seconds"; do
			printf '     - %s\n' "$cell"
		done
	done < <(echo "row|machine|units|functions|mismatches|applied|undone|seconds"; cat "$work/table")
}

check_names
lock_cache
# shellcheck disable=SC2086 # lists of words
need_packages $PACKAGES_BUILD $PACKAGES_GUEST
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: >"$work/table"
reasons=()
kernel=

run_kernel ""
run_kernel kasan

step "table"
print_page >"$work/page"
sed -n '/list-table/,$p' "$work/page" | sed 1,3d
if [ ${#reasons[@]} -gt 0 ]; then
	step "failed"
	printf '   %s\n' "${reasons[@]}"
	exit 1
fi
[ -n "${MATRIX:-}" ] || cp "$work/page" "$PAGE"
note "matrix: ok, $(wc -l <"$work/table") rows"
