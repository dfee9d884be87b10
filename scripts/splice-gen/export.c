// SPDX-License-Identifier: GPL-2.0
/*
 * New functions and objects that are exported as well, for other parts of the
 * update. Called by compare.c and diff.c.
 *
 * An entry of .export_symbol begins with a label that is named for the symbol,
 * holds license and namespace, and ends with the symbol's address. modpost
 * makes the export of it, in an update as in any module. What the running kernel
 * has already cannot be exported later.
 */
#include <stdlib.h>
#include <string.h>

#include "diff.h"

#define LABEL_PREFIX	"__export_symbol_"

static bool is_exports(const struct section *sec)
{
	return !strcmp(sec->name, ".export_symbol");
}

/* The label that the entry with this address begins with, or NULL. */
static struct symbol *label_of(const struct reloc *rel)
{
	struct symbol *found = NULL;
	char *name = xasprintf(LABEL_PREFIX "%s", rel->sym->name);

	for (size_t i = 0; i < rel->sec->nr_syms; i++) {
		struct symbol *sym = rel->sec->syms[i];

		if (!strcmp(sym->name, name) && sym->value < rel->offset)
			found = sym;
	}
	free(name);
	return found;
}

/**
 * export_new_bytes() - size of an entry of .export_symbol for something new
 * @rel: the relocation of the entry's address, of the post side
 *
 * Return: the size; 0 if it is no such entry.
 */
uint64_t export_new_bytes(const struct reloc *rel)
{
	const struct symbol *label;
	struct ref ref;

	if (!is_exports(rel->sec) || rel->type != R_X86_64_64)
		return 0;
	ref = reloc_ref(rel);
	label = label_of(rel);
	if (ref.kind != REF_ITEM || ref.delta || ref.item->twin || !label ||
	    rel->sym->bind != STB_GLOBAL)
		return 0;
	return rel->offset + sizeof(uint64_t) - label->value;
}

/**
 * emit_exports() - export what is carried, new, and exported in the post side
 * @d: the diff, its new object has all that is carried
 */
void emit_exports(struct diff *d)
{
	for_each_section(d->post, sec) {
		if (!is_exports(sec))
			continue;
		for_each_reloc(sec, rel) {
			uint64_t size = export_new_bytes(rel), off;
			struct symbol *label = label_of(rel);
			struct section *out;

			if (!size || !reloc_ref(rel).item->carried)
				continue;
			out = obj_section(d->out, sec->name) ?:
			      obj_add_section(d->out, sec->name, sec->type,
					      sec->flags, sec->align, 0);
			off = section_append(out, sec->data + label->value,
					     size, sec->align);
			obj_add_symbol(d->out, label->name, STB_LOCAL,
				       STT_NOTYPE, out, off, 0);
			section_add_reloc(out, off + rel->offset - label->value,
					  rel->type,
					  obj_symbol(d->out, rel->sym->name),
					  rel->addend);
		}
	}
}
