#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# splice-gen against a real build tree: what it must refuse, each with its exit
# status, and that it leaves both trees alone. Called by check.sh with SRC (the
# kernel source) and OBJ (its finished build) in the environment; one line
# "ok ..." or "not ok ..." per test.

set -u
CALLER=$PWD
cd "$(dirname "$0")" || exit 3
. ./lib.sh
. ./build.sh

SPLICE_GEN=$SRC/scripts/splice-gen/splice-gen
FILE=fs/proc/cmdline.c
EDITED=fs/eventfd.c

FIX=$(tree_patch "$SELFTESTS/patches/cmdline.patch")
MODULE_FIX=$(tree_patch "$SELFTESTS/patches/binfmt.patch")
EDITED_FIX=$(tree_patch "$SELFTESTS/patches/eventfd.patch")

work=$(mktemp -d)
signing=
failed=0

# The source is edited in some tests; it goes back as it was, with its time.
restore()
{
	if [ -e "$work/saved.c" ]; then
		cp -p "$work/saved.c" "$SRC/$EDITED"
		rm "$work/saved.c"
	fi
}

trap 'restore; rm -rf "$work" "$signing"' EXIT

# status WANTED TEXT WHAT COMMAND...	TEXT: extended regular expression
status()
{
	local wanted=$1 text=$2 what=$3 rc
	shift 3

	mkdir -p "$work/out"
	"$@" >"$work/log" 2>&1 </dev/null
	rc=$?
	if [ $rc -eq "$wanted" ] && grep -qE "$text" "$work/log"; then
		echo "ok $what"
	else
		echo "not ok $what: status $rc, wanted $wanted with '$text'"
		sed 's/^/# /' "$work/log" | tail -n 15
		failed=1
	fi
	if [ "$wanted" -ne 0 ] && [ -n "$(ls "$work/out")" ]; then
		echo "not ok $what: left $(ls "$work/out")"
		failed=1
	fi
	rm -rf "$work/out"
}

gen()
{
	"$SPLICE_GEN" -k "$SRC" -O "$OBJ" -o "$work/out" "$@"
}

# edit_source SED	like a developer who forgot to build again
edit_source()
{
	cp -p "$SRC/$EDITED" "$work/saved.c"
	sed "$1" "$work/saved.c" >"$work/edited.c"
	cp "$work/edited.c" "$SRC/$EDITED"
}

# patch_of NAME SED	a patch that makes the edit
patch_of()
{
	mkdir -p "$work/a/${FILE%/*}" "$work/b/${FILE%/*}"
	cp "$SRC/$FILE" "$work/a/$FILE"
	sed "$2" "$SRC/$FILE" >"$work/b/$FILE"
	(cd "$work" && diff -u "a/$FILE" "b/$FILE") >"$work/$1.patch"
	printf '%s\n' "$work/$1.patch"
}

# All that writing leaves a trace in, of everything in both trees. What was there
# for a moment only shows in the time of its directory; reading shows nowhere.
trees()
{
	find "$SRC" "$OBJ" -printf '%p %y %m %U:%G %n %s %T@ %i %l\n' | sort
}

# What differs between two lists of trees().
changed_in_trees()
{
	diff "$1" "$2" | sed -n 's/^[<>] //p'
}

# The lists must show what they are for, on a tree of their own.
trees_tell()
{
	local SRC=$work/tree/src OBJ=$work/tree/obj what

	for what in 'echo x >src/file' 'rm src/file' 'chmod 600 src/file' \
		'touch obj/new' 'touch obj/new; rm obj/new' 'touch -d tomorrow src/file' \
		'ln -f src/file obj/link' 'mv src/file src/other' \
		'cp -p src/file x; rm src/file; mv x src/file'; do
		rm -rf "$work/tree"
		mkdir -p "$SRC" "$OBJ"
		echo y >"$SRC/file"
		trees >"$work/before"
		sleep 0.01
		cat "$SRC/file" >/dev/null
		trees >"$work/after"
		[ -z "$(changed_in_trees "$work/before" "$work/after")" ] ||
			{ echo "reading is told from nothing"; return 1; }
		(cd "$work/tree" && eval "$what")
		trees >"$work/after"
		[ -n "$(changed_in_trees "$work/before" "$work/after")" ] ||
			{ echo "not noticed: $what"; return 1; }
	done
}

if missed=$(trees_tell); then
	echo "ok every change of a tree is noticed"
else
	echo "not ok every change of a tree is noticed: $missed"
	failed=1
fi
trees >"$work/trees"

status 0 . "an update is made" gen -n good "$FIX"
# What modpost misses is made afterwards, and it has other words for it in each series.
if grep WARNING "$work/log"; then
	echo "not ok without a warning"
	failed=1
else
	echo "ok without a warning"
fi
status 0 cmdline_proc_show "--explain names the function" gen --explain "$FIX"
sed 's/saved_command_line/not_a_variable/' "$FIX" >"$work/misfit.patch"
status 4 . "a patch that does not apply" gen "$work/misfit.patch"
status 5 nowhere "a patch that does not compile" \
	gen "$(patch_of broken 's/saved_command_line);/nowhere);/')"
status 66 . "a patch of a comment" \
	gen "$(patch_of comment '1a /* Nothing new here. */')"
status 66 . "a patch of __init code only" \
	gen "$(patch_of init 's/single("cmdline", 0,/single("cmdline", 0400,/')"
status 0 'rewritten +eventfd_fops' "new contents of a table" \
	gen "$(FILE=$EDITED; patch_of data 's/noop_llseek/default_llseek/')"
status 1 sysctl_nr_open "new contents of live data" \
	gen "$(FILE=fs/file.c; patch_of live '/^unsigned int sysctl_nr_open /s/1024\*1024/2048*1024/')"

# installed NAME...	the modules of the update, where modprobe finds them
installed()
{
	local modules file

	modules=$work/root/lib/modules/$(cat "$OBJ/include/config/kernel.release")
	for file; do
		modinfo "$modules/updates/livesplice/$file.ko" >/dev/null || return 1
		grep -q "^updates/livesplice/$file.ko:" "$modules/modules.dep" || return 1
		modprobe -d "$work/root" -S "${modules##*/}" --show-depends "${file//-/_}" |
			grep -q "/$file.ko" || return 1
	done
	find "$modules/updates" -name '.*' | grep . && return 1
	echo "all are there"
}

mkdir -p "$work/root/lib/modules/$(cat "$OBJ/include/config/kernel.release")"
status 0 . "an update is installed" \
	"$SPLICE_GEN" -k "$SRC" -O "$OBJ" --install "$work/root" -n good "$MODULE_FIX"
status 0 "all are there" "modprobe finds it, and its part" installed good good-binfmt_misc

# A build that signs its modules when they are installed; links want to be beside
# the build.
signing=$(mktemp -d "${OBJ%/*}/signing.XXXXXX")
cp -al "$OBJ/." "$signing"
mkdir "$work/made"
sed -i 's/^CONFIG_MODULE_SIG=y$/&\nCONFIG_MODULE_SIG_ALL=y/' "$signing/include/config/auto.conf"

# is_signed FILE	by the build's key; and it is an update still
is_signed()
{
	tail -c 28 "$1" | grep -q 'Module signature appended' &&
		modinfo -F signer "$1" | grep -q 'Build time autogenerated' &&
		"$OBJ/scripts/splice-gen/splice-elf" show "$1" >/dev/null &&
		echo "it is signed"
}

# is_unsigned FILE	and an update
is_unsigned()
{
	! tail -c 28 "$1" | grep -q 'Module signature appended' &&
		"$OBJ/scripts/splice-gen/splice-elf" show "$1" >/dev/null &&
		echo "it is not signed"
}

status 0 . "a build that signs its modules" \
	"$SPLICE_GEN" -k "$SRC" -O "$signing" -o "$work/made" -n signed "$FIX"
status 0 "it is signed" "the update is signed by its key" is_signed "$work/made/signed.ko"
rm "$signing/certs/signing_key.pem"
status 0 "not signed: the key of the build is not there" "one whose key is elsewhere" \
	"$SPLICE_GEN" -k "$SRC" -O "$signing" -o "$work/made" -n unsigned "$FIX"
status 0 "it is not signed" "the update is not signed" is_unsigned "$work/made/unsigned.ko"
# Its files are links to those of the build.
rm -rf "$signing"
status 2 . "no patch at all" gen
status 2 . "a name that is none" gen -n 'a/b' "$FIX"
status 3 . "a tree that was never built" \
	"$SPLICE_GEN" -k "$SRC" -O "$work" -o "$work/out" "$FIX"

mkdir "$work/bin"
printf '#!/bin/sh\nexec %s "$@" -fno-omit-frame-pointer\n' "$(command -v gcc)" >"$work/bin/gcc"
chmod +x "$work/bin/gcc"
status 3 . "another compiler" env PATH="$work/bin:$PATH" \
	"$SPLICE_GEN" -k "$SRC" -O "$OBJ" -o "$work/out" "$FIX"

edit_source 's/iov_iter_count(to) < sizeof/iov_iter_count(to) <= sizeof/'
status 3 eventfd "source edited after the build, in the patched function" \
	gen "$EDITED_FIX"
restore
edit_source 's/events |= EPOLLERR/events |= EPOLLPRI/'
status 3 eventfd "source edited after the build, elsewhere in the unit" \
	gen "$EDITED_FIX"
restore

trees >"$work/trees.now"
changed=$(changed_in_trees "$work/trees" "$work/trees.now")
if [ -z "$changed" ]; then
	echo "ok neither tree was written to"
else
	echo "not ok neither tree was written to"
	echo "$changed" | head -n 10 | sed 's/^/# /'
	failed=1
fi
exit $failed
