// SPDX-License-Identifier: GPL-2.0
/*
 * What the rest of the program wants to know of x86_64: instructions, by the
 * kernel's own decoder, and relocation types. Called by elf.c for sizes of
 * relocated fields, and by whoever looks at code.
 */
#include <string.h>

/* The kernel's decoder, from its tree; inat.c includes generated tables. */
#include <inat.c>
#include <insn.c>

#include "splice-elf.h"

static const struct reloc_type {
	uint32_t	type;
	const char	*name;
	unsigned int	size;
	bool		pcrel;
} reloc_types[] = {
	{ R_X86_64_64,		"R_X86_64_64",		8, false },
	{ R_X86_64_PC32,	"R_X86_64_PC32",	4, true },
	{ R_X86_64_PLT32,	"R_X86_64_PLT32",	4, true },
	{ R_X86_64_32,		"R_X86_64_32",		4, false },
	{ R_X86_64_32S,		"R_X86_64_32S",		4, false },
	{ R_X86_64_PC64,	"R_X86_64_PC64",	8, true },
};

static const struct reloc_type *find_reloc_type(uint32_t type)
{
	for (size_t i = 0; i < COUNT_OF(reloc_types); i++) {
		if (reloc_types[i].type == type)
			return &reloc_types[i];
	}
	return NULL;
}

/**
 * x86_reloc_name() - name of a relocation type
 * @type: ELF relocation type
 *
 * Return: its name, NULL if the module loader does not know it.
 */
const char *x86_reloc_name(uint32_t type)
{
	const struct reloc_type *t = find_reloc_type(type);

	return t ? t->name : NULL;
}

/**
 * x86_reloc_size() - size of the field of a relocation type
 * @type: ELF relocation type
 *
 * Return: bytes, 0 for an unknown type.
 */
unsigned int x86_reloc_size(uint32_t type)
{
	const struct reloc_type *t = find_reloc_type(type);

	return t ? t->size : 0;
}

/**
 * x86_reloc_is_pcrel() - is the value relative to its place?
 * @type: ELF relocation type
 *
 * Return: true if so.
 */
bool x86_reloc_is_pcrel(uint32_t type)
{
	const struct reloc_type *t = find_reloc_type(type);

	return t && t->pcrel;
}

static bool in_range(uint8_t op, uint8_t first, uint8_t last)
{
	return op >= first && op <= last;
}

static void set_opcode(const struct insn *in, struct x86_insn *out)
{
	unsigned int n = in->opcode.nbytes;

	out->opcode = in->opcode.bytes[n ? n - 1 : 0];
	if (n == 3)
		out->map = in->opcode.bytes[1] == 0x38 ? 2 : 3;
	else
		out->map = n - 1;
}

static void set_operands(const struct insn *in, struct x86_insn *out)
{
	unsigned int rex = in->rex_prefix.value;
	unsigned int modrm = in->modrm.value;
	unsigned int sib = in->sib.value;

	out->base = -1;
	out->index = -1;
	out->reg = -1;
	out->rm = -1;
	out->oreg = -1;
	if (!in->modrm.nbytes)
		return;

	out->has_modrm = true;
	out->modrm = modrm;
	out->reg = X86_MODRM_REG(modrm) | (X86_REX_R(rex) ? 8 : 0);
	if (X86_MODRM_MOD(modrm) == 3) {
		out->rm = X86_MODRM_RM(modrm) | (X86_REX_B(rex) ? 8 : 0);
		return;
	}
	if (in->sib.nbytes) {
		int index = X86_SIB_INDEX(sib) | (X86_REX_X(rex) ? 8 : 0);

		if (index != 4)
			out->index = index;
		if (X86_SIB_BASE(sib) != 5 || X86_MODRM_MOD(modrm))
			out->base = X86_SIB_BASE(sib) |
				    (X86_REX_B(rex) ? 8 : 0);
	} else if (X86_MODRM_MOD(modrm) == 0 && X86_MODRM_RM(modrm) == 5) {
		out->rip = true;
	} else {
		out->base = X86_MODRM_RM(modrm) | (X86_REX_B(rex) ? 8 : 0);
	}
}

/* One byte opcodes; @rex_b is 8 if the register field is extended. */
static void set_class_one(struct x86_insn *out, int rex_b)
{
	unsigned int ext = (out->modrm >> 3) & 7;
	uint8_t op = out->opcode;

	out->direct = op == 0xe8 || op == 0xe9 || op == 0xeb ||
		      in_range(op, 0x70, 0x7f) || in_range(op, 0xe0, 0xe3);
	out->call = op == 0xe8 || (op == 0xff && (ext == 2 || ext == 3));
	out->jump = op == 0xe9 || op == 0xeb ||
		    (op == 0xff && (ext == 4 || ext == 5));
	out->jcc = in_range(op, 0x70, 0x7f) || in_range(op, 0xe0, 0xe3);
	out->ret = in_range(op, 0xc2, 0xc3) || in_range(op, 0xca, 0xcb) ||
		   op == 0xcf;
	out->trap = op == 0xcc;
	out->lea = op == 0x8d;
	out->mov_imm = (op == 0xc7 && !ext && out->rm >= 0) ||
		       in_range(op, 0xb8, 0xbf);
	out->push_imm = op == 0x68 || op == 0x6a;
	out->cmp = in_range(op, 0x38, 0x3d) || in_range(op, 0x84, 0x85) ||
		   in_range(op, 0xa8, 0xa9) ||
		   (in_range(op, 0x80, 0x83) && ext == 7) ||
		   (in_range(op, 0xf6, 0xf7) && ext < 2);
	out->nop = op == 0x90 && !rex_b;
	if (in_range(op, 0xb0, 0xbf) || in_range(op, 0x50, 0x5f) ||
	    (in_range(op, 0x90, 0x97) && !out->nop))
		out->oreg = (op & 7) | rex_b;

	/*
	 * Registers that only the opcode tells: string instructions, port
	 * I/O, xlat, mul, div, shift by cl, enter and leave, far calls.
	 */
	out->odd_regs = in_range(op, 0x6c, 0x6f) || in_range(op, 0xa4, 0xa7) ||
			in_range(op, 0xaa, 0xaf) || op == 0xd7 ||
			in_range(op, 0xe4, 0xe7) || in_range(op, 0xec, 0xef) ||
			in_range(op, 0xd2, 0xd3) || in_range(op, 0xc8, 0xc9) ||
			(in_range(op, 0xf6, 0xf7) && ext > 3) ||
			in_range(op, 0x98, 0x99) || op == 0x9a ||
			in_range(op, 0x91, 0x97) || in_range(op, 0xa0, 0xa3);
}

/* Opcodes behind 0f. */
static void set_class_two(struct x86_insn *out)
{
	uint8_t op = out->opcode;

	out->jcc = in_range(op, 0x80, 0x8f);
	out->direct = out->jcc;
	out->trap = op == 0x0b || op == 0xb9;
	out->nop = op == 0x1f || op == 0x1e;

	/* Everything but cmov, set, movzx, movsx, imul, bit tests, nop. */
	out->odd_regs = !(in_range(op, 0x40, 0x4f) || out->jcc || out->trap ||
			  in_range(op, 0x90, 0x9f) || out->nop ||
			  op == 0xaf || in_range(op, 0xb6, 0xb7) ||
			  in_range(op, 0xbe, 0xbf) || op == 0xa3 ||
			  op == 0xba || op == 0xab || op == 0xb3 ||
			  op == 0xbb || in_range(op, 0xbc, 0xbd));
}

/**
 * x86_decode() - decode one instruction
 * @p: its bytes
 * @len: number of bytes there are
 * @insn: what is told of it
 *
 * Return: false if the bytes are no whole instruction.
 */
bool x86_decode(const unsigned char *p, size_t len, struct x86_insn *insn)
{
	struct insn in;

	memset(insn, 0, sizeof(*insn));
	if (insn_decode(&in, p, len > 64 ? 64 : len, INSN_MODE_64) < 0 ||
	    !in.length || in.length > len)
		return false;

	insn->len = in.length;
	set_opcode(&in, insn);
	set_operands(&in, insn);
	insn->disp_size = in.displacement.nbytes;
	insn->disp_off = insn_offset_displacement(&in);
	insn->imm_size = in.immediate.nbytes + in.immediate2.nbytes;
	insn->imm_off = insn_offset_immediate(&in);
	if (in.vex_prefix.nbytes)
		insn->odd_regs = true;
	else if (insn->map == 0)
		set_class_one(insn, X86_REX_B(in.rex_prefix.value) ? 8 : 0);
	else if (insn->map == 1)
		set_class_two(insn);
	else
		insn->odd_regs = true;
	return true;
}

/**
 * alt_flags() - flags of an alternative
 * @entry: its struct alt_instr
 *
 * Before flags had a word of their own, one was the top bit of the feature.
 *
 * Return: ALT_FLAG_*, and whatever else is set.
 */
unsigned int alt_flags(const unsigned char *entry)
{
	const unsigned char *word = entry + ALT_LENGTH - 2;

	return ALT_LENGTH - ALT_FEATURE == 4 ? word[0] | word[1] << 8 :
					       word[1] >> 7;
}
