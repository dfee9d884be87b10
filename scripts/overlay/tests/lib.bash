# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# For the tests of this directory: a copy of this repository that a test may
# change, and a copy of what it touches of the kernel tree $KSRC.

set -o pipefail
set -o nounset
export LC_ALL=C

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=${HERE%/scripts/overlay/tests}

if [[ ! -f ${KSRC-}/Kbuild ]]; then
	echo "ok # SKIP KSRC does not name a kernel source tree"
	exit 4
fi

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
OURS=$WORK/ours
TREE=$WORK/tree
PRISTINE=$WORK/pristine
FAILED=0

# ok DESCRIPTION COMMAND...: one line of result, from the command's status.
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

finish() {
	exit "$FAILED"
}

# What makes a tree a kernel tree, and the files, by any of their names, that
# are edited or decide what is added.
looked_at() {
	printf '%s\n' Makefile Kbuild
	sed -n 's/^--- //p' "$REPO/scripts/overlay/edits" | tr -s '| ' '\n'
	sed -n 's/^@@ \([^ ]*\) .*/\1/p' "$REPO/scripts/overlay/compat"
}

# Those files. KSRC may have been integrated: what is copied has not.
make_trees() {
	local path

	mkdir "$OURS" "$PRISTINE"
	tar -C "$REPO" --exclude=./.git -cf - . | tar -C "$OURS" -xf -
	while IFS= read -r path; do
		[[ -f $KSRC/$path ]] || continue
		mkdir -p "$PRISTINE/$(dirname "$path")"
		cp -p "$KSRC/$path" "$PRISTINE/$path"
	done < <(looked_at | sort -u)
	if [[ -f $KSRC/.livesplice-manifest ]]; then
		cp "$KSRC/.livesplice-manifest" "$PRISTINE"
		sed -i '/^== files$/,/^== edits$/{/^[0-9a-f]/d}' "$PRISTINE/.livesplice-manifest"
		overlay remove "$PRISTINE" > "$WORK/log" 2>&1 || {
			cat "$WORK/log"
			exit 1
		}
	fi
	fresh_tree
}

fresh_tree() {
	rm -rf "$TREE"
	cp -a "$PRISTINE" "$TREE"
}

overlay() {
	"$OURS/scripts/overlay/overlay" "$@"
}

# Modes, times and checksums of all that is in a tree.
listing() {
	(cd "$1" && find . -printf '%p %m %s %T@\n' | sort &&
	 find . -type f -print0 | sort -z | xargs -0 sha256sum)
}

same_trees() {
	diff -r "$1" "$2" &&
	diff <(cd "$1" && find . -printf '%p %m %y\n' | sort) \
	     <(cd "$2" && find . -printf '%p %m %y\n' | sort)
}

unchanged() {
	diff "$1" <(listing "$TREE")
}

# fails_with TEXT COMMAND...: status 1 and TEXT among the messages.
fails_with() {
	local text=$1 status=0

	shift
	"$@" > "$WORK/output" 2>&1 || status=$?
	cat "$WORK/output"
	((status == 1)) && grep -q -F -e "$text" "$WORK/output"
}
