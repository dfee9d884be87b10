// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: updates that take the place of others. Called by core.c and
 * prepare.c with lsp_mutex held, and while a part is being loaded by match_text.c,
 * data.c and plan.c, with no lock held.
 *
 * DOC: Replacing updates
 *
 * An update that was made with --replaces names others. It is made from the source
 * of the build, as they are, and has all of what they change that is still wanted. In
 * the pause that enables it, all of them that are enabled are undone: there is no
 * moment without either. They can be unloaded afterwards; nothing of the new one
 * stands on them, and undoing it leads to the code of the kernel.
 *
 *   its function, theirs too	from one jump to the other, as with updates that
 *				stand on others
 *   only theirs		undone
 *   only its own		replaced as ever
 *
 * While it is loaded they may be enabled. So it is matched against what the kernel's
 * code is without their jumps, and tables without their contents; what these have
 * taken the place of, they have kept.
 */
#define pr_fmt(fmt) "livesplice: " fmt

#include <linux/cleanup.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/memory.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/uaccess.h>

#include "internal.h"

/**
 * lsp_replaces() - would an update take the place of another one?
 * @update: the update
 * @other: the other one
 *
 * Return: true if so, whether that one is enabled or not.
 */
bool lsp_replaces(const struct lsp_update *update, const struct lsp_update *other)
{
	return update->replaces && other != update &&
	       lsp_has_name(update->replaces, other->name);
}

/**
 * lsp_ground() - the function under all jumps of its entry
 * @patch: a function that is replaced
 *
 * Return: the one that knows what is there without any.
 */
const struct lsp_patch *lsp_ground(const struct lsp_patch *patch)
{
	while (patch->below)
		patch = patch->below;
	return patch;
}

/*
 * Whoever stays must not stand on who goes, nor be stood on by it: a jump of the
 * one would lead into the code of the other.
 */
static enum lsp_reason lsp_replace_check_one(const struct lsp_update *update,
					     const struct lsp_update *goes)
{
	struct lsp_update *other = NULL;

	while ((other = lsp_next(other))) {
		if (other == update || other->state != LSP_ENABLED ||
		    lsp_replaces(update, other))
			continue;
		if (lsp_base_stands_on(other, goes)) {
			pr_err("%s: %s, which it replaces, has %s on top of it\n",
			       update->name, goes->name, other->name);
			return LSP_DEPENDS;
		}
		if (lsp_base_stands_on(goes, other)) {
			pr_err("%s: %s, which it replaces, stands on %s, which it does not replace\n",
			       update->name, goes->name, other->name);
			return LSP_BASE;
		}
	}
	return LSP_OK;
}

/* An object that both rewrite is the same object. */
static enum lsp_reason lsp_replace_check_data(const struct lsp_update *update,
					      const struct lsp_update *goes)
{
	const struct lsp_datum *own, *other;
	const struct lsp_part *part, *theirs;

	lsp_for_each_datum(update, part, own) {
		lsp_for_each_datum(goes, theirs, other) {
			if (own->addr >= other->addr + other->size ||
			    other->addr >= own->addr + own->size ||
			    (own->addr == other->addr && own->size == other->size))
				continue;
			pr_err("%s: %s is not what %s rewrites there\n",
			       update->name, own->name, goes->name);
			return LSP_BASE;
		}
	}
	return LSP_OK;
}

/**
 * lsp_replace_gather() - whose place does an update take when it is enabled now?
 * @update: the update; &lsp_update.replacing gets them, the newest one first
 *
 * The newest one first is from the top: who stands on another one was loaded later.
 *
 * Context: lsp_mutex held.
 * Return: LSP_OK, or LSP_DEPENDS or LSP_BASE with a line in the log.
 */
enum lsp_reason lsp_replace_gather(struct lsp_update *update)
{
	struct lsp_update *other = NULL;
	enum lsp_reason reason;

	lockdep_assert_held(&lsp_mutex);

	INIT_LIST_HEAD(&update->replacing);
	while ((other = lsp_next(other))) {
		if (other->state != LSP_ENABLED || !lsp_replaces(update, other))
			continue;
		reason = lsp_replace_check_one(update, other);
		if (reason == LSP_OK)
			reason = lsp_replace_check_data(update, other);
		if (reason != LSP_OK)
			return reason;
		list_add(&other->leaving, &update->replacing);
	}
	return LSP_OK;
}

/**
 * lsp_replace_jump() - whose jump, of those that go, is at an entry?
 * @update: the update that comes
 * @site: where the jump is
 *
 * Context: lsp_mutex held, after lsp_replace_gather().
 * Return: the function, or NULL.
 */
const struct lsp_patch *lsp_replace_jump(const struct lsp_update *update,
					 unsigned long site)
{
	const struct lsp_update *other;
	const struct lsp_patch *patch;
	const struct lsp_part *part;

	list_for_each_entry(other, &update->replacing, leaving)
		lsp_for_each_patch(other, part, patch)
			if (part->enabled && patch->new_addr &&
			    patch->site == site && !patch->above)
				return patch;
	return NULL;
}

/**
 * lsp_replace_datum() - who of those that go has rewritten an object?
 * @update: the update that comes
 * @addr: address of the object
 *
 * Context: lsp_mutex held, after lsp_replace_gather().
 * Return: the object as theirs, or NULL.
 */
const struct lsp_datum *lsp_replace_datum(const struct lsp_update *update,
					  unsigned long addr)
{
	const struct lsp_update *other;
	const struct lsp_datum *datum;
	const struct lsp_part *part;

	list_for_each_entry(other, &update->replacing, leaving)
		lsp_for_each_datum(other, part, datum)
			if (part->enabled && datum->addr == addr)
				return datum;
	return NULL;
}

/* @to gets what @from has of the bytes that both have. */
static void lsp_overlay(u8 *to, unsigned long addr, size_t size,
			const u8 *from, unsigned long from_addr, size_t from_size)
{
	size_t i;

	for (i = 0; i < from_size; i++)
		if (from_addr + i - addr < size)
			to[from_addr + i - addr] = from[i];
}

static void lsp_replace_lift_one(const struct lsp_update *other, u8 *bytes,
				 unsigned long addr, size_t size)
{
	const struct lsp_patch *patch;
	const struct lsp_datum *datum;
	const struct lsp_part *part;
	u8 saved[LSP_MAX_SPAN];

	lsp_for_each_patch(other, part, patch) {
		if (!part->enabled || !patch->new_addr || patch->below)
			continue;
		memcpy(saved, patch->saved, sizeof(saved));
		/* What is compared with a key is what that wants now. */
		lsp_borrow_fill(patch, saved);
		lsp_overlay(bytes, addr, size, saved, patch->site, patch->span);
	}
	lsp_for_each_datum(other, part, datum)
		if (part->enabled)
			lsp_overlay(bytes, addr, size, datum->old, datum->addr,
				    datum->size);
}

/* What static calls call is asked for with text_mutex held, as the kernel does it. */
static void lsp_replace_lift(const struct lsp_update *update, u8 *bytes,
			     unsigned long addr, size_t size)
{
	struct lsp_update *other = NULL;

	guard(mutex)(&text_mutex);
	while ((other = lsp_next(other)))
		if (other->state == LSP_ENABLED && lsp_replaces(update, other))
			lsp_replace_lift_one(other, bytes, addr, size);
}

/**
 * lsp_replace_read() - read memory as it is without those that an update replaces
 * @part: a part that is being loaded, or NULL
 * @bytes: where to
 * @addr: address of the memory
 * @size: number of bytes
 * @is_text: it is text
 *
 * Context: may sleep; takes text_mutex, and lsp_mutex if the part replaces any.
 * Return: false if it cannot be read.
 */
bool lsp_replace_read(const struct lsp_part *part, void *bytes, unsigned long addr,
		      size_t size, bool is_text)
{
	bool lift = part && part->update->replaces && *part->update->replaces;
	bool done;

	/* What is read and what is lifted is one state of the others. */
	if (lift)
		mutex_lock(&lsp_mutex);
	done = is_text ? lsp_arch_read_text(bytes, addr, size) :
			 !copy_from_kernel_nofault(bytes, (void *)addr, size);
	if (lift) {
		lsp_replace_lift(part->update, bytes, addr, size);
		mutex_unlock(&lsp_mutex);
	}
	return done;
}

static const struct lsp_patch *lsp_find_ground(const struct lsp_update *other,
					       unsigned long entry)
{
	const struct lsp_patch *patch;
	const struct lsp_part *part;

	lsp_for_each_patch(other, part, patch)
		if (part->enabled && patch->new_addr && patch->entry == entry &&
		    !patch->below)
			return patch;
	return NULL;
}

/**
 * lsp_replace_entry() - does one that is replaced have its jump at this entry?
 * @patch: a function of a part that is being loaded; gets the site, its bytes and
 *	its loans from there
 * @reason: set to LSP_OK, or to LSP_NOMEM
 *
 * Context: may sleep; takes lsp_mutex if the part replaces any.
 * Return: true if so, also without memory.
 */
bool lsp_replace_entry(struct lsp_patch *patch, enum lsp_reason *reason)
{
	const struct lsp_update *update = patch->part->update;
	const struct lsp_patch *ground = NULL;
	struct lsp_update *other = NULL;

	*reason = LSP_OK;
	if (!update->replaces || !*update->replaces)
		return false;

	guard(mutex)(&lsp_mutex);

	while (!ground && (other = lsp_next(other)))
		if (other->state == LSP_ENABLED && lsp_replaces(update, other))
			ground = lsp_find_ground(other, patch->entry);
	if (!ground)
		return false;
	patch->site = ground->site;
	patch->span = ground->span;
	memcpy(patch->saved, ground->saved, sizeof(patch->saved));
	if (!ground->nr_loans)
		return true;
	patch->loans = kmemdup_array(ground->loans, ground->nr_loans,
				     sizeof(*ground->loans), GFP_KERNEL);
	if (patch->loans)
		patch->nr_loans = ground->nr_loans;
	else
		*reason = LSP_NOMEM;
	return true;
}

/**
 * lsp_replace_emit() - names of the updates that one replaces, for sysfs
 * @update: the update
 * @buf: the page
 *
 * Return: number of bytes.
 */
int lsp_replace_emit(const struct lsp_update *update, char *buf)
{
	const char *name;
	int at = 0;

	if (!update->replaces)
		return 0;
	lsp_for_each_name(name, update->replaces)
		at += sysfs_emit_at(buf, at, "%s\n", name);
	return at;
}
