// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: tests of the reader of an update's tables.
 *
 * A small update that is right is taken; each way to damage it is refused; and
 * no single flipped bit anywhere in it makes the reader go astray.
 */
#include <kunit/test.h>
#include <linux/elf.h>
#include <linux/string.h>

#include "match.h"

/* Offsets in the strings below. */
#define STR_EMPTY	0
#define STR_NAME	1
#define STR_VMLINUX	5
#define STR_UNIT	13
#define STR_FUNC	17
#define STR_MORE	22
#define STR_SIZE	24	/* of all but what stands at STR_MORE */

struct lsp_example {
	struct lsp_info		info;
	struct lsp_unit		unit;
	struct lsp_section	sections[3];
	struct lsp_symbol	symbols[3];
	struct lsp_reloc	relocs[2];
	struct lsp_site		sites[3];
	struct lsp_func		func;
	struct lsp_const	konst;
	struct lsp_data		data;
	struct lsp_hook		hooks[3];
	struct lsp_target	target;
	struct lsp_replace	replace;
	u8			bytes[96];
	char			strings[40];
	struct lsp_span		spans[LSP_NR_TABLES];
};

static void example_span(struct lsp_example *ex, enum lsp_table table,
			 const void *data, size_t size)
{
	ex->spans[table].data = data;
	ex->spans[table].size = size;
}

static void example_sections(struct lsp_example *ex)
{
	ex->sections[0] = (struct lsp_section) {
		.kind = LSP_SEC_TEXT, .size = 64, .nr_relocs = 2, .nr_sites = 3,
	};
	ex->sections[1] = (struct lsp_section) {
		.kind = LSP_SEC_REPL, .size = 16, .bytes = 64, .first_reloc = 2,
		.first_site = 3,
	};
	ex->sections[2] = (struct lsp_section) {
		.kind = LSP_SEC_STRINGS, .size = 16, .bytes = 80, .entsize = 1,
		.first_reloc = 2, .first_site = 3,
	};
	ex->symbols[0] = (struct lsp_symbol) {
		.name = STR_FUNC, .section = 0, .size = 48,
		.type = LSP_SYM_FUNC, .bind = LSP_BIND_GLOBAL,
	};
	ex->symbols[1] = (struct lsp_symbol) {
		.name = STR_UNIT, .section = LSP_NONE, .type = LSP_SYM_OTHER,
		.bind = LSP_BIND_GLOBAL,
	};
	ex->symbols[2] = (struct lsp_symbol) {
		.section = 2, .type = LSP_SYM_SECTION, .bind = LSP_BIND_LOCAL,
	};
	ex->relocs[0] = (struct lsp_reloc) { .offset = 10, .type = 2, .symbol = 1 };
	ex->relocs[1] = (struct lsp_reloc) { .offset = 20, .type = 2, .symbol = 2 };
	ex->sites[0] = (struct lsp_site) {
		.offset = 4, .length = 5, .kind = LSP_SITE_FENTRY,
	};
	ex->sites[1] = (struct lsp_site) {
		.offset = 16, .length = 8, .kind = LSP_SITE_ALT,
		.arg = { 1, 8, 8 },
	};
	ex->sites[2] = (struct lsp_site) {
		.offset = 30, .length = 2, .kind = LSP_SITE_JUMP_LABEL,
		.arg = { 0, 40 },
	};
}

static struct lsp_example *example(struct kunit *test)
{
	struct lsp_example *ex = kunit_kzalloc(test, sizeof(*ex), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ex);
	memcpy(ex->info.magic, LSP_FORMAT_MAGIC, sizeof(ex->info.magic));
	ex->info.version = LSP_FORMAT_VERSION;
	ex->info.machine = ELF_ARCH;
	ex->info.name = STR_NAME;
	ex->info.object = STR_VMLINUX;
	memcpy(ex->strings, "\0fix\0vmlinux\0a.o\0func\0", 22);
	ex->unit = (struct lsp_unit) {
		.name = STR_UNIT, .nr_sections = 3,
	};
	example_sections(ex);
	ex->func = (struct lsp_func) { .symbol = 0, .shndx = 1, .size = 8 };
	ex->konst = (struct lsp_const) {
		.shndx = 1, .kind = LSP_SITE_RUNTIME_PTR, .symbol = 1,
	};
	ex->hooks[0] = (struct lsp_hook) { .kind = LSP_HOOK_PRE };
	ex->hooks[1] = (struct lsp_hook) { .kind = LSP_HOOK_FAIL };
	ex->hooks[2] = (struct lsp_hook) { .kind = LSP_HOOK_UNDO_POST };
	example_span(ex, LSP_TABLE_info, &ex->info, sizeof(ex->info));
	example_span(ex, LSP_TABLE_units, &ex->unit, sizeof(ex->unit));
	example_span(ex, LSP_TABLE_sections, ex->sections, sizeof(ex->sections));
	example_span(ex, LSP_TABLE_symbols, ex->symbols, sizeof(ex->symbols));
	example_span(ex, LSP_TABLE_relocs, ex->relocs, sizeof(ex->relocs));
	example_span(ex, LSP_TABLE_sites, ex->sites, sizeof(ex->sites));
	example_span(ex, LSP_TABLE_funcs, &ex->func, sizeof(ex->func));
	example_span(ex, LSP_TABLE_consts, &ex->konst, sizeof(ex->konst));
	example_span(ex, LSP_TABLE_hooks, ex->hooks, sizeof(ex->hooks));
	example_span(ex, LSP_TABLE_bytes, ex->bytes, sizeof(ex->bytes));
	example_span(ex, LSP_TABLE_strings, ex->strings, STR_SIZE);
	return ex;
}

static enum lsp_reason parse(const struct lsp_example *ex)
{
	struct lsp_damage damage = { };
	struct lsp_tables tables;
	enum lsp_reason reason;

	reason = lsp_format_parse(ex->spans, &tables, &damage);
	/* Whoever refuses says where and why. */
	return reason == LSP_OK || (damage.section && damage.what) ?
	       reason : LSP_NR_REASONS;
}

static void format_good(struct kunit *test)
{
	struct lsp_example *ex = example(test);
	struct lsp_damage damage;
	struct lsp_tables tables;

	KUNIT_ASSERT_EQ(test, lsp_format_parse(ex->spans, &tables, &damage),
			LSP_OK);
	KUNIT_EXPECT_EQ(test, tables.nr_sections, 3);
	KUNIT_EXPECT_PTR_EQ(test, tables.sites, (const struct lsp_site *)ex->sites);
	KUNIT_EXPECT_STREQ(test, lsp_string(&tables, tables.info->name), "fix");
}

/* Breaks one thing in a fresh example and expects a refusal. */
#define EXPECT_REFUSED(test, statement) do {				\
	struct kunit *__test = (test);					\
	struct lsp_example *ex = example(__test);			\
									\
	statement;							\
	KUNIT_EXPECT_EQ_MSG(__test, parse(ex), LSP_FORMAT, #statement);	\
} while (0)

static void format_bad_info(struct kunit *test)
{
	EXPECT_REFUSED(test, ex->info.magic[7] ^= 1);
	EXPECT_REFUSED(test, ex->info.version++);
	EXPECT_REFUSED(test, ex->info.machine++);
	EXPECT_REFUSED(test, ex->info.flags = 4);
	EXPECT_REFUSED(test, ex->info.name = STR_SIZE);
	EXPECT_REFUSED(test, ex->info.name = STR_EMPTY);
	EXPECT_REFUSED(test, ex->info.name = STR_UNIT);
	EXPECT_REFUSED(test, ex->info.description = U32_MAX);
	EXPECT_REFUSED(test, ex->info.object = U32_MAX);
	EXPECT_REFUSED(test, ex->info.object = STR_EMPTY);
	EXPECT_REFUSED(test, ex->strings[STR_SIZE - 1] = 'x');
	EXPECT_REFUSED(test, ex->spans[LSP_TABLE_info].size = 0);
	EXPECT_REFUSED(test, ex->spans[LSP_TABLE_strings].size = 0);
}

/* An update cannot be called like a file beside its directory. */
static void format_taken_name(struct kunit *test)
{
	struct lsp_example *ex = example(test);

	ex->info.name = STR_MORE;
	ex->spans[LSP_TABLE_strings].size = sizeof(ex->strings);
	strscpy(ex->strings + STR_MORE, "features", 16);
	KUNIT_EXPECT_EQ(test, parse(ex), LSP_FORMAT);
	strscpy(ex->strings + STR_MORE, "features1", 16);
	KUNIT_EXPECT_EQ(test, parse(ex), LSP_OK);
}

static void format_bad_sections(struct kunit *test)
{
	EXPECT_REFUSED(test, ex->unit.first_section = 1);
	EXPECT_REFUSED(test, ex->unit.nr_sections = 4);
	EXPECT_REFUSED(test, ex->unit.nr_sections = 2);
	EXPECT_REFUSED(test, ex->spans[LSP_TABLE_units].size = 0);
	EXPECT_REFUSED(test, ex->sections[1].unit = 1);
	EXPECT_REFUSED(test, ex->sections[1].kind = LSP_SEC_KINDS);
	EXPECT_REFUSED(test, ex->sections[0].bytes = 33);
	EXPECT_REFUSED(test, ex->sections[0].bytes = LSP_NONE);
	EXPECT_REFUSED(test, ex->sections[0].size = U32_MAX);
	EXPECT_REFUSED(test, ex->sections[0].entsize = 1);
	EXPECT_REFUSED(test, ex->sections[2].entsize = 0);
	EXPECT_REFUSED(test, ex->sections[0].nr_relocs = 3);
	EXPECT_REFUSED(test, ex->sections[0].first_reloc = U32_MAX);
	EXPECT_REFUSED(test, ex->sections[2].first_reloc = 1;
			     ex->sections[2].nr_relocs = 1);
	EXPECT_REFUSED(test, ex->sections[1].first_site = 0;
			     ex->sections[1].nr_sites = 1);
	EXPECT_REFUSED(test, ex->spans[LSP_TABLE_sections].size -= 1);
}

static void format_bad_records(struct kunit *test)
{
	EXPECT_REFUSED(test, ex->symbols[0].section = 3);
	EXPECT_REFUSED(test, ex->symbols[0].offset = 17);
	EXPECT_REFUSED(test, ex->symbols[0].size = 65);
	EXPECT_REFUSED(test, ex->symbols[0].type = LSP_SYM_TYPES);
	EXPECT_REFUSED(test, ex->symbols[0].bind = LSP_BINDS);
	EXPECT_REFUSED(test, ex->symbols[1].name = STR_EMPTY);
	EXPECT_REFUSED(test, ex->symbols[1].offset = 1);
	EXPECT_REFUSED(test, ex->relocs[0].offset = 64);
	EXPECT_REFUSED(test, ex->relocs[1].offset = 9);
	EXPECT_REFUSED(test, ex->relocs[1].symbol = 3);
	EXPECT_REFUSED(test, ex->relocs[1].reserved = 1);
	EXPECT_REFUSED(test, ex->func.symbol = 1);
	EXPECT_REFUSED(test, ex->func.symbol = 3);
	EXPECT_REFUSED(test, ex->func.flags = 8);
	EXPECT_REFUSED(test, ex->func.flags = LSP_FUNC_READER | LSP_FUNC_RELAXED);
	EXPECT_REFUSED(test, ex->func.flags = LSP_FUNC_FRAGMENT | LSP_FUNC_RELAXED);
	EXPECT_REFUSED(test, ex->func.flags = LSP_FUNC_READER);
	EXPECT_REFUSED(test, ex->func.flags = LSP_FUNC_FRAGMENT);
	EXPECT_REFUSED(test, ex->func.shndx = 0);
	EXPECT_REFUSED(test, ex->konst.kind = LSP_SITE_ALT);
	EXPECT_REFUSED(test, ex->konst.symbol = 3);
}

/* A weak function may be replaced; what is only watched has to be there. */
static void format_weak(struct kunit *test)
{
	struct lsp_example *ex = example(test);

	ex->symbols[0].bind = LSP_BIND_WEAK;
	KUNIT_EXPECT_EQ(test, parse(ex), LSP_OK);
	ex->func.flags = LSP_FUNC_FRAGMENT;
	ex->func.shndx = 0;
	KUNIT_EXPECT_EQ(test, parse(ex), LSP_FORMAT);
	ex->symbols[0].bind = LSP_BIND_GLOBAL;
	KUNIT_EXPECT_EQ(test, parse(ex), LSP_OK);
}

/* Only the first part may say so, and only of modules. */
static void format_targets(struct kunit *test)
{
	struct lsp_example *ex = example(test);

	ex->target.object = STR_NAME;
	example_span(ex, LSP_TABLE_targets, &ex->target, sizeof(ex->target));
	KUNIT_EXPECT_EQ(test, parse(ex), LSP_OK);
	ex->target.object = STR_VMLINUX;
	KUNIT_EXPECT_EQ(test, parse(ex), LSP_FORMAT);
	ex->target.object = STR_EMPTY;
	KUNIT_EXPECT_EQ(test, parse(ex), LSP_FORMAT);
	ex->target.object = STR_SIZE;
	KUNIT_EXPECT_EQ(test, parse(ex), LSP_FORMAT);
	ex->target.object = STR_NAME;
	ex->info.object = STR_NAME;
	KUNIT_EXPECT_EQ(test, parse(ex), LSP_FORMAT);
}

/* Not itself, and not what it stands on. */
static void format_replaces(struct kunit *test)
{
	struct lsp_example *ex = example(test);

	ex->replace.name = STR_VMLINUX;
	example_span(ex, LSP_TABLE_replaces, &ex->replace, sizeof(ex->replace));
	KUNIT_EXPECT_EQ(test, parse(ex), LSP_OK);
	ex->info.flags |= LSP_INFO_BASED;
	KUNIT_EXPECT_EQ(test, parse(ex), LSP_FORMAT);
	ex->info.flags &= ~LSP_INFO_BASED;
	ex->replace.name = STR_NAME;
	KUNIT_EXPECT_EQ(test, parse(ex), LSP_FORMAT);
	ex->replace.name = STR_EMPTY;
	KUNIT_EXPECT_EQ(test, parse(ex), LSP_FORMAT);
	ex->replace.name = STR_SIZE;
	KUNIT_EXPECT_EQ(test, parse(ex), LSP_FORMAT);
}

static struct lsp_example *data_example(struct kunit *test)
{
	struct lsp_example *ex = example(test);

	/* The last section of the example, as data. */
	ex->sections[2] = (struct lsp_section) {
		.kind = LSP_SEC_DATA, .size = 16, .bytes = LSP_NONE,
	};
	ex->symbols[2] = (struct lsp_symbol) {
		.section = 2, .size = 12, .type = LSP_SYM_OBJECT,
		.bind = LSP_BIND_LOCAL,
	};
	ex->relocs[1].offset = 4;
	ex->sections[0].nr_relocs = 1;
	ex->data = (struct lsp_data) {
		.symbol = 2, .first_reloc = 1, .nr_relocs = 1, .shndx = 1,
	};
	example_span(ex, LSP_TABLE_datas, &ex->data, sizeof(ex->data));
	return ex;
}

#define EXPECT_DATA(test, reason, statement) do {			\
	struct kunit *__test = (test);					\
	struct lsp_example *ex = data_example(__test);			\
									\
	statement;							\
	KUNIT_EXPECT_EQ_MSG(__test, parse(ex), reason, #statement);	\
} while (0)

static void format_datas(struct kunit *test)
{
	EXPECT_DATA(test, LSP_OK, (void)ex);
	EXPECT_DATA(test, LSP_FORMAT, ex->data.symbol = 3);
	EXPECT_DATA(test, LSP_FORMAT, ex->data.symbol = 0);
	EXPECT_DATA(test, LSP_FORMAT, ex->symbols[2].size = 0);
	EXPECT_DATA(test, LSP_FORMAT, ex->symbols[2].bind = LSP_BIND_WEAK);
	EXPECT_DATA(test, LSP_FORMAT, ex->data.bytes = sizeof(ex->bytes) - 11);
	EXPECT_DATA(test, LSP_FORMAT, ex->data.first_reloc = 2);
	EXPECT_DATA(test, LSP_FORMAT, ex->data.nr_relocs = 2);
	EXPECT_DATA(test, LSP_FORMAT, ex->relocs[1].offset = 12);
	EXPECT_DATA(test, LSP_FORMAT, ex->relocs[1].symbol = 3);
}

static void format_hooks(struct kunit *test)
{
	EXPECT_REFUSED(test, ex->hooks[0].unit = 1);
	EXPECT_REFUSED(test, ex->hooks[2].unit = 1);
	EXPECT_REFUSED(test, ex->hooks[2].kind = LSP_HOOK_KINDS);
	EXPECT_REFUSED(test, ex->hooks[2].kind = LSP_HOOK_UNDO_FAIL);
	EXPECT_REFUSED(test, ex->hooks[1].kind = LSP_HOOK_PRE);
	EXPECT_REFUSED(test, ex->hooks[0].kind = LSP_HOOK_CHECK);
	EXPECT_REFUSED(test, ex->hooks[0].kind = LSP_HOOK_POST);
	EXPECT_REFUSED(test, ex->spans[LSP_TABLE_hooks].size -= 1);
}

/* A first part may be empty, but for what the others need. */
static void format_empty(struct kunit *test)
{
	struct lsp_example *ex = example(test);

	ex->spans[LSP_TABLE_units].size = 0;
	ex->spans[LSP_TABLE_sections].size = 0;
	ex->spans[LSP_TABLE_symbols].size = 0;
	ex->spans[LSP_TABLE_funcs].size = 0;
	ex->spans[LSP_TABLE_consts].size = 0;
	ex->spans[LSP_TABLE_hooks].size = 0;
	KUNIT_EXPECT_EQ(test, parse(ex), LSP_FORMAT);
	ex->target.object = STR_NAME;
	example_span(ex, LSP_TABLE_targets, &ex->target, sizeof(ex->target));
	KUNIT_EXPECT_EQ(test, parse(ex), LSP_OK);
}

static void format_bad_sites(struct kunit *test)
{
	EXPECT_REFUSED(test, ex->sites[0].kind = LSP_SITE_KINDS);
	EXPECT_REFUSED(test, ex->sites[0].length = 4);
	EXPECT_REFUSED(test, ex->sites[0].offset = 17);
	EXPECT_REFUSED(test, ex->sites[0].arg[0] = 1);
	EXPECT_REFUSED(test, ex->sites[2].offset = 63);
	EXPECT_REFUSED(test, ex->sites[1].length = 0);
	EXPECT_REFUSED(test, ex->sites[1].arg[0] = 0);
	EXPECT_REFUSED(test, ex->sites[1].arg[0] = 3);
	EXPECT_REFUSED(test, ex->sites[1].arg[1] = 9);
	EXPECT_REFUSED(test, ex->sites[1].arg[2] = 9);
	EXPECT_REFUSED(test, ex->sites[1].arg[2] = 0x20008);
	EXPECT_REFUSED(test, ex->sites[2].arg[0] = 1);
	EXPECT_REFUSED(test, ex->sites[2].arg[1] = 65);
	EXPECT_REFUSED(test, ex->sites[2].length = 6);
}

/* Damage may go unnoticed where nothing depends on it, but never astray. */
static void format_flipped_bits(struct kunit *test)
{
	struct lsp_example *ex = example(test);
	u8 *raw = (u8 *)ex;
	size_t bit, refused = 0;

	for (bit = 0; bit < 8 * offsetof(struct lsp_example, spans); bit++) {
		raw[bit / 8] ^= BIT(bit % 8);
		refused += parse(ex) != LSP_OK;
		raw[bit / 8] ^= BIT(bit % 8);
	}
	KUNIT_EXPECT_EQ(test, parse(ex), LSP_OK);
	KUNIT_EXPECT_GT(test, refused, 500);
}

/* Cut anywhere, each table by itself. */
static void format_truncated(struct kunit *test)
{
	unsigned int table;
	size_t size;

	for (table = 0; table < LSP_NR_TABLES; table++) {
		struct lsp_example *ex = example(test);

		/* These may be shorter, and some are not in the example. */
		if (table == LSP_TABLE_funcs || table == LSP_TABLE_consts ||
		    table == LSP_TABLE_hooks ||
		    !ex->spans[table].size)
			continue;
		for (size = 0; size < ex->spans[table].size - 2; size++) {
			unsigned long whole = ex->spans[table].size;

			ex->spans[table].size = size;
			KUNIT_EXPECT_NE_MSG(test, parse(ex), LSP_OK,
					    "%s cut to %zu",
					    lsp_table_section(table), size);
			ex->spans[table].size = whole;
		}
	}
}

static struct kunit_case livesplice_format_cases[] = {
	KUNIT_CASE(format_good),
	KUNIT_CASE(format_bad_info),
	KUNIT_CASE(format_taken_name),
	KUNIT_CASE(format_bad_sections),
	KUNIT_CASE(format_bad_records),
	KUNIT_CASE(format_weak),
	KUNIT_CASE(format_targets),
	KUNIT_CASE(format_replaces),
	KUNIT_CASE(format_empty),
	KUNIT_CASE(format_datas),
	KUNIT_CASE(format_hooks),
	KUNIT_CASE(format_bad_sites),
	KUNIT_CASE(format_flipped_bits),
	KUNIT_CASE(format_truncated),
	{}
};

static struct kunit_suite livesplice_format_suite = {
	.name = "livesplice_format",
	.test_cases = livesplice_format_cases,
};

kunit_test_suite(livesplice_format_suite);

MODULE_DESCRIPTION("KUnit tests of the livesplice format reader");
MODULE_LICENSE("GPL");
