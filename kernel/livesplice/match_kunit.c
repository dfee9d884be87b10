// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: tests of run-pre matching, instruction by instruction.
 *
 * Each test lays a few expected bytes, with relocations and sites, over a few
 * "running" bytes and asks lsp_arch_match() for its opinion. No kernel text is
 * involved, but for the addresses of thunks.
 */
#include <linux/elf.h>
#include <linux/string.h>

#include <asm/ibt.h>
#include <asm/text-patching.h>

#include "match_kunit.h"

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

#ifdef CONFIG_X86_KERNEL_IBT
static void match_endbr(struct kunit *test)
{
	u32 sealed = gen_endbr_poison();
	struct lsp_case *c;

	KUNIT_EXPECT_EQ(test, match(CASE(test, "\xf3\x0f\x1e\xfa",
					 "\xf3\x0f\x1e\xfa")), 4);
	KUNIT_EXPECT_EQ(test, match(bytes_case(test, "\xf3\x0f\x1e\xfa", 4,
					       &sealed, 4)), 4);
	KUNIT_EXPECT_EQ(test, match(CASE(test, "\xf3\x0f\x1e\xfa",
					 "\x0f\x1f\x40\x00")), 0);
	/* Only a function's first instruction gets sealed. */
	c = CASE(test, "\x90\xf3\x0f\x1e\xfa", "\x90\0\0\0\0");
	memcpy(c->run + 1, &sealed, 4);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 1);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 1), 0);
	lsp_values_free(&c->values);
}
#else
static void match_endbr(struct kunit *test)
{
	kunit_skip(test, "functions begin with something else");
}
#endif

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

/* What a paravirt call leads to. */
static unsigned long pointed_at;

static void match_pointer_call(struct kunit *test)
{
	/* call *pointer(%rip), and call *pointer */
	struct lsp_case *near = CASE(test, "\xff\x15\0\0\0\0",
				     "\xe8\0\0\0\0\x90");
	struct lsp_case *far = CASE(test, "\xff\x14\x25\0\0\0\0",
				    "\xe8\0\0\0\0\x66\x90");

	pointed_at = (unsigned long)&lsp_arch_match;
	add_reloc(near, 2, R_X86_64_PC32, SYM_EXTERN, -4);
	add_site(near, LSP_SITE_ALT, 0, 6, LSP_NONE, 0, LSP_ALT_DIRECT_CALL);
	add_reloc(far, 3, R_X86_64_32S, SYM_EXTERN, 0);
	add_site(far, LSP_SITE_ALT, 0, 7, LSP_NONE, 0, LSP_ALT_DIRECT_CALL);
	KUNIT_EXPECT_TRUE(test, lsp_values_learn(&near->values, SYM_EXTERN,
						 (unsigned long)&pointed_at));
	KUNIT_EXPECT_TRUE(test, lsp_values_learn(&far->values, SYM_EXTERN,
						 (unsigned long)&pointed_at));
	set_branch(near, 5, pointed_at);
	set_branch(far, 5, pointed_at);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&near->text, 0), 6);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&far->text, 0), 7);
	/* To somebody else; to nobody. */
	set_branch(far, 5, pointed_at + 1);
	KUNIT_EXPECT_EQ(test, match(far), 0);
	memcpy(near->run, "\x66\x0f\x1f\x44\0\0", 6);
	KUNIT_EXPECT_EQ(test, match(near), 0);
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
	/* With the filling of older kernels. */
	memcpy(c->run, "\xeb\x10\x0f\x1f\0", 5);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 5);
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
	KUNIT_CASE(match_pointer_call),
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
