/* SPDX-License-Identifier: GPL-2.0 */
/*
 * livesplice: what nudge.c, hold.c, calls.c, sleeper.c and x86_calls.c
 * share.
 */
#ifndef _LIVESPLICE_NUDGE_H
#define _LIVESPLICE_NUDGE_H

#include <linux/atomic.h>
#include <linux/hashtable.h>
#include <linux/jiffies.h>
#include <linux/refcount.h>
#include <linux/task_work.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "update.h"

struct file;
struct task_struct;
struct xarray;

/**
 * LSP_CALLS - kinds of system calls by what makes them restart exactly
 * @X: called as X(symbol)
 *
 * Every call that x86_calls.c gives one of them returns either all that it was
 * asked for or an error, when it is interrupted in its sleep.
 */
#define LSP_CALLS(X)		\
	X(NONE)			\
	X(READ)			\
	X(RECVFROM)		\
	X(RECVMSG)		\
	X(ACCEPT)		\
	X(POLL)			\
	X(PPOLL)		\
	X(SELECT)		\
	X(EPOLL)		\
	X(EPOLL_PWAIT2)		\
	X(FUTEX)		\
	X(FUTEX_WAITV)		\
	X(WAIT)			\
	X(NANOSLEEP)		\
	X(CLOCK_NANOSLEEP)	\
	X(PAUSE)		\
	X(SIGTIMEDWAIT)		\
	X(SEMOP)		\
	X(SEMTIMEDOP)		\
	X(MSG)			\
	X(GETEVENTS)		\
	X(RESTART)

#define LSP_CALL_ENUM(sym)	LSP_CALL_##sym,
enum lsp_call_kind {
	LSP_CALLS(LSP_CALL_ENUM)
	LSP_NR_CALL_KINDS
};
#undef LSP_CALL_ENUM

/**
 * enum lsp_restart - how a call goes on after it was interrupted
 * @LSP_RESTART_NOT: it must be left alone
 * @LSP_RESTART_ITSELF: as after a stop signal, by what it returns
 * @LSP_RESTART_AGAIN: it returns EINTR, and is made again as it was
 * @LSP_RESTART_LATER: it returns EINTR, and is made again with the time that is
 *	left
 */
enum lsp_restart {
	LSP_RESTART_NOT,
	LSP_RESTART_ITSELF,
	LSP_RESTART_AGAIN,
	LSP_RESTART_LATER,
};

/**
 * struct lsp_call - the system call that a task is in
 * @kind: which
 * @nr: its number; of one that has been restarted, its first
 * @compat: it is one of the 32-bit ABI
 * @args: its arguments, as they were passed
 */
struct lsp_call {
	enum lsp_call_kind	kind;
	int			nr;
	bool			compat;
	unsigned long		args[6];
};

/**
 * struct lsp_sleeper - what a task waits for in a call
 * @file: what its first argument stands for, with a reference, or NULL
 * @on_file: that file is on its stack
 * @whole: reading from it in a sleep has no part of the data yet
 * @nr_hrtimers: timers on its stack that will wake it
 * @nr_timers: likewise those that count in ticks
 * @deadline: when the first of the former does, in ns of CLOCK_MONOTONIC
 * @filtered: seccomp may refuse it calls that it has not made
 */
struct lsp_sleeper {
	struct file	*file;
	bool		on_file;
	bool		whole;
	unsigned int	nr_hrtimers;
	unsigned int	nr_timers;
	u64		deadline;
	bool		filtered;
};

/* Nobody is held for longer. */
#define LSP_HOLD	HZ

/* How much later than its own deadline a call may end because of that, in ns. */
#define LSP_LATE	(40 * NSEC_PER_MSEC)

/* The first attempt that is not bound to that, for it was of no use. */
#define LSP_PATIENT	5

/**
 * struct lsp_nudging - a session: some attempts in which tasks are nudged
 * @refs: the engine, and each work
 * @level: how far it goes
 * @update: name of the update
 * @until: when it is over for those who are held, in jiffies
 * @late: how much later than its own deadline a call may end because of it, in ns
 * @callers: tasks that were held before in this operation, by number; NULL for
 *	those who are done with it
 * @over: they can go
 * @held: where they wait
 * @coming: how many are on their way out: they were told to leave, or run
 * @come: where the engine waits for them
 * @rounds: looks at all tasks so far
 * @nr_sent: tasks of the current look that are on their way out, or were woken
 * @nr_later: kernel threads that come out by themselves, sooner or later
 * @nr_back: those that were told to leave, and are back
 * @stuck: the last one that nothing can be done about
 * @holds: one for each task; the engine's
 */
struct lsp_nudging {
	refcount_t		refs;
	enum lsp_nudge		level;
	const char		*update;
	unsigned long		until;
	s64			late;
	struct xarray		*callers;
	bool			over;
	wait_queue_head_t	held;
	atomic_t		coming;
	wait_queue_head_t	come;
	unsigned int		rounds;
	unsigned int		nr_sent;
	unsigned int		nr_later;
	unsigned int		nr_back;
	struct lsp_stuck	stuck;
	DECLARE_HASHTABLE(holds, 8);
};

/**
 * struct lsp_hold - what is done to one task
 * @work: queued with the task
 * @refs: the session's table, and the work as long as it is queued
 * @session: the session
 * @task: the task, with a reference
 * @node: in the table
 * @sleeper: what it waits for
 * @call: the call that is interrupted
 * @restart: how that goes on
 * @sent: it was told to leave its call; written while the task is asleep
 * @counted: it is one of those that are on their way out
 * @met: the work was done in the middle of a call
 * @done: the work has been done
 */
struct lsp_hold {
	struct callback_head	work;
	refcount_t		refs;
	struct lsp_nudging	*session;
	struct task_struct	*task;
	struct hlist_node	node;
	struct lsp_sleeper	sleeper;
	struct lsp_call		call;
	enum lsp_restart	restart;
	bool			sent;
	unsigned int		counted;
	bool			met;
	bool			done;
};

/* hold.c: what is done to one task */

void lsp_nudging_put(struct lsp_nudging *session);
struct lsp_hold *lsp_hold_new(struct lsp_nudging *session,
			      struct task_struct *task);
struct lsp_hold *lsp_hold_find(struct lsp_nudging *session,
			       const struct task_struct *task);
enum lsp_freed lsp_hold_arm(struct lsp_hold *hold);
void lsp_hold_count(struct lsp_hold *hold);
void lsp_hold_uncount(struct lsp_hold *hold);
void lsp_hold_forget(struct lsp_hold *hold);

/* calls.c: which calls restart exactly */

enum lsp_restart lsp_call_judge(const struct lsp_call *call,
				const struct lsp_sleeper *sleeper);
void lsp_call_again(const struct lsp_call *call, enum lsp_restart restart,
		    u64 deadline);
bool lsp_call_restarted(struct task_struct *task, struct lsp_call *call,
			u64 *deadline);

/* sleeper.c: what a task waits for */

void lsp_sleeper_open(struct lsp_sleeper *sleeper, struct task_struct *task);
void lsp_sleeper_look(struct lsp_sleeper *sleeper, struct task_struct *task);
void lsp_sleeper_close(struct lsp_sleeper *sleeper);
bool lsp_sleeper_init(void);

/* x86_calls.c: numbers, registers, and the way back to user space */

bool lsp_arch_call_get(struct task_struct *task, struct lsp_call *call);
bool lsp_arch_call_eintr(void);
void lsp_arch_call_result(long result);
long lsp_arch_call_epoll(int nr, bool compat, unsigned long timeout_ms);
bool lsp_arch_at_exit(void);

#endif /* _LIVESPLICE_NUDGE_H */
