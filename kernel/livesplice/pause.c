// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: the instant in which an update is switched. Called by switch.c.
 *
 * No lock is taken here, nothing allocated or printed, and each loop ends: with
 * the last CPU, with the last task that has run, or when it takes too long.
 */
#include <linux/atomic.h>
#include <linux/cpu.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/moduleparam.h>
#include <linux/preempt.h>
#include <linux/stop_machine.h>
#include <linux/timekeeping.h>

#include <asm/sync_core.h>
#include <asm/text-patching.h>

#include <trace/events/livesplice.h>

#include "internal.h"
#include "switch.h"

/* From livesplice.max_pause_us on the command line, or at run time. */
#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX	"livesplice."

/*
 * Far beyond a pause as it should be, far below what a watchdog or a peer in a
 * cluster notices. Tests write it directly.
 */
unsigned int lsp_max_pause_us = 100 * USEC_PER_MSEC;

static int lsp_max_pause_set(const char *value, const struct kernel_param *kp)
{
	return param_set_uint_minmax(value, kp, 1, 2 * USEC_PER_SEC);
}

static const struct kernel_param_ops lsp_max_pause_ops = {
	.set	= lsp_max_pause_set,
	.get	= param_get_uint,
};
module_param_cb(max_pause_us, &lsp_max_pause_ops, &lsp_max_pause_us, 0644);
MODULE_PARM_DESC(max_pause_us,
		 "give up a pause that has not switched after so many microseconds");

/*
 * From here on only forward. Who lets others run here has broken the promise that
 * nobody does, and it cannot be known what that has done; to wait for somebody
 * who is held would be to wait for ever.
 */
static __always_inline void lsp_hooks_run_stopped(struct lsp_operation *op)
{
	int count = preempt_count();
	u64 start;
	unsigned int i;

	if (!op->nr_hooks)
		return;
	start = ktime_get_mono_fast_ns();
	for (i = 0; i < op->nr_hooks; i++) {
		const struct lsp_turn *turn = &op->hooks[i];
		void (*fn)(void) = turn->hooks->fn[lsp_hook_kind(turn, LSP_HOOK_APPLY)];

		if (!fn)
			continue;
		fn();
		if (irqs_disabled() && preempt_count() == count)
			continue;
		op->awake = fn;
		raw_local_irq_disable();
		preempt_count_set(count);
	}
	op->hooks_ns = ktime_get_mono_fast_ns() - start;
}

/* All other CPUs wait in lsp_hold_cpu(), since @start. */
static __always_inline void
lsp_commit_stopped(struct lsp_operation *op, u64 start)
{
	u64 limit = (u64)READ_ONCE(lsp_max_pause_us) * NSEC_PER_USEC;
	unsigned int i;
	u8 byte;

	op->clean = lsp_scan_clean_stopped(&op->scan, start + limit);
	if (!op->clean)
		return;

	for (i = 0; i < op->nr_entries; i++) {
		byte = lsp_opens_early(op, &op->entries[i]) ?
			INT3_INSN_OPCODE : op->entries[i].old[0];
		if (READ_ONCE(*op->entries[i].alias) == byte)
			continue;
		op->broken = true;
		op->clean = false;
		return;
	}

	/* Point of no return. */
	lsp_hooks_run_stopped(op);
	lsp_data_store_stopped(op);
	for (i = 0; i < op->nr_entries; i++) {
		byte = lsp_comes(op, op->entries[i].leaves) ?
			INT3_INSN_OPCODE : op->entries[i].old[0];
		if (lsp_is_flip(&op->entries[i]))
			lsp_arch_redirect_flip(op->entries[i].redirect);
		else
			WRITE_ONCE(*op->entries[i].alias, byte);
	}
	/* Apply: it opens here, if not before. Undo: it closes, if not later. */
	if (op->enable && !op->window_start)
		op->window_start = ktime_get_mono_fast_ns();
	op->window_end = ktime_get_mono_fast_ns();
}

static void lsp_wait_for_cpus(const atomic_t *count)
{
	while (atomic_read_acquire(count) < num_online_cpus())
		cpu_relax();
}

/*
 * Runs on every CPU with interrupts off. stop_machine() has all of them hold
 * still before it calls the first one, so the time that the working CPU spends
 * here, until all have seen the new text, is the time for which nothing else
 * ran. Gathering the CPUs and letting them go is not in it.
 *
 * A CPU that waits calls nothing, and neither tracers nor probes get in: they
 * might be in the code that changes. The watchdog is touched before and after by
 * multi_cpu_stop(), it is not so quick to be feared for the time between.
 */
static notrace int lsp_hold_cpu(void *data)
{
	struct lsp_operation *op = data;
	u64 start = ktime_get_mono_fast_ns();
	bool working;

	lsp_stack_arrive_stopped();
	/* Orders the arrival before the scan, with lsp_wait_for_cpus(). */
	working = atomic_inc_return(&op->arrived) == 1;
	if (working) {
		lsp_wait_for_cpus(&op->arrived);
		lsp_commit_stopped(op, start);
		/* Pairs with the acquire below: who sees it sees the bytes. */
		smp_store_release(&op->decided, true);
	} else {
		/* Pairs with the release above. */
		while (!smp_load_acquire(&op->decided))
			cpu_relax();
	}

	/* Drop what this CPU has fetched and decoded of the old bytes. */
	sync_core();
	atomic_inc(&op->synced);
	if (working) {
		lsp_wait_for_cpus(&op->synced);
		op->pause_ns = ktime_get_mono_fast_ns() - start - op->hooks_ns;
	}
	return 0;
}

NOKPROBE_SYMBOL(lsp_hold_cpu);

/**
 * lsp_pause() - hold all CPUs, and switch if nobody is in the way
 * @op: the operation; @op->clean says whether it was done
 *
 * Context: cpus_read_lock(), jump_label_lock() and text_mutex held, redirects
 * armed, entries that jump already are INT3.
 */
void lsp_pause(struct lsp_operation *op)
{
	u64 start;

	atomic_set(&op->arrived, 0);
	atomic_set(&op->synced, 0);
	op->decided = false;
	op->hooks_ns = 0;
	trace_livesplice_pause_begin(op->update->name, op->scan.nr_looks,
				     op->scan.nr_ran);
	start = ktime_get_mono_fast_ns();
	stop_machine_cpuslocked(lsp_hold_cpu, op, cpu_online_mask);
	trace_livesplice_pause_end(op->update->name, op->pause_ns,
				   ktime_get_mono_fast_ns() - start,
				   op->scan.nr_stopped, op->clean);
	WRITE_ONCE(op->update->pause_ns, op->pause_ns);
	WRITE_ONCE(op->update->hooks_ns, op->hooks_ns);
}
