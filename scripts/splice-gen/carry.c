// SPDX-License-Identifier: GPL-2.0
/*
 * What the new object must hold: changed functions, and all that they need
 * and the running kernel does not have. Called by diff.c.
 */
#include <string.h>

#include "diff.h"

/**
 * item_is_copied() - does new code have its own copy of an object?
 * @item: object of the post side
 *
 * Return: true for what is known by content only, unless the running kernel has
 * the same, and for the state of messages that are printed once or not too often.
 */
bool item_is_copied(const struct item *item)
{
	if (item->func)
		return false;
	if (section_is(item->sec, KIND_OWN) ||
	    section_is(item->sec, KIND_PIECES))
		return true;
	if (!item->sym)
		return !item->twin;
	return name_class(item) == NAME_OWN;
}

/* Is there something in pre that it could be, but it cannot be told? */
static bool is_ambiguous(const struct diff *d, const struct item *item)
{
	if (!item->size || item_is_constant(item) ||
	    !name_is_numbered(item->sym->name) ||
	    name_class(item) != NAME_PLAIN)
		return false;
	for_each_item(d->pre, old) {
		if (old->sym && !old->func && !old->twin &&
		    !old->superseded && !strcmp(old->base, item->base))
			return true;
	}
	return false;
}

/*
 * Data of assembly that has no name in the object. New code gets a copy, which
 * is as good if nobody writes to it, and if it is known where it ends: here,
 * where the section ends.
 */
static bool may_copy(const struct item *item)
{
	const char *name = item_name(item);

	if (item->sec->flags & SHF_WRITE) {
		refuse(REASON_DATA, name,
		       "data without a name, which the running kernel may have changed: write the change in C, in the callers");
		return false;
	}
	for (size_t i = 0; i < item->sec->nr_items; i++) {
		if (!item->sec->items[i].sym)
			continue;
		refuse(REASON_AMBIGUOUS, name,
		       "data without a name in one section with %s, so that nobody knows where it ends: write the change in C, in the callers",
		       item_name(&item->sec->items[i]));
		return false;
	}
	return true;
}

/*
 * The loader gives a module a copy for each CPU of one section, whose contents
 * it does not relocate.
 */
static bool may_be_percpu(const struct item *item)
{
	if (!strcmp(item->sec->name, ".data..percpu..decrypted")) {
		refuse(REASON_PERCPU, item_name(item),
		       "new per-CPU data that is not encrypted: allocate it with alloc_percpu()");
		return false;
	}
	for_each_item_reloc(item, rel) {
		refuse(REASON_PERCPU, item_name(item),
		       "new per-CPU data that holds an address: set it from code");
		return false;
	}
	return true;
}

/*
 * A variable that pre has in init memory or for each CPU, or has not so any more:
 * it would start anew, whatever the running kernel has put into the old one.
 */
static const struct item *other_storage(const struct diff *d,
					const struct item *item)
{
	if (item->func || !item->sym || strcmp(item->sym->name, item->base) ||
	    item_is_own(item))
		return NULL;
	for_each_item(d->pre, old) {
		if (old->func || !old->sym || strcmp(old->sym->name, item->sym->name))
			continue;
		if (section_is(old->sec, KIND_PERCPU) !=
		    section_is(item->sec, KIND_PERCPU) ||
		    section_is(old->sec, KIND_INIT))
			return old;
	}
	return NULL;
}

static bool may_be_new(const struct diff *d, const struct item *item)
{
	const struct section_kind *kind = item->sec->kind;
	const char *name = item_name(item);
	const struct item *old = other_storage(d, item);

	if (old) {
		refuse(section_is(old->sec, KIND_INIT) ? REASON_INIT : REASON_PERCPU,
		       name,
		       "was in section %s, and would start anew: give the new one another name",
		       old->sec->name);
		return false;
	}
	if (!kind) {
		refuse(REASON_SECTION, name,
		       "new, in section %s, which is not understood",
		       item->sec->name);
		return false;
	}
	if ((item->sec->flags & SHF_EXECINSTR) && item->sym && !item->func) {
		refuse(REASON_LABEL, name,
		       "new code that is no function in section %s",
		       item->sec->name);
		return false;
	}
	if (!item->func && item->sym && is_ambiguous(d, item)) {
		refuse(REASON_STATIC_LOCAL, name,
		       "several static variables of this name: give the new one another name");
		return false;
	}
	if (!item->sym && kind->class == KIND_DATA && item->sec->obj->assembly)
		return may_copy(item);
	switch (kind->class) {
	case KIND_TEXT:
	case KIND_DATA:
	case KIND_OWN:
	case KIND_PIECES:
		return true;
	case KIND_PERCPU:
		return may_be_percpu(item);
	case KIND_INIT:
		refuse(REASON_INIT, name,
		       "in section %s, whose contents are gone after boot",
		       item->sec->name);
		return false;
	default:
		refuse(kind->reason ?: REASON_SECTION, name,
		       "new, in section %s, which cannot grow",
		       item->sec->name);
		return false;
	}
}

static void carry_ref(struct diff *d, const struct reloc *rel)
{
	struct ref ref = reloc_ref(rel);
	struct item *head;

	if (ref.kind != REF_ITEM)
		return;
	head = ref.item->func ? item_head(ref.item) : ref.item;
	if (section_is(head->sec, KIND_INIT)) {
		char *place = reloc_place(rel);

		refuse(REASON_INIT, place, "uses %s, which is gone after boot",
		       item_name(head));
		return;
	}
	if (item_is_copied(head) || !head->twin)
		carry_item(d, head);
}

static void carry_relocs(struct diff *d, const struct item *item)
{
	for_each_item_reloc(item, rel)
		carry_ref(d, rel);
	for (size_t i = 0; i < item->nr_entries; i++) {
		const struct entry *e = item->entries[i];
		struct reloc *end = section_reloc_from(e->sec,
						       e->offset + e->size);

		for (struct reloc *rel = section_reloc_from(e->sec, e->offset);
		     rel < end; rel++)
			carry_ref(d, rel);
	}
}

/**
 * carry_contents() - carry all that an object's contents need
 * @d: the diff
 * @item: object of the post side, which itself stays where it is
 */
void carry_contents(struct diff *d, const struct item *item)
{
	carry_relocs(d, item);
}

/**
 * carry_item() - carry an item and all that it needs
 * @d: the diff
 * @item: item of the post side
 */
void carry_item(struct diff *d, struct item *item)
{
	if (item->carried)
		return;
	if (!item->twin && !may_be_new(d, item))
		return;
	item->carried = true;
	carry_relocs(d, item);
	if (!item->func)
		return;
	for_each_item(d->post, part) {
		if (part->func && part->parent == item)
			carry_item(d, part);
	}
}
