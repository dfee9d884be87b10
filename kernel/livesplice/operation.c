// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: apply and undo, attempt after attempt. Called by core.c and
 * drain.c, which hold lsp_mutex.
 */
#define pr_fmt(fmt) "livesplice: " fmt

#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/string.h>

#include <trace/events/livesplice.h>

#include "internal.h"
#include "switch.h"

static void lsp_note_attempt(const struct lsp_operation *op)
{
	struct lsp_update *update = op->update;
	unsigned int i;

	update->nr_blockers = op->ranges.nr_blockers;
	memcpy(update->blockers, op->blockers, sizeof(op->blockers));
	for (i = 0; i < update->nr_blockers; i++)
		trace_livesplice_blocker(update->name, op->blockers[i].pid,
					 op->blockers[i].comm,
					 op->blockers[i].addr);
	if (op->nudging)
		update->stuck = *lsp_nudging_stuck(op->nudging);
	if (op->scan.lost)
		pr_notice("%s: more tasks have run than could be noted\n",
			  update->name);
	if (!op->drained)
		pr_notice("%s: a task neither sleeps nor leaves the kernel\n",
			  update->name);
}

/* Worth another attempt? */
static bool lsp_is_passing(enum lsp_reason reason)
{
	return reason == LSP_BUSY || reason == LSP_CEILING;
}

/* Whoever is held stays so while one pause after the other is tried. */
static void lsp_attempt_sessions(struct lsp_operation *op, unsigned int attempt)
{
	struct lsp_update *update = op->update;
	enum lsp_nudge level;

	level = lsp_nudging_level(READ_ONCE(update->nudge), attempt);
	if (!op->nudging && level != LSP_NUDGE_NONE)
		op->nudging = lsp_nudging_start(update->name, level, attempt,
						&op->callers);
}

/* Wait for the next attempt, unless it is better made at once. */
static bool lsp_retry(struct lsp_operation *op)
{
	if (op->paused && lsp_nudging_again(op->nudging))
		return true;
	lsp_nudging_end(op->nudging);
	op->nudging = NULL;
	return !msleep_interruptible(READ_ONCE(op->update->retry_ms));
}

static enum lsp_reason lsp_try(struct lsp_operation *op)
{
	struct lsp_update *update = op->update;
	enum lsp_reason reason;
	unsigned int attempt;

	for (attempt = 1; ; attempt++) {
		lsp_attempt_sessions(op, attempt);
		trace_livesplice_attempt(update->name, op->enable, attempt);
		reason = lsp_attempt(op);
		if (reason == LSP_OK || lsp_is_passing(reason)) {
			WRITE_ONCE(update->attempts, attempt);
			lsp_note_attempt(op);
		}
		trace_livesplice_attempt_end(update->name, op->enable, attempt,
					     lsp_reason_word(reason));
		if (!lsp_is_passing(reason) || lsp_poisoned() ||
		    attempt >= READ_ONCE(update->max_attempts))
			return reason;
		if (!lsp_retry(op))
			return LSP_INTERRUPTED;
	}
}

/*
 * Among many that call a function in a loop, a look at all of them would take longer
 * than any of them may be held; and who waits for an operation waits for us. So the
 * attempts are made by a task that is not nice to others.
 */
static enum lsp_reason lsp_try_tracked(struct lsp_operation *op)
{
	enum lsp_reason reason;
	int nice;

	/* Every object that it has a part for is missing. */
	if (!op->nr_pages && !op->nr_hooks)
		return LSP_OK;

	reason = lsp_hooks_begin(op);
	if (reason != LSP_OK)
		return reason;
	nice = task_nice(current);
	set_user_nice(current, MIN_NICE);
	if (lsp_track_start()) {
		reason = LSP_NOMEM;
	} else {
		reason = lsp_try(op);
		lsp_nudging_end(op->nudging);
		lsp_callers_forget(&op->callers);
		lsp_track_stop();
	}
	set_user_nice(current, nice);
	lsp_hooks_end(op, reason == LSP_OK);
	return reason;
}

static enum lsp_reason lsp_switch_parts(struct lsp_update *update,
					const struct lsp_part *only, bool enable)
{
	struct lsp_update *other;
	enum lsp_reason reason;
	struct lsp_part *part;

	lockdep_assert_held(&lsp_mutex);

	struct lsp_operation *op __free(lsp_operation) =
		lsp_operation_make(update, only, enable);
	if (!op)
		return LSP_NOMEM;
	reason = lsp_try_tracked(op);
	if (reason != LSP_OK)
		return reason;
	list_for_each_entry(part, &update->parts, node) {
		if (!lsp_is_switched(part, only, enable))
			continue;
		lsp_base_settle(part, enable);
		WRITE_ONCE(part->enabled, enable);
	}
	lsp_for_each_leaving(op, other)
		list_for_each_entry(part, &other->parts, node) {
			if (!part->enabled)
				continue;
			lsp_base_settle(part, false);
			WRITE_ONCE(part->enabled, false);
		}
	return LSP_OK;
}

/**
 * lsp_switch() - apply or undo an update
 * @update: the update; parts of it that are so already are left alone
 * @enable: apply if true
 *
 * Context: lsp_mutex held; sleeps, signals interrupt it between attempts.
 * Return: LSP_OK, or why nothing has changed.
 */
enum lsp_reason lsp_switch(struct lsp_update *update, bool enable)
{
	return lsp_switch_parts(update, NULL, enable);
}

/**
 * lsp_switch_part() - apply or undo one part of an update
 * @part: the part; the update is, and stays, enabled
 * @enable: apply if true
 *
 * Context: as for lsp_switch().
 * Return: LSP_OK, or why nothing has changed.
 */
enum lsp_reason lsp_switch_part(struct lsp_part *part, bool enable)
{
	return lsp_switch_parts(part->update, part, enable);
}

/**
 * lsp_prove_left() - is nobody in the code of an update?
 * @update: the update
 * @only: one of its parts, or NULL for all; undone, nobody gets in any more
 *
 * One attempt that stores nothing.
 *
 * Context: lsp_mutex held; sleeps.
 * Return: true if that is proven.
 */
bool lsp_prove_left(struct lsp_update *update, const struct lsp_part *only)
{
	u64 pause_ns = update->pause_ns, hooks_ns = update->hooks_ns;
	enum lsp_reason reason;

	lockdep_assert_held(&lsp_mutex);

	struct lsp_operation *op __free(lsp_operation) =
		lsp_operation_make_left(update, only);
	if (!op || lsp_track_start())
		return false;
	op->drained = lsp_track_drain(HZ);
	reason = op->drained < 0 ? LSP_INTERRUPTED : lsp_attempt_mapped(op);
	lsp_track_stop();
	WRITE_ONCE(update->pause_ns, pause_ns);
	WRITE_ONCE(update->hooks_ns, hooks_ns);
	return reason == LSP_OK;
}
