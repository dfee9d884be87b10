#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A change reaches the units that it affects, these and no others, and in them
# only the code that it changes. Once for a build of its own directory and once
# for one in the source tree.

# shellcheck disable=SC1091,SC2317 # functions are called through ok
. "$(dirname "$0")/gen-lib.bash"
need_helper

# units PATCH: the units named in the report.
units() {
	gen --explain --json "$@" | tee "$WORK/json" |
		sed 's/.*"units":\[\([^]]*\)\].*/\1/' | tr -d '"' | tr ',' ' '
}

# reaches PATCH UNIT...
reaches() {
	local patch=$1 got

	shift
	got=$(units "$patch")
	echo "got $got"
	[[ $got == "$*" ]]
}

functions() {
	gen --explain "$1" > "$WORK/report"
	cat "$WORK/report"
	[[ $(awk '$1 == "replaced" { sub(/\(\)/, "", $2); print $2 }' "$WORK/report" | xargs) == "$2" ]]
}

says_not() {
	! grep -q -e "$1" "$2"
}

listing() {
	(cd "$WORK" && find src obj -printf '%p %m %s %T@ %i\n' | sort)
}

test_units() {
	local how=$1

	listing > "$WORK/before"
	ok "$how: a source" reaches \
		"$(patch_of one kernel/sub/one.c 's/x \* PRIVATE/x + PRIVATE/')" kernel/sub/one.o
	ok "$how: a private header, also by way of .." reaches \
		"$(patch_of priv kernel/sub/priv.h 's/7/8/')" \
		kernel/sub/deep/two.o kernel/sub/one.o
	ok "$how: a shared header" reaches \
		"$(patch_of shared include/linux/shared.h 's/LIMIT 10/LIMIT 20/')" kernel/sub/one.o
	ok "$how: a header and a source that is not built from it" reaches \
		"$(patch_of both include/linux/other.h 's/3/4/' \
			kernel/sub/one.c 's/LIMIT/(LIMIT + 1)/')" \
		init/main.o kernel/sub/one.o

	# limited() has __LINE__ below all of these hunks, and __FILE__.
	ok "$how: lines added above" functions \
		"$(patch_of lines kernel/sub/one.c 's/x \* PRIVATE/x +\n\t\tPRIVATE/')" first
	ok "$how: lines added in a header" functions \
		"$(patch_of lines kernel/sub/one.c '1s,^,/* one\n * two */\n,' \
			kernel/sub/priv.h 's/7/8/;1s,^,\n\n,')" "two first"
	ok "$how: lines taken out above" functions \
		"$(patch_of lines kernel/sub/one.c '/^$/d;s/x \* PRIVATE/x + PRIVATE/')" first

	listing > "$WORK/after"
	ok "$how: neither tree was written" diff "$WORK/before" "$WORK/after"
}

test_units "build directory"

# Many units: only those that come out differently are looked at.
source_file include/linux/many.h <<'EOF'
int many7(int x);
static inline int many_all(int x)
{
	return x;
}
#define COMMON 1
EOF
for i in {1..12}; do
	printf '#include <linux/many.h>\nint many%d(int x);\nint many%d(int x)\n{\n\treturn x + %d;\n}\n' \
		"$i" "$i" "$i" | source_file "lib/many$i.c"
done
sed -i 's/x + 5/x + COMMON/' "$SRC/lib/many5.c"
sed -i 's/x + 9/many_all(x) * 2/' "$SRC/lib/many9.c"
for i in {1..12}; do
	compile "lib/many$i.c" "lib/many$i.o"
done
many=$(patch_of many include/linux/many.h 's/1$/2/')
ok "many units, one of them uses a macro" reaches "$many" lib/many5.o
ok "the preprocessor told" says_not '"screen":' "$WORK/json"
ok "many units, an inline function that one uses" reaches \
	"$(patch_of inline include/linux/many.h 's/return x/return x + 1/')" lib/many9.o
ok "that took the compiler" grep -q '"screen":' "$WORK/json"

# Those who wait are told how far it is, unless they do not want to know.
slow_gen() {
	mkdir -p "$WORK/slow"
	printf '#!/bin/sh\ncase "$*" in *--version*) ;; *) sleep 0.7 ;; esac\nexec %s "$@"\n' \
		"$(type -P gcc)" > "$WORK/slow/gcc"
	chmod +x "$WORK/slow/gcc"
	PATH=$WORK/slow:$PATH gen --explain -j 2 "$@" 2> "$WORK/stderr"
}

tells() {
	slow_gen "$many"
	cat "$WORK/stderr"
	grep -q '^  preprocess: [0-9]* of 12 after [0-9]* s$' "$WORK/stderr" &&
		grep -q '^preprocess ... [0-9.]*s$' "$WORK/stderr" &&
		grep -q '^compile (units: 1) ... [0-9.]*s$' "$WORK/stderr"
}

silent() {
	slow_gen -q "$many"
	cat "$WORK/stderr"
	[[ ! -s $WORK/stderr ]]
}

ok "progress" tells
ok "no progress" silent

# shellcheck disable=SC2016 # that is sed's dollar
declared=$(patch_of declared include/linux/many.h \
	's/many7\(int x\)/many7(int value)/;$s/$/\nint many_new(int x);\nstatic inline int many_more(void) { return 1; }/' \
	lib/many7.c 's/x \+ 7/x + 8/')
ok "many units, all but one only see a declaration" reaches \
	"$declared" lib/many7.o
ok "they were not even screened" says_not '"screen":' "$WORK/json"

# The source has moved since the build.
mv "$SRC" "$WORK/moved"
SRC=$WORK/moved
ok "moved source: still proven, still found" reaches \
	"$(patch_of priv kernel/sub/priv.h 's/7/8/')" \
	kernel/sub/deep/two.o kernel/sub/one.o
mv "$WORK/moved" "$WORK/src"
SRC=$WORK/src

rm -r "$OBJ"
OBJ=$SRC
build_tree
mkdir "$WORK/obj"
test_units "build in the source"

finish
