#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Which sites are found in a plain pre object, and what is refused there.

# The dollars are those of assembly.
# shellcheck disable=SC1091,SC2016
. "$(dirname "$0")/tables-lib.bash"

# Numbers of enum lsp_site_kind.
ALT=0 JUMP=1 STATIC=2 FENTRY=3 RETURN=4 RETPOLINE=5 LOCK=6 POINTER=7 SHIFT=8 MASK=9
KCFI=10

# assemble: the assembly on stdin, in .text of pre.o.
assemble() {
	{
		echo '.text; .type f, @function; f:'
		cat
		echo '.text; .size f, . - f'
	} > pre.s
	as -o pre.o pre.s || exit 1
}

# has KIND LENGTH LABEL: a site at the label and nowhere else.
has() {
	local at wanted

	at=$((0x$(symbol_field pre.o "$3" 2)))
	wanted=$(printf 'site\t%u\t.text\t0x%x\t%u' "$1" "$at" "$2")
	"$ELF" show --pre pre.o > stdout || return 1
	cat stdout
	[[ $(grep -c '^site	' stdout) == "${4-1}" ]] &&
		grep -q "^$wanted	${5-.*}\$" stdout
}

refused() {
	status 1 "^refuse	$1	$2" "$ELF" show --pre pre.o
}

assemble <<< 'nop; s: call __fentry__; nop'
ok "fentry" has $FENTRY 5 s
assemble <<< 's: jmp __x86_return_thunk'
ok "return" has $RETURN 5 s
assemble <<< 'nop; s: .byte 0x2e; jmp __x86_return_thunk'
ok "return with a prefix" has $RETURN 6 s
assemble <<< 'nop; .byte 0x66; jmp __x86_return_thunk'
ok "return with another prefix" refused site 'f\+0x1'
assemble <<< 'nop; movq $__x86_return_thunk, %rax; s: jmp __x86_return_thunk'
ok "the address of a thunk is no site" has $RETURN 5 s
assemble <<< 'movl $0, 0xe8e8(%rax); s: call __SCT__x'
ok "static call" has $STATIC 5 s
assemble <<< 's: jmp __SCT__x; nop'
ok "static tail call" has $STATIC 5 s
assemble <<< 'nop; s: je __SCT__x; nop'
ok "conditional static tail call" has $STATIC 6 s
n=0
for reg in rax rcx rdx rbx "" rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15; do
	if [[ $reg ]]; then
		assemble <<< "nop; s: call __x86_indirect_thunk_$reg"
		ok "retpoline, $reg" has $RETPOLINE 5 s 1 $n
	fi
	n=$((n + 1))
done
assemble <<< 'nop; s: .byte 0x2e; call __x86_indirect_thunk_r11'
ok "retpoline with a prefix" has $RETPOLINE 6 s 1 11
assemble <<< 's: jmp __x86_indirect_thunk_rax; nop'
ok "retpoline, jump" has $RETPOLINE 5 s 1 0
assemble <<< 's: jne __x86_indirect_thunk_rax; nop'
ok "retpoline, conditional jump" has $RETPOLINE 6 s 1 0
assemble <<< 'call __x86_indirect_thunk_rsp'
ok "a retpoline of no register" refused site 'f\+0x0'
assemble <<< '.byte 0xf2; call __fentry__'
ok "a prefix where none is known" refused site 'f\+0x0'
assemble <<< 'call __x86_return_thunk'
ok "a call of the return thunk" refused site 'f\+0x0'
assemble <<< '.byte 0xe8; .long __fentry__ - .'
ok "a call of another place" refused site 'f\+0x0'

table() {
	printf '.pushsection %s, "a"\n%s\n.popsection\n' "$1" "$2"
}

jump='.long 1b - ., 2b - .; .quad key - .'
for insn in '.byte 0xeb, 2f - . - 1' '.byte 0x66, 0x90'; do
	assemble <<< "nop; s: 1: $insn; nop; 2: nop; $(table __jump_table "$jump")"
	ok "static branch, short: $insn" has $JUMP 2 s
done
for insn in '.byte 0xe9; .long 2f - . - 4' '.byte 0x0f,0x1f,0x44,0,0' \
	    'jmp elsewhere'; do
	assemble <<< "nop; s: 1: $insn; nop; 2: nop; $(table __jump_table "$jump")"
	ok "static branch, near: $insn" has $JUMP 5 s
done
# As objtool leaves it, where the target is in another section.
assemble <<< "nop; s: 1: .byte 0x0f,0x1f,0x44,0,0; .reloc s + 1, R_X86_64_NONE, elsewhere
nop; 2: nop; $(table __jump_table "$jump")"
ok "static branch, near, with a relocation of nothing" has $JUMP 5 s
assemble <<< "1: jmp 3f; 2: nop; nop; 3: nop; $(table __jump_table "$jump")"
ok "static branch to elsewhere" refused site 'f\+0x0'
assemble <<< "1: nop; nop; 2: nop; $(table __jump_table "$jump")"
ok "static branch that is none" refused site 'f\+0x0'
assemble <<< "movb \$0xeb, %al; .set x, . - 1; nop; 2: nop
$(table __jump_table '.long x - ., 2b - .; .quad key - .')"
ok "static branch inside an instruction" refused site 'f\+0x1'
assemble <<< "1: jmp 2f; 2: nop; $(table __jump_table '.long 1b - ., 2b - .')"
ok "a table of other entries" refused site __jump_table

assemble <<< "nop; 1: lock; incl (%rax); .set s, 1b
$(table .smp_locks '.long 1b - .')"
ok "lock prefix" has $LOCK 1 s
assemble <<< "s: jmp __x86_return_thunk; 1: .byte 0x66, 0xf0; incl (%rax)
$(table .smp_locks '.long 1b - .')"
ok "lock prefix that comes second" has $RETURN 5 s
assemble <<< "1: incl (%rax); $(table .smp_locks '.long 1b - .')"
ok "no lock prefix" refused site 'f\+0x0'
assemble <<< "1: lock; incl (%rax); $(table .smp_locks '.long f_weak - .')
.weak f_weak; f_weak: nop"
ok "an entry that may be elsewhere" refused site '.smp_locks\+0x0'

assemble <<< "nop; movabsq \$0x0123456789abcdef, %rax; 1: nop; .set s, 1b - 8
$(table runtime_ptr_name '.long 1b - 8 - .')"
ok "runtime pointer" has $POINTER 8 s
assemble <<< "movabsq \$0x0123456789abcdee, %rax; 1: nop
$(table runtime_ptr_name '.long 1b - 8 - .')"
ok "no runtime pointer" refused site 'f\+0x2'
assemble <<< "nop; shrl \$12, %eax; 1: nop; .set s, 1b - 1
$(table runtime_shift_name '.long 1b - 1 - .')"
ok "runtime shift" has $SHIFT 1 s
assemble <<< "shrl \$11, %eax; 1: nop; $(table runtime_shift_name '.long 1b - 1 - .')"
ok "no runtime shift" refused site 'f\+0x2'
assemble <<< "nop; andl \$0x12345678, %eax; 1: nop; .set s, 1b - 4
$(table runtime_mask_name '.long 1b - 4 - .')"
ok "runtime mask" has $MASK 4 s
assemble <<< "andl \$0x12345679, %eax; 1: nop; $(table runtime_mask_name '.long 1b - 4 - .')"
ok "no runtime mask" refused site 'f\+0x1'
assemble <<< "1: nop; $(table runtime_sum_name '.long 1b - .')"
ok "another kind of constant" refused '(site|section)' runtime_sum_name

assemble <<< "s: 1: call *pv; 2: nop
$(table .parainstructions '.quad 1b; .byte 0, 2b - 1b; .balign 8')"
ok "paravirt call of old" has $ALT 7 s
assemble <<< "1: call *pv; $(table .parainstructions '.quad 1b; .byte 0, 0; .balign 8')"
ok "of no bytes" refused site 'f\+0x0'

# What clang puts in front of an indirect call; the second one is left as it is.
check='movl $-0x1234567, %r10d; addl -15(%r11), %r10d; je 2f; 1: ud2; 2:'
traps=$(table .kcfi_traps '.long 1b - .')
assemble <<< "nop; s: $check call *%r11; call *(%r11); $traps"
ok "check of a type, and no thunk" status 0 'unit' "$ELF" show --pre pre.o
ok "which is no site" bash -c '! grep ^site stdout'
assemble <<< "nop; s: $check .byte 0x2e; call __x86_indirect_thunk_r11; $traps"
ok "check of a type" has $KCFI 14 s 2
assemble <<< "nop; s: $check jmp __x86_indirect_thunk_r11; $traps"
ok "check of a type in front of a jump" has $KCFI 14 s 2
assemble <<< "nop; ${check/r10d; je/r9d; je}; $traps"
ok "no check of a type" refused site 'f\+0xd'
assemble <<< "1: ud2; $traps"
ok "nothing in front of the trap" refused site 'f\+0x0'

# As objtool leaves it in a module of one object.
assemble <<< "endbr64; s: 1: .byte 0x0f,0x1f,0x44,0,0; $(table __mcount_loc '.quad 1b')"
ok "fentry that is a NOP" has $FENTRY 5 s
assemble <<< "endbr64; s: 1: call __fentry__; $(table __mcount_loc '.quad 1b')"
ok "fentry of a table" has $FENTRY 5 s

repl='.pushsection .altinstr_replacement, "ax"; 3: lfence; 4: .popsection'
alt() {
	local feature="7, $2"

	[[ $alt_has_flags ]] || feature=$((7 | $2 << 15))
	table .altinstructions ".long 1b - ., $1 - .; .word $feature; .byte $3, $4"
}
assemble <<< "nop; s: 1: .byte 0x0f,0x1f,0x40,0; $repl; $(alt 3b 1 4 3)"
ok "alternative" has $ALT 4 s 1 1
assemble <<< "nop; s: 1: .byte 0x0f,0x1f,0x40,0; $repl; $(alt 3b 0 4 3; alt 4b 0 4 0)"
ok "two alternatives of a place" has $ALT 4 s 2 1
if [[ $alt_has_flags ]]; then
	assemble <<< "s: 1: .byte 0x0f,0x1f,0x40,0; $repl; $(alt 3b 4 4 3)"
	ok "an alternative with an unknown flag" refused site 'f\+0x0'
	assemble <<< "1: call __fentry__; .set s, 1b; $repl; $(alt 3b 2 5 3)"
	ok "a site in an alternative" has $ALT 5 s 2 1
else
	assemble <<< "1: call __fentry__; .set s, 1b; $repl; $(alt 3b 1 5 3)"
	ok "a site in an alternative" has $ALT 5 s 2 1
fi
assemble <<< "s: 1: .byte 0x0f,0x1f,0x40,0; $repl; $(alt 3b 0 2 3)"
ok "a replacement that does not fit" refused site 'f\+0x0'
assemble <<< "s: 1: .byte 0x0f,0x1f,0x40,0; $repl; $(alt f 0 4 1)"
ok "a replacement that is none" refused site 'f\+0x0'
assemble <<< "s: 1: nop; nop; $repl; $(table .altinstructions '.long 1b - ., 3b - .')"
ok "alternatives of another size" refused site .altinstructions

assemble <<< 'nop; nop; .byte 0xe9, 0x00'
ok "no instruction in a function" refused site 'f\+0x2'
assemble <<< 'nop; .size f, . - f; .byte 0xff, 0xff; g: .type g, @function; s: jmp __x86_return_thunk; .size g, . - g; .set f_end, .; .type f, @notype'
ok "filler between functions need not decode" has $RETURN 5 s
assemble <<< "1: nop; $(table unheard_of '.quad 1b')"
ok "a section nobody knows" refused section unheard_of
assemble <<< "1: nop; $(table .unheard_of '.quad 0')"
ok "one that has nothing to do with code" status 0 '^.livesplice.units	1' "$ELF" show --pre pre.o
assemble <<< 'nop; .pushsection .data; v: .type v, @tls_object; .long 0; .popsection'
ok "a symbol of a kind nobody knows" refused symbol v
assemble <<< 'movq foo@GOTPCREL(%rip), %rax'
ok "a relocation nobody knows" refused reloc 'f\+0x3'
assemble <<< ".pushsection .rodata.str1.1, \"aMS\", @progbits, 1; x: .asciz \"x\"; .popsection; .reloc . + 3, R_X86_64_PC32, .rodata.str1.1; leaq 0(%rip), %rax"
ok "relative to a mergeable section" refused reloc 'f\+0x3'

finished
