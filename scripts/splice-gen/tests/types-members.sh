#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# splice-types: what a change of a definition does to its members.

# shellcheck disable=SC1091,SC2119
. "$(dirname "$0")/types-lib.bash"

# Everything is in a header here, so that objects are always possible.
# change SED: of unit.h, which stands in file "text".
change() {
	cat > pre/unit.h
	sed -E "$1" pre/unit.h > post/unit.h
	echo '#include "unit.h"' | pre && echo '#include "unit.h"' | post &&
		run_types
}

base='typedef unsigned int u32;
enum mode { SLOW, FAST = 5 };
struct inner { short p, q; };
struct outer { char first; struct inner inner[2]; long last; };
struct pointer { struct inner *to; struct outer *other; };
struct many {
	int a;
	u32 b : 3;
	u32 c : 5;
	char name[8];
	union { long u; struct { char v, w; }; };
	struct { int x, y; } named;
	struct { int key; long value; } table[4];
	int (*call)(struct inner *inner, int how);
	const char *text;
	enum mode mode;
	enum { RED, BLUE } colour;
	char tail[];
};
struct many *use(struct many *many);'

change 's/^$//' <<< "$base"
check "nothing" silent
change 's/int a;/int a; \/* a comment *\//;s/ long last/ volatile long last/;s/const char \*text/char *text/' <<< "$base"
check "comments and qualifiers" silent
change 's/u32 b/unsigned int b/;s/long u;/long long int u;/' <<< "$base"
check "other names of the same types" silent
change 's/^struct many \{/struct new { int here; };\n&/' <<< "$base"
check "a new struct" silent

change 's/int a;/&\n\tint more;/' <<< "$base"
check "added" refused "struct many"
check "added: where" says '^  more: added at 4, 4 bytes \(int\)$'
check "added: size" says 'unit.h:[0-9]+: [0-9]+ -> [0-9]+ bytes$'
check "added: what follows moves" says '^  named.x: moved 24 -> 32$'
check "added: bit fields move" says '^  c: moved 4:3 -> 8:3$'
change 's/(struct outer \{ char first;)/\1 char second;/' <<< "$base"
check "added in a hole" refused "struct outer"
check "added in a hole: same size" says ' bytes as before$'
check "added in a hole: where" says '^  second: added at 1, 1 byte \(char\)$'
change 's/int a;//' <<< "$base"
check "removed" refused "struct many"
check "removed: where" says '^  a: removed from 0, 4 bytes \(int\)$'
change 's/int x, y/int y, x/' <<< "$base"
check "moved" refused "struct many"
check "moved: one" says '^  named.x: moved 24 -> 28$'
check "moved: other" says '^  named.y: moved 28 -> 24$'
change 's/name\[8\]/name[9]/' <<< "$base"
check "elements" refused "struct many"
check "elements: how many" says \
	'^  name: resized 8 bytes -> 9 bytes \(char\[8\] -> char\[9\]\)$'
change 's/u32 b : 3;/u32 b : 4;/' <<< "$base"
check "bit field" refused "struct many"
check "bit field: size" says '^  b: resized 3 bits -> 4 bits$'
check "bit field: next" says '^  c: moved 4:3 -> 4:4$'
change 's/int a;/unsigned a;/' <<< "$base"
check "another type" refused "struct many"
check "another type: which" says '^  a: another type: int -> unsigned int$'
change 's/char v, w;/char w, v;/' <<< "$base"
check "in an anonymous struct" says '^  v: moved 16 -> 17$'
change 's/long u;/& int uu;/' <<< "$base"
check "of an anonymous union" says '^  uu: added at 16, 4 bytes \(int\)$'
change 's/int a;/union { int a; struct { int a2; } z; };/;s/z; \};$/z; };/' <<< "$base"
check "into an anonymous union" noted "struct many"
check "into an anonymous union: the new name" says '^  a: is called z.a2, too$'
check "into an anonymous union: the old one stays" not says '^  a: (is called z.a2 now|moved|removed)'
change 's/int key; long value/long value; int key/' <<< "$base"
check "elements that are anonymous structs" says '^  table\[\].key: moved 32 -> 40$'
change 's/(struct pointer \{ struct) inner/\1 outer/' <<< "$base"
check "a pointer to something else" refused "struct pointer"
check "a pointer to something else: what" says \
	'^  to: another type: struct inner \* -> struct outer \*$'
change 's/int how\)/long how)/' <<< "$base"
check "other parameters" says \
	'^  call: another type: int \(\*\)\(struct inner \*, int\) -> int \(\*\)\(struct inner \*, long int\)$'

change 's/short p, q/short p, q, r/' <<< "$base"
check "containers change, pointers do not" refused "struct inner" "struct outer"
check "container: why" says \
	'^  inner: resized 8 bytes -> 12 bytes, because of struct inner$'
change 's/short p, q/short q, p/' <<< "$base"
check "a container of the same size" refused "struct inner" "struct outer"
check "a container of the same size: why" says '^  inner: because of struct inner$'

change 's/SLOW, FAST = 5/SLOW, MEDIUM, FAST = 5/' <<< "$base"
check "enum: a new value" silent
change 's/SLOW, FAST = 5/SLOW, FAST/' <<< "$base"
check "enum: another value" refused "struct many" "enum mode"
check "enum: which" says '^  FAST: value 5 -> 1$'
check "enum: in the struct" says '^  mode: because of enum mode$'
change 's/RED, BLUE/BLUE, RED/' <<< "$base"
check "anonymous enum" refused "struct many"
check "anonymous enum: which" says '^  BLUE: value 1 -> 0$'
change 's/SLOW, FAST = 5/SLOW, FAST/;s/enum mode mode/int mode/' <<< \
	"${base/enum mode mode/int mode}"
check "enum: no member" silent

change 's/int a;/int renamed;/' <<< "$base"
check "renamed" noted "struct many"
check "renamed: which" says '^  a: is called renamed now$'
change 's/struct \{ int x, y; \} named;/union { struct { int x, y; } named; struct { int x, y; } again; };/' <<< "$base"
check "a second name" noted "struct many"
check "a second name: which" says '^  named.x: is called again.x, too$'
change 's/struct \{ int x, y; \} named;/union { struct { int x, y; } named; struct { int x; unsigned y; } again; };/' <<< "$base"
check "a second name of another type" refused "struct many"
check "a second name of another type: which" says '^  again.y: added at 28, 4 bytes'
change 's/char tail\[\]/char tail[0]/' <<< "$base"
check "both forms of an array without end" silent
change 's/int a;/unsigned renamed;/' <<< "$base"
check "another name and type" refused "struct many"

change 's/^struct inner \{(.*)\};/struct inner {\1} __attribute__((aligned(16)));/' <<< "$base"
check "alignment" says '^  alignment asked for: 0 -> 16$'
change 's/struct inner \{/union inner {/;s/struct inner\b/union inner/' <<< "$base"
check "a union now" says 'note	struct inner|is union inner now'
check "a union now: refused" not silent
change '/^struct pointer/d' <<< "$base"
check "a header without it" silent
both '/^struct gone/d' <<< $'struct gone { int a; };\nint x;'
run_types
check "gone" noted "struct gone"

typedefs='typedef struct { int a; long b; } pair_t;
typedef unsigned int number_t;
typedef struct pair_s { int a; } pair_s_t;
typedef int (*call_t)(int);
struct user { pair_t pair; number_t *numbers; };
struct caller { call_t call; };'
change 's/int a; long b/long b; int a/' <<< "$typedefs"
check "typedef of a struct" refused "typedef pair_t" "struct user"
check "typedef of a struct: because" says '^  pair: because of typedef pair_t$'
change 's/unsigned int number/unsigned long number/' <<< "$typedefs"
check "typedef of a number" refused "typedef number_t"
check "typedef of a number: how" says \
	'resized 4 bytes -> 8 bytes \(unsigned int -> long unsigned int\)$'
change 's/call_t\)\(int\)/call_t)(long)/' <<< "$typedefs"
check "typedef of a pointer" refused "struct caller"

# The form of bit fields before DWARF 5.
dwarf='-gdwarf-4 -gstrict-dwarf'
change 's/u32 b : 3;/u32 b : 4;/' <<< "$base"
check "bit field, DWARF 4" says '^  c: moved 4:3 -> 4:4$'
dwarf='-gdwarf-5'

echo "int x;" | pre
"${CC}" -c -o post.o pre/unit.c
run_types
check "no debug information" test "$rc" -eq 3
"$SPLICE_TYPES" -a pre.o > report 2> errors
rc=$?
check "usage" test "$rc" -eq 2

finish
