#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A tree that cannot be integrated is told so, and not changed at all.

# shellcheck disable=SC1091
. "$(dirname "$0")/lib.bash"
make_trees

# refused WHAT TEXT: now, and leaving the tree alone.
refused() {
	listing "$TREE" > "$WORK/before"
	ok "$1: refused" fails_with "$2" overlay integrate "$TREE"
	ok "$1: nothing was changed" unchanged "$WORK/before"
}

rm "$TREE/Kbuild"
refused "not a kernel tree" "not a kernel tree"

fresh_tree
sed -i '/Fix up syms/d' "$TREE/kernel/module/main.c"
sed -i 's/TARGETS += livepatch/TARGETS+=livepatch/' \
	"$TREE/tools/testing/selftests/Makefile"
refused "anchor missing" "kernel/module/main.c: anchor found 0 times"
ok "the anchor is named" grep -q "Fix up syms" "$WORK/output"
ok "all missing anchors are named" grep -q "selftests/Makefile: anchor found 0 times instead of once: TARGETS += livepatch" \
	"$WORK/output"

fresh_tree
echo 'obj-y += livepatch/' >> "$TREE/kernel/Makefile"
refused "anchor twice" "kernel/Makefile: anchor found 2 times"

fresh_tree
rm "$TREE/arch/x86/kernel/traps.c"
refused "file missing" "arch/x86/kernel/traps.c: no such file"

fresh_tree
mkdir -p "$TREE/include/linux"
echo "/* mine */" > "$TREE/include/linux/livesplice_format.h"
refused "foreign file" "include/linux/livesplice_format.h: is in"

fresh_tree
printf '/* no end of line */' >> "$TREE/kernel/module/internal.h"
refused "file without a last newline" "kernel/module/internal.h: cannot be edited"

fresh_tree
ok "integrate" overlay integrate "$TREE"
echo "/* mine */" >> "$TREE/include/linux/livesplice_format.h"
refused "file changed in the tree" "include/linux/livesplice_format.h: was changed"

listing "$TREE" > "$WORK/before"
ok "its removal: refused" fails_with "livesplice_format.h: was changed" \
	overlay remove "$TREE"
ok "its removal: nothing was changed" unchanged "$WORK/before"

sed -i '/livesplice_prepare(mod, info);/s/err/ret/' "$TREE/kernel/module/main.c"
refused "edit changed in the tree" "kernel/module/main.c: edit found 0 times"

fresh_tree
ok "integrate" overlay integrate "$TREE"
sed -i '/^static inline void livesplice_release/d' "$TREE/kernel/module/internal.h"
refused "edit half gone" "kernel/module/internal.h: edit found 0 times"

finish
