// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: is a task in a range of addresses? Called by scan.c and track.c,
 * with the machine running or held.
 *
 * DOC: Stack check
 *
 * A task that does not run goes on at an address that it has saved somewhere.
 * Return addresses, interrupted instruction pointers and registers are words
 * between its saved stack pointer and the end of its stack. If none of them
 * lies in a range, the task is not in it: that takes no unwinder and trusts
 * no debug information. A word that does lie in a range may be a left-over, or
 * an ordinary pointer; then, and only then, the reliable unwinder is asked,
 * and whatever it is not sure of counts as "in there".
 *
 * What is not on the stack is looked at by itself: return addresses that the
 * function graph tracer and rethooks (kretprobes, fprobes) keep elsewhere,
 * copies of instructions that a kprobe runs in slots of its own, and the
 * function that restarts a system call.
 *
 * Who is where in the pause:
 *
 * - Every online CPU runs its stopper thread, in multi_cpu_stop(). Stoppers
 *   cannot be walked while they run; they all have the same frames, so the
 *   stack of the one that looks at everybody is a proxy for the others, and
 *   the functions on it can never be replaced (x86_deny.c).
 * - All other tasks were switched out by the scheduler. IRQ, softirq and
 *   exception stacks are empty, for nobody is switched out on them. Idle tasks
 *   are on no list; those of offline CPUs never come back from where they are.
 * - A newborn task has one made-up frame that leads to ret_from_fork_asm().
 * - A task that has died (TASK_DEAD, switched out) never runs again.
 * - A task that is dying may have no number any more: track.c has it.
 * - An NMI may interrupt a stopper. It ends before its CPU answers the first
 *   IPI after the pause, and until then only the first byte of an entry has
 *   changed: it finishes in the code that it was in.
 *
 * With the machine running a task is looked at while the scheduler's locks keep
 * it from running: the same holds for it as in the pause.
 */

#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/rethook.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "internal.h"

/* The task that holds each CPU in the current pause. */
static DEFINE_PER_CPU(struct task_struct *, lsp_holder);

static int lsp_range_order(const void *a, const void *b)
{
	const struct lsp_range *left = a, *right = b;

	if (left->start == right->start)
		return 0;
	return left->start < right->start ? -1 : 1;
}

/**
 * lsp_ranges_sort() - sort ranges and merge those that touch
 * @ranges: the ranges
 */
void lsp_ranges_sort(struct lsp_ranges *ranges)
{
	struct lsp_range *last = ranges->ranges;
	unsigned int i;

	ranges->low = ULONG_MAX;
	ranges->span = 0;
	if (!ranges->nr)
		return;

	sort(ranges->ranges, ranges->nr, sizeof(*ranges->ranges),
	     lsp_range_order, NULL);
	for (i = 1; i < ranges->nr; i++) {
		const struct lsp_range *next = &ranges->ranges[i];

		if (next->start <= last->end)
			last->end = max(last->end, next->end);
		else
			*++last = *next;
	}
	ranges->nr = last - ranges->ranges + 1;
	ranges->low = ranges->ranges[0].start;
	ranges->span = last->end - ranges->low;
}

/* Nearly all words that are looked at are outside of all that is between. */
static __always_inline bool lsp_ranges_far(const struct lsp_ranges *ranges,
					   unsigned long addr)
{
	return addr - ranges->low > ranges->span;
}

/**
 * lsp_ranges_hit() - does an address lie in one of the ranges?
 * @ranges: the ranges, sorted
 * @addr: the address
 *
 * Both ends count: the return address of a call that ends a function lies
 * behind the function.
 *
 * Context: any.
 * Return: true if it does.
 */
bool lsp_ranges_hit(const struct lsp_ranges *ranges, unsigned long addr)
{
	unsigned int low = 0, high = ranges->nr;

	if (lsp_ranges_far(ranges, addr))
		return false;

	while (low < high) {
		unsigned int mid = low + (high - low) / 2;

		if (addr < ranges->ranges[mid].start)
			high = mid;
		else if (addr > ranges->ranges[mid].end)
			low = mid + 1;
		else
			return true;
	}
	return false;
}

#ifdef CONFIG_KPROBES
/**
 * lsp_has_probe_slots() - is there any kprobe with a copy of an instruction?
 *
 * All have one but those at fentry sites.
 *
 * Return: true if there may be one.
 */
bool lsp_has_probe_slots(void)
{
#ifdef CONFIG_OPTPROBES
	if (!list_empty(&kprobe_optinsn_slots.pages))
		return true;
#endif
	return !list_empty(&kprobe_insn_slots.pages);
}
#else
bool lsp_has_probe_slots(void)
{
	return false;
}
#endif

/*
 * A task that was interrupted in a probe's slot executes an instruction of
 * some function without an address of that function on its stack. Which one
 * does not matter: slots never sleep, so the task is out of it soon.
 */
static __always_inline bool lsp_word_hit(const struct lsp_ranges *ranges,
					 unsigned long word)
{
	if (!lsp_ranges_far(ranges, word) && lsp_ranges_hit(ranges, word))
		return true;
	return unlikely(ranges->has_probes) &&
	       is_vmalloc_or_module_addr((void *)word) &&
	       (is_kprobe_insn_slot(word) || is_kprobe_optinsn_slot(word));
}

/* Note who is in the way. Always false, for callers to return. */
static bool lsp_blocked(struct lsp_ranges *ranges, struct task_struct *task,
			unsigned long addr)
{
	struct lsp_blocker *blocker;

	if (ranges->nr_blockers < LSP_MAX_BLOCKERS) {
		blocker = &ranges->blockers[ranges->nr_blockers++];
		blocker->pid = task->pid;
		/* A task may be changing its name: any mixture will do. */
		memcpy(blocker->comm, task->comm, sizeof(blocker->comm));
		blocker->comm[sizeof(blocker->comm) - 1] = '\0';
		blocker->addr = addr;
	}
	return false;
}

/*
 * The scan reads whole stacks: padding and variables out of scope as well,
 * which KASAN would complain about.
 */
static __no_kasan_or_inline bool
lsp_words_clean(struct lsp_ranges *ranges, struct task_struct *task,
		unsigned long sp, unsigned long top)
{
	unsigned long word;

	for (; sp < top; sp += sizeof(word)) {
		word = READ_ONCE_NOCHECK(*(unsigned long *)sp);
		if (likely(!lsp_word_hit(ranges, word)))
			continue;
		/* One verdict on the frames settles all words of the stack. */
		if (lsp_arch_stack_live(task, ranges, &word))
			return lsp_blocked(ranges, task, word);
		return true;
	}
	return true;
}

#ifdef CONFIG_FUNCTION_GRAPH_TRACER
/* Trees whose graph tracer keeps something else have their own. */
#ifndef lsp_graph_words
static const unsigned long *lsp_graph_words(struct task_struct *task,
					    unsigned int *nr)
{
	*nr = task->curr_ret_stack;
	return task->ret_stack;
}
#endif

/*
 * The graph tracer's stack grows upwards and holds return addresses, traced
 * functions and data of the tracers. Telling them apart needs knowledge that
 * belongs to the tracer, so each word counts.
 */
static bool lsp_graph_clean(struct lsp_ranges *ranges,
			    struct task_struct *task)
{
	const unsigned long *words;
	unsigned int i, nr;

	words = lsp_graph_words(task, &nr);
	if (!words)
		return true;
	for (i = 0; i < nr; i++)
		if (lsp_word_hit(ranges, words[i]))
			return lsp_blocked(ranges, task, words[i]);
	return true;
}
#else
static bool lsp_graph_clean(struct lsp_ranges *ranges,
			    struct task_struct *task)
{
	return true;
}
#endif

#ifdef CONFIG_RETHOOK
static bool lsp_rethooks_clean(struct lsp_ranges *ranges,
			       struct task_struct *task)
{
	struct llist_node *node;

	for (node = task->rethooks.first; node; node = node->next) {
		unsigned long addr = container_of(node, struct rethook_node,
						  llist)->ret_addr;

		if (lsp_word_hit(ranges, addr))
			return lsp_blocked(ranges, task, addr);
	}
	return true;
}
#else
static bool lsp_rethooks_clean(struct lsp_ranges *ranges,
			       struct task_struct *task)
{
	return true;
}
#endif

/*
 * A restart enters a function at its start. That is as good as any call while
 * the function exists, so it matters only for code that may go away.
 */
static bool lsp_restart_clean(struct lsp_ranges *ranges,
			      struct task_struct *task)
{
	unsigned long fn = (unsigned long)task->restart_block.fn;

	if (ranges->leaving && lsp_ranges_hit(ranges, fn))
		return lsp_blocked(ranges, task, fn);
	return true;
}

static bool lsp_elsewhere_clean(struct lsp_ranges *ranges,
				struct task_struct *task)
{
	return lsp_graph_clean(ranges, task) &&
	       lsp_rethooks_clean(ranges, task) &&
	       lsp_restart_clean(ranges, task);
}

/**
 * lsp_stack_arrive_stopped() - the calling task holds its CPU from now on
 *
 * Called on each CPU, before one of them looks at the stacks.
 */
void lsp_stack_arrive_stopped(void)
{
	this_cpu_write(lsp_holder, current);
}

/**
 * lsp_stack_task_clean() - is a task that does not run in none of the ranges?
 * @ranges: the ranges; gets the task as a blocker if it is
 * @task: the task; it must not be able to start running meanwhile
 * @stack: its stack, which must not go away meanwhile
 *
 * Return: true if that is proven.
 */
bool lsp_stack_task_clean(struct lsp_ranges *ranges, struct task_struct *task,
			  unsigned long stack)
{
	unsigned long sp;

	if (READ_ONCE(task->__state) == TASK_DEAD)
		return true;
	/* Anew for each task: it may have run into one that is new. */
	ranges->has_probes = lsp_has_probe_slots();
	sp = lsp_arch_saved_sp(task);
	if (sp < stack || sp >= stack + THREAD_SIZE ||
	    !IS_ALIGNED(sp, sizeof(long)))
		return lsp_blocked(ranges, task, sp);
	return lsp_words_clean(ranges, task, sp, stack + THREAD_SIZE) &&
	       lsp_elsewhere_clean(ranges, task);
}

/**
 * lsp_stack_task_clean_stopped() - is a task in none of the ranges?
 * @ranges: the ranges; gets the task as a blocker if it is
 * @task: the task
 *
 * Return: true if that is proven.
 */
bool lsp_stack_task_clean_stopped(struct lsp_ranges *ranges,
				  struct task_struct *task)
{
	unsigned long stack;
	bool clean;

	if (task_curr(task)) {
		if (per_cpu(lsp_holder, task_cpu(task)) == task)
			return true;
		/* Nobody else can be running: doubt means busy. */
		return lsp_blocked(ranges, task, 0);
	}

	/* Never the last reference, so dropping it frees nothing here. */
	stack = (unsigned long)try_get_task_stack(task);
	if (!stack)
		return true;
	clean = lsp_stack_task_clean(ranges, task, stack);
	put_task_stack(task);
	return clean;
}

static bool lsp_own_clean(struct lsp_ranges *ranges)
{
	unsigned long sp = (unsigned long)__builtin_frame_address(0);
	unsigned long stack = (unsigned long)task_stack_page(current);

	if (sp < stack || sp >= stack + THREAD_SIZE)
		return lsp_blocked(ranges, current, sp);
	ranges->has_probes = lsp_has_probe_slots();
	return lsp_words_clean(ranges, current, ALIGN_DOWN(sp, sizeof(long)),
			       stack + THREAD_SIZE) &&
	       lsp_elsewhere_clean(ranges, current);
}

/**
 * lsp_stack_cpus_clean_stopped() - are stoppers and idle tasks in no range?
 * @ranges: the ranges; gets those that are as blockers
 *
 * All CPUs must have called lsp_stack_arrive_stopped().
 *
 * Return: true if that is proven.
 */
bool lsp_stack_cpus_clean_stopped(struct lsp_ranges *ranges)
{
	bool clean = lsp_own_clean(ranges);
	int cpu;

	for_each_online_cpu(cpu)
		if (!lsp_stack_task_clean_stopped(ranges, idle_task(cpu)))
			clean = false;
	return clean;
}
