/* SPDX-License-Identifier: GPL-2.0 */
/*
 * splice-elf diff: what the files share that compare two objects and decide what
 * becomes of each difference, grouped by the file that implements it.
 */
#ifndef SPLICE_DIFF_H
#define SPLICE_DIFF_H

#include "splice-elf.h"

/* compare.c */

/* Do both relocations lead to the same thing? */
bool same_ref(const struct reloc *a, const struct reloc *b);
/* Is it known by what it holds alone? */
bool item_is_constant(const struct item *item);
/* Does new code have a copy of its own, whatever pre has? */
bool item_is_own(const struct item *item);
/* Same size, bytes and references? */
bool same_contents(const struct item *a, const struct item *b);
/* NULL if an object and its twin are the same, or what differs. */
const char *data_difference(const struct item *a, const struct item *b);
/* First and last byte that differ in objects of one size; false: none. */
bool contents_span(const struct item *a, const struct item *b,
		   uint64_t *first, uint64_t *last);
/* NULL if a function and its twin are the same, or what differs. */
const char *func_difference(const struct item *a, const struct item *b);
/* Has the other side the very same section? @pre: @sec is of the pre side. */
bool section_has_equal(const struct section *sec, const struct obj *other,
		       bool pre);
/* Is what no item covers the same in two sections, either of which may be NULL? */
bool same_gaps(const struct section *a, const struct section *b);
/* Refuse what else differs: registries, unknown sections. */
void compare_rest(struct obj *pre, struct obj *post);

/* ids.c */

/* The section with the lists of BTF ids, or NULL. */
struct section *ids_section(const struct obj *obj);

/* correlate.c */

void correlate(struct obj *pre, struct obj *post);

/* What diff works on. */
struct diff {
	const char	*unit_name;
	unsigned int	unit;
	struct obj	*plain;
	struct obj	*pre;
	struct obj	*post;
	struct obj	*out;
	bool		module;		/* the unit is part of a module */
	bool		pinned;
	bool		explain;
	const char	*names_path;	/* what it is linked into has these */
};

/* Are lists of BTF ids the same? If not, they are unknown; see ids.c. */
void ids_correlate(struct diff *d);

/* emit.c */

/* Make the new object of all that is carried; refusals are counted. */
void emit(struct diff *d);

/* old.c */

/* Note which strings and constants the engine has addresses for. */
void old_contents_make(struct diff *d);
/* Name of an import for a string or constant that pre has, or NULL. */
char *old_content_name(const struct diff *d, const struct ref *ref);
/* Does the running kernel have this constant without a name? */
bool old_has_nameless(const struct diff *d, const struct item *item);
/* Its symbol in the plain pre object; NULL after a refusal. */
struct symbol *old_place(const struct diff *d, const struct item *item);
/* Import for an item of the pre side; NULL after a refusal. */
struct symbol *old_item_symbol(struct diff *d, const struct reloc *rel,
			       const struct item *item);
/* Is every item of the section where it was before? */
bool section_kept_layout(const struct section *sec);

/* readers.c */

/* One item or section that refers to an object. */
struct user {
	struct item	*item;		/* NULL: what is no item, or not known */
	struct section	*sec;
};

typedef bool (*user_fn)(const struct user *user, void *arg);

/* Call @fn for all that refers to @item, until it says false. */
bool for_users(const struct item *item, user_fn fn, void *arg);
/*
 * Mark the functions that use an object, directly or by way of other objects.
 * What they are, for people; NULL if there are others out of reach, which is
 * refused, but not if @ask.
 */
char *find_readers(struct item *object, bool ask);

/* objects.c */

/* Part objects whose size changes from their twins where that is possible. */
void supersede_objects(struct diff *d);
/* What to do about each object that changes, or refuse it. */
void compare_objects(struct diff *d);
/* Tell of changes of what is gone after boot. */
void note_boot_only(struct diff *d);

/* carry.c */

/* Does new code have its own copy of an object? */
bool item_is_copied(const struct item *item);
/* Carry an item and all that it needs; refuses what cannot be carried. */
void carry_item(struct diff *d, struct item *item);
/* Carry all that an object's contents need. */
void carry_contents(struct diff *d, const struct item *item);

/* export.c */

/* Is this part of the export of something new? Sets the bytes that it stands for. */
bool export_is_new(const struct reloc *rel, uint64_t *bytes);
/* Export what is new and carried; after emit(). */
void emit_exports(struct diff *d);

/* check.c */

/* Refuse a changed function for what it is. */
void check_replaced(const struct diff *d, const struct item *item);
/* Refuse what is new here, but not to the kernel. */
void check_new_global(const struct diff *d, const struct item *item);
/* Refuse items that get or lose a name that others know. */
void check_names(struct diff *d);
/* Refuse changes in sections that could not be split. */
void check_odd(struct diff *d);
/* Refuse replaced functions that are entered behind the jump. */
void check_entered(struct diff *d);

/* keep.c */

/* May a function do more with the address of an object than use it? */
bool keeps_address(const struct item *func, const struct item *object);
/* Find addresses of carried things that may be left behind. */
void find_pinned(struct diff *d);

/* relaxed.c */

/* Mark the functions that SPLICE_RELAXED() names, or refuse them. */
void find_relaxed(struct diff *d);

/* hooks.c */

/* Find the functions that SPLICE_PRE() and the like name, or refuse them. */
void find_hooks(struct diff *d);
/* After emit(): rows for finish. */
void emit_hooks(struct diff *d);

/* explain.c */

/* Lines for the script: why, and from where on, replaced functions differ. */
void explain(struct diff *d);

#endif /* SPLICE_DIFF_H */
