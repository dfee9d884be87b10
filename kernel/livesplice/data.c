// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: read-only objects that get new contents.
 *
 * While a part is being loaded each object is found and compared with what the
 * update was made from, and its bytes are kept for the undo; load.c calls. In a
 * switch its bytes are replaced as a whole in the pause; switch.c calls. The
 * functions that read such an object are free then: the part names them, and
 * they count like functions that are replaced.
 */
#include <linux/error-injection.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <asm/sections.h>

#include "match.h"
#include "switch.h"

/* More of them, or larger ones, would make the pause longer than it may be. */
#define LSP_MAX_DATAS		1024
#define LSP_MAX_DATA_SIZE	SZ_64K

/* Is it where the kernel has constants, all of it? */
static bool lsp_is_constant(const struct module *target, unsigned long addr,
			    unsigned long size)
{
	unsigned long end = addr + size;

	if (target)
		return within_module_mem_type(addr, target, MOD_RODATA) &&
		       within_module_mem_type(end - 1, target, MOD_RODATA);
	return addr >= (unsigned long)__start_rodata &&
	       end <= (unsigned long)__end_rodata &&
	       (end <= (unsigned long)__start_ro_after_init ||
		addr >= (unsigned long)__end_ro_after_init);
}

/* Is part of the last object of a part also in one of those before it? */
static bool lsp_data_overlaps(const struct lsp_part *part)
{
	const struct lsp_datum *last = &part->data[part->nr_data - 1], *other;

	for (other = part->data; other < last; other++)
		if (other->addr < last->addr + last->size &&
		    last->addr < other->addr + other->size)
			return true;
	return false;
}

static enum lsp_reason lsp_data_plan_one(struct lsp_part *part,
					 struct lsp_values *values,
					 const struct lsp_data *row,
					 const void *new, struct lsp_diag *diag)
{
	const struct lsp_symbol *sym = &values->tables->symbols[row->symbol];
	struct lsp_datum *datum = &part->data[part->nr_data];
	enum lsp_reason reason;

	/* Counted first, so that a half-made one is freed as well. */
	part->nr_data++;
	datum->size = sym->size;
	datum->new = new;
	datum->name = kstrdup(lsp_string(values->tables, sym->name), GFP_KERNEL);
	datum->old = kvmalloc(sym->size, GFP_KERNEL);
	if (!datum->name || !datum->old)
		return LSP_NOMEM;

	reason = lsp_values_resolve(values, row->symbol, &datum->addr);
	if (reason != LSP_OK)
		return reason;
	*diag = (struct lsp_diag) {
		.unit = values->tables->sections[sym->section].unit,
		.function = row->symbol, .what = "overlaps another object",
	};
	if (lsp_data_overlaps(part))
		return LSP_FORMAT;
	diag->what = "not in read-only data";
	if (!lsp_is_constant(values->names.target, datum->addr, datum->size))
		return LSP_MISMATCH;
	diag->what = "cannot be read";
	if (!lsp_replace_read(part, datum->old, datum->addr, datum->size, false))
		return LSP_MISMATCH;
	if (!lsp_arch_match_data(values, row, datum->addr, datum->old, diag))
		return LSP_MISMATCH;
	lsp_values_commit(values);
	memset(diag, 0, sizeof(*diag));
	return LSP_OK;
}

static enum lsp_reason lsp_data_bad(const struct lsp_values *values,
				    const struct lsp_data *row,
				    struct lsp_diag *diag, const char *what)
{
	const struct lsp_symbol *sym = &values->tables->symbols[row->symbol];

	*diag = (struct lsp_diag) {
		.unit = values->tables->sections[sym->section].unit,
		.function = row->symbol, .what = what,
	};
	return LSP_FORMAT;
}

/**
 * lsp_data_plan() - find and prove the objects that a part rewrites
 * @part: the part; gets them
 * @values: the values, after a successful lsp_match()
 * @new: gives the new contents of a row in the part's module, NULL if there are
 *	none where the row says
 * @priv: passed to @new
 * @diag: says where it failed
 *
 * Context: may sleep.
 * Return: LSP_OK, LSP_MISMATCH, LSP_UNRESOLVED, LSP_AMBIGUOUS, LSP_FORMAT or
 * LSP_NOMEM.
 */
enum lsp_reason lsp_data_plan(struct lsp_part *part, struct lsp_values *values,
			      const void *(*new)(const void *priv,
						 const struct lsp_data *row),
			      const void *priv, struct lsp_diag *diag)
{
	const struct lsp_tables *tables = values->tables;
	enum lsp_reason reason = LSP_OK;
	size_t total = 0;
	u32 i;

	if (!tables->nr_datas)
		return LSP_OK;
	if (tables->nr_datas > LSP_MAX_DATAS)
		return lsp_data_bad(values, &tables->datas[LSP_MAX_DATAS], diag,
				    "one object too many");
	part->data = kcalloc(tables->nr_datas, sizeof(*part->data), GFP_KERNEL);
	if (!part->data)
		return LSP_NOMEM;
	for (i = 0; i < tables->nr_datas && reason == LSP_OK; i++) {
		const struct lsp_data *row = &tables->datas[i];
		const void *contents = new(priv, row);

		total += tables->symbols[row->symbol].size;
		if (!contents)
			return lsp_data_bad(values, row, diag,
					    "new contents where none can be");
		if (total > LSP_MAX_DATA_SIZE)
			return lsp_data_bad(values, row, diag,
					    "more bytes than may be written");
		reason = lsp_data_plan_one(part, values, row, contents, diag);
	}
	return reason;
}
ALLOW_ERROR_INJECTION(lsp_data_plan, TRUE);

/**
 * lsp_data_expected() - what must an object hold?
 * @datum: the object
 * @enabled: its update is enabled
 *
 * Return: its bytes.
 */
const void *lsp_data_expected(const struct lsp_datum *datum, bool enabled)
{
	return enabled ? datum->new : datum->old;
}

/**
 * lsp_data_check() - does an object hold what it must?
 * @datum: the object
 * @expected: what it must hold
 * @offset: set to where it does not
 *
 * Context: any.
 * Return: true if it does.
 */
bool lsp_data_check(const struct lsp_datum *datum, const void *expected,
		    unsigned int *offset)
{
	const u8 *wanted = expected;
	const u8 *found = (const u8 *)datum->addr;
	unsigned int i;

	for (i = 0; i < datum->size; i++) {
		if (found[i] == wanted[i])
			continue;
		*offset = i;
		return false;
	}
	return true;
}
ALLOW_ERROR_INJECTION(lsp_data_check, NULL);

/**
 * lsp_data_store_stopped() - write the contents of all objects
 * @op: the operation, mapped
 *
 * Who reads them afterwards sees all of it: no CPU executes anything else, and
 * no task is in a function that has read a part. Tracers and probes might read
 * them, so none may be called.
 */
void notrace lsp_data_store_stopped(const struct lsp_operation *op)
{
	unsigned int i;

	for (i = 0; i < op->nr_writes; i++)
		memcpy(op->writes[i].alias, op->writes[i].to,
		       op->writes[i].datum->size);
}

NOKPROBE_SYMBOL(lsp_data_store_stopped);
