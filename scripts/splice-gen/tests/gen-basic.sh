#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What splice-gen says of its input: exit statuses and messages.

# shellcheck disable=SC1091
. "$(dirname "$0")/gen-lib.bash"

good=$(patch_of good kernel/sub/one.c 's/x \* PRIVATE/x * PRIVATE + 1/')

ok "no patch" status 2 "is needed" gen
ok "no such patch" status 2 "cannot be read" gen "$WORK/nowhere.patch"
ok "unknown option" status 2 "unrecognized option" gen --sesame "$good"
ok "two kinds of input" status 2 "is needed" gen --worktree "$good"
ok "a name that is none" status 2 "a/b: a name" gen -n a/b "$good"
ok "a name that is taken" status 2 "features: taken" gen -n features "$good"
ok "a name that is too long" status 2 "a name" \
	gen -n aaaaaaaaaabbbbbbbbbbccccccccccdddddddddde "$good"
ok "no number of jobs" status 2 "not a number" gen -j 0 "$good"
ok "two places for the module" status 2 "goes without --output" \
	gen --install "$WORK" "$good"
install=("$GEN" -k "$SRC" -O "$OBJ" --install)
ok "a system that is not there" status 2 "nowhere: no such directory" \
	"${install[@]}" "$WORK/nowhere" "$good"
ok "a system without this kernel" status 2 "system that has this kernel" \
	"${install[@]}" "$WORK" "$good"
ok "replaces what is no name" status 2 "a/b: not the name" gen --replaces a/b "$good"
ok "replaces itself" status 2 "does not replace itself" \
	gen -n one --replaces two,one "$good"
ok "replaces, and stands on others" status 2 "goes with the source of the build" \
	gen --replaces one --base "$good" "$good"
ok "help" status 0 "Exit status" gen --help

sed 's/x \* PRIVATE;/x * PUBLIC;/' "$good" > "$WORK/misfit.patch"
ok "a patch that does not apply" status 4 "one.c" gen "$WORK/misfit.patch"
sed 's/^ int first(int x);/ int fuzzy(int x);/' "$good" > "$WORK/fuzzy.patch"
ok "a patch that applies by guessing only" status 4 "does not apply" \
	gen "$WORK/fuzzy.patch"
echo "nothing at all" > "$WORK/text.patch"
ok "a patch that is none" status 4 "changes no file" gen "$WORK/text.patch"
printf -- '--- a/../../x.c\n+++ b/../../x.c\n@@ -0,0 +1 @@\n+int x;\n' \
	> "$WORK/outside.patch"
ok "a patch that leaves the tree" status 4 "cannot handle this path" \
	gen "$WORK/outside.patch"

broken=$(patch_of broken kernel/sub/one.c 's/x \* PRIVATE/x * nowhere/')
ok "a patch that does not compile" status 5 "kernel/sub/one.c:[0-9]+.*nowhere" \
	gen "$broken"
broken=$(patch_of broken kernel/sub/priv.h 's/7/&\n#error broken/')
ok "a header that does not compile" status 5 "kernel/sub/priv.h:2:.*broken" gen "$broken"

mv "$OBJ/.config" "$WORK"
ok "a tree without configuration" status 3 "never configured" gen "$good"
mv "$WORK/.config" "$OBJ"
mv "$OBJ/Module.symvers" "$WORK"
ok "a tree that was not built" status 3 "never built" gen "$good"
mv "$WORK/Module.symvers" "$OBJ"
cp -r "$OBJ" "$WORK/saved"
find "$OBJ" -name '.*.cmd' -delete
ok "a tree without saved commands" status 3 "no saved commands" gen "$good"
rm -r "$OBJ"
mv "$WORK/saved" "$OBJ"
ok "a tree that is not there" status 2 "no such directory" \
	gen -O "$WORK/nowhere" "$good"

sed -i 's/gcc/another gcc/' "$OBJ/.config"
ok "another compiler" status 3 "other compiler" gen "$good"
sed -i 's/another gcc/gcc/' "$OBJ/.config"
echo "CONFIG_LTO_CLANG=y" >> "$OBJ/include/config/auto.conf"
echo "CONFIG_RANDSTRUCT=y" >> "$OBJ/include/config/auto.conf"
ok "an option that rules updates out" status 3 "CONFIG_LTO_CLANG" gen "$good"
ok "all such options are named" says CONFIG_RANDSTRUCT
ok "each with its reason" says "no machine code until"
mv "$OBJ/Module.symvers" "$WORK"
ok "also before anything is built" status 3 "CONFIG_LTO_CLANG" gen "$good"
mv "$WORK/Module.symvers" "$OBJ"
sed -i '/LTO\|RAND/d;s/LIVESPLICE=y/LIVESPLICE=n/' "$OBJ/include/config/auto.conf"
ok "a kernel without the engine" status 3 "CONFIG_LIVESPLICE" gen "$good"
sed -i 's/LIVESPLICE=n/LIVESPLICE=y/' "$OBJ/include/config/auto.conf"

finish
