// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: tests of what happens to a module image once it has matched:
 * imports get their values, names are what they seem, and the checksum notices
 * what was changed.
 */
#include <kunit/test.h>
#include <linux/elf.h>
#include <linux/kallsyms.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "match.h"

/* Offsets in the names of the symbol table below. */
#define NAME_ORDINARY	1
#define NAME_FIRST	9
#define NAME_SECOND	20
#define NAME_BEYOND	31
#define NAME_RUBBISH	42

static const char symbol_names[] =
	"\0ordinar\0__splice.0\0__splice.1\0__splice.9\0__splice.+0";

/* Offsets in the strings of the tables. */
#define STR_KNOWN	1
#define STR_UNKNOWN	10

static const char table_strings[] = "\0vfs_read\0no such thing";

struct load_case {
	struct lsp_symbol	rows[2];
	struct lsp_tables	tables;
	struct lsp_values	values;
	Elf_Sym			syms[3];
	Elf_Rela		rela;
	Elf_Shdr		sechdrs[4];
	struct lsp_image	image;
	const char		*detail;
};

static struct load_case *new_case(struct kunit *test)
{
	struct load_case *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->rows[0] = (struct lsp_symbol) {
		.name = STR_KNOWN, .section = LSP_NONE, .type = LSP_SYM_OTHER,
		.bind = LSP_BIND_GLOBAL,
	};
	c->rows[1] = c->rows[0];
	c->rows[1].name = STR_UNKNOWN;
	c->tables = (struct lsp_tables) {
		.symbols = c->rows, .nr_symbols = ARRAY_SIZE(c->rows),
		.strings = table_strings, .nr_strings = sizeof(table_strings),
	};
	KUNIT_ASSERT_EQ(test, lsp_values_init(&c->values, &c->tables, NULL), 0);
	c->syms[1].st_name = NAME_ORDINARY;
	c->syms[2].st_name = NAME_FIRST;
	c->syms[1].st_info = STB_GLOBAL << 4;
	c->syms[2].st_info = STB_GLOBAL << 4;
	c->image = (struct lsp_image) {
		.sechdrs = c->sechdrs, .nr_sections = ARRAY_SIZE(c->sechdrs),
		.syms = c->syms, .nr_syms = ARRAY_SIZE(c->syms),
		.strtab = symbol_names, .strtab_size = sizeof(symbol_names),
		.gpl = true,
	};
	/* A section of the module, and a relocation there by symbol 2. */
	c->sechdrs[1].sh_flags = SHF_ALLOC;
	c->sechdrs[2].sh_type = SHT_RELA;
	c->sechdrs[2].sh_info = 1;
	c->sechdrs[2].sh_addr = (unsigned long)&c->rela;
	c->sechdrs[2].sh_size = sizeof(c->rela);
	c->rela.r_info = ((u64)2 << 32) | R_X86_64_PLT32;
	return c;
}

static enum lsp_reason resolve(struct load_case *c)
{
	enum lsp_reason reason;

	reason = lsp_imports_resolve(&c->image, &c->values, &c->detail);
	lsp_values_free(&c->values);
	return reason;
}

static void imports_known(struct kunit *test)
{
	struct load_case *c = new_case(test);

	KUNIT_ASSERT_EQ(test, resolve(c), LSP_OK);
	KUNIT_EXPECT_EQ(test, c->syms[2].st_shndx, SHN_ABS);
	KUNIT_EXPECT_EQ(test, c->syms[2].st_value,
			kallsyms_lookup_name("vfs_read"));
	/* An ordinary import is the loader's business. */
	KUNIT_EXPECT_EQ(test, c->syms[1].st_shndx, SHN_UNDEF);
}

static void imports_license(struct kunit *test)
{
	struct load_case *c = new_case(test);

	c->image.gpl = false;
	KUNIT_EXPECT_EQ(test, resolve(c), LSP_LICENSE);
	KUNIT_EXPECT_STREQ(test, c->detail, "vfs_read");
	KUNIT_EXPECT_EQ(test, c->syms[2].st_shndx, SHN_UNDEF);
	/* What is exported may be had by any module. */
	c = new_case(test);
	c->image.gpl = false;
	c->syms[2].st_name = NAME_ORDINARY;
	KUNIT_EXPECT_EQ(test, resolve(c), LSP_OK);
}

static void imports_unresolved(struct kunit *test)
{
	struct load_case *c = new_case(test);

	c->syms[2].st_name = NAME_SECOND;
	KUNIT_EXPECT_EQ(test, resolve(c), LSP_UNRESOLVED);
	KUNIT_EXPECT_STREQ(test, c->detail, "no such thing");
}

static void imports_damaged(struct kunit *test)
{
	struct load_case *c = new_case(test);

	c->syms[2].st_name = NAME_BEYOND;
	KUNIT_EXPECT_EQ(test, resolve(c), LSP_FORMAT);
	c = new_case(test);
	c->syms[2].st_name = NAME_RUBBISH;
	KUNIT_EXPECT_EQ(test, resolve(c), LSP_FORMAT);
	c = new_case(test);
	c->syms[2].st_name = sizeof(symbol_names);
	KUNIT_EXPECT_EQ(test, resolve(c), LSP_FORMAT);
	/* The loader makes a weak one 0 without a word. */
	c = new_case(test);
	c->syms[2].st_info = STB_WEAK << 4;
	KUNIT_EXPECT_EQ(test, resolve(c), LSP_FORMAT);
	c = new_case(test);
	c->rela.r_info = ((u64)3 << 32) | R_X86_64_64;
	KUNIT_EXPECT_EQ(test, resolve(c), LSP_FORMAT);
}

static void imports_sealed(struct kunit *test)
{
	unsigned long addr = kallsyms_lookup_name("do_group_exit");
	struct load_case *c = new_case(test);

	if (!lsp_arch_is_sealed(addr))
		kunit_skip(test, "do_group_exit() is not sealed here");
	/* To call it is one thing. */
	c->values.value[0] = addr;
	c->values.value_known[0] = true;
	KUNIT_EXPECT_EQ(test, resolve(c), LSP_OK);
	/* To take its address is another. */
	c = new_case(test);
	c->values.value[0] = addr;
	c->values.value_known[0] = true;
	c->rela.r_info = ((u64)2 << 32) | R_X86_64_32S;
	KUNIT_EXPECT_EQ(test, resolve(c), LSP_SEALED);
}

/* A name is that of the first byte, not of what comes later. */
static void names_at(struct kunit *test)
{
	unsigned long addr = kallsyms_lookup_name("vfs_read");

	KUNIT_EXPECT_TRUE(test, lsp_names_at(addr, "vfs_read"));
	KUNIT_EXPECT_FALSE(test, lsp_names_at(addr, "vfs_write"));
	KUNIT_EXPECT_FALSE(test, lsp_names_at(addr + 1, "vfs_read"));
}

static enum lsp_reason part_names(struct kunit *test, struct lsp_part *part,
				  u32 nr_units, u32 nr_targets)
{
	struct lsp_unit *units = kunit_kcalloc(test, nr_units, sizeof(*units),
					       GFP_KERNEL);
	struct lsp_target *targets = kunit_kcalloc(test, nr_targets,
						   sizeof(*targets), GFP_KERNEL);
	struct lsp_info info = { .object = STR_KNOWN };
	struct lsp_tables tables = {
		.info = &info, .units = units, .nr_units = nr_units,
		.targets = targets, .nr_targets = nr_targets,
		.strings = table_strings, .nr_strings = sizeof(table_strings),
	};
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, units);
	KUNIT_ASSERT_NOT_NULL(test, targets);
	for (i = 0; i < nr_units; i++)
		units[i].name = STR_UNKNOWN;
	for (i = 0; i < nr_targets; i++)
		targets[i].object = STR_UNKNOWN;
	return lsp_part_names(part, &tables);
}

static void names_of_part(struct kunit *test)
{
	/* "vfs_read:no such thing" and its NUL are 23 bytes. */
	u32 too_many = SZ_1M / 23 + 1;
	struct lsp_part *part = lsp_part_new(NULL);

	KUNIT_ASSERT_NOT_NULL(test, part);
	KUNIT_EXPECT_EQ(test, part_names(test, part, 2, 1), LSP_OK);
	KUNIT_EXPECT_MEMEQ(test, part->units,
			   "vfs_read:no such thing\0vfs_read:no such thing\0", 47);
	KUNIT_EXPECT_MEMEQ(test, part->update->targets, "no such thing\0", 15);
	lsp_update_free(part->update);

	part = lsp_part_new(NULL);
	KUNIT_ASSERT_NOT_NULL(test, part);
	KUNIT_EXPECT_EQ(test, part_names(test, part, too_many, 1), LSP_FORMAT);
	lsp_update_free(part->update);

	part = lsp_part_new(NULL);
	KUNIT_ASSERT_NOT_NULL(test, part);
	KUNIT_EXPECT_EQ(test, part_names(test, part, 1, 2 * too_many), LSP_FORMAT);
	lsp_update_free(part->update);
}

/* A file of three sections: names, contents, information. */
struct sealed_file {
	char		names[64];
	u8		contents[40];
	struct lsp_info	info;
};

static void checksum_notices(struct kunit *test)
{
	struct sealed_file *file = kunit_kzalloc(test, sizeof(*file), GFP_KERNEL);
	Elf_Shdr shdr[4] = {
		[1] = { .sh_type = SHT_STRTAB, .sh_size = sizeof(file->names) },
		[2] = { .sh_type = SHT_PROGBITS, .sh_name = 1,
			.sh_offset = offsetof(struct sealed_file, contents),
			.sh_size = sizeof(file->contents) },
		[3] = { .sh_type = SHT_PROGBITS, .sh_name = 7,
			.sh_offset = offsetof(struct sealed_file, info),
			.sh_size = sizeof(file->info) },
	};
	struct lsp_image image = {
		.hdr = (void *)file, .sechdrs = shdr, .nr_sections = 4,
		.secstrings = file->names,
	};
	u32 sum, bit;

	KUNIT_ASSERT_NOT_NULL(test, file);
	memcpy(file->names, "\0.text\0.livesplice.info\0" LSP_SUM_EXCEPT, 49);
	sum = lsp_checksum(&image);
	for (bit = 0; bit < 8 * sizeof(file->contents); bit++) {
		file->contents[bit / 8] ^= BIT(bit % 8);
		KUNIT_EXPECT_NE(test, lsp_checksum(&image), sum);
		file->contents[bit / 8] ^= BIT(bit % 8);
	}
	file->info.release++;
	KUNIT_EXPECT_NE(test, lsp_checksum(&image), sum);
	file->info.release--;
	shdr[2].sh_link++;
	KUNIT_EXPECT_NE(test, lsp_checksum(&image), sum);
	shdr[2].sh_link--;
	/* It does not cover itself, nor what the loader writes to. */
	file->info.checksum = sum;
	KUNIT_EXPECT_EQ(test, lsp_checksum(&image), sum);
	shdr[2].sh_name = 24;
	sum = lsp_checksum(&image);
	file->contents[0] ^= 1;
	KUNIT_EXPECT_EQ(test, lsp_checksum(&image), sum);
}

static struct kunit_case livesplice_load_cases[] = {
	KUNIT_CASE(imports_known),
	KUNIT_CASE(imports_license),
	KUNIT_CASE(imports_unresolved),
	KUNIT_CASE(imports_damaged),
	KUNIT_CASE(imports_sealed),
	KUNIT_CASE(names_at),
	KUNIT_CASE(names_of_part),
	KUNIT_CASE(checksum_notices),
	{}
};

static struct kunit_suite livesplice_load_suite = {
	.name = "livesplice_load",
	.test_cases = livesplice_load_cases,
};

kunit_test_suite(livesplice_load_suite);

MODULE_DESCRIPTION("KUnit tests of loading livesplice updates");
MODULE_LICENSE("GPL");
