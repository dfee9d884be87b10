// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: everything that an operation allocates, so that switch.c has
 * nothing left to fail on; and the answer to ``verify``, which needs the same
 * knowledge. Called by switch.c and sysfs.c.
 */

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
 * Apply: the old functions with all their fragments. Undo: the whole text of
 * the module, for it may be unloaded next; its other functions are only called
 * by the new ones, but may still be running when those are not.
 */
static void lsp_fill_ranges(struct lsp_operation *op)
{
	const struct lsp_update *update = op->update;
	struct lsp_ranges *ranges = &op->ranges;
	unsigned int i;

	for (i = 0; i < update->nr_patches; i++) {
		const struct lsp_patch *patch = &update->patches[i];

		if (op->enable)
			lsp_add_range(ranges, patch->old_addr, patch->old_size);
		else
			lsp_add_range(ranges, patch->new_addr, patch->new_size);
	}
	if (!op->enable && update->mod)
		lsp_add_range(ranges,
			      (unsigned long)update->mod->mem[MOD_TEXT].base,
			      update->mod->mem[MOD_TEXT].size);
	lsp_add_probing(ranges);
	lsp_ranges_sort(ranges);
	ranges->leaving = !op->enable;
	ranges->blockers = op->blockers;
}

static void lsp_fill_entries(struct lsp_operation *op)
{
	unsigned int i;

	for (i = 0; i < op->update->nr_patches; i++) {
		const struct lsp_patch *patch = &op->update->patches[i];
		struct lsp_entry *entry = &op->entries[op->nr_entries];

		if (!patch->new_addr)
			continue;
		entry->patch = patch;
		lsp_arch_jump(entry->jump, patch->site, patch->new_addr);
		op->pages[op->nr_entries++] =
			core_kernel_text(patch->site) ?
			virt_to_page((void *)patch->site) :
			vmalloc_to_page((void *)patch->site);
	}
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
	unsigned int nr = update->nr_patches;

	struct lsp_operation *op __free(lsp_operation) =
		kzalloc(sizeof(*op), GFP_KERNEL);
	if (!op)
		return NULL;
	op->update = update;
	op->enable = enable;
	op->entries = kvcalloc(nr, sizeof(*op->entries), GFP_KERNEL);
	op->pages = kvcalloc(nr, sizeof(*op->pages), GFP_KERNEL);
	/* Two more, for the module's text and for probes. */
	op->ranges.ranges = kvcalloc(nr + 2, sizeof(*op->ranges.ranges),
				     GFP_KERNEL);
	op->redirects = lsp_arch_redirects_make(update);
	if (!op->entries || !op->pages || !op->ranges.ranges || !op->redirects)
		return NULL;
	lsp_fill_ranges(op);
	lsp_fill_entries(op);
	return no_free_ptr(op);
}

/**
 * lsp_map() - map the pages of the entries a second time, writable
 * @op: the operation
 *
 * Text is mapped read-only everywhere. text_poke() gets around that with a
 * lock and a TLB flush, neither of which the pause can have, so it writes
 * through a mapping of its own, which exists for one attempt only.
 *
 * Return: false without memory.
 */
bool lsp_map(struct lsp_operation *op)
{
	unsigned int i;

	op->mapping = vmap(op->pages, op->nr_entries, VM_MAP, PAGE_KERNEL);
	if (!op->mapping)
		return false;
	for (i = 0; i < op->nr_entries; i++)
		op->entries[i].alias = op->mapping + i * PAGE_SIZE +
				       offset_in_page(op->entries[i].patch->site);
	return true;
}

/**
 * lsp_unmap() - undo lsp_map()
 * @op: the operation
 */
void lsp_unmap(struct lsp_operation *op)
{
	vunmap(op->mapping);
	op->mapping = NULL;
}

/**
 * lsp_verify() - is the running text what it must be?
 * @update: the update; gets the answer
 *
 * Context: lsp_mutex held; may sleep.
 */
void lsp_verify(struct lsp_update *update)
{
	bool enabled = update->state == LSP_ENABLED;
	struct lsp_entry entry;
	u8 bytes[LSP_JUMP_SIZE];
	unsigned int i;

	lockdep_assert_held(&lsp_mutex);

	update->changed = NULL;
	for (i = 0; i < update->nr_patches && !update->changed; i++) {
		const struct lsp_patch *patch = &update->patches[i];

		if (!lsp_sums_check(patch, &update->changed_offset)) {
			update->changed = patch;
		} else if (patch->new_addr) {
			entry.patch = patch;
			lsp_arch_jump(entry.jump, patch->site, patch->new_addr);
			update->changed_offset = patch->site - patch->old_addr;
			if (!lsp_arch_read_text(bytes, patch->site,
						sizeof(bytes)) ||
			    memcmp(bytes, lsp_expected(&entry, enabled),
				   sizeof(bytes)))
				update->changed = patch;
		}
	}
}
