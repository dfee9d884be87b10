// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: who has run since the stacks were looked at. Filled by track.c's
 * probe of sched_switch, emptied by scan.c.
 *
 * DOC: Who has run
 *
 * A stack that was found clean stays clean until its task runs. So from the
 * start of an attempt each task that is switched to is noted: in a hash table,
 * which tells whether it is waiting to be looked at already, and in a log,
 * which only grows and which scan.c works off from the front. What is left of
 * the log when all CPUs are held is what must be looked at then, however many
 * tasks there are.
 *
 * Why no task is missed: scan.c looks at a task under task_call_func(), which
 * holds the lock that the scheduler needs to switch to it. A task that is
 * switched to later than that is noted, for whoever took that lock after us
 * sees the log; one that is on a CPU at that moment is noted by scan.c itself.
 * And who is created meanwhile has an empty stack until it is switched to.
 *
 * The probe runs with a run queue's lock held, so nothing is allocated, freed
 * or woken there, and no lock is taken. A task that does not fit makes the
 * attempt fail.
 */

#include <linux/atomic.h>
#include <linux/error-injection.h>
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/sched/stat.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "internal.h"
#include "scan.h"

/* Slots that are tried for a task. */
#define LSP_RAN_PROBES		64

/* Room for each task twice, and for what is created meanwhile. */
#define LSP_RAN_MIN		2048
#define LSP_RAN_MAX		0x40000

/**
 * struct lsp_ran - the tasks that have run, during one attempt
 * @free: drops the references, and the memory
 * @bits: logarithm of the number of slots, and of entries of the log
 * @nr: entries of the log, and those that did not fit
 * @done: those that have been worked off
 * @lost: a task was not noted
 * @log: the tasks, in the order in which they ran
 * @slots: the tasks, each with a reference
 */
struct lsp_ran {
	struct rcu_work		free;
	unsigned int		bits;
	atomic_t		nr;
	unsigned int		done;
	bool			lost;
	struct lsp_ran_task	**log;
	struct lsp_ran_task	*slots;
};

/* Set by an attempt, under lsp_mutex; read by the probe. */
static struct lsp_ran *lsp_ran;

static void lsp_ran_append(struct lsp_ran *ran, struct lsp_ran_task *entry)
{
	unsigned int i = atomic_inc_return(&ran->nr) - 1;

	if (i < 1U << ran->bits)
		/* Pairs with the acquire in lsp_ran_next(). */
		smp_store_release(&ran->log[i], entry);
	else
		WRITE_ONCE(ran->lost, true);
}

static struct lsp_ran_task *lsp_ran_slot(struct lsp_ran *ran,
					 struct task_struct *task)
{
	u32 i = hash_ptr(task, ran->bits), n;
	struct task_struct *found;

	for (n = 0; n < LSP_RAN_PROBES; n++) {
		struct lsp_ran_task *slot = &ran->slots[i];

		found = READ_ONCE(slot->task);
		if (!found)
			found = cmpxchg(&slot->task, NULL, task);
		if (!found)
			get_task_struct(task);
		if (!found || found == task)
			return slot;
		i = (i + 1) & ((1U << ran->bits) - 1);
	}
	return NULL;
}

/**
 * lsp_ran_note() - a task is about to run, or does
 * @task: the task
 *
 * Context: any but NMI; preemption disabled.
 */
void lsp_ran_note(struct task_struct *task)
{
	struct lsp_ran *ran = READ_ONCE(lsp_ran);
	struct lsp_ran_task *slot;

	/* Idle tasks are looked at in any case. */
	if (!ran || is_idle_task(task))
		return;
	slot = lsp_ran_slot(ran, task);
	if (!slot)
		WRITE_ONCE(ran->lost, true);
	else if (!READ_ONCE(slot->waits) && !xchg(&slot->waits, true))
		lsp_ran_append(ran, slot);
}

/**
 * lsp_ran_again() - put a task that is waiting back to the end
 * @entry: what lsp_ran_next() gave
 *
 * Context: as lsp_ran_note().
 */
void lsp_ran_again(struct lsp_ran_task *entry)
{
	lsp_ran_append(lsp_ran, entry);
}

/**
 * lsp_ran_end() - how long is the log?
 *
 * Context: during an attempt.
 * Return: number of entries, among them those that were worked off.
 */
unsigned int lsp_ran_end(void)
{
	return min_t(unsigned int, atomic_read(&lsp_ran->nr),
		     1U << lsp_ran->bits);
}

/**
 * lsp_ran_waiting() - how many tasks wait to be looked at?
 *
 * Context: during an attempt.
 * Return: their number.
 */
unsigned int lsp_ran_waiting(void)
{
	return lsp_ran_end() - lsp_ran->done;
}

/**
 * lsp_ran_next() - take the next task from the log
 * @end: where to stop
 *
 * Context: during an attempt.
 * Return: the task, or NULL if there is none before @end, or if who notes it
 * is not done with that.
 */
struct lsp_ran_task *lsp_ran_next(unsigned int end)
{
	struct lsp_ran_task *entry;

	if (lsp_ran->done >= end)
		return NULL;
	/* Pairs with the release in lsp_ran_append(). */
	entry = smp_load_acquire(&lsp_ran->log[lsp_ran->done]);
	if (entry)
		lsp_ran->done++;
	return entry;
}

/**
 * lsp_ran_lost() - has a task run that was not noted?
 *
 * Context: during an attempt.
 * Return: true if so: then nothing can be proven.
 */
bool lsp_ran_lost(void)
{
	return READ_ONCE(lsp_ran->lost);
}

static void lsp_ran_free(struct lsp_ran *ran)
{
	u32 i;

	if (!ran)
		return;
	for (i = 0; ran->slots && i < 1U << ran->bits; i++)
		if (ran->slots[i].task)
			put_task_struct(ran->slots[i].task);
	kvfree(ran->slots);
	kvfree(ran->log);
	kfree(ran);
}

DEFINE_FREE(lsp_ran, struct lsp_ran *, lsp_ran_free(_T))

static void lsp_ran_work(struct work_struct *work)
{
	lsp_ran_free(container_of(to_rcu_work(work), struct lsp_ran, free));
}

/**
 * lsp_ran_start() - note from now on who runs
 *
 * Context: lsp_mutex held, between lsp_track_start() and lsp_track_stop(); may
 * sleep.
 * Return: false without memory. Only after true must lsp_ran_stop() be called.
 */
bool lsp_ran_start(void)
{
	unsigned int size = clamp_t(unsigned int, 2 * READ_ONCE(nr_threads),
				    LSP_RAN_MIN, LSP_RAN_MAX);

	lockdep_assert_held(&lsp_mutex);

	struct lsp_ran *ran __free(lsp_ran) = kzalloc(sizeof(*ran), GFP_KERNEL);
	if (!ran)
		return false;
	ran->bits = order_base_2(size);
	INIT_RCU_WORK(&ran->free, lsp_ran_work);
	ran->slots = kvcalloc(1U << ran->bits, sizeof(*ran->slots), GFP_KERNEL);
	ran->log = kvcalloc(1U << ran->bits, sizeof(*ran->log), GFP_KERNEL);
	if (!ran->slots || !ran->log)
		return false;
	/*
	 * Before the first look at a stack: see above. The locks that a look
	 * takes and drops order it for those who are switched to later.
	 */
	smp_store_release(&lsp_ran, no_free_ptr(ran));
	return true;
}
ALLOW_ERROR_INJECTION(lsp_ran_start, NULL);

/**
 * lsp_ran_stop() - end of the attempt
 *
 * A probe that is under way may still note a task, so the memory, and the
 * references, go a grace period later.
 *
 * Context: lsp_mutex held.
 */
void lsp_ran_stop(void)
{
	struct lsp_ran *ran = lsp_ran;

	lockdep_assert_held(&lsp_mutex);

	WRITE_ONCE(lsp_ran, NULL);
	queue_rcu_work(system_dfl_wq, &ran->free);
}
