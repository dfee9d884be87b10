// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: runtime constants.
 *
 * At boot the kernel writes the values of a few variables into its code as
 * immediates. Code of a module does not get that treatment, so what a
 * replacement uses has to be filled in here. Called by match.c and load.c
 * while a module is being loaded, with no lock held.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "internal.h"
#include "match.h"

/* Without CONFIG_KALLSYMS_ALL only variables that are exported have names. */
static enum lsp_reason lsp_const_variable(struct lsp_values *values, u32 symbol,
					  unsigned long *addr)
{
	const struct lsp_tables *tables = values->tables;
	enum lsp_reason reason = lsp_values_resolve(values, symbol, addr);

	if (reason != LSP_UNRESOLVED)
		return reason;
	*addr = livesplice_find_export(lsp_string(tables,
						  tables->symbols[symbol].name));
	return *addr ? LSP_OK : LSP_UNRESOLVED;
}

/**
 * lsp_consts_check() - hold constants in the code against their variables
 * @values: what matching found
 * @diag: says what disagrees
 *
 * Matching infers them from the code alone, and their variables can only be
 * found once everything has matched. A static one that is read by nothing else is
 * not there, the compiler knows: then all places where the constant is have to
 * agree, as they have by now, and nothing more can be said. Only a kernel that
 * knows the names of all its variables can say that one is not there.
 *
 * Context: may sleep.
 * Return: LSP_OK or LSP_MISMATCH.
 */
enum lsp_reason lsp_consts_check(struct lsp_values *values,
				 struct lsp_diag *diag)
{
	u32 i;

	for (i = 0; i < values->tables->nr_sites; i++) {
		const struct lsp_site *site = &values->tables->sites[i];
		const struct lsp_const_kind *kind = lsp_const_kind(site->kind);
		enum lsp_reason reason;
		unsigned long addr;
		u64 value = 0;
		u32 symbol;

		if (!kind)
			continue;
		symbol = site->arg[0];
		if (!values->konst_known[symbol])
			continue;
		reason = lsp_const_variable(values, symbol, &addr);
		if ((reason == LSP_UNRESOLVED && IS_ENABLED(CONFIG_KALLSYMS_ALL)) ||
		    (reason == LSP_OK &&
		     !copy_from_kernel_nofault(&value, (void *)addr,
					       kind->variable) &&
		     !memcmp(&value, &values->konst[symbol], kind->size)))
			continue;
		*diag = (struct lsp_diag) {
			.unit = LSP_NONE, .function = symbol,
			.what = "runtime constant differs from its variable",
		};
		return LSP_MISMATCH;
	}
	return LSP_OK;
}

/**
 * lsp_consts_value() - value of a runtime constant for new code
 * @values: the values, after a successful lsp_match()
 * @symbol: symbol of the constant
 * @size: bytes of the variable behind it
 * @value: set on success
 *
 * Code that the kernel patched at boot tells best; else the variable that it
 * was patched from, which stays in memory.
 *
 * Context: may sleep.
 * Return: LSP_OK, LSP_UNRESOLVED or LSP_AMBIGUOUS.
 */
enum lsp_reason lsp_consts_value(struct lsp_values *values, u32 symbol,
				 unsigned int size, u64 *value)
{
	enum lsp_reason reason;
	unsigned long addr;

	if (values->konst_known[symbol]) {
		*value = values->konst[symbol];
		return LSP_OK;
	}
	reason = lsp_const_variable(values, symbol, &addr);
	if (reason != LSP_OK)
		return reason;
	*value = 0;
	if (copy_from_kernel_nofault(value, (void *)addr, size))
		return LSP_UNRESOLVED;
	return LSP_OK;
}
