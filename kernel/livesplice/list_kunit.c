// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: tests of the list of enabled updates: what it looks like, and what
 * becomes of names that do not fit.
 */
#include <kunit/test.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "internal.h"

/* The longest name that an update can have. */
#define LONG_NAME	"a234567890123456789012345678901234567890"
#define GUARD		0x5a

struct list_case {
	char		text[LSP_LIST_SIZE];
	u8		guard;
	struct lsp_list	list;
};

static struct list_case *new_case(struct kunit *test)
{
	struct list_case *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->guard = GUARD;
	c->list.text = c->text;
	return c;
}

static void expect_text(struct kunit *test, struct list_case *c,
			const char *text)
{
	lsp_list_end(&c->list);
	KUNIT_EXPECT_STREQ(test, c->text, text);
	KUNIT_EXPECT_EQ(test, c->guard, GUARD);
}

static void names_none(struct kunit *test)
{
	expect_text(test, new_case(test), "");
}

static void names_some(struct kunit *test)
{
	struct list_case *c = new_case(test);

	lsp_list_add(&c->list, "third", "(+)");
	lsp_list_add(&c->list, "first", "");
	lsp_list_add(&c->list, "second", "");
	expect_text(test, c, "third(+) first second");
}

/* Names are whole or counted, and a short one is not taken before its turn. */
static void names_full(struct kunit *test)
{
	struct list_case *c = new_case(test);
	unsigned int shown = 0, i;
	const char *at;
	char end[32];

	for (i = 0; i < 20; i++)
		lsp_list_add(&c->list, LONG_NAME, "");
	lsp_list_add(&c->list, "short", "");
	lsp_list_end(&c->list);

	for (at = c->text; !strncmp(at, LONG_NAME, strlen(LONG_NAME)); shown++)
		at += strlen(LONG_NAME " ");
	KUNIT_EXPECT_GE(test, shown, 10);
	KUNIT_EXPECT_LT(test, shown, 20);
	snprintf(end, sizeof(end), "[+%u more]", 21 - shown);
	KUNIT_EXPECT_STREQ(test, at, end);
	KUNIT_EXPECT_EQ(test, c->guard, GUARD);
}

/* The count has room even where the last name leaves as little as it can. */
static void names_full_to_the_byte(struct kunit *test)
{
	struct list_case *c = new_case(test);
	size_t len;

	while (!c->list.more)
		lsp_list_add(&c->list, "x", "");
	len = c->list.len;
	c->list.more = UINT_MAX;
	lsp_list_end(&c->list);
	KUNIT_EXPECT_STREQ(test, c->text + len, " [+4294967295 more]");
	KUNIT_EXPECT_EQ(test, c->guard, GUARD);
}

static struct kunit_case livesplice_list_cases[] = {
	KUNIT_CASE(names_none),
	KUNIT_CASE(names_some),
	KUNIT_CASE(names_full),
	KUNIT_CASE(names_full_to_the_byte),
	{}
};

static struct kunit_suite livesplice_list_suite = {
	.name = "livesplice_list",
	.test_cases = livesplice_list_cases,
};

kunit_test_suite(livesplice_list_suite);

MODULE_DESCRIPTION("KUnit tests of the list of enabled livesplice updates");
MODULE_LICENSE("GPL");
