// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: the only reader of an update's tables.
 *
 * Everything that comes out of a module image is hostile until it has passed
 * lsp_format_parse(): each count, offset and index is checked here, once, and
 * the rest of the engine then follows them without a second look. Called by
 * load.c while a module is being loaded, with no lock held; pure over its
 * input.
 */
#include <linux/ctype.h>
#include <linux/elf.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "match.h"

/* Far above any object file; keeps 32-bit sums of offsets from wrapping. */
#define LSP_SECTION_MAX		SZ_64M

static const struct {
	const char	*section;
	unsigned int	size;
	unsigned int	align;
	size_t		data;		/* members of struct lsp_tables */
	size_t		count;
} lsp_table_layout[] = {
#define LSP_TABLE_LAYOUT(name, type)			\
	[LSP_TABLE_##name] = {				\
		.section = LSP_SECTION_PREFIX #name,	\
		.size = sizeof(type),			\
		.align = __alignof__(type),		\
		.data = offsetof(struct lsp_tables, name),	\
		.count = offsetof(struct lsp_tables, nr_##name), \
	},
	LSP_TABLES(LSP_TABLE_LAYOUT)
#undef LSP_TABLE_LAYOUT
};

static_assert(ARRAY_SIZE(lsp_table_layout) == LSP_NR_TABLES);

/* What each kind of section must, and may, have. */
static const struct {
	bool	bytes;
	bool	relocs;
	bool	sites;
	u8	entsize_min;
	u8	entsize_max;
} lsp_section_rules[] = {
	[LSP_SEC_TEXT]	  = { .bytes = true, .relocs = true, .sites = true },
	[LSP_SEC_DATA]	  = { },
	[LSP_SEC_STRINGS] = { .bytes = true, .entsize_min = 1, .entsize_max = 4 },
	[LSP_SEC_CONSTS]  = { .bytes = true, .entsize_min = 1, .entsize_max = 64 },
	[LSP_SEC_REPL]	  = { .bytes = true, .relocs = true },
	[LSP_SEC_PERCPU]  = { },
	[LSP_SEC_INIT]	  = { },
};

static_assert(ARRAY_SIZE(lsp_section_rules) == LSP_SEC_KINDS);

/* What the arguments of each kind of site are. */
enum lsp_site_args {
	LSP_ARGS_NONE,
	LSP_ARGS_REPL,		/* section, offset, length | flags */
	LSP_ARGS_PLACE,		/* section, offset */
	LSP_ARGS_SYMBOL,
	LSP_ARGS_REGISTER,
};

static const struct {
	enum lsp_site_args	args;
	u8			min;
	u8			max;
} lsp_site_rules[] = {
	[LSP_SITE_ALT]		  = { LSP_ARGS_REPL, 1, 255 },
	[LSP_SITE_JUMP_LABEL]	  = { LSP_ARGS_PLACE, 2, 5 },
	[LSP_SITE_STATIC_CALL]	  = { LSP_ARGS_NONE, 5, 6 },
	[LSP_SITE_FENTRY]	  = { LSP_ARGS_NONE, 5, 5 },
	[LSP_SITE_RETURN]	  = { LSP_ARGS_NONE, 5, 6 },
	[LSP_SITE_RETPOLINE]	  = { LSP_ARGS_REGISTER, 5, 6 },
	[LSP_SITE_SMP_LOCK]	  = { LSP_ARGS_NONE, 1, 1 },
	[LSP_SITE_RUNTIME_PTR]	  = { LSP_ARGS_SYMBOL, 8, 8 },
	[LSP_SITE_RUNTIME_SHIFT]  = { LSP_ARGS_SYMBOL, 1, 1 },
	[LSP_SITE_RUNTIME_MASK]	  = { LSP_ARGS_SYMBOL, 4, 4 },
	[LSP_SITE_KCFI]		  = { LSP_ARGS_NONE, 14, 14 },
};

static_assert(ARRAY_SIZE(lsp_site_rules) == LSP_SITE_KINDS);

/**
 * lsp_table_section() - ELF section that holds a table
 * @table: the table
 *
 * Return: its name.
 */
const char *lsp_table_section(enum lsp_table table)
{
	return lsp_table_layout[table].section;
}

/**
 * lsp_string() - a string of an update
 * @tables: tables that passed lsp_format_parse()
 * @offset: an offset field of one of them
 *
 * Return: the string.
 */
const char *lsp_string(const struct lsp_tables *tables, u32 offset)
{
	return tables->strings + offset;
}

/**
 * lsp_bad() - take note of damage
 * @damage: to be filled in
 * @table: table with the damage
 * @index: row of it
 * @what: what is wrong
 *
 * Return: LSP_FORMAT.
 */
enum lsp_reason lsp_bad(struct lsp_damage *damage, enum lsp_table table,
			u32 index, const char *what)
{
	*damage = (struct lsp_damage) {
		.section = lsp_table_section(table), .index = index,
		.what = what,
	};
	return LSP_FORMAT;
}

/**
 * lsp_name_ok() - can an update be called so?
 * @name: the name
 *
 * Return: true if it can.
 */
bool lsp_name_ok(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > LSP_NAME_MAX)
		return false;
	/* A file beside the directories of updates. */
	if (!strcmp(name, "features"))
		return false;
	for (; *name; name++)
		if (!isalnum(*name) && *name != '_')
			return false;
	return true;
}

static bool lsp_object_ok(const char *name)
{
	return *name && strlen(name) < MODULE_NAME_LEN && !strchr(name, '/');
}

static enum lsp_reason lsp_check_info(const struct lsp_tables *t,
				      struct lsp_damage *d)
{
	const struct lsp_info *info = t->info;

	if (t->nr_info != 1)
		return lsp_bad(d, LSP_TABLE_info, 0, "not exactly one record");
	if (memcmp(info->magic, LSP_FORMAT_MAGIC, sizeof(info->magic)))
		return lsp_bad(d, LSP_TABLE_info, 0, "no magic");
	if (info->version != LSP_FORMAT_VERSION)
		return lsp_bad(d, LSP_TABLE_info, 0,
			       "not the format version of this kernel");
	if (info->machine != ELF_ARCH)
		return lsp_bad(d, LSP_TABLE_info, 0, "made for another machine");
	if (info->flags & ~(LSP_INFO_PINNED | LSP_INFO_BASED))
		return lsp_bad(d, LSP_TABLE_info, 0, "unknown flags");
	if (!t->nr_strings || t->strings[t->nr_strings - 1])
		return lsp_bad(d, LSP_TABLE_strings, 0, "not terminated");
	if (!lsp_string_ok(t, info->name) ||
	    !lsp_string_ok(t, info->object) ||
	    !lsp_string_ok(t, info->description) ||
	    !lsp_string_ok(t, info->release))
		return lsp_bad(d, LSP_TABLE_info, 0, "string out of range");
	if (!lsp_name_ok(lsp_string(t, info->name)))
		return lsp_bad(d, LSP_TABLE_info, 0, "bad name");
	if (!lsp_object_ok(lsp_string(t, info->object)))
		return lsp_bad(d, LSP_TABLE_info, 0, "bad object");
	return LSP_OK;
}

/* The first part lists the modules that there are others for. */
static enum lsp_reason lsp_check_targets(const struct lsp_tables *t,
					 struct lsp_damage *d)
{
	bool first = !strcmp(lsp_string(t, t->info->object), LSP_VMLINUX);
	u32 i;

	for (i = 0; i < t->nr_targets; i++) {
		const struct lsp_target *target = &t->targets[i];

		if (!lsp_string_ok(t, target->object))
			return lsp_bad(d, LSP_TABLE_targets, i, "string out of range");
		if (!first || !lsp_object_ok(lsp_string(t, target->object)) ||
		    !strcmp(lsp_string(t, target->object), LSP_VMLINUX))
			return lsp_bad(d, LSP_TABLE_targets, i, "not a module of the first part");
	}
	if (!t->nr_funcs && !t->nr_datas && !t->nr_hooks && !t->nr_targets)
		return lsp_bad(d, LSP_TABLE_info, 0, "changes nothing");
	return LSP_OK;
}

static enum lsp_reason lsp_check_units(const struct lsp_tables *t,
				       struct lsp_damage *d)
{
	u32 i, next = 0;

	for (i = 0; i < t->nr_units; i++) {
		const struct lsp_unit *unit = &t->units[i];

		if (!lsp_string_ok(t, unit->name))
			return lsp_bad(d, LSP_TABLE_units, i, "string out of range");
		if (unit->first_section != next || !unit->nr_sections ||
		    !lsp_slice_ok(next, unit->nr_sections, t->nr_sections))
			return lsp_bad(d, LSP_TABLE_units, i, "sections out of range");
		for (; next < unit->first_section + unit->nr_sections; next++)
			if (t->sections[next].unit != i)
				return lsp_bad(d, LSP_TABLE_sections, next, "not of its unit");
	}
	if ((!t->nr_units && !t->nr_targets) || next != t->nr_sections)
		return lsp_bad(d, LSP_TABLE_units, i, "sections without a unit");
	return LSP_OK;
}

static enum lsp_reason lsp_check_section(const struct lsp_tables *t, u32 i,
					 struct lsp_damage *d)
{
	const struct lsp_section *sec = &t->sections[i];

	if (!lsp_string_ok(t, sec->name))
		return lsp_bad(d, LSP_TABLE_sections, i, "string out of range");
	if (sec->kind >= LSP_SEC_KINDS)
		return lsp_bad(d, LSP_TABLE_sections, i, "unknown kind");
	if (sec->size > LSP_SECTION_MAX)
		return lsp_bad(d, LSP_TABLE_sections, i, "too large");
	if (lsp_section_rules[sec->kind].bytes ?
	    !lsp_slice_ok(sec->bytes, sec->size, t->nr_bytes) :
	    sec->bytes != LSP_NONE)
		return lsp_bad(d, LSP_TABLE_sections, i, "bytes out of range");
	if (sec->entsize < lsp_section_rules[sec->kind].entsize_min ||
	    sec->entsize > lsp_section_rules[sec->kind].entsize_max)
		return lsp_bad(d, LSP_TABLE_sections, i, "bad entry size");
	if (!lsp_slice_ok(sec->first_reloc, sec->nr_relocs, t->nr_relocs) ||
	    (sec->nr_relocs && !lsp_section_rules[sec->kind].relocs))
		return lsp_bad(d, LSP_TABLE_sections, i, "relocations out of range");
	if (!lsp_slice_ok(sec->first_site, sec->nr_sites, t->nr_sites) ||
	    (sec->nr_sites && !lsp_section_rules[sec->kind].sites))
		return lsp_bad(d, LSP_TABLE_sections, i, "sites out of range");
	return LSP_OK;
}

static enum lsp_reason lsp_check_relocs(const struct lsp_tables *t,
					const struct lsp_section *sec,
					struct lsp_damage *d)
{
	u32 i, last = 0;

	for (i = sec->first_reloc; i < sec->first_reloc + sec->nr_relocs; i++) {
		const struct lsp_reloc *rel = &t->relocs[i];

		if (rel->offset >= sec->size || rel->offset < last)
			return lsp_bad(d, LSP_TABLE_relocs, i, "offset out of range or order");
		if (rel->symbol >= t->nr_symbols)
			return lsp_bad(d, LSP_TABLE_relocs, i, "symbol out of range");
		if (rel->reserved)
			return lsp_bad(d, LSP_TABLE_relocs, i, "reserved field used");
		last = rel->offset;
	}
	return LSP_OK;
}

static bool lsp_place_ok(const struct lsp_tables *t, u32 section, u32 offset,
			 u32 size, enum lsp_section_kind kind)
{
	return section < t->nr_sections && t->sections[section].kind == kind &&
	       lsp_slice_ok(offset, size, t->sections[section].size);
}

static bool lsp_site_args_ok(const struct lsp_tables *t,
			     const struct lsp_site *site)
{
	const u32 *arg = site->arg;

	switch (lsp_site_rules[site->kind].args) {
	case LSP_ARGS_REPL:
		if (arg[0] == LSP_NONE)
			return !arg[1] && arg[2] == LSP_ALT_DIRECT_CALL;
		return !(arg[2] & ~(LSP_ALT_LENGTH | LSP_ALT_DIRECT_CALL)) &&
		       (arg[2] & LSP_ALT_LENGTH) <= site->length &&
		       lsp_place_ok(t, arg[0], arg[1], arg[2] & LSP_ALT_LENGTH,
				    LSP_SEC_REPL);
	case LSP_ARGS_PLACE:
		return !arg[2] && lsp_place_ok(t, arg[0], arg[1], 0, LSP_SEC_TEXT);
	case LSP_ARGS_SYMBOL:
		return !arg[1] && !arg[2] && arg[0] < t->nr_symbols;
	case LSP_ARGS_REGISTER:
		/* rsp never is the register of an indirect branch. */
		return !arg[1] && !arg[2] && arg[0] < 16 && arg[0] != 4;
	case LSP_ARGS_NONE:
		return !arg[0] && !arg[1] && !arg[2];
	}
	return false;
}

static enum lsp_reason lsp_check_sites(const struct lsp_tables *t,
				       const struct lsp_section *sec,
				       struct lsp_damage *d)
{
	u32 i, last = 0;

	for (i = sec->first_site; i < sec->first_site + sec->nr_sites; i++) {
		const struct lsp_site *site = &t->sites[i];

		if (site->kind >= LSP_SITE_KINDS)
			return lsp_bad(d, LSP_TABLE_sites, i, "unknown kind");
		if (site->length < lsp_site_rules[site->kind].min ||
		    site->length > lsp_site_rules[site->kind].max)
			return lsp_bad(d, LSP_TABLE_sites, i, "bad length");
		if (site->offset < last ||
		    !lsp_slice_ok(site->offset, site->length, sec->size))
			return lsp_bad(d, LSP_TABLE_sites, i, "offset out of range or order");
		if (!lsp_site_args_ok(t, site))
			return lsp_bad(d, LSP_TABLE_sites, i, "bad arguments");
		last = site->offset;
	}
	return LSP_OK;
}

static enum lsp_reason lsp_check_sections(const struct lsp_tables *t,
					  struct lsp_damage *d)
{
	enum lsp_reason reason = LSP_OK;
	u32 i;

	for (i = 0; i < t->nr_sections && reason == LSP_OK; i++) {
		reason = lsp_check_section(t, i, d);
		if (reason == LSP_OK)
			reason = lsp_check_relocs(t, &t->sections[i], d);
		if (reason == LSP_OK)
			reason = lsp_check_sites(t, &t->sections[i], d);
	}
	return reason;
}

static enum lsp_reason lsp_check_symbols(const struct lsp_tables *t,
					 struct lsp_damage *d)
{
	u32 i;

	for (i = 0; i < t->nr_symbols; i++) {
		const struct lsp_symbol *sym = &t->symbols[i];

		if (!lsp_string_ok(t, sym->name))
			return lsp_bad(d, LSP_TABLE_symbols, i, "string out of range");
		if (sym->type >= LSP_SYM_TYPES || sym->bind >= LSP_BINDS)
			return lsp_bad(d, LSP_TABLE_symbols, i, "unknown type or binding");
		if (sym->section == LSP_NONE) {
			if (!*lsp_string(t, sym->name))
				return lsp_bad(d, LSP_TABLE_symbols, i, "no name");
			if (sym->offset || sym->size)
				return lsp_bad(d, LSP_TABLE_symbols, i, "undefined, with a place");
			continue;
		}
		if (sym->section >= t->nr_sections)
			return lsp_bad(d, LSP_TABLE_symbols, i, "section out of range");
		if (!lsp_slice_ok(sym->offset, sym->size,
				  t->sections[sym->section].size))
			return lsp_bad(d, LSP_TABLE_symbols, i, "place out of range");
	}
	return LSP_OK;
}

static enum lsp_reason lsp_check_span(const struct lsp_span *span,
				      enum lsp_table table,
				      struct lsp_damage *d)
{
	unsigned int size = lsp_table_layout[table].size;

	if (span->size % size || span->size / size > U32_MAX ||
	    !IS_ALIGNED((unsigned long)span->data,
			lsp_table_layout[table].align))
		return lsp_bad(d, table, 0, "bad size or alignment");
	return LSP_OK;
}

/**
 * lsp_format_parse() - check an update's tables
 * @spans: where each table is in the image, by &enum lsp_table; the size of a
 *	missing table is 0
 * @tables: filled in on success, pointing into @spans
 * @damage: filled in on failure
 *
 * Section indexes and offsets into the module itself (&struct lsp_func,
 * &struct lsp_const, &struct lsp_data, &struct lsp_hook) cannot be checked here; load.c does so.
 *
 * Context: any.
 * Return: LSP_OK or LSP_FORMAT.
 */
enum lsp_reason lsp_format_parse(const struct lsp_span *spans,
				 struct lsp_tables *tables,
				 struct lsp_damage *damage)
{
	static enum lsp_reason (* const checks[])(const struct lsp_tables *t,
					    struct lsp_damage *d) = {
		lsp_check_info,	    lsp_check_targets, lsp_check_units,
		lsp_check_symbols,  lsp_check_sections, lsp_check_funcs,
		lsp_check_consts,   lsp_check_datas,   lsp_check_hooks,
		lsp_check_replaces,
	};
	enum lsp_reason reason;
	unsigned int i;

	for (i = 0; i < LSP_NR_TABLES; i++) {
		reason = lsp_check_span(&spans[i], i, damage);
		if (reason != LSP_OK)
			return reason;
		*(const void **)((void *)tables + lsp_table_layout[i].data) =
			spans[i].data;
		*(u32 *)((void *)tables + lsp_table_layout[i].count) =
			spans[i].size / lsp_table_layout[i].size;
	}
	for (i = 0; i < ARRAY_SIZE(checks); i++) {
		reason = checks[i](tables, damage);
		if (reason != LSP_OK)
			return reason;
	}
	return LSP_OK;
}
