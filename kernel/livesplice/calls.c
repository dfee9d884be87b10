// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: which system calls can be interrupted without anybody noticing.
 * Called by nudge.c.
 *
 * DOC: Calls that restart exactly
 *
 * A task that sleeps in a call is told, without a signal, that there is work to
 * do (TIF_NOTIFY_SIGNAL). The call returns early, the work is done on the way to
 * user space, and the call is made again. The same happens to every call of a
 * process that is stopped and continued, but not every call stands it. A call is
 * interrupted only if all this holds:
 *
 * - Interrupted in this sleep it returns an error. A call that has transferred a
 *   part would return how much: that of streams with a low-water mark, of
 *   terminals that wait for several characters, of everything that writes.
 * - It is made again as if nothing had been: it returns one of the codes that
 *   the kernel restarts by itself, or EINTR, which is turned into one of them.
 * - It ends when it would have ended. A timeout in a register is counted anew
 *   from what the timer on the sleeper's stack says. One behind a pointer belongs
 *   to user space and is not touched: such a call is left to time out, and so is
 *   one that waits with a timeout of its file or terminal.
 * - Where it is restarted by restart_syscall(2), no filter may object to that.
 *
 * Calls that are not in the table of x86_calls.c are left alone.
 */

#include <uapi/linux/futex.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/restart_block.h>
#include <linux/sched.h>
#include <linux/socket.h>
#include <linux/thread_info.h>
#include <linux/time.h>

#include "nudge.h"

static enum lsp_restart lsp_if(bool exact)
{
	return exact ? LSP_RESTART_ITSELF : LSP_RESTART_NOT;
}

/* By restart_syscall(2), under a number that it has not used. */
static enum lsp_restart lsp_by_block(const struct lsp_sleeper *sleeper)
{
	return lsp_if(!sleeper->filtered);
}

/* From a file, which may have a timeout and a least length of its own. */
static enum lsp_restart lsp_from_file(const struct lsp_sleeper *sleeper,
				      bool whole)
{
	return lsp_if(whole && sleeper->on_file && !sleeper->nr_timers &&
		      !sleeper->nr_hrtimers);
}

static enum lsp_restart lsp_judge_futex(const struct lsp_call *call,
					const struct lsp_sleeper *sleeper)
{
	switch ((int)call->args[1] & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		return call->args[3] ? lsp_by_block(sleeper) : LSP_RESTART_ITSELF;
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
		return LSP_RESTART_ITSELF;
	default:
		return LSP_RESTART_NOT;
	}
}

static enum lsp_restart lsp_judge_epoll(const struct lsp_call *call,
					const struct lsp_sleeper *sleeper)
{
	if ((int)call->args[3] < 0)
		return LSP_RESTART_AGAIN;
	if (sleeper->nr_hrtimers != 1 || sleeper->filtered)
		return LSP_RESTART_NOT;
	return LSP_RESTART_LATER;
}

/* Without a timeout it returns EINTR; with one, that is in user memory. */
static enum lsp_restart lsp_again_without(unsigned long timeout)
{
	return timeout ? LSP_RESTART_NOT : LSP_RESTART_AGAIN;
}

/**
 * lsp_call_judge() - how does a call go on that is interrupted now?
 * @call: the call
 * @sleeper: what the task waits for in it
 *
 * Context: any.
 * Return: LSP_RESTART_NOT if it must not be interrupted.
 */
enum lsp_restart lsp_call_judge(const struct lsp_call *call,
				const struct lsp_sleeper *sleeper)
{
	const unsigned long *args = call->args;

	switch (call->kind) {
	case LSP_CALL_READ:
		return lsp_from_file(sleeper, sleeper->whole);
	case LSP_CALL_RECVFROM:
		return lsp_from_file(sleeper, sleeper->whole && !(args[3] & MSG_WAITALL));
	case LSP_CALL_RECVMSG:
		return lsp_from_file(sleeper, sleeper->whole && !(args[2] & MSG_WAITALL));
	case LSP_CALL_ACCEPT:
		return lsp_from_file(sleeper, true);
	case LSP_CALL_POLL:
	case LSP_CALL_NANOSLEEP:
		return lsp_by_block(sleeper);
	case LSP_CALL_CLOCK_NANOSLEEP:
		return args[1] & TIMER_ABSTIME ? LSP_RESTART_ITSELF :
						 lsp_by_block(sleeper);
	case LSP_CALL_PPOLL:
		return lsp_if(!args[2]);
	case LSP_CALL_SELECT:
		return lsp_if(!args[4]);
	case LSP_CALL_EPOLL:
		return lsp_judge_epoll(call, sleeper);
	case LSP_CALL_EPOLL_PWAIT2:
	case LSP_CALL_SEMTIMEDOP:
		return lsp_again_without(args[3]);
	case LSP_CALL_SIGTIMEDWAIT:
		return lsp_again_without(args[2]);
	case LSP_CALL_SEMOP:
		return LSP_RESTART_AGAIN;
	case LSP_CALL_GETEVENTS:
		/* With more than one to wait for, it may have some of them. */
		return (long)args[1] > 1 ? LSP_RESTART_NOT : lsp_again_without(args[4]);
	case LSP_CALL_FUTEX:
		return lsp_judge_futex(call, sleeper);
	case LSP_CALL_FUTEX_WAITV:
	case LSP_CALL_WAIT:
	case LSP_CALL_PAUSE:
	case LSP_CALL_MSG:
	case LSP_CALL_RESTART:
		return LSP_RESTART_ITSELF;
	default:
		return LSP_RESTART_NOT;
	}
}

/*
 * An epoll_wait() that goes on: to the deadline that the first one had. What it
 * returns is what that would have returned; ERESTARTNOHAND is not in it, for
 * that would count from the start.
 */
static long lsp_restart_epoll(struct restart_block *restart)
{
	s64 left = restart->nanosleep.expires - ktime_get_ns();
	unsigned long ms = left > 0 ? DIV_ROUND_UP_ULL(left, NSEC_PER_MSEC) : 0;

	return lsp_arch_call_epoll(restart->nanosleep.clockid,
				   restart->nanosleep.type == TT_COMPAT,
				   min_t(unsigned long, ms, INT_MAX));
}

/**
 * lsp_call_restarted() - is a restarted call one of those that we have restarted?
 * @task: the task, which does not run
 * @call: its call, of the kind LSP_CALL_RESTART; becomes the first one if so
 * @deadline: becomes that of the first one, which the timer has only rounded up to
 *	milliseconds: often enough, that would add up
 *
 * Return: true if so.
 */
bool lsp_call_restarted(struct task_struct *task, struct lsp_call *call,
			u64 *deadline)
{
	const struct restart_block *restart = &task->restart_block;

	if (restart->fn != lsp_restart_epoll)
		return false;
	call->kind = LSP_CALL_EPOLL;
	call->nr = restart->nanosleep.clockid;
	*deadline = restart->nanosleep.expires;
	return true;
}

/**
 * lsp_call_again() - have a call of the current task made again
 * @call: the call, which has returned
 * @restart: how
 * @deadline: LSP_RESTART_LATER: when it ends, in ns of CLOCK_MONOTONIC
 *
 * A signal with a handler that has come meanwhile ends the call all the same:
 * of all that is put here its delivery makes EINTR.
 *
 * Context: on the way to user space, before signals are looked for.
 */
void lsp_call_again(const struct lsp_call *call, enum lsp_restart restart,
		    u64 deadline)
{
	struct restart_block *block = &current->restart_block;

	if (restart < LSP_RESTART_AGAIN || !lsp_arch_call_eintr())
		return;
	if (restart == LSP_RESTART_AGAIN) {
		lsp_arch_call_result(-ERESTARTNOHAND);
		return;
	}
	block->nanosleep.clockid = call->nr;
	block->nanosleep.type = call->compat ? TT_COMPAT : TT_NATIVE;
	block->nanosleep.expires = deadline;
	lsp_arch_call_result(set_restart_fn(block, lsp_restart_epoll));
}
