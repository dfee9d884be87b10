#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# `make compare TREE=7.3`: the kernel's own klp-build and livepatch beside splice-gen
# and livesplice. One tree, one configuration, the same fixes, one machine. Each tool
# works in a copy of the tree of its own, as klp-build builds where the source is.
# Prints the tables and writes them to Documentation/livesplice/compare.rst.
#
#	TREE=7.3	the first series that has klp-build
#	FIXES="a b"	only these; Documentation is left alone

set -u
CALLER=$PWD
cd "$(dirname "$0")" || exit 3
. ./lib.sh
. ./build.sh
. ./qemu.sh
. ./record.sh

PAGE=$TOP/Documentation/livesplice/compare.rst
# What klp-build runs, and what counts seconds and bytes here.
PACKAGES_COMPARE="patchutils gawk libxxhash-dev time"

# Name, patch, what is special about it.
ROWS="
waitid|demo/CVE-2017-5123.patch|a security fix of one function
cmdline|../patches/cmdline.patch|a function of a file in /proc
eventfd|../patches/eventfd.patch|a function that threads sleep in
hexdump|../patches/hexdump.patch|functions in lib/, which cannot be traced
clear_user|../patches/clear_user.patch|assembly
table|../patches/table.patch|contents of a read-only table
binfmt|../patches/binfmt.patch|a function of a module
targets|targets.patch|one of a thousand small functions, for the cost of a call
"

wanted()
{
	[ -z "${FIXES:-}" ] || [[ " $FIXES " == *" $1 "* ]]
}

# copy_tree DIR	the source as it is in the cache, with what was built there before
copy_tree()
{
	mkdir -p "$1"
	# Times count: make must not think that all is new.
	cp -a --update "$SOURCE/." "$1/"
}

# measure FILE COMMAND...	seconds, CPU seconds, kB of the biggest process, status
measure()
{
	local file=$1 rc
	shift

	/usr/bin/time -o "$file" -f '%e %U %S %M' "$@" >"$file.log" 2>&1 </dev/null
	rc=$?
	tail -n 1 "$file" | awk -v rc=$rc '{ printf "%.1f %.1f %d %d\n", $1, $2 + $3, $4 / 1024, rc }'
}

# From nothing but the kernel that was built: no page of it in memory either.
forget_pages()
{
	sync
	echo 3 >/proc/sys/vm/drop_caches 2>/dev/null || note "   not root: pages stay in memory"
}

# targets_patch	the fix that is made of the source
targets_patch()
{
	local file=kernel/livesplice/lsp_targets.c

	mkdir -p "$work/a/${file%/*}" "$work/b/${file%/*}"
	cp "$SRC/$file" "$work/a/$file"
	sed 's/^\(#define LSP_ADD_1\t*\)1$/\12/' "$SRC/$file" >"$work/b/$file"
	echo "targets: Another sum"
	(cd "$work" && diff -u "a/$file" "b/$file")
}

# patch_of FIX PATH
patch_of()
{
	case $2 in
	targets.patch) echo "$work/targets.patch" ;;
	../*) tree_patch "$(realpath "$VM/$2")" ;;
	*) echo "$VM/$2" ;;
	esac
}

# splice_run FIX PATCH	prints what measure() does
splice_run()
{
	measure "$work/splice.$1" "$SRC/scripts/splice-gen/splice-gen" -q -k "$SRC" -O "$SRC" \
		-n "$1" -o "$guest/updates" "$2"
}

# klp_run FIX PATCH [OPTION...]
klp_run()
{
	local fix=$1 patch=$2
	shift 2

	measure "$work/klp.$fix" env -C "$KLP" "$KLP/scripts/livepatch/klp-build" -j "$JOBS" -T \
		"$@" -o "$guest/klp/klp_$fix.ko" "$patch"
}

# What it said, if it did not do it: the last words, without colours, directories of
# the machine, and lines of the script that gave up.
last_words()
{
	grep -aE '(error|refuse|cannot be spliced|unsupported|not supported|no changes)' "$1.log" |
		grep -avE ': line [0-9]+: ' | sed -e 's/\x1b\[[0-9;]*m//g' \
		-e 's,\(^\|[ ('\''"]\)/[^ :]*/,\1,g' | tail -n 1 | cut -c1-100
}

# generate	all fixes by both tools, cold first
generate()
{
	local name path patch cold warm first=1

	while IFS='|' read -r -u 3 name path _; do
		if [ -z "$name" ] || ! wanted "$name"; then
			continue
		fi
		patch=$(patch_of "$name" "$path")
		step "$name: splice-gen"
		forget_pages
		cold=$(splice_run "$name" "$patch")
		warm=$(splice_run "$name" "$patch")
		note "   cold $cold, warm $warm"
		echo "splice|$name|$cold|$warm|$(last_words "$work/splice.$name")" >>"$work/generated"
		step "$name: klp-build"
		forget_pages
		# The whole kernel once; what it built then serves the other fixes.
		if [ $first -eq 1 ]; then
			cold=$(klp_run "$name" "$patch")
			first=0
		else
			cold=-
		fi
		warm=$(klp_run "$name" "$patch" -S patched)
		note "   cold $cold, warm $warm"
		echo "klp|$name|$cold|$warm|$(last_words "$work/klp.$name")" >>"$work/generated"
	done 3<<<"$ROWS"
}

guest_files()
{
	mkdir -p "$guest/updates" "$guest/klp" "$guest/modules"
	cp "$SELFTESTS/functions.sh" "$VM/compare-guest.sh" "$guest/"
	guest_program "$SELFTESTS/lsp-helper.c" "$guest/lsp-helper"
	cp "$OBJ/fs/binfmt_misc.ko" "$OBJ/kernel/livesplice/lsp_targets.ko" "$guest/modules/"
	while IFS='|' read -r name _; do
		[ -z "$name" ] || ! wanted "$name" || echo "$name"
	done <<<"$ROWS" >"$guest/fixes"
}

run_guest()
{
	local rc

	GUEST_LOG=$TREE/log/compare
	GUEST_MEMORY=1024 GUEST_QUIET=1 GUEST_APPEND="kunit.enable=0" \
		guest_run "$guest" compare-guest.sh 900
	rc=$?
	tr -d '\r' <"$GUEST_LOG/result.log" | sed -n 's/^@@compare //p' >"$work/guest.lines"
	grep '^failed' "$work/guest.lines"
	return $rc
}

# table HEADER...	rows of fields between bars on standard input
table()
{
	local line

	printf '\n.. list-table::\n   :header-rows: 1\n\n'
	{ (IFS='|'; echo "$*"); cat; } | while IFS= read -r line; do
		awk -F '|' '{
			for (i = 1; i <= NF; i++)
				printf "   %s -%s\n", i == 1 ? "*" : " ", $i == "" ? "" : " " $i
		}' <<<"$line"
	done
}

# What came of making it, in words.
generated_rows()
{
	local tool name cold warm words

	while IFS='|' read -r tool name cold warm words; do
		# shellcheck disable=SC2086 # lists of numbers
		printf '%s|%s|%s|%s|%s|%s|%s\n' "$name" "$tool" \
			"$(set -- $cold; [ "$cold" = - ] && echo - || echo "$1 / $2")" \
			"$(set -- $warm; echo "$1 / $2")" \
			"$(set -- $warm; echo "$3")" \
			"$(set -- $warm; [ "$4" -eq 0 ] && echo made || echo "not made")" \
			"$words"
	done <"$work/generated"
}

applied_rows()
{
	awk '$1 == "apply" {
		gsub("_", " ", $5)
		printf "%s|%s|%s|%s|%d|%s\n", $4, $2, $3, $5, $6, $7 ? sprintf("%d", $7 / 1000) : "-"
	}' "$work/guest.lines"
}

print_page()
{
	cat <<-END
		.. SPDX-License-Identifier: GPL-2.0
		..
		   Made by "make compare", not by hand.

		======================
		Beside klp-build
		======================

		The kernel's own way to a live patch, scripts/livepatch/klp-build and livepatch
		(\`\`klp\`\`), beside splice-gen and livesplice (\`\`splice\`\`): the same tree,
		configuration, fixes and machine. Linux $(cat "$OBJ/include/config/kernel.release"), $(run_compiler).
		$(qemu-system-x86_64 --version | sed -n '1s/ (.*//p'), $(guest_accel "$GUEST_KERNEL" | sed -n 2p), on $(nproc) processors.

		Making the module: seconds / CPU seconds, and MB of the biggest process. Cold is
		with no page of the tree in memory; klp-build builds the whole kernel for that, once
		with each change of the source, and was then told to keep it (warm).
	END
	generated_rows | table fix tool cold warm "MB" result "what it said"
	cat <<-END

		In the guest: milliseconds from the module's load until the fix is in use by
		everybody, in steps of ten; the length of the pause in microseconds, which a livepatch
		has not. \`\`asleep\`\` is with a thread that sleeps in the function.
	END
	applied_rows | table fix state tool result ms "pause, us"
	printf '\nOne call of a small function, nanoseconds: %s\n' \
		"$(awk '$1 == "call" { printf "%.1f as built, %.1f spliced, %.1f livepatched.", $2 / 1000, $3 / 1000, $4 / 1000 }' "$work/guest.lines")"
}

lock_cache
# shellcheck disable=SC2086 # lists of words
need_packages $PACKAGES_BUILD $PACKAGES_GUEST $PACKAGES_COMPARE
work=$(mktemp -d)
guest=$work/guest
trap 'rm -rf "$work"' EXIT

kernel_tree compare "$VM/demo/CVE-2017-5123-vulnerable.patch"
[ -x "$SRC/scripts/livepatch/klp-build" ] || die "Linux $KERNEL_SERIES has no klp-build: TREE=7.3"
SOURCE=$SRC
SRC=$TREE/src
OBJ=$SRC
KLP=$TREE/klp
step "copies of the tree"
copy_tree "$SRC"
copy_tree "$KLP"
config_kernel
kernel_build
cp "$SRC/.config" "$KLP/.config"
: >"$work/generated"
targets_patch >"$work/targets.patch"
guest_files
generate
step "guest"
run_guest || die "the guest ended with status $?"
print_page >"$work/page"
step "tables"
sed -n '/list-table/,$p' "$work/page"
[ -n "${FIXES:-}" ] || cp "$work/page" "$PAGE"
grep -q '^failed' "$work/guest.lines" && die "see above"
note "compare: ok"
