// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: which updates there are, and which parts each has. Called by
 * load.c, which adds parts, by core.c, which takes them away, and for every
 * module by the loader's hook.
 */
#define pr_fmt(fmt) "livesplice: " fmt

#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/error-injection.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/list.h>
#include <linux/livesplice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "internal.h"

/*
 * Protects the registry and the state of every update, and is held over every
 * operation, which may take seconds. Who only shows a single number of an
 * update reads it without. It is never held while sysfs files are removed:
 * that waits for writers, and they may be waiting for it.
 */
DEFINE_MUTEX(lsp_mutex);

/*
 * Taken for the moment in which the list of updates, or of the parts of one,
 * changes, so that the loader can look for a module without waiting for an
 * operation.
 */
static DEFINE_MUTEX(lsp_names_lock);

static LIST_HEAD(lsp_updates);

/**
 * lsp_check_base() - may an update be enabled beside, or on top of, the others?
 * @update: the update
 *
 * Context: lsp_mutex held.
 * Return: LSP_OK, or LSP_BASE and a line in the log.
 */
enum lsp_reason lsp_check_base(const struct lsp_update *update)
{
	return lsp_base_check(update, &lsp_updates);
}

/**
 * lsp_check_user() - may an update be disabled?
 * @update: the update
 *
 * Context: lsp_mutex held.
 * Return: NULL, or an enabled update that stands on it.
 */
struct lsp_update *lsp_check_user(const struct lsp_update *update)
{
	return lsp_base_user(update, &lsp_updates);
}

/**
 * lsp_lift_jumps() - take the jumps of others out of a copy of a part's code
 * @part: the part
 * @bytes: the copy
 * @addr: what it is a copy of
 * @length: number of bytes
 *
 * Context: lsp_mutex held.
 */
void lsp_lift_jumps(const struct lsp_part *part, u8 *bytes, unsigned long addr,
		    u32 length)
{
	lsp_base_lift(part, bytes, addr, length, &lsp_updates);
}

static struct lsp_update *lsp_find_update(const char *name)
{
	struct lsp_update *update;

	lockdep_assert_held(&lsp_mutex);

	list_for_each_entry(update, &lsp_updates, node)
		if (!strcmp(update->name, name))
			return update;
	return NULL;
}

/**
 * lsp_is_first() - is it the part that brings the update?
 * @part: the part
 *
 * Return: true if so.
 */
bool lsp_is_first(const struct lsp_part *part)
{
	return !strcmp(part->object, LSP_VMLINUX);
}

/**
 * lsp_find_part() - the part of an update for an object
 * @update: the update
 * @object: name of the object
 *
 * Context: lsp_mutex held.
 * Return: the part, or NULL.
 */
struct lsp_part *lsp_find_part(const struct lsp_update *update,
			       const char *object)
{
	struct lsp_part *part;

	list_for_each_entry(part, &update->parts, node)
		if (!strcmp(part->object, object))
			return part;
	return NULL;
}

/* May this part join an update that is registered? */
static enum lsp_reason lsp_may_join(struct lsp_part *part,
				    struct lsp_update *update)
{
	const struct module *first;

	if (!update || memcmp(update->id, part->update->id, sizeof(update->id)) ||
	    !lsp_has_name(update->targets, part->object))
		return LSP_PART;
	if (lsp_find_part(update, part->object))
		return LSP_NAME;
	/* From here on the first part stays as long as this one does. */
	first = livesplice_use_module(part->mod, update->name);
	if (IS_ERR(first))
		return PTR_ERR(first) == -ENOMEM ? LSP_NOMEM : LSP_STATE;
	return lsp_base_add(part, update, &lsp_updates);
}

static enum lsp_reason lsp_may_add_locked(struct lsp_part *part,
					  struct lsp_update *update)
{
	lockdep_assert_held(&lsp_mutex);

	if (lsp_poisoned())
		return LSP_POISONED;
	if (!lsp_is_first(part))
		return lsp_may_join(part, update);
	return update ? LSP_NAME :
			lsp_base_add(part, part->update, &lsp_updates);
}

/**
 * lsp_may_add() - would a part be registered?
 * @part: the part; only its names and units need be there
 *
 * Asked before the match: where another update has replaced a function of the
 * same unit, there is no match, but that would be no help to anybody.
 *
 * Context: may sleep.
 * Return: LSP_OK, or why not.
 */
enum lsp_reason lsp_may_add(struct lsp_part *part)
{
	enum lsp_reason reason;

	guard(mutex)(&lsp_mutex);

	reason = lsp_may_add_locked(part, lsp_find_update(part->update->name));
	part->settled = true;
	return reason;
}

static void lsp_register(struct lsp_update *update)
{
	guard(mutex)(&lsp_names_lock);
	list_add_tail(&update->node, &lsp_updates);
}

/**
 * lsp_add() - register a part
 * @part: the part, complete, with an update of its own; both belong to the
 *	registry afterwards. The update's place is taken by the one that the
 *	first part has brought
 *
 * Context: its module is UNFORMED; may sleep.
 * Return: LSP_OK, or why not; then @part still belongs to the caller.
 */
enum lsp_reason lsp_add(struct lsp_part *part)
{
	struct lsp_update *update, *own = part->update;
	enum lsp_reason reason;

	guard(mutex)(&lsp_mutex);

	update = lsp_find_update(own->name);
	reason = lsp_may_add_locked(part, update);
	if (reason != LSP_OK)
		return reason;
	if (!update) {
		lsp_register(own);
		return LSP_OK;
	}
	scoped_guard(mutex, &lsp_names_lock)
		list_move_tail(&part->node, &update->parts);
	part->update = update;
	WRITE_ONCE(update->nr_parts, update->nr_parts + 1);
	lsp_update_free(own);
	return LSP_OK;
}
ALLOW_ERROR_INJECTION(lsp_add, TRUE);

/**
 * lsp_is_ours() - is a module a part of an update that is registered?
 * @mod: the module
 *
 * Nearly none is: it need not wait until an operation is over, which lsp_find()
 * would.
 *
 * Context: may sleep; lsp_mutex not needed. The answer stays true as long as
 * the caller keeps the module's state from changing.
 * Return: true if so.
 */
bool lsp_is_ours(const struct module *mod)
{
	const struct lsp_update *update;
	const struct lsp_part *part;

	guard(mutex)(&lsp_names_lock);
	list_for_each_entry(update, &lsp_updates, node)
		list_for_each_entry(part, &update->parts, node)
			if (part->mod == mod)
				return true;
	return false;
}

/* Described in include/linux/livesplice.h; called by livepatch. */
bool livesplice_has_replaced(unsigned long addr)
{
	const struct lsp_update *update;
	const struct lsp_patch *patch;
	const struct lsp_part *part;

	guard(mutex)(&lsp_names_lock);
	list_for_each_entry(update, &lsp_updates, node) {
		lsp_for_each_patch(update, part, patch)
			if (READ_ONCE(part->enabled) && patch->new_addr &&
			    patch->entry == addr)
				return true;
	}
	return false;
}

/*
 * Described in include/linux/livesplice.h; called by kgdb. Nobody else runs, so
 * no lock is needed, and none could be taken: lists can be followed in any state
 * that adding to them or taking from them goes through.
 */
bool livesplice_in_jump(unsigned long addr)
{
	const struct lsp_update *update;
	const struct lsp_patch *patch;
	const struct lsp_part *part;
	u8 jump[LSP_MAX_SPAN];

	list_for_each_entry(update, &lsp_updates, node)
		lsp_for_each_patch(update, part, patch) {
			if (!patch->new_addr || addr <= patch->site ||
			    addr >= patch->site + patch->span)
				continue;
			lsp_arch_jump(jump, patch->span, patch->site,
				      patch->new_addr);
			if (!memcmp((void *)patch->site + 1, jump + 1,
				    patch->span - 1))
				return true;
		}
	return false;
}

NOKPROBE_SYMBOL(livesplice_in_jump);

/**
 * lsp_find() - the part that a module is
 * @mod: the module
 *
 * Context: lsp_mutex held.
 * Return: the part, or NULL.
 */
struct lsp_part *lsp_find(const struct module *mod)
{
	struct lsp_update *update;
	struct lsp_part *part;

	lockdep_assert_held(&lsp_mutex);

	list_for_each_entry(update, &lsp_updates, node)
		list_for_each_entry(part, &update->parts, node)
			if (part->mod == mod)
				return part;
	return NULL;
}

/**
 * lsp_next() - walk over the updates, in the order in which they were loaded
 * @update: the one before, or NULL for the first one
 *
 * Context: lsp_mutex held.
 * Return: the next one, or NULL.
 */
struct lsp_update *lsp_next(struct lsp_update *update)
{
	lockdep_assert_held(&lsp_mutex);

	if (!update)
		return list_first_entry_or_null(&lsp_updates, struct lsp_update,
						node);
	if (list_is_last(&update->node, &lsp_updates))
		return NULL;
	return list_next_entry(update, node);
}

/**
 * lsp_remove() - take a part out of the registry
 * @part: the part, registered; its update goes with it if it is the first one
 *
 * Context: lsp_mutex held.
 */
void lsp_remove(struct lsp_part *part)
{
	struct lsp_update *update = part->update;

	lockdep_assert_held(&lsp_mutex);

	/* May be a name that goes with the part. */
	update->changed = NULL;
	if (lsp_is_first(part)) {
		guard(mutex)(&lsp_names_lock);
		list_del_init(&update->node);
		return;
	}
	scoped_guard(mutex, &lsp_names_lock)
		list_del_init(&part->node);
	WRITE_ONCE(update->nr_parts, update->nr_parts - 1);
}

/**
 * lsp_is_target() - does any update have a part for a module?
 * @name: name of the module
 *
 * Context: may sleep; lsp_mutex not needed.
 * Return: true if so.
 */
bool lsp_is_target(const char *name)
{
	const struct lsp_update *update;

	guard(mutex)(&lsp_names_lock);
	list_for_each_entry(update, &lsp_updates, node)
		if (lsp_has_name(update->targets, name))
			return true;
	return false;
}

/**
 * lsp_shown_state() - the state of an update as users see it
 * @update: the update
 *
 * Context: any; the answer may be old when it is there.
 * Return: the state, LSP_PENDING for a loaded one with parts missing.
 */
enum lsp_state lsp_shown_state(const struct lsp_update *update)
{
	enum lsp_state state = READ_ONCE(update->state);

	if (state == LSP_LOADED &&
	    READ_ONCE(update->nr_parts) < update->nr_targets + 1)
		return LSP_PENDING;
	return state;
}

/**
 * lsp_pending_emit() - names of modules whose part is not there, or not in use
 * @update: the update
 * @buf: the page
 *
 * Context: lsp_mutex held.
 * Return: number of bytes.
 */
int lsp_pending_emit(const struct lsp_update *update, char *buf)
{
	const struct lsp_part *part;
	const char *object;
	int at = 0;

	lockdep_assert_held(&lsp_mutex);

	lsp_for_each_name(object, update->targets) {
		part = lsp_find_part(update, object);
		if (!part || (update->state == LSP_ENABLED && !part->enabled))
			at += sysfs_emit_at(buf, at, "%s\n", object);
	}
	return at;
}
