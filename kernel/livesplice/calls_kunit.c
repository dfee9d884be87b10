// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: tests of which system calls may be interrupted, and how they go on.
 */
#include <kunit/test.h>
#include <linux/fcntl.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <linux/time.h>
#include <uapi/linux/futex.h>

#include "internal.h"
#include "nudge.h"

static enum lsp_restart judge(enum lsp_call_kind kind, unsigned int arg,
			      unsigned long value,
			      const struct lsp_sleeper *sleeper)
{
	struct lsp_call call = { .kind = kind };

	call.args[arg] = value;
	return lsp_call_judge(&call, sleeper);
}

static const struct lsp_sleeper plain;
static const struct lsp_sleeper filtered = { .filtered = true };
static const struct lsp_sleeper timed = { .nr_hrtimers = 1 };
static const struct lsp_sleeper on_file = { .on_file = true, .whole = true };

#define EXPECT(kind, arg, value, sleeper, how)				\
	KUNIT_EXPECT_EQ(test, judge(LSP_CALL_##kind, arg, value, &(sleeper)), \
			LSP_RESTART_##how)

static void calls_of_files(struct kunit *test)
{
	struct lsp_sleeper other = on_file;

	EXPECT(READ, 0, 3, on_file, ITSELF);
	EXPECT(ACCEPT, 0, 3, on_file, ITSELF);
	EXPECT(RECVFROM, 3, MSG_PEEK, on_file, ITSELF);
	EXPECT(RECVFROM, 3, MSG_WAITALL, on_file, NOT);
	EXPECT(RECVMSG, 2, 0, on_file, ITSELF);
	EXPECT(RECVMSG, 2, MSG_WAITALL, on_file, NOT);

	/* It may have a part of the data. */
	other.whole = false;
	EXPECT(READ, 0, 3, other, NOT);
	EXPECT(RECVFROM, 0, 3, other, NOT);
	EXPECT(RECVMSG, 0, 3, other, NOT);
	/* A connection is never a part of one. */
	EXPECT(ACCEPT, 0, 3, other, ITSELF);

	/* It sleeps in something else. */
	other = on_file;
	other.on_file = false;
	EXPECT(READ, 0, 3, other, NOT);
	EXPECT(ACCEPT, 0, 3, other, NOT);

	/* The file has a timeout, which would begin anew. */
	other = on_file;
	other.nr_timers = 1;
	EXPECT(READ, 0, 3, other, NOT);
	EXPECT(ACCEPT, 0, 3, other, NOT);
	other.nr_timers = 0;
	other.nr_hrtimers = 1;
	EXPECT(RECVMSG, 0, 3, other, NOT);
}

static void calls_with_timeouts(struct kunit *test)
{
	struct lsp_sleeper two = { .nr_hrtimers = 2 };

	EXPECT(EPOLL, 3, -1UL, plain, AGAIN);
	EXPECT(EPOLL, 3, 0xffffffffUL, plain, AGAIN);
	EXPECT(EPOLL, 3, 1000, timed, LATER);
	EXPECT(EPOLL, 3, 1000, plain, NOT);
	EXPECT(EPOLL, 3, 1000, two, NOT);
	EXPECT(EPOLL_PWAIT2, 3, 0, plain, AGAIN);
	EXPECT(EPOLL_PWAIT2, 3, 0x1000, timed, NOT);
	EXPECT(PPOLL, 2, 0, plain, ITSELF);
	EXPECT(PPOLL, 2, 0x1000, timed, NOT);
	EXPECT(SELECT, 4, 0, plain, ITSELF);
	EXPECT(SELECT, 4, 0x1000, timed, NOT);
	EXPECT(SIGTIMEDWAIT, 2, 0, plain, AGAIN);
	EXPECT(SIGTIMEDWAIT, 2, 0x1000, timed, NOT);
	EXPECT(SEMOP, 0, 1, plain, AGAIN);
	EXPECT(SEMTIMEDOP, 3, 0, plain, AGAIN);
	EXPECT(SEMTIMEDOP, 3, 0x1000, timed, NOT);
	EXPECT(GETEVENTS, 1, 1, plain, AGAIN);
	EXPECT(GETEVENTS, 1, 2, plain, NOT);
	EXPECT(GETEVENTS, 4, 0x1000, timed, NOT);
	EXPECT(POLL, 2, 1000, timed, ITSELF);
	EXPECT(POLL, 2, -1UL, plain, ITSELF);
	EXPECT(NANOSLEEP, 0, 0x1000, timed, ITSELF);
	EXPECT(CLOCK_NANOSLEEP, 1, TIMER_ABSTIME, timed, ITSELF);
	EXPECT(CLOCK_NANOSLEEP, 1, 0, timed, ITSELF);
}

static void calls_of_futexes(struct kunit *test)
{
	struct lsp_call call = { .kind = LSP_CALL_FUTEX };

	EXPECT(FUTEX, 1, FUTEX_WAIT, plain, ITSELF);
	EXPECT(FUTEX, 1, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, plain, ITSELF);
	EXPECT(FUTEX, 1, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, plain, ITSELF);
	EXPECT(FUTEX, 1, FUTEX_LOCK_PI, plain, ITSELF);
	/* It would not be in the queue that it was moved to. */
	EXPECT(FUTEX, 1, FUTEX_WAIT_REQUEUE_PI, plain, NOT);
	EXPECT(FUTEX, 1, 127, plain, NOT);
	EXPECT(FUTEX_WAITV, 0, 0x1000, plain, ITSELF);

	call.args[1] = FUTEX_WAIT;
	call.args[3] = 0x1000;
	KUNIT_EXPECT_EQ(test, lsp_call_judge(&call, &timed), LSP_RESTART_ITSELF);
	KUNIT_EXPECT_EQ(test, lsp_call_judge(&call, &filtered), LSP_RESTART_NOT);
}

/* Whom a filter may kill for a restart_syscall(). */
static void calls_under_filters(struct kunit *test)
{
	struct lsp_sleeper both = filtered;

	both.nr_hrtimers = 1;
	EXPECT(POLL, 2, 1000, filtered, NOT);
	EXPECT(NANOSLEEP, 0, 0x1000, filtered, NOT);
	EXPECT(CLOCK_NANOSLEEP, 1, 0, filtered, NOT);
	EXPECT(EPOLL, 3, 1000, both, NOT);
	EXPECT(EPOLL, 3, -1UL, filtered, AGAIN);
	EXPECT(CLOCK_NANOSLEEP, 1, TIMER_ABSTIME, filtered, ITSELF);
	EXPECT(WAIT, 0, 1, filtered, ITSELF);
	/* It has made one already. */
	EXPECT(RESTART, 0, 0, filtered, ITSELF);
}

static void calls_of_no_table(struct kunit *test)
{
	EXPECT(NONE, 0, 0, on_file, NOT);
	EXPECT(MSG, 0, 0, plain, ITSELF);
	EXPECT(PAUSE, 0, 0, plain, ITSELF);
	KUNIT_EXPECT_EQ(test, judge(LSP_NR_CALL_KINDS, 0, 0, &on_file),
			LSP_RESTART_NOT);
}

/* The first two attempts touch nobody, and none goes further than it may. */
static void levels(struct kunit *test)
{
	static const enum lsp_nudge most[] = {
		LSP_NUDGE_NONE, LSP_NUDGE_WAKE, LSP_NUDGE_PARK,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(most); i++) {
		KUNIT_EXPECT_EQ(test, lsp_nudging_level(most[i], 1), LSP_NUDGE_NONE);
		KUNIT_EXPECT_EQ(test, lsp_nudging_level(most[i], 2), LSP_NUDGE_NONE);
		KUNIT_EXPECT_EQ(test, lsp_nudging_level(most[i], 3),
				min(LSP_NUDGE_WAKE, most[i]));
		KUNIT_EXPECT_EQ(test, lsp_nudging_level(most[i], 4), most[i]);
		KUNIT_EXPECT_EQ(test, lsp_nudging_level(most[i], 1000), most[i]);
	}
}

/* A kernel thread is in no call, and on no way to user space. */
static void not_at_exit(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, lsp_arch_at_exit());
}

static struct kunit_case calls_cases[] = {
	KUNIT_CASE(calls_of_files),
	KUNIT_CASE(calls_with_timeouts),
	KUNIT_CASE(calls_of_futexes),
	KUNIT_CASE(calls_under_filters),
	KUNIT_CASE(calls_of_no_table),
	KUNIT_CASE(levels),
	KUNIT_CASE(not_at_exit),
	{ }
};

static struct kunit_suite calls_suite = {
	.name		= "livesplice_calls",
	.test_cases	= calls_cases,
};

kunit_test_suite(calls_suite);
