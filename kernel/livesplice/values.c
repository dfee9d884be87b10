// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: what is known about the values of symbols and sections.
 *
 * Matching reads values out of the running code: a relocated field tells what
 * its symbol is worth. All uses must agree. Since a candidate address may turn
 * out wrong half-way, everything learnt since the last commit is kept in a
 * journal and can be taken back. The idea, and that one matched function fixes
 * its section's base and with it every static symbol there, is Ksplice's.
 *
 * Used by match.c and load.c while a module is being loaded, by one thread and
 * without a lock.
 */
#include <linux/error-injection.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "match.h"

/* What a journal entry took note of; the rest of the word is an index. */
#define LSP_LEARNT_BASE		0x00000000U
#define LSP_LEARNT_VALUE	0x40000000U
#define LSP_LEARNT_CONST	0x80000000U
#define LSP_LEARNT_KIND		0xc0000000U

/* A name that more symbols have than this says nothing. */
#define LSP_MAX_HOMONYMS	64

/* What THIS_MODULE means in code of the target; built-in code has none. */
static void lsp_learn_this_module(struct lsp_values *values,
				  struct module *target)
{
	u32 i;

	for (i = 0; target && i < values->tables->nr_symbols; i++) {
		const struct lsp_symbol *sym = &values->tables->symbols[i];

		if (sym->section != LSP_NONE ||
		    strcmp(lsp_string(values->tables, sym->name),
			   "__this_module"))
			continue;
		values->value[i] = (unsigned long)target;
		values->value_known[i] = true;
	}
}

/**
 * lsp_values_init() - start with nothing known
 * @values: to be filled in; ends with lsp_values_free()
 * @tables: tables that passed lsp_format_parse()
 * @target: module that the part is for, see lsp_names_init()
 *
 * Context: may sleep.
 * Return: 0, -ENOMEM, or -E2BIG for more symbols than the journal can name.
 */
int lsp_values_init(struct lsp_values *values, const struct lsp_tables *tables,
		    struct module *target)
{
	u32 i, sections = tables->nr_sections, symbols = tables->nr_symbols;

	memset(values, 0, sizeof(*values));
	values->tables = tables;
	if (sections >= LSP_LEARNT_VALUE || symbols >= LSP_LEARNT_VALUE)
		return -E2BIG;

	/* Each fact is learnt once, so the journal cannot be longer. */
	values->base = kvcalloc(sections, sizeof(*values->base), GFP_KERNEL);
	values->base_known = kvcalloc(sections, sizeof(bool), GFP_KERNEL);
	values->moved = kvcalloc(sections, sizeof(*values->moved), GFP_KERNEL);
	values->value = kvcalloc(symbols, sizeof(*values->value), GFP_KERNEL);
	values->value_known = kvcalloc(symbols, sizeof(bool), GFP_KERNEL);
	values->konst = kvcalloc(symbols, sizeof(*values->konst), GFP_KERNEL);
	values->konst_known = kvcalloc(symbols, sizeof(bool), GFP_KERNEL);
	values->journal = kvcalloc((size_t)sections + 2 * symbols,
				   sizeof(*values->journal), GFP_KERNEL);
	values->texts = kvcalloc(symbols, sizeof(*values->texts), GFP_KERNEL);
	if (!lsp_names_init(&values->names, target) ||
	    !values->base || !values->base_known || !values->moved ||
	    !values->value ||
	    !values->value_known || !values->konst || !values->konst_known ||
	    !values->journal || !values->texts) {
		lsp_values_free(values);
		return -ENOMEM;
	}
	for (i = 0; i < symbols; i++)
		if (tables->symbols[i].type == LSP_SYM_STRING)
			values->texts[values->nr_texts++] = i;
	lsp_learn_this_module(values, target);
	return 0;
}
ALLOW_ERROR_INJECTION(lsp_values_init, ERRNO);

/**
 * lsp_values_free() - forget everything
 * @values: what lsp_values_init() filled in, also if it failed
 */
void lsp_values_free(struct lsp_values *values)
{
	lsp_names_free(&values->names);
	kvfree(values->base);
	kvfree(values->base_known);
	kvfree(values->moved);
	kvfree(values->value);
	kvfree(values->value_known);
	kvfree(values->konst);
	kvfree(values->konst_known);
	kvfree(values->journal);
	kvfree(values->texts);
	memset(values, 0, sizeof(*values));
}

/**
 * lsp_values_commit() - what was learnt is true
 * @values: the values
 */
void lsp_values_commit(struct lsp_values *values)
{
	values->nr_journal = 0;
}

/**
 * lsp_values_rollback() - forget what was learnt since a mark
 * @values: the values
 * @mark: &lsp_values.nr_journal at that time; 0 for the last commit
 */
void lsp_values_rollback(struct lsp_values *values, u32 mark)
{
	while (values->nr_journal > mark) {
		u32 entry = values->journal[--values->nr_journal];
		u32 index = entry & ~LSP_LEARNT_KIND;

		switch (entry & LSP_LEARNT_KIND) {
		case LSP_LEARNT_BASE:
			values->base_known[index] = false;
			values->moved[index] = 0;
			break;
		case LSP_LEARNT_VALUE:
			values->value_known[index] = false;
			break;
		case LSP_LEARNT_CONST:
			values->konst_known[index] = false;
			break;
		}
	}
}

/* Whether a symbol's value is its section's base plus its offset. */
static bool lsp_based(const struct lsp_values *values, u32 symbol)
{
	const struct lsp_symbol *sym = &values->tables->symbols[symbol];

	if (sym->section == LSP_NONE || sym->bind == LSP_BIND_WEAK)
		return false;
	switch (values->tables->sections[sym->section].kind) {
	case LSP_SEC_STRINGS:
	case LSP_SEC_CONSTS:
		return false;
	default:
		return true;
	}
}

/*
 * Do the symbol tables agree? A name that they do not have, or have too often,
 * is no evidence either way.
 */
static bool lsp_name_agrees(const struct lsp_values *values, const char *name,
			    unsigned long value)
{
	unsigned long addrs[LSP_MAX_HOMONYMS];
	unsigned int i, nr = 0;

	if (*name)
		nr = lsp_names_seen(&values->names, name, addrs,
				    ARRAY_SIZE(addrs));
	if (!nr || nr > ARRAY_SIZE(addrs))
		return true;
	for (i = 0; i < nr; i++)
		if (addrs[i] == value)
			return true;
	/* What another module exports may be called like something of ours. */
	return values->names.target && lsp_names_at(value, name);
}

/**
 * lsp_values_learn_base() - a section was seen at an address
 * @values: the values
 * @section: the section
 * @base: address of its first byte, or per-CPU offset of it
 *
 * Return: false if that contradicts what is known.
 */
bool lsp_values_learn_base(struct lsp_values *values, u32 section,
			   unsigned long base)
{
	/* Code of a replaced function knows both its entry and itself. */
	if (values->base_known[section])
		return values->base[section] == base ||
		       (values->moved[section] &&
			values->moved[section] == base);
	values->base[section] = base;
	values->base_known[section] = true;
	values->journal[values->nr_journal++] = LSP_LEARNT_BASE | section;
	return true;
}

/**
 * lsp_values_learn() - a symbol was seen to have a value
 * @values: the values
 * @symbol: the symbol
 * @value: its value
 *
 * Code alone could teach wrong values: one form of an alternative calls one
 * function, the next form another. So where the kernel's symbol table knows
 * the name, it has to agree.
 *
 * Context: may sleep.
 * Return: false if that contradicts what is known.
 */
bool lsp_values_learn(struct lsp_values *values, u32 symbol,
		      unsigned long value)
{
	const struct lsp_symbol *sym = &values->tables->symbols[symbol];

	if (lsp_based(values, symbol))
		return lsp_values_learn_base(values, sym->section,
					     value - sym->offset);
	if (values->value_known[symbol])
		return values->value[symbol] == value;
	if (sym->section == LSP_NONE &&
	    !lsp_name_agrees(values, lsp_string(values->tables, sym->name),
			     value))
		return false;
	values->value[symbol] = value;
	values->value_known[symbol] = true;
	values->journal[values->nr_journal++] = LSP_LEARNT_VALUE | symbol;
	return true;
}

/**
 * lsp_values_learn_text() - a mergeable string or constant was seen
 * @values: the values
 * @section: its section
 * @offset: its offset there
 * @addr: where the kernel has it
 *
 * Only strings that new code refers to have a symbol; all others are nobody's
 * concern once their contents were compared.
 *
 * Return: false if that contradicts what is known.
 */
bool lsp_values_learn_text(struct lsp_values *values, u32 section, u32 offset,
			   unsigned long addr)
{
	u32 i;

	for (i = 0; i < values->nr_texts; i++) {
		u32 symbol = values->texts[i];
		const struct lsp_symbol *sym = &values->tables->symbols[symbol];

		if (sym->section == section && sym->offset == offset &&
		    !lsp_values_learn(values, symbol, addr))
			return false;
	}
	return true;
}

/**
 * lsp_values_learn_const() - a runtime constant was seen to have a value
 * @values: the values
 * @symbol: symbol of the constant
 * @value: the immediate found in the running code
 *
 * Return: false if that contradicts what is known.
 */
bool lsp_values_learn_const(struct lsp_values *values, u32 symbol, u64 value)
{
	if (values->konst_known[symbol])
		return values->konst[symbol] == value;
	values->konst[symbol] = value;
	values->konst_known[symbol] = true;
	values->journal[values->nr_journal++] = LSP_LEARNT_CONST | symbol;
	return true;
}

/**
 * lsp_values_get() - value of a symbol as far as matching found it
 * @values: the values
 * @symbol: the symbol
 * @value: set if it is known
 *
 * Return: whether it is known.
 */
bool lsp_values_get(const struct lsp_values *values, u32 symbol,
		    unsigned long *value)
{
	const struct lsp_symbol *sym = &values->tables->symbols[symbol];

	if (lsp_based(values, symbol)) {
		if (!values->base_known[sym->section])
			return false;
		*value = values->base[sym->section] + sym->offset;
		return true;
	}
	if (!values->value_known[symbol])
		return false;
	*value = values->value[symbol];
	return true;
}

/**
 * lsp_values_place() - where this very definition of a function is
 * @values: values after a successful lsp_match()
 * @symbol: the function
 * @addr: set if the base of its section is known
 *
 * The value of a weak name is that of the definition that won, which may be
 * another one; see lsp_values_get() for it.
 *
 * Return: whether it is known.
 */
bool lsp_values_place(const struct lsp_values *values, u32 symbol,
		      unsigned long *addr)
{
	const struct lsp_symbol *sym = &values->tables->symbols[symbol];

	if (!values->base_known[sym->section])
		return false;
	*addr = values->base[sym->section] + sym->offset;
	return true;
}

static enum lsp_reason lsp_unique(unsigned int found)
{
	switch (found) {
	case 0:
		return LSP_UNRESOLVED;
	case 1:
		return LSP_OK;
	default:
		return LSP_AMBIGUOUS;
	}
}

/* A section that no code refers to: any of its names that is unique tells. */
static enum lsp_reason lsp_base_by_name(struct lsp_values *values, u32 section)
{
	const struct lsp_tables *tables = values->tables;
	unsigned long addr;
	u32 i;

	for (i = 0; i < tables->nr_symbols; i++) {
		const struct lsp_symbol *sym = &tables->symbols[i];
		const char *name = lsp_string(tables, sym->name);

		if (sym->section != section || !*name || !lsp_based(values, i))
			continue;
		if (lsp_names_own(&values->names, name, &addr, 1) != 1)
			continue;
		lsp_values_learn_base(values, section, addr - sym->offset);
		lsp_values_commit(values);
		return LSP_OK;
	}
	return LSP_UNRESOLVED;
}

/**
 * lsp_values_resolve() - value of a symbol that new code refers to
 * @values: the values, after a successful lsp_match()
 * @symbol: the symbol
 * @value: set on success
 *
 * What matching found comes first. Else the name decides, provided that the
 * kernel has it exactly once.
 *
 * Context: may sleep.
 * Return: LSP_OK, LSP_UNRESOLVED or LSP_AMBIGUOUS.
 */
enum lsp_reason lsp_values_resolve(struct lsp_values *values, u32 symbol,
				   unsigned long *value)
{
	const struct lsp_symbol *sym = &values->tables->symbols[symbol];
	enum lsp_reason reason;

	if (sym->section != LSP_NONE &&
	    values->tables->sections[sym->section].kind == LSP_SEC_INIT)
		return LSP_UNRESOLVED;
	if (lsp_values_get(values, symbol, value))
		return LSP_OK;
	if (lsp_based(values, symbol)) {
		reason = lsp_base_by_name(values, sym->section);
		if (reason == LSP_OK)
			lsp_values_get(values, symbol, value);
		return reason;
	}
	if (!*lsp_string(values->tables, sym->name))
		return LSP_UNRESOLVED;
	return lsp_unique(lsp_names_seen(&values->names,
					 lsp_string(values->tables, sym->name),
					 value, 1));
}
