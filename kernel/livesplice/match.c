// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: run-pre matching.
 *
 * Proves that the kernel runs the code that an update was made from, for every
 * function of every unit the update touches: the compiler saw all of a unit at
 * once, so a unit counts as a whole. Called by load.c while a module is being
 * loaded, with no lock held.
 *
 * The input sections of an object file stay in one piece when a kernel is
 * linked. So the thing that is looked for is not a function but a text
 * section: its base is guessed from the kallsyms entries of one of its
 * functions, the rarest name first, and then every function in it has to match
 * at its place. A base may also be known from another section's relocations.
 * What is one instruction and what may differ in it is the architecture's
 * business, see lsp_arch_match().
 */
#include <linux/cleanup.h>
#include <linux/error-injection.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "match.h"

/* Most addresses that one name may have to be of use as a starting point. */
#define LSP_MAX_CANDIDATES	64

/**
 * struct lsp_matcher - one run of lsp_match()
 * @values: what is known
 * @tables: the update's tables
 * @funcs: indexes of all functions in text sections, by section and offset
 * @nr_funcs: number of them
 * @run: buffer for the running text of one function
 * @holes: buffer for the holes of one function
 * @diag: where the caller wants to see a mismatch
 * @best: the mismatch of the candidate that got furthest
 * @unclear: a section that may be in several places has to be settled
 */
struct lsp_matcher {
	struct lsp_values	*values;
	const struct lsp_tables	*tables;
	u32			*funcs;
	u32			nr_funcs;
	u8			*run;
	struct lsp_hole		*holes;
	struct lsp_diag		*diag;
	struct lsp_diag		best;
	bool			unclear;
};

static int lsp_cmp_func(const void *a, const void *b, const void *priv)
{
	const struct lsp_tables *tables = priv;
	const struct lsp_symbol *x = &tables->symbols[*(const u32 *)a];
	const struct lsp_symbol *y = &tables->symbols[*(const u32 *)b];

	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return 0;
}

/* A function to be matched: has code, in a section that stays in memory. */
static bool lsp_is_code(const struct lsp_tables *tables, u32 symbol)
{
	const struct lsp_symbol *sym = &tables->symbols[symbol];

	return sym->type == LSP_SYM_FUNC && sym->section != LSP_NONE &&
	       sym->size && tables->sections[sym->section].kind == LSP_SEC_TEXT;
}

static enum lsp_reason lsp_matcher_init(struct lsp_matcher *m,
					struct lsp_values *values,
					struct lsp_diag *diag)
{
	const struct lsp_tables *tables = values->tables;
	u32 i, largest = 0, sites = 0;

	*m = (struct lsp_matcher) {
		.values = values, .tables = tables, .diag = diag,
	};
	m->funcs = kvcalloc(tables->nr_symbols, sizeof(*m->funcs), GFP_KERNEL);
	if (!m->funcs)
		return LSP_NOMEM;
	for (i = 0; i < tables->nr_symbols; i++) {
		if (!lsp_is_code(tables, i))
			continue;
		m->funcs[m->nr_funcs++] = i;
		largest = max(largest, tables->symbols[i].size);
	}
	for (i = 0; i < tables->nr_sections; i++)
		sites = max(sites, tables->sections[i].nr_sites);
	sort_r(m->funcs, m->nr_funcs, sizeof(*m->funcs), lsp_cmp_func, NULL,
	       tables);

	m->run = kvmalloc(largest, GFP_KERNEL);
	m->holes = kvcalloc(sites + 1, sizeof(*m->holes), GFP_KERNEL);
	if ((largest && !m->run) || !m->holes)
		return LSP_NOMEM;
	return LSP_OK;
}

static void lsp_matcher_free(struct lsp_matcher *m)
{
	kvfree(m->funcs);
	kvfree(m->run);
	kvfree(m->holes);
}

static void lsp_diag_set(struct lsp_matcher *m, u32 symbol, const char *what)
{
	*m->diag = (struct lsp_diag) {
		.unit = m->tables->sections[m->tables->symbols[symbol].section].unit,
		.function = symbol, .what = what,
		.progress = m->diag->progress,
	};
}

static bool lsp_try_function(struct lsp_matcher *m, u32 symbol)
{
	struct lsp_text text = { .holes = m->holes, .diag = m->diag };

	lsp_diag_set(m, symbol, "not in running text");
	return lsp_match_text(&text, m->values, symbol, m->run);
}

/* A weak function is in the kernel only if nobody overrode it. */
static bool lsp_overridden(struct lsp_matcher *m, u32 symbol)
{
	const struct lsp_symbol *sym = &m->tables->symbols[symbol];
	unsigned long addr = m->values->base[sym->section] + sym->offset;
	unsigned long addrs[LSP_MAX_CANDIDATES];
	unsigned int i, nr;

	if (sym->bind != LSP_BIND_WEAK)
		return false;
	nr = lsp_names_own(&m->values->names, lsp_string(m->tables, sym->name),
			   addrs, ARRAY_SIZE(addrs));
	for (i = 0; i < min_t(unsigned int, nr, ARRAY_SIZE(addrs)); i++)
		if (addrs[i] == addr)
			return false;
	return true;
}

/* All functions of a section at one base; what is learnt stays on success only. */
static bool lsp_try_base(struct lsp_matcher *m, u32 first, u32 nr,
			 unsigned long base)
{
	u32 section = m->tables->symbols[m->funcs[first]].section;
	const struct lsp_symbol *last = NULL;
	u32 i;

	m->diag->progress = 0;
	lsp_diag_set(m, m->funcs[first], "contradicts what other code says");
	if (!lsp_values_learn_base(m->values, section, base))
		goto fail;
	for (i = first; i < first + nr; i++) {
		const struct lsp_symbol *sym = &m->tables->symbols[m->funcs[i]];
		bool alias = last && last->offset == sym->offset &&
			     last->size == sym->size;

		if (alias || lsp_overridden(m, m->funcs[i]))
			continue;
		if (!lsp_try_function(m, m->funcs[i]))
			goto fail;
		m->diag->progress++;
		last = sym;
	}
	return true;
fail:
	lsp_values_rollback(m->values, 0);
	if (!m->best.what || m->diag->progress >= m->best.progress)
		m->best = *m->diag;
	return false;
}

/*
 * The function of a section whose name is rarest in the kernel; @weak: weak
 * ones as well. Returns the number of addresses in @addrs; 0 if the kernel has
 * no name of the section.
 */
static unsigned int lsp_candidates(struct lsp_matcher *m, u32 first, u32 nr,
				   bool weak, unsigned long *addrs, u32 *symbol)
{
	unsigned long found[LSP_MAX_CANDIDATES];
	unsigned int best = 0, count;
	u32 i;

	*symbol = m->funcs[first];
	for (i = first; i < first + nr && best != 1; i++) {
		const struct lsp_symbol *sym = &m->tables->symbols[m->funcs[i]];

		if (sym->bind == LSP_BIND_WEAK && !weak)
			continue;
		count = lsp_names_own(&m->values->names,
				      lsp_string(m->tables, sym->name),
				      found, ARRAY_SIZE(found));
		if (!count)
			count = lsp_names_below(m->values->part,
						lsp_string(m->tables, sym->name),
						found, ARRAY_SIZE(found));
		if (!count || count > ARRAY_SIZE(found) ||
		    (best && count >= best))
			continue;
		best = count;
		*symbol = m->funcs[i];
		memcpy(addrs, found, count * sizeof(*addrs));
	}
	return best;
}

static bool lsp_only_weak(struct lsp_matcher *m, u32 first, u32 nr)
{
	u32 i;

	for (i = first; i < first + nr; i++)
		if (m->tables->symbols[m->funcs[i]].bind != LSP_BIND_WEAK)
			return false;
	return true;
}

/* Does the update replace a function of the section? */
static bool lsp_section_wanted(struct lsp_matcher *m, u32 section)
{
	const struct lsp_tables *tables = m->tables;
	u32 i;

	for (i = 0; i < tables->nr_funcs; i++)
		if (tables->symbols[tables->funcs[i].symbol].section == section)
			return true;
	return false;
}

/* One text section, the functions of which are funcs[first .. first + nr). */
static enum lsp_reason lsp_match_section(struct lsp_matcher *m, u32 first,
					 u32 nr)
{
	u32 section = m->tables->symbols[m->funcs[first]].section;
	unsigned long addrs[LSP_MAX_CANDIDATES], base = 0;
	unsigned int i, count, good = 0;
	bool weak;
	u32 symbol;

	memset(&m->best, 0, sizeof(m->best));
	if (m->values->base_known[section]) {
		base = m->values->base[section];
		good = lsp_try_base(m, first, nr, base);
	} else {
		/*
		 * Nothing but weak functions may all be overridden: no proof
		 * is needed unless one of them is to be replaced.
		 */
		weak = lsp_only_weak(m, first, nr);
		if (weak && !lsp_section_wanted(m, section))
			return LSP_OK;
		count = lsp_candidates(m, first, nr, weak, addrs, &symbol);
		if (!count)
			lsp_diag_set(m, symbol, "no such name in what is running");
		for (i = 0; i < count; i++) {
			unsigned long try = addrs[i] -
					    m->tables->symbols[symbol].offset;

			if (!lsp_try_base(m, first, nr, try))
				continue;
			lsp_values_rollback(m->values, 0);
			base = try;
			good++;
		}
	}
	if (good > 1) {
		lsp_diag_set(m, m->funcs[first], "matches in several places");
		return LSP_AMBIGUOUS;
	}
	if (!good) {
		if (m->best.what)
			*m->diag = m->best;
		return m->diag->breakpoint ? LSP_KGDB : LSP_MISMATCH;
	}
	if (!lsp_try_base(m, first, nr, base))
		return LSP_CHANGED;
	m->values->nr_matched += m->diag->progress;
	lsp_values_commit(m->values);
	return LSP_OK;
}

/*
 * A fragment that belongs to a function of another update has the name of one
 * that is in the kernel: that function has to be matched before it.
 */
static bool lsp_may_be_elsewhere(const struct lsp_matcher *m, u32 section,
				 enum lsp_reason reason)
{
	return reason == LSP_MISMATCH && m->values->part &&
	       m->values->part->nr_stands && !m->values->base_known[section];
}

/*
 * One pass over all text sections that are not done yet. A section that is
 * ambiguous now may be settled by what a later one teaches. If none does, that
 * matters only where something of it is replaced: each of these places has been
 * proven, and what new code needs of it has no address then, so it is refused.
 */
static enum lsp_reason lsp_match_pass(struct lsp_matcher *m, bool *done,
				      bool *progress)
{
	enum lsp_reason reason, worst = LSP_OK;
	u32 first, nr;

	for (first = 0; first < m->nr_funcs; first += nr) {
		u32 section = m->tables->symbols[m->funcs[first]].section;

		for (nr = 1; first + nr < m->nr_funcs; nr++)
			if (m->tables->symbols[m->funcs[first + nr]].section !=
			    section)
				break;
		if (done[section])
			continue;
		reason = lsp_match_section(m, first, nr);
		if (reason == LSP_AMBIGUOUS || lsp_may_be_elsewhere(m, section, reason)) {
			m->unclear |= reason != LSP_AMBIGUOUS ||
				      lsp_section_wanted(m, section);
			worst = reason;
			continue;
		}
		if (reason != LSP_OK)
			return reason;
		done[section] = true;
		*progress = true;
	}
	return worst;
}

/**
 * lsp_match() - prove that the kernel runs the code of the update's units
 * @values: fresh values; hold everything that was inferred on success
 * @diag: says where it failed
 *
 * Context: may sleep; takes text_mutex for a moment per function.
 * Return: LSP_OK, LSP_MISMATCH, LSP_KGDB (a breakpoint makes it one),
 * LSP_AMBIGUOUS, LSP_CHANGED (text changed while it was being looked at) or
 * LSP_NOMEM.
 */
enum lsp_reason lsp_match(struct lsp_values *values, struct lsp_diag *diag)
{
	bool *done __free(kvfree) = kvcalloc(values->tables->nr_sections,
					     sizeof(bool), GFP_KERNEL);
	struct lsp_matcher m;
	enum lsp_reason reason;
	bool progress;

	memset(diag, 0, sizeof(*diag));
	if (!done)
		return LSP_NOMEM;
	reason = lsp_matcher_init(&m, values, diag);
	if (reason == LSP_OK) {
		do {
			progress = false;
			m.unclear = false;
			reason = lsp_match_pass(&m, done, &progress);
		} while (reason != LSP_OK && reason != LSP_CHANGED && progress);
	}
	if (reason == LSP_AMBIGUOUS && !m.unclear)
		reason = LSP_OK;
	if (reason == LSP_OK)
		reason = lsp_consts_check(values, diag);
	lsp_matcher_free(&m);
	return reason;
}
ALLOW_ERROR_INJECTION(lsp_match, TRUE);
