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
#include "match.h"
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
	patch->span = below->span;
	lsp_arch_jump(patch->saved, patch->span, patch->site, below->new_addr);
	/* All of the old function: the jump is none of its bytes. */
	kfree(patch->sums);
	KUNIT_ASSERT_EQ(test, lsp_sums_make(patch), LSP_OK);
	return part->update;
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
		KUNIT_EXPECT_EQ(test, lsp_test_set(top, true), LSP_OK);
		expect_stack_ok(test, top);
		KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), NEWEST);
		KUNIT_EXPECT_EQ(test, lsp_test_set(top, false), LSP_OK);
		expect_stack_ok(test, top);
		KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), NEW);
	}

	/* In vain: the jump that was there must be there again. */
	lsp_test_enter(test, &guest, lsp_test_answer, true);
	KUNIT_EXPECT_EQ(test, lsp_test_set(top, true), LSP_BUSY);
	expect_stack_ok(test, top);
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), NEW);
	KUNIT_EXPECT_EQ(test, lsp_test_leave(&guest), NEW);
	KUNIT_EXPECT_EQ(test, lsp_test_set(top, true), LSP_OK);
	lsp_test_enter(test, &guest, lsp_test_answer, true);
	KUNIT_EXPECT_EQ(test, lsp_test_set(top, false), LSP_BUSY);
	expect_stack_ok(test, top);
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), NEWEST);
	KUNIT_EXPECT_EQ(test, lsp_test_leave(&guest), NEWEST);
	KUNIT_EXPECT_EQ(test, lsp_test_set(top, false), LSP_OK);

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
	lsp_base_settle(lsp_test_part(top), true);
	lsp_verify(update);
	EXPECT_TEXT_OK(test, update);
	lsp_base_settle(lsp_test_part(top), false);
	lsp_update_free(top);
}

/* Room for one object that gets new contents; goes with the part. */
static struct lsp_datum *add_datum(struct kunit *test, struct lsp_part *part,
				   unsigned long addr)
{
	part->data = kcalloc(1, sizeof(*part->data), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, part->data);
	part->nr_data = 1;
	part->data->name = kstrdup("table", GFP_KERNEL);
	part->data->addr = addr;
	part->data->size = 16;
	return part->data;
}

/* Both would be asked what is in there. */
static void stacked_data(struct kunit *test)
{
	struct lsp_part *below = lsp_test_part(test->priv);
	struct lsp_update *top = stack_one(test);
	struct lsp_part *part = lsp_test_part(top);
	struct lsp_datum *datum;
	LIST_HEAD(none);

	part->stands = kcalloc(1, sizeof(*part->stands), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, part->stands);
	part->stands[0] = below;
	part->nr_stands = 1;
	add_datum(test, below, 0x1000);
	datum = add_datum(test, part, 0x1010);
	guard(mutex)(&lsp_mutex);
	/* Next to each other, from either side, and over the last byte. */
	KUNIT_EXPECT_EQ(test, lsp_base_check(top, &none), LSP_OK);
	datum->addr = 0xff0;
	KUNIT_EXPECT_EQ(test, lsp_base_check(top, &none), LSP_OK);
	datum->addr = 0x100f;
	KUNIT_EXPECT_EQ(test, lsp_base_check(top, &none), LSP_BASE);
	datum->addr = 0xff1;
	KUNIT_EXPECT_EQ(test, lsp_base_check(top, &none), LSP_BASE);
	lsp_update_free(top);
}

/* Code of an update below that cannot be what is expected there. */
static void stacked_other_size(struct kunit *test)
{
	struct lsp_part *below = lsp_test_part(test->priv);
	struct lsp_patch *patch = below->patches;
	const struct lsp_part *stands[] = { below };
	struct lsp_part part = { .stands = stands, .nr_stands = 1 };
	struct lsp_section section = { .kind = LSP_SEC_TEXT };
	struct lsp_symbol symbol = {
		.type = LSP_SYM_FUNC, .size = patch->new_size - 1,
	};
	struct lsp_tables tables = {
		.sections = &section, .nr_sections = 1,
		.symbols = &symbol, .nr_symbols = 1,
		.strings = "", .nr_strings = 1,
	};
	struct lsp_values values;
	struct lsp_diag diag = { };
	struct lsp_text text = { .diag = &diag };

	KUNIT_ASSERT_EQ(test, lsp_values_init(&values, &tables, NULL), 0);
	values.part = &part;
	values.base[0] = patch->entry;
	KUNIT_EXPECT_FALSE(test, lsp_match_text(&text, &values, 0, NULL));
	KUNIT_EXPECT_STREQ(test, diag.what ?: "nothing",
			   "another size than in the update below");
	lsp_values_free(&values);
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
		failed += lsp_test_set(top, !(i % 2)) != LSP_OK || top->changed;
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
	KUNIT_CASE(stacked_data),
	KUNIT_CASE(stacked_other_size),
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
