// SPDX-License-Identifier: GPL-2.0
/*
 * Plain pre objects into the tables of livesplice_format.h: units, sections,
 * symbols, relocations and bytes; sites.c adds the sites. Called by finish.c,
 * and by show.c for tests.
 *
 * A relocation names what it names in the object, with the same addend: a
 * local symbol or the start of a section is the row of that place. A name that
 * is not local is one row over all units: that of its definition, if a unit
 * has one.
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "tables.h"

/* Sections that are freed after boot. */
static const char * const init_names[] = {
	".init.*", ".exit.*", ".meminit.*", ".memexit.*", ".initcall*",
	".exitcall*", "*.init", "*.exit", ".altinstr_aux",
};

/* Data that code refers to as such; all other data sections are tables. */
static const char * const data_names[] = {
	".data", ".data.*", ".rodata", ".rodata.*", ".bss", ".bss.*",
	".ref.data", "__tracepoint_str", "__*_sched_class",
};

static bool is_one_of(const char *name, const char * const *patterns, size_t n)
{
	while (n--) {
		if (!fnmatch(*patterns++, name, 0))
			return true;
	}
	return false;
}

/**
 * pre_kind() - what a section of a plain pre object is
 * @sec: the section
 *
 * The trampolines of static calls are executable, but they are data to us: the
 * kernel rewrites them as a whole, and only their places matter.
 *
 * Return: &enum lsp_section_kind, or -1 for a table and for what is not in
 * the kernel's memory: it is no section of the unit unless something refers
 * to it.
 */
int pre_kind(const struct section *sec)
{
	if (!(sec->flags & SHF_ALLOC) || sec->type == SHT_NOTE)
		return -1;
	if (is_one_of(sec->name, init_names, COUNT_OF(init_names)))
		return LSP_SEC_INIT;
	if (section_is(sec, KIND_ASAN))
		return sec->flags & SHF_EXECINSTR ? LSP_SEC_INIT : -1;
	if (!strcmp(sec->name, ".altinstr_replacement"))
		return LSP_SEC_REPL;
	if (!strcmp(sec->name, ".static_call.text"))
		return LSP_SEC_DATA;
	if (sec->flags & SHF_EXECINSTR)
		return LSP_SEC_TEXT;
	if (str_starts(sec->name, ".data..percpu"))
		return LSP_SEC_PERCPU;
	if (sec->flags & SHF_MERGE)
		return sec->flags & SHF_STRINGS ? LSP_SEC_STRINGS :
						  LSP_SEC_CONSTS;
	if (is_one_of(sec->name, data_names, COUNT_OF(data_names)))
		return LSP_SEC_DATA;
	return -1;
}

static bool is_mergeable(const struct section *sec)
{
	int kind = pre_kind(sec);

	return kind == LSP_SEC_STRINGS || kind == LSP_SEC_CONSTS;
}

/* The kinds whose contents travel. */
static bool has_relocs(const struct section *sec)
{
	int kind = pre_kind(sec);

	return kind == LSP_SEC_TEXT || kind == LSP_SEC_REPL;
}

static struct pre_unit *unit_of(struct pre *pre, const struct obj *obj)
{
	for (size_t i = 0; i < pre->nr_units; i++) {
		if (pre->units[i].obj == obj)
			return &pre->units[i];
	}
	die(obj, NULL, "object of no unit");
}

/**
 * pre_unit() - unit of a number
 * @pre: the pre side
 * @number: the number
 *
 * Return: the unit, NULL if there is none.
 */
struct pre_unit *pre_unit(struct pre *pre, uint32_t number)
{
	for (size_t i = 0; i < pre->nr_units; i++) {
		if (pre->units[i].number == number)
			return &pre->units[i];
	}
	return NULL;
}

/* names: what is not local */

static struct pre_name *name_of(struct pre *pre, const char *name)
{
	uint32_t *index = map_find(&pre->name_index, name);

	return index ? &pre->names[*index] : NULL;
}

static struct pre_name *name_add(struct pre *pre, const char *name)
{
	struct pre_name *entry = name_of(pre, name);

	if (entry)
		return entry;
	map_add(&pre->name_index, name, pre->nr_names);
	pre->names = grow(pre->names, pre->nr_names, &pre->max_names,
			  sizeof(*pre->names));
	entry = &pre->names[pre->nr_names++];
	*entry = (struct pre_name){ .name = name, .row = LSP_NONE };
	return entry;
}

static void note_definition(struct pre *pre, struct symbol *sym)
{
	struct pre_name *entry = name_add(pre, sym->name);

	if (!entry->def) {
		entry->def = sym;
		return;
	}
	if (sym->bind == STB_WEAK) {
		entry->unsure |= entry->def->bind == STB_WEAK;
		return;
	}
	if (entry->def->bind != STB_WEAK)
		refuse(REASON_DUPLICATE, sym->name, "%s and %s both define it",
		       entry->def->obj->path, sym->obj->path);
	entry->def = sym;
	entry->unsure = false;
}

/* What every input must be, so that nobody later has to ask. */
static void check_symbols(struct pre_unit *unit)
{
	for_each_symbol(unit->obj, sym) {
		switch (sym->type) {
		case STT_NOTYPE:
		case STT_OBJECT:
		case STT_FUNC:
		case STT_SECTION:
		case STT_FILE:
			break;
		default:
			refuse(REASON_SYMBOL, symbol_name(sym),
			       "%s: symbol type %u is not known", unit->name,
			       sym->type);
		}
		if (sym->bind > STB_WEAK)
			refuse(REASON_SYMBOL, symbol_name(sym),
			       "%s: symbol binding %u is not known",
			       unit->name, sym->bind);
		if (sym->sec && sym->size > sym->sec->size - sym->value)
			refuse(REASON_SYMBOL, symbol_name(sym),
			       "%s: reaches over the end of its section",
			       unit->name);
	}
}

static bool refers_to_text(const struct section *sec)
{
	for_each_reloc(sec, rel) {
		if (rel->sym->sec && pre_kind(rel->sym->sec) == LSP_SEC_TEXT)
			return true;
	}
	return false;
}

/*
 * A section that nobody knows may be a table of places that the kernel
 * rewrites; it may be passed over only if it has nothing to do with text.
 */
static void check_sections(struct pre_unit *unit)
{
	const uint64_t known = SHF_WRITE | SHF_ALLOC | SHF_EXECINSTR |
			       SHF_MERGE | SHF_STRINGS | SHF_LINK_ORDER;

	for_each_section(unit->obj, sec) {
		if (!(sec->flags & SHF_ALLOC) || sec->type == SHT_NOTE)
			continue;
		if (sec->flags & ~known ||
		    (sec->type != SHT_PROGBITS && sec->type != SHT_NOBITS &&
		     !section_is(sec, KIND_ASAN)))
			refuse(REASON_SECTION, sec->name,
			       "%s: section type %u or flags 0x%llx not known",
			       unit->name, sec->type,
			       (unsigned long long)sec->flags);
		else if (pre_kind(sec) < 0 && !sec->kind && refers_to_text(sec))
			refuse(REASON_SECTION, sec->name,
			       "%s: not known to livesplice, and it refers to code",
			       unit->name);
		if (sec->size > UINT32_MAX)
			refuse(REASON_SECTION, sec->name, "%s: too large",
			       unit->name);
		if (is_mergeable(sec) && !sec->entsize)
			refuse(REASON_SECTION, sec->name,
			       "%s: mergeable, but its entries have no size",
			       unit->name);
		if (pre_kind(sec) == LSP_SEC_STRINGS && sec->size &&
		    sec->data[sec->size - 1])
			refuse(REASON_SECTION, sec->name,
			       "%s: its last string has no end", unit->name);
	}
}

static uint32_t *new_rows(size_t nr)
{
	uint32_t *rows = xcalloc(nr, sizeof(*rows));

	memset(rows, 0xff, nr * sizeof(*rows));
	return rows;
}

/**
 * pre_add_unit() - read a plain pre object
 * @pre: the pre side
 * @number: number of the unit in rows of link.h
 * @name: path of the object in the build tree
 * @path: where to read it
 */
void pre_add_unit(struct pre *pre, uint32_t number, const char *name,
		  const char *path)
{
	struct pre_unit *unit;
	uint32_t last = 0;

	pre->units = grow(pre->units, pre->nr_units, &pre->max_units,
			  sizeof(*pre->units));
	unit = &pre->units[pre->nr_units++];
	*unit = (struct pre_unit){
		.obj = obj_open(path),
		.name = name,
		.number = number,
	};
	for_each_section(unit->obj, sec) {
		if (sec->idx > last)
			last = sec->idx;
	}
	unit->nr_sections = last + 1;
	unit->sections = new_rows(unit->nr_sections);
	unit->wanted = xcalloc(unit->nr_sections, sizeof(*unit->wanted));
	last = 0;
	for_each_symbol(unit->obj, sym) {
		if (sym->idx > last)
			last = sym->idx;
	}
	unit->symbols = new_rows((size_t)last + 1);

	check_sections(unit);
	check_symbols(unit);
	for_each_symbol(unit->obj, sym) {
		if (sym->bind != STB_LOCAL && sym->sec)
			note_definition(pre, sym);
	}
}

/**
 * pre_want() - have a row for a section, whatever it is
 * @pre: the pre side, before pre_make()
 * @sec: the section
 */
void pre_want(struct pre *pre, const struct section *sec)
{
	unit_of(pre, sec->obj)->wanted[sec->idx] = true;
}

/**
 * pre_want_name() - have a row for the section that defines a name, if any
 * @pre: the pre side, before pre_make()
 * @name: the name
 */
void pre_want_name(struct pre *pre, const char *name)
{
	struct pre_name *entry = name_of(pre, name);

	if (entry && entry->def)
		pre_want(pre, entry->def->sec);
}

/**
 * pre_defines() - does a unit define a name?
 * @pre: the pre side, complete
 * @name: the name
 *
 * Return: true if so.
 */
bool pre_defines(struct pre *pre, const char *name)
{
	struct pre_name *entry = name_of(pre, name);

	return entry && entry->def;
}

static void want_references(struct pre *pre, struct pre_unit *unit)
{
	for_each_section(unit->obj, sec) {
		if (!has_relocs(sec))
			continue;
		for_each_reloc(sec, rel) {
			if (rel->sym->bind != STB_LOCAL)
				pre_want_name(pre, rel->sym->name);
			else if (rel->sym->sec)
				pre_want(pre, rel->sym->sec);
		}
	}
}

/* rows */

static void make_section_rows(struct pre *pre, struct pre_unit *unit)
{
	struct tables *t = &pre->tables;

	for_each_section(unit->obj, sec) {
		int kind = pre_kind(sec);
		struct lsp_section row = {
			.unit = unit - pre->units,
			.kind = kind < 0 ? LSP_SEC_DATA : kind,
			.size = sec->size,
			.bytes = LSP_NONE,
		};

		/* Sites name the section of their replacements, even an empty one. */
		if (!unit->wanted[sec->idx] &&
		    (kind < 0 || (!sec->size && kind != LSP_SEC_REPL)))
			continue;
		if (!(sec->flags & SHF_ALLOC)) {
			refuse(REASON_SECTION, sec->name,
			       "%s: code refers to what is not in memory",
			       unit->name);
			continue;
		}
		if (kind < 0 && !sec->kind)
			refuse(REASON_SECTION, sec->name,
			       "%s: not known to livesplice, and code refers to it",
			       unit->name);
		if (is_mergeable(sec))
			row.entsize = sec->entsize;
		if (has_relocs(sec) || is_mergeable(sec)) {
			if (!sec->data && sec->size)
				die(unit->obj, sec->name, "has no contents");
			row.bytes = table_add(t, TABLE_bytes, sec->data,
					      sec->size);
		}
		row.name = tables_string(t, sec->name);
		unit->sections[sec->idx] = table_add(t, TABLE_sections, &row,
						     1);
	}
}

static uint32_t symbol_type(const struct symbol *sym)
{
	if (is_mergeable(sym->sec) && sym->type != STT_SECTION)
		return LSP_SYM_STRING;
	switch (sym->type) {
	case STT_FUNC:
		return LSP_SYM_FUNC;
	case STT_OBJECT:
		return LSP_SYM_OBJECT;
	case STT_SECTION:
		return LSP_SYM_SECTION;
	default:
		return LSP_SYM_OTHER;
	}
}

static uint32_t add_undefined(struct pre *pre, const char *name)
{
	struct lsp_symbol row = {
		.name = tables_string(&pre->tables, name),
		.section = LSP_NONE,
		.type = LSP_SYM_OTHER,
		.bind = LSP_BIND_GLOBAL,
	};

	return table_add(&pre->tables, TABLE_symbols, &row, 1);
}

/**
 * pre_definition_row() - row of a definition in a unit
 * @pre: the pre side, after pre_make() began
 * @sym: the symbol, defined
 *
 * This very definition, even if it is weak and its name means another one.
 *
 * Return: the row.
 */
uint32_t pre_definition_row(struct pre *pre, struct symbol *sym)
{
	struct pre_unit *unit = unit_of(pre, sym->obj);
	uint32_t *row = &unit->symbols[sym->idx];
	struct lsp_symbol record;

	if (*row != LSP_NONE)
		return *row;
	record = (struct lsp_symbol){
		.section = pre_section_row(pre, sym->sec),
		.offset = sym->value,
		.size = sym->size,
		.type = symbol_type(sym),
		.bind = sym->bind == STB_LOCAL ? LSP_BIND_LOCAL :
			sym->bind == STB_WEAK ? LSP_BIND_WEAK :
						LSP_BIND_GLOBAL,
	};
	if (record.section == LSP_NONE)
		refuse(REASON_SECTION, sym->sec->name,
		       "%s: %s in it is referred to, but it has no row",
		       unit->name, symbol_name(sym));
	if (record.type == LSP_SYM_STRING) {
		*row = pre_string_row(pre, sym->sec, sym->value);
		return *row;
	}
	record.name = tables_string(&pre->tables,
				    record.type == LSP_SYM_SECTION ?
				    "" : sym->name);
	*row = table_add(&pre->tables, TABLE_symbols, &record, 1);
	return *row;
}

/**
 * pre_section_row() - row of a section
 * @pre: the pre side, after pre_make() began
 * @sec: the section
 *
 * Return: the row, LSP_NONE if the section has none.
 */
uint32_t pre_section_row(struct pre *pre, const struct section *sec)
{
	return unit_of(pre, sec->obj)->sections[sec->idx];
}

/**
 * pre_name_row() - row of what a name that is not local means
 * @pre: the pre side, after pre_make() began
 * @name: the name
 *
 * Return: the row of its definition, or one that says the kernel has it.
 */
uint32_t pre_name_row(struct pre *pre, const char *name)
{
	struct pre_name *entry = name_add(pre, name);

	if (entry->unsure)
		refuse(REASON_WEAK, name,
		       "several units have a weak definition of it");
	if (entry->def)
		return pre_definition_row(pre, entry->def);
	if (entry->row == LSP_NONE)
		entry->row = add_undefined(pre, entry->name);
	return entry->row;
}

/**
 * pre_symbol_row() - row of what a symbol of a pre object means there
 * @pre: the pre side, after pre_make() began
 * @sym: the symbol
 *
 * Return: the row.
 */
uint32_t pre_symbol_row(struct pre *pre, struct symbol *sym)
{
	if (sym->bind == STB_LOCAL && sym->sec)
		return pre_definition_row(pre, sym);
	if (!sym->sec && !symbol_is_undef(sym))
		refuse(REASON_SYMBOL, symbol_name(sym),
		       "%s: absolute and common symbols are not known",
		       unit_of(pre, sym->obj)->name);
	return pre_name_row(pre, sym->name);
}

static uint32_t string_size(const struct section *sec, uint64_t offset)
{
	uint64_t end = offset, step = sec->entsize;

	if (pre_kind(sec) == LSP_SEC_CONSTS)
		return step - offset % step;
	for (; end + step <= sec->size; end += step) {
		uint64_t i = 0;

		while (i < step && !sec->data[end + i])
			i++;
		if (i == step)
			return end + step - offset;
	}
	return sec->size - offset;
}

/**
 * pre_string_row() - row of a string or constant in a mergeable section
 * @pre: the pre side, after pre_make() began
 * @sec: the section
 * @offset: offset of the string, or of a place in it
 *
 * Its size reaches to the end of the string, or of the constant.
 *
 * Return: the row.
 */
uint32_t pre_string_row(struct pre *pre, const struct section *sec,
			uint64_t offset)
{
	struct lsp_symbol row = {
		.name = tables_string(&pre->tables, ""),
		.section = pre_section_row(pre, sec),
		.offset = offset,
		.size = string_size(sec, offset),
		.type = LSP_SYM_STRING,
		.bind = LSP_BIND_LOCAL,
	};
	char *key = xasprintf("%u+%x", row.section, row.offset);
	uint32_t *known = map_find(&pre->strings, key);

	if (!known)
		known = map_add(&pre->strings, key,
				table_add(&pre->tables, TABLE_symbols, &row, 1));
	free(key);
	return *known;
}

static void bad_reloc(const struct pre_unit *unit, const struct reloc *rel,
		      const char *what)
{
	char *place = section_place(rel->sec, rel->offset);

	refuse(REASON_RELOC, place, "%s: relocation of type %u %s", unit->name,
	       rel->type, what);
	free(place);
}

static void make_reloc(struct pre *pre, const struct pre_unit *unit,
		       const struct reloc *rel)
{
	const struct symbol *sym = rel->sym;
	struct lsp_reloc row = {
		.offset = rel->offset,
		.type = rel->type,
		.addend = rel->addend,
	};

	if (sym->type == STT_SECTION && is_mergeable(sym->sec)) {
		/* The assembler does not: a linker could not merge it. */
		if (x86_reloc_is_pcrel(rel->type))
			bad_reloc(unit, rel, "into a mergeable section");
		if (rel->addend < 0 || (uint64_t)rel->addend >= sym->sec->size)
			bad_reloc(unit, rel, "out of a mergeable section");
	}
	row.symbol = pre_symbol_row(pre, rel->sym);
	table_add(&pre->tables, TABLE_relocs, &row, 1);
}

static void make_relocs(struct pre *pre, struct pre_unit *unit,
			const struct section *sec)
{
	struct lsp_section *row;
	uint64_t end = 0;

	row = &pre->tables.sections[unit->sections[sec->idx]];
	row->first_reloc = pre->tables.nr_relocs;
	row->nr_relocs = sec->nr_relocs;
	for_each_reloc(sec, rel) {
		unsigned int size = x86_reloc_size(rel->type);

		if (!size || rel->type == R_X86_64_PC64)
			bad_reloc(unit, rel, "is not known in code");
		else if (rel->offset < end)
			bad_reloc(unit, rel, "overlaps another one");
		end = rel->offset + size;
		make_reloc(pre, unit, rel);
	}
}

static void make_functions(struct pre *pre, struct pre_unit *unit)
{
	for_each_symbol(unit->obj, sym) {
		if (sym->type != STT_FUNC || !sym->sec ||
		    pre_kind(sym->sec) != LSP_SEC_TEXT)
			continue;
		if (name_is_prefix(sym->name))
			continue;
		if (pre_section_row(pre, sym->sec) == LSP_NONE)
			refuse(REASON_SYMBOL, sym->name, "%s: empty function",
			       unit->name);
		pre_definition_row(pre, sym);
	}
}

/**
 * pre_make() - make the rows of all units
 * @pre: the pre side
 */
void pre_make(struct pre *pre)
{
	struct tables *t = &pre->tables;

	for (size_t i = 0; i < pre->nr_units; i++)
		want_references(pre, &pre->units[i]);
	for (size_t i = 0; i < pre->nr_units; i++) {
		struct pre_unit *unit = &pre->units[i];
		struct lsp_unit row = {
			.name = tables_string(t, unit->name),
			.first_section = t->nr_sections,
		};

		make_section_rows(pre, unit);
		row.nr_sections = t->nr_sections - row.first_section;
		if (!row.nr_sections)
			refuse(REASON_SECTION, unit->name, "has no contents");
		table_add(t, TABLE_units, &row, 1);
	}
	if (nr_refused())
		return;
	for (size_t i = 0; i < pre->nr_units; i++) {
		struct pre_unit *unit = &pre->units[i];

		make_functions(pre, unit);
		for_each_section(unit->obj, sec) {
			if (unit->sections[sec->idx] != LSP_NONE &&
			    has_relocs(sec))
				make_relocs(pre, unit, sec);
		}
		sites_make(pre, unit);
	}
}
