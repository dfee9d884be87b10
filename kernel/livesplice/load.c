// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: from a module image to an update that can be enabled.
 *
 * Called by the module loader's hook (kernel/module/livesplice.c) before any
 * symbol of the module is resolved and any of its relocations applied: parse
 * what the update says, prove that it fits this kernel, give its imports their
 * values, fill in runtime constants, and register it. Whatever fails leaves
 * nothing behind, and the module is not loaded.
 *
 * No lock is held. The module is UNFORMED, its sections are at their final
 * place and writable, nobody executes them.
 */
#define pr_fmt(fmt) "livesplice: " fmt

#include <linux/module.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "match.h"

/* More functions than any patch replaces. */
#define LSP_MAX_FUNCS		16384

#define LSP_DEFAULT_ATTEMPTS	20
#define LSP_DEFAULT_RETRY_MS	100

/**
 * struct lsp_loading - one load under way
 * @image: the module
 * @tables: its tables
 * @values: what is known about symbols
 * @diag: where and why it failed
 * @damage: what is wrong with the tables
 * @detail: name that the reason is about, if it is not a mismatch
 * @update: what will be registered
 */
struct lsp_loading {
	const struct lsp_image	*image;
	struct lsp_tables	tables;
	struct lsp_values	values;
	struct lsp_diag		diag;
	struct lsp_damage	damage;
	const char		*detail;
	struct lsp_update	*update;
};

/* Find the tables among the module's sections. */
static enum lsp_reason lsp_find_tables(struct lsp_loading *load,
				       struct lsp_span *spans)
{
	const struct lsp_image *image = load->image;
	unsigned int i, table;

	for (i = 1; i < image->nr_sections; i++) {
		const Elf_Shdr *shdr = &image->sechdrs[i];
		const char *name = image->secstrings + shdr->sh_name;

		for (table = 0; table < LSP_NR_TABLES; table++)
			if (!strcmp(name, lsp_table_section(table)))
				break;
		if (table == LSP_NR_TABLES)
			continue;
		load->detail = lsp_table_section(table);
		if (shdr->sh_type != SHT_PROGBITS || spans[table].data ||
		    (shdr->sh_flags & SHF_ALLOC))
			return LSP_FORMAT;
		spans[table].data = (void *)shdr->sh_addr;
		spans[table].size = shdr->sh_size;
	}
	load->detail = NULL;
	return LSP_OK;
}

static enum lsp_reason lsp_parse(struct lsp_loading *load)
{
	struct lsp_span spans[LSP_NR_TABLES] = { };
	enum lsp_reason reason;
	u32 i;

	reason = lsp_find_tables(load, spans);
	if (reason == LSP_OK)
		reason = lsp_format_parse(spans, &load->tables,
					  &load->damage);
	if (reason != LSP_OK)
		return reason;
	if (lsp_checksum(load->image) != load->tables.info->checksum) {
		load->damage.section = lsp_table_section(LSP_TABLE_info);
		load->damage.what = "checksum differs: damaged or stripped";
		return LSP_FORMAT;
	}

	load->detail = lsp_string(&load->tables, load->tables.info->name);
	if (strcmp(load->detail, load->image->mod->name))
		return LSP_FORMAT;
	for (i = 0; i < load->tables.nr_units; i++) {
		load->detail = lsp_string(&load->tables,
					  load->tables.units[i].object);
		if (strcmp(load->detail, "vmlinux"))
			return LSP_TARGET;
	}
	load->detail = "functions";
	if (!load->tables.nr_funcs || load->tables.nr_funcs > LSP_MAX_FUNCS)
		return LSP_FORMAT;
	load->detail = NULL;
	return LSP_OK;
}

/* Bytes [offset, offset + size) of one of the module's loaded sections. */
static void *lsp_module_bytes(const struct lsp_image *image, u32 shndx,
			      u32 offset, u32 size, unsigned long flags)
{
	const Elf_Shdr *shdr;

	if (!shndx || shndx >= image->nr_sections)
		return NULL;
	shdr = &image->sechdrs[shndx];
	flags |= SHF_ALLOC;
	if (shdr->sh_type != SHT_PROGBITS || (shdr->sh_flags & flags) != flags ||
	    offset > shdr->sh_size || size > shdr->sh_size - offset)
		return NULL;
	return (void *)shdr->sh_addr + offset;
}

static enum lsp_reason lsp_fill_consts(struct lsp_loading *load)
{
	u32 i;

	for (i = 0; i < load->tables.nr_consts; i++) {
		const struct lsp_const *konst = &load->tables.consts[i];
		bool ptr = konst->kind == LSP_SITE_RUNTIME_PTR;
		const struct lsp_symbol *sym;
		enum lsp_reason reason;
		void *where;
		u64 value;

		sym = &load->tables.symbols[konst->symbol];
		load->detail = lsp_string(&load->tables, sym->name);
		where = lsp_module_bytes(load->image, konst->shndx,
					 konst->offset, ptr ? 8 : 1,
					 SHF_EXECINSTR);
		if (!where)
			return LSP_FORMAT;
		reason = lsp_consts_value(&load->values, konst->symbol,
					  ptr ? 8 : 4, &value);
		if (reason != LSP_OK)
			return reason;
		if (!lsp_arch_const_store(where, konst->kind, value))
			return LSP_FORMAT;
	}
	load->detail = NULL;
	return LSP_OK;
}

/* The jump must not lie over bytes that the kernel goes on rewriting. */
static bool lsp_site_in_hole(const struct lsp_patch *patch)
{
	u32 site = patch->site - patch->old_addr;
	unsigned int i;

	for (i = 0; i < patch->nr_holes; i++)
		if (patch->holes[i].offset < site + LSP_JUMP_SIZE &&
		    patch->holes[i].offset + patch->holes[i].length > site)
			return true;
	return false;
}

/* Where the jump goes, if one can go there at all. */
static enum lsp_reason lsp_plan_jump(struct lsp_loading *load,
				     struct lsp_patch *patch,
				     const struct lsp_func *func)
{
	enum lsp_reason reason;
	void *code;

	code = lsp_module_bytes(load->image, func->shndx, func->offset,
				func->size, SHF_EXECINSTR);
	if (!code || !func->size)
		return LSP_FORMAT;
	patch->new_addr = (unsigned long)code;
	patch->new_size = func->size;
	patch->pos = lsp_kallsyms_pos(patch->name, patch->old_addr);
	if (!patch->pos)
		return LSP_UNRESOLVED;
	if (lsp_arch_denied(patch->old_addr, patch->old_size))
		return LSP_DENIED;
	patch->site = lsp_arch_site(patch->old_addr, patch->old_size, &reason);
	if (!patch->site)
		return reason;
	if (lsp_site_in_hole(patch))
		return LSP_SITE;
	if (!lsp_arch_read_text(patch->saved, patch->site, LSP_JUMP_SIZE))
		return LSP_CHANGED;
	return LSP_OK;
}

static enum lsp_reason lsp_plan_patch(struct lsp_loading *load,
				      struct lsp_patch *patch,
				      const struct lsp_func *func)
{
	const struct lsp_symbol *sym = &load->tables.symbols[func->symbol];
	enum lsp_reason reason;

	load->detail = lsp_string(&load->tables, sym->name);
	patch->update = load->update;
	patch->name = kstrdup(load->detail, GFP_KERNEL);
	if (!patch->name)
		return LSP_NOMEM;
	/* All text sections have a base once the match has succeeded. */
	if (!lsp_values_get(&load->values, func->symbol, &patch->old_addr))
		return LSP_UNRESOLVED;
	patch->old_size = sym->size;
	reason = lsp_match_function(&load->values, func->symbol, &patch->holes,
				    &patch->nr_holes, &load->diag);
	if (reason == LSP_OK && !(func->flags & LSP_FUNC_FRAGMENT))
		reason = lsp_plan_jump(load, patch, func);
	if (reason == LSP_OK)
		reason = lsp_sums_make(patch);
	return reason;
}

static int lsp_cmp_patch(const void *a, const void *b)
{
	const struct lsp_patch *x = a, *y = b;

	return x->old_addr < y->old_addr ? -1 : x->old_addr > y->old_addr;
}

static enum lsp_reason lsp_plan_patches(struct lsp_loading *load)
{
	struct lsp_update *update = load->update;
	enum lsp_reason reason;
	u32 i;

	update->patches = kvcalloc(load->tables.nr_funcs,
				   sizeof(*update->patches), GFP_KERNEL);
	if (!update->patches)
		return LSP_NOMEM;
	for (i = 0; i < load->tables.nr_funcs; i++) {
		/* Counted first, so that a half-made one is freed as well. */
		update->nr_patches++;
		reason = lsp_plan_patch(load, &update->patches[i],
					&load->tables.funcs[i]);
		if (reason != LSP_OK)
			return reason;
	}
	sort(update->patches, update->nr_patches, sizeof(*update->patches),
	     lsp_cmp_patch, NULL);
	for (i = 1; i < update->nr_patches; i++) {
		const struct lsp_patch *last = &update->patches[i - 1];

		load->detail = update->patches[i].name;
		if (last->old_addr + last->old_size > update->patches[i].old_addr)
			return LSP_FORMAT;
	}
	load->detail = NULL;
	return LSP_OK;
}

/* "object:unit" of every unit, each with its NUL, an empty one at the end. */
static char *lsp_unit_names(const struct lsp_tables *tables)
{
	size_t size = 1;
	char *names, *p;
	u32 i;

	for (i = 0; i < tables->nr_units; i++)
		size += strlen(lsp_string(tables, tables->units[i].object)) +
			strlen(lsp_string(tables, tables->units[i].name)) + 2;
	names = kzalloc(size, GFP_KERNEL);
	if (!names)
		return NULL;
	for (p = names, i = 0; i < tables->nr_units; i++)
		p += sprintf(p, "%s:%s",
			     lsp_string(tables, tables->units[i].object),
			     lsp_string(tables, tables->units[i].name)) + 1;
	return names;
}

/* What is known of it before the match. */
static enum lsp_reason lsp_start_update(struct lsp_loading *load)
{
	const struct lsp_tables *tables = &load->tables;
	struct lsp_update *update;

	update = kzalloc(sizeof(*update), GFP_KERNEL);
	if (!update)
		return LSP_NOMEM;
	load->update = update;
	INIT_LIST_HEAD(&update->node);
	update->mod = load->image->mod;
	update->pinned = tables->info->flags & LSP_INFO_PINNED;
	update->max_attempts = LSP_DEFAULT_ATTEMPTS;
	update->retry_ms = LSP_DEFAULT_RETRY_MS;
	update->name = kstrdup(lsp_string(tables, tables->info->name),
			       GFP_KERNEL);
	update->description = kstrdup(lsp_string(tables,
						 tables->info->description),
				      GFP_KERNEL);
	update->units = lsp_unit_names(tables);
	if (!update->name || !update->description || !update->units)
		return LSP_NOMEM;
	return lsp_may_add(update);
}

/* One line that says what was refused, where, and why. */
static void lsp_explain(const struct lsp_loading *load, enum lsp_reason reason)
{
	const struct lsp_tables *tables = &load->tables;
	const struct lsp_diag *diag = &load->diag;
	const char *unit = "", *object = "vmlinux";

	if (load->damage.what) {
		pr_err("%s: refused: %s: %s[%u]: %s\n", load->image->mod->name,
		       lsp_reason_word(reason), load->damage.section,
		       load->damage.index, load->damage.what);
		return;
	}
	if (!diag->what || load->detail || diag->function >= tables->nr_symbols) {
		pr_err("%s: refused: %s: %s%s%s\n", load->image->mod->name,
		       lsp_reason_word(reason), load->detail ?: "",
		       load->detail ? ": " : "", lsp_reason_text(reason));
		return;
	}
	if (diag->unit < tables->nr_units) {
		unit = lsp_string(tables, tables->units[diag->unit].name);
		object = lsp_string(tables, tables->units[diag->unit].object);
	}
	pr_err("%s: refused: %s: %s %s: %s+0x%x: %s\n", load->image->mod->name,
	       lsp_reason_word(reason), object, unit,
	       lsp_string(tables, tables->symbols[diag->function].name),
	       diag->offset, diag->what);
	if (diag->nr_bytes)
		pr_err("%s: wanted %*ph, found %*ph\n", load->image->mod->name,
		       diag->nr_bytes, diag->wanted,
		       diag->nr_bytes, diag->found);
}

/**
 * lsp_load() - turn a module that is being loaded into a registered update
 * @image: the module
 *
 * Context: may sleep; no lock held.
 * Return: 0, or the errno of the reason, which is in the log with object,
 * function and offset.
 */
int lsp_load(const struct lsp_image *image)
{
	struct lsp_loading load = { .image = image };
	enum lsp_reason reason;
	int err;

	reason = lsp_parse(&load);
	if (reason == LSP_OK)
		reason = lsp_start_update(&load);
	if (reason == LSP_OK) {
		err = lsp_values_init(&load.values, &load.tables);
		if (err)
			reason = err == -ENOMEM ? LSP_NOMEM : LSP_FORMAT;
	}
	if (reason == LSP_OK)
		reason = lsp_match(&load.values, &load.diag);
	if (reason == LSP_OK)
		reason = lsp_imports_resolve(image, &load.values, &load.detail);
	if (reason == LSP_OK)
		reason = lsp_fill_consts(&load);
	if (reason == LSP_OK)
		reason = lsp_plan_patches(&load);
	if (reason == LSP_OK) {
		load.detail = load.update->name;
		reason = lsp_add(load.update);
	}
	if (reason != LSP_OK) {
		lsp_explain(&load, reason);
		if (load.update)
			lsp_free_update(load.update);
	}
	lsp_values_free(&load.values);
	return lsp_reason_errno(reason);
}
