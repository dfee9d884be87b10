// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: tests of run-pre matching, instruction by instruction.
 *
 * Each test lays a few expected bytes, with relocations and sites, over a few
 * "running" bytes and asks lsp_arch_match() for its opinion. No kernel text is
 * involved, but for the addresses of thunks.
 */
#include <kunit/test.h>
#include <linux/elf.h>
#include <linux/ftrace.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include <asm/nospec-branch.h>
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

static struct lsp_case *new_case(struct kunit *test)
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
static struct lsp_case *bytes_case(struct kunit *test, const void *pre,
				   size_t nr_pre, const void *run, size_t nr_run)
{
	struct lsp_case *c = new_case(test);

	memcpy(c->pre, pre, nr_pre);
	memcpy(c->run, run, nr_run);
	return c;
}

#define CASE(test, pre, run) \
	bytes_case(test, pre, sizeof(pre) - 1, run, sizeof(run) - 1)

static void add_reloc(struct lsp_case *c, u32 offset, u32 type, u32 symbol,
		      s64 addend)
{
	c->relocs[c->sections[SEC_TEXT].nr_relocs++] = (struct lsp_reloc) {
		.offset = offset, .type = type, .symbol = symbol,
		.addend = addend,
	};
}

static void add_site(struct lsp_case *c, u32 kind, u32 offset, u16 length,
		     u32 arg0, u32 arg1, u32 arg2)
{
	c->sites[c->sections[SEC_TEXT].nr_sites++] = (struct lsp_site) {
		.offset = offset, .length = length, .kind = kind,
		.arg = { arg0, arg1, arg2 },
	};
}

static u32 match(struct lsp_case *c)
{
	u32 length = lsp_arch_match(&c->text, 0);

	lsp_values_free(&c->values);
	return length;
}

static void set_branch(struct lsp_case *c, u32 end, unsigned long dest)
{
	put_unaligned((s32)(dest - (RUN_ADDR + end)), (s32 *)(c->run + end - 4));
}

static void match_plain(struct kunit *test)
{
	struct lsp_case *c;

	/* mov %rsp,%rbp; then one bit of it changed. */
	KUNIT_EXPECT_EQ(test, match(CASE(test, "\x48\x89\xe5", "\x48\x89\xe5")), 3);
	KUNIT_EXPECT_EQ(test, match(CASE(test, "\x48\x89\xe5", "\x48\x89\xe4")), 0);
	/* A breakpoint that is nobody's. */
	KUNIT_EXPECT_EQ(test, match(CASE(test, "\x48\x89\xe5", "\xcc\x89\xe5")), 0);
	/* What cannot be decoded is no match even if it is equal: a lone REX. */
	c = CASE(test, "\x48", "\x48");
	c->text.size = 1;
	KUNIT_EXPECT_EQ(test, match(c), 0);
}

static void match_endbr(struct kunit *test)
{
	struct lsp_case *c;

	KUNIT_EXPECT_EQ(test, match(CASE(test, "\xf3\x0f\x1e\xfa",
					 "\xf3\x0f\x1e\xfa")), 4);
	KUNIT_EXPECT_EQ(test, match(CASE(test, "\xf3\x0f\x1e\xfa",
					 "\x66\x0f\x1f\x00")), 4);
	KUNIT_EXPECT_EQ(test, match(CASE(test, "\xf3\x0f\x1e\xfa",
					 "\x0f\x1f\x40\x00")), 0);
	/* Only a function's first instruction gets sealed. */
	c = CASE(test, "\x90\xf3\x0f\x1e\xfa", "\x90\x66\x0f\x1f\x00");
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 1);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 1), 0);
	lsp_values_free(&c->values);
}

static void match_infers(struct kunit *test)
{
	/* mov $sym+8,%rdi twice: same symbol, same value; then another. */
	struct lsp_case *c = CASE(test, "\x48\xc7\xc7\0\0\0\0\x48\xc7\xc6\0\0\0\0",
				  "\x48\xc7\xc7\x18\x20\x30\x82"
				  "\x48\xc7\xc6\x10\x20\x30\x82");
	unsigned long value;

	add_reloc(c, 3, R_X86_64_32S, SYM_EXTERN, 8);
	add_reloc(c, 10, R_X86_64_32S, SYM_EXTERN, 0);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 7);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 7), 7);
	KUNIT_EXPECT_TRUE(test, lsp_values_get(&c->values, SYM_EXTERN, &value));
	KUNIT_EXPECT_EQ(test, value, 0xffffffff82302010UL);
	c->run[10]++;
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 7), 0);
	KUNIT_EXPECT_EQ(test, c->diag.offset, 7);
	lsp_values_free(&c->values);
}

static void match_infers_base(struct kunit *test)
{
	/* mov data(%rip),%eax gives the base of the data section. */
	struct lsp_case *c = CASE(test, "\x8b\x05\0\0\0\0", "\x8b\x05\0\0\0\0");
	unsigned long value;

	add_reloc(c, 2, R_X86_64_PC32, SYM_DATA, -4);
	set_branch(c, 6, 0xffffffff82001010UL);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 6);
	KUNIT_EXPECT_TRUE(test, lsp_values_get(&c->values, SYM_DATA, &value));
	KUNIT_EXPECT_EQ(test, value, 0xffffffff82001010UL);
	KUNIT_EXPECT_EQ(test, c->values.base[SEC_DATA], 0xffffffff82001000UL);
	/* Per-CPU symbols are near zero; the sum has to wrap. */
	lsp_values_rollback(&c->values, 0);
	set_branch(c, 6, 0x2d400);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 6);
	KUNIT_EXPECT_TRUE(test, lsp_values_get(&c->values, SYM_DATA, &value));
	KUNIT_EXPECT_EQ(test, value, 0x2d400);
	lsp_values_free(&c->values);
}

static void match_unknown_reloc(struct kunit *test)
{
	struct lsp_case *c = CASE(test, "\x8b\x05\0\0\0\0", "\x8b\x05\0\0\0\0");

	add_reloc(c, 2, R_X86_64_GOTPCREL, SYM_DATA, -4);
	KUNIT_EXPECT_EQ(test, match(c), 0);
	/* A field that leaves its instruction. */
	c = CASE(test, "\x8b\x05\0\0\0\0", "\x8b\x05\0\0\0\0");
	add_reloc(c, 3, R_X86_64_PC32, SYM_DATA, -4);
	KUNIT_EXPECT_EQ(test, match(c), 0);
}

static void match_fentry(struct kunit *test)
{
	struct lsp_case *c = CASE(test, "\xe8\0\0\0\0", "\x0f\x1f\x44\0\0");

	add_site(c, LSP_SITE_FENTRY, 0, 5, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 5);
	KUNIT_EXPECT_EQ(test, c->text.nr_holes, 1);
	/* A call where ftrace has no record. */
	c->run[0] = CALL_INSN_OPCODE;
	KUNIT_EXPECT_EQ(test, match(c), 0);
}

static void match_return(struct kunit *test)
{
	struct lsp_case *c = CASE(test, "\xe9\0\0\0\0", "\xc3\xcc\xcc\xcc\xcc");

	add_site(c, LSP_SITE_RETURN, 0, 5, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 5);
	c->run[4] = 0x90;
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 0);
#ifdef CONFIG_MITIGATION_RETHUNK
	c->run[0] = JMP32_INSN_OPCODE;
	set_branch(c, 5, (unsigned long)x86_return_thunk);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 5);
	set_branch(c, 5, (unsigned long)x86_return_thunk + 1);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 0);
#endif
	lsp_values_free(&c->values);
}

static void match_retpoline(struct kunit *test)
{
	struct lsp_case *c = CASE(test, "\x2e\xe8\0\0\0\0", "\x2e\xe8\0\0\0\0");

	add_site(c, LSP_SITE_RETPOLINE, 0, 6, 3, 0, 0);
	set_branch(c, 6, (unsigned long)__x86_indirect_thunk_array[3]);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 6);
	set_branch(c, 6, (unsigned long)__x86_indirect_thunk_array[2]);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 0);
	/* call *%rbx and filling; the wrong register; a jump for a call. */
	memcpy(c->run, "\xff\xd3\x0f\x1f\x40\0", 6);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 6);
	memcpy(c->run, "\x0f\xae\xe8\xff\xd3\x90", 6);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 6);
	memcpy(c->run, "\xff\xd2\x0f\x1f\x40\0", 6);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 0);
	memcpy(c->run, "\xff\xe3\xcc\x0f\x1f\0", 6);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 0);
	/* The filling has to do nothing. */
	memcpy(c->run, "\xff\xd3\xff\xd3\x66\x90", 6);
	KUNIT_EXPECT_EQ(test, match(c), 0);
}

static void match_retpoline_high(struct kunit *test)
{
	/* jmp *%r11, and jne that became je over jmp *%r11. */
	struct lsp_case *c = CASE(test, "\xe9\0\0\0\0", "\x41\xff\xe3\xcc\x90");

	add_site(c, LSP_SITE_RETPOLINE, 0, 5, 11, 0, 0);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 5);
	c->run[3] = 0x90;
	KUNIT_EXPECT_EQ(test, match(c), 0);
	c = CASE(test, "\x0f\x85\0\0\0\0", "\x74\x04\x41\xff\xe3\xcc");
	add_site(c, LSP_SITE_RETPOLINE, 0, 6, 11, 0, 0);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 6);
	c->run[0] = 0x75;
	KUNIT_EXPECT_EQ(test, match(c), 0);
}

static void match_jump_label(struct kunit *test)
{
	struct lsp_case *c = CASE(test, "\xeb\x10", "\x66\x90");

	add_site(c, LSP_SITE_JUMP_LABEL, 0, 2, SEC_TEXT, 0x12, 0);
	KUNIT_EXPECT_TRUE(test, lsp_values_learn_base(&c->values, SEC_TEXT,
						      RUN_ADDR));
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 2);
	memcpy(c->run, "\xeb\x10", 2);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 2);
	memcpy(c->run, "\xeb\x11", 2);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 0);
	memcpy(c->run, "\x74\x10", 2);
	KUNIT_EXPECT_EQ(test, match(c), 0);
}

static void match_smp_lock(struct kunit *test)
{
	/* lock incl (%rdi) */
	struct lsp_case *c = CASE(test, "\xf0\xff\x07", "\xf0\xff\x07");

	add_site(c, LSP_SITE_SMP_LOCK, 0, 1, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 3);
	c->run[0] = 0x3e;
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 3);
	c->run[0] = 0x90;
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 0);
	c->run[0] = 0xf0;
	c->run[2] = 0x06;
	KUNIT_EXPECT_EQ(test, match(c), 0);
}

static void match_runtime_const(struct kunit *test)
{
	/* movabs $placeholder,%rax */
	struct lsp_case *c = CASE(test,
				  "\x48\xb8\xef\xcd\xab\x89\x67\x45\x23\x01",
				  "\x48\xb8\x00\xf0\xff\xff\xff\x7f\x00\x00");

	add_site(c, LSP_SITE_RUNTIME_PTR, 2, 8, SYM_CONST, 0, 0);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 10);
	KUNIT_EXPECT_EQ(test, c->values.konst[SYM_CONST], 0x7ffffffff000UL);
	/* Two places, two values: no. */
	c->run[3] = 0xe0;
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 0);
	/* The instruction around it counts. */
	c->run[3] = 0xf0;
	c->run[1] = 0xb9;
	KUNIT_EXPECT_EQ(test, match(c), 0);
}

static void match_near_call(struct kunit *test)
{
	struct lsp_case *c = CASE(test, "\xe8\x10\0\0\0", "\xe8\x10\0\0\0");

	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 5);
	c->run[1]++;
	KUNIT_EXPECT_EQ(test, match(c), 0);
}

/* An alternative of 5 bytes, "xor %eax,%eax", over the original @pre. */
static struct lsp_case *alt_case(struct kunit *test, const char *pre,
				 const char *run)
{
	struct lsp_case *c = bytes_case(test, pre, 5, run, 5);

	memcpy(c->pre + REPL_OFFSET, "\x31\xc0", 2);
	add_site(c, LSP_SITE_ALT, 0, 5, SEC_REPL, 0, 2);
	return c;
}

static void match_alternative(struct kunit *test)
{
	static const char nops[] = "\x90\x90\x90\x90\x90";

	/* Original, as it was and with its NOPs made one. */
	KUNIT_EXPECT_EQ(test, match(alt_case(test, nops, nops)), 5);
	KUNIT_EXPECT_EQ(test, match(alt_case(test, nops, "\x0f\x1f\x44\0\0")), 5);
	/* Replacement with filling. */
	KUNIT_EXPECT_EQ(test, match(alt_case(test, nops, "\x31\xc0\x0f\x1f\0")), 5);
	KUNIT_EXPECT_EQ(test, match(alt_case(test, nops, "\x31\xc0\xeb\x01\xcc")), 5);
	/* Filling that does something, a jump too far, another replacement. */
	KUNIT_EXPECT_EQ(test, match(alt_case(test, nops, "\x31\xc0\x31\xc0\x90")), 0);
	KUNIT_EXPECT_EQ(test, match(alt_case(test, nops, "\x31\xc0\xeb\x02\xcc")), 0);
	KUNIT_EXPECT_EQ(test, match(alt_case(test, nops, "\x31\xdb\x0f\x1f\0")), 0);
	/* An original that is code. */
	KUNIT_EXPECT_EQ(test, match(alt_case(test, "\x48\x89\xe5\x66\x90",
					     "\x48\x89\xe5\x66\x90")), 5);
	KUNIT_EXPECT_EQ(test, match(alt_case(test, "\x48\x89\xe5\x66\x90",
					     "\x66\x90\x48\x89\xe5")), 0);
}

static void match_alternative_jump(struct kunit *test)
{
	/* The replacement "jmp text+0x12" became a short jump. */
	struct lsp_case *c = CASE(test, "\x90\x90\x90\x90\x90",
				  "\xeb\x10\xcc\xcc\xcc");

	memcpy(c->pre + REPL_OFFSET, "\xe9\0\0\0\0", 5);
	c->relocs[3] = (struct lsp_reloc) {
		.offset = 1, .type = R_X86_64_PC32, .symbol = SYM_FUNC,
		.addend = 0x12 - 4,
	};
	c->sections[SEC_REPL].nr_relocs = 1;
	add_site(c, LSP_SITE_ALT, 0, 5, SEC_REPL, 0, 5);
	KUNIT_EXPECT_TRUE(test, lsp_values_learn_base(&c->values, SEC_TEXT,
						      RUN_ADDR));
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 5);
	c->run[1] = 0x11;
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 0);
	/* And as it was written. */
	c->run[0] = JMP32_INSN_OPCODE;
	set_branch(c, 5, RUN_ADDR + 0x12);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 5);
	set_branch(c, 5, RUN_ADDR + 0x13);
	KUNIT_EXPECT_EQ(test, match(c), 0);
}

/* A form that fails takes back what it learnt. */
static void match_rollback(struct kunit *test)
{
	struct lsp_case *c = CASE(test, "\x48\xc7\xc7\0\0\0\0\x66\x90",
				  "\x48\xc7\xc7\x10\x20\x30\x82\x89\xc0");
	unsigned long value;

	memcpy(c->pre + REPL_OFFSET, "\x31\xc0", 2);
	add_reloc(c, 3, R_X86_64_32S, SYM_EXTERN, 0);
	add_site(c, LSP_SITE_ALT, 0, 9, SEC_REPL, 0, 2);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 0);
	lsp_values_rollback(&c->values, 0);
	KUNIT_EXPECT_FALSE(test, lsp_values_get(&c->values, SYM_EXTERN, &value));
	lsp_values_free(&c->values);
}

static struct kunit_case livesplice_match_cases[] = {
	KUNIT_CASE(match_plain),
	KUNIT_CASE(match_endbr),
	KUNIT_CASE(match_infers),
	KUNIT_CASE(match_infers_base),
	KUNIT_CASE(match_unknown_reloc),
	KUNIT_CASE(match_fentry),
	KUNIT_CASE(match_return),
	KUNIT_CASE(match_retpoline),
	KUNIT_CASE(match_retpoline_high),
	KUNIT_CASE(match_jump_label),
	KUNIT_CASE(match_smp_lock),
	KUNIT_CASE(match_runtime_const),
	KUNIT_CASE(match_near_call),
	KUNIT_CASE(match_alternative),
	KUNIT_CASE(match_alternative_jump),
	KUNIT_CASE(match_rollback),
	{}
};

static struct kunit_suite livesplice_match_suite = {
	.name = "livesplice_match",
	.test_cases = livesplice_match_cases,
};

kunit_test_suite(livesplice_match_suite);

MODULE_DESCRIPTION("KUnit tests of livesplice's run-pre matching");
MODULE_LICENSE("GPL");
