/* SPDX-License-Identifier: GPL-2.0 */
/*
 * livesplice: what the x86 files share.
 */
#ifndef _LIVESPLICE_X86_H
#define _LIVESPLICE_X86_H

#include <linux/types.h>
#include <linux/unaligned.h>

#include <asm/ibt.h>
#include <asm/insn.h>

#include "match.h"

struct module;

/**
 * struct lsp_stream - expected bytes laid over a stretch of running text
 * @text: the function being compared
 * @sec: section the expected bytes come from
 * @bytes: the expected bytes
 * @pos: their offset in @sec
 * @len: number of expected bytes
 * @at: offset in the function where they are expected
 * @in_alt: they are the original of an alternative
 * @depth: number of alternatives that they are inside of
 */
struct lsp_stream {
	struct lsp_text			*text;
	const struct lsp_section	*sec;
	const u8			*bytes;
	u32				pos;
	u32				len;
	u32				at;
	bool				in_alt;
	u8				depth;
};

/* The running bytes at offset @i of the stream. */
static inline const u8 *lsp_run(const struct lsp_stream *stream, u32 i)
{
	return stream->text->run + stream->at + i;
}

/* Destination of a branch with a 32-bit displacement, which ends at @end. */
static inline unsigned long
lsp_branch_dest(const struct lsp_stream *stream, u32 end)
{
	return stream->text->addr + stream->at + end +
	       (s64)get_unaligned((s32 *)(lsp_run(stream, end) - 4));
}

#ifdef CONFIG_MITIGATION_CALL_DEPTH_TRACKING
/* callthunks.c: the code it puts in front of functions, and where it ends. */
extern u8 skl_call_thunk_template[];
extern u8 skl_call_thunk_tail[];
#endif

#ifdef CONFIG_X86_KERNEL_IBT
/* ENDBR64, and what a sealed one was replaced by. */
static inline bool lsp_is_endbr(u32 insn)
{
	return insn == gen_endbr();
}

static inline bool lsp_is_sealed_endbr(u32 insn)
{
	return insn == gen_endbr_poison();
}
#else
static inline bool lsp_is_endbr(u32 insn)
{
	return false;
}

static inline bool lsp_is_sealed_endbr(u32 insn)
{
	return false;
}
#endif

/*
 * Is a lock prefix in [start, end] that is rewritten when a second CPU comes?
 * Trees in which there is such a thing have their own answer.
 */
#ifndef lsp_locks_reserved
static inline bool lsp_locks_reserved(void *start, void *end)
{
	return false;
}
#endif

/* x86_text.c */
unsigned long lsp_call_target(unsigned long dest);
bool lsp_all_nops(const u8 *bytes, u32 length);
bool lsp_is_nop(const struct insn *insn);
bool lsp_calls_fentry(const u8 *bytes, unsigned long addr);
unsigned long lsp_branch_target(const struct insn *insn, unsigned long addr);
bool lsp_read_text_locked(void *dst, unsigned long addr, size_t len);

/* x86.c */
unsigned long lsp_entry_site(unsigned long addr, unsigned int size, u32 first,
			     unsigned long fentry);

/* x86_match.c */
u32 lsp_mismatch(const struct lsp_stream *stream, u32 i, u32 length,
		 const char *what);
u32 lsp_match_at(struct lsp_stream *stream, u32 i);
const struct lsp_reloc *lsp_reloc_in(const struct lsp_stream *stream, u32 i,
				     u32 length);
bool lsp_learn_target(struct lsp_stream *stream, const struct lsp_reloc *rel,
		      unsigned long value);
bool lsp_symbol_value(const struct lsp_text *text, u32 symbol,
		      unsigned long *value);
void lsp_hole(struct lsp_text *text, u32 offset, u32 length);
u32 lsp_reloc_size(u32 type);
unsigned long lsp_field_value(const u8 *field, unsigned long addr, u32 type);

/* What a conditional tail call of nothing leads to. */
void __static_call_return(void);

/* Of the linker; only it knows where static calls are. */
extern const char __static_call_text_start[], __static_call_text_end[];

/* x86_deny.c */
bool lsp_arch_denied_name(const char *symbol);
bool lsp_arch_denied_section(unsigned long addr, unsigned long size);
bool lsp_arch_denied_module(const struct module *mod, unsigned long addr,
			    unsigned long size);

/* x86_relaxed.c */
bool lsp_branches_into(const u8 *code, unsigned int size, unsigned long addr,
		       unsigned long site, u32 span);

/* x86_data.c */
bool lsp_match_mergeable(struct lsp_values *values, u32 section, u64 offset,
			 unsigned long addr);

/* x86_sites.c */
u32 lsp_match_site(struct lsp_stream *stream, u32 i,
		   const struct lsp_site *site);
u32 lsp_match_thunk(struct lsp_stream *stream, u32 i, const struct insn *insn,
		    const struct lsp_reloc *rel);

bool lsp_is_return_thunk(unsigned long addr);

/* x86_keys.c */
bool lsp_static_call_func(const struct lsp_text *text, u32 at,
			  const struct lsp_reloc *rel, unsigned long *func);

/* x86_borrow.c */
void lsp_label_bytes(u8 *bytes, u32 length, unsigned long addr,
		     unsigned long target);
const u8 *lsp_call_stand_in(unsigned long func);
void lsp_call_bytes(u8 *bytes, unsigned long addr, void *func, bool tail);

/* x86_alt.c */
u32 lsp_match_alt(struct lsp_stream *stream, u32 i,
		  const struct lsp_site *first);

#endif /* _LIVESPLICE_X86_H */
