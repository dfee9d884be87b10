// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: life cycle of updates.
 *
 * A part of an update is registered by load.c while its module is being loaded,
 * visible from MODULE_STATE_COMING to MODULE_STATE_GOING, and can be switched
 * while its module is LIVE. What ends here: lsp_set_enabled(), called by
 * sysfs.c, and lsp_drop(), called by the module loader's hook. Both hand on to
 * switch.c and sysfs.c.
 */
#define pr_fmt(fmt) "livesplice: " fmt

#include <linux/cleanup.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/panic.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

#define CREATE_TRACE_POINTS
#include <trace/events/livesplice.h>

#include "internal.h"

/* Set once, never cleared. */
static bool lsp_is_poisoned;

/**
 * lsp_poison() - change nothing any more
 * @what: the invariant that is broken
 *
 * Context: any in which printing is allowed.
 */
void lsp_poison(const char *what)
{
	if (!xchg(&lsp_is_poisoned, true))
		pr_err("broken invariant: %s; no update can be loaded or switched any more\n",
		       what);
}

/**
 * lsp_poisoned() - has the engine found itself inconsistent?
 *
 * Return: true if it has.
 */
bool lsp_poisoned(void)
{
	return READ_ONCE(lsp_is_poisoned);
}

/* Its jumps are gone. */
static void lsp_disabled(struct lsp_update *update)
{
	if (!lsp_settle(update))
		lsp_drain_later();
}

static enum lsp_reason lsp_disable(struct lsp_update *update)
{
	const struct lsp_update *user = lsp_check_user(update);
	enum lsp_reason reason;

	if (user) {
		pr_err("%s: %s stands on it\n", update->name, user->name);
		return LSP_DEPENDS;
	}
	lsp_list_make(update);
	reason = lsp_switch(update, false);
	if (reason == LSP_OK)
		lsp_disabled(update);
	lsp_list_make(NULL);
	return reason;
}

/*
 * An enabled update holds a reference on its modules, so only a forced unload
 * comes here with one. The code is about to vanish: get everybody out, and let
 * the other parts go as well, nobody can ask for that later.
 */
static void lsp_undo_forced(struct lsp_update *update)
{
	enum lsp_reason reason = LSP_OK;
	struct lsp_update *user;

	pr_warn("%s: unloaded by force while enabled\n", update->name);
	/* From the top: each of them falls back to the code of the next one. */
	while (reason == LSP_OK && update->state == LSP_ENABLED) {
		user = update;
		while (lsp_check_user(user))
			user = lsp_check_user(user);
		reason = lsp_disable(user);
	}
	LSP_WARN_ON(reason != LSP_OK);
}

static struct lsp_part *lsp_take(const struct module *mod)
{
	struct lsp_part *part;

	if (!lsp_is_ours(mod))
		return NULL;

	guard(mutex)(&lsp_mutex);

	part = lsp_find(mod);
	if (!part)
		return NULL;
	if (part->enabled)
		lsp_undo_forced(part->update);
	LSP_WARN_ON(part->held && part->update->state == LSP_DRAINING);
	lsp_remove(part);
	return part;
}

/**
 * lsp_drain_text() - before the code of an update goes
 * @update: the update
 *
 * Undo has proven that no task is in the code. What is left is a task that was
 * preempted between its last instruction there and a thunk of the module, and
 * callbacks that the code has queued.
 *
 * Context: sleeps.
 */
void lsp_drain_text(const struct lsp_update *update)
{
	if (!update->tainted)
		return;
	synchronize_rcu_tasks();
	rcu_barrier();
}

/*
 * The update goes with its first part. The other parts have a reference on
 * that one; if it is unloaded by force they are forgotten as well.
 */
static void lsp_free(struct lsp_part *part)
{
	struct lsp_update *update = part->update;
	struct lsp_part *each;

	if (lsp_is_first(part)) {
		list_for_each_entry_reverse(each, &update->parts, node) {
			lsp_sysfs_del(each);
			lsp_arrival_leave(each, LSP_STATE);
		}
		lsp_drain_text(update);
		lsp_update_free(update);
	} else {
		lsp_sysfs_del(part);
		lsp_drain_text(update);
		lsp_arrival_leave(part, LSP_STATE);
		lsp_part_free(part);
	}
}

/**
 * lsp_drop() - forget a module, and the part of an update that it may be
 * @mod: the module, GOING or not yet formed; its memory is freed next
 *
 * Context: may sleep; lsp_mutex not held.
 */
void lsp_drop(struct module *mod)
{
	struct lsp_part *part = lsp_take(mod);

	if (part)
		lsp_free(part);
	lsp_shadow_report(mod);
}

static void lsp_enabled(struct lsp_update *update)
{
	struct lsp_update *other;

	WRITE_ONCE(update->state, LSP_ENABLED);
	/* From the top. */
	list_for_each_entry(other, &update->replacing, leaving) {
		lsp_disabled(other);
		pr_notice("%s: replaced by %s\n", other->name, update->name);
	}
	if (update->tainted)
		return;
	update->tainted = true;
	add_taint(TAINT_LIVEPATCH, LOCKDEP_STILL_OK);
}

/*
 * A module that is there without its part would go on running the old code, and
 * no part may be switched beside an update that it does not know of.
 */
static enum lsp_reason lsp_check_parts(const struct lsp_update *update)
{
	const char *object;

	lsp_for_each_name(object, update->targets) {
		if (lsp_find_part(update, object) ||
		    !livesplice_module_exists(object))
			continue;
		pr_err("%s: module %s is loaded, but not the part for it, %s-%s\n",
		       update->name, object, update->name, object);
		return LSP_PART;
	}
	return lsp_check_base(update);
}

static enum lsp_reason lsp_enable_gathered(struct lsp_update *update)
{
	enum lsp_reason reason = lsp_replace_gather(update);

	if (reason == LSP_OK)
		reason = lsp_check_parts(update);

	/* Undo leads to the old code, and must be possible. */
	if (reason == LSP_OK)
		reason = lsp_verify_own(update);
	if (reason != LSP_OK)
		return reason;
	lsp_list_make(update);
	reason = lsp_hold_parts(update);
	if (reason == LSP_OK)
		reason = lsp_switch(update, true);
	if (reason == LSP_OK)
		lsp_enabled(update);
	else if (update->state != LSP_DRAINING)
		lsp_put_parts(update);
	lsp_list_make(NULL);
	return reason;
}

static enum lsp_reason lsp_enable(struct lsp_update *update)
{
	enum lsp_reason reason = lsp_enable_gathered(update);

	/* They may be unloaded next. */
	INIT_LIST_HEAD(&update->replacing);
	return reason;
}

/**
 * lsp_start_operation() - forget what is known of the last operation
 * @update: the update
 *
 * Context: lsp_mutex held.
 */
void lsp_start_operation(struct lsp_update *update)
{
	lockdep_assert_held(&lsp_mutex);

	WRITE_ONCE(update->attempts, 0);
	update->nr_blockers = 0;
	update->stuck.freed = LSP_FREED_SENT;
}

/**
 * lsp_enable_part() - put a part in use that has come to an enabled update
 * @part: the part, its module LIVE
 *
 * Context: lsp_mutex held; sleeps, signals interrupt it between attempts.
 * Return: LSP_OK, or why nothing has changed.
 */
enum lsp_reason lsp_enable_part(struct lsp_part *part)
{
	enum lsp_reason reason = lsp_check_base(part->update);

	if (reason == LSP_OK)
		reason = lsp_verify_own(part->update);
	if (reason == LSP_OK)
		reason = lsp_hold_part(part);
	if (reason != LSP_OK)
		return reason;
	reason = lsp_switch_part(part, true);
	if (reason != LSP_OK)
		lsp_put_part(part);
	return reason;
}

/* A part that has come to an enabled update and is not in use. */
static struct lsp_part *lsp_left_out(const struct lsp_update *update)
{
	struct lsp_part *part;

	list_for_each_entry(part, &update->parts, node)
		if (!part->enabled)
			return part;
	return NULL;
}

static enum lsp_reason lsp_enable_rest(const struct lsp_update *update)
{
	enum lsp_reason reason = LSP_OK;
	struct lsp_part *part;

	while (reason == LSP_OK && (part = lsp_left_out(update)))
		reason = lsp_enable_part(part);
	return reason;
}

static enum lsp_reason lsp_set_enabled_locked(struct lsp_update *update,
					      bool enable)
{
	bool is_enabled = update->state == LSP_ENABLED;
	enum lsp_reason reason;

	lockdep_assert_held(&lsp_mutex);

	/* Asked for what is so already: nothing to do, nothing to report. */
	if (enable == is_enabled && !(enable && lsp_left_out(update)))
		return LSP_OK;

	lsp_start_operation(update);
	if (lsp_poisoned())
		reason = LSP_POISONED;
	else if (is_enabled && enable)
		reason = lsp_enable_rest(update);
	else
		reason = enable ? lsp_enable(update) : lsp_disable(update);
	WRITE_ONCE(update->result, reason);
	lsp_report(update, enable);
	return reason;
}

/**
 * lsp_set_enabled() - apply or undo an update
 * @update: the update
 * @enable: apply if true
 *
 * Context: may sleep, for as long as the update's budget of attempts lasts;
 * signals interrupt it between attempts.
 * Return: LSP_OK, or why nothing has changed.
 */
enum lsp_reason lsp_set_enabled(struct lsp_update *update, bool enable)
{
	scoped_cond_guard(mutex_intr, return LSP_INTERRUPTED, &lsp_mutex)
		return lsp_set_enabled_locked(update, enable);
	return LSP_INTERRUPTED;
}

static int lsp_coming(struct module *mod)
{
	enum lsp_reason reason = LSP_OK;
	struct lsp_part *part;

	if (!lsp_is_ours(mod))
		return 0;
	/* Nobody can take it away: its module is on the way up, in this task. */
	scoped_guard(mutex, &lsp_mutex) {
		part = lsp_find(mod);
		if (part)
			reason = lsp_own_make(part);
	}
	if (!part || reason != LSP_OK)
		return lsp_reason_errno(reason);
	return lsp_sysfs_add(part);
}

/* The module that it is for need not wait for it any more. */
static void lsp_live(const struct module *mod)
{
	struct lsp_part *part;

	if (!lsp_is_ours(mod))
		return;
	guard(mutex)(&lsp_mutex);
	part = lsp_find(mod);
	if (part)
		lsp_arrival_leave(part, LSP_OK);
}

static int lsp_module_event(struct notifier_block *nb, unsigned long event,
			    void *data)
{
	switch (event) {
	case MODULE_STATE_COMING:
		return notifier_from_errno(lsp_coming(data));
	case MODULE_STATE_LIVE:
		lsp_live(data);
		break;
	case MODULE_STATE_GOING:
		lsp_drop(data);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block lsp_module_nb = {
	.notifier_call	= lsp_module_event,
	/* Last to see it come: jump labels, static calls, ... are in place. */
	.priority	= INT_MIN,
};

static int __init lsp_init(void)
{
	int err;

	lsp_arch_calls_init();
	err = lsp_arch_deny_init();
	if (err) {
		lsp_poison("all functions that must stay are known");
		return err;
	}
	err = lsp_sysfs_init();
	if (err)
		return err;
	return register_module_notifier(&lsp_module_nb);
}
subsys_initcall(lsp_init);
