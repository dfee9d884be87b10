// SPDX-License-Identifier: GPL-2.0
/*
 * Lists of BTF ids.
 *
 * A list is written with names; a tool puts the numbers in when the kernel is
 * linked, and sorts sets. So the running kernel has the right numbers, and new
 * code can use its list, if the same names are in it. Names are those of
 * symbols, which have a counter and a line number behind them. All lists of an
 * object are looked at together: what comes before a list says where it is.
 * Called by diff.c and old.c.
 */
#include <ctype.h>
#include <string.h>

#include "diff.h"

#define IDS_SECTION	".BTF_ids"
#define ID_PREFIX	"__BTF_ID__"

/**
 * ids_section() - section with the lists of an object
 * @obj: object
 *
 * Return: it, or NULL.
 */
struct section *ids_section(const struct obj *obj)
{
	return obj_section(obj, IDS_SECTION);
}

/* Length of a name without what makes it unique. */
static size_t name_length(const char *name)
{
	size_t len = strlen(name), end = len;

	if (!str_starts(name, ID_PREFIX))
		return len;
	while (isdigit((unsigned char)name[end - 1]))
		end--;
	return name[end - 1] == '_' && name[end - 2] == '_' ? end : len;
}

static bool same_symbol(const struct symbol *a, const struct symbol *b)
{
	size_t len = name_length(a->name);

	return a->value == b->value && a->size == b->size &&
	       a->type == b->type && a->bind == b->bind &&
	       len == name_length(b->name) && !strncmp(a->name, b->name, len);
}

/* The next symbol that has a name, or NULL. */
static const struct symbol *next_name(const struct section *sec, size_t *i)
{
	while (*i < sec->nr_syms) {
		const struct symbol *sym = sec->syms[(*i)++];

		if (sym->type != STT_SECTION)
			return sym;
	}
	return NULL;
}

static bool same_names(const struct section *a, const struct section *b)
{
	const struct symbol *sa, *sb;
	size_t ia = 0, ib = 0;

	do {
		sa = next_name(a, &ia);
		sb = next_name(b, &ib);
		if (!sa && !sb)
			return true;
	} while (sa && sb && same_symbol(sa, sb));
	return false;
}

/* Bytes are flags, and zeros for the numbers to come. */
static bool same_lists(const struct section *a, const struct section *b)
{
	return a->size == b->size && a->data && b->data &&
	       !memcmp(a->data, b->data, a->size) &&
	       !a->nr_relocs && !b->nr_relocs && same_names(a, b);
}

static void forget(struct obj *obj)
{
	struct section *sec = ids_section(obj);

	if (sec)
		sec->kind = NULL;
}

/**
 * ids_correlate() - are the lists the same on both sides, and in the kernel?
 * @d: the diff
 *
 * If not, they are of a kind that nothing is known of.
 */
void ids_correlate(struct diff *d)
{
	struct section *plain = ids_section(d->plain);
	struct section *pre = ids_section(d->pre);
	struct section *post = ids_section(d->post);

	if (plain && pre && post && pre->nr_items && post->nr_items &&
	    same_lists(pre, post) && same_lists(plain, pre)) {
		pre->items->twin = post->items;
		post->items->twin = pre->items;
		return;
	}
	forget(d->plain);
	forget(d->pre);
	forget(d->post);
}
