// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: what the kernel has at a static branch or a static call, by the
 * state of its key. Called by borrow.c.
 *
 * The kernel's own writers put bytes where they belong and check what they find
 * there, neither of which is possible while a jump covers them. So this says the
 * same as __jump_label_patch() (arch/x86/kernel/jump_label.c) and
 * __static_call_transform() (static_call.c). That it does is not taken for
 * granted: nothing is borrowed that does not hold the very bytes that come out
 * here.
 */
#include <linux/init.h>
#include <linux/jump_label.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/static_call.h>
#include <linux/string.h>
#include <linux/types.h>

#include <asm/alternative.h>
#include <asm/nospec-branch.h>
#include <asm/text-patching.h>

#include "internal.h"
#include "x86.h"

#define LSP_JCC32_SIZE	6

/**
 * lsp_label_bytes() - a static branch
 * @bytes: where to
 * @length: its length; the assembler has chosen one of two
 * @addr: where it is
 * @target: where it leads now, 0 for straight on
 */
void lsp_label_bytes(u8 *bytes, u32 length, unsigned long addr,
		     unsigned long target)
{
	if (!target) {
		memcpy(bytes, x86_nops[length], length);
	} else if (length == JMP8_INSN_SIZE) {
		bytes[0] = JMP8_INSN_OPCODE;
		bytes[1] = target - (addr + JMP8_INSN_SIZE);
	} else {
		__text_gen_insn(bytes, JMP32_INSN_OPCODE, (void *)addr,
				(void *)target, JMP32_INSN_SIZE);
	}
}

/*
 * What stands in for the static calls of some functions. Not every kernel has all
 * of these, and some are declared for the architecture's own files only, so they
 * are looked up by name.
 */
static struct {
	const char	*name;
	unsigned long	func;
	u8		code[CALL_INSN_SIZE];
} lsp_stand_ins[] __ro_after_init = {
	/* XOR EAX, EAX, and three prefixes without a meaning. */
	{ "__static_call_return0", 0, { 0x2e, 0x2e, 0x2e, 0x31, 0xc0 } },
	/* A trap, and in its operand the argument: ud1 (%edx), %rdi. */
	{ "__WARN_trap", 0, { 0x67, 0x48, 0x0f, 0xb9, 0x3a } },
	/* MOV BYTE PTR [RDI], 0, and two prefixes. */
	{ "__raw_callee_save___native_queued_spin_unlock", 0,
	  { 0x3e, 0x3e, 0xc6, 0x07, 0x00 } },
};

/**
 * lsp_arch_calls_init() - find the functions whose static calls are none
 */
void __init lsp_arch_calls_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lsp_stand_ins); i++)
		lsp_stand_ins[i].func = kallsyms_lookup_name(lsp_stand_ins[i].name);
}

/**
 * lsp_call_stand_in() - what the kernel writes instead of a static call
 * @func: address of what would be called, not 0
 *
 * Context: any.
 * Return: the bytes, of which there are as many as in a call; NULL if there is
 * nothing but a call.
 */
const u8 *lsp_call_stand_in(unsigned long func)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lsp_stand_ins); i++)
		if (lsp_stand_ins[i].func == func)
			return lsp_stand_ins[i].code;
	return NULL;
}

#ifdef CONFIG_HAVE_STATIC_CALL_INLINE
/* Of a conditional jump only the displacement ever changes. */
static void lsp_jcc_bytes(u8 *bytes, unsigned long addr, void *func)
{
	if (!func)
		func = cpu_wants_rethunk() ? x86_return_thunk :
					     __static_call_return;
	__text_gen_insn(bytes + 1, bytes[1], (void *)addr + 1, func,
			LSP_JCC32_SIZE - 1);
}

static void lsp_tail_bytes(u8 *bytes, unsigned long addr, void *func)
{
	void *site = (void *)addr;

	if (lsp_arch_static_call_length(bytes) == LSP_JCC32_SIZE) {
		lsp_jcc_bytes(bytes, addr, func);
		return;
	}
	if (!func && !cpu_wants_rethunk_at(site)) {
		memset(bytes, INT3_INSN_OPCODE, JMP32_INSN_SIZE);
		bytes[0] = RET_INSN_OPCODE;
		return;
	}
	__text_gen_insn(bytes, JMP32_INSN_OPCODE, site,
			func ?: (void *)x86_return_thunk, JMP32_INSN_SIZE);
}

/**
 * lsp_call_bytes() - a static call
 * @bytes: where to; holds what was there when it was matched
 * @addr: where it is
 * @func: what is called now, or NULL
 * @tail: nothing comes after it
 *
 * Context: text_mutex held.
 */
void lsp_call_bytes(u8 *bytes, unsigned long addr, void *func, bool tail)
{
	const u8 *code;

	if (tail) {
		lsp_tail_bytes(bytes, addr, func);
		return;
	}
	if (!func) {
		memcpy(bytes, x86_nops[CALL_INSN_SIZE], CALL_INSN_SIZE);
		return;
	}
	func = callthunks_translate_call_dest(func);
	code = lsp_call_stand_in((unsigned long)func);
	if (code)
		memcpy(bytes, code, CALL_INSN_SIZE);
	else
		__text_gen_insn(bytes, CALL_INSN_OPCODE, (void *)addr, func,
				CALL_INSN_SIZE);
}

static void lsp_call_loan_bytes(const struct static_call_site *call, u8 *bytes)
{
	unsigned long key = (unsigned long)&call->key + call->key;
	struct static_call_key *target = (void *)(key & ~STATIC_CALL_SITE_FLAGS);

	lsp_call_bytes(bytes, (unsigned long)&call->addr + call->addr,
		       READ_ONCE(target->func), key & STATIC_CALL_SITE_TAIL);
}
#else
static void lsp_call_loan_bytes(const struct static_call_site *call, u8 *bytes) { }
#endif

#ifdef CONFIG_JUMP_LABEL
static void lsp_label_loan_bytes(const struct lsp_loan *loan, u8 *bytes)
{
	const struct jump_entry *label = loan->label;
	bool jump = static_key_enabled(jump_entry_key(label)) !=
		    jump_entry_is_branch(label);

	lsp_label_bytes(bytes, loan->length, jump_entry_code(label),
			jump ? jump_entry_target(label) : 0);
}
#else
static void lsp_label_loan_bytes(const struct lsp_loan *loan, u8 *bytes) { }
#endif

/**
 * lsp_arch_loan_bytes() - what the kernel has, or would have, at a loan now
 * @loan: the loan
 * @bytes: where to; holds what was there when it was matched
 *
 * Context: keys do not change, see "Borrowed bytes".
 */
void lsp_arch_loan_bytes(const struct lsp_loan *loan, u8 *bytes)
{
	if (loan->label)
		lsp_label_loan_bytes(loan, bytes);
	else
		lsp_call_loan_bytes(loan->call, bytes);
}
