// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: registry and life cycle of updates.
 *
 * An update is registered by load.c while its module is being loaded, visible
 * from MODULE_STATE_COMING to MODULE_STATE_GOING, and can be switched while its
 * module is LIVE. What ends here: lsp_set_enabled(), called by sysfs.c, and
 * lsp_drop(), called by the module loader's hook. Both hand on to switch.c and
 * sysfs.c.
 */
#define pr_fmt(fmt) "livesplice: " fmt

#include <linux/audit.h>
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

#include "internal.h"

/*
 * Protects the registry and the state of every update, and is held over every
 * operation, which may take seconds. Who only shows a single number of an
 * update reads it without. It is never held while sysfs files are removed:
 * that waits for writers, and they may be waiting for it.
 */
DEFINE_MUTEX(lsp_mutex);

static LIST_HEAD(lsp_updates);

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

static bool lsp_has_unit(const struct lsp_update *update, const char *unit)
{
	const char *own;

	for (own = update->units; *own; own += strlen(own) + 1)
		if (!strcmp(own, unit))
			return true;
	return false;
}

/*
 * Two updates that were made from the same unit know nothing of each other:
 * the compiler used in each what it saw of the functions that the other one
 * replaces.
 */
static enum lsp_reason lsp_check_base(const struct lsp_update *update)
{
	const struct lsp_update *other;
	const char *unit;

	list_for_each_entry(other, &lsp_updates, node) {
		if (other == update || other->state != LSP_ENABLED)
			continue;
		for (unit = update->units; *unit; unit += strlen(unit) + 1) {
			if (!lsp_has_unit(other, unit))
				continue;
			pr_err("%s: %s is also a unit of %s, which is enabled\n",
			       update->name, unit, other->name);
			return LSP_BASE;
		}
	}
	return LSP_OK;
}

static enum lsp_reason lsp_may_add_locked(const struct lsp_update *update)
{
	const struct lsp_update *other;

	lockdep_assert_held(&lsp_mutex);

	if (lsp_poisoned())
		return LSP_POISONED;
	list_for_each_entry(other, &lsp_updates, node)
		if (!strcmp(other->name, update->name))
			return LSP_NAME;
	return lsp_check_base(update);
}

/**
 * lsp_may_add() - would an update be registered?
 * @update: the update; only its name and units need be there
 *
 * Asked before the match: where another update has replaced a function of the
 * same unit, there is no match, but that would be no help to anybody.
 *
 * Context: may sleep.
 * Return: LSP_OK, or why not.
 */
enum lsp_reason lsp_may_add(const struct lsp_update *update)
{
	guard(mutex)(&lsp_mutex);
	return lsp_may_add_locked(update);
}

/**
 * lsp_add() - register an update
 * @update: the update, complete; belongs to the registry afterwards
 *
 * Context: its module is UNFORMED; may sleep.
 * Return: LSP_OK, or why not; then @update still belongs to the caller.
 */
enum lsp_reason lsp_add(struct lsp_update *update)
{
	enum lsp_reason reason;

	guard(mutex)(&lsp_mutex);

	reason = lsp_may_add_locked(update);
	if (reason == LSP_OK)
		list_add_tail(&update->node, &lsp_updates);
	return reason;
}

/**
 * lsp_free_update() - free an update
 * @update: the update, not registered and not visible; may be half made
 */
void lsp_free_update(struct lsp_update *update)
{
	unsigned int i;

	for (i = 0; i < update->nr_patches; i++) {
		kfree(update->patches[i].name);
		kfree(update->patches[i].sums);
		kfree(update->patches[i].holes);
	}
	kvfree(update->patches);
	kfree(update->name);
	kfree(update->description);
	kfree(update->units);
	kfree(update);
}

static struct lsp_update *lsp_find(const struct module *mod)
{
	struct lsp_update *update;

	lockdep_assert_held(&lsp_mutex);

	list_for_each_entry(update, &lsp_updates, node)
		if (update->mod == mod)
			return update;
	return NULL;
}

/*
 * An enabled update holds a reference on its module, so only a forced unload
 * comes here with one. The code is about to vanish: get everybody out.
 */
static void lsp_undo_forced(struct lsp_update *update)
{
	enum lsp_reason reason;

	pr_warn("%s: unloaded by force while enabled\n", update->name);
	reason = lsp_switch(update, false);
	if (reason == LSP_OK)
		update->state = LSP_LOADED;
	LSP_WARN_ON(reason != LSP_OK);
}

static struct lsp_update *lsp_take(const struct module *mod)
{
	struct lsp_update *update;

	guard(mutex)(&lsp_mutex);

	update = lsp_find(mod);
	if (!update)
		return NULL;
	if (update->state == LSP_ENABLED)
		lsp_undo_forced(update);
	list_del_init(&update->node);
	return update;
}

/**
 * lsp_drop() - forget the update of a module, if there is one
 * @mod: the module, GOING or not yet formed; its memory is freed next
 *
 * Context: may sleep; lsp_mutex not held.
 */
void lsp_drop(struct module *mod)
{
	struct lsp_update *update = lsp_take(mod);

	if (!update)
		return;
	lsp_sysfs_del(update);

	/*
	 * Undo has proven that no task is in the code. What is left is a task
	 * that was preempted between its last instruction there and a thunk of
	 * the module, and callbacks that the code has queued.
	 */
	if (update->tainted) {
		synchronize_rcu_tasks();
		rcu_barrier();
	}
	lsp_free_update(update);
}

static bool lsp_is_live(const struct lsp_update *update)
{
	/* Built-in tests have no module. */
	return !update->mod ||
	       READ_ONCE(update->mod->state) == MODULE_STATE_LIVE;
}

static void lsp_report_blockers(const struct lsp_update *update)
{
	const struct lsp_blocker *blocker = update->blockers;

	if (update->result != LSP_BUSY || !update->nr_blockers)
		return;
	pr_notice("%s: %u %s in the way, one is %s[%d] at %pS\n", update->name,
		  update->nr_blockers,
		  update->nr_blockers == 1 ? "task is" : "tasks are",
		  blocker->comm, blocker->pid, (void *)blocker->addr);
}

/* The log and the audit trail know of each operation, whatever its outcome. */
static void lsp_report(const struct lsp_update *update, bool enable)
{
	enum lsp_reason reason = update->result;
	unsigned int i, functions = 0;

	for (i = 0; i < update->nr_patches; i++)
		functions += !!update->patches[i].new_addr;

	if (reason == LSP_OK)
		pr_notice("%s: %s, %u function%s, %u attempt%s, pause %llu ns\n",
			  update->name, enable ? "enabled" : "disabled",
			  functions, functions == 1 ? "" : "s",
			  update->attempts, update->attempts == 1 ? "" : "s",
			  update->pause_ns);
	else
		pr_err("%s: not %s: %s: %s\n", update->name,
		       enable ? "enabled" : "disabled",
		       lsp_reason_word(reason), lsp_reason_text(reason));
	lsp_report_blockers(update);

	audit_log(audit_context(), GFP_KERNEL, AUDIT_KERN_MODULE,
		  "op=livesplice name=%s enabled=%d reason=%s res=%d",
		  update->name, enable, lsp_reason_word(reason),
		  reason == LSP_OK);
}

static void lsp_enabled(struct lsp_update *update)
{
	WRITE_ONCE(update->state, LSP_ENABLED);
	if (update->tainted)
		return;
	update->tainted = true;
	add_taint(TAINT_LIVEPATCH, LOCKDEP_STILL_OK);
}

/*
 * References on the module: an enabled update holds one. A pinned update never
 * gives it back, and so already has it when it is enabled again.
 */
static enum lsp_reason lsp_enable(struct lsp_update *update)
{
	bool pin = update->state == LSP_LOADED;
	enum lsp_reason reason;

	reason = lsp_check_base(update);
	if (reason != LSP_OK)
		return reason;
	if (pin && !try_module_get(update->mod))
		return LSP_STATE;

	reason = lsp_switch(update, true);
	if (reason == LSP_OK)
		lsp_enabled(update);
	else if (pin)
		module_put(update->mod);
	return reason;
}

static enum lsp_reason lsp_disable(struct lsp_update *update)
{
	enum lsp_reason reason = lsp_switch(update, false);

	if (reason != LSP_OK)
		return reason;
	WRITE_ONCE(update->state, update->pinned ? LSP_PINNED : LSP_LOADED);
	if (!update->pinned)
		module_put(update->mod);
	return LSP_OK;
}

static enum lsp_reason lsp_set_enabled_locked(struct lsp_update *update,
					      bool enable)
{
	bool is_enabled = update->state == LSP_ENABLED;
	enum lsp_reason reason;

	lockdep_assert_held(&lsp_mutex);

	/* Asked for what is so already: nothing to do, nothing to report. */
	if (enable == is_enabled)
		return LSP_OK;

	WRITE_ONCE(update->attempts, 0);
	update->nr_blockers = 0;
	if (lsp_poisoned())
		reason = LSP_POISONED;
	else if (!lsp_is_live(update))
		reason = LSP_STATE;
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
	struct lsp_update *update;

	/* Nobody can take it away: its module is on the way up, in this task. */
	scoped_guard(mutex, &lsp_mutex)
		update = lsp_find(mod);
	return update ? lsp_sysfs_add(update) : 0;
}

static int lsp_module_event(struct notifier_block *nb, unsigned long event,
			    void *data)
{
	switch (event) {
	case MODULE_STATE_COMING:
		return notifier_from_errno(lsp_coming(data));
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

	err = lsp_sysfs_init();
	if (err)
		return err;
	return register_module_notifier(&lsp_module_nb);
}
subsys_initcall(lsp_init);
