// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: the functions of an update's author that are called when it is
 * switched. Planned by load.c; called by operation.c under lsp_mutex, and by
 * pause.c.
 *
 * DOC: Hooks
 *
 * A unit of an update has at most one hook of each kind. In an operation the
 * units take turns, for apply from the first one of the first part to the last
 * one of the last part, for undo the other way round:
 *
 *   check	all units. One that says no ends the operation: nothing was run
 *		that would have to be undone.
 *   pre	all units. One that says no ends it as well, and has undone by
 *		itself what it has begun; fail is called for those before it.
 *   apply	all units, in the pause that succeeds: nobody is in code that goes
 *		out of use, all CPUs are held, and all of it still stands.
 *   post	all units, when the new code is in use and all can be undone.
 *   fail	instead of the last two, if no attempt succeeds: those of which
 *		pre has succeeded, the last one first.
 *
 * Updates that this one replaces are undone by it: the turns of theirs for undo come
 * first, those of the newest one before the others.
 *
 * However many attempts there are, each but apply is called once at most, and
 * apply only in the one that succeeds.
 */
#define pr_fmt(fmt) "livesplice: " fmt

#include <linux/elf.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include <trace/events/livesplice.h>

#include "match.h"
#include "switch.h"

static const char * const lsp_hook_words[] = {
#define LSP_HOOK_WORD(kind, word)	[LSP_HOOK_##kind] = word,
	LSP_HOOK_TABLE(LSP_HOOK_WORD)
#undef LSP_HOOK_WORD
};

/*
 * With PREEMPT_RT the pause may find somebody in the middle of what a spinlock
 * protects, and a hook has no way to tell.
 */
static bool lsp_hook_is_unsafe(enum lsp_hook_kind kind)
{
	return IS_ENABLED(CONFIG_PREEMPT_RT) &&
	       (kind == LSP_HOOK_APPLY || kind == LSP_HOOK_UNDO_APPLY);
}

/**
 * lsp_plan_hooks() - where the hooks of a part are
 * @load: the load
 *
 * Context: may sleep.
 * Return: LSP_OK, LSP_FORMAT if one is no code that stays, LSP_PREEMPT if one
 * would be called where it cannot be, LSP_NOMEM.
 */
enum lsp_reason lsp_plan_hooks(struct lsp_loading *load)
{
	const struct lsp_tables *tables = &load->tables;
	struct lsp_part *part = load->part;
	struct lsp_hooks *hooks = NULL;
	u32 i;

	if (!tables->nr_hooks)
		return LSP_OK;
	part->hooks = kvcalloc(tables->nr_hooks, sizeof(*part->hooks),
			       GFP_KERNEL);
	if (!part->hooks)
		return LSP_NOMEM;
	load->detail = "hooks";
	for (i = 0; i < tables->nr_hooks; i++) {
		const struct lsp_hook *row = &tables->hooks[i];
		void *code = lsp_module_bytes(load->image, row->shndx,
					      row->offset, row->size,
					      SHF_EXECINSTR);

		if (!code)
			return LSP_FORMAT;
		if (lsp_hook_is_unsafe(row->kind))
			return LSP_PREEMPT;
		if (!i || row->unit != tables->hooks[i - 1].unit)
			hooks = &part->hooks[part->nr_hooks++];
		hooks->fn[row->kind] = code;
	}
	load->detail = NULL;
	return LSP_OK;
}

/**
 * lsp_nr_hooks() - how many units of an update have hooks
 * @update: the update
 *
 * Return: the number.
 */
unsigned int lsp_nr_hooks(const struct lsp_update *update)
{
	const struct lsp_part *part;
	unsigned int nr = 0;

	list_for_each_entry(part, &update->parts, node)
		nr += part->nr_hooks;
	return nr;
}

/* The turns of an update come behind those that there are. */
static void lsp_hooks_add(struct lsp_operation *op, const struct lsp_update *update,
			  bool undo)
{
	unsigned int first = op->nr_hooks, last, i;
	const struct lsp_part *part;

	list_for_each_entry(part, &update->parts, node)
		for (i = 0; lsp_covers(op, part) && i < part->nr_hooks; i++)
			op->hooks[op->nr_hooks++] = (struct lsp_turn) {
				.update = update, .hooks = &part->hooks[i],
				.undo = undo,
			};
	if (!undo || first == op->nr_hooks)
		return;
	for (last = op->nr_hooks - 1; first < last; first++, last--)
		swap(op->hooks[first], op->hooks[last]);
}

/**
 * lsp_hooks_order() - in which order an operation calls the hooks
 * @op: the operation, with room for all of them
 */
void lsp_hooks_order(struct lsp_operation *op)
{
	const struct lsp_update *other;

	lsp_for_each_leaving(op, other)
		lsp_hooks_add(op, other, true);
	lsp_hooks_add(op, op->update, !op->enable);
}

/* Of one unit. No hook has nothing to say. */
static int lsp_hook_ask(const struct lsp_operation *op, unsigned int i,
			enum lsp_hook_kind which)
{
	const struct lsp_turn *turn = &op->hooks[i];
	enum lsp_hook_kind kind = lsp_hook_kind(turn, which);
	int (*fn)(void) = turn->hooks->fn[kind];
	int err;

	if (!fn)
		return 0;
	err = fn();
	trace_livesplice_hook(turn->update->name, lsp_hook_words[kind], fn, err);
	if (err)
		pr_err("%s: hook %s, %ps, says no: %d\n", turn->update->name,
		       lsp_hook_words[kind], fn, err);
	return err;
}

static void lsp_hook_tell(const struct lsp_operation *op, unsigned int i,
			  enum lsp_hook_kind which)
{
	const struct lsp_turn *turn = &op->hooks[i];
	enum lsp_hook_kind kind = lsp_hook_kind(turn, which);
	void (*fn)(void) = turn->hooks->fn[kind];

	if (!fn)
		return;
	fn();
	trace_livesplice_hook(turn->update->name, lsp_hook_words[kind], fn, 0);
}

/* The last one that was made ready first. */
static void lsp_hooks_fail(const struct lsp_operation *op, unsigned int nr)
{
	while (nr--)
		lsp_hook_tell(op, nr, LSP_HOOK_FAIL);
}

/**
 * lsp_hooks_begin() - ask whether to go on, and get ready
 * @op: the operation, before its first attempt
 *
 * Context: lsp_mutex held, as far as it is the engine's; sleeps as the hooks do.
 * Return: LSP_OK, and lsp_hooks_end() must follow; or LSP_VETO, and nothing is
 * left of it.
 */
enum lsp_reason lsp_hooks_begin(const struct lsp_operation *op)
{
	unsigned int i;

	lockdep_assert_held(&lsp_mutex);

	for (i = 0; i < op->nr_hooks; i++)
		if (lsp_hook_ask(op, i, LSP_HOOK_CHECK))
			return LSP_VETO;
	for (i = 0; i < op->nr_hooks; i++)
		if (lsp_hook_ask(op, i, LSP_HOOK_PRE)) {
			lsp_hooks_fail(op, i);
			return LSP_VETO;
		}
	return LSP_OK;
}

/**
 * lsp_hooks_end() - tell what has become of it
 * @op: the operation, after its last attempt
 * @done: it has succeeded
 *
 * Context: lsp_mutex held; sleeps as the hooks do.
 */
void lsp_hooks_end(const struct lsp_operation *op, bool done)
{
	unsigned int i;

	lockdep_assert_held(&lsp_mutex);

	if (!done)
		lsp_hooks_fail(op, op->nr_hooks);
	for (i = 0; done && i < op->nr_hooks; i++)
		lsp_hook_tell(op, i, LSP_HOOK_POST);
}
