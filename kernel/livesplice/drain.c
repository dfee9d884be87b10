// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: the end of an update with relaxed functions. Called by core.c.
 *
 * DOC: Draining
 *
 * When such an update is undone, nobody gets into its code any more, but tasks
 * may still be in it. Their number only falls: the code is entered through the
 * jumps, which are gone, and from itself. The modules are kept until every task
 * has been seen outside, which is tried again and again, at longer and longer
 * intervals. Until then the update is ``draining``; it can be enabled again.
 */
#define pr_fmt(fmt) "livesplice: " fmt

#include <linux/cleanup.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/workqueue.h>

#include "internal.h"

#define LSP_DRAIN_MIN	(HZ / 2)
#define LSP_DRAIN_MAX	(16 * HZ)

static unsigned long lsp_drain_delay;

static void lsp_drain_some(struct work_struct *work);
static DECLARE_DELAYED_WORK(lsp_drain_work, lsp_drain_some);

/**
 * lsp_has_relaxed() - may tasks stay in the code of an update when it is undone?
 * @update: the update
 *
 * Return: true if so.
 */
bool lsp_has_relaxed(const struct lsp_update *update)
{
	const struct lsp_patch *patch;
	const struct lsp_part *part;

	lsp_for_each_patch(update, part, patch)
		if (patch->relaxed && patch->new_addr)
			return true;
	return false;
}

/**
 * lsp_settle() - an update was undone, or may have been left by the last task
 * @update: the update
 *
 * Context: lsp_mutex held; sleeps.
 * Return: true if nobody is in its code; it can be unloaded then, unless it is
 * pinned.
 */
bool lsp_settle(struct lsp_update *update)
{
	if (lsp_has_relaxed(update) && !lsp_prove_left(update, NULL)) {
		WRITE_ONCE(update->state, LSP_DRAINING);
		return false;
	}
	WRITE_ONCE(update->state,
		   lsp_is_pinned(update) ? LSP_PINNED : LSP_LOADED);
	lsp_put_parts(update);
	return true;
}

/**
 * lsp_drain_later() - look again at those who are draining
 *
 * Context: lsp_mutex held.
 */
void lsp_drain_later(void)
{
	lsp_drain_delay = LSP_DRAIN_MIN;
	mod_delayed_work(system_dfl_wq, &lsp_drain_work, lsp_drain_delay);
}

static void lsp_drain_some(struct work_struct *work)
{
	struct lsp_update *update = NULL;
	bool more = false;

	guard(mutex)(&lsp_mutex);

	while ((update = lsp_next(update))) {
		if (update->state != LSP_DRAINING)
			continue;
		if (lsp_settle(update))
			pr_notice("%s: the last task has left its code\n",
				  update->name);
		else
			more = true;
	}
	if (!more)
		return;
	lsp_drain_delay = min(2 * lsp_drain_delay, LSP_DRAIN_MAX);
	queue_delayed_work(system_dfl_wq, &lsp_drain_work, lsp_drain_delay);
}
