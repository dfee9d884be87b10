#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# CONFIG_LIVESPLICE=n leaves no trace: the objects of every file that the
# overlay edits are compiled without it and must not know of livesplice. Prints
# "ok"/"not ok" lines. SRC and OBJ are the tree and a finished build with it.

set -eu

off=$(mktemp -d)
trap 'rm -rf "$off"' EXIT

# Not the objects: a compiler may write into what is hard-linked.
tar -C "$OBJ" --exclude='*.o' --exclude='*.a' --exclude='*.ko' \
	--exclude='vmlinux*' --exclude=./arch/x86/boot -cf - . | tar -C "$off" -xf -
"$SRC/scripts/config" --file "$off/.config" -d LIVESPLICE
make -s -C "$SRC" O="$off" olddefconfig

objects=$(sed -n 's/^--- \(.*\)\.c$/\1.o/p' "$SRC/.livesplice-manifest" | sort -u)
# shellcheck disable=SC2086 # list of words
make -s -j"$(nproc)" -C "$SRC" O="$off" $objects >"$off/log" 2>&1 || {
	cat "$off/log"
	echo "not ok builds without livesplice"
	exit 1
}
echo "ok builds without livesplice"

for object in $objects; do
	if nm "$off/$object" | grep -E ' (lsp_|livesplice)'; then
		echo "not ok $object: no trace"
	elif nm "$OBJ/$object" | grep -qE ' livesplice'; then
		echo "ok $object: no trace"
	else
		echo "not ok $object: nothing to see with it either"
	fi
done
if grep -qi livesplice "$off/include/generated/autoconf.h"; then
	echo "not ok configuration: no trace"
else
	echo "ok configuration: no trace"
fi
