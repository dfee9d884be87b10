/* SPDX-License-Identifier: GPL-2.0 */
/*
 * livesplice: what operation.c, switch.c, prepare.c and pause.c share.
 */
#ifndef _LIVESPLICE_SWITCH_H
#define _LIVESPLICE_SWITCH_H

#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "internal.h"

struct page;

/**
 * struct lsp_entry - one entry that is switched
 * @patch: the function
 * @under: whose jump is there without ours; NULL if there is none
 * @ground: if so, the function of which it is known what is there without any
 *	jump: @patch, or the one at the end of those below it
 * @leaves: it is the jump of an update that ours replaces, and goes when ours come
 * @jump: the finished jump, and what the rest of its span holds
 * @old: what is there without it, filled in by each attempt
 * @alias: where the first byte can be written during an attempt
 * @redirect: where an INT3 at the entry leads
 */
struct lsp_entry {
	const struct lsp_patch	*patch;
	const struct lsp_patch	*under;
	const struct lsp_patch	*ground;
	bool			leaves;
	u8			jump[LSP_MAX_SPAN];
	u8			old[LSP_MAX_SPAN];
	u8			*alias;
	struct lsp_redirect	*redirect;
};

/**
 * struct lsp_write - one object that is written
 * @datum: the object
 * @from: what it holds before
 * @to: and after
 * @alias: where it can be written during an attempt
 */
struct lsp_write {
	const struct lsp_datum	*datum;
	const void		*from;
	const void		*to;
	void			*alias;
};

/**
 * struct lsp_mark - a row of the kernel's tables that says whose the bytes are
 * @loan: the row, and its bytes
 * @leaves: its bytes are under a jump that goes when ours come
 * @alias: where the word with the mark can be written during an attempt
 */
struct lsp_mark {
	const struct lsp_loan	*loan;
	bool			leaves;
	void			*alias;
};

/**
 * struct lsp_turn - a unit whose hooks are called
 * @update: whose it is
 * @hooks: its hooks
 * @undo: it is undone
 */
struct lsp_turn {
	const struct lsp_update	*update;
	const struct lsp_hooks	*hooks;
	bool			undo;
};

/**
 * struct lsp_operation - all that an operation needs
 * @update: the update
 * @enable: apply if true, undo if false
 * @left: neither: see whether nobody is in the code of the update
 * @only: the part that is switched; NULL for all that are not so yet
 * @entries: the entries, sorted by address
 * @nr_entries: number of them
 * @writes: the objects that are written
 * @nr_writes: number of them
 * @marks: the rows that are marked
 * @nr_marks: number of them
 * @hooks: hooks of the units that have any, in the order in which they are called
 * @nr_hooks: number of them
 * @pages: the page of each entry, then those of each object and of each mark
 * @nr_pages: number of them
 * @mapping: the aliases
 * @redirects: where an INT3 at an entry leads
 * @ranges: code that must be free
 * @scan: who is in it
 * @blockers: who was found in it
 * @nudging: who is in the way is nudged, if not NULL
 * @callers: who was held before, by number
 * @drained: 1 if all that runs can be known
 * @arrived: CPUs that are held
 * @synced: CPUs that have serialised themselves after the stores
 * @decided: the working CPU is done
 * @scanned: those who were asleep were in nobody's way
 * @paused: there was a pause
 * @clean: it has found everything free and stored the bytes
 * @broken: an entry was not what the locks guarantee
 * @awake: a hook has let others run in the pause
 * @pause_ns: length of the pause, without
 * @hooks_ns: time of hooks in it
 * @window_start: since when entries are INT3, as ktime_get_mono_fast_ns()
 * @window_end: until when
 */
struct lsp_operation {
	struct lsp_update	*update;
	bool			enable;
	bool			left;
	const struct lsp_part	*only;
	struct lsp_entry	*entries;
	unsigned int		nr_entries;
	struct lsp_write	*writes;
	unsigned int		nr_writes;
	struct lsp_mark		*marks;
	unsigned int		nr_marks;
	struct lsp_turn		*hooks;
	unsigned int		nr_hooks;
	struct page		**pages;
	unsigned int		nr_pages;
	void			*mapping;
	struct lsp_redirects	*redirects;
	struct lsp_ranges	ranges;
	struct lsp_scan		scan;
	struct lsp_blocker	blockers[LSP_MAX_BLOCKERS];
	struct lsp_nudging	*nudging;
	struct xarray		callers;
	int			drained;
	atomic_t		arrived;
	atomic_t		synced;
	bool			decided;
	bool			scanned;
	bool			paused;
	bool			clean;
	bool			broken;
	void			*awake;
	u64			pause_ns;
	u64			hooks_ns;
	u64			window_start;
	u64			window_end;
};

struct lsp_operation *lsp_operation_make(struct lsp_update *update,
					 const struct lsp_part *only,
					 bool enable);
struct lsp_operation *lsp_operation_make_left(struct lsp_update *update,
					      const struct lsp_part *only);
void lsp_operation_free(struct lsp_operation *op);
DEFINE_FREE(lsp_operation, struct lsp_operation *, lsp_operation_free(_T))

/* ranges.c: which code must be free */

void lsp_ranges_fill(struct lsp_operation *op);

/* prepare.c again: for one attempt */

bool lsp_map(struct lsp_operation *op);
void lsp_unmap(struct lsp_operation *op);

/* switch.c: one attempt */

enum lsp_reason lsp_attempt(struct lsp_operation *op);
enum lsp_reason lsp_attempt_mapped(struct lsp_operation *op);

/* hooks.c: functions of the author */

unsigned int lsp_nr_hooks(const struct lsp_update *update);
void lsp_hooks_order(struct lsp_operation *op);
enum lsp_reason lsp_hooks_begin(const struct lsp_operation *op);
void lsp_hooks_end(const struct lsp_operation *op, bool done);

/* The kind for this turn; @kind is that for apply. */
static inline enum lsp_hook_kind lsp_hook_kind(const struct lsp_turn *turn,
					       enum lsp_hook_kind kind)
{
	return turn->undo ? kind + LSP_HOOK_UNDO_CHECK : kind;
}

/* pause.c: the instant */

void lsp_pause(struct lsp_operation *op);

void lsp_data_store_stopped(const struct lsp_operation *op);

/* perf.c: what perf is told */

void lsp_tell_opened(const struct lsp_operation *op);
void lsp_tell_stored(const struct lsp_operation *op);
void lsp_tell_filled(const struct lsp_operation *op);

/* Of the linker. */
extern struct static_call_site __start_static_call_sites[];
extern struct static_call_site __stop_static_call_sites[];

/* borrow.c: bytes that the kernel goes on rewriting otherwise */

void lsp_borrow_lock(const struct lsp_operation *op);
void lsp_borrow_unlock(const struct lsp_operation *op);
void lsp_borrow_take(struct lsp_operation *op);
void lsp_borrow_give_back(struct lsp_operation *op);

/* Does the operation have anything to do with a part, of those that go as well? */
static inline bool lsp_covers(const struct lsp_operation *op,
			      const struct lsp_part *part)
{
	if (part->update != op->update)
		return part->enabled;
	return lsp_is_switched(part, op->only, op->enable) ||
	       (op->left && (!op->only || op->only == part));
}

/* Over all functions of the parts of an update that it has to do with. */
#define lsp_for_each_covered(op, update, part, patch)			\
	lsp_for_each_patch(update, part, patch)				\
		if (lsp_covers(op, part))

/* What must be at an entry while the update is in the given state? */
static inline const u8 *lsp_expected(const struct lsp_entry *entry, bool enabled)
{
	return enabled != entry->leaves ? entry->jump : entry->old;
}

/* Over the updates that are undone in the pause that applies one. */
#define lsp_for_each_leaving(op, other)					\
	list_for_each_entry(other, &(op)->update->replacing, leaving)

/* Does the jump come, rather than go? */
static inline bool lsp_comes(const struct lsp_operation *op, bool leaves)
{
	return op->enable != leaves;
}

/* Does the update have its jumps? Until the pause has decided, as before. */
static inline bool lsp_is_enabled(const struct lsp_operation *op)
{
	return op->clean == op->enable;
}

/*
 * Is there a jump before and after? Then the entry is an INT3 during the pause,
 * and what changes is where that leads.
 */
static inline bool lsp_is_flip(const struct lsp_entry *entry)
{
	return entry->under;
}

/* Bytes behind the jump that belong to it; another update has filled them. */
static inline u32 lsp_tail(const struct lsp_entry *entry)
{
	return lsp_is_flip(entry) ? 0 : entry->patch->span - LSP_JUMP_SIZE;
}

/* Is the entry an INT3 before the pause has decided? */
static inline bool lsp_opens_early(const struct lsp_operation *op,
				   const struct lsp_entry *entry)
{
	return !lsp_comes(op, entry->leaves) || lsp_is_flip(entry);
}

#endif /* _LIVESPLICE_SWITCH_H */
