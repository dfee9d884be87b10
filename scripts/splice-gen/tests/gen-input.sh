#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Where a change can come from, and how the update is named for it.

# shellcheck disable=SC1091,SC2317 # functions are called through ok
. "$(dirname "$0")/gen-lib.bash"
need_helper
export GIT_AUTHOR_NAME="A U Thor" GIT_AUTHOR_EMAIL=author@example.com
export GIT_COMMITTER_NAME="C O Mitter" GIT_COMMITTER_EMAIL=c@example.com

one=$(patch_of 0001-fix.the+thing kernel/sub/one.c 's/x \* PRIVATE/x + PRIVATE/')
two=$(patch_of second kernel/sub/one.c 's/return half\(x\)/return half(x) + 1/')

# subject WANTED TEXT: what a patch with this in front says that it is.
subject() {
	printf '%b\n' "$2" | cat - "$one" > "$WORK/message.patch"
	awk -v want=subject -f "${GEN%/*}/patch-info.awk" "$WORK/message.patch" |
		diff - <(echo "$1")
}

ok "subject: plain text" subject "exit: Check it" "exit: Check it\n\nmore"
ok "subject: none" subject "" ""
ok "subject: mail" subject "exit: Check it, all of it" \
	"From 1234 Mon\nFrom: A <a@b>\nDate: now\nSubject: [PATCH 1/2] exit: Check it,\n all of it\n\nmore"
ok "subject: git show" subject "exit: Check it" \
	"commit 1234abcd\nAuthor: A <a@b>\nDate:   now\n\n    exit: Check it\n\n    more"

ok "one patch" explains first "$one"
ok "its name" grep -q '^update 0001_fix_the_thing$' "$WORK/report"
ok "another name" explains first -n mine "$one"
ok "that name" grep -q '^update mine$' "$WORK/report"
ok "two patches" explains "first limited" "$one" "$two"
ok "two patches, one by option" explains "first limited" --patch "$one" "$two"

sed 's/x \* PRIVATE/x + PRIVATE/' "$SRC/kernel/sub/one.c" > "$SRC/kernel/sub/one.c.new"
ok "files beside the old ones" explains first --diffext .new
ok "no such files" status 66 "nothing to change" gen --diffext .none
rm "$SRC/kernel/sub/one.c.new"

git -C "$SRC" init -q
git -C "$SRC" add .
git -C "$SRC" commit -q -m base
ok "a work tree without change" status 66 "nothing to change" gen --worktree
patch -s -d "$SRC" -p1 < "$one"
ok "a work tree" explains first --worktree
git -C "$SRC" commit -q -a -m "Fix the thing"
patch -s -d "$SRC" -p1 < "$two"
git -C "$SRC" commit -q -a -m "Fix another"
git -C "$SRC" checkout -q HEAD~2
ok "a commit" explains first --git master~1
ok "a range" explains "first limited" --git HEAD..master
ok "a commit that is not there" status 4 "git does not know" gen --git nowhere

finish
