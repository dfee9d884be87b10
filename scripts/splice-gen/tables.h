/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tables of an update while they are being made (tables.c), and how plain
 * pre objects get into them (pre.c, sites.c). Used by finish.c and show.c.
 */
#ifndef SPLICE_TABLES_H
#define SPLICE_TABLES_H

#include "splice-elf.h"

/* tables.c */

/**
 * struct map - numbers by name
 * @slots: open hash
 * @nr_slots: number of slots, a power of two or 0
 * @used: number of slots in use
 */
struct map {
	struct map_slot {
		char		*key;
		uint32_t	value;
	} *slots;
	size_t		nr_slots;
	size_t		used;
};

uint32_t *map_find(const struct map *map, const char *key);
uint32_t *map_add(struct map *map, const char *key, uint32_t value);

#define TABLE_ENUM(name, type)	TABLE_##name,
enum table {
	LSP_TABLES(TABLE_ENUM)
	NR_TABLES
};

#undef TABLE_ENUM

/*
 * Every table of an update: its rows, how many there are and for how many there
 * is room; and the offsets of the strings that are there already. Pointers into
 * a table are good until something is added to it.
 */
struct tables {
	struct lsp_info		*info;
	struct lsp_unit		*units;
	struct lsp_section	*sections;
	struct lsp_symbol	*symbols;
	struct lsp_reloc	*relocs;
	struct lsp_site		*sites;
	struct lsp_func		*funcs;
	struct lsp_const	*consts;
	struct lsp_data		*datas;
	struct lsp_hook		*hooks;
	struct lsp_target	*targets;
	struct lsp_replace	*replaces;
	unsigned char		*bytes;
	char			*strings;
	size_t			nr_info, max_info;
	size_t			nr_units, max_units;
	size_t			nr_sections, max_sections;
	size_t			nr_symbols, max_symbols;
	size_t			nr_relocs, max_relocs;
	size_t			nr_sites, max_sites;
	size_t			nr_funcs, max_funcs;
	size_t			nr_consts, max_consts;
	size_t			nr_datas, max_datas;
	size_t			nr_hooks, max_hooks;
	size_t			nr_targets, max_targets;
	size_t			nr_replaces, max_replaces;
	size_t			nr_bytes, max_bytes;
	size_t			nr_strings, max_strings;
	struct map		known_strings;
};

/* Section of each table, and size of a row. */
const char *table_section(enum table table);
size_t table_row_size(enum table table);
void *table_rows(const struct tables *tables, enum table table, size_t *nr);
void table_set(struct tables *tables, enum table table, void *rows, size_t nr);
/* Add @nr rows; gives the index of the first of them. */
uint32_t table_add(struct tables *tables, enum table table, const void *rows,
		   size_t nr);

uint32_t tables_string(struct tables *tables, const char *string);

/* pre.c: plain pre objects */

/**
 * struct pre_unit - one plain pre object
 * @obj: the object
 * @name: its path in the build tree, as the update will call it
 * @number: its number in rows of link.h
 * @sections: row of each ELF section, by section index, or LSP_NONE
 * @symbols: row of each ELF symbol, by symbol index, or LSP_NONE
 * @wanted: which ELF sections need a row though they are tables
 * @nr_sections: number of entries of @sections and @wanted
 */
struct pre_unit {
	struct obj	*obj;
	const char	*name;
	uint32_t	number;
	uint32_t	*sections;
	uint32_t	*symbols;
	bool		*wanted;
	size_t		nr_sections;
};

/**
 * struct pre_name - a name that is not local
 * @name: the name
 * @def: its definition in a unit, a weak one only if there is no other
 * @row: row, if no unit defines it and it is in use; else LSP_NONE
 * @unsure: several weak definitions and no strong one
 */
struct pre_name {
	const char	*name;
	struct symbol	*def;
	uint32_t	row;
	bool		unsure;
};

/**
 * struct pre - the pre side of an update
 * @tables: the tables
 * @units: the units, in the order of their rows
 * @names: all names that are not local
 * @name_index: index in @names, by name
 * @strings: rows of strings, by "section+offset"
 * @nr_units: number of units
 * @max_units: number of units there is room for
 * @nr_names: number of names
 * @max_names: number of names there is room for
 */
struct pre {
	struct tables	tables;
	struct pre_unit	*units;
	struct pre_name	*names;
	struct map	name_index;
	struct map	strings;
	size_t		nr_units;
	size_t		max_units;
	size_t		nr_names;
	size_t		max_names;
};

/* All units are added, and what needs a row is wanted, before pre_make(). */
void pre_add_unit(struct pre *pre, uint32_t number, const char *name,
		  const char *path);
struct pre_unit *pre_unit(struct pre *pre, uint32_t number);
void pre_want(struct pre *pre, const struct section *sec);
bool pre_defines(struct pre *pre, const char *name);
void pre_want_name(struct pre *pre, const char *name);
void pre_make(struct pre *pre);

/* After pre_make(): rows of the section and symbol tables. */
int pre_kind(const struct section *sec);
uint32_t pre_section_row(struct pre *pre, const struct section *sec);
uint32_t pre_definition_row(struct pre *pre, struct symbol *sym);
uint32_t pre_name_row(struct pre *pre, const char *name);
/* Row of what a symbol of a pre object means there. */
uint32_t pre_symbol_row(struct pre *pre, struct symbol *sym);
uint32_t pre_string_row(struct pre *pre, const struct section *sec,
			uint64_t offset);

/* branches.c */

struct x86_insn;
int branch_kind(const char *name, uint32_t *arg);
bool branch_fits(uint32_t kind, const struct x86_insn *insn,
		 const unsigned char *code);

/* sites.c: places in text that the kernel rewrites */

void sites_make(struct pre *pre, struct pre_unit *unit);

/* imports.c: what a linked module leaves undefined */

/**
 * struct finish - a part of an update being made
 * @ko: the linked module
 * @object: what the part is for
 * @pre: the pre side, which holds the tables
 * @exports: how names are exported, by name
 * @used: undefined symbols that something refers to, by name
 */
struct finish {
	struct obj	*ko;
	const char	*object;
	struct pre	pre;
	struct map	exports;
	struct map	used;
};

void exports_read(struct finish *f, const char *path);
void imports_prepare(struct finish *f);
void imports_want(struct finish *f);
uint32_t import_row(struct finish *f, const struct symbol *sym);
void imports_resolve(struct finish *f);

/* modinfo.c: names of parts, and what .modinfo says */

char *part_name(const char *update, const char *object);
bool is_update_name(const char *name);
bool is_module_path(const char *path, const char *object);
bool modinfo_has(const struct obj *ko, const char *entry);
void modinfo_set_depends(struct obj *ko, const char *target, const char *first);

/* datas.c: objects that get new contents in place */

/* @rows: what diff left, or NULL. Have rows for what the objects lead to. */
void datas_want(struct finish *f, const struct section *rows);
/* After obj_number(): their rows. */
void datas_make(struct finish *f, const struct section *rows);

/* hooks-finish.c: functions that are called when the update is switched */

/* @rows: what diff left, or NULL. After obj_number(): their rows. */
void hooks_make(struct finish *f, const struct section *rows);
/* After imports_resolve(), with all other rows made. */
void hooks_check(const struct finish *f);

/* finish.c */

/* Code of the module that the field at @at of a row of diff leads to. */
struct section *code_of(const struct finish *f, const struct section *rows,
			uint64_t at, uint64_t size, uint64_t *offset);

/* view.c: the tables of a finished update, as show and verify read them */

/* Every index and offset in it may be followed if nothing was refused. */
const struct tables *view_open(const struct obj *obj);
const char *view_string(const struct tables *v, uint32_t offset);
/* What a symbol is, for people: its name, or section and offset; allocated. */
char *view_symbol(const struct tables *v, uint32_t symbol);

/* seal.c */
void seal_write(const char *path);
void seal_check(const char *path);

#endif /* SPLICE_TABLES_H */
