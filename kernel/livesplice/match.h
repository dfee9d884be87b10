/* SPDX-License-Identifier: GPL-2.0 */
/*
 * livesplice: what the files share that turn a module image into an update,
 * grouped by the file that implements it. Nothing here outlives the load.
 */
#ifndef _LIVESPLICE_MATCH_H
#define _LIVESPLICE_MATCH_H

#include <linux/elf.h>
#include <linux/livesplice_format.h>
#include <linux/module.h>
#include <linux/types.h>

#include "internal.h"

/* load.c: from a module image to an update that can be enabled */

/**
 * struct lsp_image - the module as the loader holds it
 * @mod: the module, UNFORMED
 * @hdr: ELF header in the temporary image
 * @sechdrs: section headers; sh_addr is the final place of allocated sections
 *	and the place in the temporary image of all others
 * @nr_sections: number of section headers
 * @secstrings: section names
 * @syms: symbol table in the temporary image; values are filled in here
 * @nr_syms: number of symbols
 * @strtab: symbol names
 * @strtab_size: size of @strtab
 * @gpl: the module's license is GPL compatible
 */
struct lsp_image {
	struct module	*mod;
	Elf_Ehdr	*hdr;
	Elf_Shdr	*sechdrs;
	unsigned int	nr_sections;
	const char	*secstrings;
	Elf_Sym		*syms;
	unsigned int	nr_syms;
	const char	*strtab;
	unsigned long	strtab_size;
	bool		gpl;
};

int lsp_load(const struct lsp_image *image);
void *lsp_module_bytes(const struct lsp_image *image, u32 shndx, u32 offset,
		       u32 size, unsigned long flags);

/* checksum.c: is the file still what splice-gen wrote? */

u32 lsp_checksum(const struct lsp_image *image);

/* format.c: the only reader of an update's tables */

#define LSP_TABLE_MEMBERS(name, type)	const type *name; u32 nr_##name;
/*
 * The tables of an update, checked: a pointer and a count, nr_..., per entry
 * of LSP_TABLES().
 */
struct lsp_tables {
	LSP_TABLES(LSP_TABLE_MEMBERS)
};
#undef LSP_TABLE_MEMBERS

/**
 * struct lsp_span - bytes of one table as found in the image
 * @data: first byte, aligned to 8
 * @size: number of bytes
 */
struct lsp_span {
	const void	*data;
	unsigned long	size;
};

enum lsp_table {
#define LSP_TABLE_ENUM(name, type)	LSP_TABLE_##name,
	LSP_TABLES(LSP_TABLE_ENUM)
#undef LSP_TABLE_ENUM
	LSP_NR_TABLES
};

/**
 * struct lsp_damage - what is wrong with an update's tables
 * @section: ELF section of the table
 * @index: record in it
 * @what: a few words
 */
struct lsp_damage {
	const char	*section;
	u32		index;
	const char	*what;
};

enum lsp_reason lsp_format_parse(const struct lsp_span *spans,
				 struct lsp_tables *tables,
				 struct lsp_damage *damage);
const char *lsp_table_section(enum lsp_table table);
const char *lsp_string(const struct lsp_tables *tables, u32 offset);
bool lsp_name_ok(const char *name);

/* format_rows.c: what shall change; and what it shares with format.c */

/* Whether @nr records from @first lie within @total. */
static inline bool lsp_slice_ok(u32 first, u32 nr, u32 total)
{
	return first <= total && nr <= total - first;
}

static inline bool lsp_string_ok(const struct lsp_tables *t, u32 offset)
{
	return offset < t->nr_strings;
}

enum lsp_reason lsp_bad(struct lsp_damage *damage, enum lsp_table table,
			u32 index, const char *what);
enum lsp_reason lsp_check_replaces(const struct lsp_tables *t,
				   struct lsp_damage *d);
enum lsp_reason lsp_check_funcs(const struct lsp_tables *t,
				struct lsp_damage *d);
enum lsp_reason lsp_check_consts(const struct lsp_tables *t,
				 struct lsp_damage *d);
enum lsp_reason lsp_check_datas(const struct lsp_tables *t,
				struct lsp_damage *d);
enum lsp_reason lsp_check_hooks(const struct lsp_tables *t,
				struct lsp_damage *d);

/* names.c: what symbol tables say */

/**
 * struct lsp_name - a symbol of a module
 * @name: its name
 * @addr: its address
 */
struct lsp_name {
	const char	*name;
	unsigned long	addr;
};

/**
 * struct lsp_names - the names of the object that a part is for
 * @target: the module, NULL for the kernel image, which has its own index
 * @names: its symbols, sorted by name and address
 * @nr: number of them
 */
struct lsp_names {
	struct module	*target;
	struct lsp_name	*names;
	unsigned int	nr;
};

bool lsp_names_init(struct lsp_names *names, struct module *target);
void lsp_names_free(struct lsp_names *names);
unsigned int lsp_names_own(const struct lsp_names *names, const char *name,
			   unsigned long *addrs, unsigned int max);
unsigned int lsp_names_seen(const struct lsp_names *names, const char *name,
			    unsigned long *addrs, unsigned int max);
unsigned int lsp_names_below(const struct lsp_part *part, const char *name,
			     unsigned long *addrs, unsigned int max);
unsigned int lsp_names_pos(const struct lsp_names *names, const char *name,
			   unsigned long addr);
bool lsp_names_at(unsigned long addr, const char *name);

/* own.c: what only the image tells */

void lsp_own_note(struct lsp_own *own, const struct lsp_image *image);

/* parts.c: the names come from the tables */

enum lsp_reason lsp_part_names(struct lsp_part *part,
			       const struct lsp_tables *tables);

/* values.c: what is known about the values of symbols and sections */

/**
 * struct lsp_values - inferred values, with a journal to take guesses back
 * @tables: the update's tables
 * @names: the names of the object that the part is for
 * @part: the part, for what it stands on; NULL in tests
 * @base: base of each section
 * @moved: where the code of a section is that an update has replaced, as a
 *	base; 0 for all others
 * @base_known: whether it is known
 * @value: value of each symbol that has no section, or is weak, or a string
 * @value_known: whether it is known
 * @konst: value of each runtime constant seen, by symbol
 * @konst_known: whether it is known
 * @journal: what was learnt since the last commit
 * @nr_journal: number of entries
 * @texts: the symbols that name mergeable strings and constants
 * @nr_texts: number of them
 * @nr_matched: functions that the kernel runs as the update knows them
 */
struct lsp_values {
	const struct lsp_tables	*tables;
	struct lsp_names	names;
	const struct lsp_part	*part;
	unsigned long		*base;
	unsigned long		*moved;
	bool			*base_known;
	unsigned long		*value;
	bool			*value_known;
	u64			*konst;
	bool			*konst_known;
	u32			*journal;
	u32			nr_journal;
	u32			*texts;
	u32			nr_texts;
	u32			nr_matched;
};

int lsp_values_init(struct lsp_values *values, const struct lsp_tables *tables,
		    struct module *target);
void lsp_values_free(struct lsp_values *values);
void lsp_values_commit(struct lsp_values *values);
void lsp_values_rollback(struct lsp_values *values, u32 mark);
bool lsp_values_learn(struct lsp_values *values, u32 symbol,
		      unsigned long value);
bool lsp_values_learn_base(struct lsp_values *values, u32 section,
			   unsigned long base);
bool lsp_values_learn_text(struct lsp_values *values, u32 section, u32 offset,
			   unsigned long addr);
bool lsp_values_learn_const(struct lsp_values *values, u32 symbol, u64 value);
bool lsp_values_get(const struct lsp_values *values, u32 symbol,
		    unsigned long *value);
bool lsp_values_place(const struct lsp_values *values, u32 symbol,
		      unsigned long *addr);
enum lsp_reason lsp_values_resolve(struct lsp_values *values, u32 symbol,
				   unsigned long *value);

/* match.c: run-pre matching */

/**
 * struct lsp_diag - where and why a match failed
 * @unit: unit, index
 * @function: symbol, index
 * @offset: offset in the function
 * @what: a few words
 * @wanted: bytes that the pre object has there
 * @found: bytes that the kernel has there
 * @nr_bytes: how many of each
 * @breakpoint: one of kgdb is among those
 * @progress: functions matched before the failure, to keep the best candidate
 */
struct lsp_diag {
	u32		unit;
	u32		function;
	u32		offset;
	const char	*what;
	u8		wanted[16];
	u8		found[16];
	unsigned int	nr_bytes;
	bool		breakpoint;
	u32		progress;
};

/**
 * struct lsp_text - one function being compared, see lsp_arch_match()
 * @tables: the update's tables
 * @values: what is known, and gets known, about symbols
 * @section: the pre section's index
 * @sec: the pre section
 * @pre: the pre section's bytes
 * @start: offset of the function in the section
 * @size: size of the function
 * @run: copy of the running function's bytes, probes taken out
 * @addr: address of the running function
 * @holes: holes found; room for one per site and one for the entry
 * @nr_holes: number of them
 * @diag: filled in on a mismatch
 */
struct lsp_text {
	const struct lsp_tables		*tables;
	struct lsp_values		*values;
	u32				section;
	const struct lsp_section	*sec;
	const u8			*pre;
	u32				start;
	u32				size;
	const u8			*run;
	unsigned long			addr;
	struct lsp_hole			*holes;
	unsigned int			nr_holes;
	struct lsp_diag			*diag;
};

enum lsp_reason lsp_match(struct lsp_values *values, struct lsp_diag *diag);

/* match_text.c: one function against one place */

bool lsp_match_text(struct lsp_text *text, struct lsp_values *values,
		    u32 symbol, u8 *run);
enum lsp_reason lsp_match_function(struct lsp_values *values, u32 symbol,
				   struct lsp_hole **holes,
				   unsigned int *nr_holes,
				   struct lsp_diag *diag);

/* consts.c: runtime constants */

enum lsp_reason lsp_consts_check(struct lsp_values *values,
				 struct lsp_diag *diag);
enum lsp_reason lsp_consts_value(struct lsp_values *values, u32 symbol,
				 unsigned int size, u64 *value);

/* imports.c: imports that no export satisfies */

enum lsp_reason lsp_imports_resolve(const struct lsp_image *image,
				    struct lsp_values *values,
				    const char **detail);

/* data.c: read-only objects that get new contents */

enum lsp_reason lsp_data_plan(struct lsp_part *part, struct lsp_values *values,
			      const void *(*new)(const void *priv,
						 const struct lsp_data *row),
			      const void *priv, struct lsp_diag *diag);

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

/* plan.c: what becomes of each function */

enum lsp_reason lsp_plan_patches(struct lsp_loading *load);

/* hooks.c: functions of the author that are called when it is switched */

enum lsp_reason lsp_plan_hooks(struct lsp_loading *load);

/* x86*.c: what an architecture provides for this half */

u32 lsp_arch_match(struct lsp_text *text, u32 offset);
bool lsp_arch_match_data(struct lsp_values *values, const struct lsp_data *row,
			 unsigned long addr, const u8 *found,
			 struct lsp_diag *diag);
bool lsp_arch_is_branch(u32 type);
bool lsp_arch_is_sealed(unsigned long addr);
bool lsp_arch_const_store(void *where, const struct lsp_const_kind *kind,
			  u64 value);

#endif /* _LIVESPLICE_MATCH_H */
