// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: get tasks out of the functions that are to be switched. Called by
 * operation.c, switch.c and scan.c, under lsp_mutex.
 *
 * DOC: Nudging
 *
 * A task that sleeps in a function that is replaced would keep it busy for ever.
 * It is sent out of its system call, without a signal, and held on its way to
 * user space until the switch is done: else it would be back in the function
 * before anybody has looked. Then it makes its call again. How far that goes is
 * the operator's choice (``nudge``), and grows with the attempts:
 *
 * none		nobody is touched
 * wake		a user task leaves its call and makes it again; a kernel thread
 *		is woken as by chance
 * park		a user task is held in between
 *
 * What does it is a work of the task (task_work_add()). The work is queued
 * first, without telling the task. Then, while the scheduler's locks keep it
 * asleep, it is decided whether the very call in which it sleeps may be
 * interrupted (calls.c), and only then, still under the locks, is the flag set
 * that ends the sleep: the flag cannot hit another call, for the task does not
 * get past the end of this one without doing the work.
 *
 * In a session with LSP_NUDGE_PARK each look finds those of its regular callers that
 * happen to be in the function. So whoever was held in one attempt is held from the
 * begin of the next one on, as soon as it is on its way to user space anyway.
 *
 * A task that does not sleep, or must be left to return by itself, gets the flag
 * that interrupts nothing (TIF_NOTIFY_RESUME): it is held when it comes out.
 *
 * The work holds the task only if nothing but the way to user space is below it:
 * io_uring and the loop of a virtual CPU run works in the middle of a call. It
 * sleeps interruptibly, so every signal and the debugger get through at once,
 * and so that the machine can be suspended. It ends with the session, after
 * LSP_HOLD at the latest whatever becomes of that, and before attempt LSP_PATIENT
 * also LSP_LATE after the call that it interrupts would have timed out.
 *
 * The work of a task that was interrupted is never taken back: it is what makes
 * the call start again.
 */
#define pr_fmt(fmt) "livesplice: " fmt

#include <linux/cleanup.h>
#include <linux/hashtable.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/printk.h>
#include <linux/refcount.h>
#include <linux/resume_user_mode.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include <trace/events/livesplice.h>

#include "internal.h"
#include "nudge.h"

/* How long those who were nudged may take to come out, before a new look. */
#define LSP_COME_OUT	(HZ / 50 + 1)

static bool lsp_can_nudge __ro_after_init;

static enum lsp_freed lsp_nudge_user(struct lsp_nudging *session,
				     struct task_struct *task)
{
	struct lsp_hold *hold = lsp_hold_find(session, task);

	/* Pairs with the release in lsp_hold_work(). */
	if (hold && smp_load_acquire(&hold->done)) {
		/* It would do so again. */
		if (hold->met)
			return LSP_FREED_CALL;
		if (session->level == LSP_NUDGE_WAKE)
			return LSP_FREED_BACK;
		lsp_hold_forget(hold);
		hold = NULL;
	}
	if (!hold)
		hold = lsp_hold_new(session, task);
	if (!hold)
		return task->flags & PF_EXITING ? LSP_FREED_EXITING : LSP_FREED_LATER;
	if (hold->sent)
		return LSP_FREED_SENT;
	lsp_hold_count(hold);
	return lsp_hold_arm(hold);
}

/* Once: one that is back in the function at once is its main loop. */
static enum lsp_freed lsp_nudge_thread(const struct lsp_nudging *session,
				       struct task_struct *task)
{
	if (task_is_running(task))
		return LSP_FREED_LATER;
	if (session->rounds)
		return LSP_FREED_BACK;
	if (!wake_up_state(task, TASK_INTERRUPTIBLE))
		return LSP_FREED_ASLEEP;
	return LSP_FREED_THREAD;
}

static void lsp_nudge_count(struct lsp_nudging *session,
			    const struct task_struct *task, enum lsp_freed freed)
{
	switch (freed) {
	case LSP_FREED_SENT:
	case LSP_FREED_THREAD:
		session->nr_sent++;
		return;
	case LSP_FREED_LATER:
		if (task->flags & PF_KTHREAD)
			session->nr_later++;
		else
			session->nr_sent++;
		return;
	case LSP_FREED_BACK:
		session->nr_back++;
		fallthrough;
	default:
		session->stuck.freed = freed;
		session->stuck.pid = task->pid;
		memcpy(session->stuck.comm, task->comm, TASK_COMM_LEN);
		session->stuck.comm[TASK_COMM_LEN - 1] = '\0';
	}
}

/**
 * lsp_nudge() - get a task out of the functions that are switched
 * @session: the session; nothing happens without one
 * @task: the task, which has been found in one of them
 *
 * Context: lsp_mutex held; does not sleep. Takes locks of the task.
 */
void lsp_nudge(struct lsp_nudging *session, struct task_struct *task)
{
	enum lsp_freed freed;

	if (!session || task == current || is_idle_task(task))
		return;
	if (task->flags & PF_KTHREAD)
		freed = lsp_nudge_thread(session, task);
	else if (task->flags & (PF_USER_WORKER | PF_IO_WORKER))
		freed = LSP_FREED_WORKER;
	else
		freed = lsp_nudge_user(session, task);
	lsp_nudge_count(session, task, freed);
	trace_livesplice_nudge(session->update, task->pid, task->comm,
			       lsp_nudge_word(session->level),
			       lsp_freed_word(freed));
}

/**
 * lsp_nudge_number() - the same for a task whose number is known
 * @session: the session, or NULL
 * @pid: its number
 *
 * Context: lsp_mutex held.
 */
void lsp_nudge_number(struct lsp_nudging *session, pid_t pid)
{
	struct task_struct *task;

	guard(rcu)();

	task = find_task_by_pid_ns(pid, &init_pid_ns);
	if (task)
		lsp_nudge(session, task);
}

/**
 * lsp_nudging_level() - how far does an attempt go?
 * @most: what the operator allows
 * @attempt: its number, from 1
 *
 * Return: the level.
 */
enum lsp_nudge lsp_nudging_level(enum lsp_nudge most, unsigned int attempt)
{
	enum lsp_nudge level = LSP_NUDGE_NONE;

	if (!lsp_can_nudge)
		return LSP_NUDGE_NONE;
	if (attempt >= 3)
		level = LSP_NUDGE_WAKE;
	if (attempt >= 4)
		level = LSP_NUDGE_PARK;
	return min(level, most);
}

/* Wherever it is: nobody waits for it, but it does not get back into a function. */
static void lsp_nudge_caller(struct lsp_nudging *session, struct task_struct *task)
{
	struct lsp_hold *hold = lsp_hold_new(session, task);

	if (!hold)
		return;
	lsp_hold_uncount(hold);
	set_notify_resume(task);
}

/* They are held again in the next session. */
static void lsp_note_callers(const struct lsp_nudging *session)
{
	struct task_struct *before;
	struct lsp_hold *hold;
	unsigned int bucket;

	hash_for_each(session->holds, bucket, hold, node) {
		before = xa_store(session->callers, hold->task->pid,
				  get_task_struct(hold->task), GFP_KERNEL);
		/* Without memory nothing is lost but time. */
		if (xa_is_err(before))
			put_task_struct(hold->task);
		else if (before)
			put_task_struct(before);
	}
}

/**
 * lsp_callers_forget() - an operation is over
 * @callers: those who were held in it
 */
void lsp_callers_forget(struct xarray *callers)
{
	struct task_struct *task;
	unsigned long pid;

	xa_for_each(callers, pid, task)
		put_task_struct(task);
	xa_destroy(callers);
}

/**
 * lsp_nudging_start() - begin a session
 * @update: name of the update
 * @level: how far it goes, not LSP_NUDGE_NONE
 * @attempt: number of the attempt, from 1
 * @callers: who was held before in this operation; gets who is held in the session
 *
 * Context: lsp_mutex held; may sleep.
 * Return: the session, or NULL without memory.
 */
struct lsp_nudging *lsp_nudging_start(const char *update, enum lsp_nudge level,
				      unsigned int attempt, struct xarray *callers)
{
	struct lsp_nudging *session = kzalloc(sizeof(*session), GFP_KERNEL);
	struct task_struct *task;
	unsigned long pid;

	if (!session)
		return NULL;
	refcount_set(&session->refs, 1);
	session->level = level;
	session->update = update;
	session->until = jiffies + LSP_HOLD;
	session->late = attempt < LSP_PATIENT ? LSP_LATE :
						jiffies_to_nsecs(LSP_HOLD);
	session->callers = callers;
	init_waitqueue_head(&session->held);
	init_waitqueue_head(&session->come);
	hash_init(session->holds);
	if (level == LSP_NUDGE_PARK)
		xa_for_each(callers, pid, task)
			lsp_nudge_caller(session, task);
	return session;
}

/**
 * lsp_nudging_again() - wait for those who were nudged to come out
 * @session: the session, or NULL
 *
 * Context: lsp_mutex held; sleeps.
 * Return: true if it is worth to look at them again, false if nobody who is in
 * the way can be freed, if the session has lasted too long, or for a signal.
 */
bool lsp_nudging_again(struct lsp_nudging *session)
{
	bool sent, later;

	/* Who is back will be so again, unless it is held. */
	if (!session || (session->level == LSP_NUDGE_WAKE && session->nr_back))
		return false;
	sent = session->nr_sent;
	/* A call that times out by itself may do so at once. */
	later = session->nr_later || !session->rounds;
	session->rounds++;
	session->nr_sent = 0;
	session->nr_later = 0;
	if ((!sent && !later) || time_after(jiffies, session->until))
		return false;
	return wait_event_interruptible_timeout(session->come,
			!later && !atomic_read(&session->coming),
			LSP_COME_OUT) >= 0;
}

/**
 * lsp_nudging_left() - how long may it go on?
 * @session: the session, or NULL
 *
 * Return: jiffies, 0 when it has lasted as long as it may.
 */
long lsp_nudging_left(const struct lsp_nudging *session)
{
	return session ? max(0L, (long)(session->until - jiffies)) : 0;
}

/**
 * lsp_nudging_stuck() - who could not be freed?
 * @session: the session
 *
 * Return: the last one, of LSP_FREED_SENT if there was none.
 */
const struct lsp_stuck *lsp_nudging_stuck(const struct lsp_nudging *session)
{
	return &session->stuck;
}

/**
 * lsp_nudging_end() - end a session: whoever is held can go
 * @session: the session, or NULL
 *
 * Context: lsp_mutex held.
 */
void lsp_nudging_end(struct lsp_nudging *session)
{
	struct hlist_node *next;
	struct lsp_hold *hold;
	unsigned int bucket;

	if (!session)
		return;
	if (session->level == LSP_NUDGE_PARK)
		lsp_note_callers(session);
	session->callers = NULL;
	WRITE_ONCE(session->over, true);
	wake_up_all(&session->held);
	hash_for_each_safe(session->holds, bucket, next, hold, node)
		lsp_hold_forget(hold);
	lsp_nudging_put(session);
}

static int __init lsp_nudge_init(void)
{
	lsp_can_nudge = lsp_sleeper_init();
	if (!lsp_can_nudge)
		pr_warn("timers cannot be recognised: nobody is nudged\n");
	return 0;
}
core_initcall(lsp_nudge_init);
