// SPDX-License-Identifier: GPL-2.0
/*
 * What is the same on both sides, and what is not.
 *
 * A function is the same if its bytes, what its relocations lead to, and its
 * entries in special tables are the same; addresses mean nothing, twins do.
 * What becomes of objects that differ is decided in objects.c; compare_rest()
 * looks at what is left, which may not change. Called by correlate.c, objects.c
 * and diff.c.
 */
#include <stdlib.h>
#include <string.h>

#include "diff.h"

/* Nameless things may refer to each other; nobody nests them deeper. */
#define MAX_DEPTH	8

static int depth;

static bool same_content(const struct ref *a, const struct ref *b)
{
	size_t size = content_size(a->sec, a->offset);

	return a->sec->kind->class == b->sec->kind->class &&
	       a->delta == b->delta && size == content_size(b->sec, b->offset) &&
	       !memcmp(a->sec->data + a->offset, b->sec->data + b->offset,
		       size);
}

/**
 * item_is_own() - has new code a copy of its own, whatever pre has?
 * @item: item
 *
 * Return: true for descriptors and state of messages.
 */
bool item_is_own(const struct item *item)
{
	return section_is(item->sec, KIND_OWN) ||
	       (item->sym && name_class(item) == NAME_OWN);
}

/**
 * item_is_constant() - is an object known by what it holds alone?
 * @item: item
 *
 * So are constants that macros make, and static ones inside of functions if
 * there are several of one name and nothing else tells them apart.
 *
 * Return: true if so.
 */
bool item_is_constant(const struct item *item)
{
	if (!item->sym || item->func)
		return false;
	return name_class(item) == NAME_CONTENT ||
	       (!item->twin && name_is_numbered(item->sym->name) &&
		section_is(item->sec, KIND_DATA) &&
		!(item->sec->flags & SHF_WRITE));
}

/* Things whose identity does not matter, only what they hold. */
static bool known_by_content(const struct item *a, const struct item *b)
{
	if (!a->sym || !b->sym)
		return !a->sym && !b->sym && !strcmp(a->sec->name, b->sec->name);
	if (strcmp(a->base, b->base) || a->func || b->func)
		return false;
	if (!a->size && !b->size)
		return true;
	return (item_is_constant(a) && item_is_constant(b)) ||
	       (item_is_own(a) && item_is_own(b));
}

static bool same_item(const struct item *a, const struct item *b)
{
	bool same;

	if (a->twin == b && b->twin == a)
		return true;
	if (!known_by_content(a, b))
		return false;
	/* Descriptors of dynamic debug hold a line number: no difference. */
	if (!strcmp(a->sec->name, "__dyndbg"))
		return a->size == b->size;
	if (depth == MAX_DEPTH)
		return false;
	depth++;
	same = same_contents(a, b);
	depth--;
	return same;
}

static const unsigned char *contents(const struct section *sec,
				     uint64_t offset)
{
	return sec->data ? sec->data + offset : NULL;
}

/* Contents of SHT_NOBITS are zeros. @noise has a bit for bytes to skip. */
static bool same_bytes(const unsigned char *a, const unsigned char *b,
		       uint64_t size, uint32_t noise)
{
	if (!a && !b)
		return true;
	for (uint64_t i = 0; i < size; i++) {
		if (i < 32 && (noise & (1U << i)))
			continue;
		if ((a ? a[i] : 0) != (b ? b[i] : 0))
			return false;
	}
	return true;
}

/* Nameless data of boot code is no item: it is the same as a whole or not. */
static bool same_boot_data(const struct reloc *a, const struct reloc *b)
{
	const struct section *sa = a->sym->sec, *sb = b->sym->sec;

	return sa && sb && section_is(sa, KIND_INIT) &&
	       section_is(sb, KIND_INIT) && sa->size == sb->size &&
	       same_bytes(sa->data, sb->data, sa->size, 0);
}

static const struct reloc *first_other_reloc(const struct section *sa,
					     uint64_t oa,
					     const struct section *sb,
					     uint64_t ob, uint64_t size);

static bool same_entry(const struct entry *a, const struct entry *b)
{
	return !strcmp(a->sec->name, b->sec->name) && a->size == b->size &&
	       same_bytes(a->sec->data + a->offset, b->sec->data + b->offset,
			  a->size, a->sec->kind->noise) &&
	       !first_other_reloc(a->sec, a->offset, b->sec, b->offset,
				  a->size);
}

/* A weak name may mean another definition than this one. */
static bool same_weakness(const struct symbol *a, const struct symbol *b)
{
	if (a->bind != STB_WEAK && b->bind != STB_WEAK)
		return true;
	return a->bind == b->bind && !strcmp(a->name, b->name);
}

/**
 * same_ref() - do both relocations lead to the same thing?
 * @a: relocation of the pre side
 * @b: relocation of the post side
 *
 * Return: true if so.
 */
bool same_ref(const struct reloc *a, const struct reloc *b)
{
	struct ref ra = reloc_ref(a), rb = reloc_ref(b);

	if (a->type != b->type || ra.kind != rb.kind)
		return false;
	switch (ra.kind) {
	case REF_EMPTY:
		return true;
	case REF_EXTERN:
		return !strcmp(ra.sym->name, rb.sym->name) &&
		       ra.sym->bind == rb.sym->bind && ra.delta == rb.delta;
	case REF_ITEM:
		return ra.delta == rb.delta && same_item(ra.item, rb.item) &&
		       same_weakness(a->sym, b->sym);
	case REF_CONTENT:
		return same_content(&ra, &rb);
	case REF_ENTRY:
		return same_entry(ra.entry, rb.entry);
	case REF_BAD:
		break;
	}
	if (strcmp(symbol_name(a->sym), symbol_name(b->sym)) ||
	    a->addend != b->addend)
		return false;
	return (!a->sym->sec && !b->sym->sec) || same_boot_data(a, b);
}

/* The first pair of relocations that differs, or NULL; */
static const struct reloc *first_other_reloc(const struct section *sa,
					     uint64_t oa,
					     const struct section *sb,
					     uint64_t ob, uint64_t size)
{
	struct reloc *a = section_reloc_from(sa, oa);
	struct reloc *a_end = section_reloc_from(sa, oa + size);
	struct reloc *b = section_reloc_from(sb, ob);
	struct reloc *b_end = section_reloc_from(sb, ob + size);

	for (; a < a_end && b < b_end; a++, b++) {
		if (a->offset - oa != b->offset - ob || !same_ref(a, b))
			return b;
	}
	if (b < b_end)
		return b;
	return a < a_end ? a : NULL;
}

/**
 * same_contents() - same size, bytes and references?
 * @a: item of the pre side
 * @b: item of the post side
 *
 * Return: true if so.
 */
bool same_contents(const struct item *a, const struct item *b)
{
	return a->size == b->size &&
	       same_bytes(contents(a->sec, a->offset),
			  contents(b->sec, b->offset), a->size, 0) &&
	       !first_other_reloc(a->sec, a->offset, b->sec, b->offset,
				  a->size);
}

/**
 * data_difference() - what differs between an object and its twin?
 * @a: object of the pre side
 * @b: of the post side
 *
 * Return: a word for people, or NULL: nothing.
 */
const char *data_difference(const struct item *a, const struct item *b)
{
	if (a->size != b->size)
		return "size";
	if (!same_bytes(contents(a->sec, a->offset),
			contents(b->sec, b->offset), a->size, 0))
		return "contents";
	if (first_other_reloc(a->sec, a->offset, b->sec, b->offset, a->size))
		return "references";
	return NULL;
}

/* Bytes from the first to the last one that was added; none if first > last. */
struct span {
	uint64_t	first;
	uint64_t	last;
};

static void add_bytes(struct span *span, uint64_t offset, uint64_t size)
{
	if (offset < span->first)
		span->first = offset;
	if (offset + size - 1 > span->last)
		span->last = offset + size - 1;
}

static uint64_t field_offset(const struct item *item, const struct reloc *rel,
			     const struct reloc *end)
{
	return rel < end ? rel->offset - item->offset : UINT64_MAX;
}

/* Fields that lead elsewhere, or are there on one side only. */
static void add_fields(struct span *span, const struct item *a,
		       const struct item *b)
{
	struct reloc *ra = section_reloc_from(a->sec, a->offset);
	struct reloc *ea = section_reloc_from(a->sec, a->offset + a->size);
	struct reloc *rb = section_reloc_from(b->sec, b->offset);
	struct reloc *eb = section_reloc_from(b->sec, b->offset + b->size);

	while (ra < ea || rb < eb) {
		uint64_t oa = field_offset(a, ra, ea);
		uint64_t ob = field_offset(b, rb, eb);
		const struct reloc *rel = oa <= ob ? ra : rb;

		if (oa != ob || !same_ref(ra, rb))
			add_bytes(span, oa <= ob ? oa : ob,
				  x86_reloc_size(rel->type) ?: 8);
		ra += oa <= ob;
		rb += ob <= oa;
	}
}

/**
 * contents_span() - where do the contents of an object change?
 * @a: object of the pre side
 * @b: its twin, of the same size
 * @first: set to the first byte that changes
 * @last: set to the last one
 *
 * Return: false if none does.
 */
bool contents_span(const struct item *a, const struct item *b,
		   uint64_t *first, uint64_t *last)
{
	const unsigned char *pa = contents(a->sec, a->offset);
	const unsigned char *pb = contents(b->sec, b->offset);
	struct span span = { .first = UINT64_MAX };

	for (uint64_t i = 0; i < a->size; i++) {
		if ((pa ? pa[i] : 0) != (pb ? pb[i] : 0))
			add_bytes(&span, i, 1);
	}
	add_fields(&span, a, b);
	*first = span.first;
	*last = span.last;
	return span.first <= span.last;
}

static const char *reference_difference(const struct reloc *rel)
{
	struct ref ref = reloc_ref(rel);

	/* Functions have reasons of their own, which do not make others change. */
	if (ref.kind == REF_ITEM && !ref.item->func && ref.item->why)
		return xasprintf("uses %s, which %s", item_name(ref.item),
				 ref.item->why);
	if (ref.kind == REF_CONTENT)
		return section_is(ref.sec, KIND_CONSTS) ?
		       "another constant" : "another string";
	return xasprintf("reference to %s", symbol_name(rel->sym));
}

/**
 * func_difference() - what differs between a function and its twin?
 * @a: function or fragment of the pre side
 * @b: of the post side
 *
 * Return: words for people, or NULL: nothing.
 */
const char *func_difference(const struct item *a, const struct item *b)
{
	/* In assembly the padding is what alignment has left. */
	uint64_t pad_a = a->sec->obj->assembly ? 0 : a->pad;
	uint64_t pad_b = b->sec->obj->assembly ? 0 : b->pad;
	const struct reloc *rel;

	if (section_is(a->sec, KIND_FIXED_TEXT) !=
	    section_is(b->sec, KIND_FIXED_TEXT))
		return "section";
	if (a->size != b->size || pad_a != pad_b)
		return "size";
	if (!same_bytes(contents(a->sec, a->offset - pad_a),
			contents(b->sec, b->offset - pad_b),
			a->size + pad_a, 0))
		return "code";
	rel = first_other_reloc(a->sec, a->offset, b->sec, b->offset, a->size);
	if (rel)
		return reference_difference(rel);
	for (size_t i = 0; i < a->nr_entries && i < b->nr_entries; i++) {
		if (!same_entry(a->entries[i], b->entries[i]))
			return b->entries[i]->sec->name;
	}
	if (a->nr_entries != b->nr_entries)
		return "number of special table entries";
	return NULL;
}

/**
 * section_has_equal() - has the other object a section like this one?
 * @sec: section
 * @other: the other object
 * @pre: @sec is of the pre side, @other of the post side
 *
 * Return: true if so.
 */
bool section_has_equal(const struct section *sec, const struct obj *other,
		       bool pre)
{
	for_each_section(other, o) {
		const struct section *a = pre ? sec : o, *b = pre ? o : sec;

		if (!strcmp(o->name, sec->name) && o->size == sec->size &&
		    o->type == sec->type &&
		    same_bytes(a->data, b->data, a->size, 0) &&
		    !first_other_reloc(a, 0, b, 0, a->size))
			return true;
	}
	return false;
}

static void compare_unknown(const struct obj *obj, const struct obj *other,
			    bool pre)
{
	for_each_section(obj, sec) {
		if (sec->kind || !sec->size)
			continue;
		if (!(sec->flags & SHF_ALLOC) &&
		    !str_starts(sec->name, ".discard"))
			continue;
		if (section_has_equal(sec, other, pre))
			continue;
		refuse(REASON_SECTION, sec->name,
		       "changed, and not understood: only a new kernel can have this change");
	}
}

static const char *target_name(const struct reloc *rel)
{
	struct ref ref = reloc_ref(rel);

	if (ref.kind == REF_ITEM)
		return ref.item->base ?: ref.item->sec->name;
	if (ref.kind == REF_CONTENT && section_is(ref.sec, KIND_STRINGS))
		return (char *)ref.sec->data + ref.offset;
	return symbol_name(rel->sym);
}

static size_t count_target(const struct obj *obj, const char *section,
			   const char *name)
{
	size_t nr = 0;

	for_each_section(obj, sec) {
		if (strcmp(sec->name, section))
			continue;
		for_each_reloc(sec, rel)
			nr += !strcmp(target_name(rel), name);
	}
	return nr;
}

static uint64_t section_bytes(const struct obj *obj, const char *name)
{
	uint64_t size = 0;

	for_each_section(obj, sec)
		size += strcmp(sec->name, name) ? 0 : sec->size;
	return size;
}

/* A registry may lose entries, which stay in force, but not get new ones. */
static void compare_registry(const struct obj *pre, const struct section *sec)
{
	uint64_t new = 0, bytes;

	for_each_reloc(sec, rel) {
		const char *name = target_name(rel);

		if (export_is_new(rel, &bytes)) {
			new += bytes;
			continue;
		}
		if (count_target(pre, sec->name, name) >=
		    count_target(sec->obj, sec->name, name))
			continue;
		refuse(sec->kind->reason, sec->name,
		       "new entry for %s, which only a boot would take notice of",
		       name);
	}
	if (section_bytes(pre, sec->name) + new <
	    section_bytes(sec->obj, sec->name))
		refuse(sec->kind->reason, sec->name,
		       "more entries, which only a boot would take notice of");
}

/*
 * Bytes that are neither function nor object, and tables that the kernel goes
 * on reading: nothing else would notice a change.
 */
static void compare_nameless(const struct obj *obj, const struct obj *other,
			     bool pre)
{
	for_each_section(obj, sec) {
		bool table = section_is(sec, KIND_REGISTRY) &&
			     sec->kind->reason == REASON_SECTION;

		if (!table && (sec->nr_items ||
			       (!section_is(sec, KIND_TEXT) &&
				!section_is(sec, KIND_FIXED_TEXT) &&
				!section_is(sec, KIND_DATA) &&
				!section_is(sec, KIND_PERCPU))))
			continue;
		if (!sec->size || section_has_equal(sec, other, pre))
			continue;
		refuse(REASON_SECTION, sec->name,
		       "%s, and the running kernel has what it had when it was built",
		       table ? "a table that changes" : "something without a name in it changes");
	}
}

/* Zeros without a meaning are what alignment leaves. */
static bool is_empty(const struct section *sec, uint64_t start, uint64_t end)
{
	for (uint64_t i = start; sec->data && i < end; i++) {
		if (sec->data[i])
			return false;
	}
	return section_reloc_from(sec, start) == section_reloc_from(sec, end);
}

/* The next stretch at or behind @start that no item covers; false: no more. */
static bool next_gap(const struct section *sec, size_t *item, uint64_t *start,
		     uint64_t *end)
{
	if (*item > sec->nr_items)
		return false;
	*start = 0;
	if (*item)
		*start = sec->items[*item - 1].offset +
			 sec->items[*item - 1].size;
	*end = *item < sec->nr_items ? sec->items[*item].offset : sec->size;
	++*item;
	return true;
}

static bool has_gaps(const struct section *sec)
{
	uint64_t start, end;

	if (!sec)
		return false;
	for (size_t i = 0; next_gap(sec, &i, &start, &end);) {
		if (!is_empty(sec, start, end))
			return true;
	}
	return false;
}

/**
 * same_gaps() - is what no item covers the same?
 * @a: section of the pre side, or NULL
 * @b: the one of that name of the post side, or NULL
 *
 * Return: false if it differs, or if items have moved and it cannot be told.
 */
bool same_gaps(const struct section *a, const struct section *b)
{
	uint64_t start_a, end_a, start_b, end_b;

	if (!has_gaps(a) && !has_gaps(b))
		return true;
	if (!a || !b || a->nr_items != b->nr_items)
		return false;
	for (size_t i = 0, j = 0; next_gap(a, &i, &start_a, &end_a) &&
	     next_gap(b, &j, &start_b, &end_b);) {
		if (start_a != start_b || end_a != end_b ||
		    (start_a < end_a &&
		     !same_bytes(contents(a, start_a), contents(b, start_a),
				 end_a - start_a, 0)) ||
		    first_other_reloc(a, start_a, b, start_a, end_a - start_a))
			return false;
	}
	return true;
}

/* What an object is kept in, and where: new code may rely on more. */
static void compare_places(const struct obj *post)
{
	for_each_item(post, b) {
		const struct item *a = b->twin;

		if (!a || b->func || !section_is(b->sec, KIND_DATA) ||
		    !section_is(a->sec, KIND_DATA) || item_is_own(b) ||
		    item_is_constant(b))
			continue;
		if (b->sec->align > a->sec->align && b->sec->nr_items == 1 &&
		    a->sec->nr_items == 1)
			refuse(REASON_DATA, item_name(b),
			       "alignment of an object that the running kernel has, from %llu to %llu: use a new object",
			       (unsigned long long)a->sec->align,
			       (unsigned long long)b->sec->align);
		if (!strstr(a->sec->name, "..decrypted") !=
		    !strstr(b->sec->name, "..decrypted"))
			refuse(REASON_DATA, item_name(b),
			       "of an object that moves from %s to %s: the running kernel has it in one of them",
			       a->sec->name, b->sec->name);
	}
}

/**
 * compare_rest() - compare what is neither function nor object
 * @pre: pre side
 * @post: post side
 *
 * Differences are refused.
 */
void compare_rest(struct obj *pre, struct obj *post)
{
	for_each_section(post, sec) {
		if (section_is(sec, KIND_REGISTRY))
			compare_registry(pre, sec);
	}
	compare_unknown(pre, post, true);
	compare_unknown(post, pre, false);
	compare_nameless(pre, post, true);
	compare_nameless(post, pre, false);
	compare_places(post);
}
