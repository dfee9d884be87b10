// SPDX-License-Identifier: GPL-2.0
/*
 * `splice-elf finish`: from a module that the kernel's build linked to a part
 * of an update. Called by splice-gen after the last step of the module build,
 * once for each part.
 *
 * The rows that diff left (link.h) go out, the tables of livesplice_format.h
 * come in, and what no export satisfies gets its reserved name (imports.c).
 * Nothing else of the module changes: its sections keep their order, contents
 * and relocations.
 *
 * With -c nothing is written: IN are the objects of diff, linked to one, as far
 * as there are any, and all that counts is what would be refused.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "tables.h"

static const char usage[] =
	"finish -o OUT IN -s SYMVERS [-S NEW-SYMVERS] -N NAME -O OBJECT -I ID -D TEXT\n"
	"              -R RELEASE -P PATCH [-B] [-T TARGET]... [-u NUMBER:NAME.o:PATH]...\n"
	"       finish -c [IN] -s SYMVERS -O OBJECT -u NUMBER:NAME.o:PATH...";

struct options {
	const char	*in;
	const char	*out;
	const char	*symvers;
	const char	*new_symvers;
	const char	*name;
	const char	*object;
	const char	*id;
	const char	*description;
	const char	*release;
	const char	*patch;
	bool		check;
	bool		based;
};

static void check_name(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)name[i]) && name[i] != '_')
			die_usage("a name is of letters, digits and _: %s",
				  name);
	}
	if (!len || len > LSP_NAME_MAX)
		die_usage("a name has 1 to %u characters: %s", LSP_NAME_MAX,
			  name);
}

/* Sixteen bytes in hex. */
static void read_id(const char *text, uint8_t *id)
{
	if (strlen(text) != 2 * LSP_ID_SIZE ||
	    strspn(text, "0123456789abcdef") != 2 * LSP_ID_SIZE)
		die_usage("an id has %u digits: %s", 2 * LSP_ID_SIZE, text);
	for (size_t i = 0; i < LSP_ID_SIZE; i++) {
		char digits[] = { text[2 * i], text[2 * i + 1], '\0' };

		id[i] = strtoul(digits, NULL, 16);
	}
}

/* A module that the update has a part for; only the first part knows. */
static void add_target(struct pre *pre, const char *object)
{
	const struct lsp_target row = {
		.object = tables_string(&pre->tables, object),
	};

	table_add(&pre->tables, TABLE_targets, &row, 1);
}

/* An update that this one takes the place of. */
static void add_replaced(struct pre *pre, const char *name)
{
	const struct lsp_replace row = {
		.name = tables_string(&pre->tables, name),
	};

	table_add(&pre->tables, TABLE_replaces, &row, 1);
}

/* These end up in lines of sysfs and of the log. */
static const char *one_line(const char *text)
{
	char *line = xasprintf("%s", text);

	for (char *p = line; *p; p++) {
		if (iscntrl((unsigned char)*p))
			*p = ' ';
	}
	return line;
}

/* NUMBER:NAME:PATH */
static void add_unit(struct pre *pre, char *arg)
{
	char *name = strchr(arg, ':'), *path, *end;
	unsigned long number;

	path = name ? strchr(name + 1, ':') : NULL;
	errno = 0;
	number = strtoul(arg, &end, 10);
	if (!path || end != name || end == arg || errno ||
	    number > UINT32_MAX || path == name + 1 || !path[1])
		die_usage("a unit is NUMBER:NAME.o:PATH, not %s", arg);
	if (pre_unit(pre, number))
		die_usage("unit %lu is there twice", number);
	*name++ = '\0';
	*path++ = '\0';
	pre_add_unit(pre, number, name, path);
}

static void parse(struct options *o, struct finish *f, int argc, char **argv)
{
	const struct {
		const char	**value;
		const char	letter;
	} letters[] = {
		{ &o->out, 'o' }, { &o->symvers, 's' }, { &o->name, 'N' },
		{ &o->object, 'O' }, { &o->id, 'I' },
		{ &o->description, 'D' }, { &o->release, 'R' },
		{ &o->patch, 'P' },
	};
	int c;

	while ((c = getopt(argc, argv, "cBo:s:S:N:O:I:D:R:P:T:X:u:")) >= 0) {
		if (c == '?')
			die_usage("%s", usage);
		o->check |= c == 'c';
		o->based |= c == 'B';
		if (c == 'u')
			add_unit(&f->pre, optarg);
		if (c == 'S')
			o->new_symvers = optarg;
		if (c == 'T')
			add_target(&f->pre, optarg);
		if (c == 'X')
			add_replaced(&f->pre, optarg);
		for (size_t i = 0; i < COUNT_OF(letters); i++) {
			if (letters[i].letter == c)
				*letters[i].value = optarg;
		}
	}
	for (size_t i = 0; i < COUNT_OF(letters); i++) {
		if (!*letters[i].value ==
		    (!o->check || strchr("sO", letters[i].letter)))
			die_usage("%s", usage);
	}
	if (optind + 1 != argc && !(o->check && optind == argc))
		die_usage("%s", usage);
	if (!f->pre.nr_units && !f->pre.tables.nr_targets)
		die_usage("%s", usage);
	o->in = argv[optind];
	if (!o->check)
		check_name(o->name);
	f->object = o->object;
}

/* The engine takes a part only from a module of the right name. */
static void check_modinfo(const struct obj *ko, const struct options *o)
{
	char *name = part_name(o->name, o->object), *wanted;

	if (!name)
		die_usage("%s_%s is too long for a module: choose a shorter name",
			  o->name, o->object);
	wanted = xasprintf("name=%s", name);
	if (!modinfo_has(ko, wanted))
		die(ko, ".modinfo", "not a module named %s", name);
	free(wanted);
	free(name);
}

/* link rows */

/**
 * code_of() - code of the module that a row leads to
 * @f: the update
 * @rows: rows of diff
 * @at: place of the address in it
 * @size: how much of the code there must be
 * @offset: set to where it is in its section
 *
 * Return: the section; there is none that the module would lose again.
 */
struct section *code_of(const struct finish *f, const struct section *rows,
			uint64_t at, uint64_t size, uint64_t *offset)
{
	const struct reloc *rel = section_reloc_at(rows, at);
	struct section *sec;
	int64_t start;

	if (!rel || rel->type != R_X86_64_64 || !rel->sym->sec)
		die(f->ko, rows->name, "row at 0x%llx does not name new code",
		    (unsigned long long)at);
	sec = rel->sym->sec;
	start = (int64_t)rel->sym->value + rel->addend;
	if (sec->dropped || !(sec->flags & SHF_ALLOC) ||
	    !(sec->flags & SHF_EXECINSTR) || !sec->data || start < 0 ||
	    size > sec->size || (uint64_t)start > sec->size - size)
		die(f->ko, rows->name,
		    "row at 0x%llx names what is not code of the module",
		    (unsigned long long)at);
	*offset = start;
	return sec;
}

/* The rows that diff left in all objects, one after the other; may be NULL. */
static const struct section *rows_of(const struct finish *f, const char *name,
				     size_t size)
{
	const struct section *rows = obj_section(f->ko, name);

	if (rows && (rows->size % size || rows->flags & SHF_ALLOC))
		die(f->ko, name, "not a whole number of rows");
	return rows;
}

/* The function at a place; the one called @name, or a strong one. */
static struct symbol *old_function(const struct section *sec, uint64_t offset,
				   const char *name)
{
	struct symbol *found = NULL;

	for (size_t i = 0; i < sec->nr_syms; i++) {
		struct symbol *sym = sec->syms[i];
		size_t len = strlen(sym->name);

		if (sym->type != STT_FUNC || sym->value != offset || !sym->size)
			continue;
		if (!strncmp(name, sym->name, len) &&
		    !strcmp(name + len, LINK_NEW_SUFFIX))
			return sym;
		if (!found || found->bind == STB_WEAK)
			found = sym;
	}
	return found;
}

/*
 * Row of the function that a link row is about. What is only watched must be
 * there; of a weak definition that is replaced, diff knows that it is.
 */
static uint32_t old_row(struct finish *f, const struct link_func *link,
			const char *name)
{
	const struct pre_unit *unit = pre_unit(&f->pre, link->unit);
	const struct section *sec = NULL;
	struct symbol *old = NULL;

	if (unit)
		sec = obj_section_at(unit->obj, link->pre_shndx);
	if (sec && pre_kind(sec) == LSP_SEC_TEXT)
		old = old_function(sec, link->pre_offset, name);
	if (!old)
		die(f->ko, LINK_FUNCS_SECTION,
		    "no function at 0x%x of section %u of unit %u",
		    link->pre_offset, link->pre_shndx, link->unit);
	if (old->bind == STB_WEAK && link->flags)
		refuse(REASON_WEAK, old->name,
		       "%s: a weak definition, the kernel may use another one",
		       unit->name);
	return pre_definition_row(&f->pre, old);
}

/* After obj_number(): the rows name sections as the file will. */
static void make_func(struct finish *f, const struct section *rows,
		      uint64_t at)
{
	const struct reloc *rel = section_reloc_at(rows, at);
	struct tables *t = &f->pre.tables;
	struct lsp_func row = { };
	struct link_func link;
	uint64_t offset;

	memcpy(&link, rows->data + at, sizeof(link));
	if (!lsp_func_flags_valid(link.flags) || link.reserved ||
	    lsp_func_has_code(link.flags) != !!rel || (rel && !link.size))
		die(f->ko, rows->name, "row at 0x%llx makes no sense",
		    (unsigned long long)at);
	row.symbol = old_row(f, &link, rel ? rel->sym->name : "");
	row.flags = link.flags;
	if (rel) {
		row.shndx = code_of(f, rows, at, link.size, &offset)->idx;
		row.offset = offset;
		row.size = link.size;
	}
	for (size_t i = 0; i < t->nr_funcs; i++) {
		const struct lsp_symbol *a = &t->symbols[t->funcs[i].symbol];
		const struct lsp_symbol *b = &t->symbols[row.symbol];

		if (a->section == b->section && a->offset == b->offset)
			refuse(REASON_DUPLICATE, t->strings + b->name,
			       "it is replaced twice");
	}
	table_add(t, TABLE_funcs, &row, 1);
}

/*
 * After obj_number(). The constant's symbol is undefined in the module, but it
 * is never imported: the engine puts the value right into the code.
 */
static void make_const(struct finish *f, const struct section *rows,
		       uint64_t at)
{
	const struct reloc *name;
	struct lsp_const row = { };
	const struct lsp_const_kind *kind;
	struct link_const link;
	uint64_t offset;

	memcpy(&link, rows->data + at, sizeof(link));
	name = section_reloc_at(rows, at + offsetof(struct link_const, name));
	kind = lsp_const_kind(link.kind);
	if (!name || name->type != R_X86_64_64 || name->addend ||
	    !symbol_is_undef(name->sym) || link.reserved || !kind)
		die(f->ko, rows->name, "row at 0x%llx makes no sense",
		    (unsigned long long)at);
	row.shndx = code_of(f, rows, at, kind->size, &offset)->idx;
	row.offset = offset;
	row.kind = link.kind;
	row.symbol = import_row(f, name->sym);
	table_add(&f->pre.tables, TABLE_consts, &row, 1);
}

/* What holds for one object holds for the update. */
static uint32_t union_of_flags(const struct finish *f)
{
	const struct section *rows;
	uint32_t flags = 0;

	rows = rows_of(f, LINK_FLAGS_SECTION, sizeof(struct link_flags));
	for (uint64_t at = 0; rows && at < rows->size;
	     at += sizeof(struct link_flags)) {
		struct link_flags row;

		memcpy(&row, rows->data + at, sizeof(row));
		flags |= row.flags;
	}
	if (flags & ~LSP_INFO_PINNED)
		die(f->ko, LINK_FLAGS_SECTION, "flags that are not known");
	return flags;
}

/* The rows stay readable after they are dropped. */
struct link_rows {
	const struct section	*funcs;
	const struct section	*consts;
	const struct section	*datas;
	const struct section	*hooks;
	uint32_t		flags;
};

/* Drop what is not to be written; anything like it that is not known is bad. */
static struct link_rows take_rows(struct finish *f)
{
	static const char * const names[] = {
		LINK_FUNCS_SECTION, LINK_CONSTS_SECTION, LINK_DATAS_SECTION,
		LINK_HOOKS_SECTION, LINK_FLAGS_SECTION,
	};
	struct link_rows rows = {
		.funcs = rows_of(f, LINK_FUNCS_SECTION,
				 sizeof(struct link_func)),
		.consts = rows_of(f, LINK_CONSTS_SECTION,
				  sizeof(struct link_const)),
		.datas = rows_of(f, LINK_DATAS_SECTION,
				 sizeof(struct link_data)),
		.hooks = rows_of(f, LINK_HOOKS_SECTION,
				 sizeof(struct link_hook)),
		.flags = union_of_flags(f),
	};

	for_each_section(f->ko, sec) {
		bool known = false;

		if (!str_starts(sec->name, LSP_SECTION_PREFIX))
			continue;
		for (size_t i = 0; i < COUNT_OF(names); i++)
			known |= !strcmp(sec->name, names[i]);
		if (!known || obj_section(f->ko, sec->name) != sec)
			die(f->ko, sec->name, "a section that must not be here");
		obj_drop_section(f->ko, sec);
	}
	return rows;
}

/* output */

/*
 * Add the sections, still empty, so that every section has its final index. A
 * table that stays empty costs a section header and tells readers that it is
 * not missing.
 */
static void add_sections_of_tables(struct obj *ko)
{
	for (enum table i = 0; i < NR_TABLES; i++)
		obj_add_section(ko, table_section(i), SHT_PROGBITS, 0, 8,
				table_row_size(i));
}

static void fill_sections_of_tables(struct obj *ko, const struct tables *t)
{
	for (enum table i = 0; i < NR_TABLES; i++) {
		size_t nr;
		void *rows = table_rows(t, i, &nr);

		if (nr)
			section_append(obj_section(ko, table_section(i)), rows,
				       nr * table_row_size(i), 1);
	}
}

/* For people: whoever has the update has its source. */
static void add_patch(struct obj *ko, const char *path)
{
	struct section *sec;
	char buf[65536];
	size_t len;
	FILE *file;

	sec = obj_add_section(ko, LSP_SECTION_PREFIX "patch", SHT_PROGBITS, 0,
			      1, 0);
	file = fopen(path, "re");
	if (!file)
		die(NULL, path, "%s", strerror(errno));
	while ((len = fread(buf, 1, sizeof(buf), file)))
		section_append(sec, buf, len, 1);
	if (ferror(file))
		die(NULL, path, "%s", strerror(errno));
	fclose(file);
}

static void make_info(struct tables *t, const struct options *o,
		      uint32_t flags)
{
	struct lsp_info info = {
		.version = LSP_FORMAT_VERSION,
		.machine = EM_X86_64,
		.flags = flags,
		.name = tables_string(t, o->name),
		.object = tables_string(t, o->object),
		.description = tables_string(t, one_line(o->description)),
		.release = tables_string(t, one_line(o->release)),
	};

	memcpy(info.magic, LSP_FORMAT_MAGIC, sizeof(info.magic));
	read_id(o->id, info.id);
	table_add(t, TABLE_info, &info, 1);
}

/* After this, rows of the update may be made; false if something is refused. */
/* What is new in one unit may be what another one had. */
static void check_definitions(struct finish *f)
{
	for_each_symbol(f->ko, sym) {
		if (sym->bind != STB_LOCAL && sym->sec &&
		    pre_defines(&f->pre, sym->name))
			refuse(REASON_SYMBOL, sym->name,
			       "new in one unit of the update, but another one has it: who uses that one elsewhere would go on with it");
	}
}

static bool make_pre_side(struct finish *f, const struct link_rows *rows)
{
	check_definitions(f);
	imports_prepare(f);
	imports_want(f);
	datas_want(f, rows->datas);
	pre_make(&f->pre);
	return !nr_refused();
}

static void make_rows(struct finish *f, const struct link_rows *rows)
{
	for (uint64_t at = 0; rows->funcs && at < rows->funcs->size;
	     at += sizeof(struct link_func))
		make_func(f, rows->funcs, at);
	for (uint64_t at = 0; rows->consts && at < rows->consts->size;
	     at += sizeof(struct link_const))
		make_const(f, rows->consts, at);
	datas_make(f, rows->datas);
	hooks_make(f, rows->hooks);
}

static bool has_rows(const struct section *rows)
{
	return rows && rows->size;
}

/* All that finishing would do but for the file; without new code, less of it. */
static int check(struct finish *f, const struct options *o)
{
	struct link_rows rows;

	if (!o->in) {
		pre_make(&f->pre);
		return nr_refused() ? EXIT_REFUSED : EXIT_OK;
	}
	f->ko = obj_open(o->in);
	exports_read(f, o->symvers);
	rows = take_rows(f);
	if (make_pre_side(f, &rows)) {
		obj_number(f->ko);
		make_rows(f, &rows);
		imports_resolve(f);
		hooks_check(f);
	}
	return nr_refused() ? EXIT_REFUSED : EXIT_OK;
}

/**
 * cmd_finish() - make a part of an update of a linked module
 * @argc: number of arguments
 * @argv: see usage
 *
 * Return: EXIT_OK if it is written, EXIT_REFUSED if reasons were given.
 */
int cmd_finish(int argc, char **argv)
{
	struct finish f = { };
	struct options o = { };
	struct link_rows rows;

	parse(&o, &f, argc, argv);
	if (o.check)
		return check(&f, &o);
	f.ko = obj_open(o.in);
	check_modinfo(f.ko, &o);
	if (strcmp(o.object, LSP_VMLINUX))
		modinfo_set_depends(f.ko, o.object, o.name);
	exports_read(&f, o.symvers);
	if (o.new_symvers)
		exports_read(&f, o.new_symvers);

	rows = take_rows(&f);
	if (!has_rows(rows.funcs) && !has_rows(rows.datas) &&
	    !has_rows(rows.hooks) && !f.pre.tables.nr_targets)
		die(f.ko, LINK_FUNCS_SECTION, "the module replaces nothing");
	if (!make_pre_side(&f, &rows))
		return EXIT_REFUSED;

	/* From here on no section is added or dropped. */
	add_sections_of_tables(f.ko);
	add_patch(f.ko, o.patch);
	obj_number(f.ko);

	make_rows(&f, &rows);
	make_info(&f.pre.tables, &o,
		  rows.flags | (o.based ? LSP_INFO_BASED : 0));
	imports_resolve(&f);
	hooks_check(&f);
	if (nr_refused())
		return EXIT_REFUSED;

	fill_sections_of_tables(f.ko, &f.pre.tables);
	obj_write(f.ko, o.out);
	seal_write(o.out);
	return EXIT_OK;
}
