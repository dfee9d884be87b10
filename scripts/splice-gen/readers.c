// SPDX-License-Identifier: GPL-2.0
/*
 * Who uses an object, directly or by way of other objects.
 *
 * The contents of an object can change under a function that has read a part
 * of them, unless that function is free for the switch. This finds all such
 * functions of a unit, on the pre side, for that is what runs. What leads out
 * of the unit, or cannot be followed, is refused, if the caller does not have
 * another answer to it. Called by objects.c.
 */
#include <stdlib.h>
#include <string.h>

#include "diff.h"

/* Most names that a report lists. */
#define MAX_NAMES	6

/* The function that an entry of a special table belongs to. */
static struct item *entry_owner(const struct reloc *rel)
{
	for_each_item(rel->sec->obj, item) {
		for (size_t i = 0; i < item->nr_entries; i++) {
			const struct entry *e = item->entries[i];

			if (e->sec == rel->sec && rel->offset >= e->offset &&
			    rel->offset < e->offset + e->size)
				return item;
		}
	}
	return NULL;
}

static struct user user_of(const struct reloc *rel)
{
	struct user user = { .sec = rel->sec };

	if (section_is(rel->sec, KIND_TABLE) ||
	    section_is(rel->sec, KIND_CONST_SITES))
		user.item = entry_owner(rel);
	else
		user.item = item_at(rel->sec, rel->offset);
	if (user.item && user.item->func)
		user.item = item_head(user.item);
	else if (user.item && user.item->parent)
		user.item = item_head(user.item);
	return user;
}

/* Does it lead to the item, or perhaps, if that cannot be told? */
static bool leads_to(const struct reloc *rel, const struct item *item)
{
	struct ref ref = reloc_ref(rel);

	if (ref.kind == REF_ITEM)
		return ref.item == item;
	return ref.kind == REF_BAD && rel->sym->sec == item->sec;
}

/**
 * for_users() - look at all that refers to an item
 * @item: the item
 * @fn: called for each reference; false ends the search
 * @arg: for @fn
 *
 * Return: false if @fn said so.
 */
bool for_users(const struct item *item, user_fn fn, void *arg)
{
	for_each_section(item->sec->obj, sec) {
		/* Notes of the compiler and of tools, but not those of exports. */
		if (section_is(sec, KIND_IGNORE) ||
		    section_is(sec, KIND_ASAN) ||
		    (!(sec->flags & SHF_ALLOC) &&
		     !section_is(sec, KIND_REGISTRY)))
			continue;
		for_each_reloc(sec, rel) {
			struct user user;

			if (!leads_to(rel, item))
				continue;
			user = user_of(rel);
			if (!fn(&user, arg))
				return false;
		}
	}
	return true;
}

/* One search. */
struct search {
	struct item	*object;	/* whose contents change */
	struct item	**reached;	/* it, and objects that lead to it */
	struct item	**readers;	/* functions */
	size_t		nr_reached;
	size_t		max_reached;
	size_t		nr_readers;
	size_t		max_readers;
	bool		ask;		/* do not refuse */
	bool		boot;		/* boot code may have made it known */
	bool		lost;		/* there are others, or there may be */
};

static bool is_among(struct item **items, size_t nr, const struct item *item)
{
	for (size_t i = 0; i < nr; i++) {
		if (items[i] == item)
			return true;
	}
	return false;
}

static void refuse_outside(struct search *s, const char *name)
{
	s->lost = true;
	if (s->ask)
		return;
	refuse(REASON_DATA, item_name(s->object),
	       "more than one word of it changes, and %s makes it known outside of this unit: who is reading it cannot be told; change it from a hook, or let new functions use a new object",
	       name);
}

/* Can a function be kept from running while the contents change? */
static bool may_wait(struct search *s, const struct item *func)
{
	bool fixed = section_is(func->sec, KIND_FIXED_TEXT);

	if (!fixed && !item_is_weak(func))
		return true;
	s->lost = true;
	if (s->ask)
		return false;
	if (fixed)
		refuse(func->sec->kind->reason, item_name(s->object),
		       "more than one word of it changes, and %s() uses it, which may run while that happens; let new functions use a new object",
		       item_name(func));
	else
		refuse(REASON_WEAK, item_name(s->object),
		       "more than one word of it changes, and %s() uses it, of which the kernel may have another definition",
		       item_name(func));
	return false;
}

static void add_reader(struct search *s, struct item *func)
{
	if (!may_wait(s, func))
		return;
	if (is_among(s->readers, s->nr_readers, func))
		return;
	s->readers = grow(s->readers, s->nr_readers, &s->max_readers,
			  sizeof(*s->readers));
	s->readers[s->nr_readers++] = func;
}

static void add_object(struct search *s, struct item *object)
{
	if (is_among(s->reached, s->nr_reached, object))
		return;
	s->reached = grow(s->reached, s->nr_reached, &s->max_reached,
			  sizeof(*s->reached));
	s->reached[s->nr_reached++] = object;
	if (object->sym && (item_global(object) || item_is_weak(object)))
		refuse_outside(s, item_name(object));
}

/* Data that the unit has for itself; anything else has readers elsewhere. */
static bool is_private_data(const struct section *sec)
{
	return section_is(sec, KIND_DATA) || section_is(sec, KIND_OWN) ||
	       section_is(sec, KIND_PERCPU);
}

static bool add_user(const struct user *user, void *arg)
{
	struct search *s = arg;

	if (section_is(user->sec, KIND_INIT))
		s->boot = true;
	else if (user->item && user->item->func)
		add_reader(s, user->item);
	else if (user->item && is_private_data(user->sec))
		add_object(s, user->item);
	else
		refuse_outside(s, user->sec->name);
	return true;
}

static void mark_reader(struct item *func)
{
	for_each_item(func->sec->obj, part) {
		if (part->func && item_head(part) == func)
			part->reader = true;
	}
}

static char *names_of(struct item **funcs, size_t nr)
{
	size_t left = nr;
	char *names = xasprintf("%s", nr ? "" : "no function");

	for (size_t i = 0; i < nr && i < MAX_NAMES; i++, left--) {
		char *more = xasprintf("%s%s%s()", names, i ? ", " : "",
				       item_name(funcs[i]));

		free(names);
		names = more;
	}
	if (left) {
		char *more = xasprintf("%s and %zu more", names, left);

		free(names);
		names = more;
	}
	return names;
}

/* Boot code may have made something of it, or have told others where it is. */
static void note_boot(const struct search *s)
{
	const char *name = item_name(s->object);

	if (!s->lost && !s->nr_readers)
		note(name,
		     "only boot code has used it: no effect on what it made of it, only on who has kept its address");
	else if (s->ask)
		note(name,
		     "boot code has used it: no effect on what it made of it");
	else if (!s->lost)
		note(name,
		     "boot code uses it: whoever reads it from outside of this unit may see some words of it old and some new for a moment");
}

/* It, or a fragment of it. */
static bool hands_out(const struct search *s, const struct item *func)
{
	for_each_item(func->sec->obj, part) {
		if (!part->func || item_head(part) != func)
			continue;
		for (size_t i = 0; i < s->nr_reached; i++) {
			if (keeps_address(part, s->reached[i]))
				return true;
		}
	}
	return false;
}

/*
 * Readers may have given the address to others, who are not waited for. Most
 * of these use it and forget it, so that it is no reason to refuse.
 */
static void note_handed_out(const struct search *s)
{
	struct item **funcs = xcalloc(s->nr_readers + 1, sizeof(*funcs));
	size_t nr = 0;
	char *names;

	for (size_t i = 0; i < s->nr_readers; i++) {
		if (hands_out(s, s->readers[i]))
			funcs[nr++] = s->readers[i];
	}
	names = names_of(funcs, nr);
	if (nr)
		note(item_name(s->object),
		     "%s %s out its address: who has got it may see old and new contents",
		     names, nr == 1 ? "hands" : "hand");
	free(names);
	free(funcs);
}

/**
 * find_readers() - mark the functions that use an object
 * @object: object of the pre side, whose contents change
 * @ask: do not refuse what has readers out of reach
 *
 * Functions are marked with their fragments: what one part has read the other
 * may use.
 *
 * Return: their names, for people, allocated; NULL if there are readers out of
 * reach, and no function is marked then.
 */
char *find_readers(struct item *object, bool ask)
{
	struct search s = { .object = object, .ask = ask };
	char *names = NULL;

	add_object(&s, object);
	for (size_t i = 0; i < s.nr_reached; i++)
		for_users(s.reached[i], add_user, &s);
	if (!s.lost) {
		for (size_t i = 0; i < s.nr_readers; i++)
			mark_reader(s.readers[i]);
		names = names_of(s.readers, s.nr_readers);
		note_handed_out(&s);
	}
	if (s.boot)
		note_boot(&s);
	free(s.reached);
	free(s.readers);
	return names;
}
