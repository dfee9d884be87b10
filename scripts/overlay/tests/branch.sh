#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "overlay branch": a commit in a git tree in which others work as well.

# shellcheck disable=SC1091,SC2317 # functions are called through ok
. "$(dirname "$0")/lib.bash"
make_trees
export GIT_AUTHOR_NAME="A U Thor" GIT_AUTHOR_EMAIL=author@example.com
export GIT_COMMITTER_NAME="C O Mitter" GIT_COMMITTER_EMAIL=c@example.com

fails() {
	fails_with "$@"
}

git_tree() {
	fresh_tree
	git init -q "$TREE"
	echo "not edited" > "$TREE/other.c"
	git -C "$TREE" add -f . && git -C "$TREE" commit -q -m base
}

# Changes of somebody else: one staged, one not, one new file.
local_changes() {
	echo "staged" >> "$TREE/Kbuild"
	git -C "$TREE" add Kbuild
	echo "changed" >> "$TREE/other.c"
	echo "new" > "$TREE/new.c"
}

status() {
	git -C "$TREE" status --porcelain
}

one_commit() {
	[[ $(git -C "$TREE" rev-list --count base..HEAD) == 1 ]] &&
	! git -C "$TREE" diff --name-only base HEAD | grep -q -x -e Kbuild -e other.c -e new.c
}

# The commit, checked out anew, is the integrated tree.
holds_all() {
	git clone -q "$TREE" "$WORK/clone" &&
	rm -rf "$WORK/clone/.git" "$WORK/clone/other.c" &&
	cp -a "$PRISTINE" "$WORK/integrated" &&
	overlay integrate "$WORK/integrated" &&
	rm "$WORK/integrated/.livesplice-manifest" &&
	diff -r "$WORK/integrated" "$WORK/clone"
}

taken_out() {
	overlay remove "$TREE" &&
	git -C "$TREE" diff --quiet base -- . ':!Kbuild' ':!other.c' &&
	[[ ! -e $TREE/kernel/livesplice ]]
}

ok "no git tree" fails "not a git tree" overlay branch "$TREE" live
git_tree
git -C "$TREE" tag base
local_changes
status > "$WORK/before"
ok "no name for a branch" fails "no name for a branch" overlay branch "$TREE" "a b"
ok "nobody who commits" fails "who commits" env GIT_COMMITTER_NAME= \
	"$OURS/scripts/overlay/overlay" branch "$TREE" live
ok "a branch in a tree with local changes" overlay branch "$TREE" live
ok "it is checked out" test "$(git -C "$TREE" symbolic-ref --short HEAD)" = live
ok "one commit, of ours alone" one_commit
ok "local changes are what they were" diff "$WORK/before" \
	<(status | grep -v livesplice-manifest)
ok "the commit is the integrated tree" holds_all
ok "a branch of that name" fails "there is such a branch" overlay branch "$TREE" live
ok "livesplice is there" fails "already" overlay branch "$TREE" again
ok "remove" taken_out

git_tree
echo "/* theirs */" >> "$TREE/kernel/module/main.c"
listing "$TREE" > "$WORK/before"
ok "changes in a file that is edited" fails "not committed" overlay branch "$TREE" live
ok "nothing was done" unchanged "$WORK/before"

finish
