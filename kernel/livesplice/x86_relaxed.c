// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: may tasks that are in old code go on in it beside the jump? Called
 * by plan.c.
 *
 * Old code that stays in use must never lead to the bytes that the jump has
 * taken: not into the middle of them, where there is no instruction any more,
 * and not to the first of them either, from where the new code would be entered
 * with half a frame on the stack. So all of its branches are looked at, with
 * those that the kernel may still put there.
 */
#include <linux/jump_label.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <asm/insn.h>

#include "x86.h"

static bool lsp_in_jump(unsigned long addr, unsigned long site, u32 span)
{
	return addr - site < span;
}

/* An indirect jump other than by a thunk may lead anywhere, by a table. */
static bool lsp_is_indirect_jump(const struct insn *insn)
{
	return insn->opcode.bytes[0] == 0xff &&
	       (X86_MODRM_REG(insn->modrm.value) == 4 ||
		X86_MODRM_REG(insn->modrm.value) == 5);
}

/**
 * lsp_branches_into() - does code branch to bytes of a jump?
 * @code: the code
 * @size: its size
 * @addr: address that it runs at
 * @site: address of the jump
 * @span: number of bytes that it has taken
 *
 * Return: true if it does, or cannot be followed.
 */
bool lsp_branches_into(const u8 *code, unsigned int size, unsigned long addr,
		       unsigned long site, u32 span)
{
	struct insn insn;
	unsigned int i;

	for (i = 0; i < size; i += insn.length) {
		if (insn_decode(&insn, code + i, size - i, INSN_MODE_64) ||
		    lsp_is_indirect_jump(&insn))
			return true;
		if (lsp_in_jump(lsp_branch_target(&insn, addr + i), site, span))
			return true;
	}
	return false;
}

static bool lsp_labels_into(struct jump_entry *entry, struct jump_entry *end,
			    unsigned long addr, unsigned long size,
			    unsigned long site, u32 span)
{
	for (; entry < end; entry++)
		if (jump_entry_code(entry) - addr < size &&
		    lsp_in_jump(jump_entry_target(entry), site, span))
			return true;
	return false;
}

/* A static branch is a NOP now, and may be a jump later. */
static bool lsp_label_leads_into(unsigned long addr, unsigned long size,
				 unsigned long site, u32 span)
{
	const struct module *mod;

	if (core_kernel_text(addr))
		return lsp_labels_into(__start___jump_table, __stop___jump_table,
				       addr, size, site, span);
	guard(preempt)();
	mod = __module_text_address(addr);
	return !mod || lsp_labels_into(mod->jump_entries,
				       mod->jump_entries + mod->num_jump_entries,
				       addr, size, site, span);
}

/**
 * lsp_arch_comes_back() - may old code lead to the bytes of a jump?
 * @addr: address of a function or a part of one
 * @size: its size
 * @site: address of the jump
 * @span: number of bytes that it has taken
 *
 * Context: may sleep; takes text_mutex.
 * Return: LSP_OK if it never does, LSP_RELAXED, LSP_NOMEM.
 */
enum lsp_reason lsp_arch_comes_back(unsigned long addr, unsigned int size,
				    unsigned long site, u32 span)
{
	u8 *code __free(kvfree) = kvmalloc(size, GFP_KERNEL);

	if (!code)
		return LSP_NOMEM;
	if (!lsp_arch_read_text(code, addr, size) ||
	    lsp_branches_into(code, size, addr, site, span) ||
	    lsp_label_leads_into(addr, size, site, span))
		return LSP_RELAXED;
	return LSP_OK;
}
