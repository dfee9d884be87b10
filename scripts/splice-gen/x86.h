/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What splice-elf knows of the machine (x86.c): its instructions and the types
 * of its relocations.
 */
#ifndef SPLICE_GEN_X86_H
#define SPLICE_GEN_X86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * struct alt_instr: relative addresses of the site and of its replacement, the
 * feature, flags, lengths of both. ALT_ENTRY_SIZE is that of the tree (objs.mk).
 */
#define ALT_REPL	4
#define ALT_FEATURE	8
#define ALT_LENGTH	(ALT_ENTRY_SIZE - 2)
#define ALT_REPL_LENGTH	(ALT_ENTRY_SIZE - 1)
#define ALT_FLAG_NOT	1	/* for CPUs without the feature */
#define ALT_FLAG_CALL	2	/* a call through a pointer becomes direct */

/* What the program wants to know of one instruction. */
struct x86_insn {
	uint8_t	len;
	uint8_t	opcode;		/* last opcode byte */
	uint8_t	map;		/* 0: one byte, 1: 0f, 2: 0f 38, 3: 0f 3a */
	uint8_t	modrm;		/* valid if has_modrm */
	uint8_t	disp_off;	/* displacement: offset and size, 0: none */
	uint8_t	disp_size;
	uint8_t	imm_off;	/* immediate or branch target, likewise */
	uint8_t	imm_size;
	int8_t	base;		/* registers 0..15 of a memory operand, -1: none */
	int8_t	index;
	int8_t	reg;		/* reg field of modrm with REX, -1: none */
	int8_t	rm;		/* register operand of modrm.rm, -1: memory */
	bool	has_modrm;
	bool	rip;		/* memory operand is relative to rip */
	bool	call;		/* direct or indirect call */
	bool	jump;		/* unconditional, direct or indirect */
	bool	jcc;		/* conditional, loops included */
	bool	direct;		/* target in the immediate */
	bool	ret;
	bool	trap;		/* ud2, ud1, int3: does not go on */
	bool	lea;
	bool	mov_imm;	/* mov $imm, reg (c7 /0 or b8+r) */
	bool	push_imm;
	bool	cmp;		/* cmp or test: operands are only read */
	bool	nop;
	bool	odd_regs;	/* uses registers that no field here tells */
	int8_t	oreg;		/* register in the opcode (b8+r, 50+r), -1: none */
};

/* False if the bytes are no whole instruction. */
bool x86_decode(const unsigned char *p, size_t len, struct x86_insn *insn);
/* Name of a relocation type, or NULL if it is not one of kernel objects. */
const char *x86_reloc_name(uint32_t type);
/* Bytes of the field, 0 for an unknown type. */
unsigned int x86_reloc_size(uint32_t type);
bool x86_reloc_is_pcrel(uint32_t type);
/* ALT_FLAG_* of an alternative. */
unsigned int alt_flags(const unsigned char *entry);

#endif /* SPLICE_GEN_X86_H */
