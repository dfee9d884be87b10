# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# For the tests of the verbs same, finish, verify and show: a plain pre object
# and a linked module, made of a few lines by compiler, assembler and linker.
# No kernel is needed. SPLICE_ELF names the program.

set -o pipefail
set -o nounset
export LC_ALL=C

# shellcheck source=tree-lib.bash
. "${BASH_SOURCE[0]%/*}/tree-lib.bash"

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
FAILED=0
CC=${CC:-gcc}
ELF=${SPLICE_ELF-}

if [[ ! -x $ELF || $(uname -m) != x86_64 ]]; then
	echo "ok # SKIP SPLICE_ELF does not name splice-elf, or not x86_64"
	exit 4
fi
ELF=$(realpath "$ELF")
cd "$WORK" || exit 1

# What the kernel compiles with, as far as it shows in an object.
CFLAGS=(-O2 -std=gnu11 -w -mcmodel=kernel -fno-pic -fno-pie -pg -mfentry
	-fcf-protection=branch -mindirect-branch=thunk-extern
	-mindirect-branch-register -mindirect-branch-cs-prefix
	-mfunction-return=thunk-extern -fno-asynchronous-unwind-tables
	-fno-stack-protector -mno-sse -mno-red-zone)

ok() {
	local what=$1

	shift
	if "$@" > log 2>&1; then
		echo "ok $what"
	else
		echo "not ok $what"
		sed 's/^/# /' log
		FAILED=1
	fi
}

# status WANTED TEXT COMMAND...: the command's status, and TEXT (an extended
# regular expression) in what it says.
status() {
	local wanted=$1 text=$2 got=0

	shift 2
	"$@" > stdout 2> stderr || got=$?
	cat stdout stderr
	echo "status $got, wanted $wanted and $text"
	((got == wanted)) && grep -q -E -e "$text" stdout stderr
}

# silent COMMAND...: it succeeds and says nothing.
silent() {
	"$@" > stdout 2>&1
	local got=$?

	cat stdout
	echo "status $got"
	((got == 0)) && [[ ! -s stdout ]]
}

compile() {
	"$CC" "${CFLAGS[@]}" "${@:3}" -c -o "$2" "$1" || exit 1
}

# section_index FILE NAME, symbol_field FILE NAME COLUMN
section_index() {
	readelf -SW "$1" | sed -n 's/^ *\[ *\([0-9]*\)\] /\1 /p' |
		awk -v name="$2" '$2 == name { print $1; exit }'
}

symbol_field() {
	readelf -sW "$1" | awk -v name="$2" -v n="$3" '$8 == name { print $n; exit }'
}

# bytes_at FILE SECTION: offset of a section in the file
bytes_at() {
	echo $((0x$(readelf -SW "$1" | sed -n 's/^ *\[ *[0-9]*\] //p' |
		awk -v name="$2" '$1 == name { print $4; exit }')))
}

# poke FILE SECTION OFFSET BYTES: overwrite, BYTES as of printf(1)
poke() {
	# shellcheck disable=SC2059
	printf "$4" | dd of="$1" bs=1 conv=notrunc status=none \
		seek=$(($(bytes_at "$1" "$2") + $3))
}

# The pre object: two functions, the data and strings they use, and a few of
# the places that a kernel rewrites.
make_pre() {
	cat > pre.c <<-'EOF'
	extern int helper(int);
	extern void hidden(const char *);
	extern void (*table[4])(int);
	extern int per_cpu __attribute__((section(".data..percpu")));
	int per_cpu = 1;
	static volatile int state = 3;
	int visible = 4;
	__attribute__((noinline)) static int local(int x)
	{
		asm volatile("" ::: "memory");
		return x * state;
	}
	__attribute__((weak)) int weakly(int x) { return x + 1; }
	__attribute__((section(".init.text"))) int boot(int x) { return x; }
	int target(int x)
	{
		hidden("a string of pre");
		table[x & 3](x);
		asm volatile("1: lock; incl %0\n"
			     ".pushsection .smp_locks, \"a\"\n"
			     ".balign 4\n.long 1b - .\n.popsection"
			     : "+m" (visible));
		return helper(local(x)) + weakly(x);
	}
	int other(int x) { return target(x) + per_cpu; }
	EOF
	compile pre.c pre.o
}

# The module: target.splice in the place of target. Arguments: more assembly
# for it, and a file for what the linker is to make of it.
# shellcheck disable=SC2120 # arguments are optional
make_module() {
	local shndx offset

	shndx=$(section_index pre.o .text)
	offset=$((0x$(symbol_field pre.o target 2)))
	cat > new.s <<-EOF
	.section .text.target,"ax",@progbits
	.balign 16
	.type target.splice, @function
	target.splice:
		endbr64
	1:	call __fentry__
		movq \$__splice.old.0.$(text_of .rodata.str1.1).0.s, %rdi
		call hidden
		call __splice.old.0.$(text_of .text).$(place_of local).f
		movq __splice.old.0.$(text_of .data).$(place_of state).o(%rip), %rax
		call helper
		call exported
	2:	call __SCT__key
		movabsq \$0x0123456789abcdef, %rcx
	3:
		${1-}
	4:	jmp __x86_return_thunk
		.size target.splice, . - target.splice
	.section .return_sites,"a",@progbits
		.long 4b - .
	.section .static_call_sites,"aw",@progbits
		.long 2b - ., __SCT__key - .
	.section __mcount_loc,"a",@progbits
		.quad 1b
	.section .orc_unwind_ip,"a",@progbits
		.long target.splice - .
	.section .orc_unwind,"a",@progbits
		.byte 8, 0, 0, 0, 5, 2
	.section .modinfo,"a",@progbits
		.asciz "license=GPL", "name=${MODULE:-fix}"
		${DEPENDS+.asciz \"depends=$DEPENDS\"}
	.section .livesplice.link.funcs,"",@progbits
		.quad target.splice
		.long 0, $shndx, $offset, target_size, 0, 0
	.section .livesplice.link.consts,"",@progbits
		.quad 3b - 8, CONSTANT
		.long 7, 0
	.section .livesplice.link.flags,"",@progbits
		.long ${FLAGS:-0}
	.set target_size, 4b + 5 - target.splice
	EOF
	as -o unit.o new.s && ld -r -o in.ko unit.o || exit 1
	printf '0x0\t%s\t%s\tEXPORT_SYMBOL\t\n' \
		exported vmlinux __fentry__ vmlinux __x86_return_thunk vmlinux \
		elsewhere some_module > symvers
	printf 'the patch\nof "two" lines\n' > fix.patch
}

text_of() {
	printf %x "$(section_index pre.o "$1")"
}

place_of() {
	printf %x $((0x$(symbol_field pre.o "$1" 2)))
}

ID=00112233445566778899aabbccddeeff
OBJECT=vmlinux

finish() {
	"$ELF" finish -o out.ko in.ko -s symvers -N fix -O "$OBJECT" -I "$ID" \
		-D "what it fixes" -R 6.12 -P fix.patch -u 0:dir/pre.o:pre.o "$@"
}

verify() {
	"$ELF" verify "${1-out.ko}" -s symvers -i unit.o
}

finished() {
	exit "$FAILED"
}
