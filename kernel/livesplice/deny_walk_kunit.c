// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: is everything denied that runs in the pause, and on the way from a
 * #BP to the lookup? Which functions these are is found out from the machine
 * code of the running kernel: so who adds a call there, here or elsewhere in the
 * kernel, must say what becomes of it.
 */
#include <kunit/test.h>
#include <linux/ftrace.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/livesplice.h>
#include <linux/string.h>

#include <asm/insn.h>
#include <asm/text-patching.h>
#include <asm/unwind.h>

#include "internal.h"
#include "switch.h"
#include "x86.h"

/* Is it NAME, or a part of it, or does it begin with PREFIX*? */
static bool fits(const char *symbol, const char *pattern)
{
	size_t len = strcspn(pattern, "*");

	if (strncmp(symbol, pattern, len))
		return false;
	return pattern[len] || !symbol[len] || symbol[len] == '.';
}

/*
 * Functions that a walk does not go into: who calls them in the pause has
 * found something broken, or they are called under a condition that does not
 * hold there. They need not be denied for that.
 */
static const char * const never_called[] = {
	/* Reports. */
	"_printk", "_printk_deferred", "__warn_printk", "__stack_chk_fail",
	"refcount_warn_saturate", "unwind_dump", "panic", "__ubsan_handle_*",
	"__fortify_report", "__fortify_panic", "fortify_panic",
	/* The stopper neither sleeps nor is interrupted in a reader's section. */
	"rcu_read_unlock_special",
	/* Interrupts are off, so these return at once. They are denied anyhow. */
	"preempt_schedule_thunk", "preempt_schedule_notrace_thunk",
	"__SCT__preempt_schedule*",
	/* A stack has another reference: that of its task. */
	"call_rcu", "release_task_stack", "vfree_atomic",
	"try_release_thread_stack_to_cache",
	/* RCU watches a stopper, which is no idle task. */
	"ct_nmi_enter", "ct_nmi_exit",
	/* Only before a CPU has arrived and after it was let go. */
	"rcu_momentary_eqs", "rcu_momentary_dyntick_idle",
	/* Watch, in kernels that are built to find errors of others. */
	"__asan_*", "kasan_*", "__kasan_*", "__sanitizer_cov_*",
	"lock_acquire", "lock_release", "lock_is_held_type",
	"lockdep_rcu_suspicious", "debug_lockdep_rcu_enabled",
	"rcu_read_lock_held", "rcu_read_lock_sched_held",
	"rcu_read_lock_any_held", "debug_smp_processor_id",
	"preempt_count_add", "preempt_count_sub",
};

/* Behind our lookup: an INT3 that is not ours, or that of a user's program. */
static const char * const after_lookup[] = {
	"irqentry_enter_from_user_mode", "irqentry_exit_to_user_mode",
	"irqentry_nmi_enter", "irqentry_nmi_exit", "do_int3", "do_int3_user",
	"kprobe_int3_handler", "kgdb_ll_trap", "notify_die", "do_trap", "die",
	"__stack_chk_fail", "handle_invalid_op", "do_error_trap",
	"cond_local_irq_enable", "ct_irq_enter", "ct_irq_exit",
	/* And where the compiler made these part of exc_int3() itself. */
	"exit_to_user_mode_loop", "rcu_nocb_flush_deferred_wakeup",
	"switch_fpu_return", "__hrtimer_rearm_deferred", "__ct_user_enter",
	"__ct_user_exit", "rcu_irq_work_resched",
};

/*
 * Where calls through pointers lead in the pause. The clock is one of those that
 * the supported kernels have; dummy_clock_read() is it during suspend only. The
 * hooks of an update are code of its own; what they may call is for their author
 * to know, and is called before the first store.
 */
static const struct {
	const char	*caller;
	const char	*target;
} pointers[] = {
	{ "multi_cpu_stop", "lsp_hold_cpu" },
	{ "lsp_hold_cpu", "a hook" },
	{ "ktime_get_mono_fast_ns", "read_tsc" },
	{ "ktime_get_mono_fast_ns", "read_hpet" },
	{ "ktime_get_mono_fast_ns", "acpi_pm_read" },
	{ "ktime_get_mono_fast_ns", "acpi_pm_read_verified" },
	{ "ktime_get_mono_fast_ns", "acpi_pm_read_slow" },
	{ "ktime_get_mono_fast_ns", "jiffies_read" },
	{ "ktime_get_mono_fast_ns", "kvm_clock_get_cycles" },
	{ "ktime_get_mono_fast_ns", "xen_clocksource_get_cycles" },
	{ "ktime_get_mono_fast_ns", "read_hv_clock_tsc_cs" },
	{ "ktime_get_mono_fast_ns", "read_hv_clock_msr_cs" },
};

#define WALK_MAX	512

/**
 * struct walk - all functions that some function leads to
 * @test: the test
 * @ends: names of functions that it does not lead into
 * @nr_ends: number of them
 * @found: the functions, with the one that called each
 * @nr: number of them
 * @allowed: how many of them could be replaced
 * @unknown: calls through pointers of which nothing is known, and bytes that
 * are no instruction
 */
struct walk {
	struct kunit		*test;
	const char * const	*ends;
	unsigned int		nr_ends;
	struct {
		unsigned long	addr;
		unsigned long	size;
		unsigned long	caller;
	} found[WALK_MAX];
	unsigned int		nr;
	unsigned int		allowed;
	unsigned int		unknown;
};

static bool ends_at(const struct walk *walk, const char *symbol)
{
	unsigned int i;

	for (i = 0; i < walk->nr_ends; i++)
		if (fits(symbol, walk->ends[i]))
			return true;
	return false;
}

static void add(struct walk *walk, unsigned long dest, unsigned long caller)
{
	char symbol[KSYM_NAME_LEN];
	unsigned long size, offset;
	unsigned int i;

	if (lookup_symbol_name(dest, symbol) || ends_at(walk, symbol))
		return;
	if (!kallsyms_lookup_size_offset(dest, &size, &offset))
		return;
	for (i = 0; i < walk->nr; i++)
		if (walk->found[i].addr == dest - offset)
			return;
	KUNIT_ASSERT_LT(walk->test, walk->nr, WALK_MAX);
	walk->found[walk->nr].addr = dest - offset;
	walk->found[walk->nr].size = size;
	walk->found[walk->nr++].caller = caller;
	if (lsp_arch_denied(dest - offset, size))
		return;
	walk->allowed++;
	kunit_info(walk->test, "%ps can be replaced, called by %ps\n",
		   (void *)dest, (void *)caller);
}

static void add_name(struct walk *walk, const char *name, unsigned long caller)
{
	unsigned long addr = kallsyms_lookup_name(name);

	if (addr)
		add(walk, addr, caller);
}

/* A call through a pointer must have its line in the table. */
static void add_pointer(struct walk *walk, unsigned long caller)
{
	char symbol[KSYM_NAME_LEN] = "";
	bool known = false;
	unsigned int i;

	lookup_symbol_name(caller, symbol);
	/* The thunk that does it for others. */
	if (fits(symbol, "__x86_indirect_*"))
		return;
	for (i = 0; i < ARRAY_SIZE(pointers); i++) {
		if (!fits(symbol, pointers[i].caller))
			continue;
		add_name(walk, pointers[i].target, caller);
		known = true;
	}
	if (known)
		return;
	walk->unknown++;
	kunit_info(walk->test, "%s calls through a pointer\n", symbol);
}

/* Where does an instruction go on if not behind itself? 0: nowhere else. */
static unsigned long branch(const struct insn *insn, unsigned long addr)
{
	u8 op = insn->opcode.bytes[0];
	bool relative = op == CALL_INSN_OPCODE || op == JMP32_INSN_OPCODE ||
			op == JMP8_INSN_OPCODE || (op & 0xf0) == 0x70 ||
			(op == 0x0f && (insn->opcode.bytes[1] & 0xf0) == 0x80);

	return relative ? addr + insn->length + insn->immediate.value : 0;
}

/* CALL or JMP with a register or memory: opcode FF, extensions 2 and 4. */
static bool is_pointer(const struct insn *insn)
{
	u8 extension = X86_MODRM_REG(insn->modrm.value);

	return insn->opcode.bytes[0] == 0xff &&
	       (extension == 2 || extension == 4);
}

static bool is_thunk(unsigned long dest)
{
	char symbol[KSYM_NAME_LEN];

	return !lookup_symbol_name(dest, symbol) &&
	       fits(symbol, "__x86_indirect_*");
}

/* Code that a static branch leaves out counts as well: it is there. */
static void read_function(struct walk *walk, unsigned int n)
{
	unsigned long start = walk->found[n].addr, dest, addr;
	unsigned long end = start + walk->found[n].size;
	struct insn insn;

	for (addr = start; addr < end; addr += insn.length) {
		if (insn_decode(&insn, (void *)addr, end - addr, INSN_MODE_64)) {
			walk->unknown++;
			kunit_info(walk->test, "%pS is no instruction\n",
				   (void *)addr);
			return;
		}
		if (is_pointer(&insn))
			add_pointer(walk, start);
		dest = branch(&insn, addr);
		if (!dest || (dest >= start && dest < end))
			continue;
		dest = lsp_call_target(dest);
		if (is_thunk(dest))
			add_pointer(walk, start);
		add(walk, dest, start);
	}
}

static struct walk *new_walk(struct kunit *test, const char * const *ends,
			     unsigned int nr_ends)
{
	struct walk *walk = kunit_kzalloc(test, sizeof(*walk), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, walk);
	walk->test = test;
	walk->ends = ends;
	walk->nr_ends = nr_ends;
	return walk;
}

static void run(struct walk *walk)
{
	unsigned int i;

	for (i = 0; i < walk->nr; i++)
		read_function(walk, i);
}

static bool has_found(const struct walk *walk, unsigned long addr)
{
	unsigned int i;

	for (i = 0; i < walk->nr; i++)
		if (walk->found[i].addr == addr)
			return true;
	return false;
}

static void __maybe_unused in_the_pause(struct kunit *test)
{
	struct walk *walk = new_walk(test, never_called,
				     ARRAY_SIZE(never_called));

	add_name(walk, "multi_cpu_stop", 0);
	run(walk);
	kunit_info(test, "%u functions\n", walk->nr);
	KUNIT_EXPECT_EQ(test, walk->allowed, 0);
	KUNIT_EXPECT_EQ(test, walk->unknown, 0);
	/* It has got through, to both ends of what is done there. */
	KUNIT_EXPECT_TRUE(test, has_found(walk, (unsigned long)
					  unwind_get_return_address));
	KUNIT_EXPECT_TRUE(test, has_found(walk, (unsigned long)
					  lsp_data_store_stopped));
}

static void __maybe_unused before_the_lookup(struct kunit *test)
{
	struct walk *walk = new_walk(test, after_lookup,
				     ARRAY_SIZE(after_lookup));

	add_name(walk, "asm_exc_int3", 0);
	run(walk);
	kunit_info(test, "%u functions\n", walk->nr);
	KUNIT_EXPECT_EQ(test, walk->allowed, 0);
	KUNIT_EXPECT_EQ(test, walk->unknown, 0);
	KUNIT_EXPECT_TRUE(test, has_found(walk, (unsigned long)
					  livesplice_int3_handler));
}

/*
 * Between the first store and the last some entries have switched and some have
 * not: nobody's tracer or probe may be called there.
 */
static void between_the_stores(struct kunit *test)
{
	struct walk *walk = new_walk(test, never_called,
				     ARRAY_SIZE(never_called));
	unsigned int i;

	add(walk, (unsigned long)lsp_data_store_stopped, 0);
	run(walk);
	KUNIT_EXPECT_EQ(test, walk->allowed, 0);
	KUNIT_EXPECT_EQ(test, walk->unknown, 0);
	/* The code around it, where the entries are stored: as bad. */
	add_name(walk, "lsp_hold_cpu", 0);
	KUNIT_EXPECT_GE(test, walk->nr, 2);
	for (i = 0; i < walk->nr; i++) {
		unsigned long addr = walk->found[i].addr;

		KUNIT_EXPECT_TRUE_MSG(test, within_kprobe_blacklist(addr),
				      "%ps", (void *)addr);
		KUNIT_EXPECT_EQ_MSG(test, ftrace_location(addr), 0, "%ps",
				    (void *)addr);
	}
}

static unsigned long last;

static noinline unsigned long leaf(unsigned long x)
{
	WRITE_ONCE(last, x);
	return x + 1;
}

static unsigned long (*pointer)(unsigned long x) = leaf;

static noinline unsigned long calls(unsigned long x)
{
	return leaf(x) * 3;
}

static noinline unsigned long jumps(unsigned long x)
{
	WRITE_ONCE(last, x);
	return leaf(x);
}

static noinline unsigned long calls_pointer(unsigned long x)
{
	return READ_ONCE(pointer)(x) * 5;
}

/* None of these is denied, so each that the walk comes to is counted. */
static void expect_seen(struct kunit *test, unsigned long (*function)(unsigned long),
			unsigned int allowed, unsigned int unknown)
{
	struct walk *walk = new_walk(test, never_called,
				     ARRAY_SIZE(never_called));

	KUNIT_EXPECT_NE(test, function(1), 0);
	add(walk, (unsigned long)function, 0);
	run(walk);
	KUNIT_EXPECT_EQ(test, walk->allowed, allowed);
	KUNIT_EXPECT_EQ(test, walk->unknown, unknown);
}

static void walk_sees(struct kunit *test)
{
	expect_seen(test, leaf, 1, 0);
	expect_seen(test, calls, 2, 0);
	expect_seen(test, jumps, 2, 0);
	expect_seen(test, calls_pointer, 1, 1);
}

static struct kunit_case livesplice_deny_walk_cases[] = {
	KUNIT_CASE(walk_sees),
	/* Where locks are checked, the checker is called, and all that it calls. */
#ifndef CONFIG_PROVE_LOCKING
	KUNIT_CASE(in_the_pause),
	KUNIT_CASE(before_the_lookup),
#endif
	KUNIT_CASE(between_the_stores),
	{}
};

static struct kunit_suite livesplice_deny_walk_suite = {
	.name = "livesplice_deny_walk",
	.test_cases = livesplice_deny_walk_cases,
};

kunit_test_suite(livesplice_deny_walk_suite);

MODULE_DESCRIPTION("KUnit tests of what livesplice calls where nothing is replaced");
MODULE_LICENSE("GPL");
