// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: alternatives, and calls through pv_ops, which are alternatives
 * too.
 *
 * apply_alternatives() leaves one of several forms at a site, fills it up with
 * NOPs, makes long runs of NOPs one, or a jump over INT3s, and shortens jumps.
 * Which form is not asked: any of them will do, provided that all of the site
 * is that form. Called by x86_match.c.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <asm/alternative.h>
#include <asm/text-patching.h>

#include "x86.h"

/* Real code has one inside another. Each level costs a few stack frames. */
#define LSP_MAX_ALT_DEPTH	3

/* First offset from @i on where an expected instruction is not a NOP. */
static u32 lsp_end_of_nops(const struct lsp_stream *stream, u32 i, u32 region)
{
	struct insn insn;

	while (i < stream->len) {
		if (insn_decode(&insn, stream->bytes + i, stream->len - i,
				INSN_MODE_64) || !lsp_is_nop(&insn))
			return i;
		i += insn.length;
	}
	return region;
}

/* A near jump of a replacement that became a short one. */
static u32 lsp_match_shrunk(struct lsp_stream *stream, u32 i)
{
	const struct lsp_reloc *rel = lsp_reloc_in(stream, i, JMP32_INSN_SIZE);
	const u8 *run = lsp_run(stream, i);
	unsigned long dest;

	if (stream->bytes[i] != JMP32_INSN_OPCODE || stream->len - i < JMP32_INSN_SIZE ||
	    run[0] != JMP8_INSN_OPCODE || !rel || rel->offset != stream->pos + i + 1)
		return 0;
	/* What is left is never run: older kernels have NOPs there. */
	if (memchr_inv(run + JMP8_INSN_SIZE, INT3_INSN_OPCODE, 3) &&
	    !lsp_all_nops(run + JMP8_INSN_SIZE, 3))
		return 0;
	dest = stream->text->addr + stream->at + i + JMP8_INSN_SIZE + (s8)run[1];
	/* S + A is where the field would have to lead: four bytes short. */
	if (!lsp_learn_target(stream, rel, dest - 4 - rel->addend))
		return 0;
	return JMP32_INSN_SIZE;
}

/* One form of an alternative against the @region bytes of its site. */
static bool lsp_match_form(struct lsp_stream *form, u32 region)
{
	u32 i = 0, end, length;

	while (i < region) {
		end = lsp_end_of_nops(form, i, region);
		if (end > i) {
			if (!lsp_all_nops(lsp_run(form, i), end - i))
				return lsp_mismatch(form, i, end - i,
						    "alternative: no filling");
			i = end;
			continue;
		}
		length = lsp_match_shrunk(form, i);
		if (!length)
			length = lsp_match_at(form, i);
		if (!length)
			return false;
		if (length > region - i)
			return lsp_mismatch(form, i, 1, "alternative: too long");
		i += length;
	}
	return true;
}

/* Where "call *ptr(%rip)", or "call *ptr", finds what it calls; 0 for others. */
static unsigned long lsp_call_slot(const struct lsp_stream *stream, u32 i,
				   u32 region)
{
	const u8 *pre = stream->bytes + i;
	bool near = region >= 6 && pre[0] == 0xff && pre[1] == 0x15;
	bool far = region >= 7 && pre[0] == 0xff && pre[1] == 0x14 && pre[2] == 0x25;
	const struct lsp_reloc *rel = lsp_reloc_in(stream, i, near ? 6 : 7);
	unsigned long slot;

	if ((!near && !far) || !rel || rel->offset != stream->pos + i + (near ? 2 : 3) ||
	    !lsp_symbol_value(stream->text, rel->symbol, &slot))
		return 0;
	return slot + rel->addend + (near ? 4 : 0);
}

/* An indirect call that was made a direct one of what its pointer held. */
static bool lsp_match_direct_call(struct lsp_stream *stream, u32 i, u32 region)
{
	unsigned long slot = lsp_call_slot(stream, i, region), func;
	const u8 *run = lsp_run(stream, i);

	if (!slot)
		return false;
	if (copy_from_kernel_nofault(&func, (void *)slot, sizeof(func)))
		return false;
	if (!func)
		func = (unsigned long)BUG_func;
	if (func == (unsigned long)nop_func)
		return lsp_all_nops(run, region);
	return run[0] == CALL_INSN_OPCODE &&
	       lsp_call_target(lsp_branch_dest(stream, i + CALL_INSN_SIZE)) == func &&
	       lsp_all_nops(run + CALL_INSN_SIZE, region - CALL_INSN_SIZE);
}

/* One replacement of the alternative at @i. */
static bool lsp_match_replacement(struct lsp_stream *stream, u32 i, u32 region,
				  const struct lsp_site *site)
{
	const struct lsp_tables *tables = stream->text->tables;
	const struct lsp_section *repl;
	struct lsp_stream form;

	if (site->arg[2] & LSP_ALT_DIRECT_CALL)
		return lsp_match_direct_call(stream, i, region);
	repl = &tables->sections[site->arg[0]];
	form = (struct lsp_stream) {
		.text = stream->text, .sec = repl,
		.bytes = tables->bytes + repl->bytes + site->arg[1],
		.pos = site->arg[1], .len = site->arg[2] & LSP_ALT_LENGTH,
		.at = stream->at + i,
		.depth = stream->depth + 1,
	};
	return lsp_match_form(&form, region);
}

/**
 * lsp_match_alt() - compare the site of one or several alternatives
 * @stream: what is being compared
 * @i: offset of the site in the stream
 * @first: first of the alternatives at this place
 *
 * The kernel holds one of the forms, filled with NOPs to the length of the
 * longest original. Later entries win over earlier ones, so they are tried
 * first; what an unsuccessful try learnt is taken back.
 *
 * Return: number of bytes that match, or 0 with the diagnosis filled in.
 */
u32 lsp_match_alt(struct lsp_stream *stream, u32 i,
		  const struct lsp_site *first)
{
	struct lsp_text *text = stream->text;
	const struct lsp_site *end = text->tables->sites +
		stream->sec->first_site + stream->sec->nr_sites;
	struct lsp_stream orig = *stream;
	const struct lsp_site *site, *last;
	unsigned int holes = text->nr_holes;
	u32 region = 0, mark = text->values->nr_journal;

	if (stream->depth >= LSP_MAX_ALT_DEPTH)
		return lsp_mismatch(stream, i, 1, "alternatives nested too deep");
	for (last = first; last < end && last->offset == first->offset; last++)
		if (last->kind == LSP_SITE_ALT)
			region = max_t(u32, region, last->length);
	if (region > stream->len - i)
		return lsp_mismatch(stream, i, 1, "site leaves the function");

	for (site = last; site-- > first;) {
		if (site->kind != LSP_SITE_ALT)
			continue;
		if (lsp_match_replacement(stream, i, region, site))
			return region;
		lsp_values_rollback(text->values, mark);
		text->nr_holes = holes;
	}
	orig.bytes += i;
	orig.pos += i;
	orig.at += i;
	orig.len = region;
	orig.in_alt = true;
	orig.depth++;
	if (lsp_match_form(&orig, region))
		return region;
	return lsp_mismatch(stream, i, region, "none of the alternatives");
}
