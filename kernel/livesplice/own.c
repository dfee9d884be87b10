// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: is the code of an update itself still what the loader made of it?
 * Called by core.c and verify.c.
 *
 * DOC: The code of the update
 *
 * A checksum per LSP_SUM_BLOCK bytes of each function in the text of a part's
 * module, as sums.c has them of the old code. They are made when the module is
 * complete, before it can be enabled. What the kernel goes on rewriting in it,
 * the module's own tables tell: calls of the tracer, static branches, static
 * calls and, as long as there is one CPU, lock prefixes. Where those are is
 * noted at the same time: later the bytes there could be anybody's.
 *
 * Blocks start at functions, as far as there are names, so that what has
 * changed can be told by name.
 */
#define pr_fmt(fmt) "livesplice: " fmt

#include <linux/error-injection.h>
#include <linux/ftrace.h>
#include <linux/jhash.h>
#include <linux/jump_label.h>
#include <linux/kallsyms.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/static_call.h>

#include "match.h"

/**
 * struct lsp_block - where a walk over the text of a module is
 * @addr: the block
 * @length: its length, LSP_SUM_BLOCK at most
 * @end: end of the function that it is part of
 * @hole: first hole that does not end before it
 */
struct lsp_block {
	unsigned long	addr;
	u32		length;
	unsigned long	end;
	u32		hole;
};

static unsigned long lsp_text_end(const struct module *mod)
{
	return lsp_module_text(mod) + lsp_module_text_size(mod);
}

/* Go on to the next block, from the first one if @block is all zero. */
static bool lsp_next_block(const struct module *mod, struct lsp_block *block)
{
	unsigned long size, offset, end = lsp_text_end(mod);

	block->addr = block->addr ? block->addr + block->length :
				    lsp_module_text(mod);
	if (block->addr >= end)
		return false;
	if (block->addr >= block->end) {
		/* Filling in front of the first name has none. */
		if (!kallsyms_lookup_size_offset(block->addr, &size, &offset) ||
		    offset > block->addr - lsp_module_text(mod)) {
			size = LSP_SUM_BLOCK;
			offset = 0;
		}
		block->end = min(end, block->addr + size - offset);
	}
	block->length = min_t(unsigned long, LSP_SUM_BLOCK,
			      block->end - block->addr);
	return true;
}

static void lsp_own_hole(struct lsp_part *part, unsigned long addr,
			 u32 length)
{
	const struct module *mod = part->mod;
	struct lsp_own *own = &part->own;

	if (length && addr >= lsp_module_text(mod) &&
	    addr + length <= lsp_text_end(mod))
		own->holes[own->nr_holes++] = (struct lsp_hole) {
			addr - lsp_module_text(mod), length,
		};
}

/* Is it text that stays? What init has used may be gone, and is not looked at. */
static bool lsp_in_text(const struct module *mod, unsigned long addr)
{
	return within_module_mem_type(addr, mod, MOD_TEXT);
}

#ifdef CONFIG_JUMP_LABEL
static u32 lsp_nr_jumps(const struct module *mod)
{
	return mod->num_jump_entries;
}

static void lsp_own_jumps(struct lsp_part *part)
{
	struct jump_entry *entry = part->mod->jump_entries;
	struct jump_entry *stop = entry + part->mod->num_jump_entries;

	for (; entry < stop; entry++)
		if (lsp_in_text(part->mod, jump_entry_code(entry)))
			lsp_own_hole(part, jump_entry_code(entry),
				     jump_entry_size(entry));
}
#else
static u32 lsp_nr_jumps(const struct module *mod)
{
	return 0;
}

static void lsp_own_jumps(struct lsp_part *part) { }
#endif

#ifdef CONFIG_HAVE_STATIC_CALL_INLINE
static u32 lsp_nr_static_calls(const struct module *mod)
{
	return mod->num_static_call_sites;
}

static void lsp_own_static_calls(struct lsp_part *part)
{
	const struct static_call_site *site = part->mod->static_call_sites;
	int i;

	for (i = 0; i < part->mod->num_static_call_sites; i++, site++) {
		unsigned long addr = (unsigned long)&site->addr + site->addr;

		if (lsp_in_text(part->mod, addr))
			lsp_own_hole(part, addr,
				     lsp_arch_static_call_length((u8 *)addr));
	}
}
#else
static u32 lsp_nr_static_calls(const struct module *mod)
{
	return 0;
}

static void lsp_own_static_calls(struct lsp_part *part) { }
#endif

#ifdef CONFIG_DYNAMIC_FTRACE
static u32 lsp_nr_fentries(const struct module *mod)
{
	return mod->num_ftrace_callsites;
}

static void lsp_own_fentries(struct lsp_part *part)
{
	unsigned int i;

	for (i = 0; i < part->mod->num_ftrace_callsites; i++)
		lsp_own_hole(part, part->mod->ftrace_callsites[i],
			     MCOUNT_INSN_SIZE);
}
#else
static u32 lsp_nr_fentries(const struct module *mod)
{
	return 0;
}

static void lsp_own_fentries(struct lsp_part *part) { }
#endif

static void lsp_own_locks(struct lsp_part *part)
{
	const s32 *lock = part->own.locks;
	u32 i;

	for (i = 0; i < part->own.nr_locks; i++, lock++)
		lsp_own_hole(part, (unsigned long)lock + *lock, 1);
}

static int lsp_cmp_hole(const void *a, const void *b)
{
	const struct lsp_hole *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static bool lsp_own_holes(struct lsp_part *part)
{
	struct lsp_own *own = &part->own;
	const struct module *mod = part->mod;

	own->holes = kvcalloc(lsp_nr_jumps(mod) + lsp_nr_static_calls(mod) +
			      lsp_nr_fentries(mod) + own->nr_locks,
			      sizeof(*own->holes), GFP_KERNEL);
	if (!own->holes)
		return false;
	lsp_own_jumps(part);
	lsp_own_static_calls(part);
	lsp_own_fentries(part);
	lsp_own_locks(part);
	sort(own->holes, own->nr_holes, sizeof(*own->holes), lsp_cmp_hole, NULL);
	return true;
}

static bool lsp_own_sum(const struct lsp_part *part, struct lsp_block *block,
			u32 *sum)
{
	const struct lsp_own *own = &part->own;
	u32 start = block->addr - lsp_module_text(part->mod);
	u8 bytes[LSP_SUM_BLOCK];

	if (!lsp_arch_read_text(bytes, block->addr, block->length))
		return false;
	lsp_lift_jumps(part, bytes, block->addr, block->length);
	while (block->hole < own->nr_holes &&
	       own->holes[block->hole].offset +
	       own->holes[block->hole].length <= start)
		block->hole++;
	lsp_punch(own->holes + block->hole, own->nr_holes - block->hole, bytes,
		  start, block->length);
	*sum = jhash(bytes, block->length, start);
	return true;
}

/**
 * lsp_own_note() - remember what only the image of a module tells
 * @own: of the part, new
 * @image: the image, with its sections in place
 */
void lsp_own_note(struct lsp_own *own, const struct lsp_image *image)
{
	const Elf_Shdr *shdr = image->sechdrs;
	unsigned int i;

	for (i = 1; i < image->nr_sections; i++) {
		if (!(shdr[i].sh_flags & SHF_ALLOC) ||
		    strcmp(image->secstrings + shdr[i].sh_name, ".smp_locks"))
			continue;
		own->locks = (const s32 *)shdr[i].sh_addr;
		own->nr_locks = shdr[i].sh_size / sizeof(*own->locks);
	}
}

/**
 * lsp_own_make() - remember the code of a part's module
 * @part: the part; its module is complete, and was never enabled
 *
 * Context: lsp_mutex held; may sleep; takes text_mutex.
 * Return: LSP_OK, LSP_NOMEM, or LSP_CHANGED if it cannot be read.
 */
enum lsp_reason lsp_own_make(struct lsp_part *part)
{
	struct lsp_own *own = &part->own;
	struct lsp_block block = { };
	u32 nr = 0;

	lockdep_assert_held(&lsp_mutex);

	while (lsp_next_block(part->mod, &block))
		nr++;
	own->sums = kvcalloc(nr, sizeof(*own->sums), GFP_KERNEL);
	if (!own->sums || !lsp_own_holes(part))
		return LSP_NOMEM;
	memset(&block, 0, sizeof(block));
	while (own->nr_sums < nr && lsp_next_block(part->mod, &block))
		if (!lsp_own_sum(part, &block, &own->sums[own->nr_sums++]))
			return LSP_CHANGED;
	return LSP_OK;
}
ALLOW_ERROR_INJECTION(lsp_own_make, TRUE);

/**
 * lsp_own_free() - forget it again
 * @own: of the part; may be half made
 */
void lsp_own_free(struct lsp_own *own)
{
	kvfree(own->sums);
	kvfree(own->holes);
}

/**
 * lsp_own_check() - is the code of a part's module still the same?
 * @part: the part
 *
 * Context: lsp_mutex held; may sleep; takes text_mutex.
 * Return: 0 if so, else the address of the first block that is not.
 */
unsigned long lsp_own_check(const struct lsp_part *part)
{
	const struct lsp_own *own = &part->own;
	struct lsp_block block = { };
	u32 i = 0, sum;

	lockdep_assert_held(&lsp_mutex);

	/* Built-in tests have no module; one that is on its way has no sums. */
	if (!part->mod || !own->nr_sums)
		return 0;
	while (lsp_next_block(part->mod, &block)) {
		if (i >= own->nr_sums ||
		    !lsp_own_sum(part, &block, &sum) || sum != own->sums[i])
			return block.addr;
		i++;
	}
	return 0;
}
