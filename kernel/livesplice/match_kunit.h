/* SPDX-License-Identifier: GPL-2.0 */
/*
 * livesplice: a few expected bytes over a few "running" ones, for the tests of
 * run-pre matching.
 */
#ifndef _LIVESPLICE_MATCH_KUNIT_H
#define _LIVESPLICE_MATCH_KUNIT_H

#include <kunit/test.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include <asm/text-patching.h>

#include "match.h"

#define RUN_ADDR	0xffffffffbffff003UL
#define REPL_OFFSET	64

/* Symbols and sections of the example. */
enum { SYM_FUNC, SYM_EXTERN, SYM_DATA, SYM_CONST, NR_SYMS };
enum { SEC_TEXT, SEC_REPL, SEC_DATA, NR_SECS };

struct lsp_case {
	struct lsp_tables	tables;
	struct lsp_section	sections[NR_SECS];
	struct lsp_symbol	symbols[NR_SYMS];
	struct lsp_reloc	relocs[4];
	struct lsp_site		sites[4];
	struct lsp_hole		holes[8];
	struct lsp_values	values;
	struct lsp_diag		diag;
	struct lsp_text		text;
	u8			pre[128];
	u8			run[64];
};

static inline struct lsp_case *new_case(struct kunit *test)
{
	struct lsp_case *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->sections[SEC_TEXT] = (struct lsp_section) {
		.kind = LSP_SEC_TEXT, .size = 64,
	};
	c->sections[SEC_REPL] = (struct lsp_section) {
		.kind = LSP_SEC_REPL, .size = 64, .bytes = REPL_OFFSET,
		.first_reloc = 3,
	};
	c->sections[SEC_DATA] = (struct lsp_section) {
		.kind = LSP_SEC_DATA, .size = 256, .bytes = LSP_NONE,
	};
	c->symbols[SYM_FUNC] = (struct lsp_symbol) {
		.section = SEC_TEXT, .size = 64, .type = LSP_SYM_FUNC,
	};
	c->symbols[SYM_EXTERN] = (struct lsp_symbol) {
		.section = LSP_NONE, .type = LSP_SYM_OTHER,
	};
	c->symbols[SYM_DATA] = (struct lsp_symbol) {
		.section = SEC_DATA, .offset = 16, .type = LSP_SYM_OBJECT,
	};
	c->symbols[SYM_CONST] = c->symbols[SYM_EXTERN];
	c->tables = (struct lsp_tables) {
		.sections = c->sections, .nr_sections = NR_SECS,
		.symbols = c->symbols, .nr_symbols = NR_SYMS,
		.relocs = c->relocs, .nr_relocs = ARRAY_SIZE(c->relocs),
		.sites = c->sites, .nr_sites = ARRAY_SIZE(c->sites),
		.bytes = c->pre, .nr_bytes = sizeof(c->pre),
		.strings = "", .nr_strings = 1,
	};
	KUNIT_ASSERT_EQ(test, lsp_values_init(&c->values, &c->tables, NULL), 0);
	c->text = (struct lsp_text) {
		.tables = &c->tables, .values = &c->values, .sec = c->sections,
		.pre = c->pre, .size = 64, .run = c->run, .addr = RUN_ADDR,
		.holes = c->holes, .diag = &c->diag,
	};
	memset(c->pre, INT3_INSN_OPCODE, sizeof(c->pre));
	memset(c->run, INT3_INSN_OPCODE, sizeof(c->run));
	return c;
}

/* One case from @pre to @run; more is filled in before match() is called. */
static inline struct lsp_case *bytes_case(struct kunit *test, const void *pre,
					  size_t nr_pre, const void *run, size_t nr_run)
{
	struct lsp_case *c = new_case(test);

	memcpy(c->pre, pre, nr_pre);
	memcpy(c->run, run, nr_run);
	return c;
}

#define CASE(test, pre, run) \
	bytes_case(test, pre, sizeof(pre) - 1, run, sizeof(run) - 1)

static inline void add_reloc(struct lsp_case *c, u32 offset, u32 type, u32 symbol,
			     s64 addend)
{
	c->relocs[c->sections[SEC_TEXT].nr_relocs++] = (struct lsp_reloc) {
		.offset = offset, .type = type, .symbol = symbol,
		.addend = addend,
	};
}

static inline void add_site(struct lsp_case *c, u32 kind, u32 offset, u16 length,
			    u32 arg0, u32 arg1, u32 arg2)
{
	c->sites[c->sections[SEC_TEXT].nr_sites++] = (struct lsp_site) {
		.offset = offset, .length = length, .kind = kind,
		.arg = { arg0, arg1, arg2 },
	};
}

static inline u32 match(struct lsp_case *c)
{
	u32 length = lsp_arch_match(&c->text, 0);

	lsp_values_free(&c->values);
	return length;
}

static inline void set_branch(struct lsp_case *c, u32 end, unsigned long dest)
{
	put_unaligned((s32)(dest - (RUN_ADDR + end)), (s32 *)(c->run + end - 4));
}

#endif /* _LIVESPLICE_MATCH_KUNIT_H */
