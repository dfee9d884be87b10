#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The mails of the series, applied in order, make the integrated tree.

# shellcheck disable=SC1091,SC2317 # functions are called through ok
. "$(dirname "$0")/lib.bash"
make_trees
export GIT_AUTHOR_NAME="A U Thor" GIT_AUTHOR_EMAIL=author@example.com
export GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL

mails() {
	overlay series "$TREE" "$WORK/mails" && [[ -f $(echo "$WORK"/mails/0001-*) ]]
}

# It says what it is in its own words, and names every page.
cover_letter() {
	local mail=$WORK/mails/0000-cover-letter.patch page

	grep -q '^Subject: \[PATCH 00/[0-9]*\] livesplice: ' "$mail" || return 1
	! grep -q -F '*** ' "$mail" || return 1
	for page in "$REPO"/Documentation/livesplice/[!i]*.rst; do
		grep -q "^  $(basename "$page" .rst): [A-Za-z]" "$mail" || return 1
	done
}

apply() {
	git init -q "$TREE" && git -C "$TREE" add -f . &&
	git -C "$TREE" commit -q -m base && git -C "$TREE" am "$WORK"/mails/[0-9]*[1-9]-* "$WORK"/mails/[0-9]*[1-9]0-*
}

# No commit may refer to the configuration before the one that brings it.
kconfig_last() {
	local mails=("$WORK"/mails/*)

	[[ $(grep -l '^+source "kernel/livesplice/Kconfig"' "${mails[@]}") == \
	   "${mails[-1]}" ]]
}

# What lint does not see: the text around the changes. A mail of a patch file
# within has its blanks at ends of lines, which is no matter of the series.
checkpatch() {
	local mail

	for mail in "$WORK"/mails/[0-9]*[1-9]-* "$WORK"/mails/[0-9]*[1-9]0-*; do
		perl "$KSRC/scripts/checkpatch.pl" --strict --no-tree --no-summary --terse \
			--types MISSING_SIGN_OFF,COMMIT_LOG_LONG_LINE,NO_AUTHOR_SIGN_OFF \
			--types BAD_SIGN_OFF,GIT_COMMIT_ID,COMMIT_MESSAGE,SUBJECT \
			"$mail" || return 1
	done
}

# What is new; of a directory with our name one file is as good as any other.
new_paths() {
	local path dir
	local -A seen=()

	while IFS= read -r path; do
		dir=${path%/*}
		[[ -z ${seen[$dir]-} || $dir != *splice* ]] || continue
		seen[$dir]=1
		echo "$path"
	done < <(git -C "$TREE" diff --name-only --diff-filter=A \
		 "$(git -C "$TREE" rev-list --max-parents=0 HEAD)")
}

# Everything that is new is somebody's: get_maintainer names a list of ours.
maintained() {
	local dir path asked=0

	for dir in COPYING CREDITS README; do
		touch "$TREE/$dir"
	done
	mkdir -p "$TREE"/{Documentation,arch,include,drivers,fs,init,ipc,kernel,lib,scripts}
	cp "$KSRC/scripts/get_maintainer.pl" "$WORK/"
	while IFS= read -r path; do
		(cd "$TREE" && perl "$WORK/get_maintainer.pl" --no-git --no-git-fallback \
			--no-tree -f "$path") > "$WORK/people" 2>&1
		grep -q LIVESPLICE "$WORK/people" ||
			{ echo "$path"; cat "$WORK/people"; return 1; }
		asked=$((asked + 1))
	done < <(new_paths)
	((asked > 20))
}

listing "$TREE" > "$WORK/before"
ok "series" mails
ok "series leaves the tree alone" unchanged "$WORK/before"
ok "a cover letter" cover_letter
ok "checkpatch of the messages" checkpatch
ok "the configuration comes last" kconfig_last

cp -a "$TREE" "$WORK/integrated"
ok "integrate" overlay integrate "$WORK/integrated"
ok "git am" apply
ok "get_maintainer" maintained
git -C "$TREE" clean -q -d -x -f
rm -rf "$TREE/.git" "$WORK/integrated/.livesplice-manifest"
ok "both give the same tree" same_trees "$WORK/integrated" "$TREE"

fresh_tree
ok "integrate" overlay integrate "$TREE"
mkdir "$WORK/again"
mv "$WORK"/mails/* "$WORK/again"
ok "series from an integrated tree" mails
ok "its mails are the same" diff -r -I '^Date: ' "$WORK/again" "$WORK/mails"

finish
