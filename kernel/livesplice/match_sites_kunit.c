// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: tests of the sites that the kernel rewrites, each a closed set of
 * encodings. Calls that have no site are here as well.
 */
#include <linux/ftrace.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/unaligned.h>

#include <asm/nospec-branch.h>

#include "match_kunit.h"

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

#ifdef CONFIG_FUNCTION_TRACER
/* Of calls without a record, that which was compiled, and no other. */
static void match_fentry_unlisted(struct kunit *test)
{
	struct lsp_case *c = CASE(test, "\xe8\0\0\0\0", "\xe8\0\0\0\0");
	unsigned long fentry = MCOUNT_ADDR;

	/* Or objtool takes what is behind it for a place that is called. */
	OPTIMIZER_HIDE_VAR(fentry);
	add_site(c, LSP_SITE_FENTRY, 0, 5, 0, 0, 0);
	set_branch(c, 5, fentry + 1);
	KUNIT_EXPECT_EQ(test, match(c), 0);
	set_branch(c, 5, fentry);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 5);
}
#endif

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

static void match_return_prefixed(struct kunit *test)
{
	struct lsp_case *c = CASE(test, "\x2e\xe9\0\0\0\0",
				  "\xc3\xcc\xcc\xcc\xcc\xcc");

	add_site(c, LSP_SITE_RETURN, 0, 6, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 6);
	c->run[5] = 0x90;
	KUNIT_EXPECT_EQ(test, match(c), 0);
}

/* The seed of this boot, which every hash of a type was changed by. */
static u32 hash_seed(void)
{
	u32 *seed = IS_ENABLED(CONFIG_FINEIBT) ?
		    (u32 *)kallsyms_lookup_name("cfi_seed") : NULL;

	return seed ? *seed : 0;
}

static void set_hash(struct lsp_case *c, u32 hash)
{
	put_unaligned(hash, (u32 *)(c->run + 2));
}

static void match_kcfi(struct kunit *test)
{
	struct lsp_case *c = CASE(test,
		"\x41\xba\x44\x33\x22\x11\x45\x03\x53\xf1\x74\x02\x0f\x0b",
		"\x41\xba\x44\x33\x22\x11\x45\x03\x53\xf1\x74\x02\x0f\x0b");
	const u32 hash = -0x11223344U ^ hash_seed();

	add_site(c, LSP_SITE_KCFI, 0, 14, 0, 0, 0);
	set_hash(c, -hash);
	/* Without its name the seed is not to be had. */
	if (IS_ENABLED(CONFIG_FINEIBT) && !IS_ENABLED(CONFIG_KALLSYMS_ALL)) {
		KUNIT_EXPECT_EQ(test, match(c), 0);
		return;
	}
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 14);
	/* Switched off: jumped over. */
	memcpy(c->run, "\xeb\x0c", 2);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 14);
	c->run[1] = 0x0b;
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 0);
	/* FineIBT: the hash itself, and where it is compared to go to. */
	memcpy(c->run, "\x41\xba\0\0\0\0\x49\x83\xeb\x10\x0f\x1f\x40\0", 14);
	set_hash(c, hash);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 14);
	c->run[9] = 0x11;
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 0);
	c->run[9] = 0x10;
	set_hash(c, hash ^ 1);
	KUNIT_EXPECT_EQ(test, match(c), 0);
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
	/* Prefixes are as good, if they are all of the filling. */
	memcpy(c->run, "\x0f\xae\xe8\x2e\xff\xd3", 6);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 6);
	memcpy(c->run, "\x2e\x2e\x2e\x2e\xff\xd3", 6);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 0);
	memcpy(c->run, "\x2e\x2e\x2e\xff\xd3\x90", 6);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 0);
	memcpy(c->run, "\x0f\xae\xe8\x2e\xff\xd2", 6);
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
	c->run[4] = 0xcc;
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

static void match_runtime_mask(struct kunit *test)
{
	/* and $placeholder,%eax */
	struct lsp_case *c = CASE(test, "\x25\x78\x56\x34\x12",
				  "\x25\xff\x03\x00\x00");

	add_site(c, LSP_SITE_RUNTIME_MASK, 1, 4, SYM_CONST, 0, 0);
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 5);
	KUNIT_EXPECT_EQ(test, c->values.konst[SYM_CONST], 0x3ffUL);
	/* All of its bytes count. */
	c->run[4] = 0x01;
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 0);
	lsp_values_free(&c->values);
}

/* Against the variable, if there is one. */
static enum lsp_reason check_mask(struct kunit *test, const char *name, u32 value)
{
	struct lsp_case *c = CASE(test, "\x25\x78\x56\x34\x12", "\x25\0\0\0\0");
	enum lsp_reason reason;

	c->tables.strings = name;
	put_unaligned(value, (u32 *)(c->run + 1));
	add_site(c, LSP_SITE_RUNTIME_MASK, 1, 4, SYM_CONST, 0, 0);
	c->tables.nr_sites = 1;
	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 5);
	reason = lsp_consts_check(&c->values, &c->diag);
	lsp_values_free(&c->values);
	return reason;
}

static void runtime_variable(struct kunit *test)
{
	/* Where variables have no names, nobody can say that one is gone. */
	KUNIT_EXPECT_EQ(test, check_mask(test, "no_such_variable", 7),
			IS_ENABLED(CONFIG_KALLSYMS_ALL) ? LSP_OK : LSP_MISMATCH);
	/* Exported, so it has a name all the same. */
	KUNIT_EXPECT_EQ(test, check_mask(test, "system_state", system_state), LSP_OK);
	KUNIT_EXPECT_EQ(test, check_mask(test, "system_state", system_state + 1),
			LSP_MISMATCH);
}

static void match_near_call(struct kunit *test)
{
	struct lsp_case *c = CASE(test, "\xe8\x10\0\0\0", "\xe8\x10\0\0\0");

	KUNIT_EXPECT_EQ(test, lsp_arch_match(&c->text, 0), 5);
	c->run[1]++;
	KUNIT_EXPECT_EQ(test, match(c), 0);
}

static struct kunit_case livesplice_match_sites_cases[] = {
	KUNIT_CASE(match_fentry),
#ifdef CONFIG_FUNCTION_TRACER
	KUNIT_CASE(match_fentry_unlisted),
#endif
	KUNIT_CASE(match_return),
	KUNIT_CASE(match_return_prefixed),
	KUNIT_CASE(match_kcfi),
	KUNIT_CASE(match_retpoline),
	KUNIT_CASE(match_retpoline_high),
	KUNIT_CASE(match_jump_label),
	KUNIT_CASE(match_smp_lock),
	KUNIT_CASE(match_runtime_const),
	KUNIT_CASE(match_runtime_mask),
	KUNIT_CASE(runtime_variable),
	KUNIT_CASE(match_near_call),
	{}
};

static struct kunit_suite livesplice_match_sites_suite = {
	.name = "livesplice_match_sites",
	.test_cases = livesplice_match_sites_cases,
};

kunit_test_suite(livesplice_match_sites_suite);

MODULE_DESCRIPTION("KUnit tests of what livesplice accepts where the kernel rewrites itself");
MODULE_LICENSE("GPL");
