// SPDX-License-Identifier: GPL-2.0
/*
 * References from new code to what the running kernel has.
 *
 * Everything is named by where it is in the plain pre object: that is what the
 * kernel was linked from, and what the engine finds again in memory. Called by
 * emit.c, carry.c and keep.c.
 */
#include <stdlib.h>
#include <string.h>

#include "diff.h"

/* A string or constant that the engine comes across in the running kernel. */
struct old_content {
	const struct section	*sec;
	uint64_t		offset;
	size_t			size;
};

static struct old_content *contents;
static size_t nr_contents, max_contents;

static void note_contents(const struct section *sec, uint64_t start,
			  uint64_t size)
{
	struct reloc *end = section_reloc_from(sec, start + size);

	for (struct reloc *rel = section_reloc_from(sec, start); rel < end;
	     rel++) {
		struct ref ref = reloc_ref(rel);

		if (ref.kind != REF_CONTENT)
			continue;
		contents = grow(contents, nr_contents, &max_contents,
				sizeof(*contents));
		contents[nr_contents++] = (struct old_content){
			.sec = ref.sec,
			.offset = ref.offset,
			.size = content_size(ref.sec, ref.offset),
		};
	}
}

/**
 * old_contents_make() - note which strings and constants are at hand
 * @d: the diff
 *
 * The engine infers addresses from the code that it matches, and from the old
 * contents of objects that get new ones. What only other data, or only code
 * that is gone after boot, refers to has no address for it.
 */
void old_contents_make(struct diff *d)
{
	for_each_item(d->plain, item) {
		if (item->func && !item_is_weak(item) &&
		    section_is(item->sec, KIND_TEXT))
			note_contents(item->sec, item->offset, item->size);
	}
	for_each_item(d->post, item) {
		const struct symbol *old;

		if (!item->rewritten)
			continue;
		old = old_place(d, item->twin);
		if (old)
			note_contents(old->sec, old->value, old->size);
	}
}

/**
 * old_content_name() - find a string or constant in the running kernel
 * @d: the diff
 * @ref: reference of the post side, of kind REF_CONTENT
 *
 * Return: name of the import, allocated; NULL if pre does not have it.
 */
char *old_content_name(const struct diff *d, const struct ref *ref)
{
	size_t size = content_size(ref->sec, ref->offset);

	for (size_t i = 0; i < nr_contents; i++) {
		const struct old_content *old = &contents[i];

		if (old->size != size ||
		    old->sec->kind->class != ref->sec->kind->class ||
		    old->sec->entsize != ref->sec->entsize ||
		    memcmp(old->sec->data + old->offset,
			   ref->sec->data + ref->offset, size))
			continue;
		return xasprintf(LINK_OLD_PREFIX "%u.%x.%llx.%c", d->unit,
				 old->sec->idx,
				 (unsigned long long)old->offset,
				 LINK_OLD_STRING);
	}
	return NULL;
}

/* Does code that the engine matches tell it where a section is? */
static bool is_at_hand(const struct diff *d, const struct section *sec)
{
	for_each_item(d->plain, func) {
		if (!func->func || item_is_weak(func) ||
		    !section_is(func->sec, KIND_TEXT))
			continue;
		for_each_item_reloc(func, rel) {
			if (rel->sym->type == STT_SECTION &&
			    rel->sym->sec == sec)
				return true;
		}
	}
	return false;
}

/* Constants without a name of the plain pre object, as KASAN lists them. */
struct nameless {
	const struct section	*sec;
	struct asan_global	place;
};

static struct nameless *nameless;
static size_t nr_nameless, max_nameless;

static bool is_constant_data(const struct section *sec, uint64_t start,
			     uint64_t size)
{
	return sec->data && !(sec->flags & SHF_WRITE) &&
	       section_is(sec, KIND_DATA) &&
	       section_reloc_from(sec, start) ==
	       section_reloc_from(sec, start + size);
}

static void find_nameless(const struct diff *d)
{
	if (nameless)
		return;
	for_each_section(d->plain, sec) {
		struct asan_global *globals;
		size_t nr = asan_globals(sec, &globals);

		if (nr && !is_at_hand(d, sec))
			nr = 0;
		for (size_t i = 0; i < nr; i++) {
			if (!is_constant_data(sec, globals[i].start,
					      globals[i].size))
				continue;
			nameless = grow(nameless, nr_nameless, &max_nameless,
					sizeof(*nameless));
			nameless[nr_nameless++] = (struct nameless){
				.sec = sec,
				.place = globals[i],
			};
		}
		free(globals);
	}
}

/* The same in the plain pre object, or NULL. */
static const struct nameless *plain_nameless(const struct diff *d,
					     const struct item *item)
{
	if (item->sym || !item->sec->apart ||
	    !is_constant_data(item->sec, item->offset, item->size))
		return NULL;
	find_nameless(d);
	for (size_t i = 0; i < nr_nameless; i++) {
		const struct nameless *old = &nameless[i];

		if (old->place.size == item->size &&
		    !memcmp(old->sec->data + old->place.start,
			    item->sec->data + item->offset, item->size) &&
		    !section_symbol_at(old->sec, old->place.start,
				       STT_OBJECT))
			return old;
	}
	return NULL;
}

/**
 * old_has_nameless() - has the running kernel this constant without a name?
 * @d: the diff
 * @item: object of the post side
 *
 * Return: true if so, and if it is known where.
 */
bool old_has_nameless(const struct diff *d, const struct item *item)
{
	return plain_nameless(d, item);
}

/* The only symbol of the plain pre object that names an item of pre. */
static struct symbol *plain_symbol(const struct diff *d,
				   const struct item *item)
{
	struct symbol *found = NULL;
	struct symbol *sym;

	if (!item->sym)
		return NULL;
	sym = obj_symbol(d->plain, item->sym->name);
	for (; sym; sym = symbol_next(sym)) {
		if (!sym->sec || sym->type != item->sym->type ||
		    sym->bind != item->sym->bind)
			continue;
		if (found)
			return NULL;
		found = sym;
	}
	return found;
}

/**
 * old_place() - where is an item of pre in the plain pre object?
 * @d: the diff
 * @item: item of the pre side
 *
 * Return: its symbol there, or NULL, after a refusal, if there is not exactly
 * one.
 */
struct symbol *old_place(const struct diff *d, const struct item *item)
{
	struct symbol *sym = plain_symbol(d, item);

	if (!sym)
		refuse(REASON_PRE, item_name(item),
		       "not found, or not once, in %s: is the source that of the build?",
		       d->plain->path);
	return sym;
}

static struct symbol *import_place(struct diff *d, const struct section *sec,
				   uint64_t offset, char type)
{
	char *name = xasprintf(LINK_OLD_PREFIX "%u.%x.%llx.%c", d->unit,
			       sec->idx, (unsigned long long)offset, type);
	struct symbol *import = obj_import(d->out, name);

	free(name);
	return import;
}

/**
 * old_item_symbol() - import for something that pre has
 * @d: the diff
 * @rel: relocation of the post side that refers to it, or NULL
 * @item: item of the pre side
 *
 * What the whole kernel knows keeps its name, all else is named by its place.
 *
 * Return: undefined symbol of the new object, NULL after a refusal.
 */
struct symbol *old_item_symbol(struct diff *d, const struct reloc *rel,
			       const struct item *item)
{
	struct symbol *global = item_global(item);
	const struct nameless *constant;
	struct symbol *sym;

	if (section_is(item->sec, KIND_IDS))
		return import_place(d, ids_section(d->plain), 0,
				    LINK_OLD_OBJECT);
	/* A weak name means whatever definition has won. */
	if (rel && rel->sym->bind != STB_LOCAL) {
		sym = obj_global(d->pre, rel->sym->name);
		if (sym && sym->item == item)
			global = sym;
	}
	if (global)
		return obj_import(d->out, global->name);

	constant = plain_nameless(d, item);
	if (constant)
		return import_place(d, constant->sec, constant->place.start,
				    LINK_OLD_OBJECT);
	sym = old_place(d, item);
	if (!sym)
		return NULL;
	return import_place(d, sym->sec, sym->value,
			    item->func ? LINK_OLD_FUNC : LINK_OLD_OBJECT);
}

/**
 * section_kept_layout() - is every item where it was before?
 * @sec: section of the post side with several items
 *
 * An address in a section of several objects may be meant as one behind the
 * end or before the start of an object next to it. That makes no difference
 * as long as both sides have all of them in the same places.
 *
 * Return: true if so.
 */
bool section_kept_layout(const struct section *sec)
{
	const struct section *pre = NULL;

	for (size_t i = 0; i < sec->nr_items; i++) {
		const struct item *item = &sec->items[i];

		if (!item->twin || item->twin->offset != item->offset ||
		    (pre && item->twin->sec != pre))
			return false;
		pre = item->twin->sec;
	}
	return pre && pre->nr_items == sec->nr_items;
}
