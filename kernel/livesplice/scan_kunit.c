// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: tests of the look at all stacks: who is found when, and that
 * whoever has run is looked at again.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kallsyms.h>
#include <linux/kthread.h>
#include <linux/sched/task.h>
#include <linux/stop_machine.h>
#include <linux/timekeeping.h>

#include "internal.h"
#include "scan.h"
#include "switch_kunit.h"

/* More than any log has room for. */
#define FLOOD		0x80000

/**
 * struct stage - one attempt, taken apart
 * @range: the function that must be free
 * @ranges: the same
 * @blockers: who is in it
 * @scan: the scan
 * @deadline: for the pause
 * @arrived: CPUs that are held
 * @clean: what the pause found
 */
struct stage {
	struct lsp_range	range;
	struct lsp_ranges	ranges;
	struct lsp_blocker	blockers[LSP_MAX_BLOCKERS];
	struct lsp_scan		scan;
	u64			deadline;
	atomic_t		arrived;
	bool			clean;
};

/* A thread that waits outside before it calls the function. */
struct late {
	struct stay		stay;
	struct completion	begin;
	struct task_struct	*task;
};

static int late(void *data)
{
	struct late *late = data;

	wait_for_completion(&late->begin);
	lsp_test_answer(&late->stay);
	while (!kthread_should_stop())
		usleep_range(1000, 2000);
	return 0;
}

static void late_start(struct kunit *test, struct late *late_)
{
	init_completion(&late_->stay.inside);
	init_completion(&late_->stay.leave);
	init_completion(&late_->begin);
	late_->stay.spin = false;
	late_->task = kthread_run(late, late_, "lsp late");
	KUNIT_ASSERT_FALSE(test, IS_ERR(late_->task));
	get_task_struct(late_->task);
	msleep(20);
}

static void late_stop(struct late *late)
{
	complete_all(&late->begin);
	complete_all(&late->stay.leave);
	kthread_stop(late->task);
	put_task_struct(late->task);
}

static int hold(void *data)
{
	struct stage *stage = data;

	lsp_stack_arrive_stopped();
	if (atomic_inc_return(&stage->arrived) < num_online_cpus())
		return 0;
	/* The last one: all have arrived, and none goes on before we end. */
	stage->clean = lsp_scan_clean_stopped(&stage->scan, stage->deadline);
	return 0;
}

static bool clean_before(struct stage *stage, u64 deadline)
{
	atomic_set(&stage->arrived, 0);
	stage->clean = false;
	stage->deadline = deadline;
	guard(cpus_read_lock)();
	stop_machine_cpuslocked(hold, stage, cpu_online_mask);
	return stage->clean;
}

static bool clean_stopped(struct stage *stage)
{
	return clean_before(stage, ktime_get_mono_fast_ns() + NSEC_PER_SEC);
}

static struct stage *stage_init(struct kunit *test)
{
	struct stage *stage = kunit_kzalloc(test, sizeof(*stage), GFP_KERNEL);
	unsigned long size = 0;

	KUNIT_ASSERT_NOT_NULL(test, stage);
	stage->range.start = (unsigned long)lsp_test_old_answer;
	kallsyms_lookup_size_offset(stage->range.start, &size, NULL);
	stage->range.end = stage->range.start + size;
	stage->ranges.ranges = &stage->range;
	stage->ranges.nr = 1;
	lsp_ranges_sort(&stage->ranges);
	stage->ranges.blockers = stage->blockers;
	stage->scan.ranges = &stage->ranges;
	return stage;
}

/* The order of locks is that of an operation: the test holds lsp_mutex. */
static enum lsp_reason stage_begin(struct stage *stage)
{
	unsigned int i;

	mutex_lock(&lsp_mutex);
	if (lsp_track_start())
		return LSP_NOMEM;
	for (i = 0; i < 10 && lsp_track_drain(HZ) <= 0; i++)
		;
	return lsp_scan_start(&stage->scan);
}

static void stage_end(struct stage *stage)
{
	lsp_scan_stop(&stage->scan);
	lsp_track_stop();
	mutex_unlock(&lsp_mutex);
}

static void scan_nobody(struct kunit *test)
{
	struct stage *stage = stage_init(test);

	KUNIT_EXPECT_EQ(test, stage_begin(stage), LSP_OK);
	KUNIT_EXPECT_GT(test, stage->scan.nr_looks, 5);
	KUNIT_EXPECT_EQ(test, lsp_scan_again(&stage->scan), LSP_OK);
	KUNIT_EXPECT_TRUE(test, clean_stopped(stage));
	KUNIT_EXPECT_FALSE(test, stage->scan.late);
	/* Us at least, we have run all the time. */
	KUNIT_EXPECT_GT(test, stage->scan.nr_stopped, 0);
	stage_end(stage);
}

/* Who sleeps inside is found without a pause. */
static void scan_sleeper(struct kunit *test)
{
	struct stage *stage = stage_init(test);
	struct guest guest;

	lsp_test_enter(test, &guest, lsp_test_answer, false);
	KUNIT_EXPECT_EQ(test, stage_begin(stage), LSP_BUSY);
	KUNIT_EXPECT_EQ(test, stage->ranges.nr_blockers, 1);
	KUNIT_EXPECT_EQ(test, stage->blockers[0].pid, guest.task->pid);
	stage_end(stage);
	lsp_test_leave(&guest);
}

/* Who goes in after the first pass is found in the pause... */
static void scan_late(struct kunit *test)
{
	struct stage *stage = stage_init(test);
	struct late late;

	late_start(test, &late);
	KUNIT_EXPECT_EQ(test, stage_begin(stage), LSP_OK);
	complete_all(&late.begin);
	wait_for_completion(&late.stay.inside);
	KUNIT_EXPECT_FALSE(test, clean_stopped(stage));
	KUNIT_EXPECT_EQ(test, stage->ranges.nr_blockers, 1);
	KUNIT_EXPECT_EQ(test, stage->blockers[0].pid, late.task->pid);
	stage_end(stage);
	late_stop(&late);
}

/* ... and so is who did not exist before, ... */
static void scan_newborn(struct kunit *test)
{
	struct stage *stage = stage_init(test);
	struct guest guest;

	KUNIT_EXPECT_EQ(test, stage_begin(stage), LSP_OK);
	lsp_test_enter(test, &guest, lsp_test_answer, false);
	KUNIT_EXPECT_FALSE(test, clean_stopped(stage));
	KUNIT_EXPECT_EQ(test, stage->ranges.nr_blockers, 1);
	KUNIT_EXPECT_EQ(test, stage->blockers[0].pid, guest.task->pid);
	stage_end(stage);
	lsp_test_leave(&guest);
}

/*
 * ... or by a repeated pass, if there are enough others that it is worth one:
 * each of those who wait is woken.
 */
static void scan_again(struct kunit *test)
{
	struct stage *stage = stage_init(test);
	static struct late others[9];
	struct late in;
	int i, nr = min_t(int, ARRAY_SIZE(others), num_online_cpus() + 1);

	late_start(test, &in);
	for (i = 0; i < nr; i++)
		late_start(test, &others[i]);
	KUNIT_EXPECT_EQ(test, stage_begin(stage), LSP_OK);
	for (i = 0; i < nr; i++)
		wake_up_process(others[i].task);
	complete_all(&in.begin);
	wait_for_completion(&in.stay.inside);
	msleep(20);
	KUNIT_EXPECT_GT(test, lsp_ran_waiting(), num_online_cpus());
	KUNIT_EXPECT_EQ(test, lsp_scan_again(&stage->scan), LSP_BUSY);
	KUNIT_EXPECT_EQ(test, stage->blockers[0].pid, in.task->pid);
	stage_end(stage);
	for (i = 0; i < nr; i++)
		late_stop(&others[i]);
	late_stop(&in);
}

static void scan_too_late(struct kunit *test)
{
	struct stage *stage = stage_init(test);

	KUNIT_EXPECT_EQ(test, stage_begin(stage), LSP_OK);
	KUNIT_EXPECT_FALSE(test, clean_before(stage, 0));
	KUNIT_EXPECT_TRUE(test, stage->scan.late);
	stage_end(stage);
}

/* A task that was not noted may be anywhere. */
static void scan_lost(struct kunit *test)
{
	struct stage *stage = stage_init(test);
	struct lsp_ran_task *entry = NULL;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, stage_begin(stage), LSP_OK);
	KUNIT_EXPECT_FALSE(test, lsp_ran_lost());
	for (i = 0; i < 100 && !entry; i++) {
		usleep_range(100, 200);
		entry = lsp_ran_next(lsp_ran_end());
	}
	KUNIT_ASSERT_NOT_NULL(test, entry);
	for (i = 0; i < FLOOD; i++)
		lsp_ran_again(entry);
	KUNIT_EXPECT_TRUE(test, lsp_ran_lost());
	KUNIT_EXPECT_FALSE(test, clean_stopped(stage));
	KUNIT_EXPECT_EQ(test, stage->ranges.nr_blockers, 0);
	stage_end(stage);
	KUNIT_EXPECT_TRUE(test, stage->scan.lost);
}

static struct kunit_case livesplice_scan_cases[] = {
	KUNIT_CASE(scan_nobody),
	KUNIT_CASE(scan_sleeper),
	KUNIT_CASE(scan_late),
	KUNIT_CASE(scan_newborn),
	KUNIT_CASE(scan_again),
	KUNIT_CASE(scan_too_late),
	KUNIT_CASE(scan_lost),
	{}
};

static struct kunit_suite livesplice_scan_suite = {
	.name = "livesplice_scan",
	.test_cases = livesplice_scan_cases,
};

kunit_test_suite(livesplice_scan_suite);

MODULE_DESCRIPTION("KUnit tests of livesplice's look at stacks");
MODULE_LICENSE("GPL");
