// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: tests of the switch when somebody is in the way: in a function,
 * in a fragment of one, below a kretprobe, or with a probe on the bytes of the
 * jump.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/sched/task.h>
#include <linux/string.h>

#include "internal.h"
#include "switch_kunit.h"

/* One of those that it is in may be in assembly, with nothing that tells its type. */
static __nocfi int guest(void *data)
{
	struct guest *guest = data;

	guest->answer = guest->fn(&guest->stay);
	while (!kthread_should_stop())
		usleep_range(1000, 2000);
	return 0;
}

void lsp_test_enter(struct kunit *test, struct guest *guest_, answer_fn fn,
		    bool spin)
{
	init_completion(&guest_->stay.inside);
	init_completion(&guest_->stay.leave);
	guest_->stay.spin = spin;
	guest_->fn = fn;
	guest_->task = kthread_run(guest, guest_, "lsp guest");
	KUNIT_ASSERT_FALSE(test, IS_ERR(guest_->task));
	get_task_struct(guest_->task);
	wait_for_completion(&guest_->stay.inside);
	/* Let it get to its place. */
	msleep(20);
}

int lsp_test_leave(struct guest *guest)
{
	complete_all(&guest->stay.leave);
	kthread_stop(guest->task);
	put_task_struct(guest->task);
	return guest->answer;
}

static void expect_busy(struct kunit *test, struct lsp_update *update,
			bool enable, const struct guest *guest)
{
	const struct lsp_blocker *blocker = update->blockers;
	const struct lsp_patch *patch = lsp_test_part(update)->patches;
	u8 before[LSP_MAX_SPAN];

	memcpy(before, (void *)patch->site, patch->span);
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, enable), LSP_BUSY);
	KUNIT_EXPECT_EQ(test, update->attempts, ATTEMPTS);
	KUNIT_EXPECT_EQ(test, update->nr_blockers, 1);
	KUNIT_EXPECT_EQ(test, blocker->pid, guest->task->pid);
	KUNIT_EXPECT_STREQ(test, blocker->comm, "lsp guest");
	KUNIT_EXPECT_MEMEQ(test, (void *)patch->site, before, patch->span);
	EXPECT_TEXT_OK(test, update);
}

static void try_busy(struct kunit *test, bool spin)
{
	struct lsp_update *update = test->priv;
	struct guest guest;

	lsp_test_enter(test, &guest, lsp_test_answer, spin);
	expect_busy(test, update, true, &guest);
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), OLD);
	KUNIT_EXPECT_EQ(test, lsp_test_leave(&guest), OLD);
	KUNIT_ASSERT_EQ(test, lsp_test_set(update, true), LSP_OK);
	KUNIT_EXPECT_EQ(test, update->nr_blockers, 0);

	lsp_test_enter(test, &guest, lsp_test_answer, spin);
	expect_busy(test, update, false, &guest);
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), NEW);
	KUNIT_EXPECT_EQ(test, lsp_test_leave(&guest), NEW);
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, false), LSP_OK);
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), OLD);
}

static void busy_sleeping(struct kunit *test)
{
	try_busy(test, false);
}

static void busy_running(struct kunit *test)
{
	try_busy(test, true);
}

/* A fragment is not switched, but must be free as well. */
static void busy_fragment(struct kunit *test)
{
	struct lsp_update *update = test->priv;
	struct guest guest;

	lsp_test_replan(test, lsp_test_new_answer, "new_answer");
	lsp_test_plan(test, update, lsp_test_old_second, lsp_test_new_second, "old_second.cold");
	lsp_test_part(update)->patches[1].new_addr = 0;
	lsp_test_part(update)->patches[1].new_size = 0;

	lsp_test_enter(test, &guest, lsp_test_second, false);
	expect_busy(test, update, true, &guest);
	KUNIT_EXPECT_EQ(test, lsp_test_leave(&guest), OLD + 1);
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, true), LSP_OK);
	KUNIT_EXPECT_EQ(test, lsp_test_second(NULL), OLD + 1);
}

#ifdef CONFIG_KRETPROBES
static int ignore_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	return 0;
}

/* The return address into lsp_test_old_second() is kept off the stack. */
static void busy_kretprobe(struct kunit *test)
{
	struct kretprobe probe = {
		.handler = ignore_return,
		.kp.addr = (kprobe_opcode_t *)lsp_test_old_answer,
	};
	struct lsp_update *update = test->priv;
	struct guest guest;

	lsp_test_replan(test, lsp_test_old_second, "old_second");
	KUNIT_ASSERT_EQ(test, register_kretprobe(&probe), 0);
	lsp_test_enter(test, &guest, lsp_test_second, false);
	expect_busy(test, update, true, &guest);
	KUNIT_EXPECT_EQ(test, lsp_test_leave(&guest), OLD + 1);
	unregister_kretprobe(&probe);
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, true), LSP_OK);
	KUNIT_EXPECT_EQ(test, lsp_test_second(NULL), NEW + 1);
}
#endif

#ifdef CONFIG_KPROBES
static int ignore_hit(struct kprobe *probe, struct pt_regs *regs)
{
	return 0;
}

/* A kprobe on the bytes of the jump is an owner, before and after. */
static void busy_kprobe(struct kunit *test)
{
	struct lsp_update *update = test->priv;
	struct kprobe probe = {
		.pre_handler = ignore_hit,
		.addr = (kprobe_opcode_t *)lsp_test_part(update)->patches[0].site,
	};

	KUNIT_ASSERT_EQ(test, register_kprobe(&probe), 0);
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, true), LSP_KPROBE);
	KUNIT_EXPECT_EQ(test, update->attempts, 0);
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), OLD);
	unregister_kprobe(&probe);
	KUNIT_ASSERT_EQ(test, lsp_test_set(update, true), LSP_OK);

	memset(&probe, 0, sizeof(probe));
	probe.pre_handler = ignore_hit;
	probe.addr = (kprobe_opcode_t *)lsp_test_part(update)->patches[0].site;
	KUNIT_ASSERT_EQ(test, register_kprobe(&probe), 0);
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), NEW);
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, false), LSP_KPROBE);
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), NEW);
	unregister_kprobe(&probe);
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, false), LSP_OK);
}
#endif

static struct kunit_case livesplice_busy_cases[] = {
	KUNIT_CASE(busy_sleeping),
	KUNIT_CASE_SLOW(busy_running),
	KUNIT_CASE(busy_fragment),
#ifdef CONFIG_KRETPROBES
	KUNIT_CASE(busy_kretprobe),
#endif
#ifdef CONFIG_KPROBES
	KUNIT_CASE(busy_kprobe),
#endif
	{}
};

static struct kunit_suite livesplice_busy_suite = {
	.name = "livesplice_busy",
	.init = lsp_test_init,
	.exit = lsp_test_exit,
	.test_cases = livesplice_busy_cases,
};

kunit_test_suite(livesplice_busy_suite);

MODULE_DESCRIPTION("KUnit tests of a livesplice switch in vain");
MODULE_LICENSE("GPL");
