// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: what a sleeping task waits for: a file, a time. Called by nudge.c.
 *
 * A timer that wakes a task is on its stack, for it exists as long as the sleep;
 * it is armed for just as long. So the armed timers on the stack that belong to
 * the task are all that can end its sleep by time. The functions by which they
 * are recognised are private to the timer code.
 */

#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/in.h>
#include <linux/init.h>
#include <linux/kallsyms.h>
#include <linux/ktime.h>
#include <linux/magic.h>
#include <linux/net.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/tty.h>

#include <net/sock.h>

#include "internal.h"
#include "nudge.h"

static unsigned long lsp_hrtimer_wakeup __ro_after_init;
static unsigned long lsp_process_timeout __ro_after_init;
static unsigned long lsp_tty_read __ro_after_init;

/* Files of these kinds give all of something or nothing. */
static const char * const lsp_whole_files[] = {
	"[eventfd]", "[timerfd]", "[signalfd]", "inotify",
};

static bool lsp_socket_whole(struct file *file)
{
	const struct sock *sk;

	if (!IS_ENABLED(CONFIG_NET) || !sock_from_file(file))
		return false;
	sk = sock_from_file(file)->sk;
	if (!sk)
		return false;
	switch (sk->sk_family) {
	case AF_INET:
	case AF_INET6:
		if (sk->sk_type == SOCK_STREAM && sk->sk_protocol != IPPROTO_TCP)
			return false;
		break;
	case AF_UNIX:
	case AF_NETLINK:
	case AF_PACKET:
		break;
	default:
		return false;
	}
	return sk->sk_type != SOCK_STREAM || READ_ONCE(sk->sk_rcvlowat) <= 1;
}

/* Lines, or single characters as they come. */
static bool lsp_tty_whole(struct file *file)
{
	const struct tty_struct *tty;

	if (!IS_ENABLED(CONFIG_TTY) || !lsp_tty_read ||
	    (unsigned long)file->f_op->read_iter != lsp_tty_read)
		return false;
	tty = ((struct tty_file_private *)file->private_data)->tty;
	if (tty->termios.c_line != N_TTY)
		return false;
	return L_ICANON(tty) || (MIN_CHAR(tty) <= 1 && !TIME_CHAR(tty));
}

static bool lsp_file_whole(struct file *file)
{
	const struct inode *inode = file_inode(file);
	const char *name = file->f_path.dentry->d_name.name;

	if (S_ISFIFO(inode->i_mode))
		return true;
	if (S_ISSOCK(inode->i_mode))
		return lsp_socket_whole(file);
	if (S_ISCHR(inode->i_mode))
		return lsp_tty_whole(file);
	return inode->i_sb->s_magic == ANON_INODE_FS_MAGIC &&
	       match_string(lsp_whole_files, ARRAY_SIZE(lsp_whole_files), name) >= 0;
}

/**
 * lsp_sleeper_open() - find what the first argument of a task's call stands for
 * @sleeper: filled in
 * @task: the task, in any state
 *
 * Whether the task does sleep on it is for lsp_sleeper_look() to say.
 *
 * Context: takes a spinlock of the task.
 */
void lsp_sleeper_open(struct lsp_sleeper *sleeper, struct task_struct *task)
{
	struct lsp_call call;

	memset(sleeper, 0, sizeof(*sleeper));
	if (!lsp_arch_call_get(task, &call))
		return;
	switch (call.kind) {
	case LSP_CALL_READ:
	case LSP_CALL_RECVFROM:
	case LSP_CALL_RECVMSG:
	case LSP_CALL_ACCEPT:
		sleeper->file = fget_task(task, call.args[0]);
		break;
	default:
		break;
	}
	sleeper->whole = sleeper->file && lsp_file_whole(sleeper->file);
}

/* An armed timer that wakes the task, at a word that looks like its function? */
static __no_kasan_or_inline void
lsp_look_hrtimer(struct lsp_sleeper *sleeper, const struct task_struct *task,
		 unsigned long addr, unsigned long low, unsigned long top)
{
	unsigned long words[sizeof(struct hrtimer_sleeper) / sizeof(long)];
	struct hrtimer_sleeper *timer = (void *)words;
	unsigned int i;
	s64 left;

	addr -= offsetof(struct hrtimer_sleeper, timer.function);
	if (addr < low || addr + sizeof(*timer) > top)
		return;
	for (i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = READ_ONCE(((unsigned long *)addr)[i]);
	if (timer->task != task || !hrtimer_is_queued(&timer->timer))
		return;
	/* It may be going off: then its base is as good as ever. */
	left = hrtimer_get_softexpires(&timer->timer) -
	       hrtimer_cb_get_time(&timer->timer);
	if (!sleeper->nr_hrtimers++)
		sleeper->deadline = ktime_get_ns() + max_t(s64, left, 0);
}

static __no_kasan_or_inline void
lsp_look_timer(struct lsp_sleeper *sleeper, unsigned long addr,
	       unsigned long low, unsigned long top)
{
	const struct timer_list *timer;

	addr -= offsetof(struct timer_list, function);
	if (addr < low || addr + sizeof(*timer) > top)
		return;
	timer = (void *)addr;
	if (READ_ONCE(timer->entry.pprev))
		sleeper->nr_timers++;
}

/**
 * lsp_sleeper_look() - find on a task's stack what it waits for
 * @sleeper: from lsp_sleeper_open()
 * @task: the task; it must not be able to start running meanwhile
 *
 * Context: any; the task's stack is held.
 */
__no_kasan_or_inline void lsp_sleeper_look(struct lsp_sleeper *sleeper,
					   struct task_struct *task)
{
	unsigned long low = (unsigned long)task_stack_page(task);
	unsigned long top = (unsigned long)task_pt_regs(task);
	unsigned long sp = lsp_arch_saved_sp(task), word;

	sleeper->on_file = false;
	sleeper->nr_hrtimers = 0;
	sleeper->nr_timers = 0;
	sleeper->filtered = IS_ENABLED(CONFIG_SECCOMP) &&
			    test_task_syscall_work(task, SECCOMP);
	if (sp < low || sp >= top || !IS_ALIGNED(sp, sizeof(word)))
		return;
	for (; sp < top; sp += sizeof(word)) {
		word = READ_ONCE_NOCHECK(*(unsigned long *)sp);
		if (word < PAGE_SIZE)
			continue;
		/* What has a reference to give back is marked in the lowest bits. */
		if ((word & ~3UL) == (unsigned long)sleeper->file)
			sleeper->on_file = true;
		else if (word == lsp_hrtimer_wakeup)
			lsp_look_hrtimer(sleeper, task, sp, low, top);
		else if (word == lsp_process_timeout)
			lsp_look_timer(sleeper, sp, low, top);
	}
}

/**
 * lsp_sleeper_close() - undo lsp_sleeper_open()
 * @sleeper: from there
 */
void lsp_sleeper_close(struct lsp_sleeper *sleeper)
{
	if (sleeper->file)
		fput(sleeper->file);
}

/**
 * lsp_sleeper_init() - find the functions by which timers are recognised
 *
 * Return: false if one of them is not to be found: then nobody may be woken,
 * for a timeout would not be seen.
 */
bool __init lsp_sleeper_init(void)
{
	lsp_hrtimer_wakeup = kallsyms_lookup_name("hrtimer_wakeup");
	lsp_process_timeout = kallsyms_lookup_name("process_timeout");
	lsp_tty_read = kallsyms_lookup_name("tty_read");
	return lsp_hrtimer_wakeup && lsp_process_timeout;
}
