// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: comparison of one x86 instruction with the running code.
 *
 * Called by match.c, function by function, from the first byte on. The pre
 * object's instruction is decoded, the same bytes are read from memory, and
 * every byte has to be equal except for relocated fields, whose symbol's value
 * is inferred, and for sites that the kernel rewrites, each of which must hold
 * one of a closed set of encodings (x86_sites.c). Whatever has no rule is a
 * mismatch.
 */
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/unaligned.h>

#include <asm/text-patching.h>

#include "x86.h"

/**
 * lsp_mismatch() - take note of a mismatch
 * @stream: what is being compared
 * @i: offset in the stream
 * @length: number of bytes concerned
 * @what: what is wrong
 *
 * Return: 0.
 */
u32 lsp_mismatch(const struct lsp_stream *stream, u32 i, u32 length,
		 const char *what)
{
	struct lsp_text *text = stream->text;
	struct lsp_diag *diag = text->diag;
	u32 at = stream->at + i;

	diag->offset = at;
	diag->what = what;
	diag->nr_bytes = min3(length, (u32)sizeof(diag->wanted), text->size - at);
	memset(diag->wanted, 0, sizeof(diag->wanted));
	memcpy(diag->wanted, stream->bytes + i,
	       min(diag->nr_bytes, stream->len - min(i, stream->len)));
	memcpy(diag->found, text->run + at, diag->nr_bytes);
	/* Of the many that an alternative is tried with, few have an INT3. */
	diag->breakpoint = memchr(diag->found, INT3_INSN_OPCODE, diag->nr_bytes) &&
			   lsp_arch_breakpoint(text->addr + at, diag->nr_bytes);
	return 0;
}

/**
 * lsp_hole() - note bytes that the kernel goes on rewriting
 * @text: the function
 * @offset: offset in it
 * @length: number of bytes
 *
 * Alternatives are tried form by form, so a hole may be reported twice; sites
 * are visited in order, so only the last one has to be looked at.
 */
void lsp_hole(struct lsp_text *text, u32 offset, u32 length)
{
	if (text->nr_holes && text->holes[text->nr_holes - 1].offset >= offset)
		return;
	text->holes[text->nr_holes++] = (struct lsp_hole) { offset, length };
}

/**
 * lsp_symbol_value() - value of a symbol, from code or from its name
 * @text: the function being compared
 * @symbol: the symbol
 * @value: set if found
 *
 * Return: whether it was found. Nothing is learnt.
 */
bool lsp_symbol_value(const struct lsp_text *text, u32 symbol,
		      unsigned long *value)
{
	const char *name = lsp_string(text->tables,
				      text->tables->symbols[symbol].name);

	return lsp_values_get(text->values, symbol, value) ||
	       (*name && lsp_names_seen(&text->values->names, name, value, 1) == 1);
}

/**
 * lsp_reloc_in() - first relocation in an instruction
 * @stream: what is being compared
 * @i: offset of the instruction in the stream
 * @length: its length
 *
 * Return: the relocation, or NULL.
 */
const struct lsp_reloc *lsp_reloc_in(const struct lsp_stream *stream, u32 i,
				     u32 length)
{
	const struct lsp_reloc *rel, *end;
	u32 low = stream->sec->first_reloc, high, mid;
	u32 pos = stream->pos + i;

	high = low + stream->sec->nr_relocs;
	end = stream->text->tables->relocs + high;
	while (low < high) {
		mid = low + (high - low) / 2;
		if (stream->text->tables->relocs[mid].offset < pos)
			low = mid + 1;
		else
			high = mid;
	}
	rel = stream->text->tables->relocs + low;
	return rel < end && rel->offset < pos + length ? rel : NULL;
}

/* First site in [pos, pos + length) of the stream's section, in table order. */
static const struct lsp_site *lsp_site_in(const struct lsp_stream *stream,
					  u32 i, u32 length)
{
	const struct lsp_site *sites = stream->text->tables->sites;
	u32 low = stream->sec->first_site, end, high, mid;
	u32 pos = stream->pos + i;

	end = low + stream->sec->nr_sites;
	high = end;
	while (low < high) {
		mid = low + (high - low) / 2;
		if (sites[mid].offset < pos)
			low = mid + 1;
		else
			high = mid;
	}
	return low < end && sites[low].offset < pos + length ? sites + low : NULL;
}

/**
 * lsp_learn_target() - what a relocated field says about its symbol
 * @stream: what is being compared
 * @rel: the relocation
 * @value: the symbol's value by the running code, that is S of S + A
 *
 * Return: false if that contradicts what is known.
 */
bool lsp_learn_target(struct lsp_stream *stream, const struct lsp_reloc *rel,
		      unsigned long value)
{
	return lsp_values_learn(stream->text->values, rel->symbol, value);
}

/**
 * lsp_reloc_size() - size of a relocated field
 * @type: type of the relocation
 *
 * Return: bytes; 0 for a type that kernel code does not have.
 */
u32 lsp_reloc_size(u32 type)
{
	switch (type) {
	case R_X86_64_PC32:
	case R_X86_64_PLT32:
	case R_X86_64_32:
	case R_X86_64_32S:
		return 4;
	case R_X86_64_64:
		return 8;
	default:
		return 0;
	}
}

static bool lsp_reloc_is_pcrel(u32 type)
{
	return type == R_X86_64_PC32 || type == R_X86_64_PLT32;
}

/**
 * lsp_field_value() - what a relocated field says its symbol plus addend is
 * @field: copy of the field, of lsp_reloc_size() bytes
 * @addr: where the field is
 * @type: type of the relocation
 *
 * Return: the value.
 */
unsigned long lsp_field_value(const u8 *field, unsigned long addr, u32 type)
{
	switch (type) {
	case R_X86_64_64:
		return get_unaligned((u64 *)field);
	case R_X86_64_32:
		return get_unaligned((u32 *)field);
	case R_X86_64_32S:
		return (s64)get_unaligned((s32 *)field);
	default:
		/* Wraps on purpose: per-CPU symbols are near zero. */
		return addr + (s64)get_unaligned((s32 *)field);
	}
}

/* One relocated field of the instruction at [i, i + length). */
static bool lsp_match_reloc(struct lsp_stream *stream, u32 i,
			    const struct insn *insn, const struct lsp_reloc *rel)
{
	const struct lsp_text *text = stream->text;
	const struct lsp_tables *tables = text->tables;
	const struct lsp_symbol *sym = &tables->symbols[rel->symbol];
	u32 at = rel->offset - stream->pos, field = stream->at + at;
	unsigned long value = lsp_field_value(text->run + field,
					      text->addr + field, rel->type);
	s64 addend = rel->addend;
	u32 kind;

	if (insn->opcode.bytes[0] == CALL_INSN_OPCODE)
		value = lsp_call_target(value + 4) - 4;
	if (sym->section == LSP_NONE)
		return lsp_learn_target(stream, rel, value - addend);

	kind = tables->sections[sym->section].kind;
	if (kind == LSP_SEC_STRINGS || kind == LSP_SEC_CONSTS) {
		/* From the field's place to the instruction's end. */
		s64 rest = lsp_reloc_is_pcrel(rel->type) ?
			   i + insn->length - at : 0;

		/*
		 * A symbol names the string and the addend is arithmetic, which
		 * may lead out of it. Against the section the sum names it.
		 */
		if (sym->type != LSP_SYM_SECTION)
			return lsp_match_mergeable(stream->text->values,
						   sym->section, sym->offset,
						   value - addend);
		return lsp_match_mergeable(stream->text->values, sym->section,
					   sym->offset + addend + rest,
					   value + rest);
	}
	if (kind == LSP_SEC_REPL)
		return false;
	/* The original of static_cpu_has() leads to code that was freed. */
	if (kind == LSP_SEC_INIT && stream->in_alt)
		return false;
	return lsp_learn_target(stream, rel, value - addend);
}

/*
 * Sites inside an instruction: a lock prefix, an immediate. Marks their bytes
 * in @done.
 */
static bool lsp_match_inner(struct lsp_stream *stream, u32 i, u32 length,
			    bool *done)
{
	const struct lsp_tables *tables = stream->text->tables;
	const struct lsp_site *site, *end;
	const u8 *run = stream->text->run + stream->at;

	site = lsp_site_in(stream, i, length);
	if (!site)
		return true;
	end = tables->sites + stream->sec->first_site + stream->sec->nr_sites;
	for (; site < end && site->offset < stream->pos + i + length; site++) {
		u32 at = site->offset - stream->pos, n;
		u64 value = 0;

		if (site->kind == LSP_SITE_ALT && at == i)
			continue;
		if (at + site->length > i + length)
			return false;
		switch (site->kind) {
		case LSP_SITE_SMP_LOCK:
			/* LOCK, or DS when there was one CPU at boot. */
			if (stream->bytes[at] != 0xf0 ||
			    (run[at] != 0xf0 && run[at] != 0x3e))
				return false;
			lsp_hole(stream->text, stream->at + at, 1);
			break;
		case LSP_SITE_RUNTIME_PTR:
		case LSP_SITE_RUNTIME_SHIFT:
		case LSP_SITE_RUNTIME_MASK:
			memcpy(&value, run + at, lsp_const_kind(site->kind)->size);
			if (!lsp_values_learn_const(stream->text->values,
						    site->arg[0], value))
				return false;
			break;
		default:
			return false;
		}
		for (n = 0; n < site->length; n++)
			done[at - i + n] = true;
	}
	return true;
}

/* ENDBR64 at a function's start may have been sealed. */
static bool lsp_match_endbr(const struct lsp_stream *stream, u32 i)
{
	u32 run = get_unaligned((u32 *)(stream->text->run + stream->at + i));

	if (!lsp_is_endbr(get_unaligned((u32 *)(stream->bytes + i))))
		return false;
	return lsp_is_endbr(run) ||
	       (stream->at + i == 0 && lsp_is_sealed_endbr(run));
}

/* A call without relocation stays in its section: only its way may differ. */
static bool lsp_match_near_call(const struct lsp_stream *stream, u32 i)
{
	const u8 *run = stream->text->run + stream->at + i;
	unsigned long next = stream->text->addr + stream->at + i + CALL_INSN_SIZE;

	return run[0] == CALL_INSN_OPCODE &&
	       lsp_call_target(next + get_unaligned((s32 *)(run + 1))) ==
	       next + get_unaligned((s32 *)(stream->bytes + i + 1));
}

/* An ordinary instruction. */
static u32 lsp_match_insn(struct lsp_stream *stream, u32 i,
			  const struct insn *insn)
{
	const struct lsp_reloc *rel = lsp_reloc_in(stream, i, insn->length);
	const struct lsp_tables *tables = stream->text->tables;
	const struct lsp_reloc *end = tables->relocs + stream->sec->first_reloc +
				      stream->sec->nr_relocs;
	const u8 *run = stream->text->run + stream->at;
	bool done[MAX_INSN_SIZE] = { };
	u32 n;

	if (insn->length == 4 && !rel && lsp_match_endbr(stream, i))
		return 4;
	if (insn->opcode.bytes[0] == CALL_INSN_OPCODE && !rel &&
	    insn->length == CALL_INSN_SIZE) {
		if (lsp_match_near_call(stream, i))
			return insn->length;
		return lsp_mismatch(stream, i, insn->length, "call goes elsewhere");
	}
	if (!lsp_match_inner(stream, i, insn->length, done))
		return lsp_mismatch(stream, i, insn->length, "bad rewritten bytes");
	/* Everything but relocated fields first: it says what they mean. */
	for (; rel && rel < end &&
	     rel->offset < stream->pos + i + insn->length; rel++) {
		u32 at = rel->offset - stream->pos - i;
		u32 size = lsp_reloc_size(rel->type);

		if (!size || at + size > insn->length)
			return lsp_mismatch(stream, i, insn->length,
					    "unknown relocation");
		for (n = at; n < at + size; n++)
			done[n] = true;
	}
	for (n = 0; n < insn->length; n++)
		if (!done[n] && stream->bytes[i + n] != run[i + n])
			return lsp_mismatch(stream, i, insn->length,
					    "other instruction");
	for (rel = lsp_reloc_in(stream, i, insn->length); rel && rel < end &&
	     rel->offset < stream->pos + i + insn->length; rel++)
		if (!lsp_match_reloc(stream, i, insn, rel))
			return lsp_mismatch(stream, i, insn->length,
					    "refers to something else");
	return insn->length;
}

/* The site that decides how the instruction at @i is compared, or NULL. */
static const struct lsp_site *lsp_outer_site(const struct lsp_stream *stream,
					     u32 i)
{
	const struct lsp_site *site = lsp_site_in(stream, i, 1), *end;

	if (!site)
		return NULL;
	end = stream->text->tables->sites + stream->sec->first_site +
	      stream->sec->nr_sites;
	for (; site < end && site->offset == stream->pos + i; site++) {
		if (site->kind == LSP_SITE_SMP_LOCK || lsp_const_kind(site->kind))
			continue;
		/* That is the one whose original this is. */
		if (site->kind == LSP_SITE_ALT && stream->in_alt && !i)
			continue;
		return site;
	}
	return NULL;
}

/**
 * lsp_match_at() - compare the instruction or site at an offset
 * @stream: what is being compared
 * @i: offset in the stream, inside the expected bytes
 *
 * Return: number of bytes that match, or 0 with the diagnosis filled in.
 */
u32 lsp_match_at(struct lsp_stream *stream, u32 i)
{
	const struct lsp_site *site = lsp_outer_site(stream, i);
	const struct lsp_reloc *rel;
	struct insn insn;

	if (site && site->kind == LSP_SITE_ALT)
		return lsp_match_alt(stream, i, site);
	if (site && stream->at + i + site->length > stream->text->size)
		return lsp_mismatch(stream, i, 1, "site leaves the function");
	if (site)
		return lsp_match_site(stream, i, site);
	if (insn_decode(&insn, stream->bytes + i, stream->len - i, INSN_MODE_64))
		return lsp_mismatch(stream, i, MAX_INSN_SIZE, "cannot be decoded");
	if (stream->at + i + insn.length > stream->text->size)
		return lsp_mismatch(stream, i, 1, "instruction leaves the function");
	rel = lsp_reloc_in(stream, i, insn.length);
	if (rel && stream->sec->kind == LSP_SEC_REPL) {
		u32 length = lsp_match_thunk(stream, i, &insn, rel);

		if (length != LSP_NONE)
			return length;
	}
	return lsp_match_insn(stream, i, &insn);
}

/**
 * lsp_arch_match() - compare the running code at an offset of a function
 * @text: the function
 * @offset: offset of the next instruction
 *
 * Context: may sleep.
 * Return: number of bytes that match, at least 1; or 0 with the diagnosis
 * filled in.
 */
u32 lsp_arch_match(struct lsp_text *text, u32 offset)
{
	struct lsp_stream stream = {
		.text = text, .sec = text->sec,
		.bytes = text->pre + text->start,
		.pos = text->start, .len = text->size,
	};

	return lsp_match_at(&stream, offset);
}
