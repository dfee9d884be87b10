// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: what is done to one task that is in the way: its work, and how it is
 * told. Called by nudge.c, under lsp_mutex; the work is done by the task.
 */

#include <linux/freezer.h>
#include <linux/hashtable.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/resume_user_mode.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/wait.h>

#include "internal.h"
#include "nudge.h"

/**
 * lsp_nudging_put() - drop a reference on a session
 * @session: the session
 */
void lsp_nudging_put(struct lsp_nudging *session)
{
	if (refcount_dec_and_test(&session->refs))
		kfree(session);
}

static void lsp_hold_put(struct lsp_hold *hold)
{
	if (!refcount_dec_and_test(&hold->refs))
		return;
	put_task_struct(hold->task);
	lsp_nudging_put(hold->session);
	kfree(hold);
}

/**
 * lsp_hold_count() - a task is on its way out, or will be
 * @hold: its hold
 */
void lsp_hold_count(struct lsp_hold *hold)
{
	if (xchg(&hold->counted, 1))
		return;
	atomic_inc(&hold->session->coming);
	/* Pairs with the release in lsp_hold_work(): it may be out already. */
	if (smp_load_acquire(&hold->done))
		lsp_hold_uncount(hold);
}

/**
 * lsp_hold_uncount() - it has come out, or will not: nobody need wait for it
 * @hold: its hold
 */
void lsp_hold_uncount(struct lsp_hold *hold)
{
	struct lsp_nudging *session = hold->session;

	if (xchg(&hold->counted, 0) && atomic_dec_and_test(&session->coming))
		wake_up(&session->come);
}

/*
 * In ns. Nobody may be woken late for long, so a deadline of its own ends it, but
 * not at once: who sleeps for a millisecond at a time, in a loop, would be back in
 * the function before anybody has looked.
 */
static ktime_t lsp_hold_time(const struct lsp_hold *hold)
{
	long left = READ_ONCE(hold->session->until) - jiffies;
	s64 time = jiffies_to_nsecs(clamp_t(long, left, 0, LSP_HOLD));

	if (hold->sent && hold->sleeper.nr_hrtimers)
		time = min_t(s64, time, hold->sleeper.deadline +
			     hold->session->late - ktime_get_ns());
	return max_t(s64, time, 0);
}

static void lsp_hold_wait(const struct lsp_hold *hold)
{
	struct lsp_nudging *session = hold->session;
	ktime_t time = lsp_hold_time(hold);
	DEFINE_WAIT(wait);

	while (time > 0) {
		prepare_to_wait(&session->held, &wait,
				TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		if (READ_ONCE(session->over) || signal_pending(current))
			break;
		if (!schedule_hrtimeout(&time, HRTIMER_MODE_REL))
			break;
		time = lsp_hold_time(hold);
	}
	finish_wait(&session->held, &wait);
}

/* In the task, on its way to user space, or in the middle of a call, or dying. */
static void lsp_hold_work(struct callback_head *work)
{
	struct lsp_hold *hold = container_of(work, struct lsp_hold, work);
	struct lsp_nudging *session = hold->session;
	bool out;

	/* Other works first: whoever waits for them need not wait for us. */
	if (work->next && !task_work_add(current, work, TWA_NONE))
		return;
	out = !(current->flags & PF_EXITING) && lsp_arch_at_exit();
	/* In the middle of a call it has not returned anything, nor has it failed. */
	if (hold->sent && !(current->flags & PF_EXITING))
		lsp_call_again(&hold->call, hold->restart, hold->sleeper.deadline);
	hold->met = !out;
	/* Pairs with the acquire in lsp_nudge(). */
	smp_store_release(&hold->done, true);
	lsp_hold_uncount(hold);
	if (out && session->level == LSP_NUDGE_PARK)
		lsp_hold_wait(hold);
	lsp_hold_put(hold);
}

/* Asleep in a way that nothing but its event ends. */
static enum lsp_freed lsp_fixed_state(const struct task_struct *task)
{
	unsigned int state = READ_ONCE(task->__state);

	if (task->ptrace)
		return LSP_FREED_TRACED;
	if (state & __TASK_STOPPED)
		return LSP_FREED_STOPPED;
	if (state & TASK_FROZEN)
		return LSP_FREED_FROZEN;
	return LSP_FREED_ASLEEP;
}

/* The task cannot start or stop running meanwhile. */
static int lsp_hold_arm_pinned(struct task_struct *task, void *data)
{
	struct lsp_hold *hold = data;

	/* Done just now: what it sleeps in is the work. */
	if (READ_ONCE(hold->done) || task_is_runnable(task) || task_curr(task))
		return LSP_FREED_LATER;
	if (task->ptrace || !(READ_ONCE(task->__state) & TASK_INTERRUPTIBLE))
		return lsp_fixed_state(task);
	if (signal_pending(task))
		return LSP_FREED_LATER;
	if (!lsp_arch_call_get(task, &hold->call))
		return LSP_FREED_CALL;
	lsp_sleeper_look(&hold->sleeper, task);
	if (hold->call.kind == LSP_CALL_RESTART)
		lsp_call_restarted(task, &hold->call, &hold->sleeper.deadline);
	hold->restart = lsp_call_judge(&hold->call, &hold->sleeper);
	if (hold->restart == LSP_RESTART_NOT)
		return LSP_FREED_CALL;
	hold->sent = true;
	set_tsk_thread_flag(task, TIF_NOTIFY_SIGNAL);
	return LSP_FREED_SENT;
}

/**
 * lsp_hold_arm() - tell a task to come out
 * @hold: with its work queued, not done yet
 *
 * Return: what became of it.
 */
enum lsp_freed lsp_hold_arm(struct lsp_hold *hold)
{
	struct task_struct *task = hold->task;
	enum lsp_freed freed;

	if (!try_get_task_stack(task))
		return LSP_FREED_EXITING;
	lsp_sleeper_open(&hold->sleeper, task);
	freed = task_call_func(task, lsp_hold_arm_pinned, hold);
	lsp_sleeper_close(&hold->sleeper);
	put_task_stack(task);
	/* Who was woken by something else meanwhile sees the flag all the same. */
	if (freed == LSP_FREED_SENT)
		wake_up_state(task, TASK_INTERRUPTIBLE);
	else
		set_notify_resume(task);
	if (freed != LSP_FREED_SENT && freed != LSP_FREED_LATER)
		lsp_hold_uncount(hold);
	return freed;
}

/**
 * lsp_hold_new() - give a task its work
 * @session: the session
 * @task: the task
 *
 * Return: the hold, or NULL: the task is exiting, or there is no memory.
 */
struct lsp_hold *lsp_hold_new(struct lsp_nudging *session,
			      struct task_struct *task)
{
	struct lsp_hold *hold = kzalloc(sizeof(*hold), GFP_NOWAIT | __GFP_NOWARN);

	if (!hold)
		return NULL;
	init_task_work(&hold->work, lsp_hold_work);
	refcount_set(&hold->refs, 2);
	refcount_inc(&session->refs);
	hold->session = session;
	hold->task = get_task_struct(task);
	hold->counted = 1;
	atomic_inc(&session->coming);
	if (task_work_add(task, &hold->work, TWA_NONE)) {
		lsp_hold_uncount(hold);
		lsp_hold_put(hold);
		lsp_hold_put(hold);
		return NULL;
	}
	hash_add(session->holds, &hold->node, (unsigned long)task);
	return hold;
}

/**
 * lsp_hold_find() - has a task been nudged in a session?
 * @session: the session
 * @task: the task
 *
 * Return: its hold, or NULL.
 */
struct lsp_hold *lsp_hold_find(struct lsp_nudging *session,
			       const struct task_struct *task)
{
	struct lsp_hold *hold;

	hash_for_each_possible(session->holds, hold, node, (unsigned long)task)
		if (hold->task == task)
			return hold;
	return NULL;
}

/**
 * lsp_hold_forget() - the session is done with a task
 * @hold: the hold
 *
 * The work is taken back if it disturbs nobody to do so.
 */
void lsp_hold_forget(struct lsp_hold *hold)
{
	hash_del(&hold->node);
	if (!hold->sent && task_work_cancel(hold->task, &hold->work))
		lsp_hold_put(hold);
	lsp_hold_put(hold);
}
