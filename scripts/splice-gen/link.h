/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What `splice-elf diff` leaves in the objects it writes for
 * `splice-elf finish`, which runs after the ordinary module link.
 *
 * Between the two passes the kernel's own build links the objects, runs
 * objtool over them and adds the module's boilerplate. Section indexes,
 * offsets and symbol indexes all change on the way, so nothing here counts on
 * them: each row names a place in the new code by a relocation, which the
 * linker keeps up to date, and a place in the old code by section index and
 * offset in the unit's pre object, which nothing touches.
 */
#ifndef SPLICE_LINK_H
#define SPLICE_LINK_H

#include <stdint.h>

/* Non-alloc sections with the rows below; finish takes them out again. */
#define LINK_FUNCS_SECTION	".livesplice.link.funcs"
#define LINK_CONSTS_SECTION	".livesplice.link.consts"
#define LINK_DATAS_SECTION	".livesplice.link.datas"
#define LINK_HOOKS_SECTION	".livesplice.link.hooks"
#define LINK_FLAGS_SECTION	".livesplice.link.flags"

/*
 * Undefined symbols of this form stand for places in a pre object: unit
 * number as given to diff with -u, section index and offset in that unit's
 * pre object, both in hex without 0x, and one of LINK_OLD_TYPES.
 * Example: __splice.old.0.1.4c0.f
 */
#define LINK_OLD_PREFIX		"__splice.old."
#define LINK_OLD_FUNC		'f'	/* function */
#define LINK_OLD_OBJECT		'o'	/* data object */
#define LINK_OLD_STRING		's'	/* string or constant in a mergeable section */

/* Stands for the struct module of what the part is for, not of the part. */
#define LINK_THIS_MODULE	"__splice.this_module"

/*
 * Suffix of the name of a function that replaces one of the same name, and of
 * the new contents of an object.
 */
#define LINK_NEW_SUFFIX		".splice"

/*
 * A replaced function, a fragment of one, or a reader. addr carries an
 * R_X86_64_64 relocation against the new function's symbol; fragments and
 * readers have none.
 */
struct link_func {
	uint64_t	addr;
	uint32_t	unit;		/* unit number */
	uint32_t	pre_shndx;	/* section in the pre object */
	uint32_t	pre_offset;	/* offset there */
	uint32_t	size;		/* size of the new function */
	uint32_t	flags;		/* enum lsp_func_flags */
	uint32_t	reserved;	/* 0 */
};

/*
 * A runtime constant in new code. addr carries an R_X86_64_64 relocation
 * against the immediate, name one against the (undefined) symbol of the
 * constant.
 */
struct link_const {
	uint64_t	addr;
	uint64_t	name;
	uint32_t	kind;		/* enum lsp_site_kind */
	uint32_t	reserved;	/* 0 */
};

/*
 * An object that gets new contents in place. addr carries an R_X86_64_64
 * relocation against them.
 */
struct link_data {
	uint64_t	addr;
	uint32_t	unit;		/* unit number */
	uint32_t	pre_shndx;	/* section in the pre object */
	uint32_t	pre_offset;	/* offset there */
	uint32_t	size;		/* size of the object */
};

/*
 * A function that is called when the update is switched. addr carries an
 * R_X86_64_64 relocation against its symbol.
 */
struct link_hook {
	uint64_t	addr;
	uint32_t	unit;		/* unit number */
	uint32_t	kind;		/* enum lsp_hook_kind */
	uint32_t	size;		/* size of the function */
	uint32_t	reserved;	/* 0 */
};

/* One word per object, enum lsp_info_flags; finish takes the union. */
struct link_flags {
	uint32_t	flags;
};

#endif /* SPLICE_LINK_H */
