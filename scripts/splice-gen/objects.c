// SPDX-License-Identifier: GPL-2.0
/*
 * Objects that change: what becomes of them.
 *
 * What the running kernel may have written to cannot get other contents from
 * here. Read-only objects can: those of the same size get their new contents in
 * place, so that whoever has their address finds them; those of another size
 * are left as they are, and all their users go over to a new object. All else
 * is refused. Called by diff.c, before and after functions are compared.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"

static bool is_read_only(const struct item *item)
{
	const struct section *sec = item->sec;

	return section_is(sec, KIND_DATA) && sec->data &&
	       !(sec->flags & (SHF_WRITE | SHF_MERGE | SHF_EXECINSTR)) &&
	       (!strcmp(sec->name, ".rodata") ||
		str_starts(sec->name, ".rodata."));
}

/* When may code write to it? 0: never, 1: while the kernel boots, 2: always. */
static int writability(const struct item *item)
{
	if (!(item->sec->flags & SHF_WRITE))
		return 0;
	return str_starts(item->sec->name, ".data..ro_after_init") ? 1 : 2;
}

/* Objects with an identity, that the running kernel has. */
static bool has_state(const struct item *item)
{
	return !item->func && item->twin && item->sym && item->sec->kind &&
	       !section_is(item->sec, KIND_INIT) && !item_is_own(item) &&
	       name_class(item) != NAME_CONTENT;
}

static size_t count_refs(const struct item *user, const struct item *item)
{
	size_t nr = 0;

	for_each_item_reloc(user, rel) {
		struct ref ref = reloc_ref(rel);

		nr += ref.kind == REF_ITEM && ref.item == item;
	}
	return nr;
}

/*
 * @fmt goes on after what changed: "size", "contents", ... Constants of one
 * name that nothing else tells apart have no twin.
 */
PRINTF(3, 4)
static void refuse_change(const struct item *a, enum reason why,
			  const char *fmt, ...)
{
	const char *name = item_name(a->twin ?: a);
	const char *what = a->twin ? a->twin->why : "contents";
	va_list ap;
	char *text;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	report("data", "changed", name, what, NULL);
	refuse(why, name, "%s %s", what, text);
	free(text);
}

/* objects of another size */

/* Who has kept the address of the old one goes on using that. */
static void note_kept(struct diff *d, const struct item *a)
{
	for_each_item(d->pre, func) {
		if (func->func && !section_is(func->sec, KIND_INIT) &&
		    keeps_address(func, a))
			note(item_name(a),
			     "%s() hands out the address of the old one, which stays in use wherever it was kept",
			     item_name(func));
	}
}

/* Can a user be made to use another object? */
static bool can_follow(const struct user *user)
{
	const struct item *item = user->item;

	if (!item)
		return false;
	if (item->func)
		return section_is(item->sec, KIND_TEXT);
	/* A change of what it refers to is a change of its contents. */
	return is_read_only(item) ||
	       (!item->sym && section_is(item->sec, KIND_DATA) &&
		!(item->sec->flags & SHF_WRITE));
}

static bool check_user(const struct user *user, void *arg)
{
	const struct item *a = arg;

	if (can_follow(user))
		return true;
	refuse_change(a, REASON_DATA,
		      "of an object that %s%s uses, which cannot be made to use another one: keep it, and let new functions use a new object",
		      user->item ? item_name(user->item) : user->sec->name,
		      user->item && user->item->func ? "()" : "");
	return false;
}

static void supersede(struct diff *d, struct item *a)
{
	struct item *b = a->twin;

	b->why = "size";
	if (item_global(a) || item_is_weak(a) || item_global(b) ||
	    item_is_weak(b)) {
		refuse_change(a, REASON_DATA,
			      "of an object that other units know by its name: keep it, and let new functions use a new object");
		return;
	}
	if (!for_users(a, check_user, a))
		return;
	note_kept(d, a);
	b->why = b->size > a->size ? "grew" : "shrank";
	a->superseded = true;
	a->twin = NULL;
	b->twin = NULL;
}

static bool is_nobodys_twin(const struct item *item)
{
	return !item->twin && item_is_constant(item) &&
	       name_class(item) == NAME_PLAIN;
}

/* Has the other side a constant with the same contents? */
static bool has_equal(const struct item *item, const struct obj *other)
{
	for_each_item(other, o) {
		if (is_nobodys_twin(o) && !strcmp(o->base, item->base) &&
		    same_contents(item, o))
			return true;
	}
	return false;
}

/*
 * One of several constants of one name changes: it is gone, and there is one
 * of that name that was not there. What uses the new one is replaced anyway.
 */
static bool is_changed_constant(struct diff *d, const struct item *a)
{
	if (!is_nobodys_twin(a) || has_equal(a, d->post))
		return false;
	for_each_item(d->post, b) {
		if (is_nobodys_twin(b) && !strcmp(a->base, b->base) &&
		    !has_equal(b, d->pre))
			return true;
	}
	return false;
}

/**
 * supersede_objects() - part read-only objects of another size from their twins
 * @d: the diff, correlated
 *
 * With its twin gone an object is a new one, and whatever refers to it has
 * changed.
 */
void supersede_objects(struct diff *d)
{
	for_each_item(d->pre, a) {
		if (is_changed_constant(d, a)) {
			if (for_users(a, check_user, a))
				note_kept(d, a);
		} else if (has_state(a) && a->size != a->twin->size &&
			   is_read_only(a) && is_read_only(a->twin)) {
			supersede(d, a);
		}
	}
}

/* objects of the same size */

/*
 * Is the object of the running kernel what was compared? Anything else than
 * whole pointers would not mean the same after a copy.
 */
static bool is_known(const struct item *a, const struct symbol *plain)
{
	return plain->sec && plain->sec->data && plain->size == a->size &&
	       !(plain->sec->flags & (SHF_WRITE | SHF_MERGE)) &&
	       !memcmp(plain->sec->data + plain->value,
		       a->sec->data + a->offset, a->size);
}

static bool holds_pointers_only(const struct item *item)
{
	for_each_item_reloc(item, rel) {
		if (rel->type != R_X86_64_64 ||
		    rel->offset + 8 > item->offset + item->size)
			return false;
	}
	return true;
}

static bool is_in_pointer(const struct item *item, uint64_t first,
			  uint64_t last)
{
	for_each_item_reloc(item, rel) {
		uint64_t at = rel->offset - item->offset;

		if (at <= first && last < at + 8)
			return true;
	}
	return false;
}

/*
 * Is all that changes one pointer or one number, written by one store? Eight
 * bytes without a pointer may be two fields, which belong together for whoever
 * reads one after the other.
 */
static bool is_one_word(const struct item *a, const struct symbol *plain)
{
	uint64_t first, last, word = 4;

	if (!contents_span(a, a->twin, &first, &last))
		return true;
	if (is_in_pointer(a, first, last) || is_in_pointer(a->twin, first, last))
		word = 8;
	if (word > plain->sec->align)
		word = plain->sec->align;
	return (plain->value + first) / word == (plain->value + last) / word;
}

static bool is_only_rewrite(struct diff *d, const struct item *a)
{
	for_each_item(d->pre, other) {
		if (other != a && has_state(other) && is_read_only(other) &&
		    is_read_only(other->twin) &&
		    data_difference(other, other->twin))
			return false;
	}
	return true;
}

/*
 * All readers of an object are kept from seeing some of its contents old and
 * some new. Of one word nobody sees a half, so that it can do without.
 */
static char *rewrite_why(struct diff *d, struct item *a,
			 const struct symbol *plain)
{
	bool one = is_one_word(a, plain);
	struct item *b = a->twin;
	char *why, *readers = find_readers(a, one);

	if (readers) {
		why = xasprintf("%s, used by %s", b->why, readers);
		free(readers);
		return why;
	}
	if (!one) {
		report("data", "changed", item_name(b), b->why, NULL);
		return NULL;
	}
	if (!is_only_rewrite(d, a)) {
		refuse_change(a, REASON_DATA,
			      "of an object that is not the only one to change, and that is known outside of this unit: who is reading both cannot be told; change them one by one, or from a hook");
		return NULL;
	}
	return xasprintf("%s, one word", b->why);
}

static void rewrite(struct diff *d, struct item *a)
{
	struct symbol *plain = old_place(d, a);
	struct item *b = a->twin;
	char *why;

	if (!plain)
		return;
	if (plain->type != STT_OBJECT) {
		refuse_change(a, REASON_DATA,
			      "of what assembly gives no type and size: use a new object");
		return;
	}
	if (!is_known(a, plain)) {
		refuse(REASON_PRE, item_name(a), "other contents in %s",
		       d->plain->path);
		return;
	}
	if (item_is_weak(a) || item_is_weak(b)) {
		refuse_change(a, REASON_WEAK,
			      "of a weak object: the running kernel may use another definition; change that one");
		return;
	}
	if (!holds_pointers_only(a) || !holds_pointers_only(b)) {
		refuse_change(a, REASON_DATA,
			      "of an object with references that are relative to its place: change it from a hook instead");
		return;
	}
	why = rewrite_why(d, a, plain);
	if (!why)
		return;
	b->rewritten = true;
	report("data", "rewritten", item_name(b), why, NULL);
	free(why);
}

/* what is writable */

static bool has_zero_bytes(const struct item *item)
{
	const unsigned char *p = item->sec->data;

	for (uint64_t i = 0; p && i < item->size; i++) {
		if (p[item->offset + i])
			return false;
	}
	return true;
}

static bool is_zero(const struct item *item)
{
	return has_zero_bytes(item) &&
	       section_reloc_from(item->sec, item->offset) ==
	       section_reloc_from(item->sec, item->offset + item->size);
}

/*
 * A list or a lock that nobody has used: addresses of its own and zeros. There
 * is only one way to initialise these; any other value may not be the one that
 * boot code has set.
 */
static bool is_unused_list(const struct item *item)
{
	size_t nr = 0;

	for_each_item_reloc(item, rel) {
		if (rel->type != R_X86_64_64)
			return false;
		nr++;
	}
	return nr && nr == count_refs(item, item) && has_zero_bytes(item);
}

static bool is_exit(const struct item *item)
{
	return str_starts(item->sec->name, ".exit");
}

static bool is_init_function(const struct item *item)
{
	return item->func && section_is(item->sec, KIND_INIT) &&
	       !is_exit(item);
}

/* A module's init function is known by two names. */
static const char *boot_name(const struct item *item)
{
	const struct section *sec = item->sec;

	for (size_t i = 0; i < sec->nr_syms; i++) {
		const struct symbol *sym = sec->syms[i];

		if (sym->type == STT_FUNC && sym->value == item->offset &&
		    strcmp(sym->name, "init_module") &&
		    strcmp(sym->name, "cleanup_module"))
			return sym->name;
	}
	return item_name(item);
}

/*
 * The function of pre that initialised an object at boot, if that is now done
 * by its initialiser. The running kernel has been through that. Boot code may
 * go on using it: with its addresses in it, it is of no use before somebody has
 * initialised it.
 */
static const struct item *former_initialiser(struct diff *d,
					     const struct item *a)
{
	const struct item *b = a->twin;

	if (!writability(a) || !is_zero(a) || a->size != b->size ||
	    !is_unused_list(b))
		return NULL;
	for_each_item(d->pre, func) {
		if (is_init_function(func) && func->twin &&
		    count_refs(func->twin, b) < count_refs(func, a))
			return func;
	}
	return NULL;
}

static void compare_writable(struct diff *d, const struct item *a)
{
	const struct item *func = former_initialiser(d, a);

	if (func)
		note(item_name(a->twin),
		     "its initialiser now does what %s() has done at boot: no effect on a running kernel",
		     boot_name(func));
	else if (a->size != a->twin->size)
		refuse_change(a, REASON_DATA,
			      "of an object that the running kernel has: keep it, and put what is new elsewhere");
	else
		refuse_change(a, REASON_DATA,
			      "of an object that the running kernel has and may have changed: set it from a hook instead");
}

static void compare_object(struct diff *d, struct item *a)
{
	struct item *b = a->twin;

	if (writability(b) > writability(a)) {
		b->why = "section";
		refuse_change(a, REASON_DATA,
			      "of an object that new code may write to, and that is read-only in the running kernel: use a new object");
		return;
	}
	/* supersede_objects() has refused it. */
	if (b->why)
		return;
	b->why = item_is_label(a) ? func_difference(a, b) :
				    data_difference(a, b);
	if (!b->why)
		return;
	if (item_is_label(a))
		refuse(REASON_LABEL, item_name(b),
		       "%s of code that is no function: it cannot be replaced, for it has no callers",
		       b->why);
	else if (section_is(a->sec, KIND_PERCPU))
		refuse_change(a, REASON_PERCPU,
			      "of an object that every CPU has: set it from a hook instead");
	else if (section_is(a->sec, KIND_REGISTRY))
		refuse_change(a, a->sec->kind->reason,
			      "of an entry that was read at boot");
	else if (is_read_only(a) && is_read_only(b))
		rewrite(d, a);
	else
		compare_writable(d, a);
}

/**
 * compare_objects() - decide about each object that changes
 * @d: the diff
 */
void compare_objects(struct diff *d)
{
	for_each_item(d->pre, item) {
		if (has_state(item))
			compare_object(d, item);
	}
	for_each_item(d->post, item) {
		if (item->rewritten)
			carry_contents(d, item);
	}
}

/* @what: what has become of it in the section. */
static void note_boot(const struct diff *d, const struct item *item,
		      const char *what)
{
	if (d->module && is_exit(item))
		note(boot_name(item),
		     "%s section %s of a module: not replaced; it only runs when the module is unloaded, which an enabled update prevents",
		     what, item->sec->name);
	else
		note(boot_name(item),
		     "%s section %s: no effect on a running kernel", what,
		     item->sec->name);
}

/* Bytes without a name, of which others have a copy if at all. */
static void note_boot_bytes(const struct obj *obj, const struct obj *other,
			    bool pre)
{
	for_each_section(obj, sec) {
		const struct section *twin = obj_section(other, sec->name);

		if (!section_is(sec, KIND_INIT) || !(sec->flags & SHF_ALLOC) ||
		    (sec->flags & SHF_EXECINSTR) || (pre && twin) ||
		    same_gaps(pre ? sec : twin, pre ? twin : sec))
			continue;
		note(sec->name,
		     "something without a name in it changes: no effect on a running kernel");
	}
}

/**
 * note_boot_only() - tell of changes of what is gone after boot
 * @d: the diff
 */
void note_boot_only(struct diff *d)
{
	for_each_item(d->post, item) {
		const struct item *a = item->twin;

		if (!item->sym || !section_is(item->sec, KIND_INIT))
			continue;
		if (!a && item->func)
			note_boot(d, item, "new in");
		else if (a && (item->func ? func_difference(a, item) :
					    data_difference(a, item)))
			note_boot(d, item, "changed in");
	}
	for_each_item(d->pre, item) {
		if (item->sym && item->func && !item->twin &&
		    section_is(item->sec, KIND_INIT))
			note_boot(d, item, "gone from");
	}
	note_boot_bytes(d->post, d->pre, false);
	note_boot_bytes(d->pre, d->post, true);
}
