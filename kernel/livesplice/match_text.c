// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: one function of a unit against the code at one place. Called by
 * match.c, which looks for the place, and by plan.c once it is known, with no lock
 * held.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <asm/sections.h>

#include "match.h"

/* Whether the whole of a function is text that stays in memory. */
static bool lsp_is_running_text(const struct lsp_values *values,
				unsigned long addr, unsigned long size)
{
	const struct module *target = values->names.target;

	if (lsp_base_text(values->part, addr, size))
		return true;
	if (target)
		return within_module_mem_type(addr, target, MOD_TEXT) &&
		       within_module_mem_type(addr + size - 1, target, MOD_TEXT);
	return core_kernel_text(addr) && core_kernel_text(addr + size - 1) &&
	       !is_kernel_inittext(addr) && !is_kernel_inittext(addr + size - 1);
}

/**
 * lsp_match_text() - compare one function with what runs
 * @text: filled in; @text->holes has room for the section's sites and the entry
 * @values: what is known; the base of the function's section says where it is
 * @symbol: the function
 * @run: room for its code
 *
 * Context: may sleep; takes text_mutex.
 * Return: false if it is not the same; @text->diag says where.
 */
bool lsp_match_text(struct lsp_text *text, struct lsp_values *values,
		    u32 symbol, u8 *run)
{
	const struct lsp_symbol *sym = &values->tables->symbols[symbol];
	const struct lsp_patch *below;
	u32 offset, length;

	text->tables = values->tables;
	text->values = values;
	text->section = sym->section;
	text->sec = &values->tables->sections[sym->section];
	text->pre = values->tables->bytes + text->sec->bytes;
	text->start = sym->offset;
	text->size = sym->size;
	text->run = run;
	text->addr = values->base[sym->section] + sym->offset;
	text->nr_holes = 0;

	below = lsp_base_newest(values->part, text->addr);
	if (below && below->new_size != text->size) {
		text->diag->what = "another size than in the update below";
		return false;
	}
	if (below) {
		text->addr = below->new_addr;
		values->moved[sym->section] = text->addr - sym->offset;
	}
	if (!lsp_is_running_text(values, text->addr, text->size))
		return false;
	if (!lsp_replace_read(values->part, run, text->addr, text->size, true))
		return false;
	for (offset = 0; offset < text->size; offset += length) {
		length = lsp_arch_match(text, offset);
		if (!length)
			return false;
		if (length > text->size - offset) {
			text->diag->offset = offset;
			text->diag->what = "instruction leaves the function";
			return false;
		}
	}
	return true;
}

/**
 * lsp_match_function() - match one function again, for what it is made of
 * @values: values after a successful lsp_match()
 * @symbol: the function
 * @holes: set to an array of the bytes that the kernel goes on rewriting; the
 *	caller frees it with kfree()
 * @nr_holes: set to their number
 * @diag: says where it failed
 *
 * Context: may sleep; takes text_mutex for a moment.
 * Return: LSP_OK, LSP_CHANGED or LSP_NOMEM.
 */
enum lsp_reason lsp_match_function(struct lsp_values *values, u32 symbol,
				   struct lsp_hole **holes,
				   unsigned int *nr_holes,
				   struct lsp_diag *diag)
{
	const struct lsp_symbol *sym = &values->tables->symbols[symbol];
	size_t sites = values->tables->sections[sym->section].nr_sites;
	struct lsp_text text = { .diag = diag };
	enum lsp_reason reason = LSP_NOMEM;
	u8 *run;

	memset(diag, 0, sizeof(*diag));
	diag->function = symbol;
	diag->what = "changed while it was being looked at";
	*holes = NULL;
	*nr_holes = 0;
	run = kvmalloc(sym->size, GFP_KERNEL);
	text.holes = kvcalloc(sites + 1, sizeof(*text.holes), GFP_KERNEL);
	if (run && text.holes)
		reason = lsp_match_text(&text, values, symbol, run) ?
			 LSP_OK : LSP_CHANGED;
	if (reason == LSP_OK && text.nr_holes) {
		*holes = kmemdup_array(text.holes, text.nr_holes,
				       sizeof(**holes), GFP_KERNEL);
		if (*holes)
			*nr_holes = text.nr_holes;
		else
			reason = LSP_NOMEM;
	}
	kvfree(text.holes);
	kvfree(run);
	return reason;
}
