/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of livesplice_format.h that says what an update shall change, and what
 * is called meanwhile. Included by that, also outside of the kernel.
 */
#ifndef _LINUX_LIVESPLICE_FORMAT_ROWS_H
#define _LINUX_LIVESPLICE_FORMAT_ROWS_H

#include <linux/types.h>

/**
 * enum lsp_func_flags - role of an old function
 * @LSP_FUNC_FRAGMENT: a part (``foo.cold``) of a replaced function: must be
 *	free for the switch, but is not redirected; has no new code
 * @LSP_FUNC_READER: a function that uses an object of ``datas``: likewise,
 *	and must be free when the update is undone as well
 * @LSP_FUNC_RELAXED: a replaced function of which frames may stay, of the old
 *	code when the update is enabled and of the new when it is undone; or,
 *	with @LSP_FUNC_FRAGMENT, a part of one, which need not be free
 */
enum lsp_func_flags {
	LSP_FUNC_FRAGMENT	= 1U << 0,
	LSP_FUNC_READER		= 1U << 1,
	LSP_FUNC_RELAXED	= 1U << 2,
};

/* Is it replaced, by new code in this module? */
static inline int lsp_func_has_code(__u32 flags)
{
	return !(flags & (LSP_FUNC_FRAGMENT | LSP_FUNC_READER));
}

static inline int lsp_func_flags_valid(__u32 flags)
{
	return flags == LSP_FUNC_READER ||
	       !(flags & ~(LSP_FUNC_FRAGMENT | LSP_FUNC_RELAXED));
}

/**
 * struct lsp_func - one function that is replaced, or must be free
 * @symbol: the old function, a LSP_SYM_FUNC in a LSP_SEC_TEXT section; a weak
 *	one only without flags, and the kernel must use this definition of it
 * @shndx: ELF section of this module that holds the new code; 0 if it has none
 * @offset: offset of the new function in that section
 * @size: size of the new function
 * @flags: &enum lsp_func_flags
 */
struct lsp_func {
	__u32	symbol;
	__u32	shndx;
	__u32	offset;
	__u32	size;
	__u32	flags;
};

/**
 * struct lsp_const - a runtime constant in new code
 * @shndx: ELF section of this module that holds the code
 * @offset: offset of the immediate in that section
 * @kind: a &enum lsp_site_kind that lsp_const_kind() knows
 * @symbol: the constant's symbol
 */
struct lsp_const {
	__u32	shndx;
	__u32	offset;
	__u32	kind;
	__u32	symbol;
};

/**
 * struct lsp_data - one read-only object that gets new contents
 * @symbol: the object, a LSP_SYM_OBJECT of known size in a LSP_SEC_DATA section
 * @bytes: offset of its old contents in ``.livesplice.bytes``
 * @first_reloc: first of the relocations of the old contents, which are sorted
 *	by offset; it counts from the start of the object
 * @nr_relocs: number of them
 * @shndx: ELF section of this module that holds the new contents
 * @offset: offset of the new contents in that section
 */
struct lsp_data {
	__u32	symbol;
	__u32	bytes;
	__u32	first_reloc;
	__u32	nr_relocs;
	__u32	shndx;
	__u32	offset;
};

/*
 * X(kind, word): when a function of the author is called. CHECK before anything
 * else, it says whether to go on; PRE then, it gets ready what the next one needs,
 * or fails; APPLY in the pause, when all are sure to be out of the code that goes;
 * POST when the other code is in use; FAIL instead of the last two, when nothing
 * has changed. The second five are the same for undo.
 */
#define LSP_HOOK_TABLE(X)			\
	X(CHECK,	"check")		\
	X(PRE,		"pre")			\
	X(APPLY,	"apply")		\
	X(POST,		"post")			\
	X(FAIL,		"fail")			\
	X(UNDO_CHECK,	"undo_check")		\
	X(UNDO_PRE,	"undo_pre")		\
	X(UNDO_APPLY,	"undo_apply")		\
	X(UNDO_POST,	"undo_post")		\
	X(UNDO_FAIL,	"undo_fail")

/* LSP_HOOK_CHECK and so on, and LSP_HOOK_KINDS, their number. */
enum lsp_hook_kind {
#define LSP_HOOK_KIND(kind, word)	LSP_HOOK_##kind,
	LSP_HOOK_TABLE(LSP_HOOK_KIND)
#undef LSP_HOOK_KIND
	LSP_HOOK_KINDS,
};

/**
 * struct lsp_hook - a function that is called when the update is switched
 * @unit: the unit that it is of
 * @kind: &enum lsp_hook_kind
 * @shndx: ELF section of this module that holds it
 * @offset: offset of the function in that section
 * @size: size of the function
 *
 * Sorted by unit, then kind: a unit has at most one of each. One with
 * @LSP_HOOK_FAIL has @LSP_HOOK_PRE, likewise of the other five.
 */
struct lsp_hook {
	__u32	unit;
	__u32	kind;
	__u32	shndx;
	__u32	offset;
	__u32	size;
};

#endif /* _LINUX_LIVESPLICE_FORMAT_ROWS_H */
