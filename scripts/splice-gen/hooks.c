// SPDX-License-Identifier: GPL-2.0
/*
 * Functions of the author that the engine calls when the update is enabled or
 * disabled: SPLICE_CHECK() and the like. Called by diff.c.
 *
 * A hook runs beside the old code or the new, at a moment that the patch does not
 * show. So it has to be a function that the running kernel does not have: what
 * the patch changes is neither the one nor the other while it is called. That it
 * does not call any such function is found out by finish, which knows all units.
 */
#include <stdlib.h>
#include <string.h>

#include "diff.h"

/* In a section of this name, and a kind, is the address of the function. */
#define HOOKS_PREFIX	".discard.livesplice.hooks."

static const char * const kinds[] = {
#define KIND_WORD(kind, word)	[LSP_HOOK_##kind] = word,
	LSP_HOOK_TABLE(KIND_WORD)
#undef KIND_WORD
};

/* Hooks of the unit, by kind. */
static struct item *hooks[LSP_HOOK_KINDS];

/**
 * hook_word() - what a kind of hook is called
 * @kind: the kind
 *
 * Return: the word, as in SPLICE_PRE() and the like.
 */
const char *hook_word(uint32_t kind)
{
	return kind < COUNT_OF(kinds) ? kinds[kind] : "unknown";
}

/* The function that an object names as its hook of a kind, or NULL. */
static struct item *named_hook(const struct obj *obj, size_t kind)
{
	char *name = xasprintf(HOOKS_PREFIX "%s", kinds[kind]);
	struct section *sec = obj_section(obj, name);
	struct reloc *rel = sec ? section_reloc_at(sec, 0) : NULL;
	struct ref ref = { .kind = REF_BAD };

	if (rel)
		ref = reloc_ref(rel);
	if (sec && (sec->nr_relocs != 1 || sec->size != sizeof(uint64_t) ||
		    ref.kind != REF_ITEM || !ref.item->func || ref.delta ||
		    item_head(ref.item) != ref.item)) {
		refuse(REASON_HOOK, name,
		       "does not name one function of its file");
		ref.item = NULL;
	}
	free(name);
	return ref.kind == REF_ITEM ? ref.item : NULL;
}

static void find_hook(struct diff *d, size_t kind)
{
	struct item *item = named_hook(d->post, kind);

	if (!item)
		return;
	/* Of a patch that this one stands on: it has run. */
	if (item->twin && named_hook(d->pre, kind) == item->twin)
		return;
	if (item->twin) {
		refuse(REASON_HOOK, item_name(item),
		       "is the hook \"%s\", but the running kernel has a function of this name",
		       kinds[kind]);
		return;
	}
	carry_item(d, item);
	if (!item->carried)
		return;
	hooks[kind] = item;
	note(item_name(item), "hook: %s", kinds[kind]);
}

/* What nothing was done for has nothing to be undone. */
static void check_pair(size_t fail, size_t pre)
{
	if (hooks[fail] && !hooks[pre])
		refuse(REASON_HOOK, item_name(hooks[fail]),
		       "is the hook \"%s\" of a file without \"%s\": it would never be called",
		       kinds[fail], kinds[pre]);
}

static bool is_kind(const char *section)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (!strcmp(section + strlen(HOOKS_PREFIX), kinds[i]))
			return true;
	}
	return false;
}

/**
 * find_hooks() - find the functions that are called when the update is switched
 * @d: the diff; what they need is carried
 */
void find_hooks(struct diff *d)
{
	for_each_section(d->post, sec) {
		if (str_starts(sec->name, HOOKS_PREFIX) && !is_kind(sec->name))
			refuse(REASON_HOOK, sec->name, "no kind of hook");
	}
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		find_hook(d, i);
	check_pair(LSP_HOOK_FAIL, LSP_HOOK_PRE);
	check_pair(LSP_HOOK_UNDO_FAIL, LSP_HOOK_UNDO_PRE);
}

/**
 * emit_hooks() - make the rows of the hooks
 * @d: the diff; its new object has the functions
 */
void emit_hooks(struct diff *d)
{
	for (size_t i = 0; i < COUNT_OF(hooks); i++) {
		struct link_hook row = { .unit = d->unit, .kind = i };
		struct section *sec;
		uint64_t off;

		if (!hooks[i])
			continue;
		sec = obj_section(d->out, LINK_HOOKS_SECTION) ?:
		      obj_add_section(d->out, LINK_HOOKS_SECTION, SHT_PROGBITS,
				      0, 8, 0);
		row.size = hooks[i]->size;
		off = section_append(sec, &row, sizeof(row), 8);
		section_add_reloc(sec, off + offsetof(struct link_hook, addr),
				  R_X86_64_64, hooks[i]->out, 0);
	}
}
