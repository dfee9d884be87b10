#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# An update on top of what is live (--base): only the difference to that counts,
# and the trees are still those of the build.

# shellcheck disable=SC1091,SC2317 # functions are called through ok
. "$(dirname "$0")/gen-lib.bash"
need_helper

# Live: first() multiplies by more. On top: it adds as well, and another one too.
live=$(patch_of live kernel/sub/one.c 's/x \* PRIVATE/x * PRIVATE * 3/')
cp -r "$SRC" "$WORK/kept"
sed -i 's/x \* PRIVATE/x * PRIVATE * 3/' "$SRC/kernel/sub/one.c"
more=$(patch_of more kernel/sub/one.c 's/PRIVATE \* 3/& + 1/')
last=$(patch_of last kernel/sub/one.c 's/return half\(x\)/return half(x) + 1/')
equal=$(patch_of equal kernel/sub/one.c 's/x \* PRIVATE/PRIVATE * x/')
sed -i 's/PRIVATE \* 3/& + 1/' "$SRC/kernel/sub/one.c"
third=$(patch_of third kernel/sub/one.c 's/\* 3 \+ 1/* 3 + 2/')
rm -r "$SRC"
mv "$WORK/kept" "$SRC"
other=$(patch_of other kernel/sub/deep/two.c 's/x - PRIVATE/x - PRIVATE - 1/')
header=$(patch_of header include/linux/shared.h 's/LIMIT 10/LIMIT 11/')
limit=$(patch_of limit kernel/sub/one.c 's/x > LIMIT/x >= LIMIT/')

ok "not without what it is made on" status 4 "does not apply" gen "$more"
ok "with it" explains first --base "$live" "$more"
ok "only what is new counts" explains limited --base "$live" "$last"
ok "on top of two" explains first --base "$live" --base "$more" "$third"
ok "in their order" status 4 "live.patch|more.patch" \
	gen --base "$more" --base "$live" "$third"
ok "the same again is no change" status 4 "does not apply" \
	gen --base "$live" "$live"
ok "another unit, too short by itself" status 1 "replaced +two" \
	gen --explain --base "$live" "$other"
ok "a header that is live" explains limited --base "$header" "$limit"
ok "what comes out equal is no change" status 66 "" \
	gen --base "$live" "$equal"
ok "a base that is not there" status 2 "cannot be read" \
	gen --base "$WORK/nowhere" "$more"
sed 's/PRIVATE/NOWHERE/' "$other" > "$WORK/alien.patch"
ok "a base of another tree" status 4 "alien.patch does not apply" \
	gen --base "$WORK/alien.patch" "$more"
ok "not with another source" status 2 "goes with" gen --base "$live" --worktree

# The tree must be what was built, whatever is live.
sed -i 's/x \* PRIVATE/x * PRIVATE * 3/' "$SRC/kernel/sub/one.c"
ok "what is live is not in the tree" status 4 "does not apply" \
	gen --base "$live" "$more"
sed -i 's/half\(x\)/half(x) + 0x10/; s/PRIVATE \* 3/PRIVATE/' "$SRC/kernel/sub/one.c"
sed -i 's/return half(x);/return half(x) + 0x10;/' "$SRC/kernel/sub/one.c"
ok "the tree is not that of the build" status 3 "not that of the build" \
	gen --base "$live" "$more"
finish
