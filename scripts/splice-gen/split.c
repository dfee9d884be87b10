// SPDX-License-Identifier: GPL-2.0
/*
 * Functions that share a section, made independent of each other.
 *
 * With a section for each function whatever leads out of one has a relocation.
 * The functions of an assembly file, and those of a C file that an attribute
 * puts into one section, share theirs: the assembler knows the distance from
 * one to the other, and leaves no trace of the reference but a number. Here
 * the code is decoded, and each branch and access that leaves its function
 * gets the relocation it would have had, so that all other steps see code as
 * they know it. A section in which that cannot be done is marked as odd; it is
 * refused if it turns out that anything in it changed. Called by diff.c.
 */
#include <stdlib.h>
#include <string.h>

#include "splice-elf.h"

/* NOPs that the kernel's macros put in front of functions, for call thunks. */
#define PADDING		16

/* The stretch of a section that one function, or another named thing, has. */
struct extent {
	uint64_t	start;
	uint64_t	end;
	bool		code;
	bool		prefix;		/* goes on in the function behind it */
};

/* One section while it is looked through. */
struct splitter {
	struct section	*sec;
	struct extent	*extents;	/* sorted, apart from each other */
	size_t		nr;
	size_t		max;
	struct reloc	*found;		/* relocations to add */
	size_t		nr_found;
	size_t		max_found;
};

static void mark_odd(struct section *sec, uint64_t at, const char *why)
{
	if (sec->odd)
		return;
	sec->odd = why;
	sec->odd_at = at;
}

/* Labels have no size: they belong to what is around them, or to nothing. */
static bool has_extent(const struct symbol *sym)
{
	return sym->type == STT_FUNC || sym->type == STT_OBJECT ||
	       (sym->type == STT_NOTYPE && *sym->name && sym->size);
}

static void add_extent(struct splitter *s, const struct symbol *sym)
{
	uint64_t end = sym->value + sym->size;
	struct extent *last = s->nr ? &s->extents[s->nr - 1] : NULL;

	if (!sym->size) {
		mark_odd(s->sec, sym->value, "a function without a size");
		return;
	}
	if (last && last->start == sym->value) {
		/* Two names of one place. */
		if (last->end < end)
			last->end = end;
		return;
	}
	if (last && sym->value < last->end) {
		if (sym->type != STT_NOTYPE)
			mark_odd(s->sec, sym->value,
				 "functions that overlap");
		return;
	}
	s->extents = grow(s->extents, s->nr, &s->max, sizeof(*s->extents));
	s->extents[s->nr++] = (struct extent){
		.start = sym->value,
		.end = end,
		.code = sym->type != STT_OBJECT,
		.prefix = name_is_prefix(sym->name),
	};
}

/* NOPs of any length and INT3; an ENDBR and a PAUSE are instructions. */
static bool is_filler_insn(const unsigned char *p, const struct x86_insn *insn)
{
	if (insn->opcode == 0xcc && !insn->map)
		return true;
	return insn->nop && p[0] != 0xf3 && (!insn->map || insn->opcode == 0x1f);
}

/* What lies between functions is lost when they are taken apart. */
static void check_filler(struct splitter *s, uint64_t at, uint64_t end)
{
	const unsigned char *data = s->sec->data;
	struct x86_insn insn;

	while (at < end) {
		if (!data[at]) {
			at++;
			continue;
		}
		if (!x86_decode(data + at, end - at, &insn) ||
		    !is_filler_insn(data + at, &insn)) {
			mark_odd(s->sec, at, "code that belongs to no function");
			return;
		}
		at += insn.len;
	}
}

static void find_extents(struct splitter *s)
{
	uint64_t end = 0;

	for (size_t i = 0; i < s->sec->nr_syms; i++) {
		if (has_extent(s->sec->syms[i]))
			add_extent(s, s->sec->syms[i]);
	}
	for (size_t i = 0; i < s->nr; i++) {
		check_filler(s, end, s->extents[i].start);
		end = s->extents[i].end;
	}
	check_filler(s, end, s->sec->size);
}

static bool is_in_extent(const struct splitter *s, uint64_t at)
{
	for (size_t i = 0; i < s->nr; i++) {
		if (at >= s->extents[i].start && at < s->extents[i].end)
			return true;
	}
	return false;
}

static int64_t read_field(const unsigned char *p, unsigned int size)
{
	int32_t value;

	if (size == 1)
		return (int8_t)*p;
	memcpy(&value, p, sizeof(value));
	return value;
}

/* A relative field at @off of the instruction at @at. */
static void look_at_field(struct splitter *s, const struct extent *e,
			  uint64_t at, const struct x86_insn *insn,
			  unsigned int off, unsigned int size)
{
	struct section *sec = s->sec;
	uint64_t target;

	if (section_reloc_at(sec, at + off))
		return;
	if (size != 1 && size != 4) {
		mark_odd(sec, at, "a branch of a form that is not known");
		return;
	}
	target = at + insn->len + read_field(sec->data + at + off, size);
	if (target >= e->start && target < e->end)
		return;
	if (!is_in_extent(s, target)) {
		mark_odd(sec, at, "a branch to what is no function");
		return;
	}
	s->found = grow(s->found, s->nr_found, &s->max_found,
			sizeof(*s->found));
	s->found[s->nr_found++] = (struct reloc){
		.offset = at + off,
		.type = insn->direct ? R_X86_64_PLT32 : R_X86_64_PC32,
		.addend = target - (insn->len - off),
		.narrow = size == 1,
	};
}

/* Is there an alternative for this instruction? */
static bool has_alternative(const struct section *sec, uint64_t at)
{
	const struct section *alts = obj_section(sec->obj, ".altinstructions");

	if (!alts || !alts->data)
		return false;
	for_each_reloc(alts, rel) {
		uint64_t start = rel->sym->value + rel->addend;

		if (rel->sym->sec == sec && rel->offset % ALT_ENTRY_SIZE == 0 &&
		    rel->offset + ALT_LENGTH < alts->size && at >= start &&
		    at - start < alts->data[rel->offset + ALT_LENGTH])
			return true;
	}
	return false;
}

/* Assembly may go on in the function that is written below. */
static void check_end(struct splitter *s, uint64_t at,
		      const struct x86_insn *insn)
{
	if (!insn->jump && !insn->ret && !insn->trap)
		mark_odd(s->sec, at, "it runs on into what follows");
	else if (has_alternative(s->sec, at))
		mark_odd(s->sec, at, "it may run on into what follows");
}

static void look_through(struct splitter *s, const struct extent *e)
{
	const unsigned char *data = s->sec->data;
	struct x86_insn insn, last = { };
	uint64_t last_at = e->start;

	for (uint64_t at = e->start; at < e->end; at += insn.len) {
		if (!x86_decode(data + at, e->end - at, &insn)) {
			mark_odd(s->sec, at, "bytes that are no instruction");
			return;
		}
		if (insn.direct)
			look_at_field(s, e, at, &insn, insn.imm_off,
				      insn.imm_size);
		if (insn.rip)
			look_at_field(s, e, at, &insn, insn.disp_off,
				      insn.disp_size);
		/* XBEGIN has a target too. */
		if (!insn.map && insn.opcode == 0xc7 && insn.modrm == 0xf8)
			mark_odd(s->sec, at, "a transaction");
		if (insn.nop)
			continue;
		last = insn;
		last_at = at;
	}
	if (s->sec->obj->assembly && !e->prefix)
		check_end(s, last_at, &last);
}

/* The fields are zero from now on, as those of all relocations are. */
static void add_found(struct splitter *s)
{
	struct section *sec = s->sec;

	for (size_t i = 0; i < s->nr_found; i++) {
		const struct reloc *found = &s->found[i];

		memset(sec->data + found->offset, 0, found->narrow ? 1 : 4);
		section_add_reloc(sec, found->offset, found->type,
				  section_own_symbol(sec), found->addend);
		sec->relocs[sec->nr_relocs - 1].narrow = found->narrow;
	}
	section_sort_relocs(sec);
}

static void split_section(struct section *sec)
{
	struct splitter s = { .sec = sec };

	find_extents(&s);
	for (size_t i = 0; i < s.nr; i++) {
		if (s.extents[i].code)
			look_through(&s, &s.extents[i]);
	}
	add_found(&s);
	free(s.extents);
	free(s.found);
}

/* The function of a section that has exactly one, else NULL. */
static const struct symbol *only_function(const struct section *sec)
{
	const struct symbol *found = NULL;

	for (size_t i = 0; i < sec->nr_syms; i++) {
		if (sec->syms[i]->type != STT_FUNC)
			continue;
		if (found)
			return NULL;
		found = sec->syms[i];
	}
	return found;
}

/* Of compiled code: inline assembly may put something behind it. */
static void check_whole(struct section *sec, const struct symbol *func)
{
	struct splitter s = { .sec = sec };

	if (!func->size)
		mark_odd(sec, func->value, "a function without a size");
	else
		check_filler(&s, func->value + func->size, sec->size);
}

/**
 * split_text() - give all that leads out of a function a relocation
 * @obj: object, before items_make()
 */
void split_text(struct obj *obj)
{
	for_each_section(obj, sec) {
		const struct symbol *func;

		if (!sec->size || !sec->data ||
		    (!section_is(sec, KIND_TEXT) &&
		     !section_is(sec, KIND_FIXED_TEXT)))
			continue;
		func = only_function(sec);
		if (obj->assembly || !func)
			split_section(sec);
		else
			check_whole(sec, func);
	}
}

/**
 * split_padding() - let functions of an assembly file keep their padding
 * @obj: object, after items_make()
 *
 * The compiler lists it in a table of its own; the macros of assembly do not.
 * It is there to be overwritten by the kernel, so what it holds means nothing.
 */
void split_padding(struct obj *obj)
{
	for_each_item(obj, item) {
		uint64_t nr = 0;

		if (!obj->assembly || !item->func || !item->sec->data)
			continue;
		while (nr < PADDING && nr < item->offset &&
		       item->sec->data[item->offset - nr - 1] == 0x90 &&
		       !section_symbol_at(item->sec, item->offset - nr - 1,
					  STT_FUNC))
			nr++;
		if (nr == PADDING)
			item->pad = nr;
	}
}
