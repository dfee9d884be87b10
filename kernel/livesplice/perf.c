// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: what perf is told of entries that change. Called by switch.c.
 *
 * DOC: What perf is told
 *
 * Whoever decodes a trace of instructions has a copy of the text, and does to it
 * what PERF_RECORD_TEXT_POKE says, forwards or backwards in time. So the old
 * bytes of each record must be those that the records before it have left, down
 * to the INT3. What is told of an entry that holds OLD, and gets JUMP:
 *
 *   apply		pause		first byte of OLD -> INT3, TAIL -> INT3s
 *			finish		INT3 and rest of OLD -> JUMP, by text_poke
 *   undo		prepare		JUMP and INT3s -> INT3, rest of OLD, TAIL
 *			pause		INT3 -> first byte of OLD
 *   undo, busy		prepare		JUMP and INT3s -> INT3, rest of OLD, TAIL
 *			finish		TAIL -> INT3s, where there is any
 *			finish		INT3 and rest of OLD -> JUMP, by text_poke
 *   from JUMP to NEXT	prepare		JUMP -> INT3 and rest of JUMP
 *			finish		INT3 and rest of JUMP -> NEXT, by text_poke
 *
 * TAIL is what the jump leaves of the last instruction that it covers.
 *
 * In the pause nobody can be told of anything: that comes right after it. Until
 * then a trace may show an exception where the copy has no INT3 yet, which is
 * so for every change of text. Data is not told, perf has no record for it.
 */
#include <linux/perf_event.h>
#include <linux/string.h>

#include <asm/text-patching.h>

#include "internal.h"
#include "switch.h"

/**
 * lsp_tell_opened() - jumps have become INT3 and the rest of the old bytes
 * @op: the operation
 *
 * Context: text_mutex held.
 */
void lsp_tell_opened(const struct lsp_operation *op)
{
	u8 opened[LSP_MAX_SPAN];
	unsigned int i;

	for (i = 0; i < op->nr_entries; i++) {
		const struct lsp_entry *entry = &op->entries[i];
		const u8 *jump = lsp_expected(entry, !op->enable);
		u32 span = entry->patch->span;

		if (!lsp_opens_early(op, entry))
			continue;
		memcpy(opened, lsp_is_flip(entry) ? jump : entry->old, span);
		opened[0] = INT3_INSN_OPCODE;
		perf_event_text_poke((void *)entry->patch->site, jump, span,
				     opened, span);
	}
}

/**
 * lsp_tell_stored() - the pause has stored the first bytes
 * @op: the operation
 *
 * Context: text_mutex held.
 */
void lsp_tell_stored(const struct lsp_operation *op)
{
	static const u8 int3 = INT3_INSN_OPCODE;
	u8 stored[LSP_MAX_SPAN];
	unsigned int i;

	for (i = 0; i < op->nr_entries; i++) {
		const struct lsp_entry *entry = &op->entries[i];
		const struct lsp_patch *patch = entry->patch;

		if (lsp_is_flip(entry))
			continue;
		if (!lsp_comes(op, entry->leaves)) {
			perf_event_text_poke((void *)patch->site, &int3, 1,
					     entry->old, 1);
			continue;
		}
		memcpy(stored, entry->jump, patch->span);
		memcpy(stored, entry->old, LSP_JUMP_SIZE);
		stored[0] = INT3_INSN_OPCODE;
		perf_event_text_poke((void *)patch->site, entry->old, patch->span,
				     stored, patch->span);
	}
}

/**
 * lsp_tell_filled() - the tails that undo had put back are gone again
 * @op: the operation, which has not come to pass
 *
 * Context: text_mutex held.
 */
void lsp_tell_filled(const struct lsp_operation *op)
{
	unsigned int i;

	for (i = 0; i < op->nr_entries; i++) {
		const struct lsp_entry *entry = &op->entries[i];
		u32 tail = lsp_tail(entry);

		if (tail && !lsp_comes(op, entry->leaves))
			perf_event_text_poke((void *)entry->patch->site + LSP_JUMP_SIZE,
					     entry->old + LSP_JUMP_SIZE, tail,
					     entry->jump + LSP_JUMP_SIZE, tail);
	}
}
