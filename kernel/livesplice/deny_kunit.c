// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: tests of what can never be replaced. The rule is asked for each
 * function that the running kernel has a name for.
 */
#include <kunit/test.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/string.h>

#include <asm/sections.h>

#include "internal.h"
#include "x86.h"

/* Where nothing is replaced, in this order in memory. */
static const struct {
	const char	*name;
	const char	*start;
	const char	*end;
} sections[] = {
	{ "noinstr", __noinstr_text_start, __noinstr_text_end },
	{ "static calls", __static_call_text_start, __static_call_text_end },
	{ "entry", __entry_text_start, __entry_text_end },
	{ "init", __init_begin, __init_end },
};

static bool in_section(unsigned long addr)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sections); i++)
		if (addr >= (unsigned long)sections[i].start &&
		    addr < (unsigned long)sections[i].end)
			return true;
	return false;
}

static void section_edges(struct kunit *test)
{
	unsigned int i, clear = 0;

	for (i = 0; i < ARRAY_SIZE(sections); i++) {
		unsigned long start = (unsigned long)sections[i].start;
		unsigned long end = (unsigned long)sections[i].end;

		KUNIT_ASSERT_LT(test, start, end);
		KUNIT_EXPECT_TRUE(test, lsp_arch_denied_section(start, 1));
		KUNIT_EXPECT_TRUE(test, lsp_arch_denied_section(end - 1, 1));
		KUNIT_EXPECT_TRUE(test, lsp_arch_denied_section(end - 1, 64));
		KUNIT_EXPECT_TRUE(test, lsp_arch_denied_section(start - 15, 16));
		/* One may begin where another ends. */
		KUNIT_EXPECT_EQ_MSG(test, lsp_arch_denied_section(start - 1, 1),
				    in_section(start - 1), "%s", sections[i].name);
		KUNIT_EXPECT_EQ_MSG(test, lsp_arch_denied_section(end, 1),
				    in_section(end), "%s", sections[i].name);
		clear += !in_section(start - 1) + !in_section(end);
	}
	KUNIT_EXPECT_GT(test, clear, ARRAY_SIZE(sections));
}

/* Trees with another layout of modules have their own. */
#ifndef lsp_module_set_init
static void lsp_module_set_init(struct module *mod, void *base, unsigned int size)
{
	mod->mem[MOD_INIT_TEXT].base = base;
	mod->mem[MOD_INIT_TEXT].size = size;
}
#endif

static void module_edges(struct kunit *test)
{
	struct module *mod = kunit_kzalloc(test, sizeof(*mod), GFP_KERNEL);
	unsigned long start = 0x10000, init = 0x20000;

	KUNIT_ASSERT_NOT_NULL(test, mod);
	KUNIT_EXPECT_FALSE(test, lsp_arch_denied_module(mod, start, 16));
	mod->noinstr_text_start = (void *)start;
	mod->noinstr_text_size = 64;
	lsp_module_set_init(mod, (void *)init, 64);

	KUNIT_EXPECT_FALSE(test, lsp_arch_denied_module(mod, start - 16, 16));
	KUNIT_EXPECT_TRUE(test, lsp_arch_denied_module(mod, start - 16, 17));
	KUNIT_EXPECT_TRUE(test, lsp_arch_denied_module(mod, start + 63, 1));
	KUNIT_EXPECT_FALSE(test, lsp_arch_denied_module(mod, start + 64, 16));
	KUNIT_EXPECT_FALSE(test, lsp_arch_denied_module(mod, init - 16, 16));
	KUNIT_EXPECT_TRUE(test, lsp_arch_denied_module(mod, init - 16, 17));
	KUNIT_EXPECT_TRUE(test, lsp_arch_denied_module(mod, init + 63, 1));
	KUNIT_EXPECT_FALSE(test, lsp_arch_denied_module(mod, init + 64, 16));
}

static void names(struct kunit *test)
{
	static const char * const denied[] = {
		"schedule", "schedule.cold", "finish_task_switch.isra.0",
		"lsp_switch", "lsp_try.part.0", "livesplice_prepare",
		"trace_event_raw_event_livesplice_window",
		"__traceiter_livesplice_pause_begin",
		"perf_trace_livesplice_attempt.constprop.0",
		"__x86_return_thunk", "__x86_indirect_thunk_rax",
	};
	static const char * const allowed[] = {
		"schedul", "schedule_timeout", "io_schedule", "schedules.cold",
		"", ".cold", "my_lsp_switch", "vfs_splice_read", "do_user_addr_fault",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(denied); i++)
		KUNIT_EXPECT_TRUE_MSG(test, lsp_arch_denied_name(denied[i]),
				      "%s", denied[i]);
	for (i = 0; i < ARRAY_SIZE(allowed); i++)
		KUNIT_EXPECT_FALSE_MSG(test, lsp_arch_denied_name(allowed[i]),
				       "%s", allowed[i]);
}

/*
 * Functions that cannot be probed but can be replaced. NAME, or PREFIX*. What
 * probes fear is to be entered again while they handle an INT3: ours is handled
 * before anything of this is called.
 */
static const struct {
	const char	*pattern;
	const char	*why;
} unprobed[] = {
	/* Code of probes and tracers: none is called before our lookup. */
	{ "kprobe*", "handles probes" },
	{ "*_kprobe", "handles probes" },
	{ "*_kprobe_handler", "handles probes" },
	{ "*_pre_handler", "handles probes" },
	{ "*_post_handler", "handles probes" },
	{ "pre_handler_kretprobe", "handles probes" },
	{ "kretprobe_*", "handles probes" },
	{ "setup_singlestep", "handles probes" },
	{ "resume_singlestep", "handles probes" },
	{ "reenter_kprobe", "handles probes" },
	{ "setup_detour_execution", "handles probes" },
	{ "optimized_callback", "handles probes" },
	{ "synthesize_rel*", "handles probes" },
	{ "rethook_*", "handles probes" },
	{ "arch_rethook_*", "handles probes" },
	{ "fprobe_*", "handles probes" },
	{ "override_function_with_return", "handles probes" },
	{ "ftrace_ops_assist_func", "traces" },
	{ "*ftrace_ops_list_func", "traces" },
	{ "perf_trace_buf_*", "traces" },
	{ "process_fetch_insn", "traces" },
	{ "store_trace_entry_data", "traces" },
	{ "trace_fprobe_*", "traces" },
	{ "fentry_*", "traces" },
	{ "fexit_*", "traces" },
	{ "trace_hardirqs_*", "traces" },
	{ "tracer_hardirqs_*", "traces" },
	{ "*_critical_timings", "traces" },
	/* A debugger holds all CPUs for itself, by NMIs or before our pause. */
	{ "kgdb_*", "belongs to the debugger" },
	{ "dbg_*", "belongs to the debugger" },
	/* An oops, or a trap that is no #BP of ours. */
	{ "do_trap", "handles other traps" },
	{ "__die*", "handles other traps" },
	{ "oops_*", "handles other traps" },
	{ "native_load_idt", "is called where no trap can be awaited" },
	/* Page faults may sleep; who is in one is seen on its stack. */
	{ "*_fault", "handles page faults" },
	/* Called by all sorts of code, the lookup has its own copy. */
	{ "bsearch", "is inlined where it matters" },
	{ "*notifier_call_chain", "is called behind our lookup" },
	/* Entry code calls these when instrumentation may run. */
	{ "__rcu_irq_enter_check_tick", "is called behind our lookup" },
	{ "ct_user_*", "is called on a stack that is walked" },
	{ "user_enter_callable", "is called on a stack that is walked" },
	{ "user_exit_callable", "is called on a stack that is walked" },
	{ "preempt_count_*", "counts" },
	{ "lock_is_held_type", "checks locks" },
};

/* Like PREFIX* and *SUFFIX, or the whole, without what the compiler adds. */
static bool fits(const char *symbol, const char *pattern)
{
	size_t len = strcspn(symbol, "."), want = strlen(pattern);

	if (pattern[0] == '*')
		return len >= want - 1 &&
		       !strncmp(symbol + len - (want - 1), pattern + 1, want - 1);
	if (want && pattern[want - 1] == '*')
		return !strncmp(symbol, pattern, want - 1);
	return len == want && !strncmp(symbol, pattern, len);
}

static const char *why_unprobed(const char *symbol)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(unprobed); i++)
		if (fits(symbol, unprobed[i].pattern))
			return unprobed[i].why;
	return NULL;
}

/**
 * struct census - what the rule says of all functions
 * @test: the test
 * @functions: number of functions, without those of init and static calls
 * @denied: those of them that are denied
 * @named: those that are by their name
 * @parts: those that are the part of one that is
 * @unprobed: those that cannot be probed, but replaced
 * @low: where the engine begins
 * @high: the last function of it that has such a name
 * @next: the first one of those behind it
 */
struct census {
	struct kunit	*test;
	unsigned int	functions;
	unsigned int	denied;
	unsigned int	named;
	unsigned int	parts;
	unsigned int	unprobed;
	unsigned long	low;
	unsigned long	high;
	unsigned long	next;
};

static bool is_function(const char *name, unsigned long addr)
{
	/* Names of what stands in front of functions. */
	return addr >= (unsigned long)_stext && addr < (unsigned long)_etext &&
	       !str_has_prefix(name, "__pfx_") &&
	       !str_has_prefix(name, "__cfi_");
}

static bool asks(const char *name, unsigned long addr, unsigned long *size)
{
	return is_function(name, addr) &&
	       kallsyms_lookup_size_offset(addr, size, NULL) && *size;
}

static int count_function(void *data, const char *name, unsigned long addr)
{
	struct census *census = data;
	unsigned long size;
	bool denied;

	if (!asks(name, addr, &size) || str_has_prefix(name, "__SCT__"))
		return 0;
	denied = lsp_arch_denied(addr, size);
	census->functions++;
	census->denied += denied;
	if (lsp_arch_denied_name(name)) {
		census->named++;
		census->parts += !!strchr(name, '.');
		KUNIT_EXPECT_TRUE_MSG(census->test, denied, "%s", name);
	}
	if (in_section(addr))
		KUNIT_EXPECT_TRUE_MSG(census->test, denied, "%s", name);
	return 0;
}

static void all_functions(struct kunit *test)
{
	struct census census = { .test = test };

	kallsyms_on_each_symbol(count_function, &census);
	kunit_info(test, "%u of %u functions denied, %u by name, %u parts\n",
		   census.denied, census.functions, census.named, census.parts);
	KUNIT_EXPECT_GT(test, census.functions, 1000);
	/* clang makes no functions of parts of others. */
	if (IS_ENABLED(CONFIG_CC_IS_GCC))
		KUNIT_EXPECT_GT(test, census.parts, 0);
	/* More than a few in a hundred would be a rule that went wild. */
	KUNIT_EXPECT_LT(test, census.denied, census.functions / 16);
}

static int count_unprobed(void *data, const char *name, unsigned long addr)
{
	struct census *census = data;
	unsigned long size;
	const char *why;

	if (!asks(name, addr, &size) || !within_kprobe_blacklist(addr) ||
	    lsp_arch_denied(addr, size))
		return 0;
	why = why_unprobed(name);
	census->unprobed++;
	if (why)
		kunit_info(census->test, "%s can be replaced: %s\n", name, why);
	else
		KUNIT_FAIL(census->test, "%s cannot be probed, but replaced?\n",
			   name);
	return 0;
}

static void __maybe_unused kprobe_blacklist(struct kunit *test)
{
	struct census census = { .test = test };

	kallsyms_on_each_symbol(count_unprobed, &census);
	KUNIT_EXPECT_GT(test, census.unprobed, 0);
}

/*
 * The functions of the engine are linked one after the other. The first one has a
 * name of ours, what follows might not. Shadow variables come next: updates use
 * them, the engine does not while it changes text; and then the suites.
 */
static int find_engine(void *data, const char *name, unsigned long addr)
{
	struct census *census = data;

	if (!is_function(name, addr) || in_section(addr) ||
	    !str_has_prefix(name, "lsp_") || str_has_prefix(name, "lsp_test_") ||
	    strchr(name, '.'))
		return 0;
	if (str_has_prefix(name, "lsp_shadow_")) {
		census->next = min(census->next, addr);
		return 0;
	}
	census->low = min(census->low, addr);
	census->high = max(census->high, addr);
	return 0;
}

static int count_engine(void *data, const char *name, unsigned long addr)
{
	struct census *census = data;
	unsigned long size;

	if (addr < census->low || addr >= census->next ||
	    !asks(name, addr, &size))
		return 0;
	census->functions++;
	KUNIT_EXPECT_TRUE_MSG(census->test, lsp_arch_denied(addr, size), "%s",
			      name);
	return 0;
}

static void engine(struct kunit *test)
{
	struct census census = { .test = test, .low = ULONG_MAX, .next = ULONG_MAX };

	kallsyms_on_each_symbol(find_engine, &census);
	KUNIT_ASSERT_LT(test, census.low, census.high);
	KUNIT_ASSERT_LT(test, census.high, census.next);
	KUNIT_ASSERT_NE(test, census.next, ULONG_MAX);
	KUNIT_EXPECT_TRUE(test, lsp_arch_denied(census.next - 1, 1));
	kallsyms_on_each_symbol(count_engine, &census);
	kunit_info(test, "%u functions\n", census.functions);
	KUNIT_EXPECT_GT(test, census.functions, 100);
}

static struct kunit_case livesplice_deny_cases[] = {
	KUNIT_CASE(section_edges),
	KUNIT_CASE(module_edges),
	KUNIT_CASE(names),
	KUNIT_CASE(engine),
	KUNIT_CASE_SLOW(all_functions),
	/* Without probes there is no list. */
#ifdef CONFIG_KPROBES
	KUNIT_CASE_SLOW(kprobe_blacklist),
#endif
	{}
};

static struct kunit_suite livesplice_deny_suite = {
	.name = "livesplice_deny",
	.test_cases = livesplice_deny_cases,
};

kunit_test_suite(livesplice_deny_suite);

MODULE_DESCRIPTION("KUnit tests of what livesplice never replaces");
MODULE_LICENSE("GPL");
