// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: tests of the place and encoding of jumps, of redirects, of who
 * owns text, of what can never be replaced, of old code that goes on, and of
 * alternatives inside others.
 */
#include <kunit/test.h>
#include <linux/jump_label.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/livesplice.h>
#include <linux/memory.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <asm/ibt.h>
#include <asm/ptrace.h>
#include <asm/segment.h>
#include <asm/text-patching.h>

#include "internal.h"
#include "x86.h"

#define FUNC	0xffffffff81000000UL
#define PUSH	0x55555555U
#define SIZE	64

static void jump_encoding(struct kunit *test)
{
	static const u8 forward[] = { 0xe9, 0xfb, 0x0f, 0x00, 0x00 };
	static const u8 backward[] = { 0xe9, 0xfb, 0xef, 0xff, 0xff };
	static const u8 self[] = { 0xe9, 0xfb, 0xff, 0xff, 0xff };
	u8 insn[LSP_JUMP_SIZE];

	lsp_arch_jump(insn, sizeof(insn), FUNC, FUNC + 0x1000);
	KUNIT_EXPECT_MEMEQ(test, insn, forward, sizeof(insn));
	lsp_arch_jump(insn, sizeof(insn), FUNC, FUNC - 0x1000);
	KUNIT_EXPECT_MEMEQ(test, insn, backward, sizeof(insn));
	lsp_arch_jump(insn, sizeof(insn), FUNC, FUNC);
	KUNIT_EXPECT_MEMEQ(test, insn, self, sizeof(insn));
}

static void site_choice(struct kunit *test)
{
	/* Nothing special at the entry. */
	KUNIT_EXPECT_EQ(test, lsp_entry_site(FUNC, SIZE, PUSH, 0), FUNC);
	/* A fentry site first. */
	KUNIT_EXPECT_EQ(test, lsp_entry_site(FUNC, SIZE, PUSH, FUNC), FUNC + 5);
	/* A fentry site anywhere else. */
	KUNIT_EXPECT_EQ(test, lsp_entry_site(FUNC, SIZE, PUSH, FUNC + 4), 0);
	KUNIT_EXPECT_EQ(test, lsp_entry_site(FUNC, SIZE, PUSH, FUNC + 8), 0);
}

#ifdef CONFIG_X86_KERNEL_IBT
static void site_endbr(struct kunit *test)
{
	u32 endbr = gen_endbr();

	KUNIT_EXPECT_EQ(test, lsp_entry_site(FUNC, SIZE, endbr, 0), FUNC + 4);
	KUNIT_EXPECT_EQ(test, lsp_entry_site(FUNC, SIZE, endbr, FUNC + 4),
			FUNC + 9);
	KUNIT_EXPECT_EQ(test, lsp_entry_site(FUNC, SIZE, endbr, FUNC), 0);
	endbr = gen_endbr_poison();
	KUNIT_EXPECT_EQ(test, lsp_entry_site(FUNC, SIZE, endbr, 0), FUNC + 4);
	KUNIT_EXPECT_EQ(test, lsp_entry_site(FUNC, SIZE, endbr, FUNC + 4),
			FUNC + 9);
	KUNIT_EXPECT_EQ(test, lsp_entry_site(FUNC, 14, endbr, FUNC + 4),
			FUNC + 9);
	KUNIT_EXPECT_EQ(test, lsp_entry_site(FUNC, 13, endbr, FUNC + 4), 0);
}
#else
static void site_endbr(struct kunit *test)
{
	kunit_skip(test, "no ENDBR without CONFIG_X86_KERNEL_IBT");
}
#endif

static void site_too_short(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, lsp_entry_site(FUNC, 5, PUSH, 0), FUNC);
	KUNIT_EXPECT_EQ(test, lsp_entry_site(FUNC, 4, PUSH, 0), 0);
	KUNIT_EXPECT_EQ(test, lsp_entry_site(FUNC, 10, PUSH, FUNC), FUNC + 5);
	KUNIT_EXPECT_EQ(test, lsp_entry_site(FUNC, 9, PUSH, FUNC), 0);
	KUNIT_EXPECT_EQ(test, lsp_entry_site(FUNC, 0, PUSH, 0), 0);
}

#ifdef CONFIG_FUNCTION_TRACER
/* A call of __fentry__ that ftrace's list lacks; in reach of it. */
static void site_unlisted(struct kunit *test)
{
	static u8 code[SIZE];
	unsigned long addr = (unsigned long)code;
	void *fentry = (void *)MCOUNT_ADDR;
	enum lsp_reason reason;

	/* Or objtool takes what is behind it for a place that is called. */
	OPTIMIZER_HIDE_VAR(fentry);
	__text_gen_insn(code, CALL_INSN_OPCODE, code, fentry, 5);
	KUNIT_ASSERT_EQ(test, ftrace_location(addr), 0);
	KUNIT_EXPECT_EQ(test, lsp_arch_site(addr, SIZE, &reason), addr + 5);
	KUNIT_EXPECT_EQ(test, reason, LSP_OK);
	KUNIT_EXPECT_EQ(test, lsp_arch_site(addr, 10, &reason), addr + 5);
	KUNIT_EXPECT_EQ(test, lsp_arch_site(addr, 9, &reason), 0);
	KUNIT_EXPECT_EQ(test, reason, LSP_SITE);
	/* Any other call is an instruction of the function. */
	__text_gen_insn(code, CALL_INSN_OPCODE, code, fentry + 1, 5);
	KUNIT_EXPECT_EQ(test, lsp_arch_site(addr, SIZE, &reason), addr);
#ifdef CONFIG_X86_KERNEL_IBT
	put_unaligned(gen_endbr(), (u32 *)code);
	__text_gen_insn(code + 4, CALL_INSN_OPCODE, code + 4, fentry, 5);
	KUNIT_EXPECT_EQ(test, lsp_arch_site(addr, SIZE, &reason), addr + 9);
#endif
	memset(code, 0, sizeof(code));
}
#endif

static u32 span(const u8 *code, u32 size)
{
	return lsp_arch_span((unsigned long)code, (unsigned long)code + size);
}

/* PUSH r14, r13, r12: the third one is cut; a NOP of five; a long MOV. */
static void span_of_the_jump(struct kunit *test)
{
	static const u8 pushes[24] = { 0x41, 0x56, 0x41, 0x55, 0x41, 0x54, 0x55 };
	static const u8 whole[24] = { 0x0f, 0x1f, 0x44, 0x00, 0x00, 0xc3 };
	static const u8 mov[24] = { 0x90, 0x90, 0x90, 0x90, 0x49, 0xbb };

	KUNIT_EXPECT_EQ(test, span(pushes, 24), 6);
	KUNIT_EXPECT_EQ(test, span(pushes, 6), 6);
	KUNIT_EXPECT_EQ(test, span(pushes, 5), 0);
	KUNIT_EXPECT_EQ(test, span(whole, 24), 5);
	KUNIT_EXPECT_EQ(test, span(whole, 5), 5);
	KUNIT_EXPECT_EQ(test, span(mov, 24), 14);
}

static void rest_of_the_span(struct kunit *test)
{
	static const u8 jump[] = { 0xe9, 0xfb, 0x0f, 0x00, 0x00, 0xcc, 0xcc, 0xcc };
	u8 bytes[sizeof(jump)];

	lsp_arch_jump(bytes, sizeof(bytes), FUNC, FUNC + 0x1000);
	KUNIT_EXPECT_MEMEQ(test, bytes, jump, sizeof(jump));
}

/* Where a #BP at an address of the kernel, or of user space, goes on. */
static unsigned long breakpoint(unsigned long addr, bool user)
{
	struct pt_regs regs = {
		.ip = addr + 1,
		.cs = user ? __USER_CS : __KERNEL_CS,
	};

	return livesplice_int3_handler(&regs) ? regs.ip : 0;
}

static void redirect_lookup(struct kunit *test)
{
	/* Unsorted. */
	static const struct lsp_redirect redirects[] = {
		{ .site = FUNC + 0x300, .target = 3 },
		{ .site = FUNC + 0x100, .target = 1 },
		{ .site = FUNC + 0x200, .target = 2 },
	};
	struct lsp_redirects *table;

	table = kzalloc(struct_size(table, entries, ARRAY_SIZE(redirects)), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, table);
	memcpy(table->entries, redirects, sizeof(redirects));
	table->nr = ARRAY_SIZE(redirects);
	lsp_arch_redirects_sort(table);
	KUNIT_EXPECT_EQ(test, breakpoint(FUNC + 0x100, false), 0);

	mutex_lock(&text_mutex);
	lsp_arch_redirect_arm(table);
	KUNIT_EXPECT_EQ(test, breakpoint(FUNC + 0x100, false), 1);
	KUNIT_EXPECT_EQ(test, breakpoint(FUNC + 0x200, false), 2);
	KUNIT_EXPECT_EQ(test, breakpoint(FUNC + 0x300, false), 3);
	KUNIT_EXPECT_EQ(test, breakpoint(FUNC + 0x400, false), 0);
	KUNIT_EXPECT_EQ(test, breakpoint(FUNC + 0x0ff, false), 0);
	KUNIT_EXPECT_EQ(test, breakpoint(FUNC + 0x201, false), 0);
	KUNIT_EXPECT_EQ(test, breakpoint(0, false), 0);
	KUNIT_EXPECT_EQ(test, breakpoint(FUNC + 0x200, true), 0);
	lsp_arch_redirect_disarm();
	mutex_unlock(&text_mutex);

	KUNIT_EXPECT_EQ(test, breakpoint(FUNC + 0x200, false), 0);
	kvfree(table);
}

static enum lsp_reason owner(unsigned long site)
{
	enum lsp_reason reason;

	jump_label_lock();
	mutex_lock(&text_mutex);
	reason = lsp_arch_owner(site, LSP_JUMP_SIZE);
	mutex_unlock(&text_mutex);
	jump_label_unlock();
	return reason;
}

static void owner_jump_label(struct kunit *test)
{
	struct jump_entry *entry;

	for (entry = __start___jump_table; entry < __stop___jump_table; entry++)
		if (!jump_entry_is_init(entry))
			break;
	KUNIT_ASSERT_TRUE(test, entry < __stop___jump_table);
	KUNIT_EXPECT_EQ(test, owner(jump_entry_code(entry)), LSP_JUMPLABEL);
	/* Its first byte is the last one of the jump. */
	KUNIT_EXPECT_EQ(test, owner(jump_entry_code(entry) - 4), LSP_JUMPLABEL);
}

static bool denied(void *function)
{
	unsigned long addr = (unsigned long)function, size;

	return kallsyms_lookup_size_offset(addr, &size, NULL) &&
	       lsp_arch_denied(addr, size);
}

static void denied_functions(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, denied(schedule));
	KUNIT_EXPECT_TRUE(test, denied(text_poke));
	KUNIT_EXPECT_TRUE(test, denied(smp_text_poke_sync_each_cpu));
	KUNIT_EXPECT_TRUE(test, denied(smp_text_poke_int3_handler));
	KUNIT_EXPECT_TRUE(test, denied(livesplice_int3_handler));
	KUNIT_EXPECT_TRUE(test, denied(lsp_switch));
	KUNIT_EXPECT_TRUE(test, denied(idle_task));
	KUNIT_EXPECT_FALSE(test, denied(kstrdup));
	KUNIT_EXPECT_FALSE(test, denied(kallsyms_lookup_name));
}

/* Alternatives at all of the first @nr bytes, each up to the fourth. */
static u32 match_nested(struct kunit *test, u32 nr)
{
	static const u8 code[] = { 0x50, 0x51, 0x52, 0x53, 0x31, 0xc0 };
	struct lsp_section sections[] = {
		{ .kind = LSP_SEC_TEXT, .size = 4, .nr_sites = nr },
		{ .kind = LSP_SEC_REPL, .size = 2, .bytes = 4 },
	};
	struct lsp_site sites[4] = { };
	struct lsp_tables tables = {
		.sections = sections, .nr_sections = ARRAY_SIZE(sections),
		.sites = sites, .nr_sites = nr, .bytes = code,
		.nr_bytes = sizeof(code), .strings = "", .nr_strings = 1,
	};
	struct lsp_values values;
	struct lsp_diag diag;
	struct lsp_text text = {
		.tables = &tables, .values = &values, .sec = sections,
		.pre = code, .size = 4, .run = code, .addr = FUNC, .diag = &diag,
	};
	u32 i, length;

	for (i = 0; i < nr; i++)
		sites[i] = (struct lsp_site) {
			.offset = i, .length = 4 - i, .kind = LSP_SITE_ALT,
			.arg = { 1, 0, 2 },
		};
	KUNIT_ASSERT_EQ(test, lsp_values_init(&values, &tables, NULL), 0);
	length = lsp_arch_match(&text, 0);
	lsp_values_free(&values);
	return length;
}

/* Old code that goes on beside a jump at FUNC + 5. */
static bool comes_back_by(const u8 *code, unsigned int size)
{
	return lsp_branches_into(code, size, FUNC + 16, FUNC + 5,
				 LSP_JUMP_SIZE);
}

#define COMES_BACK(...)							\
	comes_back_by((const u8[]){ __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ }))

static void comes_back(struct kunit *test)
{
	/* At FUNC + 16, behind two bytes of the branch: back to FUNC + 18 + x. */
	KUNIT_EXPECT_FALSE(test, COMES_BACK(0xeb, (u8)(4 - 18)));
	KUNIT_EXPECT_TRUE(test, COMES_BACK(0xeb, (u8)(5 - 18)));
	KUNIT_EXPECT_TRUE(test, COMES_BACK(0xeb, (u8)(9 - 18)));
	KUNIT_EXPECT_FALSE(test, COMES_BACK(0xeb, (u8)(10 - 18)));
	/* Whatever the condition. */
	KUNIT_EXPECT_TRUE(test, COMES_BACK(0x74, (u8)(5 - 18)));
	KUNIT_EXPECT_TRUE(test, COMES_BACK(0xe2, (u8)(5 - 18)));
	KUNIT_EXPECT_FALSE(test, COMES_BACK(0x7f, (u8)(10 - 18)));
	/* With 32 bits, also behind another instruction. */
	KUNIT_EXPECT_TRUE(test, COMES_BACK(0xe9, (u8)(9 - 21), 0xff, 0xff, 0xff));
	KUNIT_EXPECT_FALSE(test, COMES_BACK(0xe9, (u8)(10 - 21), 0xff, 0xff, 0xff));
	KUNIT_EXPECT_TRUE(test, COMES_BACK(0x55, 0x0f, 0x85, (u8)(6 - 23),
					   0xff, 0xff, 0xff));
	KUNIT_EXPECT_FALSE(test, COMES_BACK(0x55, 0x0f, 0x85, (u8)(4 - 23),
					    0xff, 0xff, 0xff));
	/* A call comes back behind itself, and is as good as any other. */
	KUNIT_EXPECT_FALSE(test, COMES_BACK(0xe8, (u8)(5 - 21), 0xff, 0xff, 0xff));
	KUNIT_EXPECT_FALSE(test, COMES_BACK(0xff, 0xd0));
	/* By a table, or by code that is none. */
	KUNIT_EXPECT_TRUE(test, COMES_BACK(0xff, 0xe0));
	KUNIT_EXPECT_TRUE(test, COMES_BACK(0xff, 0x24, 0xc5, 0, 0, 0, 0));
	KUNIT_EXPECT_TRUE(test, COMES_BACK(0x55, 0xe9));
}

static void alternatives_nested(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, match_nested(test, 1), 4);
	KUNIT_EXPECT_EQ(test, match_nested(test, 3), 4);
	/* A damaged update might go on like this for ever. */
	KUNIT_EXPECT_EQ(test, match_nested(test, 4), 0);
}

#ifdef CONFIG_OPTPROBES
/* Room for a probe that becomes a jump, and nothing that leads into it. */
static noinline unsigned long probed(unsigned long x)
{
	x = x * 0x12345678 + 0x7654321;
	x = (x ^ 0x11223344) * 0x7010203;
	return (x ^ 0x55667788) * 0x1020305 + 0x3040506;
}

/* Is a probe at the address one that is, or is going to be, a jump? */
static bool to_be_jump(unsigned long addr)
{
	struct kprobe *probe;

	guard(preempt)();
	probe = get_kprobe((void *)addr);
	return probe && (probe->flags & KPROBE_FLAG_OPTIMIZED);
}

/* Its flag is set at once, but it becomes a jump some time later. */
static void text_under_probe(struct kunit *test)
{
	unsigned long addr = (unsigned long)probed, size = 0, i;
	u8 before[64], now[64];
	unsigned int seen = 0;

	KUNIT_EXPECT_NE(test, probed(1), 0);
	kallsyms_lookup_size_offset(addr, &size, NULL);
	KUNIT_ASSERT_GT(test, size, 16);
	size = min(size, sizeof(before));
	KUNIT_ASSERT_TRUE(test, lsp_arch_read_text(before, addr, size));
	/* In front of it are ENDBR and the fentry site. */
	for (i = LSP_JUMP_SIZE + 4; i < size; i++) {
		struct kprobe kp = { .addr = (void *)(addr + i) };

		/* Most places are no beginning of an instruction. */
		if (register_kprobe(&kp))
			continue;
		seen += to_be_jump(addr + i);
		KUNIT_EXPECT_TRUE(test, lsp_arch_read_text(now, addr, size));
		KUNIT_EXPECT_MEMEQ(test, now, before, size);
		unregister_kprobe(&kp);
	}
	KUNIT_EXPECT_GT(test, seen, 0);
}
#endif

static struct kunit_case livesplice_x86_cases[] = {
	KUNIT_CASE(jump_encoding),
	KUNIT_CASE(site_choice),
	KUNIT_CASE(site_endbr),
	KUNIT_CASE(site_too_short),
#ifdef CONFIG_FUNCTION_TRACER
	KUNIT_CASE(site_unlisted),
#endif
	KUNIT_CASE(span_of_the_jump),
	KUNIT_CASE(rest_of_the_span),
	KUNIT_CASE(redirect_lookup),
	KUNIT_CASE(owner_jump_label),
	KUNIT_CASE(denied_functions),
	KUNIT_CASE(comes_back),
	KUNIT_CASE(alternatives_nested),
#ifdef CONFIG_OPTPROBES
	KUNIT_CASE(text_under_probe),
#endif
	{}
};

static struct kunit_suite livesplice_x86_suite = {
	.name = "livesplice_x86",
	.test_cases = livesplice_x86_cases,
};

kunit_test_suite(livesplice_x86_suite);

MODULE_DESCRIPTION("KUnit tests of the x86 half of livesplice");
MODULE_LICENSE("GPL");
