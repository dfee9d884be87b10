#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A machine where a program is missing: it is named, before anything is begun. And
# the other way round, nothing is used that is not looked for.

# shellcheck disable=SC1091,SC2317 # functions are called through ok
. "$(dirname "$0")/gen-lib.bash"

tools=(
	as awk cat cmp cp diff dirname env find getopt grep head ld ln make mkdir
	mktemp mv nm nproc objcopy paste patch realpath rm sed setsid sh sha256sum sort
	tail touch tr uname wc xargs
)
# To explain a change these as well.
more=(addr2line objdump readelf)
good=$(patch_of good kernel/sub/one.c 's/x \* PRIVATE/x * PRIVATE + 1/')

# path_without NAME...: a directory with links to all but these
path_without() {
	local name

	rm -rf "${WORK:?}/bin"
	mkdir "$WORK/bin"
	for name in "${tools[@]}" "${more[@]}" gcc; do
		[[ " $* " == *" $name "* ]] || ln -s "$(type -P "$name")" "$WORK/bin/"
	done
}

# lacks NAME...: all are named, in one go
lacks() {
	path_without "$@"
	PATH=$WORK/bin status 3 "not found in PATH: $*\$" gen "$good"
}

# status() itself needs programs that may be missing.
status() {
	local wanted=$1 text=$2 got=0 path=$PATH

	shift 2
	"$@" > "$WORK/stdout" 2> "$WORK/stderr" || got=$?
	PATH=$ALL_PATH
	cat "$WORK/stdout" "$WORK/stderr"
	echo "status $got"
	((got == wanted)) && grep -q -E -e "$text" "$WORK/stderr" &&
		[[ -z $(find "$OUT" "$TMPDIR" -mindepth 1) ]]
	got=$?
	PATH=$path
	return "$got"
}

ALL_PATH=$PATH
for tool in "${tools[@]}"; do
	ok "no $tool" lacks "$tool"
done
ok "several" lacks awk patch

without_compiler() {
	path_without gcc
	PATH=$WORK/bin status 3 "gcc" gen "$good"
}
ok "no compiler" without_compiler

without_git() {
	path_without git
	PATH=$WORK/bin status 3 "not found in PATH: git" gen --worktree
}
ok "no git where it is needed" without_git

without_more() {
	path_without "${more[@]}"
	PATH=$WORK/bin status 3 "not found in PATH: ${more[*]}" gen --explain "$good"
}
ok "no ${more[*]} where they are needed" without_more

enough() {
	path_without nothing
	PATH=$WORK/bin gen --explain "$good" && PATH=$WORK/bin gen --help
}
need_helper
ok "these are enough to compare" enough

# With a kernel: they are enough for a module, too.
if [[ -n ${KOBJ-} ]]; then
	patch=$HERE/../../../tools/testing/selftests/livesplice/patches/hexdump.patch
	SRC=$KSRC OBJ=$KOBJ
	module() {
		path_without "${more[@]}"
		PATH=$WORK/bin gen -n whole "$patch" && [[ -s $OUT/whole.ko ]]
	}
	ok "these are enough for a module" module
fi
finish
