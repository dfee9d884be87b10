// SPDX-License-Identifier: GPL-2.0
/*
 * The places in text that a running kernel rewrites, as enum lsp_site_kind
 * lists them: from the tables of a plain pre object, and from relocations
 * against the names that the kernel treats specially. Called by pre.c.
 *
 * A site is emitted only after the bytes at it have been found to be what the
 * kernel's own patching code would want there; anything else is a refusal.
 */
#include <stdlib.h>
#include <string.h>

#include "tables.h"

#define PARAVIRT_SIZE	16	/* struct paravirt_patch_site, of 6.1 */
#define PARAVIRT_LENGTH	9

#define JUMP_SIZE	16	/* struct jump_entry */
#define JUMP_TARGET	4

#define RELATIVE_SIZE	4	/* a plain table of relative addresses */
#define ADDRESS_SIZE	8	/* one of absolute addresses */

#define MAX_INSN	15

/* A site on its way to the table. */
struct site {
	struct lsp_site	row;
	uint32_t	seq;	/* order in which it was found */
};

/* Where a relocation of a table leads. */
struct place {
	const struct section	*sec;
	uint64_t		offset;
};

/**
 * struct text - one section of text and what is known of it
 * @sec: the section
 * @lengths: length of the instruction that starts at each offset, or 0
 * @sites: its sites
 * @nr_sites: number of sites
 * @max_sites: number of sites there is room for
 */
struct text {
	const struct section	*sec;
	uint8_t			*lengths;
	struct site		*sites;
	size_t			nr_sites;
	size_t			max_sites;
};

/* What sites_make() works on. */
struct finder {
	struct pre		*pre;
	struct pre_unit		*unit;
	struct text		*texts;		/* by section index */
};

static void bad_site(const struct finder *f, const struct section *sec,
		     uint64_t offset, const char *what)
{
	char *place = section_place(sec, offset);

	refuse(REASON_SITE, place, "%s: %s", f->unit->name, what);
	free(place);
}

static void add_site(struct finder *f, const struct section *sec,
		     const struct lsp_site *row)
{
	struct text *text = &f->texts[sec->idx];

	if ((uint64_t)row->offset + row->length > sec->size) {
		bad_site(f, sec, row->offset, "site leaves its section");
		return;
	}
	text->sites = grow(text->sites, text->nr_sites, &text->max_sites,
			   sizeof(*text->sites));
	text->sites[text->nr_sites] = (struct site){
		.row = *row,
		.seq = text->nr_sites,
	};
	text->nr_sites++;
}

/* instructions */

/*
 * Decode from the start, and again from the start of each function: what lies
 * between functions is filler, and need not decode in step with what follows.
 */
static void find_instructions(struct finder *f, struct text *text)
{
	const struct section *sec = text->sec;
	uint64_t at = 0, inside = 0;
	struct x86_insn insn;
	size_t next = 0;

	text->lengths = xcalloc(sec->size, 1);
	while (at < sec->size) {
		uint64_t end = sec->size;

		for (; next < sec->nr_syms; next++) {
			const struct symbol *sym = sec->syms[next];

			if (sym->type != STT_FUNC)
				continue;
			if (sym->value > at) {
				end = sym->value;
				break;
			}
			if (sym->value + sym->size > inside)
				inside = sym->value + sym->size;
		}
		if (x86_decode(sec->data + at, end - at, &insn)) {
			text->lengths[at] = insn.len;
			at += insn.len;
			continue;
		}
		if (at < inside) {
			bad_site(f, sec, at, "not an instruction");
			return;
		}
		at++;
	}
}

/* Start of the instruction that a byte belongs to; false if there is none. */
static bool instruction_of(const struct text *text, uint64_t offset,
			   uint64_t *start)
{
	uint64_t at = offset;

	while (!text->lengths[at]) {
		if (!at || offset - at >= MAX_INSN)
			return false;
		at--;
	}
	*start = at;
	return at + text->lengths[at] > offset;
}

/* tables */

/*
 * Where a relocation of a table leads. The tables of the kernel name places by
 * labels, which the assembler turns into section symbols; a name that another
 * object may give another meaning is not a place.
 */
static bool table_place(const struct finder *f, const struct section *table,
			uint64_t offset, uint32_t type, struct place *place)
{
	const struct reloc *rel = section_reloc_at(table, offset);
	int64_t at;

	if (!rel || rel->type != type || !rel->sym->sec ||
	    rel->sym->bind == STB_WEAK) {
		bad_site(f, table, offset, "entry does not say where");
		return false;
	}
	at = (int64_t)rel->sym->value + rel->addend;
	if (at < 0 || (uint64_t)at > rel->sym->sec->size) {
		bad_site(f, table, offset, "entry leads out of its section");
		return false;
	}
	place->sec = rel->sym->sec;
	place->offset = at;
	return true;
}

/*
 * Is this place in text that we compare? Tables also list places in init text,
 * and lock prefixes in replacements of alternatives; the kernel never looks at
 * the latter, and the former are gone when an update comes.
 */
static bool in_text(const struct finder *f, const struct section *table,
		    uint64_t offset, const struct place *place)
{
	switch (pre_kind(place->sec)) {
	case LSP_SEC_TEXT:
		if (place->offset < place->sec->size)
			return true;
		break;
	case LSP_SEC_INIT:
	case LSP_SEC_REPL:
		return false;
	}
	bad_site(f, table, offset, "entry leads to what is not code");
	return false;
}

static bool table_is_whole(const struct finder *f, const struct section *table,
			   uint64_t entry, unsigned int relocs)
{
	if (table->size % entry == 0 &&
	    table->nr_relocs == table->size / entry * relocs)
		return true;
	refuse(REASON_SITE, table->name,
	       "%s: not a whole number of entries of the known size",
	       f->unit->name);
	return false;
}

/* struct alt_instr: relative addresses of both, flags, lengths of both. */
static void alternatives(struct finder *f, const struct section *table)
{
	if (!table_is_whole(f, table, ALT_ENTRY_SIZE, 2))
		return;
	for (uint64_t at = 0; at < table->size; at += ALT_ENTRY_SIZE) {
		const unsigned char *entry = table->data + at;
		unsigned int flags = alt_flags(entry);
		struct place site, repl;
		struct lsp_site row = {
			.kind = LSP_SITE_ALT,
			.length = entry[ALT_LENGTH],
		};

		if (!table_place(f, table, at, R_X86_64_PC32, &site) ||
		    !table_place(f, table, at + 4, R_X86_64_PC32, &repl) ||
		    !in_text(f, table, at, &site))
			continue;
		if (flags & ~(ALT_FLAG_NOT | ALT_FLAG_CALL)) {
			bad_site(f, site.sec, site.offset,
				 "alternative with a flag that is not known");
			continue;
		}
		if (pre_kind(repl.sec) != LSP_SEC_REPL ||
		    repl.offset + entry[ALT_REPL_LENGTH] > repl.sec->size ||
		    entry[ALT_REPL_LENGTH] > row.length || !row.length) {
			bad_site(f, site.sec, site.offset,
				 "alternative without a fitting replacement");
			continue;
		}
		row.offset = site.offset;
		row.arg[0] = pre_section_row(f->pre, repl.sec);
		row.arg[1] = repl.offset;
		row.arg[2] = entry[ALT_REPL_LENGTH];
		if (flags & ALT_FLAG_CALL)
			row.arg[2] |= LSP_ALT_DIRECT_CALL;
		add_site(f, site.sec, &row);
	}
}

/*
 * Address, which pointer, length. What an alternative with ALT_FLAG_CALL became
 * later: the call may be made a direct one of what its pointer holds.
 */
static void paravirt_calls(struct finder *f, const struct section *table)
{
	if (!table_is_whole(f, table, PARAVIRT_SIZE, 1))
		return;
	for (uint64_t at = 0; at < table->size; at += PARAVIRT_SIZE) {
		struct place site;
		struct lsp_site row = {
			.kind = LSP_SITE_ALT,
			.length = table->data[at + PARAVIRT_LENGTH],
			.arg = { LSP_NONE, 0, LSP_ALT_DIRECT_CALL },
		};

		if (!table_place(f, table, at, R_X86_64_64, &site) ||
		    !in_text(f, table, at, &site))
			continue;
		row.offset = site.offset;
		if (row.length)
			add_site(f, site.sec, &row);
		else
			bad_site(f, site.sec, site.offset,
				 "a paravirt call of no bytes");
	}
}

/*
 * Length of a static branch, 0 if it is none: a short or a near jump, or the
 * NOP of the same length. What a jump without a relocation says of its target
 * must be what the table says.
 */
static unsigned int branch_length(const struct place *site,
				  const struct place *target)
{
	static const unsigned char nop2[] = { 0x66, 0x90 };
	static const unsigned char nop5[] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };
	const unsigned char *p = site->sec->data + site->offset;
	uint64_t room = site->sec->size - site->offset;
	uint64_t to;
	int32_t near;

	if (room >= 2 && p[0] == 0xeb) {
		to = site->offset + 2 + (int8_t)p[1];
		return site->sec == target->sec && to == target->offset ? 2 : 0;
	}
	if (room >= 5 && p[0] == 0xe9) {
		if (section_reloc_at(site->sec, site->offset + 1))
			return 5;
		memcpy(&near, p + 1, sizeof(near));
		to = site->offset + 5 + (int32_t)le32toh(near);
		return site->sec == target->sec && to == target->offset ? 5 : 0;
	}
	if (room >= 2 && !memcmp(p, nop2, 2))
		return 2;
	if (room >= 5 && !memcmp(p, nop5, 5))
		return 5;
	return 0;
}

/* struct jump_entry: relative addresses of branch, target and key. */
static void jump_labels(struct finder *f, const struct section *table)
{
	if (!table_is_whole(f, table, JUMP_SIZE, 3))
		return;
	for (uint64_t at = 0; at < table->size; at += JUMP_SIZE) {
		struct lsp_site row = { .kind = LSP_SITE_JUMP_LABEL };
		struct place site, target;

		if (!table_place(f, table, at, R_X86_64_PC32, &site) ||
		    !table_place(f, table, at + JUMP_TARGET, R_X86_64_PC32, &target) ||
		    !in_text(f, table, at, &site))
			continue;
		row.offset = site.offset;
		row.length = branch_length(&site, &target);
		row.arg[0] = pre_section_row(f->pre, target.sec);
		row.arg[1] = target.offset;
		if (!row.length || pre_kind(target.sec) != LSP_SEC_TEXT ||
		    row.arg[0] == LSP_NONE ||
		    f->texts[site.sec->idx].lengths[site.offset] != row.length)
			bad_site(f, site.sec, site.offset,
				 "not a static branch to where the table says");
		else
			add_site(f, site.sec, &row);
	}
}

/*
 * The assembler puts the prefix of a 16-bit instruction before the one that
 * the table means; the kernel then finds no lock prefix and leaves it alone.
 */
static bool is_late_lock(const struct place *site)
{
	const unsigned char *p = site->sec->data + site->offset;

	return site->sec->size - site->offset >= 2 && p[0] == 0x66 &&
	       p[1] == 0xf0;
}

/* Relative addresses of bytes that are NOPed out where there is one CPU. */
static void lock_prefixes(struct finder *f, const struct section *table)
{
	if (!table_is_whole(f, table, RELATIVE_SIZE, 1))
		return;
	for (uint64_t at = 0; at < table->size; at += RELATIVE_SIZE) {
		struct lsp_site row = {
			.kind = LSP_SITE_SMP_LOCK,
			.length = 1,
		};
		struct place site;

		if (!table_place(f, table, at, R_X86_64_PC32, &site) ||
		    !in_text(f, table, at, &site))
			continue;
		row.offset = site.offset;
		if (site.sec->data[site.offset] == 0xf0)
			add_site(f, site.sec, &row);
		else if (!is_late_lock(&site))
			bad_site(f, site.sec, site.offset,
				 "no lock prefix where the table says");
	}
}

/* Relative addresses of immediates; the section is named for the constant. */
static void runtime_constants(struct finder *f, const struct section *table,
			      uint32_t site_kind, const char *name)
{
	const struct lsp_const_kind *kind = lsp_const_kind(site_kind);

	if (!table_is_whole(f, table, RELATIVE_SIZE, 1))
		return;
	for (uint64_t at = 0; at < table->size; at += RELATIVE_SIZE) {
		struct lsp_site row = {
			.kind = site_kind,
			.length = kind->size,
		};
		struct place site;
		uint64_t start;

		if (!table_place(f, table, at, R_X86_64_PC32, &site) ||
		    !in_text(f, table, at, &site))
			continue;
		/* The immediate is what its instruction ends with. */
		if (site.sec->size - site.offset < kind->size ||
		    !const_is_placeholder(kind, site.sec->data + site.offset) ||
		    !instruction_of(&f->texts[site.sec->idx], site.offset,
				    &start) ||
		    start + f->texts[site.sec->idx].lengths[start] !=
		    site.offset + row.length) {
			bad_site(f, site.sec, site.offset,
				 "no runtime constant where the table says");
			continue;
		}
		row.offset = site.offset;
		row.arg[0] = pre_name_row(f->pre, name);
		add_site(f, site.sec, &row);
	}
}

/*
 * Addresses of the calls of __fentry__. In an object that is a module by itself
 * objtool may have made NOPs of them, which the kernel makes calls of; the others are
 * known by what they call.
 */
static void fentry_nops(struct finder *f, const struct section *table)
{
	if (!table_is_whole(f, table, ADDRESS_SIZE, 1))
		return;
	for (uint64_t at = 0; at < table->size; at += ADDRESS_SIZE) {
		struct lsp_site row = {
			.kind = LSP_SITE_FENTRY,
			.length = FENTRY_SIZE,
		};
		struct place site;

		if (!table_place(f, table, at, R_X86_64_64, &site) ||
		    !in_text(f, table, at, &site))
			continue;
		row.offset = site.offset;
		if (site.sec->size - site.offset >= FENTRY_SIZE &&
		    is_fentry_nop(site.sec->data + site.offset))
			add_site(f, site.sec, &row);
	}
}

/*
 * Relative addresses of the UD2 at the end of checks of a type. The kernel rewrites
 * those that are in front of a branch to a thunk.
 */
static void type_checks(struct finder *f, const struct section *table)
{
	if (!table_is_whole(f, table, RELATIVE_SIZE, 1))
		return;
	for (uint64_t at = 0; at < table->size; at += RELATIVE_SIZE) {
		struct lsp_site row = {
			.kind = LSP_SITE_KCFI,
			.length = TYPE_CHECK_SIZE,
		};
		const unsigned char *p;
		struct place trap;
		uint64_t start;

		if (!table_place(f, table, at, R_X86_64_PC32, &trap) ||
		    !in_text(f, table, at, &trap))
			continue;
		start = trap.offset - (TYPE_CHECK_SIZE - 2);
		p = trap.sec->data + start;
		if (trap.offset < TYPE_CHECK_SIZE - 2 ||
		    trap.sec->size - trap.offset < 3 || !is_type_check(p) ||
		    f->texts[trap.sec->idx].lengths[start] != 6) {
			bad_site(f, trap.sec, trap.offset,
				 "no check of a type where the table says");
			continue;
		}
		row.offset = start;
		if (p[TYPE_CHECK_SIZE] != 0xff && p[TYPE_CHECK_SIZE] != 0x41)
			add_site(f, trap.sec, &row);
	}
}

/*
 * A table that is not among these says nothing of code that is rewritten, or
 * it is unknown, which pre.c has refused.
 */
static void table_sites(struct finder *f, const struct section *table)
{
	const char *name;
	uint32_t constants = const_table(table->name, &name);

	if (!strcmp(table->name, ".altinstructions"))
		alternatives(f, table);
	else if (!strcmp(table->name, ".parainstructions"))
		paravirt_calls(f, table);
	else if (!strcmp(table->name, "__jump_table"))
		jump_labels(f, table);
	else if (!strcmp(table->name, ".smp_locks"))
		lock_prefixes(f, table);
	else if (constants)
		runtime_constants(f, table, constants, name);
	else if (!strcmp(table->name, "__mcount_loc"))
		fentry_nops(f, table);
	else if (!strcmp(table->name, ".kcfi_traps"))
		type_checks(f, table);
	else if (str_starts(table->name, "runtime_"))
		refuse(REASON_SITE, table->name,
		       "%s: a kind of rewritten code that is not known",
		       f->unit->name);
}

/* relocations */

/*
 * A branch to a special name is a site; taking its address is not, that is
 * data like any other. Call thunks and ENDBR need no site: every direct call,
 * and every function's start, may look that way.
 */
static void reloc_site(struct finder *f, struct text *text,
		       const struct reloc *rel)
{
	const struct section *sec = text->sec;
	struct lsp_site row = { };
	struct x86_insn insn;
	uint64_t start;
	int kind;

	kind = branch_kind(rel->sym->name, &row.arg[0]);
	if (kind < 0)
		return;
	if (!instruction_of(text, rel->offset, &start) ||
	    !x86_decode(sec->data + start, text->lengths[start], &insn)) {
		bad_site(f, sec, rel->offset, "not in an instruction");
		return;
	}
	if (!insn.direct)
		return;
	if (!branch_fits(kind, &insn, sec->data + start) ||
	    row.arg[0] == LSP_NONE ||
	    rel->offset != start + insn.imm_off || rel->addend != -4 ||
	    (rel->type != R_X86_64_PLT32 && rel->type != R_X86_64_PC32)) {
		bad_site(f, sec, start,
			 "a branch to a thunk of a form that is not known");
		return;
	}
	row.kind = kind;
	row.offset = start;
	row.length = insn.len;
	add_site(f, sec, &row);
}

/* Relocations in functions must lie in one instruction each. */
static void check_reloc(struct finder *f, struct text *text,
			const struct reloc *rel)
{
	uint64_t start;

	if (!section_symbol_at(text->sec, rel->offset, STT_FUNC))
		return;
	if (!instruction_of(text, rel->offset, &start) ||
	    rel->offset + x86_reloc_size(rel->type) >
	    start + text->lengths[start])
		bad_site(f, text->sec, rel->offset,
			 "relocation that is not in one instruction");
}

/* putting it together */

static int by_place(const void *one, const void *other)
{
	const struct site *a = one, *b = other;

	if (a->row.offset != b->row.offset)
		return a->row.offset < b->row.offset ? -1 : 1;
	if (a->row.kind != b->row.kind)
		return a->row.kind < b->row.kind ? -1 : 1;
	return a->seq < b->seq ? -1 : 1;
}

/* Alternatives may hold other sites; nothing else overlaps. */
static void check_overlap(struct finder *f, const struct text *text)
{
	uint64_t end = 0;

	for (size_t i = 0; i < text->nr_sites; i++) {
		const struct lsp_site *row = &text->sites[i].row;

		if (row->kind == LSP_SITE_ALT) {
			if (!text->lengths[row->offset])
				bad_site(f, text->sec, row->offset,
					 "alternative inside an instruction");
			continue;
		}
		if (row->offset < end)
			bad_site(f, text->sec, row->offset, "sites overlap");
		end = row->offset + row->length;
	}
}

static void emit_sites(struct finder *f, struct text *text)
{
	struct tables *t = &f->pre->tables;
	uint32_t row = pre_section_row(f->pre, text->sec);

	if (text->nr_sites)
		qsort(text->sites, text->nr_sites, sizeof(*text->sites),
		      by_place);
	check_overlap(f, text);
	t->sections[row].first_site = t->nr_sites;
	t->sections[row].nr_sites = text->nr_sites;
	for (size_t i = 0; i < text->nr_sites; i++)
		table_add(t, TABLE_sites, &text->sites[i].row, 1);
}

/**
 * sites_make() - make the rows of a unit's sites
 * @pre: the pre side, sections and relocations of the unit are there
 * @unit: the unit
 */
void sites_make(struct pre *pre, struct pre_unit *unit)
{
	struct finder f = {
		.pre = pre,
		.unit = unit,
		.texts = xcalloc(unit->nr_sections, sizeof(*f.texts)),
	};

	for_each_section(unit->obj, sec) {
		f.texts[sec->idx].sec = sec;
		if (pre_kind(sec) == LSP_SEC_TEXT && sec->size)
			find_instructions(&f, &f.texts[sec->idx]);
	}
	for_each_section(unit->obj, sec) {
		if (sec->flags & SHF_ALLOC)
			table_sites(&f, sec);
	}
	for_each_section(unit->obj, sec) {
		struct text *text = &f.texts[sec->idx];

		if (!text->lengths)
			continue;
		for_each_reloc(sec, rel) {
			check_reloc(&f, text, rel);
			reloc_site(&f, text, rel);
		}
		emit_sites(&f, text);
		free(text->lengths);
		free(text->sites);
	}
	free(f.texts);
}
