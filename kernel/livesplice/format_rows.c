// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: the rows of an update that say what shall change: functions,
 * runtime constants in new code, read-only objects; and what is called meanwhile.
 * Called by format.c, whose other half this is.
 */
#include <linux/string.h>

#include "match.h"

/**
 * lsp_check_replaces() - check the rows that name other updates
 * @t: the tables; the info has passed
 * @d: filled in on failure
 *
 * Return: LSP_OK or LSP_FORMAT.
 */
enum lsp_reason lsp_check_replaces(const struct lsp_tables *t,
				   struct lsp_damage *d)
{
	const char *own = lsp_string(t, t->info->name), *name;
	u32 i;

	if (t->nr_replaces && (t->info->flags & LSP_INFO_BASED))
		return lsp_bad(d, LSP_TABLE_replaces, 0,
			       "made on top of others, which it replaces");
	for (i = 0; i < t->nr_replaces; i++) {
		if (!lsp_string_ok(t, t->replaces[i].name))
			return lsp_bad(d, LSP_TABLE_replaces, i, "string out of range");
		name = lsp_string(t, t->replaces[i].name);
		if (!lsp_name_ok(name) || !strcmp(name, own))
			return lsp_bad(d, LSP_TABLE_replaces, i, "not another update");
	}
	return LSP_OK;
}

/**
 * lsp_check_funcs() - check the rows that replace functions
 * @t: the tables; symbols, sections and relocations have passed
 * @d: filled in on failure
 *
 * Return: LSP_OK or LSP_FORMAT.
 */
enum lsp_reason lsp_check_funcs(const struct lsp_tables *t,
				struct lsp_damage *d)
{
	u32 i;

	for (i = 0; i < t->nr_funcs; i++) {
		const struct lsp_func *func = &t->funcs[i];
		const struct lsp_symbol *sym;

		if (func->symbol >= t->nr_symbols)
			return lsp_bad(d, LSP_TABLE_funcs, i, "symbol out of range");
		sym = &t->symbols[func->symbol];
		if (sym->type != LSP_SYM_FUNC || !sym->size ||
		    sym->section == LSP_NONE ||
		    t->sections[sym->section].kind != LSP_SEC_TEXT)
			return lsp_bad(d, LSP_TABLE_funcs, i, "not a function");
		if (sym->bind == LSP_BIND_WEAK && !lsp_func_has_code(func->flags))
			return lsp_bad(d, LSP_TABLE_funcs, i,
				       "weak function that is not replaced");
		if (!lsp_func_flags_valid(func->flags))
			return lsp_bad(d, LSP_TABLE_funcs, i, "unknown flags");
		if (lsp_func_has_code(func->flags) != !!func->shndx)
			return lsp_bad(d, LSP_TABLE_funcs, i,
				       "new code where none belongs, or none");
	}
	return LSP_OK;
}

/**
 * lsp_check_consts() - check the rows that fill in constants
 * @t: the tables; symbols, sections and relocations have passed
 * @d: filled in on failure
 *
 * Return: LSP_OK or LSP_FORMAT.
 */
enum lsp_reason lsp_check_consts(const struct lsp_tables *t,
				 struct lsp_damage *d)
{
	u32 i;

	for (i = 0; i < t->nr_consts; i++) {
		if (!lsp_const_kind(t->consts[i].kind))
			return lsp_bad(d, LSP_TABLE_consts, i, "unknown kind");
		if (t->consts[i].symbol >= t->nr_symbols)
			return lsp_bad(d, LSP_TABLE_consts, i, "symbol out of range");
	}
	return LSP_OK;
}

static enum lsp_reason lsp_check_data(const struct lsp_tables *t, u32 i,
				      struct lsp_damage *d)
{
	const struct lsp_data *data = &t->datas[i];
	const struct lsp_symbol *sym;
	u32 rel, last = 0;

	if (data->symbol >= t->nr_symbols)
		return lsp_bad(d, LSP_TABLE_datas, i, "symbol out of range");
	sym = &t->symbols[data->symbol];
	if (sym->type != LSP_SYM_OBJECT || !sym->size ||
	    sym->section == LSP_NONE || sym->bind == LSP_BIND_WEAK ||
	    t->sections[sym->section].kind != LSP_SEC_DATA)
		return lsp_bad(d, LSP_TABLE_datas, i, "not an object");
	if (!lsp_slice_ok(data->bytes, sym->size, t->nr_bytes))
		return lsp_bad(d, LSP_TABLE_datas, i, "bytes out of range");
	if (!lsp_slice_ok(data->first_reloc, data->nr_relocs, t->nr_relocs))
		return lsp_bad(d, LSP_TABLE_datas, i, "relocations out of range");
	for (rel = data->first_reloc; rel < data->first_reloc + data->nr_relocs;
	     rel++) {
		if (t->relocs[rel].offset >= sym->size ||
		    t->relocs[rel].offset < last ||
		    t->relocs[rel].symbol >= t->nr_symbols)
			return lsp_bad(d, LSP_TABLE_relocs, rel, "not of its object");
		last = t->relocs[rel].offset;
	}
	return LSP_OK;
}

/**
 * lsp_check_datas() - check the rows that rewrite objects
 * @t: the tables; symbols, sections and relocations have passed
 * @d: filled in on failure
 *
 * Return: LSP_OK or LSP_FORMAT.
 */
enum lsp_reason lsp_check_datas(const struct lsp_tables *t,
				struct lsp_damage *d)
{
	enum lsp_reason reason = LSP_OK;
	u32 i;

	for (i = 0; i < t->nr_datas && reason == LSP_OK; i++)
		reason = lsp_check_data(t, i, d);
	return reason;
}

/* Is there one of this kind among those of the unit that end with row @last? */
static bool lsp_unit_has_hook(const struct lsp_tables *t, u32 last, u32 kind)
{
	const struct lsp_hook *hook = &t->hooks[last];

	for (; hook >= t->hooks && hook->unit == t->hooks[last].unit; hook--)
		if (hook->kind == kind)
			return true;
	return false;
}

/**
 * lsp_check_hooks() - check the rows of functions that are called
 * @t: the tables; units have passed
 * @d: filled in on failure
 *
 * Return: LSP_OK or LSP_FORMAT.
 */
enum lsp_reason lsp_check_hooks(const struct lsp_tables *t,
				struct lsp_damage *d)
{
	u32 i;

	for (i = 0; i < t->nr_hooks; i++) {
		const struct lsp_hook *hook = &t->hooks[i], *last = hook - 1;

		if (hook->unit >= t->nr_units)
			return lsp_bad(d, LSP_TABLE_hooks, i, "unit out of range");
		if (hook->kind >= LSP_HOOK_KINDS)
			return lsp_bad(d, LSP_TABLE_hooks, i, "unknown kind");
		if (i && (hook->unit < last->unit ||
			  (hook->unit == last->unit && hook->kind <= last->kind)))
			return lsp_bad(d, LSP_TABLE_hooks, i, "not in order");
		if ((hook->kind == LSP_HOOK_FAIL &&
		     !lsp_unit_has_hook(t, i, LSP_HOOK_PRE)) ||
		    (hook->kind == LSP_HOOK_UNDO_FAIL &&
		     !lsp_unit_has_hook(t, i, LSP_HOOK_UNDO_PRE)))
			return lsp_bad(d, LSP_TABLE_hooks, i,
				       "fails without a beginning");
	}
	return LSP_OK;
}
