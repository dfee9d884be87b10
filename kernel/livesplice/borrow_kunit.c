// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: tests of what is put back where bytes were borrowed: it must be what
 * the kernel itself would have put there, for each of its own sites.
 */
#include <kunit/test.h>
#include <linux/cpu.h>
#include <linux/jump_label.h>
#include <linux/memory.h>
#include <linux/static_call.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include <asm/alternative.h>
#include <asm/nospec-branch.h>
#include <asm/text-patching.h>

#include "internal.h"
#include "switch.h"
#include "x86.h"

#define ADDR	0xffffffff81000000UL

static void label_encoding(struct kunit *test)
{
	static const u8 far[] = { 0xe9, 0xfb, 0x0f, 0x00, 0x00 };
	static const u8 near[] = { 0xeb, 0x10 }, back[] = { 0xeb, 0x80 };
	u8 bytes[LSP_JUMP_SIZE];

	lsp_label_bytes(bytes, 2, ADDR, ADDR + 0x12);
	KUNIT_EXPECT_MEMEQ(test, bytes, near, sizeof(near));
	lsp_label_bytes(bytes, 2, ADDR, ADDR - 0x7e);
	KUNIT_EXPECT_MEMEQ(test, bytes, back, sizeof(back));
	lsp_label_bytes(bytes, 5, ADDR, ADDR + 0x1000);
	KUNIT_EXPECT_MEMEQ(test, bytes, far, sizeof(far));
	lsp_label_bytes(bytes, 2, ADDR, 0);
	KUNIT_EXPECT_MEMEQ(test, bytes, x86_nops[2], 2);
	lsp_label_bytes(bytes, 5, ADDR, 0);
	KUNIT_EXPECT_MEMEQ(test, bytes, x86_nops[5], 5);
}

#ifdef CONFIG_HAVE_STATIC_CALL_INLINE
/* Whether INSN, with a displacement at its end, leads from ADDR to @dest. */
static bool leads_to(const u8 *insn, u32 length, unsigned long dest)
{
	return ADDR + length + (s64)get_unaligned((s32 *)(insn + length - 4)) == dest;
}

static void call_encoding(struct kunit *test)
{
	static const u8 zero[] = { 0x2e, 0x2e, 0x2e, 0x31, 0xc0 };
	void *func = (void *)(ADDR + 0x1000);
	u8 bytes[6] = { 0 };

	/* Call thunks are asked for under it. */
	guard(mutex)(&text_mutex);
	lsp_call_bytes(bytes, ADDR, func, false);
	KUNIT_EXPECT_EQ(test, bytes[0], CALL_INSN_OPCODE);
	KUNIT_EXPECT_TRUE(test, leads_to(bytes, 5, ADDR + 0x1000));
	lsp_call_bytes(bytes, ADDR, NULL, false);
	KUNIT_EXPECT_MEMEQ(test, bytes, x86_nops[5], 5);
	if (callthunks_translate_call_dest(__static_call_return0) == __static_call_return0) {
		lsp_call_bytes(bytes, ADDR, __static_call_return0, false);
		KUNIT_EXPECT_MEMEQ(test, bytes, zero, sizeof(zero));
	}
	lsp_call_bytes(bytes, ADDR, func, true);
	KUNIT_EXPECT_EQ(test, bytes[0], JMP32_INSN_OPCODE);
	KUNIT_EXPECT_TRUE(test, leads_to(bytes, 5, ADDR + 0x1000));
	lsp_call_bytes(bytes, ADDR, NULL, true);
	if (cpu_wants_rethunk_at((void *)ADDR))
		KUNIT_EXPECT_TRUE(test, leads_to(bytes, 5, (unsigned long)x86_return_thunk));
	else
		KUNIT_EXPECT_EQ(test, bytes[0], RET_INSN_OPCODE);
	KUNIT_EXPECT_EQ(test, bytes[5], 0);
}

/* JE; it keeps its condition. */
static void jcc_encoding(struct kunit *test)
{
	u8 bytes[6] = { 0x0f, 0x84 };

	guard(mutex)(&text_mutex);
	lsp_call_bytes(bytes, ADDR, (void *)(ADDR + 0x1000), true);
	KUNIT_EXPECT_EQ(test, bytes[0], 0x0f);
	KUNIT_EXPECT_EQ(test, bytes[1], 0x84);
	KUNIT_EXPECT_TRUE(test, leads_to(bytes, 6, ADDR + 0x1000));
	lsp_call_bytes(bytes, ADDR, NULL, true);
	KUNIT_EXPECT_EQ(test, bytes[1], 0x84);
	KUNIT_EXPECT_TRUE(test, leads_to(bytes, 6, cpu_wants_rethunk() ?
					 (unsigned long)x86_return_thunk :
					 (unsigned long)__static_call_return));
}

/* Those of init text have their mark. */
static bool call_is_there(const struct static_call_site *call)
{
	return !(((unsigned long)&call->key + call->key) & STATIC_CALL_SITE_INIT);
}

static void all_calls(struct kunit *test)
{
	struct static_call_site *call;
	unsigned int nr = 0, jccs = 0, differ = 0;
	u8 bytes[6];

	cpus_write_lock();
	mutex_lock(&text_mutex);
	for (call = __start_static_call_sites; call < __stop_static_call_sites; call++) {
		void *addr = (void *)((unsigned long)&call->addr + call->addr);
		struct lsp_loan loan = { .call = call };

		if (!call_is_there(call))
			continue;
		loan.length = lsp_arch_static_call_length(addr);
		memcpy(bytes, addr, loan.length);
		/* Nothing may be taken over but the condition of a JCC. */
		memset(bytes + (loan.length == 6 ? 2 : 0), 0, 4);
		lsp_arch_loan_bytes(&loan, bytes);
		differ += !!memcmp(addr, bytes, loan.length);
		jccs += loan.length == 6;
		nr++;
	}
	mutex_unlock(&text_mutex);
	cpus_write_unlock();
	kunit_info(test, "%u static calls, %u conditional\n", nr, jccs);
	KUNIT_EXPECT_GT(test, nr, 0);
	KUNIT_EXPECT_EQ(test, differ, 0);
}
#else
static void no_calls(struct kunit *test)
{
	kunit_skip(test, "static calls have no sites");
}

#define call_encoding	no_calls
#define jcc_encoding	no_calls
#define all_calls	no_calls
#endif

#ifdef CONFIG_JUMP_LABEL
static void all_labels(struct kunit *test)
{
	unsigned int nr = 0, shorts = 0, jumps = 0, differ = 0;
	struct jump_entry *label;
	u8 bytes[LSP_JUMP_SIZE];

	jump_label_lock();
	mutex_lock(&text_mutex);
	for (label = __start___jump_table; label < __stop___jump_table; label++) {
		const u8 *addr = (void *)jump_entry_code(label);
		struct lsp_loan loan = { .label = label };

		if (jump_entry_is_init(label))
			continue;
		loan.length = jump_entry_size(label);
		memset(bytes, 0, sizeof(bytes));
		lsp_arch_loan_bytes(&loan, bytes);
		differ += !!memcmp(addr, bytes, loan.length);
		jumps += addr[0] == JMP8_INSN_OPCODE || addr[0] == JMP32_INSN_OPCODE;
		shorts += loan.length == JMP8_INSN_SIZE;
		nr++;
	}
	mutex_unlock(&text_mutex);
	jump_label_unlock();
	kunit_info(test, "%u static branches, %u short ones, %u jump\n", nr, shorts, jumps);
	KUNIT_EXPECT_GT(test, nr, 0);
	KUNIT_EXPECT_GT(test, jumps, 0);
	KUNIT_EXPECT_EQ(test, differ, 0);
}
#else
static void all_labels(struct kunit *test)
{
	kunit_skip(test, "static branches have no sites");
}
#endif

static struct kunit_case lsp_borrow_cases[] = {
	KUNIT_CASE(label_encoding),
	KUNIT_CASE(call_encoding),
	KUNIT_CASE(jcc_encoding),
	KUNIT_CASE(all_labels),
	KUNIT_CASE(all_calls),
	{}
};

static struct kunit_suite lsp_borrow_suite = {
	.name = "livesplice_borrow",
	.test_cases = lsp_borrow_cases,
};

kunit_test_suite(lsp_borrow_suite);
