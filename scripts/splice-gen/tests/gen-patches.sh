#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Forms that a patch may have: files that come and go, that move, and that are
# no text; line ends; what git writes, and what mail makes of it.

# shellcheck disable=SC1091,SC2317 # functions are called through ok
. "$(dirname "$0")/gen-lib.bash"
need_helper
export GIT_AUTHOR_NAME="A U Thor" GIT_AUTHOR_EMAIL=author@example.com
export GIT_COMMITTER_NAME="C O Mitter" GIT_COMMITTER_EMAIL=c@example.com

one=$(patch_of one kernel/sub/one.c 's/x \* PRIVATE/x + PRIVATE/')

# explains FUNCTIONS ARG...: these are the functions that the report names.
explains() {
	local names=$1

	shift
	gen --explain "$@" > "$WORK/stdout" 2> "$WORK/stderr"
	cat "$WORK/stdout" "$WORK/stderr"
	[[ $(awk '$1 == "replaced" { sub(/\(\)/, "", $2); print $2 }' "$WORK/stdout" | xargs) == "$names" ]]
}

# text NAME: a patch from standard input; its file.
text() {
	cat > "$WORK/$1.patch"
	echo "$WORK/$1.patch"
}

new_header=$(text header <<'EOT'
--- /dev/null
+++ b/kernel/sub/new.h
@@ -0,0 +1 @@
+#define NEW 9
--- a/kernel/sub/one.c
+++ b/kernel/sub/one.c
@@ -1,5 +1,6 @@
 #include <linux/shared.h>
 #include "priv.h"
+#include "new.h"
 void out(const char *text, const char *file, int line);
 
 int first(int x);
@@ -6,6 +7,6 @@
 int first(int x)
 {
-return x * PRIVATE;
+return x * NEW;
 }
 
 int limited(int x);
EOT
)
ok "a new header" explains first "$new_header"

new_source=$(text source <<'EOT'
--- /dev/null
+++ b/kernel/sub/new.c
@@ -0,0 +1 @@
+int lonely;
EOT
)
ok "a new source that nothing compiles" status 66 "note: kernel/sub/new.c: nothing in this build" \
	gen "$new_source"
ok "a new source, and a change" explains first "$new_source" "$one"

empty_header=$(text empty <<'EOT'
diff --git a/kernel/sub/empty.h b/kernel/sub/empty.h
new file mode 100644
index 000000000000..e69de29bb2d1
diff --git a/kernel/sub/one.c b/kernel/sub/one.c
--- a/kernel/sub/one.c
+++ b/kernel/sub/one.c
@@ -1,5 +1,6 @@
 #include <linux/shared.h>
 #include "priv.h"
+#include "empty.h"
 void out(const char *text, const char *file, int line);
 
 int first(int x);
@@ -6,6 +7,6 @@
 int first(int x)
 {
-return x * PRIVATE;
+return x + PRIVATE;
 }
 
 int limited(int x);
EOT
)
ok "a new header that is empty" explains first "$empty_header"

mode=$(text mode <<'EOT'
diff --git a/kernel/sub/one.c b/kernel/sub/one.c
old mode 100644
new mode 100755
EOT
)
ok "another mode" status 66 "nothing to change" gen "$mode"
ok "another mode, and a change" explains first "$mode" "$one"

printf 'int last;' | source_file lib/last.c
compile lib/last.c lib/last.o
{
	printf -- '--- a/lib/last.c\n+++ b/lib/last.c\n@@ -1 +1 @@\n-int last;\n'
	printf '%s\n' '\ No newline at end of file' '+int last;'
} > "$WORK/newline.patch"
ok "a newline at the end" status 66 "nothing to change" gen "$WORK/newline.patch"
printf 'int tail(int x);\nint tail(int x)\n{\n\treturn x;\n}' | source_file lib/tail.c
compile lib/tail.c lib/tail.o
{
	printf -- '--- a/lib/tail.c\n+++ b/lib/tail.c\n@@ -1,5 +1,5 @@\n int tail(int x);\n int tail(int x)\n {\n'
	printf -- '-\treturn x;\n-}\n\\ No newline at end of file\n+\treturn x + 1;\n+}\n\\ No newline at end of file\n'
} > "$WORK/tail.patch"
ok "no newline at the end, before and after" explains tail "$WORK/tail.patch"
head -c -1 "$one" > "$WORK/cut.patch"
ok "a patch without newline at its end" explains first "$WORK/cut.patch"
ok "that one, and another" explains "first tail" "$WORK/cut.patch" "$WORK/tail.patch"

{
	printf 'From: A <a@b>\r\nSubject: [PATCH] exit: Check it\r\n\r\n---\r\n'
	sed 's/$/\r/' "$one"
} > "$WORK/crlf.patch"
ok "line ends of mail" explains first "$WORK/crlf.patch"
ok "its subject" diff <(awk -v want=subject -f "${GEN%/*}/patch-info.awk" "$WORK/crlf.patch") \
	<(echo "exit: Check it")
printf 'int dos(int x);\r\nint dos(int x)\r\n{\r\n\treturn x;\r\n}\r\n' | source_file lib/dos.c
compile lib/dos.c lib/dos.o
ok "line ends of the source" explains dos "$(patch_of dos lib/dos.c 's/return x/return x + 1/')"

unit_gone=$(text gone <<'EOT'
--- a/lib/last.c
+++ /dev/null
@@ -1 +0,0 @@
-int last;
\ No newline at end of file
EOT
)
ok "a source is removed" status 1 "unit-gone +lib/last.c" gen "$unit_gone"
echo '#define UNUSED' | source_file include/linux/unused.h
ok "an unused header is removed" status 66 "nothing in this build" gen "$(text unused <<'EOT'
--- a/include/linux/unused.h
+++ /dev/null
@@ -1 +0,0 @@
-#define UNUSED
EOT
)"
ok "a used header is removed" status 5 "priv.h.*No such file" gen "$(text used <<'EOT'
--- a/kernel/sub/priv.h
+++ /dev/null
@@ -1 +0,0 @@
-#define PRIVATE 7
EOT
)"

rename=$(text rename <<'EOT'
diff --git a/kernel/sub/priv.h b/kernel/sub/mine.h
similarity index 100%
rename from kernel/sub/priv.h
rename to kernel/sub/mine.h
diff --git a/kernel/sub/one.c b/kernel/sub/one.c
--- a/kernel/sub/one.c
+++ b/kernel/sub/one.c
@@ -1,3 +1,3 @@
 #include <linux/shared.h>
-#include "priv.h"
+#include "mine.h"
 void out(const char *text, const char *file, int line);
@@ -7,3 +7,3 @@
 {
-return x * PRIVATE;
+return x + PRIVATE;
 }
diff --git a/kernel/sub/deep/two.c b/kernel/sub/deep/two.c
--- a/kernel/sub/deep/two.c
+++ b/kernel/sub/deep/two.c
@@ -1,2 +1,2 @@
-#include "../priv.h"
+#include "../mine.h"
 int two(int x);
EOT
)
ok "a header is renamed" explains first "$rename"
ok "a source is renamed" status 1 "unit-gone +lib/last.c" gen "$(text moved <<'EOT'
diff --git a/lib/last.c b/lib/first.c
similarity index 100%
rename from lib/last.c
rename to lib/first.c
EOT
)"
ok "a source is renamed and changed" status 1 "unit-gone +lib/tail.c" gen "$(text changed <<'EOT'
diff --git a/lib/tail.c b/lib/head.c
similarity index 80%
rename from lib/tail.c
rename to lib/head.c
--- a/lib/tail.c
+++ b/lib/head.c
@@ -2,4 +2,4 @@
 int tail(int x)
 {
-	return x;
+	return x + 2;
 }
\ No newline at end of file
EOT
)"

binary=$(text binary <<'EOT'
diff --git a/lib/logo.bin b/lib/logo.bin
index 1111111..2222222 100644
GIT binary patch
literal 2
Jcmb=J00#g800961

literal 0
HcmV?d00001

EOT
)
ok "a binary file" status 4 "binary files cannot be handled: lib/logo.bin" gen "$binary"

# What git says.
repo() {
	git -C "$SRC" "$@" -q > /dev/null
}
git -C "$SRC" init -q -b main
git -C "$SRC" config core.autocrlf false
git -C "$SRC" add .
repo commit -m base
repo checkout -b side
patch -s -d "$SRC" -p1 < "$one"
repo commit -a -m "Fix the thing"
repo checkout main
echo other >> "$SRC/lib/other.txt"
git -C "$SRC" add .
repo commit -m "Do something else"
repo merge --no-ff -m "Merge the fix" side
repo checkout -b here main~1
ok "a merge: what it brought to where it was merged" explains first --git main
ok "a merge: the other side's part is there already" status 4 "does not apply" \
	gen --git main^2..main
ok "the very first commit" status 4 "git does not know" gen --git main~2
repo checkout -b rename main~1
git -C "$SRC" mv kernel/sub/priv.h kernel/sub/mine.h
sed -i 's/priv.h/mine.h/' "$SRC/kernel/sub/one.c" "$SRC/kernel/sub/deep/two.c"
sed -i 's/x \* PRIVATE/x + PRIVATE/' "$SRC/kernel/sub/one.c"
ok "a work tree with a renamed header" explains first --worktree
repo commit -a -m "Rename it"
repo checkout here
ok "a commit with a renamed header" explains first --git rename
git -C "$SRC" show rename > "$WORK/shown.patch"
grep -q '^rename from' "$WORK/shown.patch" || echo "not ok git show tells of renames"
ok "git show of it" explains first "$WORK/shown.patch"
chmod +x "$SRC/kernel/sub/one.c"
ok "a work tree with another mode" status 66 "nothing to change" gen --worktree
chmod -x "$SRC/kernel/sub/one.c"

patch -s -d "$SRC" -p1 < "$new_header"
ok "a work tree with a header that git does not know yet" explains first --worktree
ok "it is in the patch" grep -q '^+#define NEW 9' <(gen --explain --keep --worktree 2>&1 |
	sed -n 's/.*intermediate files: //p' | while read -r dir; do
		cat "$dir/all.patch"
		rm -r "$dir"
	done)

mkdir "$SRC/build"
mv "$OBJ" "$SRC/build/obj"
echo "int generated;" > "$SRC/build/obj/generated.c"
OBJ=$SRC/build/obj
ok "what is in a build directory is not of the work tree" explains first --worktree
ok "nor told of" bash -c "! grep generated '$WORK/stdout'"
OBJ=$WORK/obj
mv "$SRC/build/obj" "$OBJ"
rm "$SRC/kernel/sub/new.h"
repo checkout -f here

printf 'text\n' > "$SRC/kernel/n"$'\xc3\xa4'me
git -C "$SRC" add .
ok "a name that git quotes" status 1 "input +kernel/n.*me" gen --worktree

finish
