# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Host tests of `splice-elf diff`: compile two versions of a small unit like
# kernel code, run diff, look at the result. Sourced by each diff-*.sh.
#
#   pre <<EOF ... / post <<EOF ...   the unit before and after the change
#   run_diff                         sets $rc, writes report and new.o

set -u -o pipefail

: "${SPLICE_ELF:?path of the splice-elf to test}"
: "${CC:=gcc}"

# shellcheck source=tree-lib.bash
. "${BASH_SOURCE[0]%/*}/tree-lib.bash"
# shellcheck source=check-lib.bash
. "${BASH_SOURCE[0]%/*}/check-lib.bash"
outputs=(report errors)
rc=none

# As in a default x86_64 configuration.
# shellcheck disable=SC2054
kernel_flags=(
	-std=gnu11 -O2 -nostdinc -ffreestanding -mcmodel=kernel -mno-sse
	-mno-80387 -mno-red-zone -fno-PIE -fno-strict-aliasing -fno-common
	-fcf-protection=branch -fno-jump-tables -mindirect-branch=thunk-extern
	-mindirect-branch-register -mfunction-return=thunk-extern
	-mharden-sls=all -fno-asynchronous-unwind-tables
	-fno-stack-protector -pg -mfentry -mrecord-mcount
	-fpatchable-function-entry=16,16 -falign-functions=16 -w
)

kernel_flags+=("-DBUG_ENTRY=$bug_entry" "-DALT_FEATURE=\"$alt_feature \"")

# What kernel headers make of the places that the kernel rewrites.
cat > kernel.h <<'END'
typedef unsigned long ulong;
#define noinline __attribute__((noinline))
#define __section(s) __attribute__((section(s)))
#define NULL ((void *)0)
extern int _printk(const char *fmt, ...);
extern void keep(const void *p);
extern int other(int x);

#define BUG() do {							\
	asm volatile("1: ud2\n"						\
		".pushsection __bug_table,\"aw\"\n"			\
		"2: .long 1b - .\n .if %c2 == 16\n .long 0\n .endif\n" \
		".long %c0 - .\n .word %c1\n .word 0\n"		\
		".org 2b + %c2\n .popsection"				\
		: : "i" (__FILE__), "i" (__LINE__), "i" (BUG_ENTRY));	\
	__builtin_unreachable();					\
} while (0)

static inline __attribute__((always_inline)) int fetch(int *p)
{
	int v = 0;

	asm volatile("1: movl %1, %0\n2:\n"
		".pushsection __ex_table,\"a\"\n .balign 4\n"
		".long 1b - .\n .long 2b - .\n .long 3\n .popsection"
		: "+r" (v) : "m" (*p));
	return v;
}

#define alternative(old, new, feature)					\
	asm volatile("661: " old "\n662:\n"				\
		".pushsection .altinstructions,\"a\"\n"			\
		".long 661b - .\n .long 663f - .\n" ALT_FEATURE #feature "\n" \
		".byte 662b - 661b\n .byte 664f - 663f\n .popsection\n"	\
		".pushsection .altinstr_replacement,\"ax\"\n"		\
		"663: " new "\n664:\n .popsection" ::: "memory")

struct key { int enabled; void *entries; };

static inline __attribute__((always_inline)) _Bool branch(struct key *key)
{
	asm goto("1: .byte 0x0f,0x1f,0x44,0x00,0x00\n"
		".pushsection __jump_table,\"aw\"\n .balign 8\n"
		".long 1b - .\n .long %l[yes] - .\n .quad %c0 - .\n"
		".popsection" : : "i" (key) : : yes);
	return 0;
yes:
	return 1;
}

#define LOCK ".pushsection .smp_locks,\"a\"\n .balign 4\n"		\
	".long 671f - .\n .popsection\n671:\n\tlock; "

static inline __attribute__((always_inline)) void count(int *p)
{
	asm volatile(LOCK "incl %0" : "+m" (*p));
}

#define runtime_const_ptr(sym) ({					\
	typeof(sym) __p;						\
	asm("mov %1, %0\n1:\n"						\
		".pushsection runtime_ptr_" #sym ",\"a\"\n"		\
		".long 1b - 8 - .\n .popsection"			\
		: "=r" (__p) : "i" (0x0123456789abcdefUL));		\
	__p;								\
})

#define runtime_const_mask_32(val, sym) ({				\
	unsigned int __m = (val);					\
	asm("and $0x12345678, %k0\n1:\n"				\
		".pushsection runtime_mask_" #sym ",\"a\"\n"		\
		".long 1b - 4 - .\n .popsection"			\
		: "+r" (__m));						\
	__m;								\
})
END

compile() {
	local out=$1 dir=$2
	shift 2
	(cd "$dir" && "$CC" "${kernel_flags[@]}" "$@" -include ../kernel.h \
		-c -o "../$out" unit.c)
}

sections=(-ffunction-sections -fdata-sections)

pre() {
	mkdir -p pre_src && cat > pre_src/unit.c &&
		compile plain.o pre_src && compile pre.o pre_src "${sections[@]}"
}

post() {
	mkdir -p post_src && cat > post_src/unit.c &&
		compile post.o post_src "${sections[@]}"
}

# More options for run_diff.
diff_options=()

run_diff() {
	rm -f new.o
	"$SPLICE_ELF" diff "${diff_options[@]}" -u 7 -n dir/unit.o -p plain.o -a pre.o -b post.o \
		-o new.o > report 2> errors
	rc=$?
}

# Conditions for check.

result() {
	[[ $rc == "$1" ]]
}

# A report line with these fields at its beginning.
reports() {
	local line
	line=$(printf '\t%s' "$@")
	grep -qF -- "${line:1}" report
}

refused() {
	result 1 && reports refuse "$1" && [[ ! -e new.o ]]
}

has_section() {
	readelf -SW new.o | grep -qE "\] $1 "
}

# SECTION must hold N bytes.
section_size() {
	local size
	size=$(readelf -SW new.o | sed 's/^ *\[ *[0-9]*\] //' |
		awk -v s="$1" '$1 == s { print $5; exit }')
	((0x${size:-0} == $2))
}

# Number of relocations of SECTION whose target fits PATTERN.
relocs() {
	readelf -rW new.o | awk -v s="'.rela$1'" '
		/^Relocation section/ { on = $3 == s; next }
		on' | grep -cE -- " $2( |\$)"
}

count_is() {
	local want=$1
	shift
	[[ $(relocs "$@") == "$want" ]]
}

symbol() {
	readelf -sW new.o | awk '{ print $5, $7, $8 }' | grep -qE "^$1\$"
}

# Place of a symbol in the plain object, as in the name of an import.
old_name() {
	readelf -sW plain.o | awk -v s="$1" -v t="$2" '
		$8 == s { sub(/^0+/, "", $2); printf "__splice.old.7.%x.%s.%s",
			$7, $2 == "" ? "0" : $2, t; exit }'
}
