// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: is everything that an update is about what it must be now? Called
 * by sysfs.c for ``verify``, and by core.c before anything is enabled.
 *
 * DOC: What verify compares
 *
 * In this order: read-only objects, byte by byte; each replaced function, its
 * fragments, and the functions that read what is rewritten, by the checksums
 * of the match; each entry, byte by byte: the old bytes or the jump, and whether
 * callers come as far as that; the code of the update itself. Whoever came last has
 * its jump and its contents there, which may be an update that has replaced this one.
 *
 * What the kernel itself goes on rewriting is left out, it may be different at
 * any time: static branches and calls, the sites of tracers, lock prefixes of
 * a machine with one CPU. Probes are seen through.
 */
#define pr_fmt(fmt) "livesplice: " fmt

#include <linux/cleanup.h>
#include <linux/error-injection.h>
#include <linux/kallsyms.h>
#include <linux/memory.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "internal.h"

static bool lsp_is_diverted(const struct lsp_patch *patch)
{
	guard(mutex)(&text_mutex);
	return lsp_arch_diverted(patch->site);
}

/* Whose jump is at the entry of a function, if anybody's? */
static const struct lsp_patch *lsp_holder(const struct lsp_patch *patch)
{
	struct lsp_update *update = NULL;
	const struct lsp_patch *other;
	const struct lsp_part *part;

	for (other = patch; other; other = other->below) {
		if (!other->part->enabled)
			continue;
		while (other->above)
			other = other->above;
		return other;
	}
	/* Not its own, nor that of what it stands on. */
	while ((update = lsp_next(update)))
		lsp_for_each_patch(update, part, other)
			if (part->enabled && other->new_addr && !other->above &&
			    other->site == patch->site)
				return other;
	return NULL;
}

/* The entry of a function: the jump of whoever came last, or the old bytes. */
static bool lsp_verify_entry(const struct lsp_patch *patch)
{
	const struct lsp_patch *holder = lsp_holder(patch);
	u8 bytes[LSP_MAX_SPAN], want[LSP_MAX_SPAN];
	u32 span = holder ? holder->span : patch->span;

	if (!lsp_arch_read_text(bytes, patch->site, span))
		return false;
	if (holder) {
		lsp_arch_jump(want, span, patch->site, holder->new_addr);
	} else {
		patch = lsp_ground(patch);
		memcpy(want, patch->saved, span);
		lsp_borrow_skip(patch, bytes);
	}
	return !memcmp(bytes, want, span);
}

/* Is this function what it must be? Else @offset is where it is not. */
static bool lsp_verify_patch(const struct lsp_patch *patch, unsigned int *offset)
{
	if (!lsp_sums_check(patch, offset))
		return false;
	if (!patch->new_addr)
		return true;
	*offset = patch->site - patch->entry;
	if (!lsp_verify_entry(patch))
		return false;
	*offset -= LSP_CALL_SIZE;
	return !patch->part->enabled || !lsp_is_diverted(patch);
}

/* An update that is not enabled may have been replaced by one that is. */
static const void *lsp_verify_contents(const struct lsp_datum *datum, bool enabled)
{
	struct lsp_update *update = NULL;
	const struct lsp_datum *other;
	const struct lsp_part *part;

	while (!enabled && (update = lsp_next(update)))
		lsp_for_each_datum(update, part, other)
			if (part->enabled && other->addr == datum->addr)
				return other->new;
	return lsp_data_expected(datum, enabled);
}

/**
 * lsp_verify() - is the running text what it must be?
 * @update: the update; gets the answer
 *
 * Context: lsp_mutex held; may sleep.
 */
void lsp_verify(struct lsp_update *update)
{
	const struct lsp_patch *patch;
	const struct lsp_datum *datum;
	const struct lsp_part *part;

	lockdep_assert_held(&lsp_mutex);

	update->changed = NULL;
	update->changed_addr = 0;
	lsp_for_each_datum(update, part, datum) {
		if (lsp_data_check(datum, lsp_verify_contents(datum, part->enabled),
				   &update->changed_offset))
			continue;
		update->changed = datum->name;
		return;
	}
	lsp_for_each_patch(update, part, patch) {
		if (lsp_verify_patch(patch, &update->changed_offset))
			continue;
		update->changed = patch->name;
		return;
	}
	list_for_each_entry(part, &update->parts, node) {
		update->changed_addr = lsp_own_check(part);
		if (!update->changed_addr)
			continue;
		update->changed = part->mod->name;
		return;
	}
}

/**
 * lsp_verify_emit() - what lsp_verify() has found, as text
 * @update: the update
 * @buf: a page that belongs to a sysfs file
 *
 * Context: lsp_mutex held.
 * Return: length of the text.
 */
int lsp_verify_emit(const struct lsp_update *update, char *buf)
{
	unsigned long addr = update->changed_addr, size, offset;
	char name[KSYM_NAME_LEN];

	lockdep_assert_held(&lsp_mutex);

	if (!update->changed)
		return sysfs_emit(buf, "ok\n");
	if (!addr)
		return sysfs_emit(buf, "%s+0x%x\n", update->changed,
				  update->changed_offset);
	if (lookup_symbol_name(addr, name) ||
	    !kallsyms_lookup_size_offset(addr, &size, &offset))
		return sysfs_emit(buf, "%s\n", update->changed);
	return sysfs_emit(buf, "%s+0x%lx\n", name, offset);
}

/**
 * lsp_verify_own() - may the code of an update be put in use?
 * @update: the update
 *
 * Context: lsp_mutex held; may sleep.
 * Return: LSP_OK, or LSP_KGDB or LSP_CHANGED with the place in the log.
 */
enum lsp_reason lsp_verify_own(const struct lsp_update *update)
{
	const struct lsp_part *part;
	unsigned long addr;

	list_for_each_entry(part, &update->parts, node) {
		addr = lsp_own_check(part);
		if (!addr)
			continue;
		if (lsp_arch_breakpoint(addr, LSP_SUM_BLOCK)) {
			pr_err("%s: new code has a breakpoint of kgdb at %pS\n",
			       update->name, (void *)addr);
			return LSP_KGDB;
		}
		pr_err("%s: new code has changed at %pS\n", update->name,
		       (void *)addr);
		return LSP_CHANGED;
	}
	return LSP_OK;
}
ALLOW_ERROR_INJECTION(lsp_verify_own, TRUE);
