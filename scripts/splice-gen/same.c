// SPDX-License-Identifier: GPL-2.0
/*
 * `splice-elf same`: is what a compiler makes now what was built then? Called
 * by splice-gen for every unit before anything is concluded from its source.
 *
 * Compared is all that ends up in a kernel's memory: allocated sections with
 * their relocations, and the symbols defined in them. Notes say which tools
 * were used, not what they made, and are left out.
 */
#include <stdlib.h>
#include <string.h>

#include "splice-elf.h"

static const char advice[] =
	"source or compiler is not that of the build; build again, or undo the edit";

static bool counts(const struct section *sec)
{
	return (sec->flags & SHF_ALLOC) && sec->type != SHT_NOTE;
}

/* The section of the same name; of several, the one at the same rank. */
static struct section *twin_of(const struct section *sec,
			       const struct obj *other)
{
	unsigned int rank = 0;

	for_each_section(sec->obj, earlier) {
		if (earlier == sec)
			break;
		rank += counts(earlier) && !strcmp(earlier->name, sec->name);
	}
	for_each_section(other, twin) {
		if (counts(twin) && !strcmp(twin->name, sec->name) && !rank--)
			return twin;
	}
	return NULL;
}

static bool same_symbol(const struct symbol *a, const struct symbol *b)
{
	if (a->type != b->type || a->bind != b->bind || !a->sec != !b->sec ||
	    a->value != b->value || a->size != b->size ||
	    a->other != b->other || (!a->sec && a->shndx != b->shndx))
		return false;
	if (strcmp(symbol_name(a), symbol_name(b)))
		return false;
	return !a->sec || twin_of(a->sec, b->obj) == b->sec;
}

static bool same_reloc(const struct reloc *a, const struct reloc *b,
		       uint64_t a_start, uint64_t b_start)
{
	return a->offset - a_start == b->offset - b_start &&
	       a->type == b->type && a->addend == b->addend &&
	       same_symbol(a->sym, b->sym);
}

/*
 * Offset of the first difference of two ranges of @size bytes, @size if there
 * is none.
 */
static uint64_t first_difference(const struct section *a, uint64_t a_start,
				 const struct section *b, uint64_t b_start,
				 uint64_t size)
{
	const struct reloc *ra = section_reloc_from(a, a_start);
	const struct reloc *rb = section_reloc_from(b, b_start);
	const struct reloc *ra_end = section_reloc_from(a, a_start + size);
	const struct reloc *rb_end = section_reloc_from(b, b_start + size);
	uint64_t at = 0;

	if (!a->data != !b->data)
		return 0;
	if (!a->data)
		at = size;
	while (at < size && a->data[a_start + at] == b->data[b_start + at])
		at++;
	for (; ra < ra_end && rb < rb_end; ra++, rb++) {
		if (same_reloc(ra, rb, a_start, b_start))
			continue;
		if (ra->offset - a_start < at)
			at = ra->offset - a_start;
		if (rb->offset - b_start < at)
			at = rb->offset - b_start;
		return at;
	}
	if (ra < ra_end && ra->offset - a_start < at)
		at = ra->offset - a_start;
	if (rb < rb_end && rb->offset - b_start < at)
		at = rb->offset - b_start;
	return at;
}

static bool same_section(const struct section *a, const struct section *b,
			 uint64_t *where)
{
	uint64_t size = a->size < b->size ? a->size : b->size;

	*where = first_difference(a, 0, b, 0, size);
	return *where == size && a->size == b->size && a->type == b->type &&
	       a->flags == b->flags && a->entsize == b->entsize &&
	       a->align == b->align && a->nr_relocs == b->nr_relocs &&
	       !a->link == !b->link &&
	       (!a->link || twin_of(a->link, b->obj) == b->link);
}

static struct symbol *twin_function(const struct symbol *sym,
				    const struct section *twin)
{
	for (size_t i = 0; i < twin->nr_syms; i++) {
		if (twin->syms[i]->type == STT_FUNC &&
		    !strcmp(twin->syms[i]->name, sym->name))
			return twin->syms[i];
	}
	return NULL;
}

static void differs(const char *name, uint64_t offset)
{
	char *place = xasprintf("%s+0x%llx", name, (unsigned long long)offset);

	refuse(REASON_SOURCE, place, "%s", advice);
	free(place);
}

/*
 * A function that has another length shifts all that follows, and so changes
 * branches of functions before it that nobody edited. Hence look for the first
 * one of another length; only if there is none, for the first other byte.
 */
static bool name_function(const struct section *sec, const struct section *twin)
{
	for (size_t i = 0; i < sec->nr_syms; i++) {
		const struct symbol *sym = sec->syms[i], *other;
		uint64_t size;

		if (sym->type != STT_FUNC)
			continue;
		other = twin_function(sym, twin);
		if (other && other->size == sym->size)
			continue;
		size = other && other->size < sym->size ? other->size :
							  sym->size;
		differs(sym->name, other ? first_difference(sec, sym->value,
							    twin, other->value,
							    size) : 0);
		return true;
	}
	for (size_t i = 0; i < twin->nr_syms; i++) {
		if (twin->syms[i]->type == STT_FUNC &&
		    !twin_function(twin->syms[i], sec)) {
			differs(twin->syms[i]->name, 0);
			return true;
		}
	}
	return false;
}

/* Returns true if the pair differs, and has said where. */
static bool compare_sections(const struct section *sec, const struct obj *other)
{
	const struct section *twin = twin_of(sec, other);
	char *place;
	uint64_t at;

	if (!twin) {
		refuse(REASON_SOURCE, sec->name, "%s", advice);
		return true;
	}
	if (same_section(sec, twin, &at))
		return false;
	if ((sec->flags & SHF_EXECINSTR) && name_function(sec, twin))
		return true;
	place = section_place(sec, at);
	refuse(REASON_SOURCE, place, "%s", advice);
	free(place);
	return true;
}

/* Code first: who edited a function will look for its name. */
static bool sections_differ(const struct obj *a, const struct obj *b)
{
	for (int code = 1; code >= 0; code--) {
		for_each_section(a, sec) {
			if (counts(sec) &&
			    code == !!(sec->flags & SHF_EXECINSTR) &&
			    compare_sections(sec, b))
				return true;
		}
	}
	for_each_section(b, sec) {
		if (counts(sec) && !twin_of(sec, a)) {
			refuse(REASON_SOURCE, sec->name, "%s", advice);
			return true;
		}
	}
	return false;
}

/* The next symbol that is defined in what is compared. */
static struct symbol *next_symbol(const struct obj *obj, size_t *i)
{
	while (*i < obj->nr_symbols) {
		struct symbol *sym = obj->symbols[(*i)++];

		if (sym->sec ? counts(sym->sec) :
			       sym->shndx == SHN_ABS && sym->type != STT_FILE)
			return sym;
	}
	return NULL;
}

static bool symbols_differ(const struct obj *a, const struct obj *b)
{
	const struct symbol *sa, *sb;
	size_t ia = 0, ib = 0;

	do {
		sa = next_symbol(a, &ia);
		sb = next_symbol(b, &ib);
		if (!sa && !sb)
			return false;
	} while (sa && sb && same_symbol(sa, sb));
	refuse(REASON_SOURCE, symbol_name(sa ?: sb), "%s", advice);
	return true;
}

/**
 * cmd_same() - compare a built object with one compiled now
 * @argc: number of arguments
 * @argv: same BUILT.o REPLAY.o
 *
 * Return: EXIT_OK, EXIT_REFUSED if they differ.
 */
int cmd_same(int argc, char **argv)
{
	const struct obj *built, *replay;

	if (argc != 3)
		die_usage("splice-elf same BUILT.o REPLAY.o");
	built = obj_open(argv[1]);
	replay = obj_open(argv[2]);
	if (sections_differ(built, replay) || symbols_differ(built, replay))
		return EXIT_REFUSED;
	return EXIT_OK;
}
