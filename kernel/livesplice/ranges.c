// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: which code must be free in an operation. Called by prepare.c, under
 * lsp_mutex.
 */
#include <linux/kallsyms.h>
#include <linux/kconfig.h>
#include <linux/kprobes.h>
#include <linux/list.h>
#include <linux/module.h>

#include "internal.h"
#include "switch.h"

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
			    const struct lsp_patch *patch, bool enable)
{
	if (enable && patch->site)
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
	unsigned long addr = lsp_module_text(part->mod);
	unsigned long end = addr + lsp_module_text_size(part->mod);
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
static void lsp_add_ranges(struct lsp_operation *op,
			   const struct lsp_update *update, bool enable)
{
	struct lsp_ranges *ranges = &op->ranges;
	const struct lsp_patch *patch;
	const struct lsp_part *part;

	lsp_for_each_covered(op, update, part, patch) {
		if (op->left)
			break;
		if (patch->relaxed)
			lsp_add_relaxed(op, patch, enable);
		else if (enable || patch->reader)
			lsp_add_range(ranges, patch->old_addr, patch->old_size);
		else
			lsp_add_range(ranges, patch->new_addr, patch->new_size);
	}
	list_for_each_entry(part, &update->parts, node)
		if (!enable && part->mod && lsp_covers(op, part))
			lsp_add_text(op, part);
}

/**
 * lsp_ranges_fill() - which code must be free
 * @op: the operation, with room for all of it; gets the ranges
 */
void lsp_ranges_fill(struct lsp_operation *op)
{
	struct lsp_ranges *ranges = &op->ranges;
	const struct lsp_update *other;

	lsp_add_ranges(op, op->update, op->enable);
	ranges->leaving = !op->enable;
	lsp_for_each_leaving(op, other) {
		lsp_add_ranges(op, other, false);
		ranges->leaving = true;
	}
	lsp_add_probing(ranges);
	lsp_ranges_sort(ranges);
	ranges->blockers = op->blockers;
	op->scan.ranges = ranges;
}
