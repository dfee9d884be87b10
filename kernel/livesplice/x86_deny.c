// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: functions that can never be replaced. Called by plan.c.
 *
 * DOC: The rule
 *
 * A function is refused if it lies in one of a few sections, if it lies in the
 * engine, whatever its name, or if its name is in the table. The reasons are few:
 *
 * - It runs between a #BP and the lookup that tells where an INT3 of ours
 *   leads. An INT3 in there would have no end.
 * - It runs in the pause, when one CPU has found that nobody is in the way and
 *   nobody looks any more at what the others execute. What proves that an
 *   update may come, or go, is not changed by one either.
 * - It runs in an NMI by nature. An NMI may span the pause, on a stack that is
 *   not walked, and would go on in new functions after old ones.
 * - It is on every stack, so it is never free.
 * - A task runs it when it may be on no list of tasks any more.
 * - It writes text, or waits until all CPUs have seen it. An update that breaks
 *   that could not be undone.
 *
 * What runs on the way from a #BP, and in the pause, deny_kunit.c derives from
 * the machine code: it follows all calls and wants each function refused.
 *
 * The kprobe blacklist has no say. It is empty without CONFIG_KPROBES, and
 * names what a probe's handler may run into: our INT3 has no handler that could
 * be entered twice. What of it matters here is in the table by name.
 */

#include <linux/cache.h>
#include <linux/cleanup.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/static_call.h>
#include <linux/string.h>

#include <asm/sections.h>

#include "internal.h"
#include "x86.h"

/*
 * Names, because most of these functions are static. A name of this list
 * covers all functions of that name and the parts that the compiler cut off
 * from one (name.isra.0, name.cold, ...). Some exist only with an option, or in
 * one of the supported kernels.
 */
static const char * const lsp_denied[] = {
	/* Hold the CPUs, and let them go. */
	"multi_cpu_stop", "cpu_stopper_thread", "smpboot_thread_fn", "kthread",
	"stop_machine_yield", "_find_first_bit", "_find_next_bit",
	"rcu_momentary_eqs", "rcu_momentary_dyntick_idle",
	"stop_machine_cpuslocked", "stop_cpus", "__stop_cpus",
	"queue_stop_cpus_work", "cpu_stop_queue_work", "cpu_stop_signal_done",
	"arch_touch_nmi_watchdog", "touch_softlockup_watchdog",
	"wq_watchdog_touch",

	/* At the top of every stack that does not run, so never free. */
	"__schedule", "schedule", "schedule_idle", "schedule_rtlock",
	"preempt_schedule",
	"preempt_schedule_common", "preempt_schedule_notrace",
	"preempt_schedule_irq", "preempt_schedule_thunk",
	"preempt_schedule_notrace_thunk", "__thunk_restore", "__cond_resched", "context_switch",
	"finish_task_switch", "__switch_to", "__switch_to_asm", "schedule_tail",
	"ret_from_fork", "ret_from_fork_asm", "do_idle", "cpu_startup_entry",
	"raw_irqentry_exit_cond_resched", "irqentry_exit",

	/* A task runs these when it may be on no list of tasks any more. */
	"do_exit", "exit_notify", "release_task", "proc_flush_pid",
	"do_task_dead", "make_task_dead",

	/* Look at stacks in the pause: whose, and the frames on them. */
	"task_curr", "idle_task", "put_task_stack",
	"is_vmalloc_or_module_addr", "is_vmalloc_addr", "__is_insn_slot_addr",
	"__rcu_read_lock", "__rcu_read_unlock", "rcu_is_watching",
	"arch_stack_walk_reliable", "__unwind_start", "unwind_next_frame",
	"unwind_get_return_address", "update_stack_state",
	"orc_find", "__orc_find", "orc_module_find", "orc_ftrace_find",
	"orc_bpf_find", "bpf_has_frame_pointer", "deref_stack_reg", "deref_stack_regs",
	"deref_stack_iret_regs", "unwind_recover_ret_addr",
	"stack_access_ok", "get_stack_info",
	"get_stack_info_noinstr", "ftrace_graph_ret_addr",
	"ftrace_graph_get_ret_stack", "rethook_find_ret_addr",
	"__rethook_find_ret_addr",

	/* And what an address on them belongs to. */
	"__kernel_text_address", "kernel_text_address", "core_kernel_text",
	"is_module_text_address", "__module_text_address", "__module_address",
	"mod_find", "is_ftrace_trampoline", "ftrace_ops_trampoline",
	"is_bpf_text_address", "bpf_prog_ksym_find", "bpf_ksym_find",
	"in_gate_area_no_mm",

	/* Tell in the pause how long it takes, each from one kind of clock. */
	"ktime_get_mono_fast_ns", "__ktime_get_fast_ns", "delta_to_ns_safe",
	"timekeeping_delta_to_ns", "timekeeping_cycles_to_ns",
	"read_tsc", "read_hpet", "acpi_pm_read", "acpi_pm_read_verified",
	"acpi_pm_read_slow", "jiffies_read",
	"kvm_clock_get_cycles", "kvm_clock_read",
	"xen_clocksource_get_cycles", "xen_clocksource_read",
	"pvclock_clocksource_read", "pvclock_touch_watchdogs",
	"touch_softlockup_watchdog_sync", "clocksource_touch_watchdog",
	"rcu_cpu_stall_reset", "reset_hung_task_detector",
	"read_hv_clock_tsc_cs", "read_hv_clock_tsc",
	"read_hv_clock_msr_cs", "read_hv_clock_msr",

	/* Would handle an INT3 if ours were not recognised. */
	"exc_int3", "do_int3", "do_int3_user", "poke_int3_handler",
	"smp_text_poke_int3_handler", "kprobe_int3_handler", "notify_die",
	"kgdb_ll_trap",
	/* And a Xen PV guest returns from it by these. */
	"xen_iret", "xenpv_restore_regs_and_return_to_usermode",

	/* Whom every NMI is given to, and who wants to see each. */
	"default_do_nmi", "nmi_handle", "unknown_nmi_error", "pci_serr_error",
	"io_check_error", "perf_event_nmi_handler", "perf_ibs_nmi_handler",
	"nmi_cpu_backtrace_handler", "nmi_cpu_backtrace", "kgdb_nmi_handler",
	"kgdb_nmicallback", "kgdb_nmicallin", "kgdb_cpu_enter",

	/* Writes the text, and waits until everybody has seen it. */
	"text_poke", "__text_poke", "text_poke_memcpy", "text_poke_bp",
	"text_poke_bp_batch", "text_poke_queue", "text_poke_finish",
	"text_poke_flush", "text_poke_loc_init", "text_poke_sync",
	"text_poke_addr", "__smp_text_poke_batch_add", "smp_text_poke_single",
	"smp_text_poke_batch_add", "smp_text_poke_batch_finish",
	"smp_text_poke_sync_each_cpu", "poke_vmalloc_pages",
	"__poke_vmalloc_pages",
	"do_sync_core", "use_temporary_mm", "unuse_temporary_mm",
	"switch_mm_irqs_off", "flush_tlb_mm_range", "on_each_cpu_cond_mask",
	"smp_call_function_many_cond", "__flush_smp_call_function_queue",
	"generic_smp_call_function_single_interrupt",
	"__sysvec_call_function", "__sysvec_call_function_single",
	"flush_smp_call_function_queue", "perf_event_text_poke",

	/* Called by the tracking with a run queue's lock held. */
	"__traceiter_sched_switch",

	/*
	 * Every call, or every return, may lead through these, those of the
	 * pause and of noinstr code too; and most are copied or rewritten.
	 */
	"__fentry__", "ftrace_stub", "ftrace_caller", "ftrace_regs_caller",
	"return_to_handler", "arch_rethook_trampoline",
	"__kretprobe_trampoline", "optprobe_template_entry",
	"entry_untrain_ret", "its_return_thunk", "call_depth_return_thunk",
	"warn_thunk_thunk",
};

static const char * const lsp_denied_prefixes[] = {
	/* Everything of the engine itself; trace events see below. */
	"lsp_",
	/* Indirect branches and returns: as those at the end of the list. */
	"__x86_indirect_", "__x86_return_", "srso_", "retbleed_",
	/* Entries of a Xen PV guest, outside of the section of all others. */
	"xen_asm_", "xen_entry_",
};

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

/*
 * Where the engine is: its functions are linked one after the other, and those of
 * shadow.c behind them; parts that lie elsewhere have its names. What the compiler
 * has made of inline functions of headers lies there too, under any name.
 */
static unsigned long lsp_engine_start = ULONG_MAX, lsp_engine_end;
static unsigned long lsp_engine_next = ULONG_MAX;
static DEFINE_MUTEX(lsp_engine_lock);

static int lsp_engine_one(void *data, const char *name, unsigned long addr)
{
	if (!str_has_prefix(name, "lsp_") || strchr(name, '.') ||
	    str_has_prefix(name, "lsp_test_") ||
	    !core_kernel_text(addr) || lsp_arch_denied_section(addr, 1))
		return 0;
	if (str_has_prefix(name, "lsp_shadow_")) {
		lsp_engine_next = min(lsp_engine_next, addr);
		return 0;
	}
	lsp_engine_start = min(lsp_engine_start, addr);
	lsp_engine_end = max(lsp_engine_end, addr);
	return 0;
}

/*
 * Looked for when it is asked for: that means to look at every name there is. If it
 * is nowhere, everything may be part of it; and so may what is between its last name
 * and the first one behind it.
 */
static bool lsp_in_engine(unsigned long addr, unsigned long size)
{
	guard(mutex)(&lsp_engine_lock);
	if (!lsp_engine_end) {
		kallsyms_on_each_symbol(lsp_engine_one, NULL);
		if (lsp_engine_end && lsp_engine_next != ULONG_MAX)
			lsp_engine_end = max(lsp_engine_end, lsp_engine_next - 1);
	}
	return !lsp_engine_end ||
	       (addr <= lsp_engine_end && addr + size > lsp_engine_start);
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

/**
 * lsp_arch_denied_name() - may a function of this name not be replaced?
 * @symbol: the name, with what the compiler has put behind it
 *
 * Return: true if so.
 */
bool lsp_arch_denied_name(const char *symbol)
{
	size_t len;
	unsigned int i;

	/* The name that code of the early boot calls the same function by. */
	if (str_has_prefix(symbol, "__pi_"))
		symbol += strlen("__pi_");
	len = strcspn(symbol, ".");
	for (i = 0; i < ARRAY_SIZE(lsp_denied_prefixes); i++)
		if (str_has_prefix(symbol, lsp_denied_prefixes[i]))
			return true;
	/* In the middle of the names that the macros of trace events make. */
	if (strstr(symbol, "livesplice_"))
		return true;
	for (i = 0; i < ARRAY_SIZE(lsp_denied); i++)
		if (strlen(lsp_denied[i]) == len &&
		    !strncmp(symbol, lsp_denied[i], len))
			return true;
	return false;
}

/**
 * lsp_arch_denied_section() - does part of a function lie where none may be?
 * @addr: address of the function, of the kernel itself
 * @size: its size
 *
 * .noinstr.text holds .cpuidle.text, and most of the #BP and NMI paths.
 *
 * Return: true if so.
 */
bool lsp_arch_denied_section(unsigned long addr, unsigned long size)
{
	return lsp_overlaps(addr, size, __noinstr_text_start,
			    __noinstr_text_end) ||
	       lsp_overlaps(addr, size, __entry_text_start, __entry_text_end) ||
	       /* Rewritten whenever a static call changes. */
	       lsp_overlaps(addr, size, __static_call_text_start,
			    __static_call_text_end) ||
	       lsp_overlaps(addr, size, __init_begin, __init_end);
}

/**
 * lsp_arch_denied_module() - as lsp_arch_denied_section(), in a module
 * @mod: the module
 * @addr: address of the function
 * @size: its size
 *
 * Return: true if so.
 */
bool lsp_arch_denied_module(const struct module *mod, unsigned long addr,
			    unsigned long size)
{
	const void *start = mod->noinstr_text_start;

	return lsp_overlaps(addr, size, start,
			    start + mod->noinstr_text_size) ||
	       within_module_init(addr, mod) ||
	       within_module_init(addr + size - 1, mod);
}

static bool lsp_denied_here(unsigned long addr, unsigned long size)
{
	const struct module *mod;

	if (lsp_arch_denied_section(addr, size) || lsp_in_engine(addr, size))
		return true;
	guard(preempt)();
	mod = __module_address(addr);
	return mod && lsp_arch_denied_module(mod, addr, size);
}

/**
 * lsp_arch_denied_relaxed() - likewise, if its old frames may stay
 * @addr: address of the function
 * @size: its size
 *
 * schedule() is on every stack, and nothing else is wrong with it: it is neither
 * on the way from a #BP nor in the pause.
 *
 * Context: may sleep.
 * Return: true if it can never be replaced.
 */
bool lsp_arch_denied_relaxed(unsigned long addr, unsigned long size)
{
	char symbol[KSYM_NAME_LEN];
	unsigned int i;

	if (lookup_symbol_name(addr, symbol) || strcmp(symbol, "schedule"))
		return lsp_arch_denied(addr, size);
	for (i = 0; i < lsp_nr_denied; i++)
		if (lsp_denied_addrs[i] != addr && lsp_denied_addrs[i] - addr < size)
			return true;
	return lsp_denied_here(addr, size);
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

	if (lsp_denied_here(addr, size))
		return true;
	if (!lookup_symbol_name(addr, symbol) && lsp_arch_denied_name(symbol))
		return true;
	/* The address may have more names than the one that was found. */
	for (i = 0; i < lsp_nr_denied; i++)
		if (lsp_denied_addrs[i] - addr < size)
			return true;
	return false;
}
