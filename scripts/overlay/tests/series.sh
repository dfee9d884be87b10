#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The mails of the series, applied in order, make the integrated tree.

# shellcheck disable=SC1091,SC2317 # functions are called through ok
. "$(dirname "$0")/lib.bash"
make_trees
export GIT_AUTHOR_NAME="A U Thor" GIT_AUTHOR_EMAIL=author@example.com
export GIT_COMMITTER_NAME="C O Mitter" GIT_COMMITTER_EMAIL=c@example.com

mails() {
	overlay series "$TREE" "$WORK/mails" && [[ -f $(echo "$WORK"/mails/0001-*) ]]
}

apply() {
	git init -q "$TREE" && git -C "$TREE" add -f . &&
	git -C "$TREE" commit -q -m base && git -C "$TREE" am "$WORK"/mails/*
}

# No commit may refer to the configuration before the one that brings it.
kconfig_last() {
	local mails=("$WORK"/mails/*)

	[[ $(grep -l '^+source "kernel/livesplice/Kconfig"' "${mails[@]}") == \
	   "${mails[-1]}" ]]
}

listing "$TREE" > "$WORK/before"
ok "series" mails
ok "series leaves the tree alone" unchanged "$WORK/before"
ok "the configuration comes last" kconfig_last

cp -a "$TREE" "$WORK/integrated"
ok "integrate" overlay integrate "$WORK/integrated"
ok "git am" apply
rm -rf "$TREE/.git" "$WORK/integrated/.livesplice-manifest"
ok "both give the same tree" same_trees "$WORK/integrated" "$TREE"

fresh_tree
ok "integrate" overlay integrate "$TREE"
mkdir "$WORK/again"
mv "$WORK"/mails/* "$WORK/again"
ok "series from an integrated tree" mails
ok "its mails are the same" diff -r -I '^Date: ' "$WORK/again" "$WORK/mails"

finish
