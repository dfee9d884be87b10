// SPDX-License-Identifier: GPL-2.0
/*
 * What must hold for a function that is to be replaced, as far as its object
 * tells: the engine checks the rest when the update is loaded. Called by
 * diff.c.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"

/* What the engine puts into a function, and what it leaves in front of it. */
#define JUMP_SIZE	5
#define ENDBR_SIZE	4
#define FENTRY_SIZE	5

static void check_section(const struct item *item, const struct item *old)
{
	const struct section_kind *kind = old->sec->kind;

	if (!section_is(old->sec, KIND_FIXED_TEXT) &&
	    !section_is(item->sec, KIND_FIXED_TEXT))
		return;
	if (!kind->reason)
		kind = item->sec->kind;
	refuse(kind->reason, item_name(item),
	       "in section %s: it may run while text is being changed; fix its callers instead",
	       item->sec->name);
}

/* Where the jump goes: behind ENDBR and the fentry site. */
static uint64_t jump_site(const struct item *old)
{
	static const unsigned char endbr[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	const struct section *sec = old->sec;
	const struct reloc *rel;
	uint64_t at = old->offset;

	if (old->size >= ENDBR_SIZE && !memcmp(sec->data + at, endbr, ENDBR_SIZE))
		at += ENDBR_SIZE;
	rel = section_reloc_at(sec, at + 1);
	if (rel && !strcmp(rel->sym->name, "__fentry__"))
		at += FENTRY_SIZE;
	return at;
}

/* A lock prefix that the jump would lie over. */
static void check_site_entries(const struct item *old, uint64_t site)
{
	for (size_t i = 0; i < old->nr_entries; i++) {
		const struct entry *e = old->entries[i];
		struct reloc *rel = section_reloc_at(e->sec, e->offset);
		struct ref ref;

		if (!rel || strcmp(e->sec->name, ".smp_locks"))
			continue;
		ref = reloc_ref(rel);
		if (ref.kind == REF_ITEM && ref.item == old &&
		    old->offset + ref.delta >= site &&
		    old->offset + ref.delta < site + JUMP_SIZE)
			refuse(REASON_SITE, item_name(old),
			       "it has a lock prefix where the jump to the new code would be; change its callers instead");
	}
}

/*
 * Of the bytes under the jump that the kernel goes on rewriting, the engine can
 * borrow those of static branches and static calls. An alternative is none of
 * these: it was decided on when the code was loaded.
 */
static void check_site(const struct item *old)
{
	uint64_t site;

	if (!old->sec->data)
		return;
	site = jump_site(old);
	if (site + JUMP_SIZE > old->offset + old->size) {
		refuse(REASON_SITE, item_name(old),
		       "shorter than the jump to the new code; change its callers instead");
		return;
	}
	check_site_entries(old, site);
}

/* What the function is said to be in tables. */
static void check_annotations(const struct item *item)
{
	for (size_t i = 0; i < item->nr_entries; i++) {
		const char *table = item->entries[i]->sec->name;

		if (!strcmp(table, "_kprobe_blacklist"))
			refuse(REASON_NOINSTR, item_name(item),
			       "no probe may be in it, for it may run while text is being changed; fix its callers instead");
		if (item->sec->obj->assembly &&
		    !strcmp(table, ".discard.func_stack_frame_non_standard"))
			refuse(REASON_ASM, item_name(item),
			       "objtool does not check it, so that nobody can look through its stack frame; fix its callers instead");
	}
}

/* A name inside of a function is an entry to it that the jump does not see. */
static void check_labels(const struct item *item)
{
	for (size_t i = 0; i < item->sec->nr_syms; i++) {
		const struct symbol *sym = item->sec->syms[i];

		if (sym->bind == STB_LOCAL || sym->value <= item->offset ||
		    sym->value >= item->offset + item->size)
			continue;
		refuse(REASON_INTERIOR, item_name(item),
		       "entered from elsewhere at %s, in its middle; change that code as well, or fix its callers",
		       sym->name);
	}
}

/*
 * What the symbol table of the object that the unit is linked into says of a
 * name: its letter, as nm prints it; 0 if it has none, or there is no table.
 */
static char name_in_use(const struct diff *d, const char *name)
{
	char *line = NULL;
	char letter = 0;
	size_t room = 0;
	FILE *file;

	if (!d->names_path)
		return 0;
	file = fopen(d->names_path, "re");
	if (!file)
		die(NULL, d->names_path, "%s", strerror(errno));
	while (!letter && getline(&line, &room, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (isupper(line[0]) && line[1] == ' ' && !strcmp(line + 2, name))
			letter = line[0];
	}
	free(line);
	fclose(file);
	return letter;
}

/*
 * The link leaves a name weak only if no strong definition has won. The engine
 * finds the name's address and proves that the bytes there are those of this
 * definition.
 */
static void check_weak(const struct diff *d, const struct item *item)
{
	bool weak = item_is_weak(item->twin);

	if (weak != item_is_weak(item))
		refuse(REASON_WEAK, item_name(item),
		       "weak %s the change: whom else that gives the name to shows in a link only",
		       weak ? "before" : "after");
	else if (weak && name_in_use(d, item->twin->sym->name) != 'W')
		refuse(REASON_WEAK, item_name(item),
		       "weak: the running kernel uses another definition; change that one");
}

/**
 * check_new_global() - is it new to the kernel, not to the unit alone?
 * @d: the diff
 * @item: function or object of the post side that is global and has no twin
 *
 * Whoever uses what another unit has under this name would go on with that.
 */
void check_new_global(const struct diff *d, const struct item *item)
{
	const char *name = item_global(item)->name;

	switch (name_in_use(d, name)) {
	case 0:
		break;
	case 'W':
		refuse(REASON_WEAK, name,
		       "would override a weak definition, which all others go on using; change that one");
		break;
	default:
		refuse(REASON_SYMBOL, name,
		       "new in this unit, but the kernel has the name: who uses it elsewhere would go on with what it means there");
	}
}

/*
 * Who calls a function indirectly looks at what is in front of the old one. It may
 * have lost that, but not have got one, or another one.
 */
static bool same_type(const struct item *old, const struct item *item)
{
	if (!item->type)
		return true;
	return old->type && old->pad == item->pad &&
	       !memcmp(old->sec->data + old->offset - old->pad,
		       item->sec->data + item->offset - item->pad, item->pad);
}

/**
 * check_replaced() - may a function be replaced?
 * @d: the diff
 * @item: changed function of the post side, with a twin
 *
 * What is in the way is refused.
 */
void check_replaced(const struct diff *d, const struct item *item)
{
	const struct item *old = item->twin;
	const char *name = item_name(item);

	if (!section_is(old->sec, KIND_TEXT) &&
	    !section_is(old->sec, KIND_FIXED_TEXT)) {
		refuse(REASON_SECTION, name,
		       "was in section %s, where no function is replaced",
		       old->sec->name);
		return;
	}
	check_section(item, old);
	check_weak(d, item);
	if (name_fragment(item->sym->name))
		refuse(REASON_FRAGMENT, name,
		       "part of a function that is not in this object");
	if (name_is_prefix(name) || !same_type(old, item))
		refuse(REASON_ASM, name,
		       "what stands in front of a function cannot be replaced; keep the function's type");
	check_site(old);
	check_annotations(old);
	check_labels(old);
	check_labels(item);
}

static const struct symbol *defined_in(const struct obj *obj,
				       const struct symbol *sym)
{
	const struct symbol *found = obj_global(obj, sym->name);

	return sym->bind != STB_LOCAL && found && found->sec ? found : NULL;
}

static void check_name(const struct item *item, const struct obj *other)
{
	for (size_t i = 0; i < item->sec->nr_syms; i++) {
		const struct symbol *sym = item->sec->syms[i];
		const struct symbol *found = defined_in(other, sym);

		if (sym->value != item->offset || !found || !found->item)
			continue;
		if (found->item->twin == item &&
		    found->value == found->item->offset)
			continue;
		/* Whoever uses both is gone. */
		if (section_is(item->sec, KIND_INIT) &&
		    section_is(found->sec, KIND_INIT))
			continue;
		refuse(REASON_SYMBOL, sym->name,
		       "on one side of the change another name of %s, on the other not: who uses this name elsewhere cannot be told",
		       item_name(found->item));
	}
}

static bool is_absolute(const struct symbol *sym)
{
	return sym && !sym->sec && sym->shndx == SHN_ABS &&
	       sym->type != STT_FILE && sym->bind != STB_LOCAL;
}

/*
 * Whoever uses the name of a number has had the number since the kernel was
 * linked. One that goes away is like a function that does.
 */
static void check_absolute(const struct diff *d)
{
	for_each_symbol(d->post, sym) {
		const struct symbol *old = obj_global(d->pre, sym->name);

		if (sym->bind == STB_LOCAL || symbol_is_undef(sym) ||
		    (!is_absolute(sym) && !is_absolute(old)))
			continue;
		/* The number of a type, for whoever wants it. */
		if (str_starts(sym->name, "__kcfi_typeid_"))
			continue;
		if (!is_absolute(sym) || !is_absolute(old))
			refuse(REASON_SYMBOL, sym->name,
			       "a number on one side of the change only: who uses the name elsewhere goes on with what it meant");
		else if (sym->value != old->value || sym->bind != old->bind)
			refuse(REASON_SYMBOL, sym->name,
			       "a number that was 0x%llx and gets 0x%llx: who uses the name elsewhere goes on with the old one; give the new one another name",
			       (unsigned long long)old->value,
			       (unsigned long long)sym->value);
	}
}

/**
 * check_names() - does each name of the whole kernel mean what it meant?
 * @d: the diff
 *
 * Who uses a name elsewhere is not seen here. It must stay the name of the twin
 * of what has it: else something has lost an alias or become one, or stays in
 * memory what was gone after boot. And a number must stay what it was.
 */
void check_names(struct diff *d)
{
	for_each_item(d->pre, item)
		check_name(item, d->post);
	for_each_item(d->post, item)
		check_name(item, d->pre);
	check_absolute(d);
}

static void refuse_odd(const struct section *sec, const char *name)
{
	char *place = section_place(sec, sec->odd_at);

	refuse(REASON_ASM, place,
	       "%s: %s is in one section with it, and cannot be taken out; change it in C, or in its callers",
	       sec->odd, name);
	free(place);
}

static void check_odd_section(struct diff *d, const struct section *sec,
			      bool pre)
{
	const struct obj *other = pre ? d->post : d->pre;

	for (size_t i = 0; i < sec->nr_items; i++) {
		const struct item *item = &sec->items[i];

		if (!pre && item->carried) {
			refuse_odd(sec, item_name(item));
			return;
		}
	}
	if (!section_has_equal(sec, other, pre))
		refuse_odd(sec, "what changes");
}

/**
 * check_odd() - does the change concern a section that could not be split?
 * @d: the diff, after everything has been carried
 *
 * Numbers in such code may lead anywhere: it has to be equal as a whole.
 */
void check_odd(struct diff *d)
{
	for_each_section(d->pre, sec) {
		if (sec->odd)
			check_odd_section(d, sec, true);
	}
	for_each_section(d->post, sec) {
		if (sec->odd)
			check_odd_section(d, sec, false);
	}
}

static bool goes_away(const struct item *item)
{
	return item->func && item->twin && item->twin->carried;
}

static void check_entered_by(struct item *user, const struct reloc *rel)
{
	struct item *head = item_head(user);
	struct ref ref = reloc_ref(rel);
	char *place;

	if (ref.kind != REF_ITEM || ref.delta <= 0 ||
	    (uint64_t)ref.delta >= ref.item->size ||
	    !goes_away(item_head(ref.item)) || item_head(ref.item) == head ||
	    goes_away(head))
		return;
	place = reloc_place(rel);
	refuse(REASON_INTERIOR, place,
	       "leads into the middle of %s, whose old code it would go on using; change both",
	       item_name(ref.item));
	free(place);
}

/**
 * check_entered() - does anything that stays lead into a replaced function?
 * @d: the diff, after everything has been carried
 *
 * The jump stands at the entry. Who comes in behind it runs the old code.
 */
void check_entered(struct diff *d)
{
	for_each_item(d->pre, user) {
		if (section_is(user->sec, KIND_INIT))
			continue;
		for_each_item_reloc(user, rel)
			check_entered_by(user, rel);
		for (size_t i = 0; i < user->nr_entries; i++) {
			const struct entry *e = user->entries[i];
			struct reloc *rel, *end;

			rel = section_reloc_from(e->sec, e->offset);
			end = section_reloc_from(e->sec, e->offset + e->size);
			for (; rel < end; rel++)
				check_entered_by(user, rel);
		}
	}
}
