// SPDX-License-Identifier: GPL-2.0
/*
 * Special tables, split by the functions that own their entries.
 *
 * The sizes of entries and the field that tells the owner stand in the table
 * of section kinds (sections.c). A table that is not what it should be is
 * treated like an unknown section from here on. Called by items.c.
 */
#include <stdlib.h>
#include <string.h>

#include "splice-elf.h"

/**
 * section_is_repl() - does a section hold replacements of alternatives?
 * @sec: section
 *
 * Return: true if so.
 */
bool section_is_repl(const struct section *sec)
{
	return !strcmp(sec->name, ".altinstr_replacement");
}

/**
 * mark_empty() - mark relocations that lead to replacements of no bytes
 * @obj: object
 *
 * Such a replacement stands where the next one starts, which may be that of
 * another function.
 */
void mark_empty(struct obj *obj)
{
	struct section *sec = obj_section(obj, ".altinstructions");

	if (!sec || !sec->kind || !sec->data)
		return;
	for_each_reloc(sec, rel) {
		uint64_t field = rel->offset % sec->kind->entsize;
		uint64_t len = rel->offset - field + ALT_REPL_LENGTH;

		rel->empty = field == ALT_REPL && len < sec->size &&
			     !sec->data[len] && rel->sym->sec &&
			     section_is_repl(rel->sym->sec);
	}
}

static bool is_table(const struct section *sec)
{
	return section_is(sec, KIND_TABLE) ||
	       section_is(sec, KIND_CONST_SITES);
}

/* More than this is never between a function and what tells its type. */
#define MAX_PREFIX	64

/*
 * Some entries differ in size between configurations. Each has one field that
 * leads to code, so the distance of the first two tells.
 */
static uint64_t entry_size(const struct section *sec)
{
	if (sec->kind->entsize)
		return sec->kind->entsize;
	for_each_reloc(sec, rel) {
		struct ref ref = reloc_ref(rel);

		if (rel->offset && ref.kind == REF_ITEM &&
		    (ref.item->sec->flags & SHF_EXECINSTR))
			return rel->offset;
	}
	return sec->size;
}

/*
 * The filler in front of a function is told by its own table only, and is no
 * part of the function's symbol.
 */
static struct item *owner_of_filler(const struct reloc *rel)
{
	struct section *sec = rel->sym->sec;
	uint64_t at = rel->sym->value + rel->addend;

	for (size_t i = 0; sec && i < sec->nr_items; i++) {
		struct item *item = &sec->items[i];

		if (!item->func || at >= item->offset + item->size)
			continue;
		if (at < item->offset)
			item->pad = item->offset - at;
		return item;
	}
	return NULL;
}

static struct item *owner_of(const struct section *sec, uint64_t offset)
{
	struct reloc *rel = section_reloc_at(sec, offset + sec->kind->owner);
	struct item *item;
	struct ref ref;

	if (!rel || !rel->sym->sec)
		return NULL;
	if (!strcmp(sec->name, "__patchable_function_entries"))
		return owner_of_filler(rel);
	ref = reloc_ref(rel);
	item = ref.kind == REF_ITEM ? ref.item : NULL;
	while (item && !item->func && !item_is_label(item))
		item = item->parent;
	return item;
}

static struct entry *add_entry(struct item *owner, struct section *sec,
			       uint64_t offset, uint64_t size)
{
	struct entry *entry = xcalloc(1, sizeof(*entry));

	entry->sec = sec;
	entry->offset = offset;
	entry->size = size;
	entry->owner = owner;
	owner->entries = grow(owner->entries, owner->nr_entries,
			      &owner->max_entries, sizeof(*owner->entries));
	owner->entries[owner->nr_entries++] = entry;
	return entry;
}

static void split_table(struct section *sec)
{
	uint64_t size = entry_size(sec);
	struct entry **table;

	if (!sec->size)
		return;
	if (!size || sec->size % size || sec->type == SHT_NOBITS) {
		sec->kind = NULL;
		return;
	}
	for (uint64_t off = 0; off < sec->size; off += size) {
		if (!owner_of(sec, off)) {
			sec->kind = NULL;
			return;
		}
	}
	table = xcalloc(sec->size / size, sizeof(*table));
	for (uint64_t off = 0; off < sec->size; off += size)
		table[off / size] = add_entry(owner_of(sec, off), sec, off, size);
	sec->entry_size = size;
	sec->table = table;
}

/* A replacement belongs to the function whose code it replaces. */
static void adopt_replacements(struct section *sec)
{
	for (size_t i = 0; i < sec->nr_relocs; i++) {
		struct ref ref = reloc_ref(&sec->relocs[i]);
		uint64_t field = sec->relocs[i].offset %
				 sec->kind->entsize;
		struct item *owner;

		if (field != ALT_REPL || ref.kind != REF_ITEM ||
		    !section_is_repl(ref.item->sec))
			continue;
		owner = owner_of(sec, sec->relocs[i].offset - ALT_REPL);
		if (ref.item->parent && ref.item->parent != owner)
			sec->kind = NULL;
		item_adopt(ref.item, owner);
		if (!sec->kind)
			return;
	}
}

/* Out of line code belongs to the function that jumps there. */
static void adopt_pieces(struct obj *obj)
{
	for_each_item(obj, item) {
		if (!item->func)
			continue;
		for_each_item_reloc(item, rel) {
			struct ref ref = reloc_ref(rel);

			if (ref.kind == REF_ITEM &&
			    section_is(ref.item->sec, KIND_PIECES))
				item_adopt(ref.item, item);
		}
	}
}

/* Which table of an object comes first depends on who needed one first. */
static int compare_entries(const void *pa, const void *pb)
{
	const struct entry *a = *(struct entry **)pa;
	const struct entry *b = *(struct entry **)pb;
	int order = strcmp(a->sec->name, b->sec->name);

	if (order)
		return order;
	if (a->sec != b->sec)
		return a->sec->idx < b->sec->idx ? -1 : 1;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

/*
 * What tells a function's type is in front of it, with nothing but filler between.
 * The filler's table knows less of it.
 */
static void adopt_type(struct symbol *sym)
{
	const char *name = sym->name + strlen(TYPE_PREFIX);
	struct section *sec = sym->sec;

	for (size_t i = 0; i < sec->nr_items; i++) {
		struct item *item = &sec->items[i];

		if (item->offset < sym->value + sym->size)
			continue;
		if (!item->func || strcmp(item->sym->name, name) ||
		    item->offset - sym->value > MAX_PREFIX)
			return;
		item->type = sym;
		item->pad = item->offset - sym->value;
		return;
	}
}

static void adopt_types(struct obj *obj)
{
	for_each_symbol(obj, sym) {
		if (sym->sec && sym->type == STT_FUNC && !obj->assembly &&
		    str_starts(sym->name, TYPE_PREFIX))
			adopt_type(sym);
	}
}

/**
 * entries_make() - give the entries of all special tables to their owners
 * @obj: object, with items
 */
void entries_make(struct obj *obj)
{
	struct section *alts = obj_section(obj, ".altinstructions");

	adopt_pieces(obj);
	if (alts && is_table(alts))
		adopt_replacements(alts);
	for_each_section(obj, sec) {
		if (is_table(sec))
			split_table(sec);
	}
	adopt_types(obj);
	for_each_item(obj, item)
		sort_array(item->entries, item->nr_entries,
			   sizeof(*item->entries), compare_entries);
}
