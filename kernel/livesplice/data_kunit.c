// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: tests of read-only objects that get new contents: how they are
 * compared, and that a switch really rewrites one and brings it back.
 */
#include <kunit/test.h>
#include <linux/elf.h>
#include <linux/kallsyms.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "match.h"
#include "switch_kunit.h"

#define DATA_ADDR	0xffffffff82000100UL

enum { SYM_TABLE, SYM_EXTERN, SYM_STRING, NR_SYMS };
enum { SEC_DATA, SEC_STRINGS, NR_SECS };

/* Offsets in the bytes and in the strings of the example. */
#define BYTES_STRING	32
#define STR_EXTERN	1

struct data_case {
	struct lsp_tables	tables;
	struct lsp_section	sections[NR_SECS];
	struct lsp_symbol	symbols[NR_SYMS];
	struct lsp_reloc	relocs[2];
	struct lsp_data		row;
	struct lsp_values	values;
	struct lsp_diag		diag;
	u8			bytes[48];
	u8			found[24];
};

/* 24 bytes: a pointer to a function of the kernel, one to a string, a number. */
static struct data_case *new_case(struct kunit *test)
{
	static const char the_string[] = "pre";
	struct data_case *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->sections[SEC_DATA] = (struct lsp_section) {
		.kind = LSP_SEC_DATA, .size = 64, .bytes = LSP_NONE,
	};
	c->sections[SEC_STRINGS] = (struct lsp_section) {
		.kind = LSP_SEC_STRINGS, .size = sizeof(the_string),
		.bytes = BYTES_STRING, .entsize = 1,
	};
	c->symbols[SYM_TABLE] = (struct lsp_symbol) {
		.section = SEC_DATA, .size = 24, .type = LSP_SYM_OBJECT,
	};
	c->symbols[SYM_EXTERN] = (struct lsp_symbol) {
		.name = STR_EXTERN, .section = LSP_NONE, .type = LSP_SYM_OTHER,
		.bind = LSP_BIND_GLOBAL,
	};
	c->symbols[SYM_STRING] = (struct lsp_symbol) {
		.section = SEC_STRINGS, .type = LSP_SYM_SECTION,
	};
	c->relocs[0] = (struct lsp_reloc) {
		.offset = 0, .type = R_X86_64_64, .symbol = SYM_EXTERN,
	};
	c->relocs[1] = (struct lsp_reloc) {
		.offset = 8, .type = R_X86_64_64, .symbol = SYM_STRING,
	};
	c->row = (struct lsp_data) {
		.symbol = SYM_TABLE, .nr_relocs = 2,
	};
	c->tables = (struct lsp_tables) {
		.sections = c->sections, .nr_sections = NR_SECS,
		.symbols = c->symbols, .nr_symbols = NR_SYMS,
		.relocs = c->relocs, .nr_relocs = ARRAY_SIZE(c->relocs),
		.datas = &c->row, .nr_datas = 1,
		.bytes = c->bytes, .nr_bytes = sizeof(c->bytes),
		.strings = "\0vfs_read", .nr_strings = 10,
	};
	memcpy(c->bytes + BYTES_STRING, the_string, sizeof(the_string));
	c->bytes[16] = 42;
	c->found[16] = 42;
	put_unaligned(kallsyms_lookup_name("vfs_read"), (u64 *)c->found);
	put_unaligned((unsigned long)the_string, (u64 *)(c->found + 8));
	KUNIT_ASSERT_EQ(test, lsp_values_init(&c->values, &c->tables, NULL), 0);
	return c;
}

static bool matches(struct data_case *c)
{
	bool same;

	same = lsp_arch_match_data(&c->values, &c->row, DATA_ADDR, c->found,
				   &c->diag);
	lsp_values_free(&c->values);
	return same;
}

static void data_same(struct kunit *test)
{
	struct data_case *c = new_case(test);
	unsigned long value = 0;
	bool same;

	same = lsp_arch_match_data(&c->values, &c->row, DATA_ADDR, c->found,
				   &c->diag);
	KUNIT_EXPECT_TRUE(test, same);
	KUNIT_EXPECT_TRUE(test, lsp_values_get(&c->values, SYM_EXTERN, &value));
	KUNIT_EXPECT_EQ(test, value, kallsyms_lookup_name("vfs_read"));
	lsp_values_free(&c->values);
}

static void expect_other(struct kunit *test, struct data_case *c, u32 offset)
{
	KUNIT_EXPECT_FALSE(test, matches(c));
	KUNIT_EXPECT_EQ(test, c->diag.offset, offset);
	KUNIT_EXPECT_NOT_NULL(test, c->diag.what);
}

static void data_other(struct kunit *test)
{
	struct data_case *c = new_case(test);

	c->found[16]++;
	expect_other(test, c, 16);
	c = new_case(test);
	c->found[23] = 1;
	expect_other(test, c, 16);
	/* Another function, and another string. */
	c = new_case(test);
	c->found[0]++;
	expect_other(test, c, 0);
	c = new_case(test);
	c->found[8]++;
	expect_other(test, c, 8);
}

static void data_bad_reloc(struct kunit *test)
{
	struct data_case *c = new_case(test);

	c->relocs[1].type = R_X86_64_PC8;
	expect_other(test, c, 8);
	/* Half a pointer at the end, and two fields that overlap. */
	c = new_case(test);
	c->relocs[1].offset = 20;
	expect_other(test, c, 20);
	c = new_case(test);
	c->relocs[1].offset = 4;
	expect_other(test, c, 4);
}

/* The compiler must not know what it reads. */
static noinline const int *test_table(void)
{
	static const int table[] = { OLD, OLD + 1, OLD + 2 };
	const int *p = table;

	OPTIMIZER_HIDE_VAR(p);
	return p;
}

static const int new_table[] = { NEW, NEW + 1, NEW + 2 };

static const void *plan_contents(const void *priv, const struct lsp_data *row)
{
	return priv;
}

/* Rows of two objects of 24 bytes, the second one @offset behind the first. */
static enum lsp_reason plan_two(struct kunit *test, u32 offset,
				const u8 *running)
{
	struct data_case *c = new_case(test);
	struct lsp_part *part = lsp_part_new(NULL);
	struct lsp_data rows[2] = { { .symbol = SYM_TABLE }, { .symbol = SYM_EXTERN } };
	enum lsp_reason reason;

	KUNIT_ASSERT_NOT_NULL(test, part);
	c->symbols[SYM_EXTERN] = c->symbols[SYM_TABLE];
	c->symbols[SYM_EXTERN].offset = offset;
	c->tables.datas = rows;
	c->tables.nr_datas = ARRAY_SIZE(rows);
	/* Room for both to be the same as what runs: it is all zero. */
	memset(c->bytes, 0, sizeof(c->bytes));
	KUNIT_EXPECT_TRUE(test, lsp_values_learn_base(&c->values, SEC_DATA,
						      (unsigned long)running));
	reason = lsp_data_plan(part, &c->values, plan_contents, c->bytes,
			       &c->diag);
	lsp_values_free(&c->values);
	lsp_update_free(part->update);
	return reason;
}

static void data_overlap(struct kunit *test)
{
	static const u8 running[48];
	const u8 *p = running;

	OPTIMIZER_HIDE_VAR(p);
	KUNIT_EXPECT_EQ(test, plan_two(test, 24, p), LSP_OK);
	/* One byte of both, and the same one twice. */
	KUNIT_EXPECT_EQ(test, plan_two(test, 23, p), LSP_FORMAT);
	KUNIT_EXPECT_EQ(test, plan_two(test, 0, p), LSP_FORMAT);
}

static void plan_table(struct kunit *test, struct lsp_update *update)
{
	struct lsp_part *part = lsp_test_part(update);

	part->data = kcalloc(1, sizeof(*part->data), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, part->data);
	part->nr_data = 1;
	part->data[0] = (struct lsp_datum) {
		.name = kstrdup("table", GFP_KERNEL),
		.addr = (unsigned long)test_table(),
		.size = sizeof(new_table),
		.old = kvmemdup(test_table(), sizeof(new_table), GFP_KERNEL),
		.new = new_table,
	};
	KUNIT_ASSERT_NOT_NULL(test, part->data[0].name);
	KUNIT_ASSERT_NOT_NULL(test, part->data[0].old);
}

static void data_switch(struct kunit *test)
{
	struct lsp_update *update = test->priv;
	const int *table = test_table();

	plan_table(test, update);
	KUNIT_EXPECT_EQ(test, READ_ONCE(table[2]), OLD + 2);
	KUNIT_ASSERT_EQ(test, lsp_test_set(update, true), LSP_OK);
	EXPECT_TEXT_OK(test, update);
	KUNIT_EXPECT_EQ(test, READ_ONCE(table[0]), NEW);
	KUNIT_EXPECT_EQ(test, READ_ONCE(table[2]), NEW + 2);
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), NEW);

	KUNIT_ASSERT_EQ(test, lsp_test_set(update, false), LSP_OK);
	EXPECT_TEXT_OK(test, update);
	KUNIT_EXPECT_EQ(test, READ_ONCE(table[0]), OLD);
	KUNIT_EXPECT_EQ(test, READ_ONCE(table[2]), OLD + 2);
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), OLD);
}

/* No entry at all, only data. */
static void data_alone(struct kunit *test)
{
	struct lsp_update *update = test->priv;
	const int *table = test_table();

	plan_table(test, update);
	lsp_test_part(update)->patches[0].new_addr = 0;
	KUNIT_ASSERT_EQ(test, lsp_test_set(update, true), LSP_OK);
	KUNIT_EXPECT_EQ(test, READ_ONCE(table[1]), NEW + 1);
	KUNIT_ASSERT_EQ(test, lsp_test_set(update, false), LSP_OK);
	KUNIT_EXPECT_EQ(test, READ_ONCE(table[1]), OLD + 1);
}

static void data_changed(struct kunit *test)
{
	struct lsp_update *update = test->priv;
	struct lsp_datum *datum;

	plan_table(test, update);
	datum = lsp_test_part(update)->data;
	*((u8 *)datum->old + 5) ^= 1;
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, true), LSP_CHANGED);
	KUNIT_EXPECT_PTR_EQ(test, update->changed, datum->name);
	KUNIT_EXPECT_EQ(test, update->changed_offset, 5);
	KUNIT_EXPECT_EQ(test, lsp_test_answer(NULL), OLD);
	*((u8 *)datum->old + 5) ^= 1;
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, true), LSP_OK);
}

/* The name goes with the part, what verify has found must not outlive it. */
static void data_changed_gone(struct kunit *test)
{
	struct lsp_update *update = test->priv;
	struct lsp_datum *datum;

	plan_table(test, update);
	datum = lsp_test_part(update)->data;
	*(u8 *)datum->old ^= 1;
	mutex_lock(&lsp_mutex);
	lsp_verify(update);
	KUNIT_EXPECT_PTR_EQ(test, update->changed, datum->name);
	lsp_remove(lsp_test_part(update));
	KUNIT_EXPECT_PTR_EQ(test, update->changed, NULL);
	mutex_unlock(&lsp_mutex);
}

/* Somebody who reads it is in the way both times. */
static void data_reader(struct kunit *test)
{
	struct lsp_update *update = test->priv;
	struct lsp_patch *patch = lsp_test_part(update)->patches;
	const int *table = test_table();
	struct guest guest;

	plan_table(test, update);
	patch->new_addr = 0;
	patch->reader = true;

	lsp_test_enter(test, &guest, lsp_test_answer, false);
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, true), LSP_BUSY);
	KUNIT_EXPECT_EQ(test, READ_ONCE(table[0]), OLD);
	lsp_test_leave(&guest);
	KUNIT_ASSERT_EQ(test, lsp_test_set(update, true), LSP_OK);

	lsp_test_enter(test, &guest, lsp_test_answer, false);
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, false), LSP_BUSY);
	KUNIT_EXPECT_EQ(test, READ_ONCE(table[0]), NEW);
	lsp_test_leave(&guest);
	KUNIT_EXPECT_EQ(test, lsp_test_set(update, false), LSP_OK);
	KUNIT_EXPECT_EQ(test, READ_ONCE(table[0]), OLD);
}

static struct kunit_case livesplice_data_match_cases[] = {
	KUNIT_CASE(data_same),
	KUNIT_CASE(data_other),
	KUNIT_CASE(data_bad_reloc),
	KUNIT_CASE(data_overlap),
	{}
};

static struct kunit_suite livesplice_data_match_suite = {
	.name = "livesplice_data_match",
	.test_cases = livesplice_data_match_cases,
};

static struct kunit_case livesplice_data_cases[] = {
	KUNIT_CASE(data_switch),
	KUNIT_CASE(data_alone),
	KUNIT_CASE(data_changed),
	KUNIT_CASE(data_changed_gone),
	KUNIT_CASE(data_reader),
	{}
};

static struct kunit_suite livesplice_data_suite = {
	.name = "livesplice_data",
	.init = lsp_test_init,
	.exit = lsp_test_exit,
	.test_cases = livesplice_data_cases,
};

kunit_test_suites(&livesplice_data_match_suite, &livesplice_data_suite);

MODULE_DESCRIPTION("KUnit tests of rewritten objects");
MODULE_LICENSE("GPL");
