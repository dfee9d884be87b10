// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: tests of kprobes that are set in old code while a jump keeps it
 * from running, and from being read as what it is.
 */
#include <kunit/test.h>
#include <linux/kprobes.h>
#include <linux/linkage.h>
#include <linux/preempt.h>
#include <linux/stringify.h>

#include <asm/ibt.h>

#include "internal.h"
#include "switch_kunit.h"

#ifdef CONFIG_KPROBES

/*
 * With ENDBR, the jump goes to +4 and ends at +9.
 *
 * lsp_test_wide() has a constant there that reads as NOPs from +9 on, and goes
 * on at +14. lsp_test_forked() has a branch there that leads to +11.
 */
asm(".pushsection .text, \"ax\", @progbits\n"
	".type lsp_test_wide, @function\n"
	"lsp_test_wide:\n"
	"	.byte 0xf3, 0x0f, 0x1e, 0xfa\n"
	"	movabsq $0x9090909090909090, %rax\n"
	"	movl $" __stringify(OLD) ", %eax\n"
		ASM_RET
	".size lsp_test_wide, .-lsp_test_wide\n"

	".type lsp_test_forked, @function\n"
	"lsp_test_forked:\n"
	"	.byte 0xf3, 0x0f, 0x1e, 0xfa\n"
	"	testq %rdi, %rdi\n"
	"	jz 1f\n"
	"	xorl %eax, %eax\n"
	"1:	movl $" __stringify(OLD) ", %eax\n"
		ASM_RET
	".size lsp_test_forked, .-lsp_test_forked\n"
	".popsection\n");
int lsp_test_wide(struct stay *stay);
int lsp_test_forked(struct stay *stay);

#define CONSTANT	10
#define BEHIND		14
#define FORK		9

static unsigned int nr_hits;

static int count_hit(struct kprobe *probe, struct pt_regs *regs)
{
	nr_hits++;
	return 0;
}

/* OPTIMIZER_HIDE_VAR(): or objtool takes the place for one to be called. */
static int set_probe(struct kprobe *probe, answer_fn fn, unsigned int offset)
{
	OPTIMIZER_HIDE_VAR(fn);
	*probe = (struct kprobe) {
		.pre_handler = count_hit,
		.addr = (kprobe_opcode_t *)fn + offset,
	};
	nr_hits = 0;
	return register_kprobe(probe);
}

static int call(answer_fn fn)
{
	OPTIMIZER_HIDE_VAR(fn);
	return fn(NULL);
}

/* A probe in the middle of an instruction, which nobody could see. */
static void probe_in_instruction(struct kunit *test)
{
	struct lsp_update *update = test->priv;
	struct kprobe probe;

	lsp_test_replan(test, lsp_test_wide, "wide");
	KUNIT_EXPECT_NE(test, set_probe(&probe, lsp_test_wide, CONSTANT), 0);
	KUNIT_ASSERT_EQ(test, lsp_test_set(update, true), LSP_OK);
	KUNIT_ASSERT_EQ(test, set_probe(&probe, lsp_test_wide, CONSTANT), 0);
	KUNIT_EXPECT_EQ(test, call(lsp_test_wide), NEW + 1);
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, false), LSP_KPROBE);
	KUNIT_EXPECT_EQ(test, call(lsp_test_wide), NEW + 1);
	unregister_kprobe(&probe);
	KUNIT_ASSERT_EQ(test, lsp_test_set(update, false), LSP_OK);
	KUNIT_EXPECT_EQ(test, call(lsp_test_wide), OLD);
}

/* One that is where it should be does not mind, and works again. */
static void probe_behind_jump(struct kunit *test)
{
	struct lsp_update *update = test->priv;
	struct kprobe probe;

	lsp_test_replan(test, lsp_test_wide, "wide");
	KUNIT_ASSERT_EQ(test, lsp_test_set(update, true), LSP_OK);
	KUNIT_ASSERT_EQ(test, set_probe(&probe, lsp_test_wide, BEHIND), 0);
	KUNIT_EXPECT_EQ(test, call(lsp_test_wide), NEW + 1);
	KUNIT_EXPECT_EQ(test, nr_hits, 0);
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, false), LSP_OK);
	KUNIT_EXPECT_EQ(test, call(lsp_test_wide), OLD);
	KUNIT_EXPECT_EQ(test, nr_hits, 1);
	/* It was there before, now. */
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, true), LSP_OK);
	KUNIT_EXPECT_EQ(test, call(lsp_test_wide), NEW + 1);
	KUNIT_EXPECT_EQ(test, nr_hits, 1);
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, false), LSP_OK);
	unregister_kprobe(&probe);
	EXPECT_TEXT_OK(test, update);
}

#ifdef CONFIG_OPTPROBES
static bool may_be_jump(const struct kprobe *probe)
{
	struct kprobe *found;

	guard(preempt)();
	found = get_kprobe(probe->addr);
	return found && (found->flags & KPROBE_FLAG_OPTIMIZED);
}

/* A probe that may become a jump, over the destination of a hidden branch. */
static void probe_over_destination(struct kunit *test)
{
	struct lsp_update *update = test->priv;
	struct kprobe probe;

	lsp_test_replan(test, lsp_test_forked, "forked");
	/* kprobes sees the branch, so this one stays a breakpoint. */
	KUNIT_ASSERT_EQ(test, set_probe(&probe, lsp_test_forked, FORK), 0);
	KUNIT_EXPECT_FALSE(test, may_be_jump(&probe));
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, true), LSP_OK);
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, false), LSP_OK);
	unregister_kprobe(&probe);

	KUNIT_ASSERT_EQ(test, lsp_test_set(update, true), LSP_OK);
	KUNIT_ASSERT_EQ(test, set_probe(&probe, lsp_test_forked, FORK), 0);
	KUNIT_EXPECT_TRUE(test, may_be_jump(&probe));
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, false), LSP_KPROBE);
	KUNIT_EXPECT_EQ(test, call(lsp_test_forked), NEW + 1);
	unregister_kprobe(&probe);
	KUNIT_ASSERT_EQ(test, lsp_test_set(update, false), LSP_OK);
	KUNIT_EXPECT_EQ(test, call(lsp_test_forked), OLD);
	EXPECT_TEXT_OK(test, update);
}
#else
static void probe_over_destination(struct kunit *test)
{
	kunit_skip(test, "probes never become jumps");
}
#endif

static struct kunit_case livesplice_probes_cases[] = {
	KUNIT_CASE(probe_in_instruction),
	KUNIT_CASE(probe_behind_jump),
	KUNIT_CASE(probe_over_destination),
	{}
};

static struct kunit_suite livesplice_probes_suite = {
	.name = "livesplice_probes",
	.init = lsp_test_init,
	.exit = lsp_test_exit,
	.test_cases = livesplice_probes_cases,
};

kunit_test_suite(livesplice_probes_suite);

#endif /* CONFIG_KPROBES */

MODULE_DESCRIPTION("KUnit tests of livesplice beside kprobes");
MODULE_LICENSE("GPL");
