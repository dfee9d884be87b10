#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# More than one word of an object that others can read is not changed.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

# try DECLARATIONS: with RULES for a table of which two words change
unit() {
	pre <<< "${1/RULES/{ 1, 2, 3, 4 \}}"
	post <<< "${1/RULES/{ 1, 5, 6, 4 \}}"
	run_diff
}

table='static const long rules[4] = RULES; extern int use(const void *p);'

unit 'const long rules[4] = RULES;'
check "a global object" refused data
check "a global object: it is named" reports refuse data rules \
	"more than one word of it changes, and rules makes it known"
check "a global object: reported as changed" reports data changed rules

unit "$table const long * const known = rules;"
check "by a global pointer" refused data
check "by a global pointer: it is named" reports refuse data rules \
	"more than one word of it changes, and known makes it known"

unit "$table static const struct { const long *p; } in = { rules };
struct { const void *p; } out = { &in };"
check "by a global object on the way" reports refuse data rules \
	"more than one word of it changes, and out makes it known"
check "by a global object on the way" refused data

unit "$table static const void * const param __section(\"__param\")
	__attribute__((used)) = rules;"
check "by a parameter" reports refuse data rules \
	"more than one word of it changes, and __param makes it known"

unit "$table static const void * const entry __section(\"some_registry\")
	__attribute__((used)) = rules;"
check "by what nobody knows" refused data
check "by what nobody knows: it is named" reports refuse data rules \
	"more than one word of it changes, and some_registry makes it known"

unit "$table __section(\".noinstr.text\") int entry(void) { return use(rules); }"
check "by code that may run meanwhile" refused noinstr

unit "$table __attribute__((weak)) int entry(void) { return use(rules); }"
check "by a function that may be another one" refused weak

unit "$table int entry(void) { return use(rules); }"
check "and by nobody else" result 0

unit '__attribute__((weak)) const long rules[4] = RULES;'
check "a weak object" refused weak

# Two words, but not one after the other: a global object all the same.
pre <<< 'const char letters[9] = "abcdefgh";'
post <<< 'const char letters[9] = "abcdefgX";'
run_diff
check "one byte of a global object" result 0

# Distances would be those of the copy.
near() {
	cat <<-END
	asm(".pushsection .rodata.near, \"a\"; .balign 8; .type near, @object\n"
	    "near: .long other - ., $1\n.size near, 8; .popsection");
	extern const int near[2];
	int entry(int i) { return near[i]; }
	END
}
near 1 | pre
near 2 | post
run_diff
check "a relative reference" refused data
check "a relative reference: advice" reports refuse data near \
	"contents of an object with references that are relative"

# A label of assembly: nobody knows where the object ends.
label() {
	cat <<-END
	asm(".pushsection .rodata.label, \"a\"; label: .quad $1; .popsection");
	extern const long label;
	int entry(int i) { return label + i; }
	END
}
label 1 | pre
label 2 | post
run_diff
check "a label" refused data
check "a label: why" reports refuse data label \
	"contents of what assembly gives no type"

# The object of the build must be the one that was compared.
pre <<< 'const long limit = 1;'
post <<< 'const long limit = 2;'
mkdir -p other_src
echo 'const long limit = 3;' > other_src/unit.c
compile plain.o other_src
run_diff
check "other contents in the build" refused pre

# Read-only, but with a section of its own that means something else.
pre <<< 'const int x __section("__tracepoints_strings") = 1;'
post <<< 'const int x __section("__tracepoints_strings") = 2;'
run_diff
check "a section with a meaning" refused data
finish
