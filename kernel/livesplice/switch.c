// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: one attempt to apply or undo. Called by operation.c, under lsp_mutex.
 *
 * DOC: One attempt
 *
 * An operation is up to max_attempts attempts with a pause each, between hooks of
 * the author (hooks.c). An attempt either has done everything or has changed
 * nothing:
 *
 *   prepare	may fail, may sleep, changes nothing that matters:
 *		is all text as matched; map write aliases; is any task in the
 *		code that goes out of use, as far as it can be told while they
 *		run; take the locks; borrow bytes that the kernel goes on
 *		rewriting; does anybody else own bytes of the jumps;
 *		arm the redirects;
 *		undo only: turn each jump into INT3, which still leads to the
 *		new code, and put back the bytes behind it;
 *		where another update's jump is, or will be: turn it into INT3,
 *		which still leads where it did;
 *		look again at the tasks that have run meanwhile
 *		From the third attempt on those who are in the way are nudged
 *		(nudge.c), and all but the checks of memory are done again.
 *   pause	all CPUs held, on one of them:
 *		is anybody of those who have run since in the code? has it taken
 *		too long already? then leave
 *		-- point of no return --
 *		call the hooks of the author
 *		store the contents of read-only objects
 *		apply: store INT3 over the first byte of each old entry
 *		undo: store the first byte itself over the INT3
 *		from one jump to another: change where the INT3 leads
 *		the jumps of updates that are replaced go like those of an undo
 *   finish	cannot fail:
 *		complete the jumps with the kernel's text poke protocol: the new
 *		ones, or, if the pause found somebody, those that were there, so
 *		that no entry stays INT3 until the next attempt
 *		disarm the redirects, read everything back, give back what was
 *		borrowed if the jumps are gone, drop the locks
 *
 * The one byte is what makes it a switch: before the first store everybody
 * who calls one of the functions gets the old code, after the last one the
 * new code, and no CPU executes anything but this between the two. A single
 * byte is also what an NMI can run into at any time.
 */
#define pr_fmt(fmt) "livesplice: " fmt

#include <linux/cleanup.h>
#include <linux/error-injection.h>
#include <linux/kernel.h>
#include <linux/memory.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>

#include <asm/sections.h>
#include <asm/text-patching.h>

#include <trace/events/livesplice.h>

#include "internal.h"
#include "switch.h"

/* A function is not what was matched: does it say who has done that? */
static enum lsp_reason lsp_changed_by(const struct lsp_update *update,
				      const struct lsp_patch *patch,
				      unsigned int offset)
{
	bool kgdb = lsp_arch_breakpoint(patch->old_addr + offset,
					min_t(unsigned int, LSP_SUM_BLOCK,
					      patch->old_size - offset));

	pr_err("%s: %s %s has %s at +0x%x\n", update->name,
	       patch->part->object, patch->name,
	       kgdb ? "a breakpoint of kgdb" : "changed", offset);
	return kgdb ? LSP_KGDB : LSP_CHANGED;
}

static enum lsp_reason lsp_check_functions(const struct lsp_operation *op,
					   const struct lsp_update *update)
{
	const struct lsp_patch *patch;
	const struct lsp_part *part;
	unsigned int offset;

	lsp_for_each_covered(op, update, part, patch)
		if (!lsp_sums_check(patch, &offset))
			return lsp_changed_by(update, patch, offset);
	return LSP_OK;
}

/* Are all functions and objects still what was matched, or what we made of it? */
static enum lsp_reason lsp_check_memory(const struct lsp_operation *op)
{
	const struct lsp_update *update = op->update, *other;
	enum lsp_reason reason = lsp_check_functions(op, update);
	unsigned int offset, i;

	lsp_for_each_leaving(op, other)
		if (reason == LSP_OK)
			reason = lsp_check_functions(op, other);
	for (i = 0; i < op->nr_writes && reason == LSP_OK; i++) {
		const struct lsp_write *write = &op->writes[i];

		if (lsp_data_check(write->datum, write->from, &offset))
			continue;
		pr_err("%s: %s has changed at +0x%x\n", update->name,
		       write->datum->name, offset);
		reason = LSP_CHANGED;
	}
	return reason;
}

/*
 * A livepatch on a function that is already replaced may stay when that is
 * undone: the old code is back under it, and is what comes back when it goes.
 */
static enum lsp_reason lsp_entry_owner(const struct lsp_operation *op,
				       const struct lsp_entry *entry)
{
	enum lsp_reason owner = lsp_arch_owner(entry->patch->site,
					       entry->patch->span);

	if (owner == LSP_OK && lsp_comes(op, entry->leaves) &&
	    lsp_arch_diverted(entry->patch->site))
		owner = LSP_LIVEPATCH;
	if (owner == LSP_OK && !lsp_comes(op, entry->leaves) &&
	    !lsp_is_flip(entry) && !lsp_arch_probes_fit(entry->ground))
		owner = LSP_KPROBE;
	return owner;
}

/*
 * Nobody changes text while text_mutex is held, and nobody becomes the owner
 * of bytes while the others are: from here on the entries are ours.
 */
static noinline enum lsp_reason lsp_check_entries(const struct lsp_operation *op)
{
	unsigned int i;

	lockdep_assert_held(&text_mutex);

	for (i = 0; i < op->nr_entries; i++) {
		const struct lsp_patch *patch = op->entries[i].patch;
		enum lsp_reason owner = lsp_entry_owner(op, &op->entries[i]);

		if (owner != LSP_OK) {
			pr_err("%s: %s: %s: %s\n", op->update->name,
			       lsp_reason_word(owner), patch->name,
			       lsp_reason_text(owner));
			return owner;
		}
		if (memcmp((void *)patch->site,
			   lsp_expected(&op->entries[i], !op->enable),
			   patch->span)) {
			/* Searched for only here: there may be a thousand. */
			owner = lsp_arch_breakpoint(patch->site, patch->span) ?
				LSP_KGDB : LSP_CHANGED;
			pr_err("%s: %s: the entry of %s has changed\n",
			       op->update->name, lsp_reason_word(owner),
			       patch->name);
			return owner;
		}
	}
	return LSP_OK;
}
ALLOW_ERROR_INJECTION(lsp_check_entries, TRUE);

/* Is the entry an INT3 after the pause? */
static bool lsp_is_open(const struct lsp_operation *op,
			const struct lsp_entry *entry)
{
	return lsp_is_flip(entry) || lsp_comes(op, entry->leaves) == op->clean;
}

/*
 * Calls still reach the code that they did, now through the INT3. A jump that
 * goes for good is never executed again, so its tail can go.
 */
static void lsp_open_entries(struct lsp_operation *op)
{
	static const u8 int3 = INT3_INSN_OPCODE;
	unsigned int i, nr = 0;

	for (i = 0; i < op->nr_entries; i++) {
		const struct lsp_entry *entry = &op->entries[i];

		if (!lsp_opens_early(op, entry))
			continue;
		if (!nr++)
			op->window_start = ktime_get_mono_fast_ns();
		text_poke((void *)entry->patch->site, &int3, 1);
	}
	if (!nr)
		return;
	smp_text_poke_sync_each_cpu();
	for (i = 0; i < op->nr_entries; i++) {
		const struct lsp_entry *entry = &op->entries[i];

		if (lsp_comes(op, entry->leaves) || lsp_is_flip(entry))
			continue;
		text_poke((void *)entry->patch->site + 1, entry->old + 1,
			  entry->patch->span - 1);
	}
	lsp_tell_opened(op);
	smp_text_poke_sync_each_cpu();
}

/*
 * From INT3 to the whole jump. The first byte is written once more at the end:
 * an emulator that translates code (QEMU) may have been translating the INT3
 * on one CPU while another one replaced it, and then keeps what it has until
 * the next store. By then every CPU has answered an IPI, so none is still at
 * it. A processor sees a store that changes nothing.
 */
static void lsp_close_entries(struct lsp_operation *op)
{
	bool enabled = lsp_is_enabled(op);
	unsigned int i, nr = 0;

	for (i = 0; i < op->nr_entries; i++) {
		const struct lsp_entry *entry = &op->entries[i];

		if (!lsp_is_open(op, entry))
			continue;
		nr++;
		/*
		 * Nobody is in there: it is behind an INT3 since the pause, or
		 * before; a CPU on which an NMI had got further was held until
		 * that was done.
		 */
		if (lsp_tail(entry))
			text_poke((void *)entry->patch->site + LSP_JUMP_SIZE,
				  entry->jump + LSP_JUMP_SIZE, lsp_tail(entry));
		smp_text_poke_batch_add((void *)entry->patch->site,
					lsp_expected(entry, enabled),
					LSP_JUMP_SIZE, NULL);
	}
	if (!nr)
		return;
	if (!op->clean)
		lsp_tell_filled(op);
	smp_text_poke_batch_finish();
	for (i = 0; i < op->nr_entries; i++) {
		const struct lsp_entry *entry = &op->entries[i];

		if (lsp_is_open(op, entry))
			text_poke((void *)entry->patch->site,
				  lsp_expected(entry, enabled), 1);
	}
	op->window_end = ktime_get_mono_fast_ns();
}

/* The second look at what is never expected to be wrong. */
static void lsp_check_result(const struct lsp_operation *op)
{
	bool enabled = lsp_is_enabled(op);
	unsigned int i, offset;

	LSP_WARN_ON(op->broken);
	if (op->awake)
		pr_err("%s: the hook %ps has slept in the pause, or has kept a lock\n",
		       op->update->name, op->awake);
	LSP_WARN_ON(op->awake);
	for (i = 0; i < op->nr_writes; i++)
		LSP_WARN_ON(!lsp_data_check(op->writes[i].datum,
					    op->clean ? op->writes[i].to :
							op->writes[i].from,
					    &offset));
	for (i = 0; i < op->nr_entries; i++)
		LSP_WARN_ON(memcmp((void *)op->entries[i].patch->site,
				   lsp_expected(&op->entries[i], enabled),
				   op->entries[i].patch->span));
}

static enum lsp_reason lsp_attempt_locked(struct lsp_operation *op)
{
	enum lsp_reason reason;
	unsigned int hits;

	reason = lsp_check_entries(op);
	if (reason != LSP_OK)
		return reason;

	lsp_arch_redirect_arm(op->redirects);
	lsp_open_entries(op);
	reason = lsp_scan_again(&op->scan);
	if (reason == LSP_OK) {
		lsp_pause(op);
		op->paused = true;
		if (!op->clean)
			reason = op->scan.late ? LSP_CEILING : LSP_BUSY;
	}
	if (op->clean)
		lsp_tell_stored(op);
	lsp_close_entries(op);
	hits = lsp_arch_redirect_disarm();
	if (op->window_start)
		trace_livesplice_window(op->update->name, op->nr_entries,
					op->window_end - op->window_start, hits);

	lsp_check_result(op);
	return reason;
}

/*
 * CPUs must not come and go during the pause, jump labels and static calls must
 * not change bytes or their owners, and nobody else may write text; in the order
 * in which the rest of the kernel takes the locks.
 */
static enum lsp_reason lsp_attempt_scanned(struct lsp_operation *op)
{
	enum lsp_reason reason;

	lsp_borrow_lock(op);
	mutex_lock(&text_mutex);
	lsp_borrow_take(op);
	reason = lsp_attempt_locked(op);
	lsp_borrow_give_back(op);
	mutex_unlock(&text_mutex);
	lsp_borrow_unlock(op);
	return reason;
}

/**
 * lsp_attempt_mapped() - one look at all tasks, and a pause if that finds nobody
 * @op: the operation; what it writes is mapped
 *
 * Context: lsp_mutex held, between lsp_track_start() and lsp_track_stop(), with
 * &lsp_operation.drained known; sleeps.
 * Return: LSP_OK, or why nothing has changed.
 */
enum lsp_reason lsp_attempt_mapped(struct lsp_operation *op)
{
	enum lsp_reason reason;

	reason = lsp_scan_start(&op->scan);
	if (reason == LSP_NOMEM)
		return reason;
	/* A pause would be in vain, but now it is known who is to blame. */
	if (reason == LSP_OK && !op->drained)
		reason = LSP_BUSY;
	op->scanned = reason == LSP_OK;
	if (reason == LSP_OK)
		reason = lsp_attempt_scanned(op);
	lsp_scan_stop(&op->scan);
	return reason;
}

/*
 * How long to wait until all that runs can be known, before a look. Where somebody
 * will be nudged it is that which helps, for who is held does not run; and the time
 * for which they are held must not be spent here.
 */
static long lsp_grace_wait(const struct lsp_operation *op)
{
	if (op->nudging)
		return 0;
	return READ_ONCE(op->update->nudge) == LSP_NUDGE_NONE ? HZ : HZ / 8;
}

/*
 * Nobody is in the way, but it is not known yet who else runs: those who keep
 * that from being known may be the very ones that are held now.
 */
static enum lsp_reason lsp_attempt_undrained(struct lsp_operation *op)
{
	op->drained = lsp_track_drain(lsp_nudging_left(op->nudging));
	if (op->drained < 0)
		return LSP_INTERRUPTED;
	return op->drained ? LSP_OK : LSP_BUSY;
}

/*
 * As long as it helps, nudge those who are in the way, and look again. All whom
 * the first look has found were nudged by it; the others were on a CPU then.
 */
static enum lsp_reason lsp_attempt_nudging(struct lsp_operation *op)
{
	enum lsp_reason reason;
	unsigned int i;

	for (;;) {
		op->scan.nudging = op->nudging;
		reason = lsp_attempt_mapped(op);
		if (reason != LSP_BUSY)
			return reason;
		if (!op->drained && !op->ranges.nr_blockers) {
			reason = lsp_attempt_undrained(op);
			if (reason != LSP_OK)
				return reason;
			continue;
		}
		if (op->scanned)
			for (i = 0; i < op->ranges.nr_blockers; i++)
				lsp_nudge_number(op->nudging,
						 op->blockers[i].pid);
		if (op->paused || !lsp_nudging_again(op->nudging))
			return reason;
	}
}

/**
 * lsp_attempt() - one attempt
 * @op: the operation
 *
 * Context: lsp_mutex held, between lsp_track_start() and lsp_track_stop(); sleeps.
 * Return: LSP_OK, or why nothing has changed.
 */
enum lsp_reason lsp_attempt(struct lsp_operation *op)
{
	enum lsp_reason reason;

	op->clean = false;
	op->broken = false;
	op->paused = false;
	op->window_start = 0;
	op->ranges.nr_blockers = 0;
	reason = lsp_check_memory(op);
	if (reason != LSP_OK)
		return reason;
	op->drained = lsp_track_drain(lsp_grace_wait(op));
	if (op->drained < 0)
		return LSP_INTERRUPTED;
	if (!lsp_map(op))
		return LSP_NOMEM;
	reason = lsp_attempt_nudging(op);
	lsp_unmap(op);
	return reason;
}
