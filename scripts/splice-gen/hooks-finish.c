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

/* The function of the module that has this place of a section, or NULL. */
static const struct symbol *function_at(const struct section *sec, int64_t at)
{
	for (size_t i = 0; i < sec->nr_syms; i++) {
		const struct symbol *sym = sec->syms[i];

		if (sym->type == STT_FUNC && at >= (int64_t)sym->value &&
		    at < (int64_t)(sym->value + sym->size))
			return sym;
	}
	return NULL;
}

/* The function of the module that a reference of code leads to, or NULL. */
static const struct symbol *function_meant(const struct reloc *rel)
{
	const struct symbol *sym = rel->sym;
	int64_t at = (int64_t)sym->value + rel->addend;

	if (sym->type == STT_FUNC)
		return symbol_is_undef(sym) ? NULL : sym;
	if (!sym->sec || !(sym->sec->flags & SHF_EXECINSTR))
		return NULL;
	if (rel->type == R_X86_64_PC32 || rel->type == R_X86_64_PLT32)
		at += 4;
	return function_at(sym->sec, at);
}

/* New functions that a hook can come to, itself the first. */
struct reached {
	const struct symbol	**functions;
	size_t			nr;
};

static void reach(struct reached *reached, const struct symbol *function)
{
	for (size_t i = 0; i < reached->nr; i++) {
		if (reached->functions[i] == function)
			return;
	}
	reached->functions = xrealloc(reached->functions, reached->nr + 1,
				      sizeof(*reached->functions));
	reached->functions[reached->nr++] = function;
}

/* What it must not refer to, and what it refers to beside that. */
static void check_function(const struct finish *f, const struct lsp_hook *hook,
			   struct reached *reached, const struct symbol *function)
{
	const struct symbol *head = reached->functions[0];
	const struct section *sec = function->sec;
	uint64_t end = function->value + function->size;

	for (struct reloc *rel = section_reloc_from(sec, function->value);
	     rel < section_reloc_from(sec, end); rel++) {
		const struct symbol *meant = function_meant(rel);
		const char *name = symbol_is_undef(rel->sym) ?
			replaced_name(&f->pre.tables, rel->sym) : NULL;

		if (meant)
			reach(reached, meant);
		if (!name)
			continue;
		refuse(REASON_HOOK, symbol_name(head),
		       "%s: the hook refers%s%s at +0x%llx to %s(), which the update replaces",
		       f->pre.units[hook->unit].name,
		       function == head ? "" : " by way of ",
		       function == head ? "" : symbol_name(function),
		       (unsigned long long)(rel->offset - function->value), name);
	}
}

static void check_hook(const struct finish *f, const struct lsp_hook *hook)
{
	struct section *sec = obj_section_at(f->ko, hook->shndx);
	struct reached reached = { };

	reach(&reached, function_at(sec, hook->offset));
	for (size_t i = 0; i < reached.nr; i++)
		check_function(f, hook, &reached, reached.functions[i]);
	free(reached.functions);
}

/**
 * hooks_check() - refuse hooks that refer to a function that is replaced
 * @f: the update, after imports_resolve(), with the rows of all functions
 *
 * Other new functions that the hook refers to are followed; what it calls of the
 * running kernel is not.
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
