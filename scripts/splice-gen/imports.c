// SPDX-License-Identifier: GPL-2.0
/*
 * The undefined symbols of a linked module: which of them the module loader
 * finds by itself, and what the others stand for. Called by finish.c.
 *
 * What an export satisfies stays as it is. All else gets the reserved name of
 * livesplice_format.h with the index of its row: places of a pre object, which
 * diff has named as link.h says, and names that the kernel has but does not
 * export.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tables.h"

#define SITES_SIZE	8	/* struct static_call_site: addr, key */
#define SITES_KEY	4

/* How a name is exported. */
enum export {
	EXPORT_VMLINUX,
	EXPORT_MODULE,
};

/* What stands in a name that begins with LINK_OLD_PREFIX. */
struct old_place {
	struct pre_unit		*unit;
	struct section		*sec;
	uint64_t		offset;
	char			type;
};

static bool is_for_module(const struct finish *f)
{
	return strcmp(f->object, LSP_VMLINUX);
}

static bool imports_namespace(const struct finish *f, const char *namespace)
{
	char *wanted = xasprintf("import_ns=%s", namespace);
	bool found = modinfo_has(f->ko, wanted);

	free(wanted);
	return found;
}

/*
 * crc, name, module, kind of export, namespace. What is exported to a
 * namespace that the module does not import is not exported to it; nor is what
 * the target of the part exports, see livesplice_format.h.
 */
static void read_export(struct finish *f, const char *path, char *line)
{
	char *fields[5];

	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		fields[i] = strsep(&line, "\t");
		if (!fields[i])
			die(NULL, path, "line of less than five fields");
	}
	if ((*fields[4] && !imports_namespace(f, fields[4])) ||
	    (is_for_module(f) && is_module_path(fields[2], f->object)))
		return;
	map_add(&f->exports, fields[1],
		strcmp(fields[2], "vmlinux") ? EXPORT_MODULE : EXPORT_VMLINUX);
}

/**
 * exports_read() - read what the kernel, or the update, exports
 * @f: the update
 * @path: Module.symvers of the build, or of the link of the update's modules
 */
void exports_read(struct finish *f, const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	if (!file)
		die(NULL, path, "%s", strerror(errno));
	while ((len = getline(&line, &room, file)) > 0) {
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		read_export(f, path, line);
	}
	if (ferror(file))
		die(NULL, path, "%s", strerror(errno));
	free(line);
	fclose(file);
	if (!f->exports.used)
		die(NULL, path, "exports nothing");
}

/* Digits up to a dot; strtoull() alone would take signs and prefixes too. */
static bool read_number(const char **p, int base, uint64_t *value)
{
	size_t len;

	len = strspn(*p, base == 16 ? "0123456789abcdef" : "0123456789");
	if (!len || (*p)[len] != '.')
		return false;
	errno = 0;
	*value = strtoull(*p, NULL, base);
	*p += len + 1;
	return !errno;
}

static struct old_place parse_place(struct finish *f, const struct symbol *sym)
{
	const char *p = sym->name + strlen(LINK_OLD_PREFIX);
	struct old_place place = { };
	uint64_t number, shndx;

	if (!read_number(&p, 10, &number) || !read_number(&p, 16, &shndx) ||
	    !read_number(&p, 16, &place.offset) || !*p || p[1] ||
	    number > UINT32_MAX || shndx > UINT32_MAX)
		die(f->ko, sym->name, "not a place in a pre object");
	place.type = *p;
	place.unit = pre_unit(&f->pre, number);
	if (!place.unit)
		die(f->ko, sym->name, "there is no unit %llu",
		    (unsigned long long)number);
	place.sec = obj_section_at(place.unit->obj, shndx);
	/* An object of no size, as the key of a lock may be, can be at the end. */
	if (!place.sec || !(place.sec->flags & SHF_ALLOC) ||
	    place.offset > place.sec->size)
		die(f->ko, sym->name, "%s has no such place",
		    place.unit->obj->path);
	return place;
}

/* The symbol at exactly this place; one that is strong rather than weak. */
static struct symbol *symbol_at(const struct old_place *place, int type)
{
	struct symbol *found = NULL;

	for (size_t i = 0; i < place->sec->nr_syms; i++) {
		struct symbol *sym = place->sec->syms[i];

		if (sym->value != place->offset || sym->type != type)
			continue;
		if (!found || found->bind == STB_WEAK)
			found = sym;
	}
	return found;
}

/*
 * An object without a symbol is a constant that the compiler made for itself:
 * its row has a place, but no name.
 */
static uint32_t object_row(struct finish *f, const struct old_place *place)
{
	struct symbol *sym = symbol_at(place, STT_OBJECT) ?:
			     symbol_at(place, STT_NOTYPE);
	struct lsp_symbol row = {
		.name = tables_string(&f->pre.tables, ""),
		.section = pre_section_row(&f->pre, place->sec),
		.offset = place->offset,
		.type = LSP_SYM_OBJECT,
		.bind = LSP_BIND_LOCAL,
	};

	if (sym && sym->bind != STB_WEAK)
		return pre_definition_row(&f->pre, sym);
	if (sym)
		return pre_name_row(&f->pre, sym->name);
	if (!place->offset && place->sec->sym)
		return pre_definition_row(&f->pre, place->sec->sym);
	return table_add(&f->pre.tables, TABLE_symbols, &row, 1);
}

static uint32_t place_row(struct finish *f, const struct symbol *sym)
{
	struct old_place place = parse_place(f, sym);
	char *where = section_place(place.sec, place.offset);
	int kind = pre_kind(place.sec);
	struct symbol *function;

	if (kind == LSP_SEC_INIT) {
		refuse(REASON_INIT, where,
		       "%s: new code refers to what is freed after boot",
		       place.unit->name);
		return LSP_NONE;
	}
	switch (place.type) {
	case LINK_OLD_FUNC:
		function = symbol_at(&place, STT_FUNC);
		if (!function)
			break;
		if (function->bind == STB_WEAK)
			return pre_name_row(&f->pre, function->name);
		return pre_definition_row(&f->pre, function);
	case LINK_OLD_OBJECT:
		if (kind != LSP_SEC_DATA && kind != LSP_SEC_PERCPU && kind >= 0)
			break;
		return object_row(f, &place);
	case LINK_OLD_STRING:
		if ((kind != LSP_SEC_STRINGS && kind != LSP_SEC_CONSTS) ||
		    place.offset == place.sec->size)
			break;
		return pre_string_row(&f->pre, place.sec, place.offset);
	}
	die(f->ko, sym->name, "%s has no such thing at %s",
	    place.unit->obj->path, where);
}

/**
 * import_row() - row of what an undefined symbol of the module stands for
 * @f: the update, after pre_make()
 * @sym: the symbol
 *
 * Return: the row, LSP_NONE if it was refused.
 */
uint32_t import_row(struct finish *f, const struct symbol *sym)
{
	const struct lsp_symbol *row;
	uint32_t index;

	if (str_starts(sym->name, LINK_OLD_PREFIX))
		return place_row(f, sym);
	if (!strcmp(sym->name, LINK_THIS_MODULE))
		return pre_name_row(&f->pre, "__this_module");
	if (str_starts(sym->name, LSP_IMPORT_PREFIX))
		die(f->ko, sym->name, "a reserved name");
	index = pre_name_row(&f->pre, sym->name);
	row = &f->pre.tables.symbols[index];
	if (row->section != LSP_NONE &&
	    f->pre.tables.sections[row->section].kind == LSP_SEC_INIT) {
		refuse(REASON_INIT, sym->name,
		       "new code refers to what is freed after boot");
		return LSP_NONE;
	}
	return index;
}

/*
 * objtool did not see the key of a static call that is not exported, and left
 * the trampoline's address in its place. The loader finds the key of few
 * trampolines; the engine knows the key itself.
 */
static void name_static_keys(struct finish *f)
{
	const struct section *sites = obj_section(f->ko, ".static_call_sites");

	if (!sites)
		return;
	for_each_reloc(sites, rel) {
		char *key;

		if (rel->offset % SITES_SIZE != SITES_KEY ||
		    !str_starts(rel->sym->name, "__SCT__"))
			continue;
		key = xasprintf("__SCK__%s",
				rel->sym->name + strlen("__SCT__"));
		rel->sym = obj_import(f->ko, key);
		free(key);
	}
}

/**
 * imports_prepare() - find out which symbols the module really uses
 * @f: the update; what will not be written has been dropped from the module
 */
void imports_prepare(struct finish *f)
{
	name_static_keys(f);
	for_each_section(f->ko, sec) {
		if (sec->dropped)
			continue;
		for_each_reloc(sec, rel) {
			if (symbol_is_undef(rel->sym))
				map_add(&f->used, rel->sym->name, true);
		}
	}
}

/* Does this symbol stay what it is? */
static bool is_ordinary(const struct finish *f, const struct symbol *sym)
{
	const uint32_t *export;

	if (!symbol_is_undef(sym))
		return true;
	if (sym->bind == STB_WEAK || str_starts(sym->name, LSP_IMPORT_PREFIX))
		return false;
	export = map_find(&f->exports, sym->name);
	return export && (*export == EXPORT_VMLINUX || is_for_module(f));
}

/**
 * imports_want() - have rows for the sections that imports lie in
 * @f: the update, before pre_make()
 */
void imports_want(struct finish *f)
{
	for_each_symbol(f->ko, sym) {
		if (is_ordinary(f, sym))
			continue;
		if (str_starts(sym->name, LINK_OLD_PREFIX))
			pre_want(&f->pre, parse_place(f, sym).sec);
		else
			pre_want_name(&f->pre, sym->name);
	}
}

/* All users of one symbol go over to another. */
static void replace_symbol(struct finish *f, struct symbol *from,
			   struct symbol *to)
{
	for_each_section(f->ko, sec) {
		for_each_reloc(sec, rel) {
			if (rel->sym == from)
				rel->sym = to;
		}
	}
}

static bool resolvable(const struct finish *f, const struct symbol *sym)
{
	if (sym->bind == STB_WEAK) {
		refuse(REASON_WEAK, sym->name,
		       "new code refers to it weakly; it may not exist");
		return false;
	}
	if (map_find(&f->exports, sym->name)) {
		refuse(REASON_MODULE_EXPORT, sym->name,
		       "a module exports it, but this code is built in");
		return false;
	}
	return true;
}

/**
 * imports_resolve() - rename what no export satisfies, drop what nobody uses
 * @f: the update, after pre_make()
 *
 * Two names of one place become one symbol.
 */
void imports_resolve(struct finish *f)
{
	struct obj *ko = f->ko;
	struct map renamed = { };
	size_t kept = 0;

	for (size_t i = 0; i < ko->nr_symbols; i++) {
		struct symbol *sym = ko->symbols[i];
		uint32_t row, *first;
		char *name;

		if (is_ordinary(f, sym)) {
			ko->symbols[kept++] = sym;
			continue;
		}
		if (!map_find(&f->used, sym->name) || !resolvable(f, sym))
			continue;
		row = import_row(f, sym);
		name = xasprintf("%s%u", LSP_IMPORT_PREFIX, row);
		first = map_find(&renamed, name);
		if (first) {
			replace_symbol(f, sym, ko->symbols[*first]);
			continue;
		}
		map_add(&renamed, name, kept);
		symbol_rename(sym, name);
		sym->type = STT_NOTYPE;
		ko->symbols[kept++] = sym;
	}
	ko->nr_symbols = kept;
}
