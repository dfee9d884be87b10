// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: what x86 kernels put where they rewrite their own text.
 *
 * One rule per kind of site. Each knows the closed set of encodings that the
 * rest of the kernel writes there, with the right target, and accepts nothing
 * else. Called by x86_match.c.
 *
 * The writers are apply_alternatives(), apply_retpolines(), apply_returns()
 * and alternatives_smp_unlock() (arch/x86/kernel/alternative.c),
 * __static_call_transform() (static_call.c), arch_jump_label_transform()
 * (jump_label.c), ftrace_replace_code() (ftrace.c) and, on top of several of
 * them, callthunks.c.
 */
#include <linux/ftrace.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/unaligned.h>

#include <asm/alternative.h>
#include <asm/cpufeature.h>
#include <asm/nospec-branch.h>
#include <asm/text-patching.h>

#include "x86.h"

#define LSP_THUNK_PREFIX	"__x86_indirect_thunk_"
#define LSP_RETURN_THUNK	"__x86_return_thunk"

/* mov, add, je, ud2 */
#define LSP_KCFI_SIZE		14

static bool lsp_is_jcc32(const u8 *insn)
{
	return insn[0] == 0x0f && (insn[1] & 0xf0) == 0x80;
}

#ifdef CONFIG_MITIGATION_RETHUNK
bool lsp_is_return_thunk(unsigned long addr)
{
	return addr == (unsigned long)x86_return_thunk;
}
#else
bool lsp_is_return_thunk(unsigned long addr)
{
	return false;
}
#endif

#ifdef CONFIG_MITIGATION_CALL_DEPTH_TRACKING
/* Thunks that count calls; used instead of the plain ones. */
static bool lsp_is_counting_thunk(unsigned long addr, u32 reg)
{
	return addr == (unsigned long)__x86_indirect_call_thunk_array[reg] ||
	       addr == (unsigned long)__x86_indirect_jump_thunk_array[reg];
}
#else
static bool lsp_is_counting_thunk(unsigned long addr, u32 reg)
{
	return false;
}
#endif

/* "jmp *%reg" as its_init_thunk() writes it, wherever that page is. */
static bool lsp_is_its_thunk(unsigned long addr, u32 reg)
{
	u8 wanted[3], found[3];
	int n = 0;

	if (!IS_ENABLED(CONFIG_MITIGATION_ITS) ||
	    !cpu_feature_enabled(X86_FEATURE_INDIRECT_THUNK_ITS))
		return false;
	if (reg >= 8)
		wanted[n++] = 0x41;
	wanted[n++] = 0xff;
	wanted[n++] = 0xe0 + (reg & 7);
	return !copy_from_kernel_nofault(found, (void *)addr, n) &&
	       !memcmp(found, wanted, n);
}

static bool lsp_is_indirect_thunk(unsigned long addr, u32 reg)
{
	return addr == (unsigned long)__x86_indirect_thunk_array[reg] ||
	       lsp_is_counting_thunk(addr, reg) || lsp_is_its_thunk(addr, reg);
}

/*
 * "call/jmp *%reg" and its filling, in the @length bytes from @i: what is left
 * are prefixes before a call, or NOPs after it, or INT3s after a jump, of which
 * older kernels write but one.
 */
static bool lsp_match_indirect(const struct lsp_stream *stream, u32 i,
			       u32 length, u32 reg, bool call)
{
	const u8 *run = lsp_run(stream, i);
	u32 n = 0, prefixes = 0;

	if (length >= 3 && run[0] == 0x0f && run[1] == 0xae && run[2] == 0xe8)
		n = 3;				/* LFENCE */
	for (; call && n < length && run[n] == 0x2e; n++)
		prefixes++;
	if (reg >= 8 && (n >= length || run[n++] != 0x41))
		return false;
	if (n + 2 > length || run[n] != 0xff ||
	    run[n + 1] != (call ? 0xd0 : 0xe0) + (reg & 7))
		return false;
	n += 2;
	if (prefixes)
		return prefixes <= 3 && n == length;
	if (!call && n < length && run[n++] != INT3_INSN_OPCODE)
		return false;
	return lsp_all_nops(run + n, length - n) ||
	       (!call && !memchr_inv(run + n, INT3_INSN_OPCODE, length - n));
}

/* Call, jump or conditional jump to a retpoline, @length bytes long. */
static u32 lsp_match_retpoline(struct lsp_stream *stream, u32 i, u32 length,
			       u32 reg)
{
	const u8 *pre = stream->bytes + i, *run = lsp_run(stream, i);
	bool jcc = lsp_is_jcc32(pre), prefixed = pre[0] == 0x2e;
	u8 op = jcc ? 0 : pre[prefixed];
	bool good;

	if (length != (jcc || prefixed ? 6 : 5) ||
	    (!jcc && op != CALL_INSN_OPCODE && op != JMP32_INSN_OPCODE))
		return lsp_mismatch(stream, i, length, "not a retpoline");
	if (jcc && run[0] == (0x70 | ((pre[1] & 0xf) ^ 1)))
		good = run[1] == length - 2 &&
		       lsp_match_indirect(stream, i + 2, length - 2, reg, false);
	else if (!memcmp(run, pre, length - 4))
		good = lsp_is_indirect_thunk(lsp_branch_dest(stream, i + length),
					     reg);
	else
		good = !jcc && lsp_match_indirect(stream, i, length, reg,
						  op == CALL_INSN_OPCODE);
	return good ? length : lsp_mismatch(stream, i, length, "bad retpoline");
}

/* A return, or a jump to one, filled up with INT3 to @length. */
static u32 lsp_match_return(struct lsp_stream *stream, u32 i, u32 length)
{
	const u8 *run = lsp_run(stream, i);
	u32 n = 0;

	if (run[0] == RET_INSN_OPCODE)
		n = 1;
	else if (run[0] == JMP32_INSN_OPCODE &&
		 lsp_is_return_thunk(lsp_branch_dest(stream, i + JMP32_INSN_SIZE)))
		n = JMP32_INSN_SIZE;
	if (n && !memchr_inv(run + n, INT3_INSN_OPCODE, length - n))
		return length;
	return lsp_mismatch(stream, i, length, "bad return");
}

/*
 * What a hash has become at boot: each build has its own, and each boot makes
 * others of them. Without CONFIG_KALLSYMS_ALL the variable that says how has no name,
 * and nothing is proven.
 */
static bool lsp_match_hash(const struct lsp_stream *stream, u32 hash, u32 run)
{
	unsigned long addr;
	u32 seed;

	if (!IS_ENABLED(CONFIG_FINEIBT))
		return run == hash;
	return lsp_names_seen(&stream->text->values->names, "cfi_seed", &addr, 1) == 1 &&
	       !copy_from_kernel_nofault(&seed, (void *)addr, sizeof(seed)) &&
	       run == (hash ^ seed);
}

/*
 * mov $-hash,%r10d; add -15(%r11),%r10d; je 1f; ud2; 1: and then the call. The kernel
 * may jump over it, or do as FineIBT does: mov $hash,%r10d; sub $16,%r11; a NOP.
 */
static u32 lsp_match_kcfi(struct lsp_stream *stream, u32 i)
{
	static const u8 mov[] = { 0x41, 0xba }, skip[] = { 0xeb, 0x0c };
	static const u8 fine[] = { 0x49, 0x83, 0xeb, 0x10, 0x0f, 0x1f, 0x40, 0x00 };
	const u8 *pre = stream->bytes + i, *run = lsp_run(stream, i);
	const u32 hash = get_unaligned((const u32 *)(pre + sizeof(mov)));
	const u32 now = get_unaligned((const u32 *)(run + sizeof(mov)));
	bool good;

	if (memcmp(pre, mov, sizeof(mov)))
		return lsp_mismatch(stream, i, LSP_KCFI_SIZE, "not a check of a type");
	if (!memcmp(pre + 6, run + 6, LSP_KCFI_SIZE - 6))
		good = (!memcmp(run, mov, sizeof(mov)) ||
			!memcmp(run, skip, sizeof(skip))) &&
		       lsp_match_hash(stream, -hash, -now);
	else
		good = !memcmp(run, mov, sizeof(mov)) &&
		       !memcmp(run + 6, fine, sizeof(fine)) &&
		       lsp_match_hash(stream, -hash, now);
	return good ? LSP_KCFI_SIZE :
		      lsp_mismatch(stream, i, LSP_KCFI_SIZE, "bad check of a type");
}

static u32 lsp_match_fentry(struct lsp_stream *stream, u32 i)
{
	const u8 *run = lsp_run(stream, i);
	unsigned long addr = stream->text->addr + stream->at + i;

	lsp_hole(stream->text, stream->at + i, CALL_INSN_SIZE);
	if (!memcmp(run, x86_nops[CALL_INSN_SIZE], CALL_INSN_SIZE))
		return CALL_INSN_SIZE;
	/* The call is ftrace's to make, to wherever it likes. */
	if (run[0] == CALL_INSN_OPCODE && ftrace_location(addr) == addr)
		return CALL_INSN_SIZE;
	if (lsp_calls_fentry(run, addr))
		return CALL_INSN_SIZE;
	return lsp_mismatch(stream, i, CALL_INSN_SIZE, "bad fentry");
}

static u32 lsp_match_jump_label(struct lsp_stream *stream, u32 i,
				const struct lsp_site *site)
{
	const u8 *run = lsp_run(stream, i);
	unsigned long next = stream->text->addr + stream->at + i + site->length;
	unsigned long dest;

	lsp_hole(stream->text, stream->at + i, site->length);
	if (!memcmp(run, x86_nops[site->length], site->length))
		return site->length;
	if (site->length == JMP8_INSN_SIZE && run[0] == JMP8_INSN_OPCODE)
		dest = next + (s8)run[1];
	else if (site->length == JMP32_INSN_SIZE && run[0] == JMP32_INSN_OPCODE)
		dest = lsp_branch_dest(stream, i + JMP32_INSN_SIZE);
	else
		return lsp_mismatch(stream, i, site->length, "bad static branch");
	if (!lsp_values_learn_base(stream->text->values, site->arg[0],
				   dest - site->arg[1]))
		return lsp_mismatch(stream, i, site->length,
				    "static branch goes elsewhere");
	return site->length;
}

/**
 * lsp_arch_static_call_length() - how long is the site of a static call?
 * @insn: its bytes, as the compiler or the kernel wrote them
 *
 * Return: number of bytes that the kernel may rewrite.
 */
u32 lsp_arch_static_call_length(const u8 *insn)
{
	return lsp_is_jcc32(insn) ? 6 : CALL_INSN_SIZE;
}

/* A conditional tail call of a static call, or what it becomes for NULL. */
static bool lsp_match_static_jcc(struct lsp_stream *stream, u32 i,
				 unsigned long func)
{
	unsigned long dest = lsp_branch_dest(stream, i + 6), ret;

	if (memcmp(stream->bytes + i, lsp_run(stream, i), 2))
		return false;
	if (func)
		return dest == func;
	return lsp_is_return_thunk(dest) ||
	       (lsp_names_seen(&stream->text->values->names,
			       "__static_call_return", &ret, 1) == 1 &&
		dest == ret);
}

/* A call of a static call, or what it becomes for NULL or for some functions. */
static bool lsp_match_plain_call(struct lsp_stream *stream, u32 i,
				 unsigned long func)
{
	const u8 *run = lsp_run(stream, i), *code;

	if (!func)
		return !memcmp(run, x86_nops[CALL_INSN_SIZE], CALL_INSN_SIZE);
	if (run[0] == CALL_INSN_OPCODE)
		return lsp_call_target(lsp_branch_dest(stream,
						       i + CALL_INSN_SIZE)) == func;
	code = lsp_call_stand_in(func);
	return code && !memcmp(run, code, CALL_INSN_SIZE);
}

static u32 lsp_match_static_call(struct lsp_stream *stream, u32 i, u32 length)
{
	const struct lsp_reloc *rel = lsp_reloc_in(stream, i, length);
	const u8 *pre = stream->bytes + i, *run = lsp_run(stream, i);
	unsigned long func, dest;
	bool good = false;

	lsp_hole(stream->text, stream->at + i, length);
	if (!rel || !lsp_static_call_func(stream->text, stream->at + i, rel, &func))
		return lsp_mismatch(stream, i, length, "unknown static call");
	dest = lsp_branch_dest(stream, i + length);
	if (length == 6 && lsp_is_jcc32(pre))
		good = lsp_match_static_jcc(stream, i, func);
	else if (length == 5 && pre[0] == CALL_INSN_OPCODE)
		good = lsp_match_plain_call(stream, i, func);
	else if (length == 5 && pre[0] == JMP32_INSN_OPCODE && !func)
		return lsp_match_return(stream, i, JMP32_INSN_SIZE);
	else if (length == 5 && pre[0] == JMP32_INSN_OPCODE)
		good = run[0] == JMP32_INSN_OPCODE && dest == func;
	return good ? length : lsp_mismatch(stream, i, length, "bad static call");
}

/**
 * lsp_match_site() - compare a site that is an instruction of its own
 * @stream: what is being compared
 * @i: offset of the site in the stream
 * @site: the site; not an alternative
 *
 * Return: number of bytes that match, or 0 with the diagnosis filled in.
 */
u32 lsp_match_site(struct lsp_stream *stream, u32 i,
		   const struct lsp_site *site)
{
	if (site->length > stream->len - i)
		return lsp_mismatch(stream, i, 1, "site leaves the function");
	switch (site->kind) {
	case LSP_SITE_JUMP_LABEL:
		return lsp_match_jump_label(stream, i, site);
	case LSP_SITE_STATIC_CALL:
		return lsp_match_static_call(stream, i, site->length);
	case LSP_SITE_FENTRY:
		return lsp_match_fentry(stream, i);
	case LSP_SITE_RETURN:
		return lsp_match_return(stream, i, site->length);
	case LSP_SITE_KCFI:
		return lsp_match_kcfi(stream, i);
	case LSP_SITE_RETPOLINE:
		return lsp_match_retpoline(stream, i, site->length, site->arg[0]);
	default:
		return lsp_mismatch(stream, i, site->length, "unknown site");
	}
}

/* Number of a register in the name of its thunk. */
static int lsp_thunk_register(const char *reg)
{
	static const char * const names[] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
	};

	return match_string(names, ARRAY_SIZE(names), reg);
}

/**
 * lsp_match_thunk() - compare a branch to a thunk in a replacement
 * @stream: the replacement
 * @i: offset of the branch
 * @insn: the branch
 * @rel: its relocation
 *
 * Replacements of alternatives have no sites of their own, so the name that
 * they refer to decides.
 *
 * Return: number of bytes that match, 0 with the diagnosis filled in, or
 * LSP_NONE if this is not a branch to a thunk.
 */
u32 lsp_match_thunk(struct lsp_stream *stream, u32 i, const struct insn *insn,
		    const struct lsp_reloc *rel)
{
	const struct lsp_tables *tables = stream->text->tables;
	const char *name = lsp_string(tables, tables->symbols[rel->symbol].name);
	int reg;

	if (!strcmp(name, LSP_RETURN_THUNK) && insn->length == JMP32_INSN_SIZE)
		return lsp_match_return(stream, i, insn->length);
	if (!strstarts(name, LSP_THUNK_PREFIX))
		return LSP_NONE;
	reg = lsp_thunk_register(name + sizeof(LSP_THUNK_PREFIX) - 1);
	if (reg < 0 || reg == 4)
		return lsp_mismatch(stream, i, insn->length, "unknown thunk");
	return lsp_match_retpoline(stream, i, insn->length, reg);
}
