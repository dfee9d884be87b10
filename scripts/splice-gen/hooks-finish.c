// SPDX-License-Identifier: GPL-2.0
/*
 * The rows of the functions that are called when the update is switched, and
 * whether they leave alone what it replaces. Called by finish.c.
 */
#include <stdlib.h>
#include <string.h>

#include "tables.h"

static int by_unit(const void *a, const void *b)
{
	const struct lsp_hook *x = a, *y = b;

	if (x->unit != y->unit)
		return x->unit < y->unit ? -1 : 1;
	return (x->kind > y->kind) - (x->kind < y->kind);
}

static void make_hook(struct finish *f, const struct section *rows, uint64_t at)
{
	const struct pre_unit *unit;
	struct lsp_hook row = { };
	struct link_hook link;
	uint64_t offset;

	memcpy(&link, rows->data + at, sizeof(link));
	unit = pre_unit(&f->pre, link.unit);
	if (!unit || link.kind >= LSP_HOOK_KINDS || !link.size || link.reserved)
		die(f->ko, rows->name, "row at 0x%llx makes no sense",
		    (unsigned long long)at);
	row.unit = unit - f->pre.units;
	row.kind = link.kind;
	row.shndx = code_of(f, rows, at, link.size, &offset)->idx;
	row.offset = offset;
	row.size = link.size;
	table_add(&f->pre.tables, TABLE_hooks, &row, 1);
}

/**
 * hooks_make() - make the rows
 * @f: the update, after pre_make() and obj_number()
 * @rows: rows of diff, or NULL
 */
void hooks_make(struct finish *f, const struct section *rows)
{
	struct tables *t = &f->pre.tables;

	for (uint64_t at = 0; rows && at < rows->size;
	     at += sizeof(struct link_hook))
		make_hook(f, rows, at);
	sort_array(t->hooks, t->nr_hooks, sizeof(*t->hooks), by_unit);
	for (size_t i = 1; i < t->nr_hooks; i++) {
		if (!by_unit(&t->hooks[i - 1], &t->hooks[i]))
			die(f->ko, LINK_HOOKS_SECTION,
			    "two hooks of kind %u in one unit",
			    t->hooks[i].kind);
	}
}

/* Is this the name, or the place, of a function that is replaced? */
static const char *replaced_name(const struct tables *t,
				 const struct symbol *sym)
{
	const struct lsp_symbol *meant = NULL;
	const char *wanted = sym->name;

	if (str_starts(sym->name, LSP_IMPORT_PREFIX)) {
		meant = &t->symbols[strtoul(sym->name + strlen(LSP_IMPORT_PREFIX),
					    NULL, 10)];
		wanted = t->strings + meant->name;
	}
	for (size_t i = 0; i < t->nr_funcs; i++) {
		const struct lsp_symbol *old = &t->symbols[t->funcs[i].symbol];
		const char *name = t->strings + old->name;

		if (!lsp_func_has_code(t->funcs[i].flags))
			continue;
		if (meant && meant->section != LSP_NONE ?
		    meant->section == old->section &&
		    meant->offset == old->offset :
		    old->bind != LSP_BIND_LOCAL && !strcmp(name, wanted))
			return name;
	}
	return NULL;
}

static const struct symbol *function_at(const struct section *sec,
					uint64_t offset)
{
	for (size_t i = 0; i < sec->nr_syms; i++) {
		if (sec->syms[i]->type == STT_FUNC &&
		    sec->syms[i]->value == offset)
			return sec->syms[i];
	}
	return NULL;
}

static void check_hook(const struct finish *f, const struct lsp_hook *hook)
{
	struct section *sec = obj_section_at(f->ko, hook->shndx);
	const struct symbol *function = function_at(sec, hook->offset);
	uint64_t end = (uint64_t)hook->offset + hook->size;

	for (struct reloc *rel = section_reloc_from(sec, hook->offset);
	     rel < section_reloc_from(sec, end); rel++) {
		const char *name;

		if (!symbol_is_undef(rel->sym))
			continue;
		name = replaced_name(&f->pre.tables, rel->sym);
		if (name)
			refuse(REASON_HOOK, symbol_name(function),
			       "%s: the hook refers at +0x%llx to %s(), which the update replaces",
			       f->pre.units[hook->unit].name,
			       (unsigned long long)(rel->offset - hook->offset),
			       name);
	}
}

/**
 * hooks_check() - refuse hooks that refer to a function that is replaced
 * @f: the update, after imports_resolve(), with the rows of all functions
 *
 * What a hook calls by way of other functions is not followed.
 */
void hooks_check(const struct finish *f)
{
	const struct tables *t = &f->pre.tables;

	/* Rows that symbols stand for may be missing then. */
	if (nr_refused())
		return;
	for (size_t i = 0; i < t->nr_hooks; i++)
		check_hook(f, &t->hooks[i]);
}
