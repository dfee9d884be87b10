// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: what the switch has to know about x86: where the jump goes, where
 * a call that hits a half-written jump continues, and whether a word on a stack
 * is live. Called by load.c, switch.c, stack.c and, for the redirect, by the #BP
 * entry code.
 *
 * DOC: Half-written jumps
 *
 * The pause changes one byte per entry. Between that and the finished jump
 * the entry is an INT3:
 *
 *   switch.c, text_mutex held		exc_int3(), any CPU, any context
 *
 *   fill table
 *   lsp_redirects = table	(A)	INT3 is fetched, #BP
 *   INT3 -> entry			smp_rmb()		(pairs with A)
 *   ...				table = lsp_redirects
 *   no INT3 at any entry		regs->ip = target
 *   smp_text_poke_sync_each_cpu() (B)	iret
 *   lsp_redirects = NULL
 *
 * A: who sees the INT3 sees the table. The byte is stored after the table, by
 * the pause or by text_poke(), and both end with every CPU serialising itself.
 * B: the handler runs with interrupts off from the #BP to the IRET, so an IPI
 * that every CPU has answered after the last INT3 went away proves that no
 * handler is left that still needs the table. Only then it is taken down.
 */

#include <linux/atomic.h>
#include <linux/bsearch.h>
#include <linux/ftrace.h>
#include <linux/livesplice.h>
#include <linux/memory.h>
#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/unaligned.h>

#include <asm/ibt.h>
#include <asm/text-patching.h>
#include <asm/unwind.h>

#include "internal.h"
#include "x86.h"

#define LSP_ENDBR_SIZE		4

static_assert(LSP_JUMP_SIZE == JMP32_INSN_SIZE);
static_assert(LSP_CALL_SIZE == CALL_INSN_SIZE);

/* Written under text_mutex, see "Half-written jumps". */
static const struct lsp_redirects *lsp_redirects;

/* Calls that were redirected since the table was armed. */
static atomic_t lsp_redirect_hits;

static __always_inline int lsp_redirect_cmp(const void *key, const void *elt)
{
	const struct lsp_redirect *entry = elt;
	unsigned long site = (unsigned long)key;

	if (site < entry->site)
		return -1;
	return site > entry->site;
}

bool noinstr livesplice_int3_handler(struct pt_regs *regs)
{
	const struct lsp_redirects *table;
	const struct lsp_redirect *entry;

	/* An INT3 of user space never is one of ours. */
	if (user_mode(regs))
		return false;

	/* Pairs with the release in lsp_arch_redirect_arm(). */
	smp_rmb();
	table = READ_ONCE(lsp_redirects);
	if (likely(!table))
		return false;

	entry = __inline_bsearch((void *)(regs->ip - INT3_INSN_SIZE),
				 table->entries, table->nr,
				 sizeof(*entry), lsp_redirect_cmp);
	if (!entry)
		return false;

	raw_atomic_inc(&lsp_redirect_hits);
	regs->ip = READ_ONCE(entry->target);
	return true;
}

static int lsp_redirect_order(const void *a, const void *b)
{
	return lsp_redirect_cmp((void *)((const struct lsp_redirect *)a)->site,
				b);
}

/**
 * lsp_arch_redirects_sort() - put the table of an operation in order
 * @table: the redirects, to be armed next
 */
void lsp_arch_redirects_sort(struct lsp_redirects *table)
{
	sort(table->entries, table->nr, sizeof(*table->entries),
	     lsp_redirect_order, NULL);
}

/**
 * lsp_arch_redirect_find() - the redirect of an entry
 * @table: the table
 * @site: address of the entry's jump
 *
 * Return: the redirect; an update has one for each of its entries.
 */
struct lsp_redirect *lsp_arch_redirect_find(struct lsp_redirects *table,
					    unsigned long site)
{
	return __inline_bsearch((void *)site, table->entries, table->nr,
				sizeof(*table->entries), lsp_redirect_cmp);
}

/**
 * lsp_arch_redirect_arm() - let INT3s at the entries lead to the new code
 * @table: where they lead; stays alive until disarmed
 *
 * Context: text_mutex held, before the first INT3 is written.
 */
void lsp_arch_redirect_arm(const struct lsp_redirects *table)
{
	lockdep_assert_held(&text_mutex);
	LSP_WARN_ON(lsp_redirects);

	atomic_set(&lsp_redirect_hits, 0);
	/* Pairs with smp_rmb() in livesplice_int3_handler(). */
	smp_store_release(&lsp_redirects, table);
}

/**
 * lsp_arch_redirect_disarm() - forget the table of redirects
 *
 * Context: text_mutex held, no entry is an INT3 any more; may sleep.
 * Return: number of calls that were redirected.
 */
unsigned int lsp_arch_redirect_disarm(void)
{
	lockdep_assert_held(&text_mutex);

	/* The last handler that hit one of our INT3s has returned after this. */
	smp_text_poke_sync_each_cpu();
	WRITE_ONCE(lsp_redirects, NULL);
	/* And this is for one that hit somebody else's, and still searches. */
	smp_text_poke_sync_each_cpu();
	return atomic_read(&lsp_redirect_hits);
}

/**
 * lsp_arch_jump() - encode the jump
 * @insn: where to
 * @span: number of bytes, LSP_JUMP_SIZE at least
 * @site: address it will be at
 * @target: where it leads
 *
 * Of the last instruction that it covers a rest may be left. That gets INT3, see
 * lsp_arch_span().
 */
void lsp_arch_jump(u8 *insn, u32 span, unsigned long site, unsigned long target)
{
	memset(insn, INT3_INSN_OPCODE, span);
	/* JMP rel32 */
	__text_gen_insn(insn, JMP32_INSN_OPCODE, (void *)site, (void *)target,
			JMP32_INSN_SIZE);
}

/**
 * lsp_entry_site() - where in a function's first bytes the jump goes
 * @addr: address of the function
 * @size: its size
 * @first: its first 4 bytes
 * @fentry: address of its fentry site, 0 if it has none
 *
 * The jump leaves alone what others need at the entry: the ENDBR, for
 * indirect branches still arrive there, and the fentry site behind it, for
 * tracers go on working on the old name and then reach the new code.
 *
 * Return: the address, or 0 if the function cannot take a jump.
 */
unsigned long lsp_entry_site(unsigned long addr, unsigned int size, u32 first,
			     unsigned long fentry)
{
	unsigned long site = addr;

	if (lsp_is_endbr(first) || lsp_is_sealed_endbr(first))
		site += LSP_ENDBR_SIZE;
	if (fentry) {
		/* A tracer's call anywhere else is nothing we know. */
		if (fentry != site)
			return 0;
		site += LSP_CALL_SIZE;
	}
	if (size < site - addr + LSP_JUMP_SIZE)
		return 0;
	return site;
}

/* A call of __fentry__ that ftrace does not know. */
static unsigned long lsp_unlisted_fentry(unsigned long addr, const u8 *first)
{
	u32 insn = get_unaligned((u32 *)first), at = 0;

	if (lsp_is_endbr(insn) || lsp_is_sealed_endbr(insn))
		at = LSP_ENDBR_SIZE;
	return lsp_calls_fentry(first + at, addr + at) ? addr + at : 0;
}

/**
 * lsp_arch_site() - choose the place of the jump in a function
 * @addr: address of the function
 * @size: its size
 * @reason: why there is none
 *
 * Context: may sleep; takes text_mutex.
 * Return: the address, or 0.
 */
unsigned long lsp_arch_site(unsigned long addr, unsigned int size,
			    enum lsp_reason *reason)
{
	u8 first[LSP_ENDBR_SIZE + LSP_CALL_SIZE] = {};
	unsigned long site, fentry;

	*reason = LSP_SITE;
	if (size < LSP_ENDBR_SIZE ||
	    !lsp_arch_read_text(first, addr, min_t(size_t, size, sizeof(first))))
		return 0;

	fentry = ftrace_location(addr) ?: lsp_unlisted_fentry(addr, first);
	site = lsp_entry_site(addr, size, get_unaligned((u32 *)first), fentry);
	if (site)
		*reason = LSP_OK;
	return site;
}

/**
 * lsp_arch_saved_sp() - where the stack of a task that does not run ends
 * @task: the task
 *
 * __switch_to_asm() pushes the callee-saved registers and then stores the
 * stack pointer: everything that the task goes on with lies at or above it. A
 * newborn task has the same frame, made up by copy_thread().
 *
 * Return: the address.
 */
unsigned long lsp_arch_saved_sp(struct task_struct *task)
{
	return READ_ONCE(task->thread.sp);
}

/*
 * An interrupted instruction may hold in a register where it goes next, for
 * example an indirect jump inside a function that is on its way through a
 * thunk: no frame shows that.
 */
static bool lsp_regs_hit(const struct lsp_ranges *ranges,
			 const struct pt_regs *regs)
{
	const unsigned long values[] = {
		regs->ax, regs->bx, regs->cx, regs->dx, regs->si, regs->di,
		regs->bp, regs->r8, regs->r9, regs->r10, regs->r11, regs->r12,
		regs->r13, regs->r14, regs->r15, regs->ip,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(values); i++)
		if (lsp_ranges_hit(ranges, values[i]))
			return true;
	return false;
}

/**
 * lsp_arch_stack_live() - does a stack lead through one of the ranges?
 * @task: a task that does not run, or current
 * @ranges: the ranges
 * @addr: the address found, if one was found
 *
 * Walks the frames as arch_stack_walk_reliable() does, and looks at the
 * registers of interrupted code on the way. Anything that it is not sure of
 * counts as a hit.
 *
 * Context: all CPUs are held, or @task is.
 * Return: false if it is proven that no frame of @task lies in a range.
 */
bool lsp_arch_stack_live(struct task_struct *task,
			 const struct lsp_ranges *ranges, unsigned long *addr)
{
	struct unwind_state state;
	struct pt_regs *regs;
	unsigned long ip;
	bool partial;

	for (unwind_start(&state, task, NULL, NULL);
	     !unwind_done(&state) && !unwind_error(&state);
	     unwind_next_frame(&state)) {
		regs = unwind_get_entry_regs(&state, &partial);
		if (regs) {
			/* The frames of a user task end here. */
			if (user_mode(regs))
				return false;
			/* Frame pointers cannot see the interrupted frame. */
			if (IS_ENABLED(CONFIG_FRAME_POINTER) || partial)
				return true;
			if (lsp_regs_hit(ranges, regs)) {
				*addr = regs->ip;
				return true;
			}
		}

		ip = unwind_get_return_address(&state);
		/* Generated code that nobody knows about. */
		if (!ip)
			return true;
		if (lsp_ranges_hit(ranges, ip)) {
			*addr = ip;
			return true;
		}
	}
	return unwind_error(&state);
}
