// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: everything that an operation allocates, so that switch.c has
 * nothing left to fail on. Called by switch.c.
 */

#include <linux/error-injection.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sort.h>
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
	kvfree(op->hooks);
	kvfree(op->pages);
	kvfree(op->redirects);
	kvfree(op->ranges.ranges);
	kfree(op);
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

	/*
	 * Where modules share large pages, their mappings may be collapsed into
	 * one at any time; that the page stays the same is all that we need.
	 */
	mmap_read_lock(&init_mm);
	for (addr &= PAGE_MASK; nr--; addr += PAGE_SIZE)
		op->pages[op->nr_pages++] =
			is_vmalloc_or_module_addr((void *)addr) ?
			vmalloc_to_page((void *)addr) :
			virt_to_page((void *)addr);
	mmap_read_unlock(&init_mm);
}

/* @under: whose jump is there without it. */
static void lsp_add_entry(struct lsp_operation *op, const struct lsp_patch *patch,
			  const struct lsp_patch *under, bool leaves)
{
	struct lsp_entry *entry = &op->entries[op->nr_entries++];

	entry->patch = patch;
	entry->under = under;
	entry->leaves = leaves;
	lsp_arch_jump(entry->jump, patch->span, patch->site, patch->new_addr);
	if (under) {
		lsp_arch_jump(entry->old, patch->span, patch->site, under->new_addr);
		return;
	}
	entry->ground = lsp_ground(patch);
	memcpy(entry->old, entry->ground->saved, patch->span);
}

/* From the jump of one that goes, if there is one, or of one that stays. */
static void lsp_add_own_entries(struct lsp_operation *op)
{
	const struct lsp_patch *patch, *under;
	const struct lsp_part *part;

	lsp_for_each_covered(op, op->update, part, patch) {
		if (!patch->new_addr)
			continue;
		under = op->enable ? lsp_replace_jump(op->update, patch->site) : NULL;
		lsp_add_entry(op, patch, under ?: patch->below, false);
	}
}

/* The jumps of those that go, but where ours takes the place. */
static void lsp_add_leaving_entries(struct lsp_operation *op)
{
	unsigned int own = op->nr_entries, i;
	const struct lsp_update *other;
	const struct lsp_patch *patch;
	const struct lsp_part *part;

	lsp_for_each_leaving(op, other)
		lsp_for_each_covered(op, other, part, patch) {
			if (!patch->new_addr || patch->above)
				continue;
			for (i = 0; i < own; i++)
				if (op->entries[i].patch->site == patch->site)
					break;
			if (i == own)
				lsp_add_entry(op, patch, NULL, true);
		}
}

static int lsp_cmp_entry(const void *a, const void *b)
{
	const struct lsp_entry *x = a, *y = b;

	return x->patch->site < y->patch->site ? -1 :
					x->patch->site > y->patch->site;
}

/*
 * A call that hits an INT3 goes to where the jump led that is there before the
 * pause, or that comes with it; then to where the one leads that is there after.
 */
static void lsp_fill_redirects(struct lsp_operation *op)
{
	struct lsp_redirects *table = op->redirects;
	unsigned int i;

	for (i = 0; i < op->nr_entries; i++) {
		const struct lsp_entry *entry = &op->entries[i];
		unsigned long with = entry->patch->new_addr;
		unsigned long without = entry->under ? entry->under->new_addr : with;
		bool comes = lsp_comes(op, entry->leaves);

		table->entries[table->nr++] = (struct lsp_redirect) {
			.site	= entry->patch->site,
			.target	= comes ? without : with,
			.next	= comes ? with : without,
		};
	}
	lsp_arch_redirects_sort(table);
	for (i = 0; i < op->nr_entries; i++)
		op->entries[i].redirect =
			lsp_arch_redirect_find(table, op->entries[i].patch->site);
}

static void lsp_fill_entries(struct lsp_operation *op)
{
	unsigned int i;

	lsp_add_own_entries(op);
	lsp_add_leaving_entries(op);
	sort(op->entries, op->nr_entries, sizeof(*op->entries), lsp_cmp_entry, NULL);
	lsp_fill_redirects(op);
	for (i = 0; i < op->nr_entries; i++)
		lsp_add_pages(op, op->entries[i].patch->site, 1);
}

static void lsp_add_write(struct lsp_operation *op, const struct lsp_datum *datum,
			  const void *from, const void *to)
{
	op->writes[op->nr_writes++] = (struct lsp_write) {
		.datum = datum, .from = from, .to = to,
	};
	lsp_add_pages(op, datum->addr, datum->size);
}

static void lsp_fill_writes(struct lsp_operation *op)
{
	const struct lsp_datum *datum, *theirs;
	const struct lsp_update *other;
	const struct lsp_part *part;
	unsigned int own, i;

	lsp_for_each_datum(op->update, part, datum) {
		if (!lsp_covers(op, part))
			continue;
		theirs = op->enable ? lsp_replace_datum(op->update, datum->addr) : NULL;
		lsp_add_write(op, datum,
			      theirs ? theirs->new :
				       lsp_data_expected(datum, !op->enable),
			      lsp_data_expected(datum, op->enable));
	}
	own = op->nr_writes;
	lsp_for_each_leaving(op, other)
		lsp_for_each_datum(other, part, datum) {
			if (!lsp_covers(op, part))
				continue;
			for (i = 0; i < own; i++)
				if (op->writes[i].datum->addr == datum->addr)
					break;
			if (i == own)
				lsp_add_write(op, datum, datum->new, datum->old);
		}
}

static void lsp_fill_marks(struct lsp_operation *op)
{
	unsigned int i, n;

	for (i = 0; i < op->nr_entries; i++) {
		const struct lsp_patch *ground = op->entries[i].ground;

		for (n = 0; ground && n < ground->nr_loans; n++) {
			op->marks[op->nr_marks++] = (struct lsp_mark) {
				.loan = &ground->loans[n],
				.leaves = op->entries[i].leaves,
			};
			lsp_add_pages(op, lsp_borrow_mark(&ground->loans[n]), 1);
		}
	}
}

/**
 * struct lsp_sizes - how much there is of everything, at most
 * @patches: functions
 * @parts: parts
 * @data: objects
 * @loans: rows that the bytes of entries have in tables of the kernel
 * @hooks: units with hooks
 * @pages: pages of all these
 */
struct lsp_sizes {
	unsigned int	patches;
	unsigned int	parts;
	unsigned int	data;
	unsigned int	loans;
	unsigned int	hooks;
	unsigned int	pages;
};

static void lsp_count(struct lsp_sizes *sizes, const struct lsp_update *update)
{
	const struct lsp_patch *patch;
	const struct lsp_datum *datum;
	const struct lsp_part *part;

	sizes->parts += update->nr_parts;
	sizes->hooks += lsp_nr_hooks(update);
	lsp_for_each_patch(update, part, patch) {
		unsigned int nr = patch->new_addr ? lsp_ground(patch)->nr_loans : 0;

		sizes->patches++;
		sizes->loans += nr;
		sizes->pages += 1 + nr;
	}
	lsp_for_each_datum(update, part, datum) {
		sizes->data++;
		sizes->pages += lsp_nr_pages(datum->addr, datum->size);
	}
}

static bool lsp_operation_alloc(struct lsp_operation *op)
{
	const struct lsp_update *other;
	struct lsp_sizes sizes = { };

	lsp_count(&sizes, op->update);
	lsp_for_each_leaving(op, other)
		lsp_count(&sizes, other);
	op->entries = kvcalloc(sizes.patches, sizeof(*op->entries), GFP_KERNEL);
	op->writes = kvcalloc(sizes.data, sizeof(*op->writes), GFP_KERNEL);
	op->marks = kvcalloc(sizes.loans, sizeof(*op->marks), GFP_KERNEL);
	op->hooks = kvcalloc(sizes.hooks, sizeof(*op->hooks), GFP_KERNEL);
	op->pages = kvcalloc(sizes.pages, sizeof(*op->pages), GFP_KERNEL);
	/* And the text of each module, in pieces, and probes. */
	op->ranges.ranges = kvcalloc(2 * sizes.patches + sizes.parts + 1,
				     sizeof(*op->ranges.ranges), GFP_KERNEL);
	op->redirects = kvzalloc(struct_size(op->redirects, entries, sizes.patches),
				 GFP_KERNEL);
	return op->entries && op->writes && op->marks && op->hooks && op->pages &&
	       op->ranges.ranges && op->redirects;
}

/**
 * lsp_operation_make() - allocate all that an operation needs
 * @update: the update; &lsp_update.replacing are undone with it
 * @only: the part that is switched, NULL for all that are not so yet
 * @enable: apply if true, undo if false
 *
 * Return: the operation, or NULL without memory.
 */
struct lsp_operation *lsp_operation_make(struct lsp_update *update,
					 const struct lsp_part *only,
					 bool enable)
{
	struct lsp_operation *op __free(lsp_operation) =
		kzalloc(sizeof(*op), GFP_KERNEL);

	if (!op)
		return NULL;
	op->update = update;
	op->only = only;
	op->enable = enable;
	xa_init(&op->callers);
	if (!lsp_operation_alloc(op))
		return NULL;
	lsp_ranges_fill(op);
	lsp_fill_entries(op);
	lsp_fill_writes(op);
	lsp_fill_marks(op);
	lsp_hooks_order(op);
	return no_free_ptr(op);
}
ALLOW_ERROR_INJECTION(lsp_operation_make, NULL);

/**
 * lsp_operation_make_left() - the same for one that only looks
 * @update: the update
 * @only: one of its parts, or NULL for all; not enabled
 *
 * Return: an operation that changes nothing, and succeeds when nobody is in any
 * code of them; or NULL without memory.
 */
struct lsp_operation *lsp_operation_make_left(struct lsp_update *update,
					      const struct lsp_part *only)
{
	struct lsp_operation *op __free(lsp_operation) =
		kzalloc(sizeof(*op), GFP_KERNEL);

	if (!op)
		return NULL;
	op->update = update;
	op->only = only;
	op->left = true;
	op->ranges.ranges = kvcalloc(update->nr_parts + 1,
				     sizeof(*op->ranges.ranges), GFP_KERNEL);
	op->redirects = kvzalloc_obj(*op->redirects, GFP_KERNEL);
	if (!op->ranges.ranges || !op->redirects)
		return NULL;
	lsp_ranges_fill(op);
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

	/* Nothing but hooks. */
	if (!op->nr_pages)
		return true;
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
