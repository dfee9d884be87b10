// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: what an update consists of: parts, each a module, with the
 * functions that each replaces, and what they are called. Called by load.c,
 * core.c and switch.c.
 */
#include <linux/error-injection.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "match.h"

static_assert(sizeof(struct lsp_target) == sizeof(u32));
static_assert(sizeof(struct lsp_replace) == sizeof(u32));

/* More names of units or targets than any kernel has. */
#define LSP_MAX_NAMES		SZ_1M

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
	INIT_LIST_HEAD(&update->replacing);
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
		kfree(part->patches[i].loans);
	}
	kvfree(part->patches);
	kvfree(part->hooks);
	kfree(part->stands);
	lsp_own_free(&part->own);
	kfree(part->object);
	kvfree(part->units);
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
	kvfree(update->targets);
	kvfree(update->replaces);
	kfree(update);
}

/* "object:unit" of every unit, each with its NUL, an empty one at the end. */
static enum lsp_reason lsp_unit_names(const struct lsp_tables *tables,
				      char **names)
{
	const char *object = lsp_string(tables, tables->info->object);
	size_t size = 1;
	char *p;
	u32 i;

	for (i = 0; i < tables->nr_units; i++) {
		size += strlen(object) + 2 +
			strlen(lsp_string(tables, tables->units[i].name));
		if (size > LSP_MAX_NAMES)
			return LSP_FORMAT;
	}
	p = kvzalloc(size, GFP_KERNEL);
	*names = p;
	if (!p)
		return LSP_NOMEM;
	for (i = 0; i < tables->nr_units; i++)
		p += sprintf(p, "%s:%s", object,
			     lsp_string(tables, tables->units[i].name)) + 1;
	return LSP_OK;
}

/* Likewise for names that are rows of a table: @strings are offsets of strings. */
static enum lsp_reason lsp_row_names(const struct lsp_tables *tables,
				     const u32 *strings, u32 nr, char **names)
{
	size_t size = 1;
	char *p;
	u32 i;

	for (i = 0; i < nr; i++) {
		size += strlen(lsp_string(tables, strings[i])) + 1;
		if (size > LSP_MAX_NAMES)
			return LSP_FORMAT;
	}
	p = kvzalloc(size, GFP_KERNEL);
	*names = p;
	if (!p)
		return LSP_NOMEM;
	for (i = 0; i < nr; i++)
		p += sprintf(p, "%s", lsp_string(tables, strings[i])) + 1;
	return LSP_OK;
}

/**
 * lsp_part_names() - give a part and its update the names that they have
 * @part: the part, new, with an update of its own
 * @tables: tables of its module
 *
 * Context: may sleep.
 * Return: LSP_OK, LSP_FORMAT if there are more than anybody needs, LSP_NOMEM.
 */
enum lsp_reason lsp_part_names(struct lsp_part *part,
			       const struct lsp_tables *tables)
{
	const struct lsp_info *info = tables->info;
	struct lsp_update *update = part->update;
	enum lsp_reason reason;

	part->object = kstrdup(lsp_string(tables, info->object), GFP_KERNEL);
	update->name = kstrdup(lsp_string(tables, info->name), GFP_KERNEL);
	update->description = kstrdup(lsp_string(tables, info->description),
				      GFP_KERNEL);
	if (!part->object || !update->name || !update->description)
		return LSP_NOMEM;
	update->nr_targets = tables->nr_targets;
	reason = lsp_unit_names(tables, &part->units);
	if (reason == LSP_OK)
		reason = lsp_row_names(tables, &tables->targets->object,
				       tables->nr_targets, &update->targets);
	if (reason == LSP_OK)
		reason = lsp_row_names(tables, &tables->replaces->name,
				       tables->nr_replaces, &update->replaces);
	return reason;
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
 * lsp_hold_part() - keep a part from being unloaded
 * @part: the part; may be held already, because its update is pinned
 *
 * Context: lsp_mutex held.
 * Return: LSP_OK, or LSP_STATE if it is not up or about to go.
 */
enum lsp_reason lsp_hold_part(struct lsp_part *part)
{
	lockdep_assert_held(&lsp_mutex);

	/* Built-in tests have no module. */
	if (part->mod && READ_ONCE(part->mod->state) != MODULE_STATE_LIVE)
		return LSP_STATE;
	if (!part->held && !try_module_get(part->mod))
		return LSP_STATE;
	part->held = true;
	return LSP_OK;
}

/**
 * lsp_put_part() - let a part be unloaded
 * @part: the part; not enabled, and never was
 *
 * Context: lsp_mutex held.
 */
void lsp_put_part(struct lsp_part *part)
{
	lockdep_assert_held(&lsp_mutex);

	if (part->held)
		module_put(part->mod);
	part->held = false;
}

/**
 * lsp_hold_parts() - keep all parts of an update from being unloaded
 * @update: the update
 *
 * Context: lsp_mutex held.
 * Return: LSP_OK, or LSP_STATE if one is not up or about to go; then nothing
 * has changed that lsp_put_parts() would not undo.
 */
enum lsp_reason lsp_hold_parts(struct lsp_update *update)
{
	enum lsp_reason reason = LSP_OK;
	struct lsp_part *part;

	lockdep_assert_held(&lsp_mutex);

	list_for_each_entry(part, &update->parts, node) {
		reason = lsp_hold_part(part);
		if (reason != LSP_OK)
			break;
	}
	return reason;
}
ALLOW_ERROR_INJECTION(lsp_hold_parts, TRUE);

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
	list_for_each_entry(part, &update->parts, node)
		lsp_put_part(part);
}
