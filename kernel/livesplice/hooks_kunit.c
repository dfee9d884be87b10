// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: tests of hooks: which are called, in which order, where, and what
 * becomes of an operation that one of them does not want.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "internal.h"
#include "switch_kunit.h"

#define PAUSE_NS	200000

/* Two letters for each hook that was called: of its unit, of its kind. */
static char called[128];
static const char *veto;
static bool out_of_place;

static int call(const char *which)
{
	strlcat(called, *called ? " " : "", sizeof(called));
	strlcat(called, which, sizeof(called));
	return veto && !strcmp(which, veto) ? -EAGAIN : 0;
}

/* Outside of the pause. */
static int ask(const char *which)
{
	out_of_place |= irqs_disabled() || in_atomic();
	/* Some time goes by; nobody may mind. */
	usleep_range(10, 20);
	return call(which);
}

static void in_pause(const char *which)
{
	u64 start = ktime_get_mono_fast_ns();
	int i;

	out_of_place |= !irqs_disabled();
	/* By the clock of the pause: udelay() may end early on a busy host. */
	for (i = 0; i < 200 && ktime_get_mono_fast_ns() - start < PAUSE_NS; i++)
		udelay(5);
	call(which);
}

#define HOOKS(unit)							\
static int unit##_check(void) { return ask(#unit "c"); }		\
static int unit##_pre(void) { return ask(#unit "p"); }			\
static void unit##_apply(void) { in_pause(#unit "a"); }			\
static void unit##_post(void) { ask(#unit "o"); }			\
static void unit##_fail(void) { ask(#unit "f"); }			\
static int unit##_undo_check(void) { return ask(#unit "C"); }		\
static int unit##_undo_pre(void) { return ask(#unit "P"); }		\
static void unit##_undo_apply(void) { in_pause(#unit "A"); }		\
static void unit##_undo_post(void) { ask(#unit "O"); }			\
static void unit##_undo_fail(void) { ask(#unit "F"); }			\
static const struct lsp_hooks unit##_hooks = {				\
	.fn = {								\
		unit##_check, unit##_pre, unit##_apply, unit##_post,	\
		unit##_fail, unit##_undo_check, unit##_undo_pre,	\
		unit##_undo_apply, unit##_undo_post, unit##_undo_fail,	\
	},								\
}

HOOKS(x);
HOOKS(y);

static int hooks_init(struct kunit *test)
{
	int err = lsp_test_init(test);
	struct lsp_part *part;

	if (err)
		return err;
	part = lsp_test_part(test->priv);
	part->hooks = kvcalloc(2, sizeof(*part->hooks), GFP_KERNEL);
	if (!part->hooks)
		return -ENOMEM;
	part->hooks[0] = x_hooks;
	part->hooks[1] = y_hooks;
	part->nr_hooks = 2;
	veto = NULL;
	out_of_place = false;
	return 0;
}

static enum lsp_reason set(struct lsp_update *update, bool enable)
{
	*called = '\0';
	return lsp_test_set(update, enable);
}

static void hooks_order(struct kunit *test)
{
	struct lsp_update *update = test->priv;

	KUNIT_ASSERT_EQ(test, set(update, true), LSP_OK);
	KUNIT_EXPECT_STREQ(test, called, "xc yc xp yp xa ya xo yo");
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), NEW);
	KUNIT_EXPECT_GE(test, update->hooks_ns, 2 * PAUSE_NS);
	kunit_info(test, "pause %llu ns, and %llu ns for hooks\n",
		   update->pause_ns, update->hooks_ns);

	KUNIT_ASSERT_EQ(test, set(update, false), LSP_OK);
	KUNIT_EXPECT_STREQ(test, called, "yC xC yP xP yA xA yO xO");
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), OLD);
	KUNIT_EXPECT_FALSE(test, out_of_place);
}

static void hooks_veto(struct kunit *test)
{
	struct lsp_update *update = test->priv;

	update->attempts = 0;
	veto = "yc";
	KUNIT_EXPECT_EQ(test, set(update, true), LSP_VETO);
	KUNIT_EXPECT_STREQ(test, called, "xc yc");
	veto = "xp";
	KUNIT_EXPECT_EQ(test, set(update, true), LSP_VETO);
	KUNIT_EXPECT_STREQ(test, called, "xc yc xp");
	veto = "yp";
	KUNIT_EXPECT_EQ(test, set(update, true), LSP_VETO);
	KUNIT_EXPECT_STREQ(test, called, "xc yc xp yp xf");
	KUNIT_EXPECT_EQ(test, update->attempts, 0);
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), OLD);

	/* What says no to an undo has nothing to say before. */
	veto = "xC";
	KUNIT_ASSERT_EQ(test, set(update, true), LSP_OK);
	KUNIT_EXPECT_EQ(test, set(update, false), LSP_VETO);
	KUNIT_EXPECT_STREQ(test, called, "yC xC");
	veto = "xP";
	KUNIT_EXPECT_EQ(test, set(update, false), LSP_VETO);
	KUNIT_EXPECT_STREQ(test, called, "yC xC yP xP yF");
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), NEW);
	veto = NULL;
	KUNIT_EXPECT_EQ(test, set(update, false), LSP_OK);
}

/* However many attempts fail, none of which may call what is in the pause. */
static void hooks_fail(struct kunit *test)
{
	struct lsp_update *update = test->priv;
	unsigned int limit = lsp_max_pause_us;

	lsp_max_pause_us = 0;
	KUNIT_EXPECT_EQ(test, set(update, true), LSP_CEILING);
	KUNIT_EXPECT_EQ(test, update->attempts, ATTEMPTS);
	KUNIT_EXPECT_STREQ(test, called, "xc yc xp yp yf xf");
	KUNIT_EXPECT_EQ(test, update->hooks_ns, 0);
	lsp_max_pause_us = limit;
	KUNIT_ASSERT_EQ(test, set(update, true), LSP_OK);
	lsp_max_pause_us = 0;
	KUNIT_EXPECT_EQ(test, set(update, false), LSP_CEILING);
	KUNIT_EXPECT_STREQ(test, called, "yC xC yP xP xF yF");
	lsp_max_pause_us = limit;
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), NEW);
}

/* A unit need not have all of them. */
static void hooks_some(struct kunit *test)
{
	struct lsp_update *update = test->priv;
	struct lsp_part *part = lsp_test_part(update);

	memset(&part->hooks[0], 0, sizeof(part->hooks[0]));
	part->hooks[0].fn[LSP_HOOK_UNDO_POST] = x_undo_post;
	KUNIT_ASSERT_EQ(test, set(update, true), LSP_OK);
	KUNIT_EXPECT_STREQ(test, called, "yc yp ya yo");
	KUNIT_ASSERT_EQ(test, set(update, false), LSP_OK);
	KUNIT_EXPECT_STREQ(test, called, "yC yP yA yO xO");
}

/* An update may replace nothing. */
static void hooks_alone(struct kunit *test)
{
	struct lsp_update *update = test->priv;
	struct lsp_part *part = lsp_test_part(update);
	unsigned int nr = part->nr_patches;

	part->nr_patches = 0;
	KUNIT_EXPECT_EQ(test, set(update, true), LSP_OK);
	KUNIT_EXPECT_STREQ(test, called, "xc yc xp yp xa ya xo yo");
	KUNIT_EXPECT_EQ(test, set(update, false), LSP_OK);
	KUNIT_EXPECT_STREQ(test, called, "yC xC yP xP yA xA yO xO");
	KUNIT_EXPECT_FALSE(test, out_of_place);
	part->nr_patches = nr;
}

static struct kunit_case livesplice_hooks_cases[] = {
	KUNIT_CASE(hooks_order),
	KUNIT_CASE(hooks_veto),
	KUNIT_CASE(hooks_fail),
	KUNIT_CASE(hooks_some),
	KUNIT_CASE(hooks_alone),
	{}
};

static struct kunit_suite livesplice_hooks_suite = {
	.name = "livesplice_hooks",
	.init = hooks_init,
	.exit = lsp_test_exit,
	.test_cases = livesplice_hooks_cases,
};

kunit_test_suite(livesplice_hooks_suite);

MODULE_DESCRIPTION("KUnit tests of hooks");
MODULE_LICENSE("GPL");
