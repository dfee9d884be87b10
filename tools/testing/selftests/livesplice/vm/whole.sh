#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# whole.sh DIR: makes DIR/lsp_whole.ko, an update that has every C unit of the
# kernel in it, and DIR/lsp_whole.units, their names. Prints "ok"/"not ok"
# lines. SRC and OBJ are the tree and its finished build.

set -eu

# Units that splice-elf may refuse: those without contents, and the vdso's.
MAX_REFUSED=40

here=$(cd "$(dirname "$0")" && pwd)
dir=$(cd "$1" && pwd)
elf=$OBJ/scripts/splice-gen/splice-elf
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

give_up()
{
	cat "$work/log"
	echo "not ok whole kernel: $*"
	exit 1
}

# Objects that were compiled from C, cmdline.o first.
c_objects()
{
	local path object cmd

	echo fs/proc/cmdline.o
	ar t "$OBJ/vmlinux.a" | while read -r path; do
		object=${path#"$OBJ/"}
		cmd=$OBJ/${object%/*}/.${object##*/}.cmd
		if [ "$object" != fs/proc/cmdline.o ] &&
		   grep -q '^source_.*\.c$' "$cmd" 2>/dev/null; then
			echo "$object"
		fi
	done
}

finish()
{
	local unit=0 object args=()

	while read -r object; do
		args+=(-u "$unit:$object:$OBJ/$object")
		unit=$((unit + 1))
	done <"$work/units"
	"$elf" finish -o "$dir/lsp_whole.ko" "$work/module/lsp_whole.ko" \
		-s "$OBJ/Module.symvers" -N lsp_whole -O vmlinux -I "$(printf %032d 0)" -D "all of it" \
		-R none -P /dev/null "${args[@]}" >"$work/log" 2>&1
}

old=$OBJ/fs/proc/cmdline.o
shndx=$(readelf -SW "$old" | sed -n 's/^ *\[ *\([0-9]*\)\] \.text .*/\1/p')
offset=$(nm "$old" | sed -n 's/^\([0-9a-f]*\) t cmdline_proc_show$/0x\1/p')
mkdir "$work/module"
cp "$here/../test_modules/lsp_whole.c" "$work/module/"
echo "obj-m := lsp_whole.o" >"$work/module/Makefile"
make -s -C "$OBJ" M="$work/module" KBUILD_MODPOST_WARN=1 \
	KCFLAGS="-DLSP_PRE_SHNDX=$shndx -DLSP_PRE_OFFSET=$offset" modules \
	>"$work/log" 2>&1 || give_up "module"

c_objects >"$work/units"
all=$(wc -l <"$work/units")
if ! finish; then
	# Once more without those that were named, if they are few.
	grep -oE '[A-Za-z0-9_./-]+\.o' "$work/log" | sort -u >"$work/refused"
	[ -s "$work/refused" ] || give_up "finish"
	[ "$(wc -l <"$work/refused")" -le $MAX_REFUSED ] || give_up "too many refused"
	grep -vxFf "$work/refused" "$work/units" >"$work/left"
	mv "$work/left" "$work/units"
	finish || give_up "finish without those that were refused"
fi
cp "$work/units" "$dir/lsp_whole.units"
echo "ok whole kernel: $(wc -l <"$work/units") of $all C units"
