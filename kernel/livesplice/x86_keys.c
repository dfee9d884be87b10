// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: where a static call leads to now. Called by x86_sites.c.
 *
 * DOC: Keys without names
 *
 * Code names the trampoline, and what is called is in the key, which has the same
 * name but for its beginning. A kernel without CONFIG_KALLSYMS_ALL has no names of
 * variables. There the kernel's own table of static calls says which key the call at
 * this address is of: the trampoline of the name in the code, which is a function
 * and has one, has to lead to where the key does. What was found out so is the value
 * of the key's name, and every other call has to agree.
 */
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/static_call.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/unaligned.h>

#include <asm/text-patching.h>

#include "x86.h"

/* What stands behind the jump of a trampoline, and nowhere else. */
static const u8 lsp_tramp_mark[] = { 0x0f, 0xb9, 0xcc };

static bool lsp_key_name(char *key, const char *tramp)
{
	return strstarts(tramp, STATIC_CALL_TRAMP_PREFIX_STR) &&
	       snprintf(key, KSYM_NAME_LEN, "%s%s", STATIC_CALL_KEY_PREFIX_STR,
			tramp + sizeof(STATIC_CALL_TRAMP_PREFIX_STR) - 1) <
	       KSYM_NAME_LEN;
}

/*
 * The key of a name; 0 if nobody knows. Modules also call by keys of the modules
 * whose trampolines they use.
 */
static unsigned long lsp_key_by_name(const struct lsp_names *names,
				     const char *tramp, const char *key)
{
	unsigned long addr;

	switch (lsp_names_seen(names, key, &addr, 1)) {
	case 0:
		return names->target ? livesplice_find_beside(tramp, key) : 0;
	case 1:
		return addr;
	default:
		return 0;
	}
}

/* Where a trampoline leads to, 0 if it returns; false if it is none. */
static bool lsp_tramp_func(const struct lsp_names *names, const char *tramp,
			   unsigned long *func)
{
	u8 bytes[JMP32_INSN_SIZE + sizeof(lsp_tramp_mark)];
	unsigned long addr;

	if (lsp_names_seen(names, tramp, &addr, 1) != 1 ||
	    copy_from_kernel_nofault(bytes, (void *)addr, sizeof(bytes)) ||
	    memcmp(bytes + JMP32_INSN_SIZE, lsp_tramp_mark, sizeof(lsp_tramp_mark)))
		return false;
	*func = 0;
	if (bytes[0] == RET_INSN_OPCODE)
		return true;
	if (bytes[0] != JMP32_INSN_OPCODE)
		return false;
	addr += JMP32_INSN_SIZE + get_unaligned((s32 *)(bytes + 1));
	if (!lsp_is_return_thunk(addr))
		*func = addr;
	return true;
}

static bool lsp_key_learn(const struct lsp_text *text, const char *name,
			  unsigned long key)
{
	const struct lsp_tables *tables = text->tables;
	u32 i;

	for (i = 0; i < tables->nr_symbols; i++)
		if (!strcmp(lsp_string(tables, tables->symbols[i].name), name) &&
		    !lsp_values_learn(text->values, i, key))
			return false;
	return true;
}

static unsigned long lsp_key_by_place(const struct lsp_text *text,
				      unsigned long addr, const char *tramp,
				      const char *name)
{
	unsigned long key = lsp_call_key(addr), func, dest;

	if (!key || copy_from_kernel_nofault(&func, (void *)key, sizeof(func)) ||
	    !lsp_tramp_func(&text->values->names, tramp, &dest) ||
	    dest != func || !lsp_key_learn(text, name, key))
		return 0;
	return key;
}

/**
 * lsp_static_call_func() - the function that a static call leads to now
 * @text: the function that it is in
 * @at: where in that it is
 * @rel: its relocation, to a trampoline
 * @func: set to the function, 0 if nothing is called
 *
 * Context: may sleep.
 * Return: false if nobody knows.
 */
bool lsp_static_call_func(const struct lsp_text *text, u32 at,
			  const struct lsp_reloc *rel, unsigned long *func)
{
	const char *tramp = lsp_string(text->tables,
				       text->tables->symbols[rel->symbol].name);
	char name[KSYM_NAME_LEN];
	unsigned long key;

	if (!lsp_key_name(name, tramp))
		return false;
	key = lsp_key_by_name(&text->values->names, tramp, name);
	if (!key && !IS_ENABLED(CONFIG_KALLSYMS_ALL))
		key = lsp_key_by_place(text, text->addr + at, tramp, name);
	return key && !copy_from_kernel_nofault(func, (void *)key, sizeof(*func));
}
