// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: tests of the set of ranges, and of the tables of words.
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/string.h>

#include "internal.h"

#define MANY	1000

static void ranges_empty(struct kunit *test)
{
	struct lsp_ranges ranges = { };

	lsp_ranges_sort(&ranges);
	KUNIT_EXPECT_EQ(test, ranges.nr, 0);
	KUNIT_EXPECT_FALSE(test, lsp_ranges_hit(&ranges, 0));
	KUNIT_EXPECT_FALSE(test, lsp_ranges_hit(&ranges, ULONG_MAX));
}

static void ranges_ends_count(struct kunit *test)
{
	struct lsp_range one = { 0x1000, 0x1020 };
	struct lsp_ranges ranges = { .ranges = &one, .nr = 1 };

	lsp_ranges_sort(&ranges);
	KUNIT_EXPECT_FALSE(test, lsp_ranges_hit(&ranges, 0xfff));
	KUNIT_EXPECT_TRUE(test, lsp_ranges_hit(&ranges, 0x1000));
	KUNIT_EXPECT_TRUE(test, lsp_ranges_hit(&ranges, 0x101f));
	KUNIT_EXPECT_TRUE(test, lsp_ranges_hit(&ranges, 0x1020));
	KUNIT_EXPECT_FALSE(test, lsp_ranges_hit(&ranges, 0x1021));
}

static void ranges_top_of_memory(struct kunit *test)
{
	struct lsp_range two[] = {
		{ ULONG_MAX - 1, ULONG_MAX }, { 0, 1 },
	};
	struct lsp_ranges ranges = { .ranges = two, .nr = 2 };

	lsp_ranges_sort(&ranges);
	KUNIT_EXPECT_EQ(test, ranges.nr, 2);
	KUNIT_EXPECT_TRUE(test, lsp_ranges_hit(&ranges, 0));
	KUNIT_EXPECT_FALSE(test, lsp_ranges_hit(&ranges, 2));
	KUNIT_EXPECT_FALSE(test, lsp_ranges_hit(&ranges, ULONG_MAX - 2));
	KUNIT_EXPECT_TRUE(test, lsp_ranges_hit(&ranges, ULONG_MAX));
}

static void ranges_merge(struct kunit *test)
{
	struct lsp_range raw[] = {
		{ 0x500, 0x600 },	/* apart */
		{ 0x100, 0x200 },
		{ 0x200, 0x210 },	/* touches the one above */
		{ 0x120, 0x130 },	/* inside it */
		{ 0x205, 0x300 },	/* overlaps what touches */
		{ 0x500, 0x580 },	/* same start, shorter */
		{ 0x302, 0x310 },	/* one byte apart */
	};
	const struct lsp_range want[] = {
		{ 0x100, 0x300 }, { 0x302, 0x310 }, { 0x500, 0x600 },
	};
	struct lsp_ranges ranges = { .ranges = raw, .nr = ARRAY_SIZE(raw) };

	lsp_ranges_sort(&ranges);
	KUNIT_ASSERT_EQ(test, ranges.nr, ARRAY_SIZE(want));
	KUNIT_EXPECT_MEMEQ(test, raw, want, sizeof(want));
	KUNIT_EXPECT_FALSE(test, lsp_ranges_hit(&ranges, 0x301));
}

static void ranges_many(struct kunit *test)
{
	struct lsp_ranges ranges = { .nr = MANY };
	unsigned long addr;
	unsigned int i;

	ranges.ranges = kunit_kcalloc(test, MANY, sizeof(*ranges.ranges),
				      GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ranges.ranges);
	/* [16 n, 16 n + 7], in an order that is none. */
	for (i = 0; i < MANY; i++) {
		ranges.ranges[i].start = 16UL * (i * 7 % MANY);
		ranges.ranges[i].end = ranges.ranges[i].start + 7;
	}
	lsp_ranges_sort(&ranges);
	KUNIT_ASSERT_EQ(test, ranges.nr, MANY);
	for (addr = 0; addr < 16UL * MANY + 100; addr++)
		if (lsp_ranges_hit(&ranges, addr) !=
		    (addr < 16UL * MANY && addr % 16 <= 7))
			KUNIT_FAIL(test, "wrong about 0x%lx", addr);
}

static void words_reasons(struct kunit *test)
{
	unsigned int i, j;

	KUNIT_EXPECT_EQ(test, lsp_reason_errno(LSP_OK), 0);
	KUNIT_EXPECT_STREQ(test, lsp_reason_word(LSP_OK), "ok");
	for (i = 0; i < LSP_NR_REASONS; i++) {
		KUNIT_ASSERT_NOT_NULL(test, lsp_reason_word(i));
		KUNIT_ASSERT_NOT_NULL(test, lsp_reason_text(i));
		KUNIT_EXPECT_EQ(test, strcspn(lsp_reason_word(i), "\n\t "),
				strlen(lsp_reason_word(i)));
		if (i)
			KUNIT_EXPECT_TRUE(test,
					  IS_ERR_VALUE((long)lsp_reason_errno(i)));
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_STRNEQ(test, lsp_reason_word(i),
					    lsp_reason_word(j));
	}
}

static void words_states(struct kunit *test)
{
	unsigned int i, j;

	for (i = 0; i < LSP_NR_STATES; i++) {
		KUNIT_ASSERT_NOT_NULL(test, lsp_state_word(i));
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_STRNEQ(test, lsp_state_word(i),
					    lsp_state_word(j));
	}
}

static struct kunit_case livesplice_stack_cases[] = {
	KUNIT_CASE(ranges_empty),
	KUNIT_CASE(ranges_ends_count),
	KUNIT_CASE(ranges_top_of_memory),
	KUNIT_CASE(ranges_merge),
	KUNIT_CASE(ranges_many),
	KUNIT_CASE(words_reasons),
	KUNIT_CASE(words_states),
	{}
};

static struct kunit_suite livesplice_stack_suite = {
	.name = "livesplice_stack",
	.test_cases = livesplice_stack_cases,
};

kunit_test_suite(livesplice_stack_suite);

MODULE_DESCRIPTION("KUnit tests of livesplice ranges and words");
MODULE_LICENSE("GPL");
