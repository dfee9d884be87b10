// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: imports of an update that no export satisfies.
 *
 * They stand in the module's symbol table as undefined symbols of a reserved
 * form. Here they get their values and become absolute, so that the loader
 * finds nothing left to resolve, and relocates the module like any other.
 * Called by load.c after a successful match, with no lock held.
 */
#include <linux/ctype.h>
#include <linux/elf.h>
#include <linux/error-injection.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/string.h>

#include "match.h"

/* The symbol that an import stands for; LSP_NONE if it is an ordinary one. */
static u32 lsp_import(const char *name, u32 nr_symbols)
{
	unsigned int index;

	if (!str_has_prefix(name, LSP_IMPORT_PREFIX))
		return LSP_NONE;
	name += strlen(LSP_IMPORT_PREFIX);
	/* No sign, no space, no other base. */
	if (!isdigit(*name) || kstrtouint(name, 10, &index))
		return nr_symbols;
	return min(index, nr_symbols);
}

/* The row that the module's symbol @sym is an import of; see lsp_import(). */
static enum lsp_reason lsp_import_row(const struct lsp_image *image,
				      const struct lsp_tables *tables,
				      const Elf_Sym *sym, u32 *row,
				      const char **detail)
{
	*detail = "symbol table";
	if (sym->st_name >= image->strtab_size)
		return LSP_FORMAT;
	*detail = image->strtab + sym->st_name;
	*row = lsp_import(*detail, tables->nr_symbols);
	if (*row == tables->nr_symbols ||
	    (*row != LSP_NONE && ELF_ST_BIND(sym->st_info) != STB_GLOBAL))
		return LSP_FORMAT;
	return LSP_OK;
}

/*
 * A function whose address nobody took had its ENDBR sealed at boot. Where
 * indirect branches are tracked, a call through a pointer to it is fatal, so
 * new code must not be the first to take its address. Direct branches have a
 * relocation type of their own.
 */
static enum lsp_reason lsp_check_sealed(const struct lsp_image *image,
					const struct lsp_tables *tables,
					const Elf_Shdr *shdr,
					const char **detail)
{
	const Elf_Rela *rela = (const void *)shdr->sh_addr;
	size_t i;

	for (i = 0; i < shdr->sh_size / sizeof(*rela); i++) {
		const Elf_Sym *sym;
		u32 row;

		*detail = "relocations";
		if (ELF_R_SYM(rela[i].r_info) >= image->nr_syms)
			return LSP_FORMAT;
		sym = &image->syms[ELF_R_SYM(rela[i].r_info)];
		if (sym->st_shndx != SHN_ABS ||
		    sym->st_name >= image->strtab_size)
			continue;
		row = lsp_import(image->strtab + sym->st_name,
				 tables->nr_symbols);
		if (row >= tables->nr_symbols ||
		    lsp_arch_is_branch(ELF_R_TYPE(rela[i].r_info)) ||
		    !lsp_arch_is_sealed(sym->st_value))
			continue;
		*detail = lsp_string(tables, tables->symbols[row].name);
		return LSP_SEALED;
	}
	return LSP_OK;
}

static enum lsp_reason lsp_check_addresses(const struct lsp_image *image,
					   const struct lsp_tables *tables,
					   const char **detail)
{
	enum lsp_reason reason = LSP_OK;
	unsigned int i;

	for (i = 1; i < image->nr_sections && reason == LSP_OK; i++) {
		const Elf_Shdr *shdr = &image->sechdrs[i];

		if (shdr->sh_type == SHT_RELA &&
		    shdr->sh_info < image->nr_sections &&
		    image->sechdrs[shdr->sh_info].sh_flags & SHF_ALLOC)
			reason = lsp_check_sealed(image, tables, shdr, detail);
	}
	return reason;
}

/**
 * lsp_imports_resolve() - give every import its value
 * @image: the module
 * @values: the values, after a successful lsp_match()
 * @detail: set to the name that a failure is about
 *
 * Only GPL modules may use what is not exported.
 *
 * Context: may sleep.
 * Return: LSP_OK, LSP_LICENSE, LSP_UNRESOLVED, LSP_AMBIGUOUS, LSP_SEALED or
 * LSP_FORMAT.
 */
enum lsp_reason lsp_imports_resolve(const struct lsp_image *image,
				    struct lsp_values *values,
				    const char **detail)
{
	const struct lsp_tables *tables = values->tables;
	enum lsp_reason reason;
	unsigned long value;
	unsigned int i;
	u32 row;

	for (i = 1; i < image->nr_syms; i++) {
		Elf_Sym *sym = &image->syms[i];

		if (sym->st_shndx != SHN_UNDEF)
			continue;
		reason = lsp_import_row(image, tables, sym, &row, detail);
		if (reason != LSP_OK)
			return reason;
		if (row == LSP_NONE)
			continue;
		*detail = lsp_string(tables, tables->symbols[row].name);
		if (!image->gpl)
			return LSP_LICENSE;
		reason = lsp_values_resolve(values, row, &value);
		if (reason != LSP_OK)
			return reason;
		sym->st_value = value;
		sym->st_shndx = SHN_ABS;
	}
	reason = lsp_check_addresses(image, tables, detail);
	if (reason == LSP_OK)
		*detail = NULL;
	return reason;
}
ALLOW_ERROR_INJECTION(lsp_imports_resolve, TRUE);
