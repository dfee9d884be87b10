// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: tests of the switch on functions of their own, for real: text is
 * changed, all CPUs are held, stacks are looked at.
 *
 * The update is made by hand, in place of what load.c does. It has no module,
 * and is not registered, so nothing of it shows but what the switch does.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/linkage.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/stringify.h>

#include <asm/ibt.h>
#include <asm/text-patching.h>

#include "internal.h"
#include "switch_kunit.h"

#define CYCLES		50
#define HAMMERS		2

static void stay_here(struct stay *stay)
{
	complete(&stay->inside);
	if (stay->spin) {
		while (!READ_ONCE(stay->leave.done)) {
			/* Or nobody gets the CPU, where the kernel is not preempted. */
			cond_resched();
			cpu_relax();
		}
	} else {
		wait_for_completion(&stay->leave);
	}
}

/*
 * The functions that are replaced. They do something after each call, or there
 * would be no frame left to find.
 */
noinline int lsp_test_old_answer(struct stay *stay)
{
	if (stay)
		stay_here(stay);
	barrier();
	return OLD;
}

noinline int lsp_test_new_answer(struct stay *stay)
{
	if (stay)
		stay_here(stay);
	barrier();
	return NEW;
}

/* What replaces new_answer(). */
noinline int lsp_test_newest_answer(struct stay *stay)
{
	if (stay)
		stay_here(stay);
	barrier();
	return NEWEST;
}

noinline int lsp_test_old_second(struct stay *stay)
{
	int answer;

	if (!stay)
		return OLD + 1;
	answer = lsp_test_old_answer(stay);
	barrier();
	return answer + 1;
}

noinline int lsp_test_new_second(struct stay *stay)
{
	barrier();
	return NEW + 1;
}

/* OPTIMIZER_HIDE_VAR(): the compiler must not know who is called. */
static int call(answer_fn fn, struct stay *stay)
{
	OPTIMIZER_HIDE_VAR(fn);
	return fn(stay);
}

int lsp_test_answer(struct stay *stay)
{
	return call(lsp_test_old_answer, stay);
}

int lsp_test_second(struct stay *stay)
{
	return call(lsp_test_old_second, stay);
}

static unsigned int size_of(struct kunit *test, unsigned long addr)
{
	unsigned long size = 0;

	kallsyms_lookup_size_offset(addr, &size, NULL);
	KUNIT_ASSERT_GT(test, size, LSP_JUMP_SIZE);
	return size;
}

struct lsp_part *lsp_test_part(struct lsp_update *update)
{
	return list_first_entry(&update->parts, struct lsp_part, node);
}

void lsp_test_plan(struct kunit *test, struct lsp_update *update,
		   answer_fn old, answer_fn new, const char *name)
{
	struct lsp_part *part = lsp_test_part(update);
	struct lsp_patch *patch = &part->patches[part->nr_patches++];
	enum lsp_reason reason;

	patch->part = part;
	patch->name = kstrdup(name, GFP_KERNEL);
	patch->pos = 1;
	patch->old_addr = (unsigned long)old;
	patch->entry = patch->old_addr;
	patch->old_size = size_of(test, patch->old_addr);
	patch->new_addr = (unsigned long)new;
	patch->new_size = size_of(test, patch->new_addr);
	patch->site = lsp_arch_site(patch->old_addr, patch->old_size, &reason);
	KUNIT_ASSERT_EQ(test, reason, LSP_OK);
	patch->span = lsp_arch_span(patch->site, patch->old_addr + patch->old_size);
	KUNIT_ASSERT_GE(test, patch->span, LSP_JUMP_SIZE);
	KUNIT_ASSERT_TRUE(test, lsp_arch_read_text(patch->saved, patch->site,
						   patch->span));
	KUNIT_ASSERT_EQ(test, lsp_sums_make(patch), LSP_OK);
}

void lsp_test_replan(struct kunit *test, answer_fn old, const char *name)
{
	struct lsp_part *part = lsp_test_part(test->priv);

	kfree(part->patches[0].name);
	kfree(part->patches[0].sums);
	part->nr_patches = 0;
	lsp_test_plan(test, test->priv, old, lsp_test_new_second, name);
}

int lsp_test_init(struct kunit *test)
{
	struct lsp_part *part = lsp_part_new(NULL);
	struct lsp_update *update;

	if (!part)
		return -ENOMEM;
	update = part->update;
	test->priv = update;
	update->name = kstrdup("kunit", GFP_KERNEL);
	update->max_attempts = ATTEMPTS;
	update->retry_ms = 10;
	part->object = kstrdup(LSP_VMLINUX, GFP_KERNEL);
	part->patches = kvcalloc(2, sizeof(*part->patches), GFP_KERNEL);
	if (!update->name || !part->object || !part->patches)
		return -ENOMEM;
	lsp_test_plan(test, update, lsp_test_old_answer, lsp_test_new_answer, "old_answer");
	return 0;
}

enum lsp_reason lsp_test_set(struct lsp_update *update, bool enable)
{
	enum lsp_reason reason;

	mutex_lock(&lsp_mutex);
	reason = lsp_switch(update, enable);
	if (reason == LSP_OK)
		update->state = enable ? LSP_ENABLED : LSP_LOADED;
	lsp_verify(update);
	mutex_unlock(&lsp_mutex);
	return reason;
}

void lsp_test_exit(struct kunit *test)
{
	struct lsp_update *update = test->priv;

	if (!update)
		return;
	/* Whatever went wrong before: leave the functions as they were. */
	if (update->state == LSP_ENABLED && lsp_test_set(update, false) != LSP_OK)
		return;
	lsp_update_free(update);
}

static void switch_and_back(struct kunit *test)
{
	struct lsp_update *update = test->priv;

	lsp_test_plan(test, update, lsp_test_old_second, lsp_test_new_second, "old_second");
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), OLD);
	KUNIT_EXPECT_EQ(test, lsp_test_second(NULL), OLD + 1);

	KUNIT_ASSERT_EQ(test, lsp_test_set(update, true), LSP_OK);
	EXPECT_TEXT_OK(test, update);
	KUNIT_EXPECT_EQ(test, update->attempts, 1);
	KUNIT_EXPECT_GT(test, update->pause_ns, 0);
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), NEW);
	KUNIT_EXPECT_EQ(test, lsp_test_second(NULL), NEW + 1);

	KUNIT_ASSERT_EQ(test, lsp_test_set(update, false), LSP_OK);
	EXPECT_TEXT_OK(test, update);
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), OLD);
	KUNIT_EXPECT_EQ(test, lsp_test_second(NULL), OLD + 1);
	kunit_info(test, "pause %llu ns\n", update->pause_ns);
}

/* A part that comes when the update is enabled is switched by itself. */
static void switch_one_part(struct kunit *test)
{
	struct lsp_update *update = test->priv;
	struct lsp_part *late = lsp_part_new(NULL);
	struct lsp_update *own;

	KUNIT_ASSERT_NOT_NULL(test, late);
	own = late->update;
	late->patches = kvcalloc(1, sizeof(*late->patches), GFP_KERNEL);
	late->object = kstrdup("late", GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, late->patches);
	lsp_test_plan(test, own, lsp_test_old_second, lsp_test_new_second, "old_second");
	KUNIT_ASSERT_EQ(test, lsp_test_set(update, true), LSP_OK);
	mutex_lock(&lsp_mutex);
	list_move_tail(&late->node, &update->parts);
	late->update = update;
	update->nr_parts++;
	lsp_verify(update);
	EXPECT_TEXT_OK(test, update);

	KUNIT_EXPECT_EQ(test, lsp_switch_part(late, true), LSP_OK);
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), NEW);
	KUNIT_EXPECT_EQ(test, lsp_test_second(NULL), NEW + 1);
	lsp_verify(update);
	EXPECT_TEXT_OK(test, update);
	KUNIT_EXPECT_EQ(test, lsp_switch_part(late, false), LSP_OK);
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), NEW);
	KUNIT_EXPECT_EQ(test, lsp_test_second(NULL), OLD + 1);
	KUNIT_EXPECT_TRUE(test, lsp_prove_left(update, late));
	mutex_unlock(&lsp_mutex);

	/* All that are enabled, and all that are not. */
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, false), LSP_OK);
	EXPECT_TEXT_OK(test, update);
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), OLD);
	KUNIT_EXPECT_EQ(test, lsp_test_second(NULL), OLD + 1);
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, true), LSP_OK);
	KUNIT_EXPECT_EQ(test, lsp_test_second(NULL), NEW + 1);
	lsp_update_free(own);
}

int lsp_test_hammer(void *data)
{
	struct hammer *hammer = data;
	unsigned int i;

	while (!kthread_should_stop()) {
		for (i = 0; i < 1000; i++) {
			int answer = lsp_test_answer(NULL);

			if (answer == OLD || answer == NEW || answer == NEWEST)
				hammer->calls[answer / NEW]++;
			else
				hammer->wrong++;
		}
		/* Never to sleep would stall the grace period. */
		usleep_range(20, 50);
	}
	return 0;
}

static void switch_under_load(struct kunit *test)
{
	struct lsp_update *update = test->priv;
	static struct hammer hammers[HAMMERS];
	unsigned int i, failed = 0;
	u64 longest = 0;

	memset(hammers, 0, sizeof(hammers));

	/* The hammers may be preempted inside now and then. */
	update->max_attempts = 1000;
	for (i = 0; i < HAMMERS; i++) {
		hammers[i].task = kthread_run(lsp_test_hammer, &hammers[i], "lsp_hammer");
		KUNIT_ASSERT_FALSE(test, IS_ERR(hammers[i].task));
	}
	for (i = 0; i < 2 * CYCLES && !failed; i++) {
		failed += lsp_test_set(update, !(i % 2)) != LSP_OK || update->changed;
		longest = max(longest, update->pause_ns);
		/* Each version gets called for a while. */
		usleep_range(200, 400);
	}
	for (i = 0; i < HAMMERS; i++) {
		kthread_stop(hammers[i].task);
		KUNIT_EXPECT_EQ(test, hammers[i].wrong, 0);
		KUNIT_EXPECT_GT(test, hammers[i].calls[0], 0);
		KUNIT_EXPECT_GT(test, hammers[i].calls[1], 0);
	}
	KUNIT_EXPECT_EQ(test, failed, 0);
	KUNIT_EXPECT_FALSE(test, lsp_poisoned());
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), OLD);
	kunit_info(test, "%u cycles, longest pause %llu ns\n", CYCLES, longest);
}

static void switch_changed_text(struct kunit *test)
{
	struct lsp_update *update = test->priv;
	struct lsp_patch *patch = lsp_test_part(update)->patches;

	patch->sums[0] ^= 1;
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, true), LSP_CHANGED);
	KUNIT_EXPECT_PTR_EQ(test, update->changed, patch->name);
	patch->sums[0] ^= 1;

	patch->saved[4] ^= 1;
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, true), LSP_CHANGED);
	KUNIT_EXPECT_EQ(test, update->changed_offset,
			patch->site - patch->old_addr);
	patch->saved[4] ^= 1;

	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), OLD);
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, true), LSP_OK);
	EXPECT_TEXT_OK(test, update);
}

static void switch_out_of_time(struct kunit *test)
{
	struct lsp_update *update = test->priv;
	unsigned int limit = lsp_max_pause_us;

	lsp_max_pause_us = 0;
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, true), LSP_CEILING);
	KUNIT_EXPECT_EQ(test, update->attempts, ATTEMPTS);
	lsp_max_pause_us = limit;
	KUNIT_EXPECT_EQ(test, update->nr_blockers, 0);
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), OLD);
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, true), LSP_OK);
}

static void switch_interrupted(struct kunit *test)
{
	struct lsp_update *update = test->priv;
	unsigned int limit = lsp_max_pause_us;

	/* Busy, so that it waits for its second attempt. */
	lsp_max_pause_us = 0;
	allow_signal(SIGUSR1);
	send_sig(SIGUSR1, current, 1);
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, true), LSP_INTERRUPTED);
	flush_signals(current);
	disallow_signal(SIGUSR1);
	lsp_max_pause_us = limit;

	KUNIT_EXPECT_LT(test, update->attempts, ATTEMPTS);
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), OLD);
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, true), LSP_OK);
}

#ifdef CONFIG_FUNCTION_TRACER
/* As gcc would have it, but without a record: a call that ftrace does not know. */
asm(".pushsection .text, \"ax\", @progbits\n"
	".type lsp_test_unlisted, @function\n"
	"lsp_test_unlisted:\n"
		ASM_ENDBR
	"	call __fentry__\n"
	"	movl $" __stringify(OLD) ", %eax\n"
		ASM_RET
	".size lsp_test_unlisted, .-lsp_test_unlisted\n"
	".popsection\n");

static void switch_unlisted(struct kunit *test)
{
	struct lsp_update *update = test->priv;
	const u8 *code = (const u8 *)lsp_test_unlisted;
	u8 entry[LSP_CALL_SIZE];

	OPTIMIZER_HIDE_VAR(code);
	code += IS_ENABLED(CONFIG_X86_KERNEL_IBT) ? 4 : 0;
	memcpy(entry, code, sizeof(entry));
	/* Where objtool makes the records this one has one, and is a NOP. */
	if (IS_ENABLED(CONFIG_FTRACE_MCOUNT_USE_CC))
		KUNIT_EXPECT_EQ(test, entry[0], CALL_INSN_OPCODE);
	lsp_test_replan(test, lsp_test_unlisted, "unlisted");
	KUNIT_EXPECT_EQ(test, lsp_test_unlisted(NULL), OLD);
	KUNIT_ASSERT_EQ(test, lsp_test_set(update, true), LSP_OK);
	EXPECT_TEXT_OK(test, update);
	KUNIT_EXPECT_MEMEQ(test, code, entry, sizeof(entry));
	KUNIT_EXPECT_EQ(test, code[sizeof(entry)], JMP32_INSN_OPCODE);
	KUNIT_EXPECT_EQ(test, lsp_test_unlisted(NULL), NEW + 1);
	KUNIT_ASSERT_EQ(test, lsp_test_set(update, false), LSP_OK);
	EXPECT_TEXT_OK(test, update);
	KUNIT_EXPECT_EQ(test, lsp_test_unlisted(NULL), OLD);
}
#endif

static struct kunit_case livesplice_switch_cases[] = {
	KUNIT_CASE(switch_and_back),
	KUNIT_CASE(switch_one_part),
	KUNIT_CASE_SLOW(switch_under_load),
	KUNIT_CASE(switch_changed_text),
	KUNIT_CASE(switch_out_of_time),
	KUNIT_CASE(switch_interrupted),
#ifdef CONFIG_FUNCTION_TRACER
	KUNIT_CASE(switch_unlisted),
#endif
	{}
};

static struct kunit_suite livesplice_switch_suite = {
	.name = "livesplice_switch",
	.init = lsp_test_init,
	.exit = lsp_test_exit,
	.test_cases = livesplice_switch_cases,
};

kunit_test_suite(livesplice_switch_suite);

MODULE_DESCRIPTION("KUnit tests of the livesplice switch");
MODULE_LICENSE("GPL");
