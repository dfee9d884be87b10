// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: what becomes of each function that an update replaces, or needs to
 * be free: where its code is, where the jump goes, and what must be there. Called
 * by load.c after the match, with no lock held.
 */
#include <linux/elf.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "match.h"

/* The jump takes the place of the one that is there. */
static enum lsp_reason lsp_plan_stacked(struct lsp_patch *patch)
{
	patch->site = patch->below->site;
	patch->span = patch->below->span;
	lsp_arch_jump(patch->saved, patch->span, patch->site,
		      patch->below->new_addr);
	return LSP_OK;
}

/* Where the jump goes, if one can go there at all. */
static enum lsp_reason lsp_plan_jump(struct lsp_loading *load,
				     struct lsp_patch *patch,
				     const struct lsp_func *func)
{
	enum lsp_reason reason;
	void *code;

	code = lsp_module_bytes(load->image, func->shndx, func->offset,
				func->size, SHF_EXECINSTR);
	if (!code)
		return LSP_FORMAT;
	patch->new_addr = (unsigned long)code;
	patch->new_size = func->size;
	/* No name at this address: a weak definition that another one overrides. */
	patch->pos = lsp_names_pos(&load->values.names, patch->name,
				   patch->entry);
	if (!patch->pos && !lsp_base_text(load->part, patch->entry, 1))
		return LSP_UNRESOLVED;
	/* New in an update that we stand on: it has the name once. */
	patch->pos = max(patch->pos, 1U);
	if (patch->relaxed ?
	    lsp_arch_denied_relaxed(patch->old_addr, patch->old_size) :
	    lsp_arch_denied(patch->old_addr, patch->old_size))
		return LSP_DENIED;
	if (patch->below)
		return lsp_plan_stacked(patch);
	if (lsp_replace_entry(patch, &reason))
		return reason;
	patch->site = lsp_arch_site(patch->old_addr, patch->old_size, &reason);
	if (!patch->site)
		return reason;
	patch->span = lsp_arch_span(patch->site, patch->old_addr + patch->old_size);
	if (!patch->span)
		return LSP_SITE;
	reason = lsp_borrow_find(patch);
	if (reason != LSP_OK)
		return reason;
	if (!lsp_arch_read_text(patch->saved, patch->site, patch->span))
		return LSP_CHANGED;
	return lsp_borrow_check(patch);
}

static enum lsp_reason lsp_plan_patch(struct lsp_loading *load,
				      struct lsp_patch *patch,
				      const struct lsp_func *func)
{
	const struct lsp_symbol *sym = &load->tables.symbols[func->symbol];
	enum lsp_reason reason;

	load->detail = lsp_string(&load->tables, sym->name);
	patch->part = load->part;
	patch->reader = func->flags & LSP_FUNC_READER;
	patch->relaxed = func->flags & LSP_FUNC_RELAXED;
	patch->name = kstrdup(load->detail, GFP_KERNEL);
	if (!patch->name)
		return LSP_NOMEM;
	if (!lsp_values_place(&load->values, func->symbol, &patch->entry))
		return LSP_UNRESOLVED;
	patch->below = lsp_base_newest(load->part, patch->entry);
	patch->old_addr = patch->below ? patch->below->new_addr : patch->entry;
	patch->old_size = sym->size;
	reason = lsp_match_function(&load->values, func->symbol, &patch->holes,
				    &patch->nr_holes, &load->diag);
	if (reason == LSP_OK && lsp_func_has_code(func->flags))
		reason = lsp_plan_jump(load, patch, func);
	/* The pause cannot tell whether such a function is in use. */
	if (reason == LSP_OK && patch->reader &&
	    lsp_arch_denied(patch->old_addr, patch->old_size))
		reason = LSP_DENIED;
	if (reason == LSP_OK)
		reason = lsp_sums_make(patch);
	return reason;
}

/* Parts of several relaxed functions are not told apart: none leads to any jump. */
static enum lsp_reason lsp_plan_relaxed(struct lsp_loading *load,
					const struct lsp_patch *patch)
{
	const struct lsp_part *part = load->part;
	enum lsp_reason reason = LSP_OK;
	u32 i;

	/* Code of an update below has no jump in it. */
	if (!patch->relaxed || !patch->new_addr || patch->below)
		return LSP_OK;
	for (i = 0; i < part->nr_patches && reason == LSP_OK; i++) {
		const struct lsp_patch *code = &part->patches[i];

		if (!code->relaxed)
			continue;
		load->detail = code->name;
		reason = lsp_arch_comes_back(code->old_addr, code->old_size,
					     patch->site, patch->span);
	}
	return reason;
}

static int lsp_cmp_patch(const void *a, const void *b)
{
	const struct lsp_patch *x = a, *y = b;

	return x->old_addr < y->old_addr ? -1 : x->old_addr > y->old_addr;
}

/**
 * lsp_plan_patches() - what becomes of each function of the tables
 * @load: the load, matched; its part gets the functions, sorted by address
 *
 * Context: may sleep; takes text_mutex.
 * Return: LSP_OK, or why not; &lsp_loading.detail or the diag says of what.
 */
enum lsp_reason lsp_plan_patches(struct lsp_loading *load)
{
	struct lsp_part *part = load->part;
	enum lsp_reason reason;
	u32 i;

	/* A first part may be there for the others only. */
	if (!load->tables.nr_funcs)
		return LSP_OK;
	part->patches = kvcalloc(load->tables.nr_funcs, sizeof(*part->patches),
				 GFP_KERNEL);
	if (!part->patches)
		return LSP_NOMEM;
	for (i = 0; i < load->tables.nr_funcs; i++) {
		/* Counted first, so that a half-made one is freed as well. */
		part->nr_patches++;
		reason = lsp_plan_patch(load, &part->patches[i],
					&load->tables.funcs[i]);
		if (reason != LSP_OK)
			return reason;
	}
	sort(part->patches, part->nr_patches, sizeof(*part->patches),
	     lsp_cmp_patch, NULL);
	for (i = 1; i < part->nr_patches; i++) {
		const struct lsp_patch *last = &part->patches[i - 1];

		load->detail = part->patches[i].name;
		if (last->old_addr + last->old_size > part->patches[i].old_addr)
			return LSP_FORMAT;
	}
	for (i = 0; i < part->nr_patches; i++) {
		reason = lsp_plan_relaxed(load, &part->patches[i]);
		if (reason != LSP_OK)
			return reason;
	}
	load->detail = NULL;
	return LSP_OK;
}
