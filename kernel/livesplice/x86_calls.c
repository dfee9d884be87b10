// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: system calls of x86_64, by number. Called by calls.c, sleeper.c
 * and nudge.c.
 */

#include <linux/array_size.h>
#include <linux/errno.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/stacktrace.h>
#include <linux/string.h>

#include <asm/sections.h>
#include <asm/syscall.h>
#include <asm/unistd.h>

#include "internal.h"
#include "nudge.h"

/* What their tables hold; the functions that look there are the entry code's. */
long __x64_sys_epoll_wait(const struct pt_regs *regs);
long __x64_sys_epoll_pwait(const struct pt_regs *regs);
long __ia32_sys_epoll_wait(const struct pt_regs *regs);
long __ia32_sys_epoll_pwait(const struct pt_regs *regs);

static const u8 lsp_calls_64[] = {
	[__NR_read]		= LSP_CALL_READ,
	[__NR_readv]		= LSP_CALL_READ,
	[__NR_recvfrom]		= LSP_CALL_RECVFROM,
	[__NR_recvmsg]		= LSP_CALL_RECVMSG,
	[__NR_accept]		= LSP_CALL_ACCEPT,
	[__NR_accept4]		= LSP_CALL_ACCEPT,
	[__NR_poll]		= LSP_CALL_POLL,
	[__NR_ppoll]		= LSP_CALL_PPOLL,
	[__NR_select]		= LSP_CALL_SELECT,
	[__NR_pselect6]		= LSP_CALL_SELECT,
	[__NR_epoll_wait]	= LSP_CALL_EPOLL,
	[__NR_epoll_pwait]	= LSP_CALL_EPOLL,
	[__NR_epoll_pwait2]	= LSP_CALL_EPOLL_PWAIT2,
	[__NR_futex]		= LSP_CALL_FUTEX,
	[__NR_futex_waitv]	= LSP_CALL_FUTEX_WAITV,
	[__NR_wait4]		= LSP_CALL_WAIT,
	[__NR_waitid]		= LSP_CALL_WAIT,
	[__NR_nanosleep]	= LSP_CALL_NANOSLEEP,
	[__NR_clock_nanosleep]	= LSP_CALL_CLOCK_NANOSLEEP,
	[__NR_pause]		= LSP_CALL_PAUSE,
	[__NR_rt_sigsuspend]	= LSP_CALL_PAUSE,
	[__NR_rt_sigtimedwait]	= LSP_CALL_SIGTIMEDWAIT,
	[__NR_semop]		= LSP_CALL_SEMOP,
	[__NR_semtimedop]	= LSP_CALL_SEMTIMEDOP,
	[__NR_msgrcv]		= LSP_CALL_MSG,
	[__NR_msgsnd]		= LSP_CALL_MSG,
	[__NR_io_getevents]	= LSP_CALL_GETEVENTS,
	[__NR_restart_syscall]	= LSP_CALL_RESTART,
};

#ifdef CONFIG_IA32_EMULATION
static const u8 lsp_calls_32[] = {
	[__NR_ia32_read]		= LSP_CALL_READ,
	[__NR_ia32_readv]		= LSP_CALL_READ,
	[__NR_ia32_recvfrom]		= LSP_CALL_RECVFROM,
	[__NR_ia32_recvmsg]		= LSP_CALL_RECVMSG,
	[__NR_ia32_accept4]		= LSP_CALL_ACCEPT,
	[__NR_ia32_poll]		= LSP_CALL_POLL,
	[__NR_ia32_ppoll]		= LSP_CALL_PPOLL,
	[__NR_ia32_ppoll_time64]	= LSP_CALL_PPOLL,
	[__NR_ia32__newselect]		= LSP_CALL_SELECT,
	[__NR_ia32_pselect6]		= LSP_CALL_SELECT,
	[__NR_ia32_pselect6_time64]	= LSP_CALL_SELECT,
	[__NR_ia32_epoll_wait]		= LSP_CALL_EPOLL,
	[__NR_ia32_epoll_pwait]		= LSP_CALL_EPOLL,
	[__NR_ia32_epoll_pwait2]	= LSP_CALL_EPOLL_PWAIT2,
	[__NR_ia32_futex]		= LSP_CALL_FUTEX,
	[__NR_ia32_futex_time64]	= LSP_CALL_FUTEX,
	[__NR_ia32_futex_waitv]		= LSP_CALL_FUTEX_WAITV,
	[__NR_ia32_waitpid]		= LSP_CALL_WAIT,
	[__NR_ia32_wait4]		= LSP_CALL_WAIT,
	[__NR_ia32_waitid]		= LSP_CALL_WAIT,
	[__NR_ia32_nanosleep]		= LSP_CALL_NANOSLEEP,
	[__NR_ia32_clock_nanosleep]	= LSP_CALL_CLOCK_NANOSLEEP,
	[__NR_ia32_clock_nanosleep_time64] = LSP_CALL_CLOCK_NANOSLEEP,
	[__NR_ia32_pause]		= LSP_CALL_PAUSE,
	[__NR_ia32_rt_sigsuspend]	= LSP_CALL_PAUSE,
	[__NR_ia32_rt_sigtimedwait]	= LSP_CALL_SIGTIMEDWAIT,
	[__NR_ia32_rt_sigtimedwait_time64] = LSP_CALL_SIGTIMEDWAIT,
	[__NR_ia32_semtimedop_time64]	= LSP_CALL_SEMTIMEDOP,
	[__NR_ia32_msgrcv]		= LSP_CALL_MSG,
	[__NR_ia32_msgsnd]		= LSP_CALL_MSG,
	[__NR_ia32_io_getevents]	= LSP_CALL_GETEVENTS,
	[__NR_ia32_restart_syscall]	= LSP_CALL_RESTART,
};

static bool lsp_is_compat(const struct task_struct *task)
{
	return task_thread_info(task)->status & TS_COMPAT;
}

static enum lsp_call_kind lsp_kind_32(unsigned int nr)
{
	return nr < ARRAY_SIZE(lsp_calls_32) ? lsp_calls_32[nr] : LSP_CALL_NONE;
}

static long lsp_epoll_32(const struct pt_regs *regs, unsigned int nr)
{
	return nr == __NR_ia32_epoll_wait ? __ia32_sys_epoll_wait(regs) :
					    __ia32_sys_epoll_pwait(regs);
}
#else
static bool lsp_is_compat(const struct task_struct *task)
{
	return false;
}

static enum lsp_call_kind lsp_kind_32(unsigned int nr)
{
	return LSP_CALL_NONE;
}

static long lsp_epoll_32(const struct pt_regs *regs, unsigned int nr)
{
	return -EINVAL;
}
#endif

/**
 * lsp_arch_call_get() - which system call is a task in?
 * @task: the task; if it may be running, so is the answer
 * @call: filled in
 *
 * Context: any; the task's stack is held.
 * Return: false if it is in none, or one that must be left alone.
 */
bool lsp_arch_call_get(struct task_struct *task, struct lsp_call *call)
{
	struct pt_regs *regs = task_pt_regs(task);
	int nr = syscall_get_nr(task, regs);

	call->nr = nr;
	call->compat = lsp_is_compat(task);
	call->kind = LSP_CALL_NONE;
	/* An interrupt or exception has no number. x32 has one beyond the table. */
	if (!user_mode(regs) || nr < 0)
		return false;
	if (call->compat)
		call->kind = lsp_kind_32(nr);
	else if (nr < ARRAY_SIZE(lsp_calls_64))
		call->kind = lsp_calls_64[nr];
	syscall_get_arguments(task, regs, call->args);
	return call->kind != LSP_CALL_NONE;
}

/**
 * lsp_arch_call_eintr() - has the current task's call returned EINTR?
 *
 * Return: true if so.
 */
bool lsp_arch_call_eintr(void)
{
	struct pt_regs *regs = current_pt_regs();

	return syscall_get_nr(current, regs) != -1 &&
	       syscall_get_error(current, regs) == -EINTR;
}

/**
 * lsp_arch_call_result() - change what the current task's call has returned
 * @result: to this, a negative errno
 */
void lsp_arch_call_result(long result)
{
	syscall_set_return_value(current, current_pt_regs(), result, 0);
}

/**
 * lsp_arch_call_epoll() - make the current task's epoll call with another timeout
 * @nr: number of the call: epoll_wait() or epoll_pwait()
 * @compat: it is one of the 32-bit ABI
 * @timeout_ms: the timeout
 *
 * Its other arguments are in the registers that user space has passed, which
 * stay as they are.
 *
 * Return: what it returns.
 */
long lsp_arch_call_epoll(int nr, bool compat, unsigned long timeout_ms)
{
	struct pt_regs regs = *current_pt_regs();

	if (compat) {
		regs.si = timeout_ms;
		return lsp_epoll_32(&regs, nr);
	}
	regs.r10 = timeout_ms;
	return nr == __NR_epoll_wait ? __x64_sys_epoll_wait(&regs) :
				       __x64_sys_epoll_pwait(&regs);
}

/* What a work of a task may be called by on the way to user space, by name. */
static const char * const lsp_exit_path[] = {
	"task_work_run", "get_signal", "arch_do_signal_or_restart",
	"resume_user_mode_work", "exit_to_user_mode_loop",
	/* 6.1: the loop is in it. */
	"exit_to_user_mode_prepare",
};

/* The entry code itself, and the C code that it consists of. */
static bool lsp_is_entry_text(unsigned long addr)
{
	return (addr >= (unsigned long)__entry_text_start &&
		addr < (unsigned long)__entry_text_end) ||
	       (addr >= (unsigned long)__noinstr_text_start &&
		addr < (unsigned long)__noinstr_text_end);
}

static bool lsp_is_exit_path(unsigned long addr)
{
	char name[KSYM_NAME_LEN];

	return lsp_is_entry_text(addr) ||
	       (!lookup_symbol_name(addr, name) &&
		match_string(lsp_exit_path, ARRAY_SIZE(lsp_exit_path), name) >= 0);
}

static bool lsp_is_work_run(unsigned long addr)
{
	char name[KSYM_NAME_LEN];

	return !lookup_symbol_name(addr, name) && !strcmp(name, lsp_exit_path[0]);
}

/**
 * lsp_arch_at_exit() - is the current task just about to return to user space?
 *
 * A work may also be run in the middle of a call: by io_uring, or where a CPU is
 * given to a guest. There the call has no result yet, and locks may be held.
 *
 * Context: a work of a task, called by task_work_run(); sleeps not.
 * Return: true if all below its caller is the way to user space.
 */
bool lsp_arch_at_exit(void)
{
	unsigned long frames[24];
	int nr, i = 0;

	nr = stack_trace_save_tsk_reliable(current, frames, ARRAY_SIZE(frames));
	/* Who runs us is whatever of us is above. */
	while (i < nr && !lsp_is_work_run(frames[i]))
		i++;
	if (nr <= 0 || i == nr || nr == ARRAY_SIZE(frames))
		return false;
	while (++i < nr)
		if (!lsp_is_exit_path(frames[i]))
			return false;
	return true;
}
