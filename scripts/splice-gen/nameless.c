// SPDX-License-Identifier: GPL-2.0
/*
 * Objects without a name: where does one end and the next one begin?
 *
 * The compiler leaves constants without a name, and out of line code. What is
 * known of them is which places relocations lead to, and, with KASAN, a list of
 * them. Called by items.c when all that has a name is an item.
 */
#include <stdlib.h>
#include <string.h>

#include "splice-elf.h"

/* Sorted offsets in a section where nameless items start. */
struct starts {
	uint64_t	*offsets;
	struct item	**users;	/* who leads there, as evidence */
	size_t		nr;
	size_t		max;
	size_t		max_users;
	struct asan_global *globals;	/* what KASAN knows of */
	size_t		nr_globals;
	bool		biased;		/* some may not be what is meant */
	bool		exact;		/* each is where an object starts */
};

static void add_start(struct starts *s, uint64_t offset, struct item *user)
{
	s->offsets = grow(s->offsets, s->nr, &s->max, sizeof(*s->offsets));
	s->users = grow(s->users, s->nr, &s->max_users, sizeof(*s->users));
	s->offsets[s->nr] = offset;
	s->users[s->nr++] = user;
}

static bool inside_item(const struct section *sec, const struct starts *s,
			uint64_t offset)
{
	if (item_is_alone(sec) && s->nr_globals < 2)
		return true;
	for (size_t i = 0; i < sec->nr_items; i++) {
		if (offset >= sec->items[i].offset &&
		    offset < sec->items[i].offset + sec->items[i].size)
			return true;
	}
	return false;
}

static void find_starts(struct obj *obj, struct section *sec,
			struct starts *starts)
{
	bool repl = section_is_repl(sec);

	for_each_section(obj, from) {
		bool table = !strcmp(from->name, ".altinstructions");

		/* Tables lead into code, not to where it starts. */
		if (repl ? !table : !section_has_items(from))
			continue;
		for_each_reloc(from, rel) {
			uint64_t off = reloc_target(rel);

			if (rel->sym->sec != sec || rel->lost || rel->empty ||
			    off > sec->size || inside_item(sec, starts, off))
				continue;
			add_start(starts, off, item_at(from, rel->offset));
			starts->biased |= rel->biased;
		}
	}
}

static bool inside_globals(const struct starts *s, uint64_t offset)
{
	for (size_t i = 0; i < s->nr_globals; i++) {
		if (offset >= s->globals[i].start &&
		    offset - s->globals[i].start < s->globals[i].size)
			return true;
	}
	return false;
}

/*
 * With KASAN strings are objects like all others, in one section and without a
 * name, but with a gap around each and a list of them all. That is where to
 * cut; unless an address with something added to it, or one that lies in a gap,
 * may mean another object than the one that it is in. Then they stay together.
 */
static void use_globals(struct section *sec, struct starts *starts)
{
	struct starts known = { .exact = !starts->biased };
	uint64_t first = UINT64_MAX;

	for (size_t i = 0; i < starts->nr; i++) {
		known.exact &= inside_globals(starts, starts->offsets[i]);
		if (starts->offsets[i] < first)
			first = starts->offsets[i];
	}
	for (size_t i = 0; i < starts->nr_globals; i++) {
		uint64_t start = starts->globals[i].start;

		if (inside_item(sec, starts, start))
			continue;
		add_start(&known, start, NULL);
		if (start < first)
			first = start;
	}
	if (known.nr && !known.exact) {
		known.nr = 0;
		add_start(&known, first, NULL);
	}
	if (!known.nr)
		return;
	free(starts->offsets);
	free(starts->users);
	known.globals = starts->globals;
	known.nr_globals = starts->nr_globals;
	*starts = known;
	sec->apart = known.exact;
}

/* Of what starts at a place: without the gap behind it, or up to the next. */
static uint64_t nameless_size(const struct starts *s, uint64_t offset,
			      uint64_t next)
{
	for (size_t i = 0; s->exact && i < s->nr_globals; i++) {
		if (s->globals[i].start == offset)
			return s->globals[i].size;
	}
	return next - offset;
}

/* Does one function lead to both? Then they are parts of one thing. */
static bool share_user(const struct starts *s, uint64_t a, uint64_t b)
{
	for (size_t i = 0; i < s->nr; i++) {
		for (size_t j = 0; s->offsets[i] == a && j < s->nr; j++) {
			if (s->offsets[j] == b && s->users[i] == s->users[j])
				return true;
		}
	}
	return false;
}

static int compare_offsets(const void *pa, const void *pb)
{
	uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;

	return a < b ? -1 : a > b;
}

static int compare_items(const void *pa, const void *pb)
{
	const struct item *a = pa, *b = pb;

	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

/*
 * Cut what no symbol covers at the places that relocations lead to. Nameless
 * data may be accessed at several offsets: it is cut only between places that
 * no function uses together. Pieces of code are cut at every start, and so is
 * what is known to start there.
 */
static void split_gaps(struct section *sec, const struct starts *starts)
{
	size_t named = sec->nr_items, max = sec->nr_items;
	uint64_t *sorted = xcalloc(starts->nr, sizeof(*sorted));
	bool all = section_is(sec, KIND_PIECES) || starts->exact;

	if (starts->nr)
		memcpy(sorted, starts->offsets, starts->nr * sizeof(*sorted));
	sort_array(sorted, starts->nr, sizeof(*sorted), compare_offsets);
	for (size_t i = 0; i < starts->nr; i++) {
		uint64_t off = sorted[i];
		struct item *last;

		last = sec->nr_items > named ?
		       &sec->items[sec->nr_items - 1] : NULL;
		if (last && last->offset == off)
			continue;
		if (!all && i && last && share_user(starts, sorted[i - 1], off))
			continue;
		item_add(sec, &max, NULL, off);
	}
	free(sorted);

	sort_array(sec->items, sec->nr_items, sizeof(*sec->items),
		   compare_items);
	for (size_t i = 0; i < sec->nr_items; i++) {
		struct item *item = &sec->items[i];

		if (!item->sym)
			item->size = nameless_size(starts, item->offset,
						   i + 1 < sec->nr_items ?
						   item[1].offset : sec->size);
	}
}

/* Assembly may walk from one label to the next, which nobody can see. */
static bool is_one_piece(const struct section *sec)
{
	if (section_is(sec, KIND_IDS))
		return sec->size;
	return sec->obj->assembly && !sec->nr_items &&
	       section_is(sec, KIND_DATA) && sec->size;
}

/**
 * nameless_items() - find the items of an object that no symbol names
 * @obj: object, whose other items have been found
 */
void nameless_items(struct obj *obj)
{
	for_each_section(obj, sec) {
		struct starts starts = { NULL };
		size_t max = 0;

		if (!section_has_items(sec) || section_is(sec, KIND_TEXT) ||
		    section_is(sec, KIND_FIXED_TEXT) ||
		    section_is(sec, KIND_INIT) || section_is(sec, KIND_ASAN))
			continue;
		if (is_one_piece(sec)) {
			item_add(sec, &max, NULL, 0)->size = sec->size;
			continue;
		}
		starts.nr_globals = asan_globals(sec, &starts.globals);
		find_starts(obj, sec, &starts);
		use_globals(sec, &starts);
		split_gaps(sec, &starts);
		free(starts.offsets);
		free(starts.users);
		free(starts.globals);
	}
}

