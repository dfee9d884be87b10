#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# One run tells all that stands against a change, wherever it would be found out:
# one fault does not hide the others, and --explain hides nothing.

# shellcheck disable=SC1091,SC2317 # functions are called through ok
. "$(dirname "$0")/gen-lib.bash"
need_helper

echo "config X" | source_file kernel/Kconfig
source_file lib/data.c <<'EOT'
int table[2] = { 1, 2 };
extern int elsewhere(int x);
int look(int x);
int look(int x)
{
	return table[x & 1];
}
EOT
compile lib/data.c lib/data.o
printf '0x00000000\telsewhere\tdrivers/mod\tEXPORT_SYMBOL_GPL\t\n' >> "$OBJ/Module.symvers"
source_file lib/site.c <<'EOT'
int odd(int x);
int odd(int x)
{
	asm volatile(".pushsection .smp_locks,\"a\"\n.balign 4\n.long 671f - .\n.popsection\n671: nop");
	return x + 5;
}
EOT
compile lib/site.c lib/site.o

data='s/1, 2/1, 3/'
broken='s/x \* PRIVATE/x * nowhere/'
needs='s/return table/return elsewhere(x) + table/'
site='s/x \+ 5/x + 6/'
all=(lib/data.c "$data" kernel/Kconfig 's/X/Y/' lib/site.c "$site")

ok "a unit that does not compile" status 5 "does not compile" \
	gen "$(patch_of broken kernel/sub/one.c "$broken" "${all[@]}")"
ok "and what else is refused: before it" says '^  kconfig +kernel/Kconfig'
ok "and what else is refused: in another unit" says '^  data +table'
ok "and what else is refused: in the old code" says '^  site +odd\+0x'
ok "each with advice" says '^ +advice: leave the data as it is'

ok "a module's export" status 1 '^  module-export +elsewhere' \
	gen --explain "$(patch_of needs lib/data.c "$needs")"
ok "a module's export, and more" status 1 '^  module-export +elsewhere' \
	gen --explain "$(patch_of more lib/data.c "$needs" kernel/Kconfig 's/X/Y/')"
ok "that more" says '^  kconfig +kernel/Kconfig'
ok "what is not as it must be in the old code" status 1 '^  site +odd\+0x' \
	gen --explain "$(patch_of site lib/site.c "$site")"
both=$(patch_of both lib/site.c "$site")
for unit in lib/data.c kernel/sub/one.c; do
	sed '$s/$/\nint both(int x);\nint both(int x)\n{\n\treturn x * 7;\n}/' "$SRC/$unit" |
		sed 's/x & 1\]/both(x)]/;s/x \* PRIVATE/both(x)/' |
		diff -u --label "a/$unit" --label "b/$unit" "$SRC/$unit" - >> "$both"
done
ok "units that do not go together" status 3 "multiple definition of .both" gen --explain "$both"
ok "what that does not hide" says '^  site +odd\+0x'
ok "nothing against it" status 0 'replaced +look' \
	gen --explain "$(patch_of fine lib/data.c 's/x \& 1/x \& 0/')"

cp -p "$SRC/kernel/sub/one.c" "$WORK/saved"
patch=$(patch_of edited kernel/sub/one.c 's/x \* PRIVATE/x * PRIVATE + 1/' "${all[@]}")
sed -i 's/return half(x)/return half(x) + 1/' "$SRC/kernel/sub/one.c"
ok "a source that is not that of the build" status 3 "kernel/sub/one.c: limited" gen "$patch"
ok "what it cannot hide" says '^  data +table'
echo "int broken" >> "$SRC/kernel/sub/one.c"
ok "a source that does not compile as it is" status 3 "without the patch" gen "$patch"
ok "what that cannot hide" says '^  data +table'
cp -p "$WORK/saved" "$SRC/kernel/sub/one.c"

cat > "$WORK/elf" <<EOT
#!/bin/sh
case "\$*" in
"diff "*kernel/sub/one.o*)	exit 3 ;;
esac
exec "$SPLICE_ELF" "\$@"
EOT
chmod +x "$WORK/elf"
ok "a unit that cannot be compared" status 3 "kernel/sub/one.o: cannot be compared" \
	env SPLICE_ELF="$WORK/elf" "$GEN" -k "$SRC" -O "$OBJ" -o "$OUT" "$patch"
ok "what it does not hide" says '^  data +table'

finish
