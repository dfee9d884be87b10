// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: reading x86 text as it would be without probes, and the few
 * things to know about its bytes that need no pre object.
 *
 * Called by match.c, sums.c and load.c through the lsp_arch_ interface, and by
 * the other x86 files.
 */
#include <linux/cleanup.h>
#include <linux/elf.h>
#include <linux/ftrace.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/memory.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/unaligned.h>

#include <asm/cpufeature.h>
#include <asm/sections.h>
#include <asm/text-patching.h>

#include "x86.h"

#ifdef CONFIG_MITIGATION_CALL_DEPTH_TRACKING
/* Size of the accounting code in front of functions, 0 if there is none. */
static u32 lsp_call_thunk_size(void)
{
	if (!cpu_feature_enabled(X86_FEATURE_CALL_DEPTH))
		return 0;
	return skl_call_thunk_tail - skl_call_thunk_template;
}

static bool lsp_is_call_thunk(unsigned long addr)
{
	u8 found[4];

	/* Prefix, REX, opcode and ModRM; what follows is relocated. */
	return !copy_from_kernel_nofault(found, (void *)addr, sizeof(found)) &&
	       !memcmp(found, skl_call_thunk_template, sizeof(found));
}
#else
static u32 lsp_call_thunk_size(void)
{
	return 0;
}

static bool lsp_is_call_thunk(unsigned long addr)
{
	return false;
}
#endif

/**
 * lsp_call_target() - function that a direct call reaches
 * @dest: where the call goes
 *
 * With call depth tracking calls enter a function through code that the
 * kernel put into the padding in front of it.
 *
 * Return: @dest, or the function behind it.
 */
unsigned long lsp_call_target(unsigned long dest)
{
	unsigned long size, offset;
	u32 thunk = lsp_call_thunk_size();

	if (!thunk || !lsp_is_call_thunk(dest))
		return dest;
	if (!kallsyms_lookup_size_offset(dest + thunk, &size, &offset) || offset)
		return dest;
	return dest + thunk;
}

/**
 * lsp_is_nop() - is it one of the NOPs that the kernel fills with?
 * @insn: a decoded instruction
 *
 * Return: true for NOP and NOPL in any length.
 */
bool lsp_is_nop(const struct insn *insn)
{
	u8 op = insn->opcode.bytes[0];

	/* F3 90 is PAUSE, and REX.B makes 90 an XCHG with r8. */
	if (op == 0x90)
		return !X86_REX_B(insn->rex_prefix.value) &&
		       (!insn->prefixes.nbytes || insn->prefixes.bytes[0] != 0xf3);
	return op == 0x0f && insn->opcode.bytes[1] == 0x1f;
}

/**
 * lsp_calls_fentry() - is it the call at a function's entry as it was compiled?
 * @bytes: five of them
 * @addr: where they are
 *
 * The tool that sorts ftrace's list drops what it does not find among the symbols, and
 * now and then what is there: such a call stays, and does nothing.
 *
 * Return: true for a call of __fentry__ itself.
 */
bool lsp_calls_fentry(const u8 *bytes, unsigned long addr)
{
#ifdef CONFIG_FUNCTION_TRACER
	return bytes[0] == CALL_INSN_OPCODE &&
	       addr + CALL_INSN_SIZE + get_unaligned((const s32 *)(bytes + 1)) ==
	       MCOUNT_ADDR;
#else
	return false;
#endif
}

/**
 * lsp_branch_target() - where may an instruction jump to?
 * @insn: a decoded instruction
 * @addr: where it is
 *
 * Return: the address, or 0 for one that is no direct jump: calls come back, and
 * an indirect jump does not say.
 */
unsigned long lsp_branch_target(const struct insn *insn, unsigned long addr)
{
	u8 op = insn->opcode.bytes[0];
	bool jumps;

	/* LOOP and JCXZ, JMP rel32 and rel8, Jcc rel8, Jcc rel32 */
	jumps = (op >= 0xe0 && op <= 0xe3) || op == JMP32_INSN_OPCODE ||
		op == JMP8_INSN_OPCODE || (op & 0xf0) == 0x70 ||
		(op == 0x0f && (insn->opcode.bytes[1] & 0xf0) == 0x80);
	return jumps ? addr + insn->length + insn->immediate.value : 0;
}

/**
 * lsp_all_nops() - do bytes do nothing?
 * @bytes: the bytes
 * @length: number of bytes
 *
 * Return: true for any sequence of NOPs, and of jumps over INT3s, that ends
 * exactly at @length.
 */
bool lsp_all_nops(const u8 *bytes, u32 length)
{
	struct insn insn;
	u32 i = 0, to;

	while (i < length) {
		if (insn_decode(&insn, bytes + i, length - i, INSN_MODE_64))
			return false;
		if (lsp_is_nop(&insn)) {
			i += insn.length;
			continue;
		}
		if (insn.prefixes.nbytes ||
		    (insn.opcode.bytes[0] != JMP8_INSN_OPCODE &&
		     insn.opcode.bytes[0] != JMP32_INSN_OPCODE) ||
		    insn.immediate.value < 0)
			return false;
		to = i + insn.length + insn.immediate.value;
		if (to > length)
			return false;
		for (i += insn.length; i < to; i++)
			if (bytes[i] != INT3_INSN_OPCODE)
				return false;
	}
	return true;
}

/**
 * struct lsp_window - a copy of running text
 * @bytes: the copy
 * @addr: address of the text
 * @len: number of bytes
 */
struct lsp_window {
	u8		*bytes;
	unsigned long	addr;
	size_t		len;
};

#ifdef CONFIG_KPROBES
/* Change a byte of the copy, if it is in there. */
static void lsp_window_set(struct lsp_window *window, unsigned long addr, u8 byte)
{
	if (addr - window->addr < window->len)
		window->bytes[addr - window->addr] = byte;
}

#ifdef CONFIG_OPTPROBES
/* What the jump of an optimized probe has overwritten, but for the first byte. */
static void lsp_unoptimize(struct lsp_window *window, struct kprobe *probe)
{
	const struct optimized_kprobe *op = container_of(probe, struct optimized_kprobe, kp);
	unsigned long addr = (unsigned long)probe->addr;
	unsigned int i;
	u8 first;

	/*
	 * The flag is set when the probe is queued to be optimized. Until that is
	 * done there is an INT3, and no copy of what follows.
	 */
	if (!(probe->flags & KPROBE_FLAG_OPTIMIZED) ||
	    copy_from_kernel_nofault(&first, probe->addr, 1) ||
	    first != JMP32_INSN_OPCODE)
		return;
	for (i = 0; i < DISP32_SIZE; i++)
		lsp_window_set(window, addr + 1 + i, op->optinsn.copied_insn[i]);
}
#else
static void lsp_unoptimize(struct lsp_window *window, struct kprobe *probe) { }
#endif

/* Put back what probes have replaced; a jump may begin in front of the copy. */
static void lsp_unprobe(struct lsp_window *window)
{
	unsigned long addr = window->addr - DISP32_SIZE;

	guard(preempt)();
	for (; addr < window->addr + window->len; addr++) {
		struct kprobe *probe = get_kprobe((void *)addr);

		if (!probe || kprobe_ftrace(probe))
			continue;
		lsp_window_set(window, addr, probe->opcode);
		lsp_unoptimize(window, probe);
	}
}
#else
static void lsp_unprobe(struct lsp_window *window) { }
#endif

/**
 * lsp_read_text_locked() - copy running text as it is without probes
 * @dst: where to
 * @addr: address of the text
 * @len: number of bytes
 *
 * Context: text_mutex held.
 * Return: false if the text cannot be read.
 */
bool lsp_read_text_locked(void *dst, unsigned long addr, size_t len)
{
	struct lsp_window window = { dst, addr, len };

	lockdep_assert_held(&text_mutex);

	if (copy_from_kernel_nofault(dst, (void *)addr, len))
		return false;
	lsp_unprobe(&window);
	return true;
}

/**
 * lsp_arch_read_text() - copy running text as it is without probes
 * @dst: where to
 * @addr: address of the text
 * @len: number of bytes
 *
 * text_mutex keeps everybody else from being half-way through a change.
 *
 * Context: may sleep; takes text_mutex.
 * Return: false if the text cannot be read.
 */
bool lsp_arch_read_text(void *dst, unsigned long addr, size_t len)
{
	guard(mutex)(&text_mutex);
	return lsp_read_text_locked(dst, addr, len);
}

/**
 * lsp_arch_span() - how many bytes of a function does the jump make useless?
 * @site: where the jump goes
 * @end: end of the function, LSP_JUMP_SIZE bytes behind it at least
 *
 * The last instruction that the jump covers may end behind it. A breakpoint in
 * what is left of it would be in the middle of that instruction after undo, and
 * who decodes the old function from its start on, as kprobes do, would find
 * other instructions there, perhaps far beyond. So the rest is filled with INT3,
 * which decodes as what it is and takes no probe, and belongs to the jump.
 *
 * Context: may sleep; takes text_mutex.
 * Return: number of bytes, LSP_JUMP_SIZE to LSP_MAX_SPAN, or 0 if they are no
 * instructions.
 */
u32 lsp_arch_span(unsigned long site, unsigned long end)
{
	u8 bytes[LSP_MAX_SPAN];
	u32 length = min_t(unsigned long, end - site, sizeof(bytes)), span = 0;
	struct insn insn;

	if (!lsp_arch_read_text(bytes, site, length))
		return 0;
	while (span < LSP_JUMP_SIZE) {
		if (insn_decode(&insn, bytes + span, length - span, INSN_MODE_64))
			return 0;
		span += insn.length;
	}
	return span;
}

/**
 * lsp_arch_is_branch() - is a relocation that of a direct branch?
 * @type: its type
 *
 * Return: true for the type that assemblers use for calls and jumps only.
 */
bool lsp_arch_is_branch(u32 type)
{
	return type == R_X86_64_PLT32;
}

/**
 * lsp_arch_is_sealed() - was the ENDBR at a function's entry made void?
 * @addr: any address
 *
 * Context: any.
 * Return: true if so.
 */
bool lsp_arch_is_sealed(unsigned long addr)
{
	u32 insn;

	return (core_kernel_text(addr) || is_module_text_address(addr)) &&
	       !copy_from_kernel_nofault(&insn, (void *)addr, sizeof(insn)) &&
	       lsp_is_sealed_endbr(insn);
}

/**
 * lsp_arch_const_store() - fill a runtime constant into new code
 * @where: the immediate, in memory that is still writable and not executed
 * @kind: what it looks like
 * @value: the constant
 *
 * Return: false if there is no placeholder at @where.
 */
bool lsp_arch_const_store(void *where, const struct lsp_const_kind *kind,
			  u64 value)
{
	if (memcmp(where, &kind->placeholder, kind->size))
		return false;
	memcpy(where, &value, kind->size);
	return true;
}
