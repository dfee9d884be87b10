#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What is put into a tree can be taken out again without a trace.

# shellcheck disable=SC1091
. "$(dirname "$0")/lib.bash"
make_trees
touch "$OURS"/scripts/splice-gen/{splice-elf,splice-types,x.o}

ok "integrate" overlay integrate "$TREE"
ok "an edit is in place" grep -q livesplice_prepare "$TREE/kernel/module/main.c"
ok "a file is in place" test -f "$TREE/include/linux/livesplice_format.h"
ok "tests of the generator stay out" test ! -e "$TREE/scripts/splice-gen/tests"
ok "what a build left stays out" test -z "$(find "$TREE/scripts/splice-gen" \
	-name splice-elf -o -name splice-types -o -name x.o)"
ok "check finds nothing to do" overlay check "$TREE"

listing "$TREE" > "$WORK/before"
ok "integrate again" overlay integrate "$TREE"
ok "nothing was touched, nor its time" unchanged "$WORK/before"

ok "remove" overlay remove "$TREE"
ok "the tree is what it was" same_trees "$PRISTINE" "$TREE"
ok "remove again" overlay remove "$TREE"
ok "the tree is still what it was" same_trees "$PRISTINE" "$TREE"
ok "what a build left stays out" test -z "$(find "$TREE/scripts/splice-gen" \
	-name splice-elf -o -name splice-types -o -name x.o)"
ok "check finds something to do" fails_with "would EDIT kernel/module/main.c" \
	overlay check "$TREE"
ok "check has changed nothing" same_trees "$PRISTINE" "$TREE"

# Hard links: what another tree shares must not change.
rm -rf "$TREE"
cp -al "$PRISTINE" "$TREE"
listing "$PRISTINE" > "$WORK/before"
ok "integrate into a hard-linked tree" overlay integrate "$TREE"
ok "the other tree is untouched" diff "$WORK/before" <(listing "$PRISTINE")

finish
