// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that lsp-sleepers has threads sleep in: for events, for a time, for a
 * child. How to sleep, how to wake who does, what a short call must answer, and
 * how to see which code runs. The updates are made from patches/sleep.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lsp-sleepers.h"

#define CHILD_STACK	4096

int error_of(long rc)
{
	return rc < 0 ? errno : 0;
}

struct timespec *to_timespec(long long ns, struct timespec *ts)
{
	if (ns == FOREVER)
		return NULL;
	ts->tv_sec = ns / NSEC_PER_SEC;
	ts->tv_nsec = ns % NSEC_PER_SEC;
	return ts;
}

static int to_ms(long long ns)
{
	return ns == FOREVER ? -1 : (ns + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC;
}

/* The answer of a call that says how many are ready. */
enum outcome ready(long rc)
{
	return rc > 0 ? WOKEN : rc == 0 ? TIMED_OUT : FAILED;
}

/* An answer that no call may give. */
enum outcome wrong(void)
{
	errno = EPROTO;
	return FAILED;
}

/* eventfd: each wake-up is one that a read takes */

void event_prepare(struct sleeper *sleeper)
{
	sleeper->fd = eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK);
	if (sleeper->fd < 0)
		die("eventfd");
}

void event_wake(struct sleeper *sleeper)
{
	uint64_t one = 1;

	if (write(sleeper->fd, &one, sizeof(one)) != sizeof(one))
		die("eventfd");
}

enum outcome event_take(struct sleeper *sleeper, enum outcome outcome)
{
	uint64_t one;

	if (outcome == WOKEN && read(sleeper->fd, &one, sizeof(one)) < 0)
		return wrong();
	return outcome;
}

/* poll */

static enum outcome poll_sleep(struct sleeper *sleeper, long long timeout)
{
	struct pollfd one = { .fd = sleeper->fd, .events = POLLIN };

	return event_take(sleeper, ready(syscall(SYS_poll, &one, 1, to_ms(timeout))));
}

static bool poll_once(struct sleeper *sleeper)
{
	struct pollfd one = { .fd = sleeper->fd, .events = POLLIN };

	return syscall(SYS_poll, &one, 1, sleeper->index & 1) == 0;
}

static int poll_probe(void)
{
	return error_of(syscall(SYS_poll, NULL, 0x7fffffff, 0));
}

/* ppoll: what is left of the timeout is written back */
static enum outcome ppoll_sleep(struct sleeper *sleeper, long long timeout)
{
	struct pollfd one = { .fd = sleeper->fd, .events = POLLIN };
	struct timespec ts;

	return event_take(sleeper, ready(syscall(SYS_ppoll, &one, 1,
						 to_timespec(timeout, &ts), NULL, 0)));
}

static bool ppoll_once(struct sleeper *sleeper)
{
	return ppoll_sleep(sleeper, (sleeper->index & 1) * NSEC_PER_MSEC) == TIMED_OUT;
}

/* select: likewise */
static enum outcome select_sleep(struct sleeper *sleeper, long long timeout)
{
	unsigned long bits[64] = { 0 };		/* 4096 files */
	struct timeval tv = {
		.tv_sec = timeout / NSEC_PER_SEC,
		.tv_usec = timeout % NSEC_PER_SEC / 1000,
	};

	bits[sleeper->fd / 64] |= 1UL << sleeper->fd % 64;
	return event_take(sleeper, ready(syscall(SYS_select, sleeper->fd + 1, bits, NULL, NULL,
						 timeout == FOREVER ? NULL : &tv)));
}

static bool select_once(struct sleeper *sleeper)
{
	return select_sleep(sleeper, (sleeper->index & 1) * NSEC_PER_MSEC) == TIMED_OUT;
}

static int select_probe(void)
{
	return error_of(syscall(SYS_select, -1, NULL, NULL, NULL, NULL));
}

/* epoll: half of them are told once, so that an event cannot be seen again */

static void epoll_prepare(struct sleeper *sleeper)
{
	struct epoll_event event = {
		.events = EPOLLIN | (sleeper->index & 1 ? EPOLLET : 0),
	};

	event_prepare(sleeper);
	sleeper->queue = epoll_create1(0);
	if (sleeper->queue < 0 ||
	    epoll_ctl(sleeper->queue, EPOLL_CTL_ADD, sleeper->fd, &event))
		die("epoll");
}

static enum outcome epoll_sleep(struct sleeper *sleeper, long long timeout)
{
	struct epoll_event event;

	return event_take(sleeper, ready(syscall(SYS_epoll_wait, sleeper->queue, &event, 1,
						 to_ms(timeout))));
}

static bool epoll_once(struct sleeper *sleeper)
{
	struct epoll_event event;

	return syscall(SYS_epoll_wait, sleeper->queue, &event, 1, sleeper->index & 1) == 0;
}

static int epoll_probe(void)
{
	int queue = epoll_create1(0), error;
	struct epoll_event event;

	error = error_of(syscall(SYS_epoll_wait, queue, &event, ODD, 0));
	close(queue);
	return error;
}

/* futex: the word counts the wake-ups that have not been taken */

static long futex(atomic_uint *word, int op, uint32_t value, const struct timespec *ts,
		  uint32_t bits)
{
	return syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value, ts, NULL, bits);
}

static enum outcome futex_sleep(struct sleeper *sleeper, long long timeout)
{
	struct timespec ts;
	long rc;

	while (!sleeper->word) {
		rc = futex(&sleeper->word, FUTEX_WAIT, 0, to_timespec(timeout, &ts), 0);
		if (rc && errno == ETIMEDOUT)
			return TIMED_OUT;
		/* EAGAIN: the word changed before it could sleep on it (again). */
		if (rc && errno != EAGAIN)
			return FAILED;
		if (!sleeper->word)
			return wrong();
	}
	sleeper->word--;
	return WOKEN;
}

static void futex_wake(struct sleeper *sleeper)
{
	sleeper->word++;
	if (futex(&sleeper->word, FUTEX_WAKE, 1, NULL, 0) < 0)
		die("FUTEX_WAKE");
}

static bool futex_once(struct sleeper *sleeper)
{
	struct timespec ts = { .tv_nsec = NSEC_PER_MSEC };

	if (sleeper->index & 1)
		return futex(&sleeper->word, FUTEX_WAIT, 0, &ts, 0) && errno == ETIMEDOUT;
	return futex(&sleeper->word, FUTEX_WAIT, 1, NULL, 0) && errno == EAGAIN;
}

static int futex_probe(void)
{
	atomic_uint word = 0;

	return error_of(futex(&word, FUTEX_WAIT_BITSET, 0, NULL, 0));
}

/* waitid */

/* A child in our memory must leave alone what belongs to the thread: errno. */
static long bare_syscall(long nr, long a, long b)
{
	long rc;

	asm volatile("syscall" : "=a"(rc) : "a"(nr), "D"(a), "S"(b) : "rcx", "r11", "memory");
	return rc;
}

static int child_waits(void *unused)
{
	(void)unused;
	bare_syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
	return bare_syscall(SYS_pause, 0, 0);
}

static int child_ends(void *unused)
{
	(void)unused;
	return bare_syscall(SYS_exit, 0, 0);
}

static pid_t start_child(struct sleeper *sleeper, int (*run)(void *))
{
	pid_t child;

	if (!sleeper->stack)
		sleeper->stack = aligned_alloc(16, CHILD_STACK);
	if (!sleeper->stack)
		die("aligned_alloc");
	child = clone(run, sleeper->stack + CHILD_STACK, CLONE_VM | SIGCHLD, NULL);
	if (child < 0)
		die("clone");
	return child;
}

static void wait_arm(struct sleeper *sleeper)
{
	sleeper->child = start_child(sleeper, child_waits);
}

static enum outcome wait_sleep(struct sleeper *sleeper, long long timeout)
{
	siginfo_t info = { .si_pid = 0 };

	(void)timeout;
	if (syscall(SYS_waitid, P_PID, sleeper->child, &info, WEXITED, NULL))
		return FAILED;
	return info.si_pid == sleeper->child && info.si_status == SIGKILL ? WOKEN : wrong();
}

static void wait_wake(struct sleeper *sleeper)
{
	if (sleeper->child <= 0 || kill(sleeper->child, SIGKILL))
		die("kill");
}

static bool wait_once(struct sleeper *sleeper)
{
	siginfo_t info = { .si_pid = 0 };
	pid_t child;

	if (!(sleeper->index & 1))
		return syscall(SYS_waitid, P_PID, getpid(), &info, WEXITED, NULL) &&
		       errno == ECHILD;
	child = start_child(sleeper, child_ends);
	return !syscall(SYS_waitid, P_PID, child, &info, WEXITED, NULL) && info.si_pid == child;
}

static int wait_probe(void)
{
	return error_of(syscall(SYS_waitid, P_ALL, 0, NULL,
				WEXITED | WNOHANG | __WALL | __WCLONE, NULL));
}

/* nanosleep: with and without a place for the rest, until and for */

static enum outcome nanosleep_sleep(struct sleeper *sleeper, long long timeout)
{
	struct timespec ts, rest;

	to_timespec(timeout, &ts);
	if (sleeper->index % 4 == 3) {
		clock_gettime(CLOCK_MONOTONIC, &rest);
		to_timespec(timeout + rest.tv_sec * NSEC_PER_SEC + rest.tv_nsec, &ts);
		return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) ?
			FAILED : TIMED_OUT;
	}
	return syscall(SYS_nanosleep, &ts, sleeper->index & 1 ? &rest : NULL) ?
		FAILED : TIMED_OUT;
}

static bool nanosleep_once(struct sleeper *sleeper)
{
	return nanosleep_sleep(sleeper, sleeper->index & 1 ? NSEC_PER_MSEC : 1) == TIMED_OUT;
}

static int nanosleep_probe(void)
{
	struct timespec ts = { .tv_nsec = ODD };

	return error_of(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL));
}

const struct call calls_for_events[] = {
	{
		.name = "poll", .prepare = event_prepare, .sleep = poll_sleep,
		.wake = event_wake, .once = poll_once, .probe = poll_probe,
		.before = EINVAL, .after = E2BIG,
	}, {
		.name = "epoll", .prepare = epoll_prepare, .sleep = epoll_sleep,
		.wake = event_wake, .once = epoll_once, .probe = epoll_probe,
		.before = 0, .after = EXFULL,
	}, {
		.name = "futex", .sleep = futex_sleep, .wake = futex_wake,
		.once = futex_once, .probe = futex_probe,
		.before = EINVAL, .after = ENOMSG,
	}, {
		.name = "wait", .endless = true, .arm = wait_arm, .sleep = wait_sleep,
		.wake = wait_wake, .once = wait_once, .probe = wait_probe,
		.before = ECHILD, .after = EXFULL,
	}, {
		.name = "nanosleep", .timed = true, .sleep = nanosleep_sleep,
		.once = nanosleep_once, .probe = nanosleep_probe,
		.before = 0, .after = EXFULL,
	}, {
		.name = "ppoll", .prepare = event_prepare, .sleep = ppoll_sleep,
		.wake = event_wake, .once = ppoll_once, .probe = poll_probe,
		.before = EINVAL, .after = E2BIG,
	}, {
		.name = "select", .prepare = event_prepare, .sleep = select_sleep,
		.wake = event_wake, .once = select_once, .probe = select_probe,
		.before = EINVAL, .after = ERANGE,
	}, { }
};
