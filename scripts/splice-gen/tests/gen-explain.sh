#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What --explain tells of each function: why it changed, from which instruction
# and which line on, and what will be in the way when the update is loaded.

# shellcheck disable=SC1091,SC2016,SC2317 # functions are called through ok
. "$(dirname "$0")/gen-lib.bash"
need_helper

source_file include/linux/inline.h <<'EOT'
#define FACTOR 5
static inline int scaled(int x)
{
	if (x > 100)
		return 100;

	return x * FACTOR;
}

static inline int twice(int x)
{
	return scaled(x) + scaled(x + 1);
}
EOT
source_file lib/why.c <<'EOT'
#include <linux/inline.h>
void out(const char *text, const char *file, int line);
int one(int x);
int two(int x);
#define HERE asm volatile("661: nop\n662:\n" \
	".pushsection .altinstructions,\"a\"\n" \
	".long 661b - .\n.long 663f - .\nALT_FEATURE\n.byte 662b - 661b\n.byte 664f - 663f\n.popsection\n" \
	".pushsection .altinstr_replacement,\"ax\"\n663: int3\n664:\n.popsection\n")

int plain(int x);
int plain(int x)
{
	out("plain", __FILE__, __LINE__);
	return x + 1;
}

int deep(int x);
int deep(int x)
{
	out("deep", __FILE__, __LINE__);
	return twice(x) + 1;
}

int macro(int x);
int macro(int x)
{
	out("macro", __FILE__, __LINE__);
	return x + FACTOR;
}

struct thing { int unused[2]; int used; };
int field(struct thing *thing);
int field(struct thing *thing)
{
	return thing->used;
}

static int (*const handler)(int) = one;
int text(int x);
int text(int x)
{
	out(x ? "text" : "none", __FILE__, __LINE__);
	return handler(x);
}

int feature(void);
int feature(void)
{
	HERE;
	return 1;
}

struct key { int on; };
struct key key;
int branch(void);
int branch(void)
{
	asm goto("1: .byte 0x0f,0x1f,0x44,0x00,0x00\n"
		".pushsection __jump_table,\"aw\"\n .balign 8\n"
		".long 1b - .\n .long %l[yes] - .\n .quad %c0 - .\n"
		".popsection" : : "i" (&key) : : yes);
	return 2;
yes:
	return 3;
}

int lock;
int locked(void);
int locked(void)
{
	asm volatile(".pushsection .smp_locks,\"a\"\n .balign 4\n .long 1f - .\n"
		".popsection\n1: lock incl %0" : "+m" (lock));
	return 8;
}

int tiny(void);
int tiny(void)
{
	return 4;
}
EOT
sed -i "s/ALT_FEATURE/$alt_feature 7/" "$SRC/lib/why.c"
compile lib/why.c lib/why.o

# explained NAME SED [PATH SED]...: what the report says under the function, in
# $WORK/said; "nothing" for one that it does not name.
explain() {
	local name=$1 patch

	shift
	patch=$(patch_of explain "$@")
	gen --explain "$patch" > "$WORK/stdout" 2> "$WORK/stderr" || [[ -s $WORK/stdout ]] || return
	awk -v name="$name()" '
		/^      [a-z]/ { on = $2 == name }
		/^ ? ? ? ?[^ ]/ { on = 0 }
		on' "$WORK/stdout" > "$WORK/said"
	cat "$WORK/said" "$WORK/stderr"
}

told() {
	cat "$WORK/said"
	grep -q -E -e "$1" "$WORK/said"
}

# because WHAT NAME WHY PATH SED...
because() {
	local what=$1 name=$2 why=$3

	shift 3
	ok "$what" explain "$name" "$@"
	ok "$what: $why" told "^ {16}why: $why\$"
}

because "its own text" plain "patched text" lib/why.c 's/return x \+ 1/return x + 2/'
ok "instruction" told '^ {16}at plain\+0x[0-9a-f]+, lib/why.c:14$'
ok "before" told '^ {18}- lea 0x1\('
ok "after" told '^ {18}\+ lea 0x2\('
ok "no module" bash -c "[[ -z \$(ls '$OUT') ]]"

because "lines have moved" plain "patched text" lib/why.c '1s,^,/*\n *\n */\n,;s/return x \+ 1/return x + 2/'
ok "lines have moved: where" told 'at plain\+0x[0-9a-f]+, lib/why.c:17, before lib/why.c:14$'

because "an inlined function of a header" deep "inlined callee scaled" \
	include/linux/inline.h 's/> 100/> 101/'
ok "where in the function, and in the header" told \
	'at deep\+0x[0-9a-f]+, lib/why.c:21 \(scaled at include/linux/inline.h:[0-9]+\)'
because "one in another" deep "inlined callee twice" include/linux/inline.h 's/\(x \+ 1\)/(x + 3)/'
because "both" deep "patched text, inlined callee scaled" \
	include/linux/inline.h 's/> 100/> 101/' lib/why.c 's/twice\(x\) \+ 1/twice(x) + 2/'
because "a macro" macro "changed macro in its text" include/linux/inline.h 's/FACTOR 5/FACTOR 6/'
because "the same macro, in an inlined function" deep "inlined callee scaled" \
	include/linux/inline.h 's/FACTOR 5/FACTOR 6/'
because "a string" text "patched text" lib/why.c 's/"none"/"some"/'
because "an offset in a type" field "changed constant" lib/why.c 's/int unused\[2\]/int unused[70]/'
ok "an offset of another length" told '^ {18}\+ mov 0x118\(%rdi\),%eax'
because "a constant that is used up" text "reference to two" lib/why.c 's/= one/= two/'
because "a table entry" feature "changed macro in its text" lib/why.c 's/byte 7/byte 8/'

because "a static branch at the entry" branch "patched text" lib/why.c 's/return 2/return 5/'
ok "not in the way" bash -c "! grep blocked '$WORK/said'"
because "a lock prefix at the entry" locked "patched text" lib/why.c 's/return 8/return 5/'
ok "in the way" told '^ {16}blocked when loaded: a lock prefix in the place of the jump$'
because "a function that is short" tiny "patched text" lib/why.c 's/return 4/return 5/'
ok "long enough by a byte" told "- mov \\\$0x4,%eax"
ok "nothing in the way" bash -c "! grep blocked '$WORK/said'"
source_file lib/short.c <<'EOT'
void empty(void);
void empty(void)
{
}
EOT
compile lib/short.c lib/short.o
because "a function that is empty" empty "patched text" lib/short.c 's/^\{/{ asm volatile("nop");/'
ok "too short" told 'blocked when loaded: too short for the jump: 1 of 5 bytes'

# The compiler's own doing: other() is not touched, but inlines no more.
source_file lib/inliner.c <<'EOT'
void out(const char *text, const char *file, int line);
static int helper(int x)
{
	out("helper", "", x / 3);
	out("helper", "", x / 4);
	out("helper", "", x / 5);
	out("helper", "", x / 6);
	out("helper", "", x / 7);
	out("helper", "", x / 8);
	out("helper", "", x / 9);
	out("helper", "", x / 10);
	out("helper", "", x / 11);
	out("helper", "", x / 12);
	return x * 3;
}
int caller(int x);
int caller(int x)
{
	return helper(x) + 2;
}
EOT
compile lib/inliner.c lib/inliner.o
because "inlined so far" caller "nothing that the patch touches: the compiler chose otherwise" \
	lib/inliner.c '$s/$/\nint new(int x);\nint new(int x)\n{\n\treturn helper(x) + helper(x * 7) + helper(x * 9) + helper(x * 11);\n}/'

# As JSON; and what is refused is explained too.
patch=$(patch_of json lib/why.c 's/return x \+ 1/return x + 2/;s/return 8;/return 5;/')
ok "as JSON" status 1 '"cause":"patched text"' gen --explain --json "$patch"
ok "it is" awk -f "$HERE/json.awk" "$WORK/stdout"
ok "its instruction" says '"insn":\{"function":"plain","offset":[0-9]+,"old":"lea 0x1\([^"]*","new":"lea 0x2\([^"]*","old_line":"lib/why.c:14","new_line":"lib/why.c:14"\}'
ok "what is in the way" says '"blocked":"a lock prefix'
echo "config X" | source_file kernel/Kconfig
ok "with a refusal" status 1 '^ {16}why: patched text' gen --explain \
	"$(patch_of refused lib/why.c 's/return x \+ 1/return x + 2/' kernel/Kconfig 's/X/Y/')"
ok "without being asked, nothing is explained" status 1 '^      replaced +plain' gen \
	"$(patch_of refused lib/why.c 's/return x \+ 1/return x + 2/' kernel/Kconfig 's/X/Y/')"
ok "nor compiled" bash -c "! grep -E 'why:|explain' '$WORK/stdout' '$WORK/stderr'"

finish
