// SPDX-License-Identifier: GPL-2.0
/*
 * New functions and objects that are exported as well, for other parts of the
 * update. Called by compare.c and diff.c.
 *
 * An entry of .export_symbol begins with a label that is named for the symbol,
 * holds license and namespace, and ends with the symbol's address. modpost
 * makes the export of it, in an update as in any module. What the running kernel
 * has already cannot be exported later.
 *
 * In trees that do not have that (6.1) the compiler makes the export itself: a
 * section for each, of three relative addresses, which are the symbol's and those
 * of two strings with labels, its name and its namespace.
 */
#include <stdlib.h>
#include <string.h>

#include "diff.h"

#define LABEL_PREFIX	"__export_symbol_"
#define STRINGS_SECTION	"__ksymtab_strings"

static bool is_exports(const struct section *sec)
{
	return !strcmp(sec->name, ".export_symbol");
}

static bool is_made_export(const struct section *sec)
{
	return str_starts(sec->name, "___ksymtab+") ||
	       str_starts(sec->name, "___ksymtab_gpl+");
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

/* Does this relocation lead to a global symbol that is new? */
static bool leads_to_new(const struct reloc *rel)
{
	struct ref ref = reloc_ref(rel);

	return ref.kind == REF_ITEM && !ref.delta && !ref.item->twin &&
	       rel->sym->bind == STB_GLOBAL;
}

static const struct reloc *first_reloc(const struct section *sec)
{
	for_each_reloc(sec, rel)
		if (!rel->offset && rel->type == R_X86_64_PC32)
			return rel;
	return NULL;
}

/**
 * export_is_new() - does a relocation belong to the export of something new?
 * @rel: the relocation, of the post side
 * @bytes: set to the bytes of the entry that it stands for, so that those of all
 *	relocations of an entry add up to its size
 *
 * Return: true if so.
 */
bool export_is_new(const struct reloc *rel, uint64_t *bytes)
{
	const struct symbol *label;

	*bytes = 0;
	if (is_made_export(rel->sec)) {
		const struct reloc *first = first_reloc(rel->sec);

		if (!first || !leads_to_new(first))
			return false;
		if (rel == first)
			*bytes = rel->sec->size;
		return true;
	}
	if (!is_exports(rel->sec) || rel->type != R_X86_64_64)
		return false;
	label = label_of(rel);
	if (!label || !leads_to_new(rel))
		return false;
	*bytes = rel->offset + sizeof(uint64_t) - label->value;
	return true;
}

static struct section *same_section(struct diff *d, const struct section *sec)
{
	return obj_section(d->out, sec->name) ?:
	       obj_add_section(d->out, sec->name, sec->type, sec->flags,
			       sec->align, sec->entsize);
}

/* modpost makes the export. */
static void emit_export(struct diff *d, const struct section *sec)
{
	for_each_reloc(sec, rel) {
		struct symbol *label = label_of(rel);
		struct section *out;
		uint64_t size, off;

		if (!export_is_new(rel, &size) || !reloc_ref(rel).item->carried)
			continue;
		out = same_section(d, sec);
		off = section_append(out, sec->data + label->value, size,
				     sec->align);
		obj_add_symbol(d->out, label->name, STB_LOCAL, STT_NOTYPE, out,
			       off, 0);
		section_add_reloc(out, off + rel->offset - label->value,
				  rel->type, obj_symbol(d->out, rel->sym->name),
				  rel->addend);
	}
}

/* A string of an export, with its label. */
static struct symbol *emit_string(struct diff *d, const struct symbol *label)
{
	const struct section *sec = label->sec;
	const char *string = (const char *)sec->data + label->value;
	uint64_t room = sec->size - label->value, off;
	struct section *out = same_section(d, sec);
	size_t length = strnlen(string, room);

	if (length == room)
		refuse(REASON_EXPORT, label->name, "what it exports has no name");
	off = section_append(out, string, length + (length < room), 1);
	return obj_add_symbol(d->out, label->name, STB_LOCAL, STT_NOTYPE, out,
			      off, 0);
}

/* The compiler has made it: one section is one export. */
static void emit_made_export(struct diff *d, const struct section *sec)
{
	const struct reloc *first = first_reloc(sec);
	struct section *out;
	uint64_t bytes;

	if (!first || !export_is_new(first, &bytes) ||
	    !reloc_ref(first).item->carried)
		return;
	out = same_section(d, sec);
	section_append(out, sec->data, sec->size, sec->align);
	for (size_t i = 0; i < sec->nr_syms; i++)
		if (sec->syms[i]->type != STT_SECTION)
			obj_add_symbol(d->out, sec->syms[i]->name, STB_LOCAL,
				       STT_NOTYPE, out, sec->syms[i]->value, 0);
	for_each_reloc(sec, rel) {
		struct symbol *to;

		if (rel->sym->sec && !strcmp(rel->sym->sec->name, STRINGS_SECTION))
			to = emit_string(d, rel->sym);
		else
			to = obj_symbol(d->out, rel->sym->name);
		section_add_reloc(out, rel->offset, rel->type, to, rel->addend);
	}
}

/**
 * emit_exports() - export what is carried, new, and exported in the post side
 * @d: the diff, its new object has all that is carried
 */
void emit_exports(struct diff *d)
{
	for_each_section(d->post, sec) {
		if (is_exports(sec))
			emit_export(d, sec);
		else if (is_made_export(sec))
			emit_made_export(d, sec);
	}
}
