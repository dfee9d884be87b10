#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# An integrated tree follows the repository, and changes only where that did.

# shellcheck disable=SC1091
. "$(dirname "$0")/lib.bash"
make_trees

echo "int lsp_gone;" > "$OURS/kernel/livesplice/gone.c"
ok "integrate" overlay integrate "$TREE"
listing "$TREE" > "$WORK/before"

echo "/* changed */" >> "$OURS/include/linux/livesplice_format.h"
echo "int lsp_more;" > "$OURS/kernel/livesplice/more.c"
rm "$OURS/kernel/livesplice/gone.c"
sed -i 's|^+obj.*CONFIG_LIVESPLICE.*livesplice/|&\n+# more|' \
	"$OURS/scripts/overlay/edits"
ok "integrate what changed" overlay integrate "$TREE"
ok "the changed file is new" cmp "$OURS/include/linux/livesplice_format.h" \
	"$TREE/include/linux/livesplice_format.h"
ok "the added file is there" test -f "$TREE/kernel/livesplice/more.c"
ok "the removed file is not" test ! -e "$TREE/kernel/livesplice/gone.c"
ok "the changed edit is there once" test \
	"$(grep -c '^obj.*livesplice/$\|^# more$' "$TREE/kernel/Makefile")" = 2

# Of the files that were and are there, only two were touched.
listing "$TREE" > "$WORK/after"
touched=$(join <(grep '^\./' "$WORK/before" | sort -k1,1) \
	       <(grep '^\./' "$WORK/after" | sort -k1,1) |
	  awk '$4 != $7 { print $1 }' | grep '\.h$\|Makefile$\|\.c$\|Kconfig$')
ok "nothing else was touched" test "$touched" = \
	"$(printf '%s\n' ./include/linux/livesplice_format.h ./kernel/Makefile)"

ok "remove" overlay remove "$TREE"
ok "the tree is what it was" same_trees "$PRISTINE" "$TREE"

# Taken out is what was put in, even by a repository that has moved on.
ok "integrate" overlay integrate "$TREE"
sed -i '/^+/d' "$OURS/scripts/overlay/edits"
rm -r "$OURS/kernel/livesplice"
ok "remove with another repository" overlay remove "$TREE"
ok "the tree is what it was" same_trees "$PRISTINE" "$TREE"

finish
