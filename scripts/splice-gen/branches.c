// SPDX-License-Identifier: GPL-2.0
/*
 * Branches to the names that the kernel treats specially, and the forms in which it
 * knows them. Called by sites.c.
 */
#include <string.h>

#include "tables.h"
#include "x86.h"

#define PREFIX_CS	0x2e	/* does nothing; the branch is as long as a jcc then */

/* In the order of register numbers; nobody jumps through rsp. */
static const char * const thunk_registers[] = {
	"rax", "rcx", "rdx", "rbx", "", "rbp", "rsi", "rdi",
	"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
};

/**
 * branch_kind() - what does the kernel make of a branch to a name?
 * @name: the name
 * @arg: first argument of the site, set for those that have one; LSP_NONE if there
 *	is none that would fit
 *
 * Return: &enum lsp_site_kind, or -1: it is like any other.
 */
int branch_kind(const char *name, uint32_t *arg)
{
	static const char thunk[] = "__x86_indirect_thunk_";

	if (!strcmp(name, "__fentry__"))
		return LSP_SITE_FENTRY;
	if (!strcmp(name, "__x86_return_thunk"))
		return LSP_SITE_RETURN;
	if (str_starts(name, "__SCT__"))
		return LSP_SITE_STATIC_CALL;
	if (!str_starts(name, thunk))
		return -1;
	*arg = LSP_NONE;
	for (uint32_t i = 0; i < COUNT_OF(thunk_registers); i++) {
		if (*thunk_registers[i] &&
		    !strcmp(name + strlen(thunk), thunk_registers[i]))
			*arg = i;
	}
	return LSP_SITE_RETPOLINE;
}

/**
 * branch_fits() - is a branch one that a site of a kind may be?
 * @kind: &enum lsp_site_kind
 * @insn: the branch
 * @code: its bytes
 *
 * Return: true if so.
 */
bool branch_fits(uint32_t kind, const struct x86_insn *insn,
		 const unsigned char *code)
{
	bool prefixed = !insn->jcc && insn->len == 6 && *code == PREFIX_CS;
	unsigned int len = insn->len;

	if (insn->imm_size != 4 || insn->imm_off + insn->imm_size != len)
		return false;
	switch (kind) {
	case LSP_SITE_FENTRY:
		return insn->call && len == 5;
	case LSP_SITE_RETURN:
		return insn->jump && (len == 5 || prefixed);
	case LSP_SITE_STATIC_CALL:
		return len == (insn->jcc ? 6 : 5);
	default:
		/* Calls and jumps may carry the prefix as filler. */
		return insn->jcc ? len == 6 : len == 5 || prefixed;
	}
}
