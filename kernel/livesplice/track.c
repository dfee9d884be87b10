// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: the probe of who runs while an operation is under way, and those
 * whom no walk over the tasks finds. Called by switch.c, scan.c, and by the
 * scheduler's tracepoint.
 *
 * DOC: Dying tasks
 *
 * A task that exits gives up its number, or its parent takes it away, and then
 * still runs the tail of do_exit(). If it is preempted there, a walk over the
 * numbers does not see it. Two things together find all such tasks:
 *
 * - from lsp_track_start() on, a probe of sched_switch notes each task that is
 *   switched out after exit_notify(), before which nobody can take its number,
 *   and forgets it when it is switched out for good;
 * - a Tasks-RCU grace period that starts after that must have ended. It covers
 *   preempted tasks between exit_tasks_rcu_start(), before exit_notify(), and
 *   the end: what was switched out there before the probe existed has run on.
 *
 * Until the grace period has ended no attempt succeeds. That is a matter of
 * milliseconds, unless some task runs in the kernel without ever sleeping.
 *
 * What is left is a task that sleeps, of its own will, without number, through
 * the whole grace period and until the pause. release_task() can, when it
 * waits for a directory of /proc; what it calls itself is never replaced
 * (x86_deny.c).
 *
 * The set is allocated beforehand and never grows: the probe runs with a run
 * queue's lock held. If it overflows, the operation cannot succeed.
 *
 * Tracking goes on for a while after an operation, so that the next one, which
 * often follows at once, need not wait for a grace period of its own.
 */

#include <linux/completion.h>
#include <linux/error-injection.h>
#include <linux/jiffies.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>

#include <trace/events/sched.h>

#include "internal.h"
#include "scan.h"

#define LSP_TRACK_MAX		256

/* How long tracking goes on after an operation. */
#define LSP_TRACK_LINGER	(5 * HZ)

/**
 * struct lsp_grace - a grace period that somebody may have given up on
 * @work: waits for it
 * @done: completed at its end
 * @users: the worker and the one who waits
 */
struct lsp_grace {
	struct work_struct	work;
	struct completion	done;
	refcount_t		users;
};

/**
 * struct lsp_track_set - tasks to look at besides those that have a number
 * @nr: number of tasks
 * @lost: a task did not fit
 * @drained: the grace period has ended
 * @grace: the grace period
 * @tasks: the tasks, each with a reference
 */
struct lsp_track_set {
	unsigned int		nr;
	bool			lost;
	bool			drained;
	struct lsp_grace	*grace;
	struct task_struct	*tasks[LSP_TRACK_MAX];
};

/*
 * Protects lsp_track and what it points to. Taken with interrupts off, below
 * run queue locks: nothing may be woken or freed under it. The pause does not
 * need it, for nobody can be holding it then.
 */
static DEFINE_RAW_SPINLOCK(lsp_track_lock);
static struct lsp_track_set *lsp_track;

static unsigned int lsp_track_find(const struct lsp_track_set *set,
				   const struct task_struct *task)
{
	unsigned int i;

	for (i = 0; i < set->nr; i++)
		if (set->tasks[i] == task)
			break;
	return i;
}

static void lsp_track_note(struct lsp_track_set *set, struct task_struct *task)
{
	if (lsp_track_find(set, task) < set->nr)
		return;
	if (set->nr == LSP_TRACK_MAX) {
		set->lost = true;
		return;
	}
	set->tasks[set->nr++] = get_task_struct(task);
}

static void lsp_track_forget(struct lsp_track_set *set,
			     struct task_struct *task)
{
	unsigned int i = lsp_track_find(set, task);

	if (i == set->nr)
		return;
	set->tasks[i] = set->tasks[--set->nr];
	/* The task is current and has references of its own: frees nothing. */
	put_task_struct(task);
}

static void lsp_track_switch(void *data, bool preempt,
			     struct task_struct *prev, struct task_struct *next,
			     unsigned int prev_state)
{
	unsigned long flags;

	lsp_ran_note(next);
	/* Set by exit_notify() at the latest, never cleared. */
	if (likely(!READ_ONCE(prev->exit_state)))
		return;

	raw_spin_lock_irqsave(&lsp_track_lock, flags);
	if (lsp_track && prev_state == TASK_DEAD)
		lsp_track_forget(lsp_track, prev);
	else if (lsp_track)
		lsp_track_note(lsp_track, prev);
	raw_spin_unlock_irqrestore(&lsp_track_lock, flags);
}

static void lsp_grace_put(struct lsp_grace *grace)
{
	if (refcount_dec_and_test(&grace->users))
		kfree(grace);
}

static void lsp_grace_work(struct work_struct *work)
{
	struct lsp_grace *grace = container_of(work, struct lsp_grace, work);

	synchronize_rcu_tasks();
	complete(&grace->done);
	lsp_grace_put(grace);
}

/*
 * synchronize_rcu_tasks() with a way out. A callback of our own would be
 * cheaper, but callbacks are batched lazily and an operation would wait longer
 * for the batch than for the grace period.
 */
static struct lsp_grace *lsp_grace_start(void)
{
	struct lsp_grace *grace = kmalloc(sizeof(*grace), GFP_KERNEL);

	if (!grace)
		return NULL;
	INIT_WORK(&grace->work, lsp_grace_work);
	init_completion(&grace->done);
	refcount_set(&grace->users, 2);
	queue_work(system_dfl_wq, &grace->work);
	return grace;
}

static struct lsp_track_set *lsp_track_exchange(struct lsp_track_set *set)
{
	struct lsp_track_set *old;
	unsigned long flags;

	raw_spin_lock_irqsave(&lsp_track_lock, flags);
	old = lsp_track;
	lsp_track = set;
	raw_spin_unlock_irqrestore(&lsp_track_lock, flags);
	return old;
}

static void lsp_track_end(void)
{
	struct lsp_track_set *set;
	unsigned int i;

	unregister_trace_sched_switch(lsp_track_switch, NULL);
	/* The probe may still be running, and be called once more, until: */
	tracepoint_synchronize_unregister();

	set = lsp_track_exchange(NULL);
	for (i = 0; i < set->nr; i++)
		put_task_struct(set->tasks[i]);
	if (set->grace)
		lsp_grace_put(set->grace);
	kfree(set);
}

static int lsp_track_begin(void)
{
	struct lsp_track_set *set;
	int err;

	set = kzalloc_obj(*set, GFP_KERNEL);
	if (!set)
		return -ENOMEM;
	lsp_track_exchange(set);
	err = register_trace_sched_switch(lsp_track_switch, NULL);
	if (err) {
		kfree(lsp_track_exchange(NULL));
		return err;
	}

	/* Only now, for it must begin after the probe is in place. */
	set->grace = lsp_grace_start();
	if (!set->grace) {
		lsp_track_end();
		return -ENOMEM;
	}
	return 0;
}

static unsigned long lsp_track_until;

static void lsp_track_expire(struct work_struct *work)
{
	guard(mutex)(&lsp_mutex);

	/* Another operation may have come and gone since this was queued. */
	if (lsp_track && time_after_eq(jiffies, lsp_track_until))
		lsp_track_end();
}

static DECLARE_DELAYED_WORK(lsp_track_linger, lsp_track_expire);

/**
 * lsp_track_start() - note from now on who must be looked at in a pause
 *
 * Context: lsp_mutex held; may sleep.
 * Return: 0 or a negative errno. Only after 0 must lsp_track_stop() be called.
 */
int lsp_track_start(void)
{
	lockdep_assert_held(&lsp_mutex);

	if (lsp_track && !lsp_track->lost)
		return 0;
	if (lsp_track)
		lsp_track_end();
	return lsp_track_begin();
}
ALLOW_ERROR_INJECTION(lsp_track_start, ERRNO);

/**
 * lsp_track_drain() - wait a while until all that runs can be known
 * @wait: how long at most, in jiffies
 *
 * Context: between lsp_track_start() and lsp_track_stop(); sleeps.
 * Return: 1 if it can be known, 0 if not yet, -EINTR for a signal.
 */
int lsp_track_drain(long wait)
{
	struct lsp_track_set *set = lsp_track;
	long left;

	lockdep_assert_held(&lsp_mutex);

	if (set->drained)
		return 1;
	left = wait_for_completion_interruptible_timeout(&set->grace->done,
							 wait);
	if (left < 0)
		return -EINTR;
	set->drained = left;
	return set->drained;
}
ALLOW_ERROR_INJECTION(lsp_track_drain, ERRNO);

/**
 * lsp_track_clean_stopped() - is none of the noted tasks in the ranges?
 * @ranges: the ranges
 *
 * Return: true if that is proven, for all tasks that have no number.
 */
bool lsp_track_clean_stopped(struct lsp_ranges *ranges)
{
	const struct lsp_track_set *set = lsp_track;
	bool clean = set->drained && !set->lost;
	unsigned int i;

	for (i = 0; i < set->nr; i++)
		if (!lsp_stack_task_clean_stopped(ranges, set->tasks[i]))
			clean = false;
	return clean;
}

/**
 * lsp_track_stop() - end of the operation
 *
 * Context: lsp_mutex held.
 */
void lsp_track_stop(void)
{
	lockdep_assert_held(&lsp_mutex);

	lsp_track_until = jiffies + LSP_TRACK_LINGER;
	mod_delayed_work(system_wq, &lsp_track_linger, LSP_TRACK_LINGER);
}
