// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: from a module image to a part of an update that can be enabled.
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

#include <linux/err.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include <trace/events/livesplice.h>

#include "match.h"

/* More functions than any patch replaces. */
#define LSP_MAX_FUNCS		16384

#define LSP_DEFAULT_ATTEMPTS	20
#define LSP_DEFAULT_RETRY_MS	100

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

/* NAME for the first part, NAME_OBJECT for the others. */
static bool lsp_is_part_name(struct lsp_loading *load, const char *mod)
{
	const struct lsp_info *info = load->tables.info;
	const char *name = lsp_string(&load->tables, info->name);
	const char *object = lsp_string(&load->tables, info->object);
	size_t len = strlen(name);

	load->detail = name;
	if (strncmp(mod, name, len))
		return false;
	mod += len;
	if (!strcmp(object, LSP_VMLINUX))
		return !*mod;
	load->detail = object;
	return *mod == '_' && !strcmp(mod + 1, object);
}

static enum lsp_reason lsp_parse(struct lsp_loading *load)
{
	struct lsp_span spans[LSP_NR_TABLES] = { };
	enum lsp_reason reason;

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

	if (!lsp_is_part_name(load, load->image->mod->name))
		return LSP_FORMAT;
	load->detail = "functions";
	if (load->tables.nr_funcs > LSP_MAX_FUNCS)
		return LSP_FORMAT;
	load->detail = NULL;
	return LSP_OK;
}

/* Init sections are freed as soon as the module is LIVE. */
static bool lsp_module_stays(const struct module *mod, unsigned long addr,
			     bool is_text)
{
	return is_text ? within_module_mem_type(addr, mod, MOD_TEXT) :
			 within_module_core(addr, mod);
}

/**
 * lsp_module_bytes() - bytes of the module that stay when its init is over
 * @image: the module
 * @shndx: one of its sections, which must be loaded and have contents
 * @offset: first byte in the section
 * @size: number of bytes
 * @flags: SHF_EXECINSTR if they must be text
 *
 * Return: the bytes, or NULL if there are none such.
 */
void *lsp_module_bytes(const struct lsp_image *image, u32 shndx, u32 offset,
		       u32 size, unsigned long flags)
{
	const Elf_Shdr *shdr;
	unsigned long addr;

	if (!size || !shndx || shndx >= image->nr_sections)
		return NULL;
	shdr = &image->sechdrs[shndx];
	flags |= SHF_ALLOC;
	if (shdr->sh_type != SHT_PROGBITS || (shdr->sh_flags & flags) != flags ||
	    offset > shdr->sh_size || size > shdr->sh_size - offset)
		return NULL;
	addr = shdr->sh_addr + offset;
	if (!lsp_module_stays(image->mod, addr, flags & SHF_EXECINSTR) ||
	    !lsp_module_stays(image->mod, addr + size - 1, flags & SHF_EXECINSTR))
		return NULL;
	return (void *)addr;
}

static enum lsp_reason lsp_fill_consts(struct lsp_loading *load)
{
	u32 i;

	for (i = 0; i < load->tables.nr_consts; i++) {
		const struct lsp_const *konst = &load->tables.consts[i];
		const struct lsp_const_kind *kind = lsp_const_kind(konst->kind);
		const struct lsp_symbol *sym;
		enum lsp_reason reason;
		void *where;
		u64 value;

		sym = &load->tables.symbols[konst->symbol];
		load->detail = lsp_string(&load->tables, sym->name);
		where = lsp_module_bytes(load->image, konst->shndx,
					 konst->offset, kind->size,
					 SHF_EXECINSTR);
		if (!where)
			return LSP_FORMAT;
		reason = lsp_consts_value(&load->values, konst->symbol,
					  kind->variable, &value);
		if (reason != LSP_OK)
			return reason;
		if (!lsp_arch_const_store(where, kind, value))
			return LSP_FORMAT;
	}
	load->detail = NULL;
	return LSP_OK;
}

/* The new contents of an object, for data.c. */
static const void *lsp_new_contents(const void *priv, const struct lsp_data *row)
{
	const struct lsp_loading *load = priv;
	u32 size = load->tables.symbols[row->symbol].size;

	return lsp_module_bytes(load->image, row->shndx, row->offset, size, 0);
}

/* The module that the part is for has to be there, and to stay. */
static enum lsp_reason lsp_use_target(struct lsp_part *part)
{
	struct module *target;

	if (lsp_is_first(part))
		return LSP_OK;
	target = livesplice_use_target(part->mod, part->object,
				       lsp_arrival_enter(part));
	if (IS_ERR(target))
		return PTR_ERR(target) == -ENOMEM ? LSP_NOMEM : LSP_TARGET;
	part->target = target;
	return LSP_OK;
}

/* What is known of it before the match. */
static enum lsp_reason lsp_start_part(struct lsp_loading *load)
{
	const struct lsp_tables *tables = &load->tables;
	const struct lsp_info *info = tables->info;
	struct lsp_update *update;
	struct lsp_part *part;
	enum lsp_reason reason;

	part = lsp_part_new(load->image->mod);
	if (!part)
		return LSP_NOMEM;
	load->part = part;
	lsp_own_note(&part->own, load->image);
	part->pinned = info->flags & LSP_INFO_PINNED;
	part->based = info->flags & LSP_INFO_BASED;
	update = part->update;
	update->max_attempts = LSP_DEFAULT_ATTEMPTS;
	update->retry_ms = LSP_DEFAULT_RETRY_MS;
	update->nudge = LSP_NUDGE_PARK;
	memcpy(update->id, info->id, sizeof(update->id));
	load->detail = "names";
	reason = lsp_part_names(part, tables);
	if (reason != LSP_OK)
		return reason;
	load->detail = part->object;
	reason = lsp_may_add(part);
	if (reason == LSP_OK)
		reason = lsp_use_target(part);
	if (reason == LSP_OK)
		load->detail = NULL;
	return reason;
}

/* One line that says what was refused, where, and why. */
static void lsp_explain(const struct lsp_loading *load, enum lsp_reason reason)
{
	const struct lsp_tables *tables = &load->tables;
	const struct lsp_diag *diag = &load->diag;
	const char *unit = "", *object = "";

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
		object = lsp_string(tables, tables->info->object);
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

static enum lsp_reason lsp_match_part(struct lsp_loading *load)
{
	const struct lsp_tables *tables = &load->tables;
	u64 start = ktime_get_mono_fast_ns();
	enum lsp_reason reason = lsp_match(&load->values, &load->diag);
	const char *function = "";

	if (reason != LSP_OK && load->diag.function < tables->nr_symbols)
		function = lsp_string(tables,
				      tables->symbols[load->diag.function].name);
	trace_livesplice_match(load->image->mod->name, load->part->object,
			       tables->nr_units, load->values.nr_matched,
			       ktime_get_mono_fast_ns() - start,
			       lsp_reason_word(reason), function,
			       reason == LSP_OK ? 0 : load->diag.offset);
	return reason;
}

/**
 * lsp_load() - turn a module that is being loaded into a registered part
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
		reason = lsp_start_part(&load);
	if (reason == LSP_OK) {
		err = lsp_values_init(&load.values, &load.tables,
				      load.part->target);
		if (err)
			reason = err == -ENOMEM ? LSP_NOMEM : LSP_FORMAT;
		load.values.part = load.part;
	}
	if (reason == LSP_OK)
		reason = lsp_match_part(&load);
	if (reason == LSP_OK)
		reason = lsp_data_plan(load.part, &load.values,
				       lsp_new_contents, &load, &load.diag);
	if (reason == LSP_OK)
		reason = lsp_imports_resolve(image, &load.values, &load.detail);
	if (reason == LSP_OK)
		reason = lsp_fill_consts(&load);
	if (reason == LSP_OK)
		reason = lsp_plan_patches(&load);
	if (reason == LSP_OK)
		reason = lsp_plan_hooks(&load);
	if (reason == LSP_OK) {
		load.detail = load.part->object;
		reason = lsp_add(load.part);
	}
	if (reason != LSP_OK) {
		lsp_explain(&load, reason);
		if (load.part) {
			lsp_arrival_leave(load.part, reason);
			lsp_update_free(load.part->update);
		}
	}
	lsp_values_free(&load.values);
	return lsp_reason_errno(reason);
}
