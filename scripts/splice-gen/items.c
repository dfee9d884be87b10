// SPDX-License-Identifier: GPL-2.0
/*
 * Functions and objects of an object file, and where relocations lead.
 *
 * With a section for each function and object most sections hold one item,
 * but not all: attributes put several into one, and the compiler leaves data
 * without a name. Items therefore come from symbols and, where there are
 * none, from the places that relocations lead to. Called by diff.c for each
 * of its objects; all later steps work on items and refs only.
 */
#include <stdlib.h>
#include <string.h>

#include "splice-elf.h"

/**
 * section_has_items() - does a section consist of functions and objects?
 * @sec: section
 *
 * Return: true if so.
 */
bool section_has_items(const struct section *sec)
{
	return (sec->flags & SHF_ALLOC) && !section_is(sec, KIND_STRINGS) &&
	       !section_is(sec, KIND_CONSTS) && !section_is(sec, KIND_TABLE) &&
	       !section_is(sec, KIND_CONST_SITES) &&
	       !section_is(sec, KIND_IGNORE) &&
	       (!section_is(sec, KIND_ASAN) || (sec->flags & SHF_EXECINSTR));
}

static bool names_item(const struct symbol *sym)
{
	/* That is a part of the function behind it. */
	if (str_starts(sym->name, TYPE_PREFIX) && sym->sec &&
	    !sym->sec->obj->assembly)
		return false;
	return sym->type == STT_FUNC || sym->type == STT_OBJECT ||
	       (sym->type == STT_NOTYPE && *sym->name);
}

/* Of several symbols of one place the one that best names it. */
static bool better_name(const struct symbol *a, const struct symbol *b)
{
	if (a->type == STT_NOTYPE || b->type == STT_NOTYPE)
		return a->type != STT_NOTYPE;
	if (a->size != b->size)
		return a->size > b->size;
	return a->bind == STB_GLOBAL && b->bind != STB_GLOBAL;
}

/**
 * item_add() - add an item to a section
 * @sec: section
 * @max: number of items it has room for
 * @sym: what names it, or NULL
 * @offset: where it is
 *
 * Return: the item, until the next one is added.
 */
struct item *item_add(struct section *sec, size_t *max, struct symbol *sym,
		      uint64_t offset)
{
	struct item *item;

	sec->items = grow(sec->items, sec->nr_items, max, sizeof(*sec->items));
	item = &sec->items[sec->nr_items++];
	memset(item, 0, sizeof(*item));
	item->sec = sec;
	item->sym = sym;
	item->offset = offset;
	if (sym) {
		item->size = sym->size;
		item->func = sym->type == STT_FUNC;
		item->base = name_base(sym->name);
	}
	return item;
}

/* Symbols are sorted by value; what starts inside of an item is a label. */
static void name_items(struct section *sec)
{
	struct item *item = NULL;
	size_t max = 0;

	for (size_t i = 0; i < sec->nr_syms; i++) {
		struct symbol *sym = sec->syms[i];

		if (!names_item(sym))
			continue;
		if (item && sym->value == item->offset) {
			if (!better_name(sym, item->sym))
				continue;
			item->sym = sym;
			item->size = sym->size;
			item->func = sym->type == STT_FUNC;
			item->base = name_base(sym->name);
		} else if (!item || sym->value >= item->offset + item->size) {
			item = item_add(sec, &max, sym, sym->value);
		}
	}
}

/*
 * A label without a size reaches to what follows it. So does data of assembly:
 * labels that the assembler forgot may stand behind what has a size.
 */
static void stretch_labels(struct section *sec)
{
	bool data = sec->obj->assembly && section_is(sec, KIND_DATA);

	for (size_t i = 0; i < sec->nr_items; i++) {
		struct item *item = &sec->items[i];

		if (data || (!item->size && item->sym &&
			     item->sym->type == STT_NOTYPE))
			item->size = (i + 1 < sec->nr_items ?
				      item[1].offset : sec->size) -
				     item->offset;
	}
}

static void mark_reloc(struct reloc *rel, const struct x86_insn *insn,
		       uint64_t start)
{
	uint64_t off = rel->offset - start;
	bool disp = insn->disp_size && off == insn->disp_off;
	bool imm = insn->imm_size && off == insn->imm_off;

	rel->lost = !disp && !imm;
	if (x86_reloc_is_pcrel(rel->type))
		rel->insn_end = insn->len - off;
	/* An address, or what calculates one? */
	rel->biased = disp ? insn->base >= 0 || insn->index >= 0 :
		      imm && !insn->direct && !insn->mov_imm &&
		      !insn->push_imm && !insn->cmp &&
		      (insn->map || insn->opcode != 0xc7);
	rel->exact = (disp && !insn->lea && insn->base < 0 &&
		      insn->index < 0) || (imm && insn->direct);
}

/* Tell each relocation of a stretch of code about its instruction. */
static void decode_range(struct section *sec, uint64_t at, uint64_t end)
{
	struct reloc *rel = section_reloc_from(sec, at);
	struct reloc *last = section_reloc_from(sec, end);
	struct x86_insn insn;

	while (at < end && x86_decode(sec->data + at, end - at, &insn)) {
		for (; rel < last && rel->offset < at + insn.len; rel++)
			mark_reloc(rel, &insn, at);
		at += insn.len;
	}
	for (; rel < last; rel++)
		rel->lost = true;
}

/**
 * item_is_label() - is it code that assembly does not call a function?
 * @item: item
 *
 * Return: true if so.
 */
bool item_is_label(const struct item *item)
{
	return item->sym && item->sym->type == STT_NOTYPE &&
	       (section_is(item->sec, KIND_TEXT) ||
		section_is(item->sec, KIND_FIXED_TEXT));
}

static void decode_functions(struct obj *obj)
{
	for_each_item(obj, item) {
		if ((item->func && (item->sec->flags & SHF_EXECINSTR)) ||
		    item_is_label(item))
			decode_range(item->sec, item->offset,
				     item->offset + item->size);
	}
}

/**
 * item_is_alone() - is one item all that a section has?
 * @sec: section
 *
 * It covers all of it then, and what lies around it: the compiler may use an
 * address before the start or after the end of an array.
 *
 * Return: true if so.
 */
bool item_is_alone(const struct section *sec)
{
	return sec->nr_items == 1 && sec->items->sym && !sec->obj->assembly;
}

/**
 * reloc_target() - place in the section of its symbol that a relocation means
 * @rel: relocation, of what has been decoded
 *
 * Return: the offset.
 */
uint64_t reloc_target(const struct reloc *rel)
{
	return rel->sym->value + rel->addend + rel->insn_end;
}

static void name_symbols(struct obj *obj)
{
	for_each_item(obj, item) {
		if (item->sym)
			item->sym->item = item;
	}
	for_each_symbol(obj, sym) {
		if (sym->sec && !sym->item && names_item(sym))
			sym->item = item_at(sym->sec, sym->value);
	}
}

/**
 * item_adopt() - make an item a part of another one
 * @item: fragment or piece of code
 * @parent: what it belongs to, or NULL
 *
 * Objects may have names that make a circle; of such, the last part stays alone.
 */
void item_adopt(struct item *item, struct item *parent)
{
	item->parent = NULL;
	if (parent && item_head(parent) != item)
		item->parent = parent;
}

static void find_parents(struct obj *obj)
{
	for_each_item(obj, item) {
		size_t len;
		char *name;

		if (!item->func)
			continue;
		len = name_fragment(item->sym->name);
		if (!len)
			continue;
		name = xasprintf("%.*s", (int)len, item->sym->name);
		item_adopt(item, item_named(obj, name, true));
		free(name);
	}
}

/**
 * items_make() - find the items of an object
 * @obj: object
 */
void items_make(struct obj *obj)
{
	for_each_section(obj, sec) {
		if (!section_has_items(sec))
			continue;
		/* Names in lists of ids are what is in them. */
		if (section_is(sec, KIND_IDS))
			continue;
		name_items(sec);
		stretch_labels(sec);
	}
	mark_empty(obj);
	decode_functions(obj);
	/* Out of line code that is reached by jumps decodes in one go... */
	for_each_section(obj, sec) {
		if (section_is(sec, KIND_PIECES) && !section_is_repl(sec))
			decode_range(sec, 0, sec->size);
	}
	nameless_items(obj);
	/* ... and replacements one by one. */
	for_each_item(obj, item) {
		if (section_is_repl(item->sec))
			decode_range(item->sec, item->offset,
				     item->offset + item->size);
	}
	name_symbols(obj);
	find_parents(obj);
	entries_make(obj);
}

static struct item *first_from(const struct obj *obj, size_t pos)
{
	for (; pos < obj->nr_sections; pos++) {
		if (obj->sections[pos]->nr_items)
			return obj->sections[pos]->items;
	}
	return NULL;
}

/**
 * item_first() - the first item
 * @obj: object
 *
 * Return: it, or NULL.
 */
struct item *item_first(const struct obj *obj)
{
	return first_from(obj, 0);
}

/**
 * item_next() - the next item, of whatever section
 * @item: item
 *
 * Return: it, or NULL.
 */
struct item *item_next(const struct item *item)
{
	const struct section *sec = item->sec;

	if (item + 1 < sec->items + sec->nr_items)
		return (struct item *)item + 1;
	return first_from(sec->obj, sec->pos + 1);
}

/**
 * item_at() - the item that covers a place
 * @sec: section
 * @offset: the place
 *
 * Return: the item, or NULL.
 */
struct item *item_at(const struct section *sec, uint64_t offset)
{
	struct item *found = NULL;

	if (item_is_alone(sec))
		return sec->items;
	for (size_t i = 0; i < sec->nr_items; i++) {
		struct item *item = &sec->items[i];

		if (item->offset - item->pad > offset)
			break;
		if (offset < item->offset + item->size ||
		    offset == item->offset)
			found = item;
	}
	return found;
}

/**
 * item_named() - find an item by its name
 * @obj: object
 * @name: name of any of its symbols
 * @func: function or object
 *
 * Return: the item, or NULL.
 */
struct item *item_named(const struct obj *obj, const char *name, bool func)
{
	struct symbol *sym = obj_symbol(obj, name);

	for (; sym; sym = symbol_next(sym)) {
		if (sym->item && sym->item->func == func &&
		    sym->value == sym->item->offset)
			return sym->item;
	}
	return NULL;
}

/**
 * item_name() - name an item for people
 * @item: item
 *
 * Return: its name, or that of its section.
 */
const char *item_name(const struct item *item)
{
	return item->sym ? item->sym->name : item->sec->name;
}

/**
 * item_global() - the symbol by which the whole kernel knows an item
 * @item: item
 *
 * Return: a strong global symbol, or NULL.
 */
struct symbol *item_global(const struct item *item)
{
	for (size_t i = 0; i < item->sec->nr_syms; i++) {
		struct symbol *sym = item->sec->syms[i];

		if (sym->value == item->offset && names_item(sym) &&
		    sym->bind == STB_GLOBAL)
			return sym;
	}
	return NULL;
}

/**
 * item_is_weak() - may another definition win?
 * @item: item
 *
 * Return: true if it has a weak symbol and no strong one.
 */
bool item_is_weak(const struct item *item)
{
	bool weak = false;

	for (size_t i = 0; i < item->sec->nr_syms; i++) {
		struct symbol *sym = item->sec->syms[i];

		if (sym->value == item->offset && sym->bind == STB_WEAK)
			weak = true;
	}
	return weak && !item_global(item);
}

/**
 * item_head() - the function that a part belongs to
 * @item: fragment, piece of code, or anything else
 *
 * Return: the function, or @item.
 */
struct item *item_head(struct item *item)
{
	while (item->parent)
		item = item->parent;
	return item;
}

/*
 * The linker moves the elements of a mergeable section apart. A symbol names
 * one, and the addend is arithmetic, which may lead out of it; against the
 * section it is the sum that names one.
 */
static void content_ref(struct ref *ref, uint64_t offset)
{
	struct symbol *sym = ref->sym;

	ref->sec = sym->sec;
	ref->offset = sym->type == STT_SECTION ? offset : sym->value;
	ref->delta = offset - ref->offset;
	if (ref->offset < sym->sec->size && !sym->sec->nr_relocs)
		ref->kind = REF_CONTENT;
}

/**
 * reloc_ref() - where a relocation leads
 * @rel: relocation
 *
 * Return: the place; of kind REF_BAD if it cannot be told.
 */
struct ref reloc_ref(const struct reloc *rel)
{
	struct symbol *sym = rel->sym;
	struct ref ref = { .kind = REF_BAD, .sym = sym };
	uint64_t offset = reloc_target(rel);

	if (!x86_reloc_size(rel->type) || rel->lost)
		return ref;
	if (rel->empty) {
		ref.kind = REF_EMPTY;
		ref.sec = sym->sec;
		return ref;
	}
	if (!sym->sec) {
		if (symbol_is_undef(sym)) {
			ref.kind = REF_EXTERN;
			ref.delta = rel->addend + rel->insn_end;
		}
		return ref;
	}
	if (section_is(sym->sec, KIND_STRINGS) ||
	    section_is(sym->sec, KIND_CONSTS)) {
		content_ref(&ref, offset);
		return ref;
	}
	if (sym->sec->table) {
		ref.kind = REF_ENTRY;
		if (offset % sym->sec->entry_size || offset >= sym->sec->size)
			ref.kind = REF_BAD;
		else
			ref.entry = sym->sec->table[offset / sym->sec->entry_size];
		return ref;
	}
	ref.item = sym->type == STT_SECTION ? item_at(sym->sec, offset) :
					      sym->item;
	if (ref.item) {
		ref.kind = REF_ITEM;
		ref.delta = offset - ref.item->offset;
	}
	return ref;
}

/**
 * reloc_place() - name the place of a relocation for people
 * @rel: relocation
 *
 * Return: "name+0xoff", allocated.
 */
char *reloc_place(const struct reloc *rel)
{
	return section_place(rel->sec, rel->offset);
}

/**
 * content_size() - size of an element of a mergeable section
 * @sec: section
 * @offset: where the element, or the used rest of it, starts
 *
 * Return: bytes, with the end of a string; up to the end of the section if
 * the string does not end.
 */
size_t content_size(const struct section *sec, uint64_t offset)
{
	size_t width = sec->entsize ?: 1;
	uint64_t at = offset;
	size_t zeros;

	if (section_is(sec, KIND_CONSTS)) {
		at += width - offset % width;
		return (at < sec->size ? at : sec->size) - offset;
	}
	for (; at + width <= sec->size; at += width) {
		for (zeros = 0; zeros < width && !sec->data[at + zeros];)
			zeros++;
		if (zeros == width)
			return at + width - offset;
	}
	return sec->size - offset;
}
