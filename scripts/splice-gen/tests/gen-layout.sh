#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Structs whose layout changes: what the refusal says, and how the author speaks
# for them. What splice-types makes of debug information is tested by types-*.

# shellcheck disable=SC1091,SC2317 # functions are called through ok
. "$(dirname "$0")/gen-lib.bash"
need_helper

source_file include/linux/thing.h <<'EOF'
typedef unsigned int number_t;
/*
Splice-layout-ok: thing
is meant where a patch says it, not in what the patch is about.
*/
struct part { short a; short b; };
struct thing { number_t first; struct part part; long last; };
EOF
source_file lib/types.c <<'EOF'
#include <linux/other.h>
#include <linux/thing.h>
struct args { int x; long y; };
struct macro { char text[OTHER]; };
static struct { int count; char name[5]; } state;
void keep(void *p);
static __attribute__((noinline)) long sum(struct args *args)
{
	keep(args);
	return args->x + args->y;
}

long use(struct thing *thing);
long use(struct thing *thing)
{
	struct args args = { thing->first, thing->last };

	keep(&state);
	return sum(&args) + 1;
}

struct hole { int u; long v; };
long stays(void);
long stays(void)
{
	struct hole hole;

	keep(&hole);
	return 0;
}

long fixed(void);
long fixed(void)
{
	struct hole hole;

	keep(&hole);
	return hole.v + 1;
}
EOF
compile lib/types.c lib/types.o
source_file lib/more.c <<'EOF'
#include <linux/thing.h>
long more(struct thing *thing);
long more(struct thing *thing)
{
	return thing->last + 1;
}
EOF
compile lib/more.c lib/more.o

# layouts WANTED SED [PATH SED]...: of lib/types.c; whom it is refused for.
layouts() {
	local wanted=$1 got

	shift
	got=$(gen --explain "$(patch_of types lib/types.c "$@")" 2> "$WORK/stderr" |
		sed -n 's/^  layout *//p' | xargs)
	cat "$WORK/stderr"
	echo "got $got"
	[[ $got == "$wanted" ]]
}
used='s/\+ 1;/+ 2;/'
ok "only code" layouts "" "$used"
ok "new ones, white space, comments" layouts "" \
	"$used;s/^static struct/struct new { int q; };\n&/;s/int x;/int\tx ; \/* same *\/ /"
ok "a member" layouts "struct thing" "$used" \
	include/linux/thing.h 's/long last/int more; &/'
ok "a member that is a struct" layouts "struct part struct thing" "$used" \
	include/linux/thing.h 's/short a; short b/short b; short a/'
ok "a typedef" layouts "struct thing typedef number_t" "$used" \
	include/linux/thing.h 's/unsigned int/unsigned long/'
ok "by way of a macro" layouts "struct macro" "$used" include/linux/other.h 's/3/4/'
ok "of a variable" layouts "variable state" \
	"$used;s/int count; char name/char name/;s/name\[5\];/& int count;/"

# All that the refusal says, from two units that say the same.
both=$(patch_of both include/linux/thing.h 's/long last/int more; &/')
ok "a header of two units" status 1 "cannot be spliced" gen "$both"
ok "named once" test "$(grep -c '^  layout  *struct thing$' "$WORK/stdout")" -eq 1
ok "where it is declared, and its size" says \
	"^ +include/linux/thing.h:7: 16 -> 24 bytes$"
ok "member by member: added" says "^ +more: added at 8, 4 bytes \(int\)$"
ok "member by member: moved" says "^ +last: moved 8 -> 16$"
ok "why there can be objects" says \
	"^ +there can be objects: declared in include/linux/thing.h"
ok "advice" says "^ +either keep the old layout"
ok "advice: shadow variable" says "shadow variable"
ok "advice: word of the author" says "^ +for .* say so: --layout-ok 'struct thing'$"
valid_json() {
	cat "$WORK/stdout"
	! type -P python3 > /dev/null ||
		python3 - "$WORK/stdout" <<-'EOF'
		import json, sys
		report = json.load(open(sys.argv[1]))
		refusal, = report["refusals"]
		assert refusal["reason"] == "layout"
		assert refusal["where"] == "struct thing"
		lines = refusal["text"].split("\n")
		assert "  last: moved 8 -> 16" in lines, lines
		EOF
}
ok "as JSON" status 1 '"refusals":' gen --json "$both"
ok "valid JSON" valid_json

# The author's word.
for word in thing 'struct thing'; do
	ok "--layout-ok '$word'" status 0 \
		"^  note: struct thing: another layout, known to the author" \
		gen --explain --layout-ok "$word" "$both"
done
ok "the note has the members" says "^ +last: moved 8 -> 16$"
ok "nothing is refused" test -z "$(grep refuse "$WORK/stdout")"
ok "--layout-ok of another kind" status 2 "layout-ok: union thing: the patch changes no" \
	gen --layout-ok "union thing" "$both"
ok "--layout-ok of what did not change" status 2 "layout-ok: struct part: the patch" \
	gen --layout-ok thing --layout-ok "struct part" "$both"
ok "--layout-ok of nothing" status 2 "not the name of a struct" \
	gen --layout-ok "a b c" "$both"
parts=$(patch_of parts include/linux/thing.h 's/short a; short b/short b; short a/' \
	lib/types.c 's/\(&args\) \+ 1;/(\&args) + thing->part.a;/')
ok "a part of another" status 0 "^  note: struct thing: another layout of a part, known" \
	gen --explain --layout-ok part "$parts"

annotated() {
	printf 'lib: more things\n\nText.\n\n%s\n---\n' "$2" | cat - "$both" > "$WORK/$1.patch"
	echo "$WORK/$1.patch"
}
ok "a line of the message" status 0 "known to the author" \
	gen --explain "$(annotated line 'Splice-layout-ok: struct thing')"
ok "two structs in it" status 2 "layout-ok: part: the patch changes no" \
	gen "$(annotated two 'Splice-layout-ok: thing,part')"
git_tree() {
	(
		cd "$SRC" || exit
		git init -q . && git add . && git commit -q -m before &&
			patch -s -p1 < "$both" && git commit -q -a -F - &&
			patch -s -R -p1 < "$both"
	) <<< $'lib: more things\n\nSplice-layout-ok: thing'
}
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a
if type -P git > /dev/null; then
	ok "a tree with git" git_tree
	ok "a line of a commit" status 0 "known to the author" gen --explain --git HEAD
	ok "a line of a range" status 0 "known to the author" \
		gen --explain --git HEAD~1..HEAD
	rm -rf "$SRC/.git"
fi

# Only on the stack of what is replaced: no object can exist.
local=$(patch_of local lib/types.c 's/int x; long y/long y; int x/')
ok "only on the stack" status 0 "^  note: struct args: another layout: lib/types.c:3:" \
	gen --explain "$local"
ok "it says why" says "there are no objects: only functions that are replaced"
stays=$(patch_of stays lib/types.c 's/(struct hole \{ int u;)/\1 int z;/;s/hole.v \+/hole.z +/')
ok "used by one that stays" status 1 \
	"there can be objects: stays\(\) uses it and is not replaced" gen "$stays"


mkdir "$WORK/alone"
cp "$SPLICE_ELF" "$WORK/alone/splice-elf"
ok "no splice-types" status 3 "no splice-types beside" \
	env SPLICE_ELF="$WORK/alone/splice-elf" "$GEN" -k "$SRC" -O "$OBJ" -o "$OUT" "$local"
printf '#!/bin/sh\necho broken >&2\nexit 3\n' > "$WORK/alone/splice-types"
chmod +x "$WORK/alone/splice-types"
ok "splice-types fails" status 3 "broken" \
	env SPLICE_ELF="$WORK/alone/splice-elf" "$GEN" -k "$SRC" -O "$OBJ" -o "$OUT" "$local"

# Names are those of the source tree wherever that was built.
mv "$SRC" "$WORK/moved"
SRC=$WORK/moved
ok "a source that moved" status 1 "^ +include/linux/thing.h:7: 16 -> 24 bytes$" gen "$both"
ok "a source that moved, only the .c file" status 0 "there are no objects" \
	gen --explain "$local"
OBJ=$SRC
build_tree
compile lib/types.c lib/types.o
compile lib/more.c lib/more.o
ok "built in its source" status 1 "^ +include/linux/thing.h:7: 16 -> 24 bytes$" gen "$both"
ok "built in its source, only the .c file" status 0 "there are no objects" \
	gen --explain "$local"

finish
