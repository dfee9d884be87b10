// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: tests of what a kernel that crashes appends to vmcoreinfo. The
 * note is one of the test's own meanwhile.
 */
#include <kunit/test.h>
#include <linux/cleanup.h>
#include <linux/kexec.h>
#include <linux/livesplice.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/string.h>

#include "internal.h"

struct note_case {
	char	text[LSP_LIST_SIZE];
	/* One page, and a NUL behind what is used of it. */
	char	note[VMCOREINFO_BYTES + 1];
};

/* Appends the text of @c to its note. Nobody changes the list meanwhile. */
static size_t append_to(struct note_case *c, size_t used)
{
	const char *updates = livesplice_updates;
	unsigned char *data = vmcoreinfo_data;
	size_t size = vmcoreinfo_size;

	lockdep_assert_held(&lsp_mutex);

	vmcoreinfo_data = (unsigned char *)c->note;
	vmcoreinfo_size = used;
	livesplice_updates = c->text;
	livesplice_crash_vmcoreinfo();
	livesplice_updates = updates;
	swap(vmcoreinfo_size, size);
	vmcoreinfo_data = data;
	return size;
}

/* Appends @text to a note with @room bytes left; gives what was appended. */
static const char *append(struct kunit *test, const char *text, size_t room)
{
	struct note_case *c = test->priv;
	size_t used = VMCOREINFO_BYTES - room, size = 0;

	memset(c->note, 0, sizeof(c->note));
	strscpy(c->text, text, sizeof(c->text));
	scoped_guard(mutex, &lsp_mutex)
		size = append_to(c, used);
	KUNIT_EXPECT_EQ(test, size, used + strlen(c->note + used));
	/* A full one warns, in a kernel that has enough to do. */
	KUNIT_EXPECT_LT(test, size, VMCOREINFO_BYTES);
	return c->note + used;
}

static int vmcore_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct note_case), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

static void vmcore_none(struct kunit *test)
{
	KUNIT_EXPECT_STREQ(test, append(test, "", VMCOREINFO_BYTES), "");
}

static void vmcore_names(struct kunit *test)
{
	KUNIT_EXPECT_STREQ(test, append(test, "a(+) b", 100),
			   "LIVESPLICE=a(+) b\n");
}

/* Longer than what can be appended at once, and of any length up to there. */
static void vmcore_long(struct kunit *test)
{
	char *text = kunit_kzalloc(test, LSP_LIST_SIZE, GFP_KERNEL);
	char *want = kunit_kzalloc(test, LSP_LIST_SIZE + 32, GFP_KERNEL);
	size_t len;

	KUNIT_ASSERT_NOT_NULL(test, text);
	KUNIT_ASSERT_NOT_NULL(test, want);
	for (len = 1; len < LSP_LIST_SIZE; len++) {
		text[len - 1] = 'a' + len % 26;
		sprintf(want, "LIVESPLICE=%s\n", text);
		KUNIT_EXPECT_STREQ(test, append(test, text, 1000), want);
	}
}

static void vmcore_full(struct kunit *test)
{
	/* 11 of the key, 6, the newline: one more byte must be left. */
	KUNIT_EXPECT_STREQ(test, append(test, "update", 19),
			   "LIVESPLICE=update\n");
	KUNIT_EXPECT_STREQ(test, append(test, "update", 18), "LIVESPLICE=?\n");
	KUNIT_EXPECT_STREQ(test, append(test, "update", 14), "LIVESPLICE=?\n");
	KUNIT_EXPECT_STREQ(test, append(test, "update", 13), "");
	KUNIT_EXPECT_STREQ(test, append(test, "update", 1), "");
}

static struct kunit_case livesplice_vmcore_cases[] = {
	KUNIT_CASE(vmcore_none),
	KUNIT_CASE(vmcore_names),
	KUNIT_CASE(vmcore_long),
	KUNIT_CASE(vmcore_full),
	{}
};

static struct kunit_suite livesplice_vmcore_suite = {
	.name = "livesplice_vmcore",
	.init = vmcore_init,
	.test_cases = livesplice_vmcore_cases,
};

kunit_test_suite(livesplice_vmcore_suite);

MODULE_DESCRIPTION("KUnit tests of what livesplice puts into vmcoreinfo");
MODULE_LICENSE("GPL");
