// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: what an update consists of: parts, each a module, with the
 * functions that each replaces. Called by load.c, core.c and switch.c.
 */
#include <linux/list.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

/**
 * lsp_part_new() - a part, and the update that it is the only part of
 * @mod: its module
 *
 * Context: may sleep.
 * Return: the part, all of it zero but for what has no other default; NULL
 * without memory. Ends with lsp_update_free() of its update.
 */
struct lsp_part *lsp_part_new(struct module *mod)
{
	struct lsp_update *update = kzalloc(sizeof(*update), GFP_KERNEL);
	struct lsp_part *part = kzalloc(sizeof(*part), GFP_KERNEL);

	if (!update || !part) {
		kfree(update);
		kfree(part);
		return NULL;
	}
	INIT_LIST_HEAD(&update->node);
	INIT_LIST_HEAD(&update->parts);
	list_add(&part->node, &update->parts);
	update->nr_parts = 1;
	part->update = update;
	part->mod = mod;
	return part;
}

/**
 * lsp_part_free() - free a part
 * @part: the part, in no list and not visible; may be half made
 */
void lsp_part_free(struct lsp_part *part)
{
	unsigned int i;

	for (i = 0; i < part->nr_data; i++) {
		kfree(part->data[i].name);
		kvfree(part->data[i].old);
	}
	kfree(part->data);
	for (i = 0; i < part->nr_patches; i++) {
		kfree(part->patches[i].name);
		kfree(part->patches[i].sums);
		kfree(part->patches[i].holes);
	}
	kvfree(part->patches);
	kfree(part->object);
	kfree(part->units);
	kfree(part);
}

/**
 * lsp_update_free() - free an update with all its parts
 * @update: the update, not registered and not visible; may be half made
 */
void lsp_update_free(struct lsp_update *update)
{
	struct lsp_part *part, *next;

	list_for_each_entry_safe(part, next, &update->parts, node)
		lsp_part_free(part);
	kfree(update->name);
	kfree(update->description);
	kfree(update->targets);
	kfree(update);
}

/**
 * lsp_nr_patches() - number of functions of an update
 * @update: the update
 *
 * Return: the number, replaced or not.
 */
unsigned int lsp_nr_patches(const struct lsp_update *update)
{
	const struct lsp_part *part;
	unsigned int nr = 0;

	list_for_each_entry(part, &update->parts, node)
		nr += part->nr_patches;
	return nr;
}

/**
 * lsp_has_name() - is a name in a list?
 * @list: a list as &lsp_part.units is one
 * @name: the name
 *
 * Return: true if it is.
 */
bool lsp_has_name(const char *list, const char *name)
{
	const char *own;

	lsp_for_each_name(own, list)
		if (!strcmp(own, name))
			return true;
	return false;
}

/**
 * lsp_is_pinned() - may something of an update be left behind?
 * @update: the update
 *
 * Return: true if that is so for one of its parts.
 */
bool lsp_is_pinned(const struct lsp_update *update)
{
	const struct lsp_part *part;

	list_for_each_entry(part, &update->parts, node)
		if (part->pinned)
			return true;
	return false;
}

/**
 * lsp_hold_parts() - keep all parts of an update from being unloaded
 * @update: the update
 *
 * Parts that are held already, because the update is pinned, stay so.
 *
 * Context: lsp_mutex held.
 * Return: LSP_OK, or LSP_STATE if one is not up or about to go; then nothing
 * has changed that lsp_put_parts() would not undo.
 */
enum lsp_reason lsp_hold_parts(struct lsp_update *update)
{
	struct lsp_part *part;

	lockdep_assert_held(&lsp_mutex);

	list_for_each_entry(part, &update->parts, node) {
		/* Built-in tests have no module. */
		if (part->mod &&
		    READ_ONCE(part->mod->state) != MODULE_STATE_LIVE)
			return LSP_STATE;
		if (!part->held && !try_module_get(part->mod))
			return LSP_STATE;
		part->held = true;
	}
	return LSP_OK;
}

/**
 * lsp_put_parts() - let the parts of an update be unloaded, if they may
 * @update: the update, not enabled
 *
 * Of an update that was enabled once and is pinned nothing ever goes.
 *
 * Context: lsp_mutex held.
 */
void lsp_put_parts(struct lsp_update *update)
{
	struct lsp_part *part;

	lockdep_assert_held(&lsp_mutex);

	if (update->tainted && lsp_is_pinned(update))
		return;
	list_for_each_entry(part, &update->parts, node) {
		if (part->held)
			module_put(part->mod);
		part->held = false;
	}
}
