// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: functions that can never be replaced, because they run while
 * text is being changed or are on every stack. Called by load.c.
 */

#include <linux/cache.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/string.h>

#include <asm/sections.h>

#include "internal.h"

/*
 * Names, because most of these functions are static. A name of this list
 * covers all functions of that name and the parts that the compiler cut off
 * from one (name.isra.0, name.cold, ...). Code of .noinstr.text (which holds
 * .cpuidle.text), .entry.text and the kprobe blacklist, which are the largest
 * part of the entry, idle and #BP paths, needs no mention.
 */
static const char * const lsp_denied[] = {
	/* Spin around the pause on every CPU, on stacks that are not walked. */
	"multi_cpu_stop", "cpu_stopper_thread", "smpboot_thread_fn", "kthread",
	"stop_machine_yield", "rcu_momentary_eqs", "touch_nmi_watchdog",
	"stop_machine_cpuslocked", "stop_cpus", "__stop_cpus",
	"queue_stop_cpus_work", "cpu_stop_queue_work", "cpu_stop_signal_done",

	/* At the top of every stack that does not run, so never free. */
	"__schedule", "schedule", "schedule_idle", "preempt_schedule",
	"preempt_schedule_common", "preempt_schedule_notrace",
	"preempt_schedule_irq", "preempt_schedule_thunk",
	"preempt_schedule_notrace_thunk", "__cond_resched", "context_switch",
	"finish_task_switch", "__switch_to", "__switch_to_asm", "schedule_tail",
	"ret_from_fork", "ret_from_fork_asm", "do_idle", "cpu_startup_entry",
	"raw_irqentry_exit_cond_resched", "irqentry_exit",

	/* A task runs these when it may be on no list of tasks any more. */
	"do_exit", "exit_notify", "release_task", "proc_flush_pid",
	"do_task_dead", "make_task_dead",

	/* Looks at stacks in the pause. */
	"arch_stack_walk_reliable", "__unwind_start", "unwind_next_frame",
	"unwind_get_return_address", "orc_find", "__orc_find",
	"orc_module_find", "orc_ftrace_find", "deref_stack_reg",
	"stack_access_ok", "get_stack_info", "get_stack_info_noinstr",
	"__kernel_text_address", "kernel_text_address", "core_kernel_text",
	"is_module_text_address", "__module_text_address", "__module_address",
	"is_ftrace_trampoline", "ftrace_ops_trampoline",
	"is_bpf_text_address", "bpf_prog_ksym_find", "__is_insn_slot_addr",
	"ftrace_graph_ret_addr", "rethook_find_ret_addr",
	"is_vmalloc_or_module_addr", "task_curr", "idle_task",
	"ktime_get_mono_fast_ns",

	/* Would handle an INT3 if ours were not recognised. */
	"exc_int3", "do_int3", "do_int3_user", "poke_int3_handler",
	"kprobe_int3_handler", "notify_die", "kgdb_ll_trap",

	/* Writes the text, and waits until everybody has seen it. */
	"text_poke", "__text_poke", "text_poke_memcpy", "text_poke_bp",
	"text_poke_bp_batch", "text_poke_queue", "text_poke_finish",
	"text_poke_flush", "text_poke_loc_init", "text_poke_sync",
	"do_sync_core", "use_temporary_mm", "unuse_temporary_mm",
	"switch_mm_irqs_off", "flush_tlb_mm_range", "on_each_cpu_cond_mask",
	"smp_call_function_many_cond", "__flush_smp_call_function_queue",
	"generic_smp_call_function_single_interrupt",
	"flush_smp_call_function_queue", "perf_event_text_poke",

	/* Called by the tracking with a run queue's lock held. */
	"__traceiter_sched_switch",
};

/* Everything of the engine itself has one of these in front. */
static const char * const lsp_own_prefixes[] = { "lsp_", "livesplice_" };

/*
 * Where the functions of the list are, however many names they have: looked up
 * once, for each of them takes thousands of comparisons of names. An update may
 * replace a thousand functions.
 */
#define LSP_MAX_DENIED		512

static unsigned long lsp_denied_addrs[LSP_MAX_DENIED] __ro_after_init;
static unsigned int lsp_nr_denied __ro_after_init;

static bool lsp_overlaps(unsigned long addr, unsigned long size,
			 const void *start, const void *end)
{
	return addr < (unsigned long)end && addr + size > (unsigned long)start;
}

static int __init lsp_deny_one(void *data, unsigned long addr)
{
	if (lsp_nr_denied == LSP_MAX_DENIED)
		return -ENOSPC;
	lsp_denied_addrs[lsp_nr_denied++] = addr;
	return 0;
}

/**
 * lsp_arch_deny_init() - find the functions that can never be replaced
 *
 * Return: 0, or -ENOSPC if there are more of these names than there is room for.
 */
int __init lsp_arch_deny_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(lsp_denied); i++) {
		err = kallsyms_on_each_match_symbol(lsp_deny_one,
						    lsp_denied[i], NULL);
		if (err)
			return err;
	}
	return 0;
}

static bool lsp_denied_name(const char *symbol)
{
	size_t len = strcspn(symbol, ".");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lsp_own_prefixes); i++)
		if (str_has_prefix(symbol, lsp_own_prefixes[i]))
			return true;
	for (i = 0; i < ARRAY_SIZE(lsp_denied); i++)
		if (strlen(lsp_denied[i]) == len &&
		    !strncmp(symbol, lsp_denied[i], len))
			return true;
	return false;
}

static bool lsp_denied_section(unsigned long addr, unsigned long size)
{
	return lsp_overlaps(addr, size, __noinstr_text_start,
			    __noinstr_text_end) ||
	       lsp_overlaps(addr, size, __entry_text_start, __entry_text_end) ||
	       lsp_overlaps(addr, size, __init_begin, __init_end);
}

/**
 * lsp_arch_denied() - must a function stay as it is?
 * @addr: address of the function
 * @size: its size
 *
 * Context: may sleep.
 * Return: true if it can never be replaced.
 */
bool lsp_arch_denied(unsigned long addr, unsigned long size)
{
	char symbol[KSYM_NAME_LEN];
	unsigned int i;

	/* Interrupted or idle CPUs run this without anybody noticing. */
	if (lsp_denied_section(addr, size))
		return true;
	/* The #BP and #DB paths of probes, and what they call. */
	if (within_kprobe_blacklist(addr) ||
	    within_kprobe_blacklist(addr + size - 1))
		return true;
	if (!lookup_symbol_name(addr, symbol) && lsp_denied_name(symbol))
		return true;
	/* The address may have more names than the one that was found. */
	for (i = 0; i < lsp_nr_denied; i++)
		if (lsp_denied_addrs[i] - addr < size)
			return true;
	return false;
}
