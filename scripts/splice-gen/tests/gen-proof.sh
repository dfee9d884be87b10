#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A source that is not that of the build is found out, whatever was edited.

# shellcheck disable=SC1091
. "$(dirname "$0")/gen-lib.bash"
need_helper

good=$(patch_of good kernel/sub/one.c 's/x \* PRIVATE/x * PRIVATE + 1/')

# edited WHAT WHERE PATH SED PATCH
edited() {
	cp -p "$SRC/$3" "$WORK/saved"
	sed -i "$4" "$SRC/$3"
	ok "$1" status 3 "kernel/sub/one.c: .*$2" gen "$5"
	cp -p "$WORK/saved" "$SRC/$3"
}

ok "an unedited source is taken" status 0 "replaced +first" gen --explain "$good"
edited "edited in the patched function" first kernel/sub/one.c \
	's/return x \* PRIVATE/return 2 + x * PRIVATE/' \
	"$(sed 's/x \* PRIVATE/2 + &/' "$good" > "$WORK/fits.patch"; echo "$WORK/fits.patch")"
edited "edited elsewhere in the unit" limited kernel/sub/one.c \
	's/return half(x)/return half(x) + 1/' "$good"
edited "edited in a header" limited include/linux/shared.h \
	's/LIMIT 10/LIMIT 11/' "$good"

cp -p "$SRC/kernel/sub/one.c" "$WORK/saved"
echo "int broken" >> "$SRC/kernel/sub/one.c"
ok "does not compile any more" status 3 "does not compile without the patch" \
	gen "$good"
cp -p "$WORK/saved" "$SRC/kernel/sub/one.c"

# Another unit's edit is none of our business.
sed -i 's/OTHER;/OTHER + 1;/' "$SRC/init/main.c"
ok "edited in another unit" status 0 "replaced +first" gen --explain "$good"

# A compiler of the same name and banner that makes other code.
mkdir "$WORK/bin"
printf '#!/bin/sh\nexec %s "$@" -fno-omit-frame-pointer\n' "$(type -P gcc)" \
	> "$WORK/bin/gcc"
chmod +x "$WORK/bin/gcc"
ok "a compiler in disguise" status 3 "kernel/sub/one.c" \
	env PATH="$WORK/bin:$PATH" "$GEN" -k "$SRC" -O "$OBJ" -o "$OUT" "$good"

finish
