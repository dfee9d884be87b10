// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: who else rewrites the bytes that a switch rewrites? Called by
 * switch.c, with everybody's locks held, and where text is not what was matched.
 *
 * DOC: Company on the same bytes
 *
 * A function that is replaced goes on having its neighbours. Tracers, probes at
 * the entry and BPF use the fentry site, which is in front of the jump: they see
 * the call under the old name and then it goes to the new code. Nobody else may
 * be on the bytes of the jump; each kind of owner has a reason of its own.
 *
 * Some come later:
 *
 * - Static branches and calls in the old code are still switched, whether the
 *   code is reached or not.
 * - A kprobe on the jump itself sees each call, and the jump is emulated. None
 *   can be in the middle of it. In the code behind it kprobes takes on trust what
 *   it finds from the entry on: where instructions begin, and which of them
 *   nobody jumps to the middle of. The jump may have hidden the truth, so when it
 *   goes, each probe there has to stand at an instruction, and one that may
 *   become a jump must not cover the destination of another branch.
 * - kgdb writes breakpoints with all CPUs stopped, and not while text_mutex is
 *   held. One that stands in old code or on the jump has to go before the next
 *   switch, one in new code before it is enabled. It knows nothing of
 *   instructions, so it asks us whether an address is in the middle of a jump.
 * - A livepatch sends callers elsewhere from the fentry site, so that they never
 *   come as far as the jump. One that is there already is in the way: nothing
 *   would change. One that comes later asks us, and is refused. Other handlers of
 *   the tracer that may do so cannot be told from those that do not before they
 *   are there: they have the last word until they go, and ``verify`` tells.
 */
#include <linux/cleanup.h>
#include <linux/extable.h>
#include <linux/ftrace.h>
#include <linux/jump_label.h>
#include <linux/kgdb.h>
#include <linux/kprobes.h>
#include <linux/memory.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/static_call.h>
#include <linux/string.h>

#include <asm/alternative.h>
#include <asm/sections.h>
#include <asm/text-patching.h>

#include "x86.h"

#ifdef CONFIG_DYNAMIC_FTRACE
/*
 * May a handler of the fentry site send callers elsewhere?
 *
 * The iterator is a single static one that belongs to whoever rewrites fentry
 * sites, which on x86 happens under text_mutex only. Records of a module that
 * is just being unloaded are freed after a grace period.
 */
static bool lsp_ipmodify(unsigned long fentry)
{
	struct ftrace_rec_iter *iter;

	/* Without a handler the site is a NOP: nothing to look for. */
	if (*(u8 *)fentry != CALL_INSN_OPCODE)
		return false;

	guard(rcu)();
	for_ftrace_rec_iter(iter) {
		struct dyn_ftrace *rec = ftrace_rec_iter_record(iter);

		if (rec->ip == fentry)
			return rec->flags & FTRACE_FL_IPMODIFY;
	}
	return false;
}
#else
static bool lsp_ipmodify(unsigned long fentry)
{
	return false;
}
#endif

#ifdef CONFIG_KPROBES
/* The probe whose bytes are rewritten at an address, if there is one. */
static struct kprobe *lsp_probe_at(unsigned long addr)
{
	struct kprobe *probe = get_kprobe((void *)addr);

	return probe && !kprobe_ftrace(probe) ? probe : NULL;
}

#ifdef CONFIG_OPTPROBES
/*
 * Is it a jump, or may it become one? Of a jump that nobody uses any more the list is
 * empty, and until kprobes gets round to it the jump stays. Otherwise kprobes has prepared
 * one; only probes with a list are so big.
 */
static bool lsp_may_be_jump(struct kprobe *probe)
{
	return probe->flags & KPROBE_FLAG_OPTIMIZED ||
	       (!list_empty(&probe->list) &&
		container_of(probe, struct optimized_kprobe, kp)->optinsn.insn);
}
#else
static bool lsp_may_be_jump(struct kprobe *probe)
{
	return false;
}
#endif

/*
 * A probe at the entry that has a post handler is entitled to send callers
 * elsewhere, which excludes everybody else who is, but it does not.
 */
static bool lsp_probe_ipmodify(unsigned long fentry)
{
	struct kprobe *probe;

	guard(preempt)();
	probe = get_kprobe((void *)fentry);
	return probe && probe->post_handler && !kprobe_disabled(probe);
}
#else
static struct kprobe *lsp_probe_at(unsigned long addr)
{
	return NULL;
}

static bool lsp_may_be_jump(struct kprobe *probe)
{
	return false;
}

static bool lsp_probe_ipmodify(unsigned long fentry)
{
	return false;
}
#endif

/* Is there a probe in [@start, @end)? */
static bool lsp_probed(unsigned long start, unsigned long end)
{
	guard(preempt)();
	for (; start < end; start++)
		if (lsp_probe_at(start))
			return true;
	return false;
}

/* Likewise, for one that may be a jump. */
static bool lsp_jump_probed(unsigned long start, unsigned long end)
{
	struct kprobe *probe;

	guard(preempt)();
	for (; start < end; start++) {
		probe = lsp_probe_at(start);
		if (probe && lsp_may_be_jump(probe))
			return true;
	}
	return false;
}

/**
 * lsp_arch_breakpoint() - does a breakpoint of kgdb stand in some text?
 * @addr: address of the text
 * @size: its size
 *
 * They come and go while all CPUs are stopped for the debugger.
 *
 * Context: any.
 * Return: true if so.
 */
bool lsp_arch_breakpoint(unsigned long addr, unsigned long size)
{
#ifdef CONFIG_KGDB
	unsigned long end = addr + size;

	for (; addr < end; addr++)
		if (kgdb_has_hit_break(addr))
			return true;
#endif
	return false;
}

/**
 * lsp_arch_owner() - who else may write to the bytes of a jump?
 * @site: address of the jump
 * @span: number of bytes
 *
 * Everybody in the kernel who rewrites text is asked here. Who asks before us
 * is kept out by the locks; a kprobe that comes later finds either the old
 * instruction or the finished jump.
 *
 * Context: jump_label_lock() and text_mutex held.
 * Return: LSP_OK if nobody, or the reason that names the owner.
 */
enum lsp_reason lsp_arch_owner(unsigned long site, u32 span)
{
	void *start = (void *)site;
	void *end = (void *)(site + span - 1);

	lockdep_assert_held(&text_mutex);

	if (ftrace_text_reserved(start, end))
		return LSP_FTRACE;
	if (jump_label_text_reserved(start, end))
		return LSP_JUMPLABEL;
	if (static_call_text_reserved(start, end))
		return LSP_STATICCALL;
	if (lsp_locks_reserved(start, end))
		return LSP_LOCKPREFIX;
	/* Or one so shortly before that its jump covers them. */
	if (lsp_probed(site - DISP32_SIZE, site + span))
		return LSP_KPROBE;
	return LSP_OK;
}

/**
 * lsp_arch_diverted() - do callers never come as far as the jump?
 * @site: address of the jump
 *
 * Context: text_mutex held.
 * Return: true if a livepatch, or somebody of its kind, sends them elsewhere.
 */
bool lsp_arch_diverted(unsigned long site)
{
	unsigned long fentry = site - LSP_CALL_SIZE;

	lockdep_assert_held(&text_mutex);

	return ftrace_text_reserved((void *)fentry, (void *)fentry) &&
	       lsp_ipmodify(fentry) && !lsp_probe_ipmodify(fentry);
}

/* The instruction that is at an address once the jump has gone. */
static bool lsp_insn_without_jump(const struct lsp_patch *patch,
				  unsigned long addr, struct insn *insn)
{
	unsigned long left = patch->old_addr + patch->old_size - addr;
	u8 bytes[MAX_INSN_SIZE];
	unsigned int i, len = min_t(unsigned long, left, sizeof(bytes));

	if (!lsp_read_text_locked(bytes, addr, len))
		return false;
	for (i = 0; i < len; i++)
		if (addr + i - patch->site < patch->span)
			bytes[i] = patch->saved[addr + i - patch->site];
	return !insn_decode(insn, bytes, len, INSN_MODE_KERN);
}

/*
 * Would an instruction be torn by a probe, or lead into the jump of one? @jumps:
 * there are such. A fault may go on anywhere, so kprobes makes no jumps where
 * there may be one.
 */
static bool lsp_probe_misfits(const struct insn *insn, unsigned long addr,
			      bool jumps)
{
	unsigned long dest = jumps ? lsp_branch_target(insn, addr) : 0;

	if (insn->length > 1 && lsp_probed(addr + 1, addr + insn->length))
		return true;
	if (dest && lsp_jump_probed(dest - DISP32_SIZE, dest))
		return true;
	return jumps && search_exception_tables(addr);
}

/**
 * lsp_arch_probes_fit() - do probes of a function fit its code without the jump?
 * @patch: the function, which the jump keeps from running
 *
 * Context: text_mutex held.
 * Return: false if one of them, set while the jump was there, does not.
 */
bool lsp_arch_probes_fit(const struct lsp_patch *patch)
{
	unsigned long addr = patch->old_addr, end = addr + patch->old_size;
	struct insn insn;
	bool jumps;

	lockdep_assert_held(&text_mutex);

	/* Without the copy of an instruction there is no probe on one. */
	if (!lsp_has_probe_slots() || !lsp_probed(addr, end))
		return true;
	jumps = lsp_jump_probed(addr, end);
	for (; addr < end; addr += insn.length)
		if (!lsp_insn_without_jump(patch, addr, &insn) ||
		    lsp_probe_misfits(&insn, addr, jumps))
			return false;
	return true;
}
