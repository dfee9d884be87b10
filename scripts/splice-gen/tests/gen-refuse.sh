#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Changes that cannot be spliced for what they touch, all named at once; and
# those that touch nothing.

# shellcheck disable=SC1091,SC2317 # functions are called through ok
. "$(dirname "$0")/gen-lib.bash"
need_helper

echo "config X" | source_file kernel/Kconfig
echo "obj-y += one.o" | source_file kernel/Makefile
echo "1 2 3" | source_file kernel/calls.tbl
echo "text" | source_file Documentation/text.rst
echo "int a;" | source_file drivers/unbuilt.c
mkdir -p "$SRC/arch/x86/entry"
mv "$SRC/kernel/entry.S" "$SRC/arch/x86/entry/entry.S"
compile arch/x86/entry/entry.S arch/x86/entry/entry.o
source_file kernel/bounds.c <<'EOF'
#include <linux/other.h>
void bounds(void);
void bounds(void)
{
	asm volatile("\n.ascii \"->OTHER %0\"" : : "i" (OTHER));
}
EOF
compile kernel/bounds.c kernel/bounds.s
mkdir -p "$OBJ/arch/x86/boot"
compile init/main.c arch/x86/boot/early.o
cat > "$OBJ/kernel/.made.h.cmd" <<EOF
savedcmd_kernel/made.h := awk -f x $SRC/kernel/made.h.in $SRC/include/linux/made.h > kernel/made.h
EOF
echo "#define MADE" | source_file include/linux/made.h

all=$(patch_of all \
	kernel/Kconfig 's/X/Y/' \
	kernel/Makefile 's/one/two/' \
	kernel/calls.tbl 's/3/4/' \
	arch/x86/entry/entry.S 's/ret/nop\n&/' \
	include/linux/other.h 's/3/4/' \
	include/linux/made.h 's/MADE/& 1/' \
	drivers/mod.c 's/\+ 1/+ 2/')
ok "a patch of everything" status 1 "cannot be spliced" gen --explain "$all"
ok "kconfig" says "^  kconfig +kernel/Kconfig"
ok "makefile" says "^  build +kernel/Makefile"
ok "table" says "^  input +kernel/calls.tbl"
ok "assembly" says "^  asm +arch/x86/entry/entry.o"
ok "constants for assembly" says "^  asm-offsets +kernel/bounds.s"
ok "boot code" says "^  boot +arch/x86/boot/early.o"
ok "generated file" says "^  generated +include/linux/made.h"
ok "code of a module could be spliced" says "replaced +in_module\(\)"
ok "what could be spliced is told too" says "replaced +start\(\)"

# The same for a program, if there is one that can tell.
valid_json() {
	cat "$WORK/stdout"
	! type -P python3 > /dev/null ||
		python3 - "$WORK/stdout" <<-'EOF'
		import json, sys
		report = json.load(open(sys.argv[1]))
		assert report["update"] == "all" and not report["modules"]
		reasons = {r["reason"] for r in report["refusals"]}
		assert {"kconfig", "asm", "build"} <= reasons, reasons
		kernel = [o for o in report["objects"] if o["object"] == "vmlinux"][0]
		assert kernel["units"] == ["init/main.o"]
		assert kernel["functions"][0]["name"] == "start"
		assert report["seconds"]["total"] >= 0
		EOF
}

printf -- '--- /dev/null\n+++ b/drivers/linux/other.h\n@@ -0,0 +1 @@\n+#define OTHER 4\n' \
	> "$WORK/shadow.patch"
ok "a header that may hide another" status 1 "shadow +drivers/linux/other.h" \
	gen "$WORK/shadow.patch"

ok "as JSON" status 1 '"refusals":' gen --json "$all"
ok "valid JSON" valid_json

ok "a comment" status 66 "nothing to change" \
	gen "$(patch_of comment kernel/sub/one.c '1s,^,/* new\n text */\n,')"
ok "white space" status 66 "nothing to change" \
	gen "$(patch_of space kernel/sub/one.c 's/^return/        return/')"
ok "a comment in assembly" status 66 "nothing to change" \
	gen "$(patch_of asm arch/x86/entry/entry.S 's,ret,& /* done */,')"
ok "documentation" status 66 "nothing to change" \
	gen "$(patch_of doc Documentation/text.rst 's/text/more/')"
ok "a file that is not built" status 66 "drivers/unbuilt.c: nothing in this build" \
	gen "$(patch_of unbuilt drivers/unbuilt.c 's/a/b/')"
# shellcheck disable=SC2016 # that is sed's dollar
ok "a function that nobody calls" status 66 "nothing to change" \
	gen "$(patch_of uncalled kernel/sub/one.c '$s/$/\nint lonely(int x);\nint lonely(int x)\n{\n\treturn x;\n}/')"
ok "it is named all the same" says "new +lonely"
ok "a macro that nobody uses" status 66 "nothing to change" \
	gen "$(patch_of unused include/linux/shared.h '1s,^,#define NEW 1\n,')"

finish
