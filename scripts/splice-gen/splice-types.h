/* SPDX-License-Identifier: GPL-2.0 */
/*
 * splice-types: the part of splice-gen that knows debug information.
 *
 * It reads one unit twice, compiled before and after a patch, and tells whose
 * objects have another layout now and whether there can be any. Prototypes
 * stand under the name of the file that implements them. Arrows are "may call":
 *
 *   types-main -> types-diff, types-live -> types-name
 *   types-main -> types-uses -> types-load -> diag
 */
#ifndef SPLICE_TYPES_H
#define SPLICE_TYPES_H

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include "splice-elf.h"

/* Lines of one text of the report are separated by this. */
#define TEXT_LINE	"\v"

struct type;

/**
 * struct member - of a struct or union; an enumerator; a parameter
 * @name: its name, NULL for anonymous members and for parameters
 * @type: its type, NULL for enumerators
 * @bit: offset in bits from the beginning of the struct
 * @bits: size of a bit field, otherwise 0
 * @value: of an enumerator
 */
struct member {
	const char	*name;
	struct type	*type;
	uint64_t	bit;
	uint32_t	bits;
	int64_t		value;
};

/* What a type is made of, whatever its DWARF tag is. */
enum type_kind {
	TYPE_VOID,
	TYPE_BASE,
	TYPE_POINTER,
	TYPE_ARRAY,
	TYPE_FUNCTION,
	TYPE_STRUCT,
	TYPE_UNION,
	TYPE_ENUM,
	TYPE_TYPEDEF,
	TYPE_QUALIFIED,	/* const, volatile, restrict, _Atomic */
};

/* What is known of whether a definition changed. */
enum verdict {
	VERDICT_NONE,
	VERDICT_SAME,
	VERDICT_CHANGED,
};

/**
 * struct type - one type of one object
 * @kind: see there
 * @name: tag, or name of the typedef or base type; an anonymous struct, union
 *	or enum that a typedef names has the name of that; NULL if it has none
 * @by_typedef: @name is that of a typedef
 * @scope: function that it is defined in, or NULL
 * @file: file that it is declared in, as the source tree calls it, or NULL
 * @line: line there
 * @size: in bytes; of an array that of all elements
 * @count: elements of an array
 * @encoding: DW_ATE_* of a base type
 * @align: what an attribute says of the alignment, or 0
 * @declared: a struct, union or enum without its definition
 * @of: what it points to, consists of, or is another name of; what a function
 *	returns
 * @members: see struct member
 * @nr_members: number of @members
 * @same: the first of several copies of one definition, or NULL
 * @twin: the definition of this name in the other object, or NULL
 * @verdict: did the definition change from @twin?
 */
struct type {
	enum type_kind	kind;
	const char	*name;
	bool		by_typedef;
	const char	*scope;
	const char	*file;
	int		line;
	uint64_t	size;
	uint64_t	count;
	uint64_t	encoding;
	uint64_t	align;
	bool		declared;
	struct type	*of;
	struct member	*members;
	size_t		nr_members;
	struct type	*same;
	struct type	*twin;
	enum verdict	verdict;
	/* private: growth, and the hash by place */
	bool		noted;
	size_t		max_members;
	Dwarf_Off	offset;
	struct type	*next;
};

/**
 * struct variable - a variable of static storage
 * @name: its name
 * @scope: function that it is defined in, or NULL
 * @type: its type
 * @declared: only declared here
 * @nth: number of those before it with the same name and scope
 */
struct variable {
	const char	*name;
	const char	*scope;
	struct type	*type;
	bool		declared;
	size_t		nth;
	/* private: the place of its first DIE */
	Dwarf_Off	offset;
};

/**
 * struct local - a variable or parameter on some function's stack, or what
 *	the function returns
 * @type: its type
 * @param: it is a parameter, of the function or of one inlined into it
 * @handed: it is a parameter that other units can give
 * @returned: it is what the function returns
 */
struct local {
	struct type	*type;
	bool		param;
	bool		handed;
	bool		returned;
};

/**
 * struct function - a function that has code of its own
 * @name: its name in the source
 * @replaced: the update replaces it
 * @locals: what it, and all that is inlined into it, has on the stack
 * @nr_locals: number of @locals
 */
struct function {
	const char	*name;
	bool		replaced;
	struct local	*locals;
	size_t		nr_locals;
	/* private: growth */
	size_t		max_locals;
};

#define TYPE_HASH_SIZE	16384

/**
 * struct unit - all that debug information says of one object
 * @path: of the object, for messages
 * @source: the file that was compiled, as the source tree calls it
 * @types: complete structs, unions and enums with a name, and typedefs of
 *	other things; sorted, see types_order()
 * @nr_types: number of @types
 * @vars: variables of static storage
 * @nr_vars: number of @vars
 * @funcs: functions with code
 * @nr_funcs: number of @funcs
 */
struct unit {
	const char	*path;
	const char	*source;
	struct type	**types;
	size_t		nr_types;
	struct variable	*vars;
	size_t		nr_vars;
	struct function	**funcs;
	size_t		nr_funcs;
	/* private: growth, the hash of all types, addresses of what is replaced */
	size_t		max_types;
	size_t		max_vars;
	size_t		max_funcs;
	struct type	*hash[TYPE_HASH_SIZE];
	Dwarf_Addr	*replaced;
	size_t		nr_replaced;
	size_t		max_replaced;
	const char	*comp_dir;
};

/* types-load.c */

/* Attributes with their indirections resolved; @missing if it is not there. */
uint64_t die_number(const struct unit *unit, Dwarf_Die *node,
		    unsigned int attr, uint64_t missing);
bool die_flag(Dwarf_Die *node, unsigned int attr);
bool die_refers(Dwarf_Die *node, unsigned int attr, Dwarf_Die *target);
/* The type that DW_AT_type names; void if there is none. */
struct type *die_type(struct unit *unit, Dwarf_Die *node);
/* Note the definition that a DIE of a type is; others are passed over. */
void define_type(struct unit *unit, Dwarf_Die *node, const char *scope);
/* After all have been noted: sort them, in the order of types_order(). */
void types_sort(struct unit *unit);
/* Order of names, kinds of name (tag or not) and scopes. */
int types_order(const struct type *a, const struct type *b);

/* types-uses.c */

/* Read an object; @replaced: names of functions, or NULL. */
struct unit *unit_open(const char *path, const char *const *replaced,
		       size_t nr_replaced);

/* types-name.c */

/* Without names that are typedefs, and without qualifiers. */
struct type *type_bare(struct type *type);
/* Without qualifiers alone. */
struct type *type_unqualified(struct type *type);
/* Struct, union or enum? */
bool type_is_tagged(const struct type *type);
bool type_is_aggregate(const struct type *type);
uint64_t type_size(struct type *type);
/* As C writes it; allocated. */
char *type_name(struct type *type);
/* "struct foo", "typedef bar": by what a type is refused; allocated. */
char *type_title(const struct type *type);

/* types-diff.c */

/**
 * struct change - how a definition changed
 * @where: name of the type
 * @old: the type before
 * @text: a line each of what changed, with TEXT_LINE before it; "" if nothing
 * @notes: the same of what has no effect on objects
 * @causes: types that the change comes from, where members are such
 * @nr_causes: number of @causes
 * @own: something changed besides that
 */
struct change {
	char		*where;
	struct type	*old;
	char		*text;
	char		*notes;
	struct type	**causes;
	size_t		nr_causes;
	bool		own;
	/* private: growth */
	size_t		max_causes;
};

/* Give each definition its twin; @pre and @post are in step afterwards. */
void types_pair(struct unit *pre, struct unit *post);
/* How @old became @new; NULL if it did not change at all. */
struct change *type_change(struct type *old, struct type *new);
/* The same for what a variable of static storage holds. */
struct change *variable_change(const struct variable *old,
			       const struct variable *new);

/* types-live.c */

/*
 * Why objects of a type can exist at the moment of the switch; NULL if there
 * can be none. Allocated.
 */
char *type_lives(const struct unit *unit, struct type *type);
/* Is something of this type, or has an object of it in it? */
bool type_holds(struct type *type, const struct type *part);

#endif /* SPLICE_TYPES_H */
