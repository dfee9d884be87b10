#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Objects that no compiler makes, found by fuzz-elf.sh or by reading: each gets an
# answer, at once, and none a crash. What is damaged in a way that would be added,
# followed or searched for its end later on is turned away at the door.

# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

# assembled NAME: an object from standard input
assembled() {
	as -W -o "$1" -
}

# header FILE SECTION FIELD BYTES: overwrite an 8 byte field of a section header
header() {
	local index start

	index=$(readelf -SW "$1" | sed -n 's/^ *\[ *\([0-9]*\)\] /\1 /p' |
		awk -v name="$2" '$2 == name { print $1; exit }')
	start=$(readelf -hW "$1" | awk '/Start of section headers/ { print $5 }')
	# shellcheck disable=SC2059
	printf "$4" | dd of="$1" bs=1 conv=notrunc status=none \
		seek=$((start + index * 64 + $3))
}

# with_limit SECONDS ARGUMENTS
with_limit() {
	timeout "$1" "$SPLICE_ELF" "${@:2}" > report 2> errors
	rc=$?
}

# turned_away NAME TEXT
turned_away() {
	with_limit 2 same "$1" "$1"
	check "$1: turned away" result 3
	check "$1: message" grep -q "error: $2" errors
}

# A function in a section that is not understood, moved to one that is.
pre <<< '__section(".strange.text") int moved(int x) { return x; }'
post <<< '__section(".noinstr.text") int moved(int x) { return x + 1; }'
run_diff
check "moved from an unknown section" refused section

# A replacement of no bytes that is said to be somewhere else.
pre <<< 'int entry(int x) { return x; }'
post <<'END'
int entry(int x)
{
	asm volatile("661: nop\n662:\n.pushsection .altinstructions,\"a\"\n"
		     ".long 661b - .\n .long nowhere - .\n" ALT_FEATURE "7\n"
		     ".byte 1\n .byte 0\n .popsection");
	return x + 1;
}
END
run_diff
check "empty replacement elsewhere" test "$rc" -le 1

# Fragments whose functions are each a fragment of the other.
circle='asm(".pushsection .text.circle,\"ax\"\n"
	".type \"a.cold\",@function\n.type b,@function\n"
	".type \"b.cold\",@function\n.type a,@function\n"
	"b: \"a.cold\": nop; nop\n.size \"a.cold\",2\n.size b,1\n"
	"a: \"b.cold\": nop; nop\n.size \"b.cold\",2\n.size a,1\n.popsection");'
pre <<< "$circle int entry(int x) { return x; }"
post <<< "$circle int entry(int x) { return x + 1; }"
with_limit 10 diff -u 7 -n dir/unit.o -p plain.o -a pre.o -b post.o -o new.o
check "fragments in a circle" result 0

assembled endless <<< '.section .rodata.str1.1,"aMS",@progbits,1; .ascii "abc"'
turned_away endless ".rodata.str1.1: its last string has no end"
assembled nocode <<< '.section .text.x,"ax",@nobits; .skip 16'
turned_away nocode ".text.x: has no contents"
assembled notable <<< '.section .modinfo,"aw",@nobits; .skip 16'
turned_away notable ".modinfo: has no contents"

assembled good <<< '.data; .quad 1; .quad extern'
cp good align
header align .data 48 '\0\0\0\0\0\0\0\100'
turned_away align "section [0-9]*: odd alignment"
cp good entries
header entries .data 56 '\377\377\377\377\377\377\377\377'
turned_away entries "section [0-9]*: odd size"
assembled addend <<< '.data; .quad extern + 0x7ffffffffffffffe'
turned_away addend ".data: relocation 0: odd addend"

# Its section symbol, the first of the section symbols, gets no section.
assembled symbol <<< '.data; x: .quad x'
number=$(readelf -sW symbol | awk '$4 == "SECTION" { print $1 + 0; exit }')
at=$(($(readelf -SW symbol | sed -n 's/^ *\[ *[0-9]*\] //p' |
	awk '$1 == ".symtab" { print "0x" $4 }') + number * 24 + 6))
printf '\0\0' | dd of=symbol bs=1 conv=notrunc status=none seek=$at
turned_away symbol ".*of no section"

# Four billion zeros are equal without being looked at.
assembled big <<< '.bss; x: .skip 0xf0000000'
with_limit 2 same big big
check "large variable" result 0
finish
