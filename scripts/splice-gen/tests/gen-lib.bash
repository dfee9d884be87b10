# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# For the tests gen-*.sh: a source tree of a few lines and its finished build,
# with the files that kbuild leaves and splice-gen reads. No kernel is needed;
# splice-elf is, where objects are compared ($SPLICE_ELF).

set -o pipefail
set -o nounset
export LC_ALL=C

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tree-lib.bash
. "$HERE/tree-lib.bash"
GEN=${HERE%/tests}/splice-gen
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
SRC=$WORK/src
OBJ=$WORK/obj
OUT=$WORK/out
FAILED=0
export TMPDIR=$WORK/tmp
mkdir "$OUT" "$TMPDIR"

# Tests that need no splice-elf still need a file that could be it.
HELPER=${SPLICE_ELF:-${KOBJ-}/scripts/splice-gen/splice-elf}
SPLICE_ELF=$HELPER
[[ -x $HELPER ]] || SPLICE_ELF=$(type -P true)
export SPLICE_ELF
need_helper() {
	[[ ! -x $HELPER ]] || return 0
	echo "ok # SKIP SPLICE_ELF does not name splice-elf"
	exit 4
}

ok() {
	local what=$1

	shift
	if "$@" > "$WORK/log" 2>&1; then
		echo "ok $what"
	else
		echo "not ok $what"
		sed 's/^/# /' "$WORK/log"
		FAILED=1
	fi
}

# status WANTED TEXT COMMAND...: the command's status, and TEXT (an extended
# regular expression) in what it says. Leaves no module and no temporary file.
status() {
	local wanted=$1 text=$2 got=0

	shift 2
	"$@" > "$WORK/stdout" 2> "$WORK/stderr" || got=$?
	cat "$WORK/stdout" "$WORK/stderr"
	echo "status $got"
	((got == wanted)) || return 1
	grep -q -E -e "$text" "$WORK/stdout" "$WORK/stderr" || return 1
	[[ -z $(find "$OUT" "$TMPDIR" -mindepth 1) ]]
}

says() {
	cat "$WORK/stdout" "$WORK/stderr"
	grep -q -E -e "$1" "$WORK/stdout" "$WORK/stderr"
}

gen() {
	"$GEN" -k "$SRC" -O "$OBJ" -o "$OUT" "$@"
}

# explains FUNCTIONS ARG...: these are the functions that the report names.
explains() {
	local names=$1

	shift
	gen --explain "$@" > "$WORK/report" || return 1
	cat "$WORK/report"
	[[ $(awk '$1 == "replaced" { sub(/\(\)/, "", $2); print $2 }' "$WORK/report" | xargs) == "$names" ]]
}

finish() {
	exit "$FAILED"
}

# source_file PATH: one of the tree's, from standard input.
source_file() {
	mkdir -p "$SRC/$(dirname "$1")"
	cat > "$SRC/$1"
}

CFLAGS="-D__KERNEL__ -std=gnu11 -O2 -mcmodel=kernel -mno-red-zone -mno-sse"
CFLAGS+=" -fno-PIE -fno-asynchronous-unwind-tables -fcf-protection=none"
CFLAGS+=" -fno-stack-protector -fpatchable-function-entry=16,16 -Wall"

# compile PATH TARGET [FLAGS]: what kbuild does for an object, and leaves.
compile() {
	local path=$1 target=$2 flags=${3-} name command root=$SRC/

	name=${target##*/}
	name=${name%.*}
	[[ $SRC != "$OBJ" ]] || root=
	mkdir -p "$OBJ/$(dirname "$target")"
	command="gcc -Wp,-MMD,$(dirname "$target")/.${target##*/}.d -I${root:-./}include"
	[[ -z $root ]] || command+=" -fmacro-prefix-map=$root="
	command+=" $CFLAGS $flags -DKBUILD_MODNAME='\"$name\"'"
	[[ $target == *.s ]] && command+=" -S" || command+=" -c"
	command+=" -o $target $root$path "
	(cd "$OBJ" && sh -c "$command") || return 1
	{
		printf 'savedcmd_%s := %s \n\n' "$target" "$command"
		printf 'source_%s := %s\n\n' "$target" "$root$path"
		printf 'deps_%s := \\\n' "$target"
		sed -e 's/^[^:]*://' -e 's/\\$//' "$OBJ/$(dirname "$target")/.${target##*/}.d" |
			tr -s ' ' '\n' | grep . | grep -v -x -F "$root$path" |
			sed 's/.*/  & \\/'
		printf '\n%s: %s\n\n%s:\n' "$target" \
			"\$(deps_$target)" "\$(deps_$target)"
	} > "$OBJ/$(dirname "$target")/.${target##*/}.cmd"
}

# The tree: two units with a private header, one above it that shares a header
# with them, a module, an assembly file, and constants for it.
make_headers() {
	source_file Kbuild < /dev/null
	source_file include/linux/shared.h <<-'EOF'
	#define LIMIT 10
	static inline int half(int x)
	{
		return x / 2;
	}
	EOF
	source_file include/linux/other.h <<-'EOF'
	#define OTHER 3
	EOF
	source_file kernel/sub/priv.h <<-'EOF'
	#define PRIVATE 7
	EOF
}

make_sources() {
	source_file init/main.c <<-'EOF'
	#include <linux/other.h>
	int start(int x);
	int start(int x)
	{
		return x + OTHER;
	}
	EOF
	source_file kernel/sub/one.c <<-'EOF'
	#include <linux/shared.h>
	#include "priv.h"
	void out(const char *text, const char *file, int line);

	int first(int x);
	int first(int x)
	{
		return x * PRIVATE;
	}

	int limited(int x);
	int limited(int x)
	{
		if (x > LIMIT)
			out("limit", __FILE__, __LINE__);
		return half(x);
	}
	EOF
	source_file kernel/sub/deep/two.c <<-'EOF'
	#include "../priv.h"
	int two(int x);
	int two(int x)
	{
		return x - PRIVATE;
	}
	EOF
	source_file drivers/mod.c <<-'EOF'
	#include <linux/shared.h>
	int in_module(int x);
	int in_module(int x)
	{
		return half(x) + 1;
	}
	EOF
	source_file kernel/entry.S <<-'EOF'
	#include <linux/other.h>
		.globl entry
	entry:
		mov $OTHER, %eax
		ret
	EOF
}

build_tree() {
	mkdir -p "$OBJ/include/config"
	{
		echo "CONFIG_LIVESPLICE=y"
		echo "CONFIG_X86_64=y"
		echo "CONFIG_X86_KERNEL_IBT=y"
	} > "$OBJ/include/config/auto.conf"
	{
		cat "$OBJ/include/config/auto.conf"
		echo "CONFIG_CC_VERSION_TEXT=\"$(gcc --version | head -n 1)\""
	} > "$OBJ/.config"
	echo 6.12.0 > "$OBJ/include/config/kernel.release"
	printf '0x00000000\tout\tvmlinux\tEXPORT_SYMBOL_GPL\t\n' > "$OBJ/Module.symvers"
	compile init/main.c init/main.o
	compile kernel/sub/one.c kernel/sub/one.o
	compile kernel/sub/deep/two.c kernel/sub/deep/two.o
	compile drivers/mod.c drivers/mod.o " -DMODULE"
	echo drivers/mod.o > "$OBJ/modules.order"
	nm "$OBJ/init/main.o" "$OBJ/kernel/sub/one.o" "$OBJ/kernel/sub/deep/two.o" |
		sed -n 's/^[0-9a-f]/&/p' > "$OBJ/System.map"
}

# patch_of NAME PATH SED [PATH SED]...: a patch that makes these edits; its file.
patch_of() {
	local patch=$WORK/$1.patch

	shift
	: > "$patch"
	while (($#)); do
		sed -E "$2" "$SRC/$1" > "$WORK/edited"
		diff -u --label "a/$1" --label "b/$1" "$SRC/$1" "$WORK/edited" >> "$patch"
		shift 2
	done
	echo "$patch"
}

make_headers
make_sources
build_tree
