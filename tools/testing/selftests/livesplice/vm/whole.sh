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
make -s -C "$OBJ" ${KERNEL_LLVM:+"LLVM=$KERNEL_LLVM"} M="$work/module" KBUILD_MODPOST_WARN=1 \
	KCFLAGS="-DLSP_PRE_SHNDX=$shndx -DLSP_PRE_OFFSET=$offset" modules \
	>"$work/log" 2>&1 || give_up "module"

# Units that were refused, and those with a weak definition of a name that was: each
# alone is no problem.
refused()
{
	local names

	grep -oE '[A-Za-z0-9_./-]+\.o' "$work/log" || :
	names=$(sed -n 's/^refuse\tweak\t\([^\t]*\)\t.*/\1/p' "$work/log" | paste -sd '|')
	[ -z "$names" ] || (cd "$OBJ" && xargs nm -A --defined-only) <"$work/units" |
		sed -nE "s/^([^:]*):[0-9a-f]* [WV] ($names)\$/\\1/p"
}

c_objects >"$work/units"
all=$(wc -l <"$work/units")
# Without those that were named, if they are few; what they hid is named next.
until finish; do
	refused | sort -u >"$work/refused"
	[ -s "$work/refused" ] || give_up "finish"
	grep -vxFf "$work/refused" "$work/units" >"$work/left" || :
	! cmp -s "$work/left" "$work/units" || give_up "finish without those that were refused"
	mv "$work/left" "$work/units"
	[ $((all - $(wc -l <"$work/units"))) -le $MAX_REFUSED ] || give_up "too many refused"
done
cp "$work/units" "$dir/lsp_whole.units"
echo "ok whole kernel: $(wc -l <"$work/units") of $all C units"
