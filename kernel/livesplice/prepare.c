// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: everything that an operation allocates, so that switch.c has
 * nothing left to fail on. Called by switch.c.
 */

#include <linux/error-injection.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include <asm/sections.h>

#include "internal.h"
#include "switch.h"

/**
 * lsp_operation_free() - free an operation
 * @op: the operation, or NULL
 */
void lsp_operation_free(struct lsp_operation *op)
{
	if (!op)
		return;
	kvfree(op->entries);
	kvfree(op->writes);
	kvfree(op->marks);
	kvfree(op->pages);
	kvfree(op->redirects);
	kvfree(op->ranges.ranges);
	kfree(op);
}

static void lsp_add_range(struct lsp_ranges *ranges, unsigned long start,
			  unsigned long size)
{
	if (size)
		ranges->ranges[ranges->nr++] =
			(struct lsp_range){ start, start + size };
}

/*
 * A probe that is being registered has copied the instruction that it will
 * replace, but cannot be found yet, so nobody can tell that it owns bytes. The
 * one who registers it must not be between the two: that makes it busy.
 */
static void lsp_add_probing(struct lsp_ranges *ranges)
{
	unsigned long addr = 0, size;

	if (IS_ENABLED(CONFIG_KPROBES))
		addr = (unsigned long)register_kprobe;
	if (addr && kallsyms_lookup_size_offset(addr, &size, NULL))
		lsp_add_range(ranges, addr, size);
}

/*
 * Frames of it may stay, but nobody may go on in the middle of the jump. Nobody
 * does when that goes.
 */
static void lsp_add_relaxed(struct lsp_operation *op,
			    const struct lsp_patch *patch)
{
	if (op->enable && patch->site)
		lsp_add_range(&op->ranges, patch->site + 1, patch->span - 2);
}

/* The lowest relaxed function of a part's module that does not end before. */
static const struct lsp_patch *lsp_next_relaxed(const struct lsp_part *part,
						unsigned long addr)
{
	const struct lsp_patch *next = NULL;
	unsigned int i;

	for (i = 0; i < part->nr_patches; i++) {
		const struct lsp_patch *patch = &part->patches[i];

		if (patch->relaxed && patch->new_addr >= addr &&
		    (!next || patch->new_addr < next->new_addr))
			next = patch;
	}
	return next;
}

/* All of the text of a module, or all but the functions that are relaxed. */
static void lsp_add_text(struct lsp_operation *op, const struct lsp_part *part)
{
	unsigned long addr = (unsigned long)part->mod->mem[MOD_TEXT].base;
	unsigned long end = addr + part->mod->mem[MOD_TEXT].size;
	const struct lsp_patch *relaxed;

	while (!op->left && (relaxed = lsp_next_relaxed(part, addr))) {
		lsp_add_range(&op->ranges, addr, relaxed->new_addr - addr);
		addr = relaxed->new_addr + relaxed->new_size;
	}
	lsp_add_range(&op->ranges, addr, end - addr);
}

/*
 * Apply: the old functions with all their fragments. Undo: the whole text of
 * the modules, for they may be unloaded next; their other functions are only
 * called by the new ones, but may still be running when those are not. Those
 * that read what is rewritten must be free in either case.
 */
static void lsp_fill_ranges(struct lsp_operation *op)
{
	const struct lsp_update *update = op->update;
	struct lsp_ranges *ranges = &op->ranges;
	const struct lsp_patch *patch;
	const struct lsp_part *part;

	lsp_for_each_patch(update, part, patch) {
		if (op->left)
			break;
		if (patch->relaxed)
			lsp_add_relaxed(op, patch);
		else if (op->enable || patch->reader)
			lsp_add_range(ranges, patch->old_addr, patch->old_size);
		else
			lsp_add_range(ranges, patch->new_addr, patch->new_size);
	}
	list_for_each_entry(part, &update->parts, node)
		if (!op->enable && part->mod)
			lsp_add_text(op, part);
	lsp_add_probing(ranges);
	lsp_ranges_sort(ranges);
	ranges->leaving = !op->enable;
	ranges->blockers = op->blockers;
	op->scan.ranges = ranges;
}

/* Number of pages that a stretch of memory touches. */
static unsigned int lsp_nr_pages(unsigned long addr, unsigned long size)
{
	return DIV_ROUND_UP(offset_in_page(addr) + size, PAGE_SIZE);
}

static void lsp_add_pages(struct lsp_operation *op, unsigned long addr,
			  unsigned long size)
{
	unsigned int nr = lsp_nr_pages(addr, size);

	for (addr &= PAGE_MASK; nr--; addr += PAGE_SIZE)
		op->pages[op->nr_pages++] =
			is_vmalloc_or_module_addr((void *)addr) ?
			vmalloc_to_page((void *)addr) :
			virt_to_page((void *)addr);
}

static void lsp_fill_entries(struct lsp_operation *op)
{
	const struct lsp_patch *patch;
	const struct lsp_part *part;

	lsp_for_each_patch(op->update, part, patch) {
		struct lsp_entry *entry = &op->entries[op->nr_entries];

		if (!patch->new_addr)
			continue;
		entry->patch = patch;
		lsp_arch_jump(entry->jump, patch->span, patch->site,
			      patch->new_addr);
		memcpy(entry->old, patch->saved, patch->span);
		entry->redirect = lsp_arch_redirect_find(op->redirects,
							 patch->site);
		op->nr_entries++;
		lsp_add_pages(op, patch->site, 1);
	}
}

static void lsp_fill_writes(struct lsp_operation *op)
{
	const struct lsp_datum *datum;
	const struct lsp_part *part;

	lsp_for_each_datum(op->update, part, datum) {
		op->writes[op->nr_writes++].datum = datum;
		lsp_add_pages(op, datum->addr, datum->size);
	}
}

static void lsp_fill_marks(struct lsp_operation *op)
{
	const struct lsp_patch *patch;
	const struct lsp_part *part;
	unsigned int i;

	lsp_for_each_patch(op->update, part, patch)
		for (i = 0; i < patch->nr_loans; i++) {
			op->marks[op->nr_marks++].loan = &patch->loans[i];
			lsp_add_pages(op, lsp_borrow_mark(&patch->loans[i]), 1);
		}
}

/* Rows that the bytes of its entries have in tables of the kernel. */
static unsigned int lsp_nr_loans(const struct lsp_update *update)
{
	const struct lsp_patch *patch;
	const struct lsp_part *part;
	unsigned int nr = 0;

	lsp_for_each_patch(update, part, patch)
		nr += patch->nr_loans;
	return nr;
}

/**
 * lsp_operation_make() - allocate all that an operation needs
 * @update: the update
 * @enable: apply if true, undo if false
 *
 * Return: the operation, or NULL without memory.
 */
struct lsp_operation *lsp_operation_make(struct lsp_update *update,
					 bool enable)
{
	unsigned int nr = lsp_nr_patches(update), nr_data = 0;
	unsigned int nr_marks = lsp_nr_loans(update), pages = nr + nr_marks;
	const struct lsp_datum *datum;
	const struct lsp_part *part;

	lsp_for_each_datum(update, part, datum) {
		nr_data++;
		pages += lsp_nr_pages(datum->addr, datum->size);
	}

	struct lsp_operation *op __free(lsp_operation) =
		kzalloc(sizeof(*op), GFP_KERNEL);
	if (!op)
		return NULL;
	op->update = update;
	op->enable = enable;
	xa_init(&op->callers);
	op->entries = kvcalloc(nr, sizeof(*op->entries), GFP_KERNEL);
	op->writes = kvcalloc(nr_data, sizeof(*op->writes), GFP_KERNEL);
	op->marks = kvcalloc(nr_marks, sizeof(*op->marks), GFP_KERNEL);
	op->pages = kvcalloc(pages, sizeof(*op->pages), GFP_KERNEL);
	/* And the text of each module, in pieces, and probes. */
	op->ranges.ranges = kvcalloc(2 * nr + update->nr_parts + 1,
				     sizeof(*op->ranges.ranges), GFP_KERNEL);
	op->redirects = lsp_arch_redirects_make(update, enable);
	if (!op->entries || !op->writes || !op->marks || !op->pages ||
	    !op->ranges.ranges || !op->redirects)
		return NULL;
	lsp_fill_ranges(op);
	lsp_fill_entries(op);
	lsp_fill_writes(op);
	lsp_fill_marks(op);
	return no_free_ptr(op);
}
ALLOW_ERROR_INJECTION(lsp_operation_make, NULL);

/**
 * lsp_operation_make_left() - the same for one that only looks
 * @update: the update, not enabled
 *
 * Return: an operation that changes nothing, and succeeds when nobody is in any
 * code of the update; or NULL without memory.
 */
struct lsp_operation *lsp_operation_make_left(struct lsp_update *update)
{
	struct lsp_operation *op __free(lsp_operation) =
		kzalloc(sizeof(*op), GFP_KERNEL);

	if (!op)
		return NULL;
	op->update = update;
	op->left = true;
	op->ranges.ranges = kvcalloc(update->nr_parts + 1,
				     sizeof(*op->ranges.ranges), GFP_KERNEL);
	op->redirects = kvzalloc(sizeof(*op->redirects), GFP_KERNEL);
	if (!op->ranges.ranges || !op->redirects)
		return NULL;
	lsp_fill_ranges(op);
	return no_free_ptr(op);
}

/**
 * lsp_map() - map the pages of entries, objects and marks a second time, writable
 * @op: the operation
 *
 * Text and constants are mapped read-only everywhere. text_poke() gets around
 * that with a lock and a TLB flush, neither of which the pause can have, so it
 * writes through a mapping of its own, which exists for one attempt only.
 *
 * Return: false without memory.
 */
bool lsp_map(struct lsp_operation *op)
{
	void *next;
	unsigned int i;

	op->mapping = vmap(op->pages, op->nr_pages, VM_MAP, PAGE_KERNEL);
	if (!op->mapping)
		return false;
	next = op->mapping;
	for (i = 0; i < op->nr_entries; i++, next += PAGE_SIZE)
		op->entries[i].alias = next +
				       offset_in_page(op->entries[i].patch->site);
	for (i = 0; i < op->nr_writes; i++) {
		const struct lsp_datum *datum = op->writes[i].datum;

		op->writes[i].alias = next + offset_in_page(datum->addr);
		next += lsp_nr_pages(datum->addr, datum->size) * PAGE_SIZE;
	}
	for (i = 0; i < op->nr_marks; i++, next += PAGE_SIZE)
		op->marks[i].alias = next +
				     offset_in_page(lsp_borrow_mark(op->marks[i].loan));
	return true;
}
ALLOW_ERROR_INJECTION(lsp_map, NULL);

/**
 * lsp_unmap() - undo lsp_map()
 * @op: the operation
 */
void lsp_unmap(struct lsp_operation *op)
{
	vunmap(op->mapping);
	op->mapping = NULL;
}
