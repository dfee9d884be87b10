// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: tests of kprobes that are set in old code while a jump keeps it
 * from running, and from being read as what it is.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kconfig.h>
#include <linux/kprobes.h>
#include <linux/linkage.h>
#include <linux/memory.h>
#include <linux/mutex.h>
#include <linux/objtool.h>
#include <linux/preempt.h>
#include <linux/stringify.h>

#include <asm/ibt.h>
#include <asm/text-patching.h>

#include "internal.h"
#include "switch_kunit.h"

#ifdef CONFIG_KPROBES

/*
 * The jump covers five bytes behind ENDBR. lsp_test_wide() has a constant there
 * that reads as NOPs behind the jump, and then another instruction.
 * lsp_test_forked() has a branch there that leads to the second instruction
 * behind the jump. lsp_test_detour() is none that is replaced.
 */
asm(".pushsection .text, \"ax\", @progbits\n"
	".type lsp_test_wide, @function\n"
	"lsp_test_wide:\n"
		ASM_ENDBR
	"	movabsq $0x9090909090909090, %rax\n"
	"	movl $" __stringify(OLD) ", %eax\n"
		ASM_RET
	".size lsp_test_wide, .-lsp_test_wide\n"

	".type lsp_test_forked, @function\n"
	"lsp_test_forked:\n"
		ASM_ENDBR
	"	testq %rdi, %rdi\n"
	"	jz 1f\n"
	"	xorl %eax, %eax\n"
	"1:	movl $" __stringify(OLD) ", %eax\n"
		ASM_RET
	".size lsp_test_forked, .-lsp_test_forked\n"

	".type lsp_test_detour, @function\n"
	"lsp_test_detour:\n"
		ASM_ENDBR
	"	pushq word(%rip)\n"
	"	call lsp_test_old_answer\n"
	"	addq $8, %rsp\n"
		ASM_RET
	".size lsp_test_detour, .-lsp_test_detour\n"
	".popsection\n");
/* So nobody can tell what the word on its stack is. */
STACK_FRAME_NON_STANDARD(lsp_test_detour);

#define START		(IS_ENABLED(CONFIG_X86_KERNEL_IBT) ? 4 : 0)
#define CONSTANT	(START + 6)
#define BEHIND		(START + 10)
#define FORK		(START + 5)

static unsigned int nr_hits;

/* What lsp_test_detour() has on its stack. */
static unsigned long word __used;

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

/* The functions above have nothing in front that tells their type. */
static noinline __nocfi int call(answer_fn fn)
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
	/* What the jump has left of the instruction takes none either. */
	KUNIT_EXPECT_NE(test, set_probe(&probe, lsp_test_wide, CONSTANT), 0);
	KUNIT_EXPECT_EQ(test, call(lsp_test_wide), NEW + 1);
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

/* The copy of instructions that a probe which is a jump runs. */
static unsigned long slot_of(const struct kprobe *probe)
{
	struct kprobe *found;

	guard(preempt)();
	found = get_kprobe(probe->addr);
	return (unsigned long)container_of(found, struct optimized_kprobe, kp)->optinsn.insn;
}

/*
 * A task was interrupted in such a copy, and lost its CPU: no word on its stack
 * lies in the function.
 */
static void task_in_slot(struct kunit *test)
{
	struct lsp_update *update = test->priv;
	struct kprobe probe;
	struct guest guest;

	lsp_test_replan(test, lsp_test_wide, "wide");
	KUNIT_ASSERT_EQ(test, set_probe(&probe, lsp_test_wide, BEHIND), 0);
	KUNIT_ASSERT_TRUE(test, may_be_jump(&probe));
	word = slot_of(&probe) + 1;
	lsp_test_enter(test, &guest, lsp_test_detour, false);
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, true), LSP_BUSY);
	KUNIT_EXPECT_EQ(test, update->nr_blockers, 1);
	KUNIT_EXPECT_EQ(test, update->blockers[0].pid, guest.task->pid);
	KUNIT_EXPECT_EQ(test, update->blockers[0].addr, word);
	KUNIT_EXPECT_EQ(test, lsp_test_leave(&guest), OLD);

	/* It is not for the probe, nor for what else is on the stack. */
	word = 0;
	lsp_test_enter(test, &guest, lsp_test_detour, false);
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, true), LSP_OK);
	KUNIT_EXPECT_EQ(test, lsp_test_leave(&guest), OLD);
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, false), LSP_OK);
	unregister_kprobe(&probe);
}

static bool is_jump(const struct kprobe *probe)
{
	guard(mutex)(&text_mutex);
	return *(u8 *)probe->addr == JMP32_INSN_OPCODE;
}

/* kprobes makes jumps of its breakpoints, and the other way round, some time later. */
static bool becomes(const struct kprobe *probe, bool jump)
{
	unsigned int i;

	for (i = 0; i < 250 && is_jump(probe) != jump; i++)
		msleep(20);
	return is_jump(probe) == jump;
}

/* The jump of a probe that nobody uses any more: does it keep the update there? */
static bool left_behind(struct kunit *test, const struct kprobe *probe)
{
	guard(mutex)(&text_mutex);
	if (*(u8 *)probe->addr != JMP32_INSN_OPCODE)
		return false;
	KUNIT_EXPECT_FALSE(test, lsp_arch_probes_fit(lsp_test_part(test->priv)->patches));
	return true;
}

/* A probe that may become a jump, over the destination of a hidden branch. */
static void probe_over_destination(struct kunit *test)
{
	struct lsp_update *update = test->priv;
	struct kprobe probe;
	bool left = false;
	unsigned int i;

	lsp_test_replan(test, lsp_test_forked, "forked");
	/* kprobes sees the branch, so this one stays a breakpoint. */
	KUNIT_ASSERT_EQ(test, set_probe(&probe, lsp_test_forked, FORK), 0);
	KUNIT_EXPECT_FALSE(test, may_be_jump(&probe));
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, true), LSP_OK);
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, false), LSP_OK);
	unregister_kprobe(&probe);

	KUNIT_ASSERT_EQ(test, lsp_test_set(update, true), LSP_OK);
	for (i = 0; i < 50 && !left; i++) {
		KUNIT_ASSERT_EQ(test, set_probe(&probe, lsp_test_forked, FORK), 0);
		KUNIT_EXPECT_TRUE(test, may_be_jump(&probe));
		KUNIT_EXPECT_EQ(test, lsp_test_set(update, false), LSP_KPROBE);
		KUNIT_EXPECT_EQ(test, call(lsp_test_forked), NEW + 1);
		KUNIT_EXPECT_TRUE(test, becomes(&probe, true));
		unregister_kprobe(&probe);
		left = left_behind(test, &probe);
		KUNIT_ASSERT_TRUE(test, becomes(&probe, false));
	}
	KUNIT_EXPECT_TRUE(test, left);
	KUNIT_ASSERT_EQ(test, lsp_test_set(update, false), LSP_OK);
	KUNIT_EXPECT_EQ(test, call(lsp_test_forked), OLD);
	EXPECT_TEXT_OK(test, update);
}
#else
static void task_in_slot(struct kunit *test)
{
	kunit_skip(test, "probes never become jumps");
}

static void probe_over_destination(struct kunit *test)
{
	kunit_skip(test, "probes never become jumps");
}
#endif

static struct kunit_case livesplice_probes_cases[] = {
	KUNIT_CASE(probe_in_instruction),
	KUNIT_CASE(probe_behind_jump),
	KUNIT_CASE(probe_over_destination),
	KUNIT_CASE(task_in_slot),
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
