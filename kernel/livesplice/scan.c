// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: look at the stacks of all tasks, most of them while the machine
 * runs. Called by switch.c.
 *
 * DOC: Passes
 *
 * first	every task, with the machine running. Who is in the way now
 *		would be in the pause: the attempt ends without one.
 * again	those who have run meanwhile, and then those who have run during
 *		that; it takes no longer than they are many, so after two or
 *		three times hardly more are left than there are CPUs. The locks
 *		of the switch are held: nothing is waited for from here on.
 * stopped	in the pause: those who have run since, the idle tasks, those
 *		on no list (track.c), and the stack of the CPU that looks.
 *
 * The first pass goes over pid numbers, so it can be interrupted anywhere. A
 * task that changes its number (exec() of a thread) runs to do that.
 */

#include <linux/cpumask.h>
#include <linux/error-injection.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/timekeeping.h>

#include "internal.h"
#include "scan.h"

/* Repetitions after the first pass. */
#define LSP_SCAN_PASSES		3

/* A clock costs more than a short stack: it is read once for so many tasks. */
#define LSP_TASKS_PER_CLOCK	16

/**
 * struct lsp_look - one look at a task
 * @scan: the scan
 * @entry: the task's entry of the log, or NULL in the first pass
 * @stack: its stack, with a reference
 */
struct lsp_look {
	struct lsp_scan		*scan;
	struct lsp_ran_task	*entry;
	unsigned long		stack;
};

/* The task cannot start or stop running meanwhile. */
static int lsp_look_pinned(struct task_struct *task, void *data)
{
	struct lsp_look *look = data;

	look->scan->nr_looks++;
	if (task_curr(task)) {
		if (look->entry)
			lsp_ran_again(look->entry);
		else
			lsp_ran_note(task);
		return 0;
	}
	if (look->entry)
		WRITE_ONCE(look->entry->waits, false);
	return !lsp_stack_task_clean(look->scan->ranges, task, look->stack);
}

/* Is it in the way? */
static bool lsp_look_at(struct lsp_scan *scan, struct task_struct *task,
			struct lsp_ran_task *entry)
{
	struct lsp_look look = {
		.scan	= scan,
		.entry	= entry,
		/*
		 * Out here, because dropping it may free it, which must not
		 * happen under the scheduler's locks. Who has none is dead.
		 */
		.stack	= (unsigned long)try_get_task_stack(task),
	};

	bool found;

	if (!look.stack)
		return false;
	found = task_call_func(task, lsp_look_pinned, &look);
	put_task_stack(task);
	return found;
}

/* Look at the task with the lowest number from @nr on; false: there is none. */
static bool lsp_scan_next(struct lsp_scan *scan, pid_t *nr)
{
	struct task_struct *task;
	struct pid *pid;

	guard(rcu)();

	pid = find_ge_pid(*nr, &init_pid_ns);
	if (!pid)
		return false;
	*nr = pid_nr(pid) + 1;
	/* A number may be left of a task, or not have one yet. */
	task = pid_task(pid, PIDTYPE_PID);
	if (task && lsp_look_at(scan, task, NULL))
		lsp_nudge(scan->nudging, task);
	return true;
}

/**
 * lsp_scan_start() - look at all tasks, and note from now on who runs
 * @scan: the scan, with its ranges; they get the tasks that are in the way
 *
 * Context: lsp_mutex held, between lsp_track_start() and lsp_track_stop();
 * sleeps.
 * Return: LSP_OK if none of those who did not run was in the way, LSP_BUSY,
 * LSP_INTERRUPTED for a signal, LSP_NOMEM. After all but the last
 * lsp_scan_stop() must be called.
 */
enum lsp_reason lsp_scan_start(struct lsp_scan *scan)
{
	pid_t nr = 1;

	if (!lsp_ran_start())
		return LSP_NOMEM;
	scan->nr_looks = 0;
	scan->ranges->nr_blockers = 0;
	while (lsp_scan_next(scan, &nr)) {
		if (scan->ranges->nr_blockers == LSP_MAX_BLOCKERS &&
		    !scan->nudging)
			break;
		if (signal_pending(current))
			return LSP_INTERRUPTED;
		cond_resched();
	}
	return scan->ranges->nr_blockers ? LSP_BUSY : LSP_OK;
}

/**
 * lsp_scan_again() - look at those who have run meanwhile
 * @scan: the scan
 *
 * Context: lsp_mutex held; cpus_read_lock() too, so that no CPU comes.
 * Return: LSP_OK or LSP_BUSY.
 */
enum lsp_reason lsp_scan_again(struct lsp_scan *scan)
{
	struct lsp_ran_task *entry;
	unsigned int pass, end;

	for (pass = 0; pass < LSP_SCAN_PASSES; pass++) {
		if (lsp_ran_waiting() <= num_online_cpus())
			break;
		end = lsp_ran_end();
		while ((entry = lsp_ran_next(end)))
			lsp_look_at(scan, entry->task, entry);
		if (scan->ranges->nr_blockers || lsp_ran_lost())
			return LSP_BUSY;
	}
	scan->nr_ran = lsp_ran_end();
	return LSP_OK;
}
ALLOW_ERROR_INJECTION(lsp_scan_again, TRUE);

static bool lsp_late_stopped(struct lsp_scan *scan, u64 deadline)
{
	if (!scan->late)
		scan->late = ktime_get_mono_fast_ns() > deadline;
	return scan->late;
}

/**
 * lsp_scan_clean_stopped() - is it proven that nobody is in the ranges?
 * @scan: the scan
 * @deadline: when to give up, as ktime_get_mono_fast_ns()
 *
 * All CPUs must have called lsp_stack_arrive_stopped().
 *
 * Return: true if it is.
 */
bool lsp_scan_clean_stopped(struct lsp_scan *scan, u64 deadline)
{
	unsigned int end = lsp_ran_end();
	struct lsp_ran_task *entry;

	scan->nr_stopped = 0;
	scan->late = false;
	lsp_stack_cpus_clean_stopped(scan->ranges);
	while ((entry = lsp_ran_next(end))) {
		lsp_stack_task_clean_stopped(scan->ranges, entry->task);
		if (!(++scan->nr_stopped % LSP_TASKS_PER_CLOCK) &&
		    lsp_late_stopped(scan, deadline))
			return false;
	}
	return lsp_track_clean_stopped(scan->ranges) && !lsp_ran_waiting() &&
	       !lsp_ran_lost() && !scan->ranges->nr_blockers &&
	       !lsp_late_stopped(scan, deadline);
}

/**
 * lsp_scan_stop() - end of the attempt
 * @scan: the scan; learns whether the log was too short
 *
 * Context: lsp_mutex held.
 */
void lsp_scan_stop(struct lsp_scan *scan)
{
	scan->lost = lsp_ran_lost();
	lsp_ran_stop();
}
