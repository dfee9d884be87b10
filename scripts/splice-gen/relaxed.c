// SPDX-License-Identifier: GPL-2.0
/*
 * Functions whose old frames may stay: SPLICE_RELAXED().
 *
 * The author says that it does no harm if tasks that are in the old version of
 * a function finish in it. That is a matter of meaning; what is checked here is
 * that the machine code allows it. The compiler knows which registers a function
 * of the unit leaves alone, and how it wants its arguments if nobody else calls
 * it. A frame that stays was compiled with what it knew of the old functions,
 * and would call the new ones. So it must not call any that is replaced. The
 * same holds for frames of the new version when the update is undone. Called by
 * diff.c.
 */
#include <string.h>

#include "diff.h"

/* A name in it is one that SPLICE_RELAXED() was given. */
#define RELAXED_SECTION	".discard.livesplice.relaxed"

static struct item *relaxed_item(struct diff *d, const char *name)
{
	struct item *found = NULL;

	for_each_item(d->post, item) {
		if (!item->func || item != item_head(item) || !item->sym ||
		    strcmp(item->sym->name, name))
			continue;
		if (found) {
			refuse(REASON_AMBIGUOUS, name,
			       "SPLICE_RELAXED() names it, and there are several");
			return NULL;
		}
		found = item;
	}
	if (!found)
		refuse(REASON_RELAXED, name,
		       "SPLICE_RELAXED() names it, but the unit has no function of this name, or not as a whole");
	else if (!found->twin || !found->carried)
		refuse(REASON_RELAXED, name,
		       "SPLICE_RELAXED() names it, but it is not replaced");
	return found && found->twin && found->carried ? found : NULL;
}

/* Is it replaced? Either side's. */
static bool is_replaced(const struct item *item)
{
	const struct item *head = item_head((struct item *)item);

	if (!head->func || !head->twin)
		return false;
	return head->carried || head->twin->carried;
}

static void check_calls(const struct item *item, const char *which)
{
	for_each_item(item->sec->obj, part) {
		if (!part->func || item_head(part) != item)
			continue;
		for_each_reloc(part->sec, rel) {
			struct ref ref = reloc_ref(rel);

			if (rel->offset < part->offset ||
			    rel->offset >= part->offset + part->size ||
			    ref.kind != REF_ITEM || !ref.item->func ||
			    !is_replaced(ref.item))
				continue;
			/* While a function is compiled, nothing is known of it. */
			if (item_head(ref.item) == item)
				continue;
			refuse(REASON_RELAXED, item_name(item),
			       "frames of its %s code may stay, but it refers to %s(), which is replaced: the two were not compiled for each other",
			       which, item_name(item_head(ref.item)));
			return;
		}
	}
}

static void check_relaxed(const struct item *item)
{
	if (item->twin->reader)
		refuse(REASON_RELAXED, item_name(item),
		       "frames of its old code may stay, but it reads an object that changes");
	check_calls(item->twin, "old");
	check_calls(item, "new");
}

/**
 * find_relaxed() - mark replaced functions whose old frames may stay
 * @d: the diff, with all that is carried known
 *
 * What SPLICE_RELAXED() cannot be kept for is refused.
 */
void find_relaxed(struct diff *d)
{
	const struct section *sec = obj_section(d->post, RELAXED_SECTION);
	uint64_t at = 0;

	while (sec && sec->data && at < sec->size) {
		const char *name = (const char *)sec->data + at;
		size_t len = strnlen(name, sec->size - at);
		struct item *item;

		if (at + len == sec->size) {
			refuse(REASON_RELAXED, RELAXED_SECTION,
			       "a name in it has no end");
			return;
		}
		at += len + 1;
		/* The compiler may align one name after the other. */
		if (!len)
			continue;
		item = relaxed_item(d, name);
		if (!item)
			continue;
		item->relaxed = true;
		check_relaxed(item);
		note(name, "relaxed: tasks that are in one version of it finish in that one");
	}
}
