// SPDX-License-Identifier: GPL-2.0
/*
 * Objects that get new contents in place: from the rows that diff left to the
 * table of livesplice_format.h. Called by finish.c.
 *
 * The old contents come from the plain pre object, like all else that the
 * engine compares with the running kernel. Only absolute pointers may stand in
 * them and in the new ones: what counts from its own place would mean another
 * one after the copy.
 */
#include <stdlib.h>
#include <string.h>

#include "tables.h"

static struct link_data link_row(const struct section *rows, uint64_t at)
{
	struct link_data row;

	memcpy(&row, rows->data + at, sizeof(row));
	return row;
}

/* The object of a row, which must be all that the format asks for. */
static struct symbol *old_object(struct finish *f, const struct link_data *row)
{
	const struct pre_unit *unit = pre_unit(&f->pre, row->unit);
	const struct section *sec = NULL;
	struct symbol *found = NULL;

	if (unit)
		sec = obj_section_at(unit->obj, row->pre_shndx);
	for (size_t i = 0; sec && i < sec->nr_syms; i++) {
		struct symbol *sym = sec->syms[i];

		if (sym->type == STT_OBJECT && sym->value == row->pre_offset &&
		    sym->size == row->size && sym->size &&
		    (!found || found->bind == STB_WEAK))
			found = sym;
	}
	if (!found)
		die(f->ko, LINK_DATAS_SECTION,
		    "no object of %u bytes at 0x%x of section %u of unit %u",
		    row->size, row->pre_offset, row->pre_shndx, row->unit);
	if (!sec->data || pre_kind(sec) != LSP_SEC_DATA ||
	    sec->flags & (SHF_WRITE | SHF_MERGE | SHF_EXECINSTR))
		die(f->ko, LINK_DATAS_SECTION, "%s: %s is not read-only data",
		    unit->name, found->name);
	if (found->bind == STB_WEAK)
		refuse(REASON_WEAK, found->name,
		       "%s: a weak definition, the kernel may use another one",
		       unit->name);
	return found;
}

static struct reloc *first_reloc(const struct symbol *object)
{
	return section_reloc_from(object->sec, object->value);
}

static struct reloc *last_reloc(const struct symbol *object)
{
	return section_reloc_from(object->sec, object->value + object->size);
}

static void want_reloc(struct finish *f, const struct symbol *object,
		       const struct reloc *rel)
{
	char *place = section_place(rel->sec, rel->offset);
	const struct symbol *sym = rel->sym;
	struct symbol *def;

	if (rel->type != R_X86_64_64 ||
	    rel->offset + x86_reloc_size(rel->type) >
	    object->value + object->size)
		refuse(REASON_RELOC, place,
		       "relocation of type %u in an object that gets new contents: only whole pointers are known",
		       rel->type);
	if (sym->type == STT_SECTION && sym->sec->flags & SHF_MERGE &&
	    (rel->addend < 0 || (uint64_t)rel->addend >= sym->sec->size))
		refuse(REASON_RELOC, place, "refers out of a mergeable section");
	def = sym->bind == STB_LOCAL ? rel->sym :
				       obj_global(object->obj, sym->name);
	if (def && def->sec && pre_kind(def->sec) == LSP_SEC_INIT)
		refuse(REASON_INIT, place,
		       "refers to %s, which is gone after boot: whether it is what it was cannot be told",
		       symbol_name(sym));
	if (sym->bind != STB_LOCAL)
		pre_want_name(&f->pre, sym->name);
	else if (sym->sec)
		pre_want(&f->pre, sym->sec);
	free(place);
}

/**
 * datas_want() - have rows for the sections that the objects need
 * @f: the update, before pre_make()
 * @rows: rows of diff, or NULL
 */
void datas_want(struct finish *f, const struct section *rows)
{
	for (uint64_t at = 0; rows && at < rows->size;
	     at += sizeof(struct link_data)) {
		struct link_data link = link_row(rows, at);
		struct symbol *object = old_object(f, &link);

		pre_want(&f->pre, object->sec);
		for (struct reloc *rel = first_reloc(object);
		     rel < last_reloc(object); rel++)
			want_reloc(f, object, rel);
	}
}

static void make_relocs(struct finish *f, const struct symbol *object,
			struct lsp_data *row)
{
	struct tables *t = &f->pre.tables;

	row->first_reloc = t->nr_relocs;
	for (struct reloc *rel = first_reloc(object);
	     rel < last_reloc(object); rel++) {
		struct lsp_reloc reloc = {
			.offset = rel->offset - object->value,
			.type = rel->type,
			.symbol = pre_symbol_row(&f->pre, rel->sym),
			.addend = rel->addend,
		};

		table_add(t, TABLE_relocs, &reloc, 1);
		row->nr_relocs++;
	}
}

/* Where the new contents are, in the file's terms. */
static void find_contents(struct finish *f, const struct section *rows,
			  uint64_t at, struct lsp_data *row, uint64_t size)
{
	const struct reloc *rel = section_reloc_at(rows, at);
	const struct section *sec = rel ? rel->sym->sec : NULL;
	int64_t start;

	if (!rel || rel->type != R_X86_64_64 || !sec)
		die(f->ko, rows->name,
		    "row at 0x%llx does not name new contents",
		    (unsigned long long)at);
	start = (int64_t)rel->sym->value + rel->addend;
	if (sec->dropped || !sec->data || !(sec->flags & SHF_ALLOC) ||
	    sec->flags & (SHF_WRITE | SHF_EXECINSTR | SHF_MERGE) ||
	    start < 0 || size > sec->size || (uint64_t)start > sec->size - size)
		die(f->ko, rows->name,
		    "row at 0x%llx names what is not read-only data of the module",
		    (unsigned long long)at);
	row->shndx = sec->idx;
	row->offset = start;
}

static void check_apart(const struct tables *t, const struct lsp_data *row)
{
	const struct lsp_symbol *a = &t->symbols[row->symbol];

	for (size_t i = 0; i < t->nr_datas; i++) {
		const struct lsp_symbol *b = &t->symbols[t->datas[i].symbol];

		if (a->section == b->section &&
		    a->offset < b->offset + b->size &&
		    b->offset < a->offset + a->size)
			refuse(REASON_DUPLICATE, t->strings + a->name,
			       "it gets new contents twice");
	}
}

/**
 * datas_make() - make the rows
 * @f: the update, after pre_make() and obj_number()
 * @rows: rows of diff, or NULL
 */
void datas_make(struct finish *f, const struct section *rows)
{
	struct tables *t = &f->pre.tables;

	for (uint64_t at = 0; rows && at < rows->size;
	     at += sizeof(struct link_data)) {
		struct link_data link = link_row(rows, at);
		struct symbol *object = old_object(f, &link);
		struct lsp_data row = {
			.symbol = pre_definition_row(&f->pre, object),
		};

		find_contents(f, rows, at, &row, object->size);
		check_apart(t, &row);
		row.bytes = table_add(t, TABLE_bytes,
				      object->sec->data + object->value,
				      object->size);
		make_relocs(f, object, &row);
		table_add(t, TABLE_datas, &row, 1);
	}
}
