#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# `make bench-gen`: what making an update costs: seconds by step, processor time
# and memory, for a fix of one file and for headers that reach more. On the kernel
# of `make check`; each is made once before, so that files are in memory.
#
#	SRC=DIR OBJ=DIR	another kernel source and its finished build
#	ONLY="a b"	only these rows
#	GEN=FILE	another splice-gen
#
# Memory is resident memory: that of the biggest process at its peak, as the
# kernel says at its end, and the sum over all processes, looked at four times a
# second. Pages that several processes share count several times in the sum.

set -u
CALLER=$PWD
cd "$(dirname "$0")" || exit 3
. ./lib.sh
. ./build.sh

BAR_SECONDS=10
BAR_MB=300

# Rows: name, file, sed script, what it is.
ROWS="
one-file	lib/hexdump.c	s/return -EINVAL/return -ERANGE/	a fix of one function
few-units	include/linux/pipe_fs_i.h	s/PIPE_DEF_BUFFERS.*16/PIPE_DEF_BUFFERS 17/	a macro in a header of few units
macro	include/linux/seq_file.h	s/(define SEQ_SKIP).*/\1 2/	a macro in a header of hundreds
inline	include/linux/poll.h	s/return p == NULL \\|\\| p->_qproc == NULL/return !p || !p->_qproc || !p->_key/	an inline function in a header of hundreds
"

# patch_of NAME FILE SED
patch_of()
{
	mkdir -p "$work/a/${2%/*}" "$work/b/${2%/*}"
	cp "$SRC/$2" "$work/a/$2"
	sed -E "$3" "$SRC/$2" >"$work/b/$2"
	(cd "$work" && diff -u "a/$2" "b/$2") >"$work/$1.patch"
	[ -s "$work/$1.patch" ] || die "$2 is not what it was: no patch for $1"
}

# Resident memory in kB of process $1 and all below it.
memory_below()
{
	ps -e -o pid= -o ppid= -o rss= | awk -v root="$1" '
		{ parent[$1] = $2; rss[$1] = $3 }
		END {
			for (pid in rss) {
				for (p = pid; p in parent && p != root; p = parent[p])
					;
				if (p == root)
					sum += rss[pid]
			}
			print sum + 0
		}'
}

# watch PID FILE	the greatest sum so far, until the process is gone
watch()
{
	local most=0 now

	while kill -0 "$1" 2>/dev/null; do
		now=$(memory_below "$1")
		[ "$now" -le "$most" ] || most=$now
		echo "$most" >"$2"
		sleep 0.25
	done
}

# generate NAME	one run: $work/NAME.{log,json,time,sum}
generate()
{
	rm -rf "$work/out"
	mkdir "$work/out"
	/usr/bin/time -o "$work/$1.time" -f '%e %U %S %M' \
		"$GEN" -k "$SRC" -O "$OBJ" -n "bench" -o "$work/out" --json \
		"$work/$1.patch" >"$work/$1.json" 2>"$work/$1.log" </dev/null &
	pid=$!
	watch $pid "$work/$1.sum"
	wait $pid || { set -- $?; pid=; return "$1"; }
	pid=
}

# splice-gen is the child of time(1), and ends its own children.
on_exit()
{
	[ -z "$pid" ] || pkill -TERM -P "$pid"
	rm -rf "$work"
}

# The steps of one run: "vet 0.1, link module 3.9".
steps()
{
	sed -n 's/.*"seconds":{\(.*\)}}/\1/p' "$1" | tr ',' '\n' | tr -d '"' |
		awk -F : '$1 != "total" && $2 >= 0.1 { printf "%s%s %s", sep, $1, $2; sep = ", " }'
}

# First number of "(units: N)", and how many came out changed.
units()
{
	local reached changed

	reached=$(sed -n 's/.*(units: \([0-9]*\)).*/\1/p' "$work/$1.log" | head -n 1)
	changed=$(sed 's/.*"units":\[\([^]]*\)\].*/\1/' "$work/$1.json" | tr ',' '\n' | grep -c '\.o"')
	echo "${reached:-0} ${changed:-0}"
}

# measure NAME WHAT	a line of the table
measure()
{
	local rc end wall user system biggest reached changed

	generate "$1"
	rc=$?
	case $rc in
	0) end=made ;;
	1) end=refused ;;
	66) end=nothing ;;
	*) cat "$work/$1.log"; die "$1: splice-gen ended with $rc" ;;
	esac
	read -r wall user system biggest < <(tail -n 1 "$work/$1.time")
	read -r reached changed < <(units "$1")
	awk -v what="$2" -v reached="$reached" -v changed="$changed" -v wall="$wall" \
		-v cpu="$(awk "BEGIN { print $user + $system }")" -v biggest="$biggest" \
		-v sum="$(cat "$work/$1.sum")" -v steps="$(steps "$work/$1.json")" \
		-v end="$end" 'BEGIN {
			printf "| %s | %d | %d | %s | %.1f | %.1f | %d | %d | %s |\n", what,
				reached, changed, end, wall, cpu, biggest / 1024, sum / 1024, steps
		}'
	[ "$1" != one-file ] || one_file="$wall $biggest"
}

# The bars are those of a fix of one file.
bars()
{
	awk -v s="$BAR_SECONDS" -v mb="$BAR_MB" -v one="$1" 'BEGIN {
		split(one, at, " ")
		bad = at[1] > s || at[2] / 1024 > mb
		printf "%s one file: %.1f s (at most %d), biggest process %d MB (at most %d)\n",
			bad ? "not ok" : "ok", at[1], s, at[2] / 1024, mb
		exit bad
	}'
}

need_packages time procps
if [ -z "${SRC:-}" ] || [ -z "${OBJ:-}" ]; then
	lock_cache
	# shellcheck disable=SC2086 # a list of words
	need_packages $PACKAGES_BUILD
	check_kernel
fi
GEN=${GEN:-$SRC/scripts/splice-gen/splice-gen}
work=$(mktemp -d)
pid=
trap on_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
one_file=

step "bench-gen: $(nproc) processors, $(sed -n 's/^CONFIG_CC_VERSION_TEXT="\(.*\)"/\1/p' "$OBJ/.config")"
note "| change | units reached | changed | end | seconds | processor seconds | biggest MB | sum MB | steps |"
note "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
while IFS=$'\t' read -r name file edit what; do
	[ -n "$name" ] || continue
	[ -z "${ONLY:-}" ] || [[ " $ONLY " == *" $name "* ]] || continue
	patch_of "$name" "$file" "$edit"
	[ "$name" != one-file ] || generate "$name" || true
	measure "$name" "$what"
done <<<"$ROWS"
[ -z "$one_file" ] || bars "$one_file"
