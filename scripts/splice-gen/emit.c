// SPDX-License-Identifier: GPL-2.0
/*
 * Making the new object: what is carried, and the new contents of objects that
 * stay where they are, is placed first, then every relocation of it is
 * translated, or refused. Called by diff.c.
 *
 * What code and data name means what it meant in the running kernel, so that
 * there is one point of redirection: a reference to a replaced function leads
 * to its original address. Table entries and places inside of a function, on
 * the other hand, are about the new code itself.
 */
#include <stdlib.h>
#include <string.h>

#include "diff.h"

#define TRAMPOLINE_PREFIX	"__SCT__"
#define KEY_PREFIX		"__SCK__"

/* The section of the new object for contents of a section of post. */
static struct section *out_section(struct diff *d, struct section *sec)
{
	const char *name = sec->name;

	if (sec->out)
		return sec->out;
	/* The loader looks for a section of this name only. */
	if (section_is(sec, KIND_PERCPU))
		name = ".data..percpu";
	if (!sec->kind || section_is(sec, KIND_PERCPU) || section_is(sec, KIND_TABLE) ||
	    section_is(sec, KIND_PIECES) || section_is(sec, KIND_STRINGS)) {
		struct section *same = obj_section(d->out, name);

		if (same && !sec->link && same->flags == sec->flags)
			return sec->out = same;
	}
	sec->out = obj_add_section(d->out, name, sec->type, sec->flags,
				   sec->align, sec->entsize);
	if (sec->link)
		sec->out->link = out_section(d, sec->link);
	return sec->out;
}

/* Alignment that an offset in a section has. */
static uint64_t natural_align(const struct section *sec, uint64_t offset)
{
	uint64_t align = sec->align;

	while (offset & (align - 1))
		align >>= 1;
	return align;
}

/* foo.cold of a replaced foo is foo.splice.cold, so that both stay one. */
static char *new_name(const struct item *item)
{
	const char *name = item->sym->name;
	size_t len = name_fragment(name) ?: strlen(name);

	return xasprintf("%.*s%s%s", (int)len, name, LINK_NEW_SUFFIX,
			 name + len);
}

static void place_symbols(struct diff *d, struct item *item,
			  struct section *out)
{
	struct item *head = item->func ? item_head(item) : item;

	if (item->rewritten || (item->func && head->twin)) {
		char *name = new_name(item);

		item->out = obj_add_symbol(d->out, name, STB_LOCAL,
					   item->sym->type, out,
					   item->out_offset, item->size);
		free(name);
		return;
	}
	for (size_t i = 0; i < item->sec->nr_syms; i++) {
		struct symbol *sym = item->sec->syms[i], *new;

		if (sym->value != item->offset || sym->item != item)
			continue;
		new = obj_add_symbol(d->out, sym->name, sym->bind, sym->type,
				     out, item->out_offset, sym->size);
		new->other = sym->other;
		if (sym == item->sym)
			item->out = new;
	}
}

/* In front of the new code as well: objtool knows it by its name. */
static void place_type(struct diff *d, const struct item *item)
{
	char *name = xasprintf(TYPE_PREFIX "%s", item->out->name);

	obj_add_symbol(d->out, name, STB_LOCAL, STT_FUNC, item->out->sec,
		       item->out_offset - item->pad, item->type->size);
	free(name);
}

static bool is_text(const struct section *sec)
{
	return section_is(sec, KIND_TEXT) || section_is(sec, KIND_FIXED_TEXT);
}

/* Between functions there is nothing but instructions, or objtool stumbles. */
static void fill(struct section *out, uint64_t align)
{
	static const unsigned char nop = 0x90;

	while (out->size & (align - 1))
		section_append(out, &nop, 1, 1);
}

/* Before any relocation is translated: code refers to some. */
static void place_entry(struct diff *d, struct entry *entry)
{
	if (section_is(entry->sec, KIND_CONST_SITES))
		return;
	entry->out_offset = section_append(out_section(d, entry->sec),
					   entry->sec->data + entry->offset,
					   entry->size, 1);
	entry->placed = true;
}

static void place_item(struct diff *d, struct item *item)
{
	struct section *sec = item->sec, *out = out_section(d, sec);
	uint64_t start = item->offset - item->pad;

	if (is_text(sec))
		fill(out, natural_align(sec, start));
	start = section_append(out, sec->data ? sec->data + start : NULL,
			       item->size + item->pad,
			       natural_align(sec, start));
	item->out_offset = start + item->pad;
	if (item->sym) {
		place_symbols(d, item, out);
		if (item->type)
			place_type(d, item);
	} else {
		item->out = section_own_symbol(out);
	}
	for (size_t i = 0; item->carried && i < item->nr_entries; i++)
		place_entry(d, item->entries[i]);
}

static void refuse_reloc(const struct reloc *rel, enum reason reason,
			 const char *text)
{
	char *place = reloc_place(rel);

	refuse(reason, place, "%s (%s against %s)", text,
	       x86_reloc_name(rel->type) ?: "unknown relocation type",
	       symbol_name(rel->sym));
	free(place);
}

static struct symbol *import_extern(struct diff *d, const char *name)
{
	/* The module that has the new code is not the one that it is of. */
	if (!strcmp(name, "__this_module"))
		name = LINK_THIS_MODULE;
	/* objtool finds the key of a static call by its name. */
	if (str_starts(name, TRAMPOLINE_PREFIX)) {
		char *key = xasprintf(KEY_PREFIX "%s",
				      name + strlen(TRAMPOLINE_PREFIX));

		obj_import(d->out, key);
		free(key);
	}
	return obj_import(d->out, name);
}

/* A string or constant that the new object has a copy of. */
struct copy {
	const struct section	*sec;
	uint64_t		start;
	uint64_t		out;
};

static struct copy *copies;
static size_t nr_copies, max_copies;

/*
 * Where the copy is, made if it is not there yet. There is one: code may
 * compare what it made of two references to a string.
 */
static uint64_t copy_of(struct section *sec, uint64_t start,
			struct section *out)
{
	bool consts = section_is(sec, KIND_CONSTS);

	for (size_t i = 0; i < nr_copies; i++) {
		if (copies[i].sec == sec && copies[i].start == start)
			return copies[i].out;
	}
	copies = grow(copies, nr_copies, &max_copies, sizeof(*copies));
	copies[nr_copies] = (struct copy){
		.sec = sec,
		.start = start,
		.out = section_append(out, sec->data + start,
				      content_size(sec, start),
				      consts ? sec->entsize ?: 1 : sec->align),
	};
	return copies[nr_copies++].out;
}

static struct symbol *copy_content(struct diff *d, const struct ref *ref,
				   int64_t *addend)
{
	struct section *sec = ref->sec, *out = out_section(d, sec);
	size_t width = sec->entsize ?: 1;
	uint64_t start = ref->offset;
	bool consts = section_is(sec, KIND_CONSTS);

	/* A whole constant, but a string from where it is used. */
	if (consts)
		start -= start % width;
	*addend += ref->offset - start;
	*addend += copy_of(sec, start, out);
	return section_own_symbol(out);
}

static struct symbol *content_symbol(struct diff *d, const struct ref *ref,
				     int64_t *addend)
{
	char *name = old_content_name(d, ref);
	struct symbol *sym;

	if (!name)
		return copy_content(d, ref, addend);
	sym = obj_import(d->out, name);
	free(name);
	return sym;
}

/* Of several objects in one section it may be unclear which one is meant. */
static bool is_exact(const struct reloc *rel, const struct ref *ref)
{
	return rel->sym->type != STT_SECTION || rel->exact ||
	       ref->item->sec->nr_items == 1 || ref->item->sec->apart ||
	       section_kept_layout(ref->item->sec);
}

/*
 * Assembly jumps into the middle of a function below or above. That place is
 * where it was if nothing of the function changed. Calls are another matter:
 * there may have to be room for a call thunk in front of what they lead to.
 */
static bool may_enter(const struct reloc *rel, const struct ref *ref)
{
	const struct item *item = ref->item;
	bool call = rel->offset && rel->sec->data[rel->offset - 1] == 0xe8;

	return rel->exact && !call && item->twin &&
	       !item_head(ref->item)->why && item->sec->obj->assembly &&
	       ref->delta > 0 && (uint64_t)ref->delta < item->size;
}

static struct symbol *old_symbol(struct diff *d, const struct reloc *rel,
				 const struct ref *ref)
{
	struct item *item = ref->item;
	struct symbol *sym;

	if (item->func && ref->delta && !may_enter(rel, ref)) {
		refuse_reloc(rel, REASON_INTERIOR,
			     "refers into the middle of a function");
		return NULL;
	}
	if (!item->func && is_text(item->sec)) {
		refuse_reloc(rel, REASON_LABEL,
			     "refers to code that is no function");
		return NULL;
	}
	if (!item->sec->kind) {
		refuse_reloc(rel, REASON_SECTION,
			     "refers to a section that is not understood");
		return NULL;
	}
	if (!item->func && !is_exact(rel, ref)) {
		refuse_reloc(rel, REASON_AMBIGUOUS,
			     "may mean either of two objects in a section whose layout changed");
		return NULL;
	}
	if (!item->twin)
		return NULL;	/* carry_item() has refused it */
	sym = old_item_symbol(d, rel, item->twin);
	if (sym && str_starts(sym->name, TRAMPOLINE_PREFIX))
		import_extern(d, sym->name);
	return sym;
}

/* Does a reference mean the new code, and not the original address? */
static bool means_new(const struct ref *ref, bool table)
{
	const struct item *item = ref->item;

	if (!item->carried)
		return false;
	if (!item->func || item->parent)
		return true;
	return table || ref->delta || !item->twin;
}

/*
 * Code is named as the assembler does it, by section symbols where it can:
 * objtool takes nothing else in some of its tables.
 */
static struct symbol *new_symbol(const struct item *item, int64_t *addend)
{
	struct symbol *sym = item->out;

	if (item->func && sym->bind == STB_LOCAL)
		sym = section_own_symbol(sym->sec);
	*addend += item->out_offset - sym->value;
	return sym;
}

/*
 * The compiler takes what it adds off again, by an index. Assembly may mean
 * the constant that is written below.
 */
static bool leaves_content(const struct ref *ref)
{
	return ref->sec->obj->assembly &&
	       (ref->delta < 0 ||
		(uint64_t)ref->delta >= content_size(ref->sec, ref->offset));
}

/* NULL after a refusal. */
static struct symbol *translate(struct diff *d, const struct reloc *rel,
				bool table, int64_t *addend)
{
	struct ref ref = reloc_ref(rel);

	*addend = rel->addend;
	switch (ref.kind) {
	case REF_EMPTY:
		*addend = 0;
		return section_own_symbol(out_section(d, ref.sec));
	case REF_EXTERN:
		return import_extern(d, rel->sym->name);
	case REF_CONTENT:
		*addend = ref.delta - rel->insn_end;
		if (leaves_content(&ref)) {
			refuse_reloc(rel, REASON_AMBIGUOUS,
				     "leads from one constant to another, which the linker may have moved");
			return NULL;
		}
		return content_symbol(d, &ref, addend);
	case REF_ITEM:
		*addend = ref.delta - rel->insn_end;
		if (!means_new(&ref, table))
			return old_symbol(d, rel, &ref);
		return new_symbol(ref.item, addend);
	case REF_ENTRY:
		if (!ref.entry->placed)
			break;
		*addend = (int64_t)ref.entry->out_offset - rel->insn_end;
		return section_own_symbol(ref.entry->sec->out);
	case REF_BAD:
		break;
	}
	refuse_reloc(rel, REASON_RELOC, "not understood");
	return NULL;
}

static void emit_relocs(struct diff *d, const struct section *sec,
			uint64_t start, uint64_t size, struct section *out,
			uint64_t out_start, bool table)
{
	struct reloc *end = section_reloc_from(sec, start + size);

	for (struct reloc *rel = section_reloc_from(sec, start); rel < end;
	     rel++) {
		int64_t addend;
		struct symbol *sym = translate(d, rel, table, &addend);

		if (rel->narrow)
			refuse_reloc(rel, REASON_BRANCH,
				     "a short branch to another function, which will not be near");
		else if (sym)
			section_add_reloc(out, rel->offset - start + out_start,
					  rel->type, sym, addend);
	}
}

/* Non-alloc sections for finish. */
static struct section *link_section(struct diff *d, const char *name)
{
	struct section *sec = obj_section(d->out, name);

	return sec ?: obj_add_section(d->out, name, SHT_PROGBITS, 0, 8, 0);
}

/* The constant's own symbol, which may be a static variable. */
static struct symbol *const_symbol(struct diff *d, const char *name)
{
	const struct item *item = item_named(d->post, name, false);

	if (!item)
		return obj_import(d->out, name);
	if (!item->twin) {
		refuse(REASON_RUNTIME_CONST, name, "new runtime constant");
		return NULL;
	}
	return old_item_symbol(d, NULL, item->twin);
}

static void emit_const(struct diff *d, const struct entry *entry)
{
	const char *constant;
	struct reloc *rel = section_reloc_at(entry->sec, entry->offset);
	struct section *sec = link_section(d, LINK_CONSTS_SECTION);
	struct link_const row = {
		.kind = const_table(entry->sec->name, &constant),
	};
	struct symbol *code, *name;
	uint64_t off;
	int64_t addend;

	name = const_symbol(d, constant);
	code = translate(d, rel, true, &addend);
	if (!name || !code)
		return;
	off = section_append(sec, &row, sizeof(row), 8);
	section_add_reloc(sec, off + offsetof(struct link_const, addr),
			  R_X86_64_64, code, addend);
	section_add_reloc(sec, off + offsetof(struct link_const, name),
			  R_X86_64_64, name, 0);
}

static void emit_entry(struct diff *d, const struct entry *entry)
{
	if (section_is(entry->sec, KIND_CONST_SITES))
		emit_const(d, entry);
	else
		emit_relocs(d, entry->sec, entry->offset, entry->size,
			    entry->sec->out, entry->out_offset, true);
}

/*
 * The row is no reason for objtool to want an ENDBR where the compiler saw no
 * need of one: the new code is reached by a direct jump.
 */
static void note_no_endbr(struct diff *d, const struct item *new)
{
	static const unsigned char endbr[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	struct section *sec;
	uint64_t off;

	if (new->size >= sizeof(endbr) &&
	    !memcmp(new->sec->data + new->offset, endbr, sizeof(endbr)))
		return;
	sec = link_section(d, ".discard.noendbr");
	off = section_append(sec, NULL, sizeof(uint64_t), 8);
	section_add_reloc(sec, off, R_X86_64_64, new->out, 0);
}

static void emit_func_row(struct diff *d, const struct item *old,
			  const struct item *new, uint32_t flags)
{
	struct section *sec = link_section(d, LINK_FUNCS_SECTION);
	struct symbol *place = old_place(d, old);
	struct link_func row = { .unit = d->unit, .flags = flags };
	uint64_t off;

	if (!place)
		return;
	row.pre_shndx = place->sec->idx;
	row.pre_offset = place->value;
	row.size = new ? new->size : 0;
	off = section_append(sec, &row, sizeof(row), 8);
	if (!new)
		return;
	section_add_reloc(sec, off + offsetof(struct link_func, addr),
			  R_X86_64_64, new->out, 0);
	note_no_endbr(d, new);
}

/* The rows of a replaced function and of the fragments it had. */
static void emit_func_rows(struct diff *d, const struct item *item)
{
	uint32_t relaxed = item->relaxed ? LSP_FUNC_RELAXED : 0;

	emit_func_row(d, item->twin, item, relaxed);
	for_each_item(d->pre, part) {
		if (part->func && part->parent == item->twin)
			emit_func_row(d, part, NULL,
				      LSP_FUNC_FRAGMENT | relaxed);
	}
}

/* What must be free while objects change, but for what is replaced anyway. */
static void emit_readers(struct diff *d)
{
	for_each_item(d->pre, item) {
		const struct item *head = item_head(item);

		if (item->reader && !(head->twin && head->twin->carried))
			emit_func_row(d, item, NULL, LSP_FUNC_READER);
	}
}

static void emit_data_row(struct diff *d, const struct item *item)
{
	struct section *sec = link_section(d, LINK_DATAS_SECTION);
	struct symbol *place = old_place(d, item->twin);
	struct link_data row = { .unit = d->unit, .size = item->size };
	uint64_t off;

	if (!place)
		return;
	row.pre_shndx = place->sec->idx;
	row.pre_offset = place->value;
	off = section_append(sec, &row, sizeof(row), 8);
	section_add_reloc(sec, off + offsetof(struct link_data, addr),
			  R_X86_64_64, item->out, 0);
}

static void emit_contents(struct diff *d, const struct item *item)
{
	emit_relocs(d, item->sec, item->offset, item->size, item->sec->out,
		    item->out_offset, false);
	emit_data_row(d, item);
}

/**
 * emit() - make the new object
 * @d: the diff; its @out gets the contents
 */
void emit(struct diff *d)
{
	for_each_item(d->post, item) {
		if (item->carried || item->rewritten)
			place_item(d, item);
	}
	for_each_item(d->post, item) {
		if (item->rewritten)
			emit_contents(d, item);
		if (!item->carried)
			continue;
		emit_relocs(d, item->sec, item->offset - item->pad,
			    item->size + item->pad, item->sec->out,
			    item->out_offset - item->pad,
			    section_is(item->sec, KIND_PIECES));
		for (size_t i = 0; i < item->nr_entries; i++)
			emit_entry(d, item->entries[i]);
		if (item->func && !item->parent && item->twin)
			emit_func_rows(d, item);
	}
	emit_readers(d);
	obj_add_section(d->out, ".note.GNU-stack", SHT_PROGBITS, 0, 1, 0);
}
