#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What `splice-elf same` takes for the same object, and which difference it
# names when there are several.

# shellcheck disable=SC1091
. "$(dirname "$0")/tables-lib.bash"

# Or a changed pointer brings the functions into another order.
CFLAGS+=(-fno-toplevel-reorder)

cat > built.c <<-'EOF'
	extern int helper(int), helper2(int);
	extern void say(const char *, const void *);
	static int twice(int x) { return 2 * x; }
	int early(int x) { return helper(x); }
	int middle(int x) { say("a text", twice); return x + 5; }
	int late(int x) { return early(x) + middle(x); }
	int value = 3;
	int (*pointer)(int) = early;
	static const int constant[] = { 1, 2, 3 };
	const int *get(void) { return constant; }
EOF
compile built.c built.o

# changed SED-SCRIPT WHERE
changed() {
	sed "$1" built.c > now.c
	compile now.c now.o
	cmp -s built.c now.c && echo "nothing was changed" && return 1
	status 1 "^refuse	source	$2	" "$ELF" same built.o now.o &&
		(($(wc -l < stdout) == 1))
}

compile built.c now.o
ok "the same" silent "$ELF" same built.o now.o
printf 'another tool' > comment
objcopy --update-section .comment=comment --add-section .note.more=comment \
	--add-section .debug_info=comment now.o
ok "comments, notes and debug information do not count" \
	silent "$ELF" same built.o now.o
compile built.c now.o -g
ok "nor does -g" silent "$ELF" same built.o now.o

ok "an immediate" changed 's/+ 5/+ 6/' 'middle\+0x[0-9a-f]+'
ok "the target of a call" changed 's/return helper(/return helper2(/' \
	'early\+0x[0-9a-f]+'
ok "a longer function is named, not those that moved" \
	changed 's/+ 5/+ x * x/' 'middle\+0x[0-9a-f]+'
ok "a new function" changed 's/^static const/int fresh(void) { return 1; }\n&/' \
	'fresh\+0x0'
ok "a function that is gone" changed '/int late/d' 'late\+0x0'
ok "a function of another name" changed 's/late/later/' late
ok "a text" changed 's/a text/A text/' '.rodata.str1.1\+0x0'
ok "data" changed 's/value = 3/value = 4/' 'value\+0x0'
ok "a pointer in data" changed 's/pointer)(int) = early/pointer)(int) = late/' \
	'pointer\+0x0'
ok "constants" changed 's/2, 3/2, 4/' 'constant\+0x8'
ok "a section of its own" changed \
	's/^int value/__attribute__((section(".data.x"))) &/' '.*'
ok "binding of a symbol" changed 's/^int value/__attribute__((weak)) &/' value
ok "visibility of a symbol" changed \
	's/^int value/__attribute__((visibility("hidden"))) &/' value

ok "no object" status 3 'not an ELF file' "$ELF" same built.o built.c
ok "no file" status 3 'No such file' "$ELF" same built.o nowhere.o
ok "no arguments" status 2 usage "$ELF" same built.o

finished
