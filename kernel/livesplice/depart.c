// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: modules that have come, or nearly, and go again because their load
 * fails. Called by the module loader's hook and by late.c, with no lock held.
 *
 * DOC: Modules that fail
 *
 * A module whose init function fails is freed, whoever has a reference; so is one
 * that is refused because a part for it is missing while another update's is
 * there. Before that its parts are undone, and their modules unloaded, by the
 * engine itself: jumps lead from the one to the other, and the static branches
 * and calls of a part are in lists that begin in the module that it is for.
 *
 * Only a part that may be left behind (``pinned``) stays loaded when it was in
 * use. It is none of the update's any more. The module cannot come back as long as
 * the update is enabled, for the part that fits it cannot be loaded.
 */
#define pr_fmt(fmt) "livesplice: " fmt

#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/workqueue.h>

#include "internal.h"

/* Between two looks at what keeps a part from going. */
#define LSP_GONE_MS	100

/* A part for the module on which no other one stands. */
static struct lsp_part *lsp_top_part(const struct module *mod)
{
	struct lsp_part *part, *top = NULL;
	struct lsp_update *update = NULL;

	while ((update = lsp_next(update)))
		list_for_each_entry(part, &update->parts, node)
			if (part->target == mod &&
			    (!top || lsp_stands_on_part(part, top)))
				top = part;
	return top;
}

/* Is nobody in its code, and will nobody be? */
static bool lsp_undo_part(struct lsp_part *part)
{
	if (part->enabled && lsp_switch_part(part, false) != LSP_OK)
		return false;
	return !lsp_has_relaxed(part->update) ||
	       lsp_prove_left(part->update, part);
}

/*
 * One part less for a module that goes: no more of the update, no more in the
 * registry, held. Sets @stays if its own module must not go. Returns it, or
 * NULL; @more tells whether to try again.
 */
static struct lsp_part *lsp_take_back(struct module *mod, bool *stays,
				      bool *more)
{
	struct lsp_part *part;

	guard(mutex)(&lsp_mutex);

	part = lsp_top_part(mod);
	*more = part;
	if (!part || (!lsp_poisoned() && !lsp_undo_part(part)))
		return NULL;
	/* Poisoned it is still in use, and pinned it was held to stay. */
	*stays = part->enabled || (part->pinned && part->held);
	if (!part->held && !try_module_get(part->mod)) {
		/* Somebody unloads it at this moment: it goes by itself. */
		livesplice_leave_target(part->mod, mod);
		return NULL;
	}
	livesplice_leave_target(part->mod, mod);
	lsp_remove(part);
	return part;
}

static void lsp_unload_part(struct lsp_part *part)
{
	bool told = false;

	lsp_drain_text(part->update);
	while (livesplice_unload_module(part->mod)) {
		if (!told)
			pr_warn("%s: somebody uses it, but it has to go\n",
				part->mod->name);
		told = true;
		msleep(LSP_GONE_MS);
	}
}

static void lsp_depart_some(struct module *mod)
{
	struct lsp_part *part;
	bool stays, more, told = false;

	for (;;) {
		part = lsp_take_back(mod, &stays, &more);
		if (!more)
			return;
		if (part) {
			lsp_sysfs_del(part);
			if (stays)
				pr_warn("%s: cannot be unloaded any more\n",
					part->mod->name);
			else
				lsp_unload_part(part);
			lsp_part_free(part);
			continue;
		}
		if (!told)
			pr_warn("module %s has to wait: its part is in use\n",
				mod->name);
		told = true;
		msleep(LSP_GONE_MS);
	}
}

struct lsp_departure {
	struct work_struct	work;
	struct module		*mod;
};

static void lsp_depart_work(struct work_struct *work)
{
	lsp_depart_some(container_of(work, struct lsp_departure, work)->mod);
}

/**
 * lsp_depart() - a module that was COMING will not be there after all
 * @mod: the module, whose init function has not run, or has failed
 *
 * Its parts go before it does. In a task of its own: the one that loads the
 * module may have been killed, and then it could not wait for anything.
 *
 * Context: may sleep; lsp_mutex not held.
 */
void lsp_depart(struct module *mod)
{
	struct lsp_departure departure = { .mod = mod };

	if (!lsp_is_target(mod->name))
		return;
	INIT_WORK_ONSTACK(&departure.work, lsp_depart_work);
	queue_work(system_dfl_wq, &departure.work);
	flush_work(&departure.work);
	destroy_work_on_stack(&departure.work);
}
