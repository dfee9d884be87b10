#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A kernel with KASAN: constructors that register variables stay behind, and
# strings are variables without a name, with gaps between them.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

kernel_flags+=(
	-fsanitize=kernel-address -fasan-shadow-offset=0xdffffc0000000000
	--param asan-globals=1 --param asan-stack=1
	--param asan-instrumentation-with-call-threshold=0
)

unit() {
	cat <<'END'
static int table[] = { 1, 2, 3, 4 };
static int total = 0;
struct ops { int (*run)(int); const char *name; };
static int run(int x) { return total += x; }
const struct ops ops = { run, "of the ops" };
int entry(int x) { static int calls = 3; _printk("x %d\n", x); return table[x & 3] + calls++ + total; }
int other(int x) { _printk("other %d\n", x); return x; }
int third(int x) { _printk("third %d\n", x); return x + 3; }
int local(int *p) { int a[8]; keep(a); return a[*p & 7]; }
#ifdef TOOL
asm(".pushsection .ibt_endbr_seal,\"a\"\n.long _sub_I_65535_1 - .\n.popsection");
#endif
END
}

pre < <(unit)
post < <(unit)
run_diff
check "nothing changes" result 66

post < <(unit | sed 's/x + 3/x + 4/')
run_diff
check "a body changes" result 0
check "that function is replaced" reports func replaced third
check "no other" not reports func replaced other
check "no constructor goes along" not has_section '\.(init|fini)_array'
check "nor what it registers" not has_section '\.data\.\.LASAN.*'
check "nor the constructor's code" not has_section '\.text\.(startup|exit).*'
check "nothing is left behind" not reports pinned

post < <(unit | sed 's/other %d/OTHER %d/;s/calls++/calls--/')
run_diff
plain=$(readelf -sW plain.o | awk '$8 ~ /^calls\./ { print $8 }')
check "a string changes" result 0
check "its function is replaced" reports func replaced other
check "the one beside it is not" not reports func replaced third
check "static local at its old place" symbol "GLOBAL UND $(old_name "$plain" o)"
check "the new string is not left behind" not reports pinned

post < <(unit | sed 's/int a\[8\]/int a[9]/;s/a\[\*p/a[1 + *p/')
run_diff
check "a frame of another size" reports func replaced local
check "its description stays on the stack" not reports pinned

post < <(unit | sed 's/return x + 3/static int news = 7; return x + news++/')
run_diff
check "a new variable" reports data new news
check "nobody registers it" not has_section '\.(init|fini)_array'

post < <(unit | sed 's/2, 3, 4 }/2, 3, 9 }/')
run_diff
check "read-only data changes" reports data rewritten table "contents, used by entry()"
check "a check of KASAN keeps no address" not reports note table

post < <(unit | sed 's/of the ops/of the OPS/')
run_diff
check "a string in read-only data" reports data rewritten ops
check "the new string is left behind" reports pinned '"of the OPS"'

pre < <(unit; echo 'const char *what(void) { return "what it is"; }')
post < <(unit; echo 'const char *what(void) { keep("but this"); return "what it is"; }')
run_diff
check "a string that pre has is used there" count_is 1 .text.what '__splice\.old\.7\.[0-9a-f]+\.[0-9a-f]+\.o'
check "only the new one is left behind" eval "[[ \$(grep ^pinned report) == *'but this'* ]]"
check "there is a place for it in the tables" "$SPLICE_ELF" finish -c \
	-s <(printf '0x0\t_printk\tvmlinux\tEXPORT_SYMBOL\t\n') -O vmlinux \
	-u 7:dir/unit.o:plain.o new.o

# The object of a module of one file is what objtool has left.
compile plain.o pre_src -DTOOL
run_diff
check "beside notes of objtool" count_is 1 .text.what '__splice\.old\.7\.[0-9a-f]+\.[0-9a-f]+\.o'
check "there is a place for all of it" "$SPLICE_ELF" finish -c \
	-s <(printf '0x0\t_printk\tvmlinux\tEXPORT_SYMBOL\t\n') -O module \
	-u 7:dir/unit.o:plain.o new.o

# A gap is no string: an address before the start of one may lie in that of
# another. Whatever uses any of them is taken to use all.
pre < <(unit; echo 'int hex(int c) { return "0123456789abcdef"[c - 48]; }')
post < <(unit | sed 's/other %d/OTHER %d/'; echo 'int hex(int c) { return "0123456789abcdef"[c - 48]; }')
run_diff
check "an index into a string" result 0
check "all strings are one" reports func replaced third

# Other constructors.
ctor='__attribute__((constructor)) static void ctor(void) { total = 5; }'
pre < <(unit; echo "$ctor")
post < <(unit | sed 's/x + 3/x + 4/'; echo "$ctor")
run_diff
check "beside a constructor that stays" result 0
check "the body is replaced" reports func replaced third
post < <(unit; echo "${ctor/5/6}")
run_diff
check "a constructor changes" refused section
pre < <(unit)
post < <(unit; echo "$ctor")
run_diff
check "a constructor is new" refused section

# What only bears the name.
hidden='int hidden[4] __section(".data..LASAN7") = { 1 };'
pre < <(unit; echo "$hidden")
post < <(unit; echo "${hidden/1/2}")
run_diff
check "data in the section of descriptors" refused section
hidden='static void (*list)(void) __attribute__((used, section(".init_array"))) = (void *)other;'
pre < <(unit)
post < <(unit; echo "$hidden")
run_diff
check "a function that registers nothing" refused section
finish
