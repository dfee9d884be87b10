#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The table of reasons: complete, and nobody refuses for another one.

# shellcheck disable=SC1091,SC2016,SC2317 # functions are called through ok
. "$(dirname "$0")/gen-lib.bash"
need_helper

"$SPLICE_ELF" reasons > "$WORK/table"
ok "there are reasons" test "$(wc -l < "$WORK/table")" -gt 40
ok "each has word, meaning and advice" awk -F '\t' '
	NF != 3 || $1 !~ /^[a-z]+(-[a-z]+)*$/ || $2 == "" || $3 == "" { print; bad = 1 }
	END { exit bad }' "$WORK/table"
ok "each word is there once" test -z "$(cut -f 1 "$WORK/table" | sort | uniq -d)"
# compiles REASON: in a call of refuse(), with the errors that both makefiles ask for.
compiles() {
	local file flags

	for file in Makefile Makefile.host; do
		flags=$(grep -o -e '-Werror=[a-z-]*' "${GEN%/*}/$file") || return 2
		printf '#include "splice-elf.h"\nvoid f(void);\nvoid f(void)\n{\n\trefuse(%s, "a", "b");\n}\n' "$1" |
			gcc -std=gnu11 -D_GNU_SOURCE "$flags" -I "${GEN%/*}" -fsyntax-only -x c - ||
			return 1
	done
}

fails() {
	local got=0

	"$@" || got=$?
	((got == 1))
}

ok "a reason of the table compiles" compiles REASON_DATA
ok "one that is not in it does not" fails compiles REASON_SESAME
ok "nor does a word" fails compiles '"data"'
ok "no argument" status 2 "takes no argument" "$SPLICE_ELF" reasons again

# A script that is newer than its helper.
cat > "$WORK/elf" <<EOF2
#!/bin/sh
[ "\$1" != reasons ] || exec grep -v '^kconfig' "$WORK/table"
exec "$SPLICE_ELF" "\$@"
EOF2
chmod +x "$WORK/elf"
echo "config X" | source_file kernel/Kconfig
ok "a word of the script that is not in the table" status 3 "internal error: no such reason: kconfig" \
	env SPLICE_ELF="$WORK/elf" "$GEN" -k "$SRC" -O "$OBJ" -o "$OUT" \
	"$(patch_of config kernel/Kconfig 's/X/Y/')"
sed -i 's/kconfig/data/' "$WORK/elf"
echo 'int table = 1; int look(void); int look(void) { return table; }' | source_file lib/data.c
compile lib/data.c lib/data.o
ok "a word of the helper that is not in the table" status 3 "internal error: no such reason: data" \
	env SPLICE_ELF="$WORK/elf" "$GEN" -k "$SRC" -O "$OBJ" -o "$OUT" \
	"$(patch_of data lib/data.c 's/= 1/= 2/')"

finish
