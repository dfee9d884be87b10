// SPDX-License-Identifier: GPL-2.0
/*
 * Which function and object is which on the other side.
 *
 * Firm rules first: the same name; the same name but for numbers of the
 * compiler, if there is only one of it on each side. Then what equal code and
 * data refer to in equal places, and last who refers to it. What is left over
 * has no twin. Called by diff.c.
 */
#include <string.h>

#include "diff.h"

static bool is_boot_only(const struct item *item)
{
	return section_is(item->sec, KIND_INIT);
}

/* Could these two be twins at all? */
static bool compatible(const struct item *a, const struct item *b)
{
	return a->func == b->func && is_boot_only(a) == is_boot_only(b) &&
	       section_is(a->sec, KIND_PERCPU) ==
	       section_is(b->sec, KIND_PERCPU);
}

static bool is_candidate(const struct item *item)
{
	return !item->twin && item->sym &&
	       (item->func || name_class(item) == NAME_PLAIN) &&
	       !section_is(item->sec, KIND_OWN);
}

static void bind(struct item *a, struct item *b)
{
	a->twin = b;
	b->twin = a;
}

/*
 * The numbers of static locals move, so that an equal number means nothing;
 * those of clones of a function do not need to mean anything: all callers are
 * of this unit and follow the same rule.
 */
static void by_name(struct obj *pre, struct obj *post)
{
	for_each_item(pre, a) {
		struct item *b;

		if (!is_candidate(a) ||
		    (!a->func && name_is_numbered(a->sym->name)))
			continue;
		b = item_named(post, a->sym->name, a->func);
		if (b && is_candidate(b) && compatible(a, b))
			bind(a, b);
	}
}

/* The only item of its base, if it has no twin yet. */
static struct item *only_of_base(struct obj *obj, const struct item *like)
{
	struct item *found = NULL;

	for_each_item(obj, item) {
		if (!item->base || !compatible(item, like) ||
		    strcmp(item->base, like->base))
			continue;
		if (found)
			return NULL;
		found = item;
	}
	return found && is_candidate(found) ? found : NULL;
}

static bool refers_to(const struct item *user, const struct item *item)
{
	for_each_item_reloc(user, rel) {
		struct ref ref = reloc_ref(rel);

		if (ref.kind == REF_ITEM && ref.item == item)
			return true;
	}
	return false;
}

/* Is there a function that uses the one before and the other after? */
static bool have_common_user(struct obj *pre, const struct item *a,
			     const struct item *b)
{
	for_each_item(pre, user) {
		if (user->twin && refers_to(user, a) &&
		    refers_to(user->twin, b))
			return true;
	}
	return false;
}

static void by_base(struct obj *pre, struct obj *post)
{
	for_each_item(pre, a) {
		struct item *b;

		if (!is_candidate(a) || only_of_base(pre, a) != a)
			continue;
		b = only_of_base(post, a);
		if (b && (a->func || have_common_user(pre, a, b)))
			bind(a, b);
	}
}

static bool equal_bytes(const struct item *a, const struct item *b)
{
	return a->size == b->size && a->sec->data && b->sec->data &&
	       !memcmp(a->sec->data + a->offset, b->sec->data + b->offset,
		       a->size);
}

/* What two relocations of one place lead to is the same thing. */
static bool unify(const struct reloc *ra, const struct reloc *rb)
{
	struct ref a = reloc_ref(ra), b = reloc_ref(rb);

	if (ra->type != rb->type || a.kind != REF_ITEM ||
	    b.kind != REF_ITEM || a.delta != b.delta ||
	    !is_candidate(a.item) || !is_candidate(b.item) ||
	    !compatible(a.item, b.item) || a.item->size != b.item->size ||
	    strcmp(a.item->base, b.item->base))
		return false;
	bind(a.item, b.item);
	return true;
}

static bool unify_range(const struct section *sa, uint64_t oa,
			const struct section *sb, uint64_t ob, uint64_t size)
{
	struct reloc *a = section_reloc_from(sa, oa);
	struct reloc *a_end = section_reloc_from(sa, oa + size);
	struct reloc *b = section_reloc_from(sb, ob);
	struct reloc *b_end = section_reloc_from(sb, ob + size);
	bool progress = false;

	if (a_end - a != b_end - b)
		return false;
	for (; a < a_end; a++, b++) {
		if (a->offset - oa != b->offset - ob)
			return progress;
		progress |= unify(a, b);
	}
	return progress;
}

/* Equal code refers to the same things, and so do its table entries. */
static bool by_place(struct obj *pre)
{
	bool progress = false;

	for_each_item(pre, a) {
		struct item *b = a->twin;

		if (!b || !equal_bytes(a, b))
			continue;
		progress |= unify_range(a->sec, a->offset, b->sec, b->offset,
					a->size);
		if (a->nr_entries != b->nr_entries)
			continue;
		for (size_t i = 0; i < a->nr_entries; i++) {
			struct entry *ea = a->entries[i], *eb = b->entries[i];

			if (ea->size == eb->size &&
			    !strcmp(ea->sec->name, eb->sec->name))
				progress |= unify_range(ea->sec, ea->offset,
							eb->sec, eb->offset,
							ea->size);
		}
	}
	return progress;
}

static uint64_t name_hash(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	while (*name)
		hash = (hash ^ (unsigned char)*name++) * 0x100000001b3ULL;
	return hash;
}

/* A sum over the names of users, so that their order does not matter. */
static void find_users(struct obj *obj)
{
	for_each_item(obj, item) {
		item->users = 0;
		item->last_user = NULL;
	}
	for_each_item(obj, user) {
		struct item *head = item_head(user);

		if (!user->sym)
			continue;
		for_each_item_reloc(user, rel) {
			struct ref ref = reloc_ref(rel);

			if (ref.kind != REF_ITEM || ref.item->last_user == head)
				continue;
			ref.item->last_user = head;
			ref.item->users += name_hash(head->base);
		}
	}
}

/* Of those with the same users, contents tell which is which, if anything. */
static struct item *only_of_users(struct obj *obj, const struct item *like,
				  bool contents)
{
	struct item *found = NULL;

	for_each_item(obj, item) {
		if (!is_candidate(item) || !compatible(item, like) ||
		    strcmp(item->base, like->base) ||
		    item->users != like->users || item->size != like->size ||
		    (contents && !same_contents(like, item)))
			continue;
		if (found)
			return NULL;
		found = item;
	}
	return found;
}

static bool by_users(struct obj *pre, struct obj *post, bool contents)
{
	bool progress = false;

	find_users(pre);
	find_users(post);
	for_each_item(pre, a) {
		struct item *b;

		if (!is_candidate(a) || !a->users ||
		    only_of_users(pre, a, contents) != a)
			continue;
		b = only_of_users(post, a, contents);
		if (!b)
			continue;
		bind(a, b);
		progress = true;
	}
	return progress;
}

/**
 * correlate() - find the twins
 * @pre: pre side
 * @post: post side
 */
void correlate(struct obj *pre, struct obj *post)
{
	by_name(pre, post);
	by_base(pre, post);
	do {
		while (by_place(pre))
			;
	} while (by_users(pre, post, false) || by_users(pre, post, true));
}
