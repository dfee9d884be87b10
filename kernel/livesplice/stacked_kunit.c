// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: tests of the switch from one update's code to another's.
 */
#include <kunit/test.h>
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"
#include "switch_kunit.h"

#define STACK_CYCLES	50

/* An update of old_answer() on top of the test's, which is enabled. */
static struct lsp_update *stack_one(struct kunit *test)
{
	struct lsp_patch *below = lsp_test_part(test->priv)->patches, *patch;
	struct lsp_part *part = lsp_part_new(NULL);

	KUNIT_ASSERT_NOT_NULL(test, part);
	part->update->name = kstrdup("kunit top", GFP_KERNEL);
	part->update->max_attempts = ATTEMPTS;
	part->update->retry_ms = 10;
	part->object = kstrdup(LSP_VMLINUX, GFP_KERNEL);
	part->patches = kvcalloc(1, sizeof(*part->patches), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, part->patches);
	lsp_test_plan(test, part->update, lsp_test_new_answer,
		      lsp_test_newest_answer, "old_answer");
	patch = part->patches;
	patch->entry = below->entry;
	patch->site = below->site;
	patch->below = below;
	lsp_arch_jump(patch->saved, patch->site, below->new_addr);
	/* All of the old function: the jump is none of its bytes. */
	kfree(patch->sums);
	KUNIT_ASSERT_EQ(test, lsp_sums_make(patch), LSP_OK);
	return part->update;
}

static enum lsp_reason set_top(struct lsp_update *top, bool enable)
{
	enum lsp_reason reason = lsp_test_set(top, enable);

	guard(mutex)(&lsp_mutex);
	if (reason == LSP_OK)
		lsp_base_settle(top, enable);
	lsp_verify(top);
	return reason;
}

static void expect_stack_ok(struct kunit *test, struct lsp_update *top)
{
	struct lsp_update *update = test->priv;

	EXPECT_TEXT_OK(test, top);
	mutex_lock(&lsp_mutex);
	lsp_verify(update);
	mutex_unlock(&lsp_mutex);
	EXPECT_TEXT_OK(test, update);
}

/* What is enabled must not go. */
static void drop_top(struct kunit *test, struct lsp_update *top)
{
	KUNIT_ASSERT_EQ(test, top->state, LSP_LOADED);
	lsp_update_free(top);
}

static void stacked_and_back(struct kunit *test)
{
	struct lsp_update *update = test->priv, *top;
	struct guest guest;
	int i;

	KUNIT_ASSERT_EQ(test, lsp_test_set(update, true), LSP_OK);
	top = stack_one(test);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, set_top(top, true), LSP_OK);
		expect_stack_ok(test, top);
		KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), NEWEST);
		KUNIT_EXPECT_EQ(test, set_top(top, false), LSP_OK);
		expect_stack_ok(test, top);
		KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), NEW);
	}

	/* In vain: the jump that was there must be there again. */
	lsp_test_enter(test, &guest, lsp_test_answer, true);
	KUNIT_EXPECT_EQ(test, set_top(top, true), LSP_BUSY);
	expect_stack_ok(test, top);
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), NEW);
	KUNIT_EXPECT_EQ(test, lsp_test_leave(&guest), NEW);
	KUNIT_EXPECT_EQ(test, set_top(top, true), LSP_OK);
	lsp_test_enter(test, &guest, lsp_test_answer, true);
	KUNIT_EXPECT_EQ(test, set_top(top, false), LSP_BUSY);
	expect_stack_ok(test, top);
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), NEWEST);
	KUNIT_EXPECT_EQ(test, lsp_test_leave(&guest), NEWEST);
	KUNIT_EXPECT_EQ(test, set_top(top, false), LSP_OK);

	drop_top(test, top);
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, false), LSP_OK);
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), OLD);
}

/* Who must only be free takes nobody's place, whatever it stands on. */
static void stacked_reader(struct kunit *test)
{
	struct lsp_update *update = test->priv, *top;

	KUNIT_ASSERT_EQ(test, lsp_test_set(update, true), LSP_OK);
	top = stack_one(test);
	lsp_test_part(top)->patches[0].new_addr = 0;
	lsp_test_part(top)->patches[0].reader = true;
	guard(mutex)(&lsp_mutex);
	lsp_base_settle(top, true);
	lsp_verify(update);
	EXPECT_TEXT_OK(test, update);
	lsp_base_settle(top, false);
	lsp_update_free(top);
}

/* While calls come all the time: each gets one of the two, and none is lost. */
static void stacked_under_load(struct kunit *test)
{
	struct lsp_update *update = test->priv, *top;
	static struct hammer hammer_;
	unsigned int i, failed = 0;

	KUNIT_ASSERT_EQ(test, lsp_test_set(update, true), LSP_OK);
	top = stack_one(test);
	top->max_attempts = 1000;
	memset(&hammer_, 0, sizeof(hammer_));
	hammer_.task = kthread_run(lsp_test_hammer, &hammer_, "lsp_hammer");
	KUNIT_ASSERT_FALSE(test, IS_ERR(hammer_.task));
	for (i = 0; i < STACK_CYCLES && !failed; i++) {
		failed += set_top(top, !(i % 2)) != LSP_OK || top->changed;
		usleep_range(200, 400);
	}
	kthread_stop(hammer_.task);
	KUNIT_EXPECT_EQ(test, failed, 0);
	KUNIT_EXPECT_EQ(test, hammer_.wrong, 0);
	/* The kernel's own code was out of use all the time. */
	KUNIT_EXPECT_EQ(test, hammer_.calls[0], 0);
	KUNIT_EXPECT_GT(test, hammer_.calls[1], 0);
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), NEW);
	KUNIT_EXPECT_FALSE(test, lsp_poisoned());
	drop_top(test, top);
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, false), LSP_OK);
}

static struct kunit_case livesplice_stacked_cases[] = {
	KUNIT_CASE(stacked_and_back),
	KUNIT_CASE(stacked_reader),
	KUNIT_CASE_SLOW(stacked_under_load),
	{}
};

static struct kunit_suite livesplice_stacked_suite = {
	.name = "livesplice_stacked",
	.init = lsp_test_init,
	.exit = lsp_test_exit,
	.test_cases = livesplice_stacked_cases,
};

kunit_test_suite(livesplice_stacked_suite);

MODULE_DESCRIPTION("KUnit tests of a livesplice switch on top of another");
MODULE_LICENSE("GPL");
