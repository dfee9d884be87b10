// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: comparison of x86 data with what is in memory. Called by data.c
 * and, for strings and constants that code uses, by x86_match.c, while a part
 * is being loaded.
 *
 * Every byte has to be equal except for relocated fields, whose symbol's value
 * has to be the one that is known, or is inferred. Nothing in data is ever
 * rewritten by the kernel.
 */
#include <linux/elf.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/unaligned.h>

#include "x86.h"

/**
 * lsp_match_mergeable() - compare a mergeable string or constant
 * @values: what is known, and gets known, about symbols
 * @section: its section
 * @offset: its offset there
 * @addr: where it is used in the kernel, for it has no fixed place
 *
 * Context: may sleep.
 * Return: true if it is the same.
 */
bool lsp_match_mergeable(struct lsp_values *values, u32 section, u64 offset,
			 unsigned long addr)
{
	const struct lsp_tables *tables = values->tables;
	const struct lsp_section *sec = &tables->sections[section];
	const u8 *wanted = tables->bytes + sec->bytes;
	u32 i, size = sec->entsize, end;
	u8 found[64];

	if (offset >= sec->size)
		return false;
	if (sec->kind == LSP_SEC_CONSTS) {
		end = min((u32)offset - (u32)offset % size + size, sec->size);
		if (copy_from_kernel_nofault(found, (void *)addr, end - offset) ||
		    memcmp(found, wanted + offset, end - offset))
			return false;
		return lsp_values_learn_text(values, section, offset, addr);
	}
	/* Character by character, up to and with the NUL. */
	for (i = offset; i + size <= sec->size; i += size) {
		if (copy_from_kernel_nofault(found, (void *)(addr + i - offset),
					     size) ||
		    memcmp(found, wanted + i, size))
			return false;
		if (!memchr_inv(found, 0, size))
			return lsp_values_learn_text(values, section, offset,
						     addr);
	}
	return false;
}

static bool lsp_data_target(struct lsp_values *values,
			    const struct lsp_reloc *rel, unsigned long value)
{
	const struct lsp_symbol *sym = &values->tables->symbols[rel->symbol];

	if (sym->section == LSP_NONE)
		return lsp_values_learn(values, rel->symbol,
					value - rel->addend);
	switch (values->tables->sections[sym->section].kind) {
	case LSP_SEC_STRINGS:
	case LSP_SEC_CONSTS:
		if (sym->type != LSP_SYM_SECTION)
			return lsp_match_mergeable(values, sym->section,
						   sym->offset,
						   value - rel->addend);
		return lsp_match_mergeable(values, sym->section,
					   sym->offset + rel->addend, value);
	case LSP_SEC_REPL:
	case LSP_SEC_INIT:
		return false;
	default:
		return lsp_values_learn(values, rel->symbol,
					value - rel->addend);
	}
}

static bool lsp_data_differs(struct lsp_diag *diag, const u8 *wanted,
			     const u8 *found, u32 offset, u32 size,
			     const char *what)
{
	diag->offset = offset;
	diag->what = what;
	diag->nr_bytes = min_t(u32, size, sizeof(diag->wanted));
	memcpy(diag->wanted, wanted + offset, diag->nr_bytes);
	memcpy(diag->found, found + offset, diag->nr_bytes);
	return false;
}

/**
 * lsp_arch_match_data() - compare an object with its old contents
 * @values: what is known, and gets known, about symbols
 * @row: the object, checked by format.c
 * @addr: its address
 * @found: copy of what is there
 * @diag: filled in on a mismatch
 *
 * Context: may sleep.
 * Return: true if it is the same.
 */
bool lsp_arch_match_data(struct lsp_values *values, const struct lsp_data *row,
			 unsigned long addr, const u8 *found,
			 struct lsp_diag *diag)
{
	const struct lsp_tables *tables = values->tables;
	const u8 *wanted = tables->bytes + row->bytes;
	u32 size = tables->symbols[row->symbol].size, at = 0, i;

	for (i = row->first_reloc; i < row->first_reloc + row->nr_relocs; i++) {
		const struct lsp_reloc *rel = &tables->relocs[i];
		/* What only branches have makes no sense here. */
		u32 length = rel->type == R_X86_64_PLT32 ?
			     0 : lsp_reloc_size(rel->type);
		unsigned long value;

		if (!length || rel->offset < at || length > size - rel->offset)
			return lsp_data_differs(diag, wanted, found, rel->offset,
						1, "unknown relocation");
		if (memcmp(wanted + at, found + at, rel->offset - at))
			return lsp_data_differs(diag, wanted, found, at,
						rel->offset - at, "other data");
		value = lsp_field_value(found + rel->offset, addr + rel->offset,
					rel->type);
		if (!lsp_data_target(values, rel, value))
			return lsp_data_differs(diag, wanted, found, rel->offset,
						length, "refers to something else");
		at = rel->offset + length;
	}
	if (memcmp(wanted + at, found + at, size - at))
		return lsp_data_differs(diag, wanted, found, at, size - at,
					"other data");
	return true;
}
