/* SPDX-License-Identifier: GPL-2.0 */
/*
 * splice-elf: the part of splice-gen that knows object files.
 *
 * One header for the whole program; prototypes stand under the name of the
 * file that implements them. Arrows are "may call":
 *
 *   main -> verbs (diff, same, finish, verify, show, reasons)
 *   diff -> split, correlate, objects, check, carry, keep,
 *        explain, emit
 *        -> readers, old, compare -> items, special
 *   everything -> elf -> diag -> reasons
 */
#ifndef SPLICE_ELF_H
#define SPLICE_ELF_H

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../../include/linux/livesplice_format.h"
#include "link.h"
#include "reasons.h"
#include "x86.h"

/* Exit codes of all verbs. */
enum {
	EXIT_OK		= 0,
	EXIT_REFUSED	= 1,	/* refused, or different */
	EXIT_USAGE	= 2,
	EXIT_BAD_INPUT	= 3,	/* an input is not what it must be */
	EXIT_NO_CHANGE	= 66,	/* diff: nothing for a running kernel */
};

#define PRINTF(a, b)	__attribute((format(printf, a, b)))

#define COUNT_OF(a)	(sizeof(a) / sizeof((a)[0]))

struct obj;
struct section;
struct symbol;
struct item;
struct section_kind;

/**
 * struct reloc - one RELA entry
 * @sec: section that holds the relocated field
 * @sym: symbol it refers to, never NULL
 * @offset: offset of the field in @sec
 * @addend: addend as in the object
 * @type: ELF relocation type
 * @insn_end: diff only: bytes from a relative field to the end of its
 *	instruction, 0 in data
 * @exact: diff only: the instruction accesses what the field names and
 *	nothing around it: no index, and the address itself is not taken
 * @biased: diff only: something is added to the address in the field
 * @lost: diff only: the field belongs to no known instruction
 * @empty: diff only: it leads to a replacement of no bytes, that is nowhere
 * @narrow: diff only: the field has one byte, so that it cannot lead elsewhere
 */
struct reloc {
	struct section	*sec;
	struct symbol	*sym;
	uint64_t	offset;
	int64_t		addend;
	uint32_t	type;
	uint8_t		insn_end;
	bool		exact;
	bool		biased;
	bool		lost;
	bool		empty;
	bool		narrow;
};

/**
 * struct symbol - one symbol
 * @obj: object it belongs to
 * @sec: section it is defined in; NULL if undefined, absolute or common
 * @item: diff only: the function or object it names
 * @name: its name, "" for section symbols
 * @value: st_value; offset in @sec for ET_REL
 * @size: st_size
 * @idx: index in the symbol table, see obj_number()
 * @shndx: st_shndx as read; SHN_UNDEF, SHN_ABS, ... if @sec is NULL
 * @type: STT_*
 * @bind: STB_*
 * @other: st_other
 * @next: next symbol of the same name hash
 */
struct symbol {
	struct obj	*obj;
	struct section	*sec;
	struct item	*item;
	const char	*name;
	uint64_t	value;
	uint64_t	size;
	uint32_t	idx;
	uint16_t	shndx;
	uint8_t		type;
	uint8_t		bind;
	uint8_t		other;
	struct symbol	*next;
};

/**
 * struct section - one section; relocation and symbol tables and their string
 *	tables are not sections here, the writer makes them anew
 * @obj: object it belongs to
 * @kind: row of the table of section kinds, NULL if unknown
 * @link: the section that sh_link names (SHF_LINK_ORDER), or NULL
 * @name: its name
 * @data: contents; NULL for SHT_NOBITS
 * @syms: symbols defined here, sorted by value, then index
 * @relocs: relocations of its contents, sorted by offset
 * @items: diff only: functions and objects, sorted by offset
 * @nr_syms: number of @syms
 * @nr_relocs: number of @relocs
 * @nr_items: number of @items
 * @size: sh_size
 * @flags: sh_flags
 * @align: sh_addralign, at least 1
 * @entsize: sh_entsize
 * @type: sh_type
 * @idx: section index, as read or as given by obj_number()
 * @sym: its section symbol, or NULL
 * @out: diff only: section of the new object that its contents go to
 * @dropped: not to be written
 * @pos: index in the object's array of sections
 * @apart: diff only: an address in it means the object that it lies in
 * @table: diff only: entries of a special table, of @entry_size bytes each
 * @entry_size: see @table
 * @odd: diff only: why its functions cannot be told apart, or NULL
 * @odd_at: diff only: the place where that was found out
 */
struct section {
	struct obj			*obj;
	const struct section_kind	*kind;
	struct section			*link;
	const char			*name;
	unsigned char			*data;
	struct symbol			**syms;
	struct reloc			*relocs;
	struct item			*items;
	size_t				nr_syms;
	size_t				nr_relocs;
	size_t				nr_items;
	uint64_t			size;
	uint64_t			flags;
	uint64_t			align;
	uint64_t			entsize;
	uint32_t			type;
	uint32_t			idx;
	struct symbol			*sym;
	struct section			*out;
	bool				dropped;
	bool				apart;
	size_t				pos;
	struct entry			**table;
	uint64_t			entry_size;
	const char			*odd;
	uint64_t			odd_at;
	/* private: growth of relocs, syms and data */
	size_t				max_relocs;
	size_t				max_syms;
	size_t				max_data;
};

#define SYMBOL_HASH_SIZE	4096

/**
 * struct obj - one object file, read whole or being made
 * @path: where it was read from, for messages
 * @sections: all sections, in file order
 * @symbols: all symbols but the null one, in file order
 * @nr_sections: number of @sections
 * @nr_symbols: number of @symbols
 * @type: ET_REL
 * @machine: EM_X86_64
 * @osabi: EI_OSABI
 * @assembly: diff only: written in assembly, not compiled
 */
struct obj {
	const char	*path;
	struct section	**sections;
	struct symbol	**symbols;
	size_t		nr_sections;
	size_t		nr_symbols;
	uint16_t	type;
	uint16_t	machine;
	uint8_t		osabi;
	bool		assembly;
	/* private: growth, and the hash by name */
	size_t		max_sections;
	size_t		max_symbols;
	struct symbol	*hash[SYMBOL_HASH_SIZE];
};

#define for_each_section(obj, sec)					\
	for (struct section **__s = (obj)->sections, *sec;		\
	     __s < (obj)->sections + (obj)->nr_sections && (sec = *__s, 1); \
	     __s++)

#define for_each_symbol(obj, sym)					\
	for (struct symbol **__y = (obj)->symbols, *sym;		\
	     __y < (obj)->symbols + (obj)->nr_symbols && (sym = *__y, 1); \
	     __y++)

#define for_each_reloc(sec, rel)					\
	for (struct reloc *rel = (sec)->relocs;				\
	     rel < (sec)->relocs + (sec)->nr_relocs; rel++)

/* diag.c */

/* End with EXIT_BAD_INPUT; @where may be NULL. */
_Noreturn PRINTF(3, 4)
void die(const struct obj *obj, const char *where, const char *fmt, ...);
_Noreturn PRINTF(1, 2)
void die_usage(const char *fmt, ...);
PRINTF(3, 4)
void warn(const struct obj *obj, const char *where, const char *fmt, ...);
/* One `refuse` line on stdout; the same line is printed once. */
PRINTF(3, 4)
void refuse(enum reason reason, const char *where, const char *fmt, ...);
size_t nr_refused(void);
/* One `note` line on stdout: what people should know. */
PRINTF(2, 3)
void note(const char *where, const char *fmt, ...);
/* A line of the report: kind and fields up to a NULL, tab separated. */
void report(const char *kind, ...) __attribute__((sentinel));
PRINTF(1, 2)
char *xasprintf(const char *fmt, ...);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n, size_t size);
/* Room for one more element; @max is the number there is room for. */
void *grow(void *p, size_t nr, size_t *max, size_t size);
void sort_array(void *p, size_t nr, size_t size,
		int (*compare)(const void *a, const void *b));
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

/* reasons.c */

const char *reason_word(enum reason reason);

/* elf.c */

/* Read and check a relocatable object of the machine; dies if it is not. */
struct obj *obj_open(const char *path);
/* By name, the first one; NULL if there is none. */
struct section *obj_section(const struct obj *obj, const char *name);
/* By the index of the file as read (not valid after obj_number()). */
struct section *obj_section_at(const struct obj *obj, uint32_t idx);
/* By name; obj_symbol() takes any symbol, obj_global() none that is local. */
struct symbol *obj_symbol(const struct obj *obj, const char *name);
struct symbol *obj_global(const struct obj *obj, const char *name);
/* The next one of the same name, or NULL. */
struct symbol *symbol_next(const struct symbol *sym);
/* The symbol of this type (STT_NOTYPE: any) that covers @offset, or NULL. */
struct symbol *section_symbol_at(const struct section *sec, uint64_t offset,
				 int type);
/* First relocation at or after @offset; may be the end of the array. */
struct reloc *section_reloc_from(const struct section *sec, uint64_t offset);
/* To be called after relocations have been added to what was read. */
void section_sort_relocs(struct section *sec);
/* The relocation exactly at @offset, or NULL. */
struct reloc *section_reloc_at(const struct section *sec, uint64_t offset);
/* "name+0xoff", by the symbol that covers it, for messages; allocated. */
char *section_place(const struct section *sec, uint64_t offset);
/* Name for messages: of the section if it is a section symbol. */
const char *symbol_name(const struct symbol *sym);
bool symbol_is_undef(const struct symbol *sym);

/* elf-write.c */

unsigned int symbol_hash(const char *name);
struct obj *obj_new(void);
struct section *obj_add_section(struct obj *obj, const char *name,
				uint32_t type, uint64_t flags,
				uint64_t align, uint64_t entsize);
/* Append @size bytes (@data NULL: zeros), aligned; gives their offset. */
uint64_t section_append(struct section *sec, const void *data, size_t size,
			uint64_t align);
/* A new symbol; @sec NULL: undefined. @name is copied. */
struct symbol *obj_add_symbol(struct obj *obj, const char *name, int bind,
			      int type, struct section *sec, uint64_t value,
			      uint64_t size);
/* The undefined global symbol of this name, made if it is not there. */
struct symbol *obj_import(struct obj *obj, const char *name);
struct symbol *section_own_symbol(struct section *sec);
void symbol_rename(struct symbol *sym, const char *name);
/* Relocations may be added in any order; pointers to others get stale. */
void section_add_reloc(struct section *sec, uint64_t offset, uint32_t type,
		       struct symbol *sym, int64_t addend);
/* The section, its relocations and its symbols will not be written. */
void obj_drop_section(struct obj *obj, struct section *sec);
/* Give sections and symbols the indexes that obj_write() will write. */
void obj_number(struct obj *obj);
/* Write the object under a temporary name, then rename it; dies on failure. */
void obj_write(struct obj *obj, const char *path);

/* sections.c */

/* What a section is, which decides all that is done with it. */
enum kind_class {
	KIND_TEXT,	/* functions */
	KIND_FIXED_TEXT, /* functions that are never replaced nor added */
	KIND_INIT,	/* freed after boot or never run: means nothing now */
	KIND_DATA,	/* objects; those that exist keep their contents */
	KIND_OWN,	/* objects of which new code has copies of its own */
	KIND_PERCPU,	/* per-CPU objects */
	KIND_STRINGS,	/* mergeable strings, known by content */
	KIND_CONSTS,	/* mergeable constants, likewise */
	KIND_TABLE,	/* entries that belong to functions and go with them */
	KIND_CONST_SITES, /* the same for runtime constants: become link_const */
	KIND_PIECES,	/* code that functions or table entries lead to */
	KIND_REGISTRY,	/* read once at boot; stays, and must not grow */
	KIND_IDS,	/* lists of BTF ids, which the running kernel has */
	KIND_IGNORE,	/* nothing that a running kernel looks at */
	KIND_ASAN,	/* registers variables once; new ones just are not */
	KIND_OBJTOOL,	/* made by objtool: the object is not compiler output */
};

/**
 * struct section_kind - one row of the table of section kinds
 * @pattern: fnmatch(3) pattern of the name
 * @need: section flags it must have
 * @class: what it is
 * @entsize: KIND_TABLE: size of an entry, 0: from one field that leads to
 *	code to the next
 * @owner: KIND_TABLE: offset in an entry of the field with the address of the
 *	code it belongs to
 * @noise: bytes of an entry, a bit each, whose change means nothing
 * @reason: KIND_REGISTRY and KIND_FIXED_TEXT: why it is refused
 */
struct section_kind {
	const char	*pattern;
	uint64_t	need;
	enum kind_class	class;
	uint8_t		entsize;
	uint8_t		owner;
	uint32_t	noise;
	enum reason	reason;
};

/* Row for a section, or NULL: unknown. obj_open() fills section.kind. */
const struct section_kind *section_kind(const struct section *sec);
bool section_is(const struct section *sec, enum kind_class class);
uint32_t const_table(const char *section, const char **constant);
bool const_is_placeholder(const struct lsp_const_kind *kind,
			  const unsigned char *p);

#define TYPE_PREFIX		"__cfi_"
bool name_is_prefix(const char *name);

/* The call of __fentry__, and what it is where it is not called. */
#define FENTRY_SIZE		5
bool is_fentry_nop(const unsigned char *p);

/* What kCFI puts in front of an indirect call. */
#define TYPE_CHECK_SIZE		14
bool is_type_check(const unsigned char *p);

/* Objects whose names tell how they correlate. */
enum name_class {
	NAME_PLAIN,	/* by name and use, as everything else */
	NAME_CONTENT,	/* constant that the compiler or a macro makes */
	NAME_OWN,	/* state of a message: new code has its own */
};

enum name_class name_class(const struct item *item);
/* The name without the numbers that the compiler adds; allocated. */
char *name_base(const char *name);
bool name_is_numbered(const char *name);
/* Length of what stands before ".cold", 0 if it is no fragment. */
size_t name_fragment(const char *name);

/* hooks.c */

const char *hook_word(uint32_t kind);

/* asan.c */

/* A variable that KASAN knows: offset in its section, and size. */
struct asan_global {
	uint64_t	start;
	uint64_t	size;
};

/* Find what KASAN has had the compiler add. */
void asan_check(struct obj *obj);
/* All variables of a section that KASAN knows, allocated; their number. */
size_t asan_globals(const struct section *sec, struct asan_global **globals);

/* items.c */

/**
 * struct item - a function or an object, or a nameless part of a section
 * @sec: section it lies in
 * @sym: the symbol that names it; NULL: nameless
 * @twin: what it is on the other side, or NULL
 * @parent: of a fragment (foo.cold) the function, of a piece of code what
 *	leads to it; else NULL
 * @offset: offset in @sec
 * @size: size in bytes
 * @pad: bytes before @offset that belong to it: filler for call thunks, and
 * @type: the symbol of what tells its type to those who call it indirectly, or NULL
 * @base: its name without numbers, NULL if nameless
 * @entries: entries of special tables that belong to it, in table order
 * @nr_entries: number of them
 * @max_entries: number that there is room for
 * @func: it is a function or fragment
 * @users: functions that refer to it, a hash of their names; 0: none
 * @last_user: the last one that was counted
 * @why: why it changed, or NULL: it did not
 * @carried: it is in the new object
 * @rewritten: post object: its contents go where the old one is
 * @superseded: pre object: all its users go over to a new one
 * @reader: pre function or fragment: uses a rewritten object
 * @relaxed: post function that is replaced: frames of either version may stay
 * @out: a symbol of the new object, and
 * @out_offset: where the item is in the section of @out
 */
struct item {
	struct section	*sec;
	struct symbol	*sym;
	struct item	*twin;
	struct item	*parent;
	uint64_t	offset;
	uint64_t	size;
	uint64_t	pad;
	struct symbol	*type;
	const char	*base;
	struct entry	**entries;
	size_t		nr_entries;
	size_t		max_entries;
	bool		func;
	bool		carried;
	bool		rewritten;
	bool		superseded;
	bool		reader;
	bool		relaxed;
	uint64_t	users;
	struct item	*last_user;
	const char	*why;
	struct symbol	*out;
	uint64_t	out_offset;
};

/* One entry of a special table. */
struct entry {
	struct section	*sec;
	uint64_t	offset;
	uint64_t	size;
	struct item	*owner;		/* function or fragment */
	bool		placed;		/* diff only: it is in the new object, */
	uint64_t	out_offset;	/* at this place of sec->out */
};

enum ref_kind {
	REF_BAD,	/* cannot be told */
	REF_EMPTY,	/* replacement of an alternative without any bytes */
	REF_EXTERN,	/* symbol that another object defines */
	REF_ITEM,	/* item + delta */
	REF_CONTENT,	/* place in a mergeable section */
	REF_ENTRY,	/* entry of a special table */
};

/* Where a relocation leads. */
struct ref {
	enum ref_kind	kind;
	struct symbol	*sym;	/* as in the relocation */
	struct item	*item;
	struct entry	*entry;
	struct section	*sec;	/* REF_CONTENT */
	uint64_t	offset;	/* REF_CONTENT */
	int64_t		delta;	/* from the item, symbol or content */
};

#define for_each_item(obj, it)						\
	for (struct item *it = item_first(obj); it; it = item_next(it))

#define for_each_item_reloc(it, rel)					\
	for (struct reloc *rel = section_reloc_from((it)->sec,		\
					(it)->offset - (it)->pad),	\
	     *__end = section_reloc_from((it)->sec,			\
					(it)->offset + (it)->size);	\
	     rel < __end; rel++)

struct item *item_first(const struct obj *obj);
struct item *item_next(const struct item *item);
/* Find the items and instructions of an object, and their tables. */
void items_make(struct obj *obj);
struct item *item_add(struct section *sec, size_t *max, struct symbol *sym,
		      uint64_t offset);
/* Is it all that its section has? */
bool item_is_alone(const struct section *sec);
bool section_has_items(const struct section *sec);
/* Offset in the section of its symbol that a relocation leads to. */
uint64_t reloc_target(const struct reloc *rel);
struct ref reloc_ref(const struct reloc *rel);
/* The item that covers a place, or NULL. */
struct item *item_at(const struct section *sec, uint64_t offset);
struct item *item_named(const struct obj *obj, const char *name, bool func);
const char *item_name(const struct item *item);
/* "name+0xoff", in the item of a relocation; allocated. */
char *reloc_place(const struct reloc *rel);
/* The strong global symbol of an item; NULL if there is none. */
struct symbol *item_global(const struct item *item);
/* Code that is no function? */
bool item_is_label(const struct item *item);
/* Is its only binding weak? */
bool item_is_weak(const struct item *item);
/* The function that a fragment or piece belongs to, or the item itself. */
struct item *item_head(struct item *item);
void item_adopt(struct item *item, struct item *parent);
/* Bytes from a place of a mergeable section to the end of its element. */
size_t content_size(const struct section *sec, uint64_t offset);

/* nameless.c */

/* Find the items that no symbol names. */
void nameless_items(struct obj *obj);

/* split.c */

/* Give all that leads out of a function a relocation; before items_make(). */
void split_text(struct obj *obj);
/* Find the padding of the functions of assembly; after items_make(). */
void split_padding(struct obj *obj);

/* special.c */

/* Mark relocations that lead to replacements of no bytes. */
void mark_empty(struct obj *obj);
/* Split the special tables by the functions that own their entries. */
void entries_make(struct obj *obj);
/* Where pieces of code start: offsets, by alternatives that lead to them. */
bool section_is_repl(const struct section *sec);

/* verbs: diff.c same.c finish.c verify.c show.c reasons.c */

int cmd_diff(int argc, char **argv);
int cmd_same(int argc, char **argv);
int cmd_finish(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_reasons(int argc, char **argv);

#endif /* SPLICE_ELF_H */
