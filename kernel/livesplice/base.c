// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: updates that stand on others. Called by registry.c and core.c with
 * lsp_mutex held, and by match.c and load.c while a part is being loaded.
 *
 * DOC: Stacking
 *
 * An update that was made with --base replaces functions as other updates have
 * left them. What it is matched against is the newest code: that of the update
 * that has replaced a function last, or the kernel's own. Its jump takes the
 * place of theirs at the original entry, so a call takes one jump however many
 * updates there are, and when it is undone, their jump is put back.
 *
 * The parts that it stands on are found when it is loaded, and stay loaded as
 * long as it is. They must be enabled, with nobody else on top, whenever it is
 * enabled, and cannot be disabled before it. Two updates that share a unit and
 * do not know of each other cannot both be enabled: the compiler used in each
 * what it saw of the functions that the other one replaces.
 */
#define pr_fmt(fmt) "livesplice: " fmt

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "internal.h"

/* The first unit that two parts have in common. */
static const char *lsp_common_unit(const struct lsp_part *a,
				   const struct lsp_part *b)
{
	const char *unit;

	lsp_for_each_name(unit, a->units)
		if (lsp_has_name(b->units, unit))
			return unit;
	return NULL;
}

/**
 * lsp_stands_on_part() - does a part stand on another one?
 * @part: the part
 * @other: the other one
 *
 * Return: true if it does, whichever of them is in use.
 */
bool lsp_stands_on_part(const struct lsp_part *part,
			const struct lsp_part *other)
{
	unsigned int i;

	for (i = 0; i < part->nr_stands; i++)
		if (part->stands[i] == other)
			return true;
	return false;
}

/**
 * lsp_base_stands_on() - does an update stand on another one?
 * @update: the update
 * @other: the other one
 *
 * Return: true if a part of it does.
 */
bool lsp_base_stands_on(const struct lsp_update *update,
			const struct lsp_update *other)
{
	const struct lsp_part *part;
	unsigned int i;

	list_for_each_entry(part, &update->parts, node)
		for (i = 0; i < part->nr_stands; i++)
			if (part->stands[i]->update == other)
				return true;
	return false;
}

/* @part stands on @other: it stays as long as we do. */
static enum lsp_reason lsp_stand_on(struct lsp_part *part,
				    const struct lsp_part *other)
{
	const struct lsp_part **stands;
	const struct module *used;

	stands = krealloc_array(part->stands, part->nr_stands + 1,
				sizeof(*stands), GFP_KERNEL);
	if (!stands)
		return LSP_NOMEM;
	part->stands = stands;
	used = livesplice_use_module(part->mod, other->mod->name);
	if (IS_ERR(used))
		return PTR_ERR(used) == -ENOMEM ? LSP_NOMEM : LSP_STATE;
	stands[part->nr_stands++] = other;
	return LSP_OK;
}

static enum lsp_reason lsp_base_add_part(struct lsp_part *part,
					 const struct lsp_part *theirs,
					 const char *name)
{
	const char *unit = lsp_common_unit(part, theirs);

	if (!unit || lsp_stands_on_part(part, theirs))
		return LSP_OK;
	if (part->based && !part->settled)
		return lsp_stand_on(part, theirs);
	pr_err("%s: %s is also a unit of %s, which is enabled; make it with --base\n",
	       name, unit, theirs->update->name);
	return LSP_BASE;
}

/**
 * lsp_base_add() - find what a part that is being loaded stands on
 * @part: the part
 * @own: the update that it is of, or will be
 * @updates: the registry
 *
 * A second time, when it was matched, it must stand on no others.
 *
 * Context: lsp_mutex held.
 * Return: LSP_OK, LSP_BASE if an enabled update has a unit of the part and the
 * part knows nothing of it, LSP_STATE if one is about to go, LSP_NOMEM.
 */
enum lsp_reason lsp_base_add(struct lsp_part *part,
			     const struct lsp_update *own,
			     const struct list_head *updates)
{
	const struct lsp_update *other;
	const struct lsp_part *theirs;
	enum lsp_reason reason;

	lockdep_assert_held(&lsp_mutex);

	list_for_each_entry(other, updates, node) {
		if (other == own || lsp_replaces(own, other))
			continue;
		list_for_each_entry(theirs, &other->parts, node) {
			if (!theirs->enabled)
				continue;
			reason = lsp_base_add_part(part, theirs, own->name);
			if (reason != LSP_OK)
				return reason;
		}
	}
	return LSP_OK;
}

/* May @part be switched beside, or on top of, @other? */
static enum lsp_reason lsp_base_check_other(const struct lsp_part *part,
					    const struct lsp_update *other)
{
	const struct lsp_part *theirs;

	list_for_each_entry(theirs, &other->parts, node) {
		const char *unit = lsp_common_unit(part, theirs);

		if (!unit)
			continue;
		if (lsp_stands_on_part(part, theirs)) {
			if (theirs->enabled)
				continue;
			pr_err("%s: stands on %s, which is not enabled\n",
			       part->update->name, other->name);
			return LSP_BASE;
		}
		if (!theirs->enabled)
			continue;
		pr_err("%s: %s is also a unit of %s, which is enabled\n",
		       part->update->name, unit, other->name);
		return LSP_BASE;
	}
	return LSP_OK;
}

/* Two updates that rewrite one object would both be asked what it must hold. */
static enum lsp_reason lsp_base_check_data(const struct lsp_part *part,
					   const struct lsp_part *theirs)
{
	unsigned int i, n;

	for (i = 0; i < part->nr_data; i++) {
		const struct lsp_datum *own = &part->data[i];

		for (n = 0; n < theirs->nr_data; n++) {
			const struct lsp_datum *other = &theirs->data[n];

			if (own->addr >= other->addr + other->size ||
			    other->addr >= own->addr + own->size)
				continue;
			pr_err("%s: %s %s is rewritten by %s\n",
			       part->update->name, part->object, own->name,
			       theirs->update->name);
			return LSP_BASE;
		}
	}
	return LSP_OK;
}

/**
 * lsp_base_check() - are those that an update stands on there, and no others?
 * @update: the update; parts of it that are in use are not asked about
 * @updates: the registry
 *
 * Context: lsp_mutex held.
 * Return: LSP_OK or LSP_BASE.
 */
enum lsp_reason lsp_base_check(const struct lsp_update *update,
			       const struct list_head *updates)
{
	const struct lsp_update *other;
	const struct lsp_patch *patch;
	const struct lsp_part *part;
	enum lsp_reason reason;
	unsigned int i;

	lockdep_assert_held(&lsp_mutex);

	list_for_each_entry(part, &update->parts, node) {
		if (part->enabled)
			continue;
		list_for_each_entry(other, updates, node) {
			if (other == update || lsp_replaces(update, other))
				continue;
			reason = lsp_base_check_other(part, other);
			if (reason != LSP_OK)
				return reason;
		}
		for (i = 0; i < part->nr_stands; i++) {
			reason = lsp_base_check_data(part, part->stands[i]);
			if (reason != LSP_OK)
				return reason;
		}
	}
	lsp_for_each_patch(update, part, patch) {
		if (part->enabled || !patch->below || !patch->below->above)
			continue;
		pr_err("%s: %s of %s was replaced by %s\n", update->name,
		       patch->name, patch->below->part->update->name,
		       patch->below->above->part->update->name);
		return LSP_BASE;
	}
	return LSP_OK;
}

/**
 * lsp_base_user() - an enabled update that stands on another one
 * @update: the other one
 * @updates: the registry
 *
 * Context: lsp_mutex held.
 * Return: the update, or NULL if there is none.
 */
struct lsp_update *lsp_base_user(const struct lsp_update *update,
				 const struct list_head *updates)
{
	struct lsp_update *other;

	lockdep_assert_held(&lsp_mutex);

	list_for_each_entry(other, updates, node)
		if (other->state == LSP_ENABLED &&
		    lsp_base_stands_on(other, update))
			return other;
	return NULL;
}

/**
 * lsp_base_settle() - the jumps of a part have taken the place of others
 * @part: the part
 * @enabled: or have given it back
 *
 * Context: lsp_mutex held.
 */
void lsp_base_settle(struct lsp_part *part, bool enabled)
{
	struct lsp_patch *patch;

	lockdep_assert_held(&lsp_mutex);

	/* A fragment, or a function that only reads what is rewritten, has none. */
	for (patch = part->patches; patch < part->patches + part->nr_patches; patch++)
		if (patch->below && patch->new_addr)
			patch->below->above = enabled ? patch : NULL;
}

/* What was where the jumps of @update are, in a copy of text at @addr. */
static void lsp_base_lift_one(const struct lsp_update *update, u8 *bytes,
			      unsigned long addr, u32 length)
{
	const struct lsp_patch *patch;
	const struct lsp_part *part;
	unsigned long i;

	lsp_for_each_patch(update, part, patch) {
		/* On top of another jump: that one has the old bytes. */
		if (!patch->new_addr || patch->below || !part->enabled)
			continue;
		for (i = 0; i < patch->span; i++)
			if (patch->site + i - addr < length)
				bytes[patch->site + i - addr] = patch->saved[i];
	}
}

/**
 * lsp_base_lift() - take the jumps of others out of a copy of a part's code
 * @part: the part
 * @bytes: the copy
 * @addr: what it is a copy of
 * @length: number of bytes
 * @updates: the registry
 *
 * A function that is new in the part may be replaced by an update on top of it.
 *
 * Context: lsp_mutex held.
 */
void lsp_base_lift(const struct lsp_part *part, u8 *bytes, unsigned long addr,
		   u32 length, const struct list_head *updates)
{
	const struct lsp_update *other;

	lockdep_assert_held(&lsp_mutex);

	list_for_each_entry(other, updates, node)
		if (other->state == LSP_ENABLED &&
		    lsp_base_stands_on(other, part->update))
			lsp_base_lift_one(other, bytes, addr, length);
}

/**
 * lsp_base_newest() - who has replaced a function last?
 * @part: a part; only those that it stands on count
 * @entry: address of the function
 *
 * Context: @part is being loaded. Which code is on top may change meanwhile;
 * lsp_base_check() looks again.
 * Return: the function that is replaced, or NULL if it runs as it is.
 */
struct lsp_patch *lsp_base_newest(const struct lsp_part *part,
				  unsigned long entry)
{
	unsigned int i, n;

	for (i = 0; part && i < part->nr_stands; i++) {
		const struct lsp_part *other = part->stands[i];

		for (n = 0; n < other->nr_patches; n++) {
			struct lsp_patch *patch = &other->patches[n];

			if (patch->new_addr && patch->entry == entry &&
			    !READ_ONCE(patch->above))
				return patch;
		}
	}
	return NULL;
}

/**
 * lsp_base_text() - is an address in new code of what a part stands on?
 * @part: the part
 * @addr: first address
 * @size: number of bytes
 *
 * Return: true if all of them are.
 */
bool lsp_base_text(const struct lsp_part *part, unsigned long addr,
		   unsigned long size)
{
	unsigned int i;

	for (i = 0; part && i < part->nr_stands; i++) {
		const struct module *mod = part->stands[i]->mod;

		if (within_module_mem_type(addr, mod, MOD_TEXT) &&
		    within_module_mem_type(addr + size - 1, mod, MOD_TEXT))
			return true;
	}
	return false;
}

/* Has one of the parts before, or of the places in this one, said so already? */
static bool lsp_is_first_stand(const struct lsp_update *update,
			       const struct lsp_part *last, unsigned int nr)
{
	const struct lsp_update *other = last->stands[nr]->update;
	const struct lsp_part *part;
	unsigned int i;

	list_for_each_entry(part, &update->parts, node) {
		for (i = 0; i < (part == last ? nr : part->nr_stands); i++)
			if (part->stands[i]->update == other)
				return false;
		if (part == last)
			break;
	}
	return true;
}

/**
 * lsp_base_emit() - names of the updates that one stands on, for sysfs
 * @update: the update
 * @buf: the page
 *
 * Context: lsp_mutex held.
 * Return: number of bytes.
 */
int lsp_base_emit(const struct lsp_update *update, char *buf)
{
	const struct lsp_part *part;
	unsigned int i;
	int at = 0;

	lockdep_assert_held(&lsp_mutex);

	list_for_each_entry(part, &update->parts, node)
		for (i = 0; i < part->nr_stands; i++)
			if (lsp_is_first_stand(update, part, i))
				at += sysfs_emit_at(buf, at, "%s\n",
						    part->stands[i]->update->name);
	return at;
}
