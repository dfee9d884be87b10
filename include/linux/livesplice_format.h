/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The contract between splice-gen, which makes update modules, and the
 * livesplice engine, which loads them. The rows that say what shall change are in
 * livesplice_format_rows.h.
 */
#ifndef _LINUX_LIVESPLICE_FORMAT_H
#define _LINUX_LIVESPLICE_FORMAT_H

#include <linux/types.h>

#include "livesplice_format_rows.h"

/**
 * DOC: Format of an update module
 *
 * An update consists of parts, one for each object of the running kernel that
 * it changes: the kernel image and any number of modules. Each part is an
 * ordinary kernel module. The first is called NAME, is for ``vmlinux``, and is
 * there even if it replaces nothing: it lists the other ones. Those are called
 * NAME_OBJECT and can be loaded when the first part is there.
 *
 * The replacement functions of a part, their data and their special tables are
 * ordinary sections that the module loader treats as those of any module. What
 * makes it a part of an update is a set of **non-alloc** sections, one table
 * each, listed in LSP_TABLES(). They exist in the load image only: the engine
 * reads them while the module is being loaded and they are gone when the load
 * has ended, whatever its outcome.
 *
 * Each table is an array of one of the structs below, little endian, without
 * holes; a table may be empty, in which case its section may be missing, but
 * ``.livesplice.info`` is always there and holds exactly one record. Cross
 * references are indexes into the other tables; LSP_NONE means "none". Names
 * are offsets into ``.livesplice.strings``, whose last byte is NUL.
 *
 * The tables describe the **pre** side, that is the code of every compilation
 * unit that the patch touches, exactly as it was linked into the running
 * kernel, and tell which functions are replaced by which new code:
 *
 * - a *unit* is one object file and owns a range of *sections*;
 * - a *section* owns ranges of *relocs* and *sites*, and its bytes if they
 *   matter to the proof (text, alternative replacements, mergeable strings
 *   and constants);
 * - a *symbol* is a function, an object or a section start of some unit, or,
 *   with no section, a name that the rest of the kernel provides;
 * - a *site* is a place in text that the kernel itself rewrites, and says
 *   what may be found there;
 * - a *func* maps a function of a unit to new code in this module, or says
 *   that a function must be free though it is not replaced;
 * - a *const* is a runtime constant in the new code that must be filled in;
 * - a *data* is a read-only object of a unit that gets new contents;
 * - a *hook* is a function of this module that the engine calls when the update
 *   is enabled or disabled;
 * - a *target* names a module that the update has a part for;
 * - a *replace* names an update whose place this one takes.
 *
 * An undefined symbol of the module named LSP_IMPORT_PREFIX followed by a
 * decimal number stands for the symbol of that index in
 * ``.livesplice.symbols``; the engine gives it its value before the loader
 * looks at it. All other undefined symbols are ordinary imports. What the
 * object itself exports is never one of those, or the part would depend on
 * its target.
 *
 * Version rule: LSP_FORMAT_VERSION goes up with every change of a struct, of
 * the meaning of a field, or of a value that an older engine would not refuse
 * by itself. The engine takes exactly its own version.
 */
#define LSP_FORMAT_MAGIC	"LIVSPLCE"
#define LSP_FORMAT_VERSION	6

#define LSP_NONE		0xffffffffU

#define LSP_SECTION_PREFIX	".livesplice."
#define LSP_IMPORT_PREFIX	"__splice."

/* Longest update name; the alphabet is [A-Za-z0-9_], as that of modules. */
#define LSP_NAME_MAX		40

/* What the kernel image is called where modules are named. */
#define LSP_VMLINUX		"vmlinux"

/*
 * X(name, record type): every table of an update. strings and bytes are plain
 * bytes. ``patch`` (the source patch, for people) is not one of them: the
 * engine never reads it.
 */
#define LSP_TABLES(X)				\
	X(info,		struct lsp_info)	\
	X(units,	struct lsp_unit)	\
	X(sections,	struct lsp_section)	\
	X(symbols,	struct lsp_symbol)	\
	X(relocs,	struct lsp_reloc)	\
	X(sites,	struct lsp_site)	\
	X(funcs,	struct lsp_func)	\
	X(consts,	struct lsp_const)	\
	X(datas,	struct lsp_data)	\
	X(hooks,	struct lsp_hook)	\
	X(targets,	struct lsp_target)	\
	X(replaces,	struct lsp_replace)	\
	X(bytes,	__u8)			\
	X(strings,	char)

/**
 * enum lsp_info_flags - properties of a part
 * @LSP_INFO_PINNED: something of it may be left behind in the kernel (a stored
 *	pointer); the update can be undone but never unloaded
 * @LSP_INFO_BASED: made on top of other updates: its units may be units of
 *	theirs, and what it is matched against is the newest code of each
 *	function
 */
enum lsp_info_flags {
	LSP_INFO_PINNED		= 1U << 0,
	LSP_INFO_BASED		= 1U << 1,
};

/* Bytes of an update's id. */
#define LSP_ID_SIZE	16

/**
 * struct lsp_info - identity of an update, and of this part of it
 * @magic: LSP_FORMAT_MAGIC without its NUL
 * @version: LSP_FORMAT_VERSION
 * @machine: ELF machine the update is for (EM_X86_64)
 * @flags: &enum lsp_info_flags
 * @id: the same in all parts that were made together, and in no others
 * @name: string, update name
 * @object: string, what this part is for: LSP_VMLINUX, and @name is the
 *	module's name; or the name of a module, and the module's name is both,
 *	with a ``_`` between them
 * @description: string, first line of the patch's message
 * @release: string, kernel release the update was made for; for people only,
 *	the proof is the match
 * @checksum: of the whole module, see &struct lsp_sum_head
 */
struct lsp_info {
	__u8	magic[8];
	__u32	version;
	__u32	machine;
	__u32	flags;
	__u8	id[LSP_ID_SIZE];
	__u32	name;
	__u32	object;
	__u32	description;
	__u32	release;
	__u32	checksum;
};

/**
 * struct lsp_sum_head - what the checksum covers of a section header
 * @type: sh_type
 * @link: sh_link
 * @info: sh_info
 * @reserved: 0
 * @size: sh_size
 *
 * The checksum is a CRC-32 (reflected, polynomial 0xedb88320, start value and
 * final value not inverted but for a start of all ones) over all sections in
 * the order of their headers, each with this head and then its contents, as
 * they are in the file. &struct lsp_info.checksum counts as 0. Left out are
 * sections without a type or without contents (SHT_NULL, SHT_NOBITS) and
 * LSP_SUM_EXCEPT, into which the module loader writes. A signature comes
 * behind all sections and so can be added later; a stripped update is damaged.
 */
struct lsp_sum_head {
	__u32	type;
	__u32	link;
	__u32	info;
	__u32	reserved;
	__u64	size;
};

#define LSP_SUM_EXCEPT	".gnu.linkonce.this_module"

/**
 * struct lsp_unit - one object file of what the part is for
 * @name: string, path of the object in the build tree ("kernel/exit.o")
 * @first_section: first of the unit's sections
 * @nr_sections: number of sections, at least one
 */
struct lsp_unit {
	__u32	name;
	__u32	first_section;
	__u32	nr_sections;
};

/**
 * enum lsp_section_kind - what a section of a pre object is
 * @LSP_SEC_TEXT: code that is compared with the running code; has bytes,
 *	relocs and sites
 * @LSP_SEC_DATA: data, read-only or not, with a constant distance from the
 *	section's start; contents do not travel
 * @LSP_SEC_STRINGS: mergeable strings: no common base, each string is compared
 *	by content where it is used; has bytes
 * @LSP_SEC_CONSTS: mergeable constants, likewise; has bytes
 * @LSP_SEC_REPL: replacements of alternatives; only reached through sites; has
 *	bytes and relocs
 * @LSP_SEC_PERCPU: per-CPU data, its base is a per-CPU offset
 * @LSP_SEC_INIT: freed after boot: never read, never a target of new code
 * @LSP_SEC_KINDS: number of kinds
 */
enum lsp_section_kind {
	LSP_SEC_TEXT,
	LSP_SEC_DATA,
	LSP_SEC_STRINGS,
	LSP_SEC_CONSTS,
	LSP_SEC_REPL,
	LSP_SEC_PERCPU,
	LSP_SEC_INIT,
	LSP_SEC_KINDS,
};

/**
 * struct lsp_section - one allocated section of a pre object
 * @unit: unit it belongs to
 * @name: string, its ELF name
 * @kind: &enum lsp_section_kind
 * @size: size in bytes
 * @bytes: offset of its contents in ``.livesplice.bytes``, or LSP_NONE
 * @entsize: size of a constant (LSP_SEC_CONSTS) or of a character
 *	(LSP_SEC_STRINGS), else 0
 * @first_reloc: first of its relocations, which are sorted by offset
 * @nr_relocs: number of relocations
 * @first_site: first of its sites, which are sorted by offset; alternatives of
 *	one offset stay in table order
 * @nr_sites: number of sites
 */
struct lsp_section {
	__u32	unit;
	__u32	name;
	__u32	kind;
	__u32	size;
	__u32	bytes;
	__u32	entsize;
	__u32	first_reloc;
	__u32	nr_relocs;
	__u32	first_site;
	__u32	nr_sites;
};

/**
 * enum lsp_symbol_type - what a symbol names
 * @LSP_SYM_FUNC: a function, or a fragment of one (``foo.cold``)
 * @LSP_SYM_OBJECT: a data object
 * @LSP_SYM_SECTION: the start of a section
 * @LSP_SYM_STRING: a string or constant in a mergeable section
 * @LSP_SYM_OTHER: anything else, and every undefined symbol
 * @LSP_SYM_TYPES: number of types
 */
enum lsp_symbol_type {
	LSP_SYM_FUNC,
	LSP_SYM_OBJECT,
	LSP_SYM_SECTION,
	LSP_SYM_STRING,
	LSP_SYM_OTHER,
	LSP_SYM_TYPES,
};

/**
 * enum lsp_symbol_bind - how a symbol is bound
 * @LSP_BIND_LOCAL: known in its unit only
 * @LSP_BIND_GLOBAL: known everywhere
 * @LSP_BIND_WEAK: may be overridden elsewhere
 * @LSP_BINDS: number of bindings
 */
enum lsp_symbol_bind {
	LSP_BIND_LOCAL,
	LSP_BIND_GLOBAL,
	LSP_BIND_WEAK,
	LSP_BINDS,
};

/**
 * struct lsp_symbol - a place with a name
 * @name: string; empty for sections and strings
 * @section: section it is defined in, or LSP_NONE: the kernel provides it
 * @offset: offset in @section
 * @size: size in bytes, 0 if unknown
 * @type: &enum lsp_symbol_type
 * @bind: &enum lsp_symbol_bind
 *
 * A global name stands in this table once: a unit that uses what another unit
 * of the update defines refers to that definition. Every function of a
 * LSP_SEC_TEXT section has a row, whether anything refers to it or not.
 */
struct lsp_symbol {
	__u32	name;
	__u32	section;
	__u32	offset;
	__u32	size;
	__u16	type;
	__u16	bind;
};

/**
 * struct lsp_reloc - one relocation of a pre section
 * @offset: offset of the relocated field in its section
 * @type: ELF relocation type of the machine
 * @symbol: symbol it refers to
 * @reserved: 0
 * @addend: addend as in the object
 */
struct lsp_reloc {
	__u32	offset;
	__u32	type;
	__u32	symbol;
	__u32	reserved;
	__s64	addend;
};

/**
 * enum lsp_site_kind - places that a running kernel rewrites
 * @LSP_SITE_ALT: an alternative. @length is the length of the original, arg[0]
 *	the LSP_SEC_REPL section with the replacement, arg[1] its offset there,
 *	arg[2] its length | LSP_ALT_* flags; or LSP_NONE, 0, LSP_ALT_DIRECT_CALL
 * @LSP_SITE_JUMP_LABEL: a static branch. arg[0], arg[1]: section and offset of
 *	its target
 * @LSP_SITE_STATIC_CALL: call of, or jump (also conditional) to, a static
 *	call's trampoline (``__SCT__name``)
 * @LSP_SITE_FENTRY: call of __fentry__
 * @LSP_SITE_RETURN: jump to __x86_return_thunk; with a prefix in front if @length
 *	is 6
 * @LSP_SITE_RETPOLINE: call of, or jump (also conditional) to,
 *	__x86_indirect_thunk_REG. arg[0]: number of the register, 0 (rax) to 15
 * @LSP_SITE_SMP_LOCK: a lock prefix; @length is 1
 * @LSP_SITE_RUNTIME_PTR: 8 immediate bytes. arg[0]: symbol of the constant
 * @LSP_SITE_RUNTIME_SHIFT: 1 immediate byte, a shift count; likewise
 * @LSP_SITE_RUNTIME_MASK: 4 immediate bytes; likewise
 * @LSP_SITE_KCFI: the check in front of an indirect call: the hash of its type to
 *	r10d, which is compared with the one in front of what r11 points to, or UD2
 * @LSP_SITE_KINDS: number of kinds
 *
 * The offset of a site is that of the instruction, except for
 * @LSP_SITE_SMP_LOCK and those of lsp_const_kind(), where it is that of the
 * bytes which are rewritten.
 */
enum lsp_site_kind {
	LSP_SITE_ALT,
	LSP_SITE_JUMP_LABEL,
	LSP_SITE_STATIC_CALL,
	LSP_SITE_FENTRY,
	LSP_SITE_RETURN,
	LSP_SITE_RETPOLINE,
	LSP_SITE_SMP_LOCK,
	LSP_SITE_RUNTIME_PTR,
	LSP_SITE_RUNTIME_SHIFT,
	LSP_SITE_RUNTIME_MASK,
	LSP_SITE_KCFI,
	LSP_SITE_KINDS,
};

/**
 * struct lsp_const_kind - what runtime constants of one kind look like
 * @prefix: what the name of their table in an object starts with; the rest of
 *	it is the name of the constant
 * @size: immediate bytes that are rewritten
 * @variable: bytes of the variable that they are rewritten from
 * @placeholder: what the compiler put there
 */
struct lsp_const_kind {
	const char	*prefix;
	__u32		size;
	__u32		variable;
	__u64		placeholder;
};

/**
 * lsp_const_kind() - is a kind of site one of runtime constants?
 * @site_kind: &enum lsp_site_kind, or any number
 *
 * Return: what they look like, or NULL if it is not.
 */
static inline const struct lsp_const_kind *lsp_const_kind(__u32 site_kind)
{
	static const struct lsp_const_kind kinds[] = {
		{ "runtime_ptr_", 8, 8, 0x0123456789abcdefULL },
		{ "runtime_shift_", 1, 4, 12 },
		{ "runtime_mask_", 4, 4, 0x12345678 },
	};

	return site_kind >= LSP_SITE_RUNTIME_PTR &&
	       site_kind <= LSP_SITE_RUNTIME_MASK ?
	       &kinds[site_kind - LSP_SITE_RUNTIME_PTR] : NULL;
}

#define LSP_ALT_LENGTH		0x0000ffffU	/* length of the replacement */
#define LSP_ALT_DIRECT_CALL	0x00010000U	/* call through a pointer becomes a direct call */

/**
 * struct lsp_site - one place that a running kernel rewrites
 * @offset: offset in its section
 * @length: number of bytes that may be rewritten
 * @kind: &enum lsp_site_kind
 * @arg: by @kind; 0 where not used
 */
struct lsp_site {
	__u32	offset;
	__u16	length;
	__u16	kind;
	__u32	arg[3];
};

/**
 * struct lsp_target - a module that the update has a part for
 * @object: string, name of the module
 *
 * Only the first part has these rows.
 */
struct lsp_target {
	__u32	object;
};

/**
 * struct lsp_replace - an update that is undone when this one is enabled
 * @name: string, its name
 *
 * All parts have the same rows. An update that has any is not LSP_INFO_BASED.
 */
struct lsp_replace {
	__u32	name;
};

#endif /* _LINUX_LIVESPLICE_FORMAT_H */
