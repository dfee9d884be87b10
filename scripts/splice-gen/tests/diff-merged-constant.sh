#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A constant that the linker shares is never changed: its users get another one.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

text_of() {
	objcopy -O binary -j ".text.$1" "$2" "$1.bin" && cksum < "$1.bin"
}

same_text() {
	[[ $(text_of entry pre.o) == "$(text_of entry post.o)" ]]
}

# A constant as the compiler makes it: nameless, and its section mergeable.
unit() {
	cat <<-END
	static inline __attribute__((always_inline)) int constant(void)
	{
		int v;

		asm(".pushsection .rodata.cst2, \"aM\", @progbits, 2\n"
		    ".balign 2\n1: .byte $1\n.popsection\n"
		    "movzwl 1b(%%rip), %0" : "=r" (v));
		return v;
	}
	int entry(void) { return constant(); }
	int bystander(int x) { return x + 1; }
	END
}

unit "255, 255" | pre
unit "8, 16" | post
run_diff
check "the code is the same" same_text
check "but what it uses is not" result 0
check "the function is replaced" reports func replaced entry "another constant"
check "nobody else" not reports func replaced bystander
check "the constant comes along" has_section .rodata.cst2
check "and is mergeable" grep -q ' AM ' <(readelf -SW new.o | grep cst2)
check "nothing is rewritten" not has_section .livesplice.link.datas

unit "255, 255" | post
run_diff
check "the same constant" result 66

# The same for strings.
pre <<'END'
extern int use(const char *s);
int entry(void) { return use("one"); }
END
post <<'END'
extern int use(const char *s);
int entry(void) { return use("two"); }
END
run_diff
check "the code that uses a string is the same" same_text
check "another string" reports func replaced entry "another string"
check "no string is rewritten" not has_section .livesplice.link.datas
finish
