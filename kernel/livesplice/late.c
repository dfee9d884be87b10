// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: modules that come while an enabled update has a part for them.
 * Called by the module loader's hook for every module, with no lock held, and
 * by load.c and core.c for the parts that come meanwhile.
 *
 * DOC: Modules that come later
 *
 * An update can be enabled while modules that it has parts for are not there.
 * When such a module comes, it stops in load_module() when all that others can
 * see of it is there, and its init function has not run: an arrival. Its part is
 * asked for by the alias ``livesplice:UPDATE:MODULE``, is loaded in another task,
 * matched against the module that waits, and switched like any other, all tasks
 * looked at: parameters of the module can be written already. Then its init
 * function runs, and never sees old code. If the part does not come, does not
 * fit, or cannot be switched, the module's load fails, unless ``late`` of the
 * update says ``allow``.
 *
 * The updates are gone through in the order in which they were loaded, so that a
 * part finds what it stands on.
 *
 * Not from a notifier: those sleep under the lock of the chain, and loading the
 * part takes it again, which a task that registers a notifier meanwhile would
 * make a deadlock. Not before mod_sysfs_setup(): the part links itself into the
 * directory of the module. Not after free_copy(): what follows is the init
 * function.
 *
 * Nobody waits in a circle:
 *
 * - The module waits for modprobe with no lock held, killable, and for
 *   %LSP_ASK_WAIT at most. It is COMING, so whoever wants to use it waits for it
 *   with a bound of his own, or for its end if he loads it a second time. A part
 *   does neither: it imports nothing of its target by name, it has no
 *   ``depends`` on it, and its reference on it is taken without waiting.
 * - modprobe may join the load of the same file by somebody else, and get the
 *   answer to that, which may have been too early for the arrival. So if nobody
 *   came as far as the arrival, it is asked a second time.
 * - When it has its answer the module lets no more parts come, and waits for
 *   those that are in the middle, killed or not: they read its text. A part is
 *   loaded by the kernel alone from there on, and what it waits for is bounded.
 * - &lsp_mutex is taken for the decision and the switch, after that.
 */
#define pr_fmt(fmt) "livesplice: " fmt

#include <linux/audit.h>
#include <linux/cleanup.h>
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/kmod.h>
#include <linux/list.h>
#include <linux/livesplice_format.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "internal.h"

/* How long one answer of modprobe, or a part in the middle, is waited for. */
#define LSP_ASK_WAIT	(30 * HZ)

/* How often a part is asked for: see above. */
#define LSP_MAX_ASKS	2

/**
 * struct lsp_arrival - a module that waits for its parts; on its loader's stack
 * @node: in the list of all, while parts may come
 * @mod: the module, COMING
 * @number: tells it from others
 * @id: of the update whose part is asked for
 * @update: its name
 * @asks: how often it was asked for
 * @refused: why it was not loaded, if it came so far
 * @users: parts that have come and are in the middle of their load; changes under
 *	the lock, is waited for without it
 */
struct lsp_arrival {
	struct list_head	node;
	struct module		*mod;
	u64			number;
	u8			id[LSP_ID_SIZE];
	char			update[LSP_NAME_MAX + 1];
	unsigned int		asks;
	enum lsp_reason		refused;
	unsigned int		users;
};

/* Protects the list and what parts change in an arrival; the innermost lock. */
static DEFINE_MUTEX(lsp_arrivals_lock);
static LIST_HEAD(lsp_arrivals);
static u64 lsp_nr_arrivals;
static DECLARE_WAIT_QUEUE_HEAD(lsp_arrivals_wait);

static void lsp_arrival_open(struct lsp_arrival *arrival)
{
	guard(mutex)(&lsp_arrivals_lock);
	arrival->number = ++lsp_nr_arrivals;
	list_add_tail(&arrival->node, &lsp_arrivals);
}

/*
 * What is waited for: without the lock, for who waits must not sleep to find out.
 * Pairs with the release in lsp_arrival_leave(), which is the last that the one who
 * leaves has to do with the arrival; its memory may go then.
 */
static bool lsp_arrival_quiet(const struct lsp_arrival *arrival)
{
	/* See above. */
	return !smp_load_acquire(&arrival->users);
}

static void lsp_arrival_close(struct lsp_arrival *arrival)
{
	scoped_guard(mutex, &lsp_arrivals_lock)
		list_del(&arrival->node);
	wait_event(lsp_arrivals_wait, lsp_arrival_quiet(arrival));
}

/**
 * lsp_arrival_enter() - does the module that a part is for wait for its parts?
 * @part: the part, being loaded
 *
 * If it does, it goes on waiting until lsp_arrival_leave().
 *
 * Context: may sleep.
 * Return: true if so.
 */
bool lsp_arrival_enter(struct lsp_part *part)
{
	struct lsp_arrival *arrival;

	guard(mutex)(&lsp_arrivals_lock);
	list_for_each_entry(arrival, &lsp_arrivals, node) {
		if (strcmp(arrival->mod->name, part->object))
			continue;
		WRITE_ONCE(arrival->users, arrival->users + 1);
		part->arrival = arrival;
		return true;
	}
	return false;
}

/**
 * lsp_arrival_leave() - the module need not wait for this part any more
 * @part: the part; nothing if its target does not wait for it
 * @reason: LSP_OK if its module is LIVE; else it goes, and must have nothing to
 *	do with the target any more
 *
 * Context: may sleep; takes module_mutex.
 */
void lsp_arrival_leave(struct lsp_part *part, enum lsp_reason reason)
{
	struct lsp_arrival *arrival = part->arrival;

	if (!arrival)
		return;
	part->arrival = NULL;
	if (reason != LSP_OK)
		livesplice_leave_target(part->mod, arrival->mod);
	scoped_guard(mutex, &lsp_arrivals_lock) {
		if (reason != LSP_OK &&
		    !strcmp(arrival->update, part->update->name))
			arrival->refused = reason;
		/* Pairs with the acquire in lsp_arrival_quiet(). */
		smp_store_release(&arrival->users, arrival->users - 1);
	}
	wake_up_all(&lsp_arrivals_wait);
}

/**
 * struct lsp_ask - a part that modprobe is asked for
 * @work: who asks; not the task that waits, which may be killed or give up
 * @refs: that one, and the work
 * @done: there is an answer
 * @err: what it was
 * @alias: the part's alias
 */
struct lsp_ask {
	struct work_struct	work;
	refcount_t		refs;
	struct completion	done;
	int			err;
	char			alias[MODULE_NAME_LEN];
};

static void lsp_ask_put(struct lsp_ask *ask)
{
	if (refcount_dec_and_test(&ask->refs))
		kfree(ask);
}

static void lsp_ask_work(struct work_struct *work)
{
	struct lsp_ask *ask = container_of(work, struct lsp_ask, work);

	ask->err = request_module("%s", ask->alias);
	complete(&ask->done);
	lsp_ask_put(ask);
}

static struct lsp_ask *lsp_ask_new(const struct lsp_arrival *arrival)
{
	struct lsp_ask *ask = kzalloc(sizeof(*ask), GFP_KERNEL);

	if (!ask)
		return NULL;
	INIT_WORK(&ask->work, lsp_ask_work);
	init_completion(&ask->done);
	refcount_set(&ask->refs, 2);
	/* What is asked for is no longer than the name of a module can be. */
	if (snprintf(ask->alias, sizeof(ask->alias), "livesplice:%s:%s",
		     arrival->update, arrival->mod->name) >= sizeof(ask->alias))
		scnprintf(ask->alias, sizeof(ask->alias), "%s_%s",
			  arrival->update, arrival->mod->name);
	return ask;
}

/* Have the part loaded that lsp_arrive_next() has found missing. */
static enum lsp_reason lsp_ask_for_part(struct lsp_arrival *arrival)
{
	struct lsp_ask *ask = lsp_ask_new(arrival);
	long left;

	if (!ask)
		return LSP_NOMEM;
	queue_work(system_dfl_wq, &ask->work);
	left = wait_for_completion_killable_timeout(&ask->done, LSP_ASK_WAIT);
	if (!left) {
		pr_err("%s: no answer to the request for %s\n",
		       arrival->update, ask->alias);
		arrival->asks = LSP_MAX_ASKS;
	} else if (left > 0 && ask->err) {
		pr_notice("%s: the request for %s ended with %d\n",
			  arrival->update, ask->alias, ask->err);
	}
	lsp_ask_put(ask);
	if (left >= 0)
		left = wait_event_killable_timeout(lsp_arrivals_wait,
						   lsp_arrival_quiet(arrival),
						   LSP_ASK_WAIT);
	return left < 0 ? LSP_INTERRUPTED : LSP_OK;
}

/* The log and the audit trail know of each module that an update has a part for. */
static void lsp_report_arrival(const struct lsp_update *update,
			       const struct module *mod,
			       const struct lsp_part *part)
{
	enum lsp_reason reason = update->result;
	bool allow = READ_ONCE(update->late) == LSP_LATE_ALLOW;

	if (reason == LSP_OK)
		pr_notice("%s: enabled for module %s, %u attempt%s, pause %llu ns\n",
			  update->name, mod->name, update->attempts,
			  update->attempts == 1 ? "" : "s", update->pause_ns);
	else if (allow && reason != LSP_INTERRUPTED)
		pr_warn("%s: module %s is loaded, but not updated: %s: %s\n",
			update->name, mod->name, lsp_reason_word(reason),
			lsp_reason_text(reason));
	else
		pr_err("%s: module %s is not loaded: %s: %s: %s-%s\n",
		       update->name, mod->name, lsp_reason_word(reason),
		       lsp_reason_text(reason), update->name, mod->name);
	if (part)
		lsp_report_blockers(update);

	audit_log(audit_context(), GFP_KERNEL, AUDIT_KERN_MODULE,
		  "op=livesplice name=%s module=%s reason=%s res=%d",
		  update->name, mod->name, lsp_reason_word(reason),
		  reason == LSP_OK);
}

/* Is it worth to ask for the part? */
static bool lsp_may_ask(struct lsp_arrival *arrival,
			const struct lsp_update *update)
{
	guard(mutex)(&lsp_arrivals_lock);
	if (strcmp(arrival->update, update->name) ||
	    memcmp(arrival->id, update->id, sizeof(arrival->id))) {
		strscpy(arrival->update, update->name, sizeof(arrival->update));
		memcpy(arrival->id, update->id, sizeof(arrival->id));
		arrival->asks = 0;
		arrival->refused = LSP_OK;
	}
	return !lsp_poisoned() && arrival->refused == LSP_OK &&
	       arrival->asks++ < LSP_MAX_ASKS;
}

/* The part is there, or will not come. */
static enum lsp_reason lsp_arrive_at(struct lsp_arrival *arrival,
				     struct lsp_update *update,
				     struct lsp_part *part)
{
	enum lsp_reason reason = arrival->refused;

	lsp_start_operation(update);
	if (lsp_poisoned())
		reason = LSP_POISONED;
	else if (part)
		reason = lsp_enable_part(part);
	else if (reason == LSP_OK)
		reason = LSP_PART;
	WRITE_ONCE(update->result, reason);
	lsp_report_arrival(update, arrival->mod, part);
	if (reason == LSP_OK || reason == LSP_INTERRUPTED ||
	    READ_ONCE(update->late) == LSP_LATE_REFUSE)
		return reason;
	update->passed = arrival->number;
	return LSP_OK;
}

/* Go on until all parts are in use, or @ask says that one has to be asked for. */
static enum lsp_reason lsp_arrive_next(struct lsp_arrival *arrival, bool *ask)
{
	const char *object = arrival->mod->name;
	enum lsp_reason reason = LSP_OK;
	struct lsp_update *update = NULL;
	struct lsp_part *part;

	lockdep_assert_held(&lsp_mutex);

	*ask = false;
	while (reason == LSP_OK && (update = lsp_next(update))) {
		if (update->state != LSP_ENABLED ||
		    update->passed == arrival->number ||
		    !lsp_has_name(update->targets, object))
			continue;
		part = lsp_find_part(update, object);
		if (part && part->enabled)
			continue;
		*ask = (!part || part->arrival) && lsp_may_ask(arrival, update);
		if (*ask)
			return LSP_OK;
		reason = lsp_arrive_at(arrival, update, part);
	}
	return reason;
}

static enum lsp_reason lsp_arrive_all(struct lsp_arrival *arrival)
{
	enum lsp_reason reason;
	bool ask;

	do {
		if (mutex_lock_killable(&lsp_mutex))
			return LSP_INTERRUPTED;
		reason = lsp_arrive_next(arrival, &ask);
		mutex_unlock(&lsp_mutex);
		if (ask)
			reason = lsp_ask_for_part(arrival);
	} while (ask && reason == LSP_OK);
	return reason;
}

/**
 * lsp_arrive() - may a module run its init function?
 * @mod: the module, COMING
 *
 * Context: may sleep, for as long as modprobe takes, and the budgets of the
 * updates last; killable.
 * Return: 0; -ENOPKG and lines in the log if an enabled update has a part for it
 * that cannot be put in use; -EINTR, -ENOMEM.
 */
int lsp_arrive(struct module *mod)
{
	struct lsp_arrival arrival = { .mod = mod };
	enum lsp_reason reason;

	/* Nearly no module is a target: they need not wait for an operation. */
	if (!lsp_is_target(mod->name))
		return 0;
	lsp_arrival_open(&arrival);
	reason = lsp_arrive_all(&arrival);
	lsp_arrival_close(&arrival);
	if (reason == LSP_OK)
		return 0;
	lsp_depart(mod);
	/* Of the reasons' errors one means to modprobe that all is well. */
	return reason == LSP_INTERRUPTED || reason == LSP_NOMEM ?
	       lsp_reason_errno(reason) : lsp_reason_errno(LSP_PART);
}
