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
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include <trace/events/livesplice.h>

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
 * @part: what will be registered
 */
struct lsp_loading {
	const struct lsp_image	*image;
	struct lsp_tables	tables;
	struct lsp_values	values;
	struct lsp_diag		diag;
	struct lsp_damage	damage;
	const char		*detail;
	struct lsp_part		*part;
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

/*
 * Bytes [offset, offset + size) of one of the module's loaded sections that
 * stay when its init is over; with SHF_EXECINSTR of its text.
 */
static void *lsp_module_bytes(const struct lsp_image *image, u32 shndx,
			      u32 offset, u32 size, unsigned long flags)
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

/* The new contents of an object, for data.c. */
static const void *lsp_new_contents(const void *priv, const struct lsp_data *row)
{
	const struct lsp_loading *load = priv;
	u32 size = load->tables.symbols[row->symbol].size;

	return lsp_module_bytes(load->image, row->shndx, row->offset, size, 0);
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

/* The jump takes the place of the one that is there. */
static enum lsp_reason lsp_plan_stacked(struct lsp_patch *patch)
{
	patch->site = patch->below->site;
	lsp_arch_jump(patch->saved, patch->site, patch->below->new_addr);
	return LSP_OK;
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
	if (!code)
		return LSP_FORMAT;
	patch->new_addr = (unsigned long)code;
	patch->new_size = func->size;
	/* No name at this address: a weak definition that another one overrides. */
	patch->pos = lsp_names_pos(&load->values.names, patch->name,
				   patch->entry);
	if (!patch->pos && !lsp_base_text(load->part, patch->entry, 1))
		return LSP_UNRESOLVED;
	/* New in an update that we stand on: it has the name once. */
	patch->pos = max(patch->pos, 1U);
	if (lsp_arch_denied(patch->old_addr, patch->old_size))
		return LSP_DENIED;
	if (patch->below)
		return lsp_plan_stacked(patch);
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
	patch->part = load->part;
	patch->reader = func->flags & LSP_FUNC_READER;
	patch->name = kstrdup(load->detail, GFP_KERNEL);
	if (!patch->name)
		return LSP_NOMEM;
	if (!lsp_values_place(&load->values, func->symbol, &patch->entry))
		return LSP_UNRESOLVED;
	patch->below = lsp_base_newest(load->part, patch->entry);
	patch->old_addr = patch->below ? patch->below->new_addr : patch->entry;
	patch->old_size = sym->size;
	reason = lsp_match_function(&load->values, func->symbol, &patch->holes,
				    &patch->nr_holes, &load->diag);
	if (reason == LSP_OK && !func->flags)
		reason = lsp_plan_jump(load, patch, func);
	/* The pause cannot tell whether such a function is in use. */
	if (reason == LSP_OK && patch->reader &&
	    lsp_arch_denied(patch->old_addr, patch->old_size))
		reason = LSP_DENIED;
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
	struct lsp_part *part = load->part;
	enum lsp_reason reason;
	u32 i;

	/* A first part may be there for the others only. */
	if (!load->tables.nr_funcs)
		return LSP_OK;
	part->patches = kvcalloc(load->tables.nr_funcs, sizeof(*part->patches),
				 GFP_KERNEL);
	if (!part->patches)
		return LSP_NOMEM;
	for (i = 0; i < load->tables.nr_funcs; i++) {
		/* Counted first, so that a half-made one is freed as well. */
		part->nr_patches++;
		reason = lsp_plan_patch(load, &part->patches[i],
					&load->tables.funcs[i]);
		if (reason != LSP_OK)
			return reason;
	}
	sort(part->patches, part->nr_patches, sizeof(*part->patches),
	     lsp_cmp_patch, NULL);
	for (i = 1; i < part->nr_patches; i++) {
		const struct lsp_patch *last = &part->patches[i - 1];

		load->detail = part->patches[i].name;
		if (last->old_addr + last->old_size > part->patches[i].old_addr)
			return LSP_FORMAT;
	}
	load->detail = NULL;
	return LSP_OK;
}

/* The module that the part is for has to be there, and to stay. */
static enum lsp_reason lsp_use_target(struct lsp_part *part)
{
	struct module *target;

	if (lsp_is_first(part))
		return LSP_OK;
	target = livesplice_use_target(part->mod, part->object);
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
	if (reason == LSP_OK) {
		load.detail = load.part->object;
		reason = lsp_add(load.part);
	}
	if (reason != LSP_OK) {
		lsp_explain(&load, reason);
		if (load.part)
			lsp_update_free(load.part->update);
	}
	lsp_values_free(&load.values);
	return lsp_reason_errno(reason);
}
