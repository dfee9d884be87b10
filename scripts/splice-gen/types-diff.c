// SPDX-License-Identifier: GPL-2.0
/*
 * How definitions changed.
 *
 * A struct is compared as the list of its parts: members of anonymous structs
 * and unions count as members of what is around them, as they do in C. Parts
 * are found again by name. Pointers are equal if what they point to is called
 * the same; a member that is a struct itself is equal if that did not change.
 * Called by types-main.c.
 */
#include <stdlib.h>
#include <string.h>

#include "splice-types.h"

/* One part of a struct, by its path: "a", "b.x", "c[].y". */
struct part {
	char		*name;
	struct type	*type;
	uint64_t	bit;
	uint32_t	bits;
	bool		matched;
};

struct parts {
	struct part	*part;
	size_t		nr;
	size_t		max;
};

static bool same_type(struct type *a, struct type *b);

static bool is_anonymous(const struct type *type)
{
	return type_is_aggregate(type) && !type->name;
}

static void add_part(struct parts *parts, const char *name, struct type *type,
		     uint64_t bit, uint32_t bits)
{
	parts->part = grow(parts->part, parts->nr, &parts->max,
			   sizeof(*parts->part));
	parts->part[parts->nr++] = (struct part) {
		.name = xasprintf("%s", name), .type = type, .bit = bit,
		.bits = bits,
	};
}

static void add_parts(struct parts *parts, struct type *type,
		      const char *prefix, uint64_t bit);

/* A member, or what is in it if that has no name of its own. */
static void add_named(struct parts *parts, const char *name, struct type *type,
		      uint64_t bit, uint32_t bits)
{
	struct type *bare = type_bare(type);
	char *path;

	if (is_anonymous(bare)) {
		path = xasprintf(*name ? "%s." : "%s", name);
		add_parts(parts, bare, path, bit);
		free(path);
		return;
	}
	add_part(parts, name, type, bit, bits);
	if (bare->kind == TYPE_ARRAY && is_anonymous(type_bare(bare->of))) {
		path = xasprintf("%s[].", name);
		add_parts(parts, type_bare(bare->of), path, bit);
		free(path);
	}
}

static void add_parts(struct parts *parts, struct type *type,
		      const char *prefix, uint64_t bit)
{
	for (size_t i = 0; i < type->nr_members; i++) {
		const struct member *member = &type->members[i];
		char *name;

		if (!member->name && !is_anonymous(type_bare(member->type)))
			continue;
		/* A nameless member adds nothing to the path. */
		if (!member->name) {
			add_parts(parts, type_bare(member->type), prefix,
				  bit + member->bit);
			continue;
		}
		name = xasprintf("%s%s", prefix, member->name);
		add_named(parts, name, member->type, bit + member->bit,
			  member->bits);
		free(name);
	}
}

static void free_parts(struct parts *parts)
{
	for (size_t i = 0; i < parts->nr; i++)
		free(parts->part[i].name);
	free(parts->part);
}

static struct part *find_part(struct parts *parts, const struct part *like)
{
	for (size_t i = 0; i < parts->nr; i++) {
		if (!parts->part[i].matched &&
		    !strcmp(parts->part[i].name, like->name))
			return &parts->part[i];
	}
	return NULL;
}

/* Size in bits; 0 for arrays without an end. */
static uint64_t part_bits(const struct part *part)
{
	return part->bits ?: 8 * type_size(part->type);
}

/* --- are two types the same? --- */

static bool same_enum(const struct type *a, const struct type *b, char **text);

static bool same_names(const struct type *a, const struct type *b)
{
	return a->name && b->name && !strcmp(a->name, b->name);
}

static bool called_same(struct type *a, struct type *b);

static bool same_signature(const struct type *a, const struct type *b)
{
	if (a->nr_members != b->nr_members || !called_same(a->of, b->of))
		return false;
	for (size_t i = 0; i < a->nr_members; i++) {
		if (!called_same(a->members[i].type, b->members[i].type))
			return false;
	}
	return true;
}

/* For what pointers lead to: a name is enough. */
static bool called_same(struct type *a, struct type *b)
{
	a = type_unqualified(a);
	b = type_unqualified(b);
	if (a->kind == b->kind && same_names(a, b))
		return true;
	a = type_bare(a);
	b = type_bare(b);
	if (a->kind != b->kind)
		return false;
	if (a->name || b->name)
		return same_names(a, b) ||
		       (a->kind == TYPE_BASE && same_type(a, b));
	switch (a->kind) {
	case TYPE_POINTER:
		return called_same(a->of, b->of);
	case TYPE_ARRAY:
		return a->count == b->count && called_same(a->of, b->of);
	default:
		return same_type(a, b);
	}
}

static bool same_parts(struct type *a, struct type *b)
{
	struct parts old = {}, new = {};
	bool same;

	add_parts(&old, a, "", 0);
	add_parts(&new, b, "", 0);
	same = old.nr == new.nr;
	for (size_t i = 0; same && i < old.nr; i++) {
		struct part *p = &old.part[i], *q = find_part(&new, p);

		same = q && p->bit == q->bit && part_bits(p) == part_bits(q) &&
		       same_type(p->type, q->type);
	}
	free_parts(&old);
	free_parts(&new);
	return same;
}

static bool definition_changed(struct type *old, struct type *new)
{
	struct change *change;

	if (old->same)
		old = old->same;
	if (new->same)
		new = new->same;
	/* Without both definitions nothing is known to have changed. */
	if (old->declared || new->declared)
		return false;
	/* Several of one name, see types_pair(). */
	if (old->twin != new)
		return old->verdict != VERDICT_SAME;
	if (old->verdict == VERDICT_NONE) {
		change = type_change(old, new);
		old->verdict = change && (change->own || change->nr_causes) ?
			VERDICT_CHANGED : VERDICT_SAME;
	}
	return old->verdict == VERDICT_CHANGED;
}

/* By value: objects of either look the same. */
static bool same_type(struct type *a, struct type *b)
{
	a = type_bare(a);
	b = type_bare(b);
	if (a->kind != b->kind)
		return false;
	if (type_is_tagged(a) && (a->name || b->name))
		return same_names(a, b) && !definition_changed(a, b);
	switch (a->kind) {
	case TYPE_VOID:
		return true;
	case TYPE_BASE:
		return a->size == b->size && a->encoding == b->encoding;
	case TYPE_POINTER:
		return called_same(a->of, b->of);
	case TYPE_ARRAY:
		return a->count == b->count && same_type(a->of, b->of);
	case TYPE_FUNCTION:
		return same_signature(a, b);
	case TYPE_ENUM:
		return same_enum(a, b, NULL);
	default:
		return a->size == b->size && same_parts(a, b);
	}
}

/* --- and what is different? --- */

static void say(char **text, char *line)
{
	char *longer = xasprintf("%s" TEXT_LINE "  %s", *text, line);

	free(*text);
	free(line);
	*text = longer;
}

/* New values mean nothing to objects that exist; others mean something else. */
static bool same_enum(const struct type *a, const struct type *b, char **text)
{
	bool same = a->size == b->size;

	for (size_t i = 0; i < a->nr_members; i++) {
		const struct member *m = &a->members[i], *n = NULL;

		for (size_t j = 0; j < b->nr_members && !n; j++) {
			if (!strcmp(m->name, b->members[j].name))
				n = &b->members[j];
		}
		if (n && n->value == m->value)
			continue;
		same = false;
		if (text && n)
			say(text, xasprintf("%s: value %lld -> %lld", m->name,
					    (long long)m->value,
					    (long long)n->value));
		else if (text)
			say(text, xasprintf("%s: removed, value %lld", m->name,
					    (long long)m->value));
	}
	return same;
}

/* Of a member's type: the named definition by which it changed, or NULL. */
static struct type *find_cause(struct type *a, struct type *b)
{
	a = type_bare(a);
	b = type_bare(b);
	while (a->kind == TYPE_ARRAY && b->kind == TYPE_ARRAY) {
		a = type_bare(a->of);
		b = type_bare(b->of);
	}
	if (a->kind != b->kind || !type_is_tagged(a) || !same_names(a, b) ||
	    !definition_changed(a, b))
		return NULL;
	return a->same ?: a;
}

static char *place(const struct part *part)
{
	unsigned long long byte = part->bit / 8;

	if (!part->bits)
		return xasprintf("%llu", byte);
	return xasprintf("%llu:%llu", byte,
			 (unsigned long long)part->bit % 8);
}

static char *size_of(const struct part *part)
{
	uint64_t size = type_size(part->type);

	if (part->bits)
		return xasprintf("%u bit%s", part->bits,
				 part->bits == 1 ? "" : "s");
	return xasprintf("%llu byte%s", (unsigned long long)size,
			 size == 1 ? "" : "s");
}

static void say_alone(struct change *change, const struct part *part,
		      const char *what)
{
	char *at = place(part), *size = size_of(part);
	char *type = type_name(part->type);

	say(&change->text, xasprintf("%s: %s %s, %s (%s)", part->name, what, at,
				     size, type));
	change->own = true;
	free(at);
	free(size);
	free(type);
}

/* The clause about the type; NULL if it has nothing to say. */
static char *type_clause(struct change *change, const struct part *p,
			 const struct part *q, struct type *cause)
{
	char *old = type_name(p->type), *new = type_name(q->type);
	char *old_size = size_of(p), *new_size = size_of(q), *clause = NULL;

	if (part_bits(p) != part_bits(q))
		clause = xasprintf(", resized %s -> %s%s%s%s%s%s", old_size,
				   new_size, strcmp(old, new) ? " (" : "",
				   strcmp(old, new) ? old : "",
				   strcmp(old, new) ? " -> " : "",
				   strcmp(old, new) ? new : "",
				   strcmp(old, new) ? ")" : "");
	else if (!cause && !same_type(p->type, q->type))
		clause = xasprintf(", another type: %s -> %s", old, new);
	if (!clause && !cause && p->bits != q->bits)
		clause = xasprintf(", bit field: %s -> %s", old_size, new_size);
	if (clause)
		change->own = true;
	free(old);
	free(new);
	free(old_size);
	free(new_size);
	return clause;
}

static void add_cause(struct change *change, struct type *cause)
{
	change->causes = grow(change->causes, change->nr_causes,
			      &change->max_causes, sizeof(*change->causes));
	change->causes[change->nr_causes++] = cause;
}

/* An anonymous enum has no definition of its own to tell its values. */
static void say_values(struct change *change, const struct part *p,
		       const struct part *q)
{
	struct type *a = type_bare(p->type), *b = type_bare(q->type);

	if (a->kind == TYPE_ENUM && b->kind == TYPE_ENUM && !a->name && !b->name)
		same_enum(a, b, &change->text);
}

static void compare_part(struct change *change, const struct part *p,
			 const struct part *q)
{
	struct type *cause = find_cause(p->type, q->type);
	char *clause = type_clause(change, p, q, cause);
	char *moved = NULL, *because = NULL, *line;

	if (p->bit != q->bit) {
		char *old = place(p), *new = place(q);

		moved = xasprintf(", moved %s -> %s", old, new);
		free(old);
		free(new);
		change->own = true;
	}
	if (cause) {
		char *title = type_title(cause);

		because = xasprintf(", because of %s", title);
		free(title);
		add_cause(change, cause);
	}
	if (moved || clause || because) {
		line = xasprintf("%s%s%s", moved ?: "", clause ?: "",
				 because ?: "");
		say(&change->text, xasprintf("%s: %s", p->name, line + 2));
		free(line);
		if (clause)
			say_values(change, p, q);
	}
	free(moved);
	free(clause);
	free(because);
}

/* What is in the place of a part and of its type is the same, by another name. */
static struct part *find_other_name(struct parts *parts, const struct part *p,
				    bool matched)
{
	for (size_t i = 0; i < parts->nr; i++) {
		struct part *q = &parts->part[i];

		if (q->matched == matched && q->bit == p->bit &&
		    q->bits == p->bits && part_bits(q) == part_bits(p) &&
		    same_type(q->type, p->type))
			return q;
	}
	return NULL;
}

static void compare_removed(struct change *change, struct part *p,
			    struct parts *new)
{
	struct part *q = find_other_name(new, p, false) ?:
			 find_other_name(new, p, true);

	if (!q) {
		say_alone(change, p, "removed from");
		return;
	}
	q->matched = true;
	say(&change->notes, xasprintf("%s: is called %s now", p->name, q->name));
}

/* A struct_group() and the like give members a second name. */
static void compare_added(struct change *change, struct part *q,
			  struct parts *old)
{
	struct part *p = find_other_name(old, q, true);

	if (p)
		say(&change->notes, xasprintf("%s: is called %s, too", p->name,
					      q->name));
	else
		say_alone(change, q, "added at");
}

static void compare_parts(struct change *change, struct parts *old,
			  struct parts *new)
{
	for (size_t i = 0; i < old->nr; i++) {
		struct part *p = &old->part[i], *q = find_part(new, p);

		if (q) {
			p->matched = true;
			q->matched = true;
			compare_part(change, p, q);
		}
	}
	for (size_t i = 0; i < old->nr; i++) {
		if (!old->part[i].matched)
			compare_removed(change, &old->part[i], new);
	}
	for (size_t i = 0; i < new->nr; i++) {
		if (!new->part[i].matched)
			compare_added(change, &new->part[i], old);
	}
}

static struct change *new_change(char *where, struct type *old)
{
	struct change *change = xcalloc(1, sizeof(*change));

	change->where = where;
	change->old = old;
	change->text = xasprintf("%s", "");
	change->notes = xasprintf("%s", "");
	return change;
}

static struct change *finish_change(struct change *change)
{
	return change->own || change->nr_causes || *change->notes ? change : NULL;
}

static void compare_aggregates(struct change *change, struct type *old,
			       struct type *new)
{
	struct parts before = {}, after = {};

	add_parts(&before, old, "", 0);
	add_parts(&after, new, "", 0);
	compare_parts(change, &before, &after);
	if (old->size != new->size)
		change->own = true;
	if (old->align != new->align) {
		say(&change->text, xasprintf("alignment asked for: %llu -> %llu",
					     (unsigned long long)old->align,
					     (unsigned long long)new->align));
		change->own = true;
	}
	free_parts(&before);
	free_parts(&after);
}

/*
 * Does a typedef say what objects look like? Not if it is for a pointer, but
 * to something without a name, for a function, or for something whose
 * definition has a name.
 */
static bool defines_layout(struct type *type)
{
	if (type->kind == TYPE_POINTER)
		return is_anonymous(type_bare(type->of));
	return type->kind == TYPE_BASE || type->kind == TYPE_ARRAY;
}

static void compare_typedef(struct change *change, struct type *old,
			    struct type *new)
{
	struct type *a = type_bare(old), *b = type_bare(new);
	struct part p = { .type = old->of }, q = { .type = new->of };
	char *clause;

	if (a->kind == b->kind && !defines_layout(a))
		return;
	clause = type_clause(change, &p, &q, find_cause(a, b));
	if (clause)
		say(&change->text, xasprintf("%s", clause + 2));
	free(clause);
}

/**
 * type_change() - how a definition changed
 * @old: before
 * @new: after, of the same name
 *
 * Return: the change, or NULL.
 */
struct change *type_change(struct type *old, struct type *new)
{
	struct change *change = new_change(type_title(old), old);

	if (old->kind != new->kind) {
		char *title = type_title(new);

		say(&change->text, xasprintf("is %s now", title));
		free(title);
		change->own = true;
	} else if (old->kind == TYPE_ENUM) {
		change->own = !same_enum(old, new, &change->text);
	} else if (old->kind == TYPE_TYPEDEF) {
		compare_typedef(change, old, new);
	} else {
		compare_aggregates(change, old, new);
	}
	return finish_change(change);
}

/**
 * variable_change() - how what a variable holds changed
 * @old: variable before
 * @new: variable after
 *
 * A change of its size, and of its type by way of a definition that has a name,
 * are reported where they are found.
 *
 * Return: the change, or NULL.
 */
struct change *variable_change(const struct variable *old,
			       const struct variable *new)
{
	struct change *change = new_change(xasprintf("variable %s", old->name),
					   NULL);
	struct parts before = {}, after = {};

	if (type_size(old->type) == type_size(new->type) &&
	    !find_cause(old->type, new->type)) {
		add_named(&before, old->name, old->type, 0, 0);
		add_named(&after, old->name, new->type, 0, 0);
		compare_parts(change, &before, &after);
		free_parts(&before);
		free_parts(&after);
	}
	return finish_change(change);
}

/* Those of one name, from here on. */
static size_t run_of(const struct unit *unit, size_t from)
{
	size_t nr = 0;

	while (from + nr < unit->nr_types &&
	       !types_order(unit->types[from], unit->types[from + nr]))
		nr++;
	return nr;
}

/**
 * types_pair() - find the definitions of the same name
 * @pre: object before
 * @post: object after
 *
 * A function may define one name in several blocks: they are taken in their
 * order. If there are more or less of them than before, none has a twin, and
 * what consists of them is taken to have changed.
 */
void types_pair(struct unit *pre, struct unit *post)
{
	size_t i = 0, j = 0;

	while (i < pre->nr_types && j < post->nr_types) {
		int order = types_order(pre->types[i], post->types[j]);
		size_t nr = run_of(pre, i), nr_post = run_of(post, j);

		for (size_t k = 0; !order && k < nr; k++) {
			if (nr == nr_post)
				pre->types[i + k]->twin = post->types[j + k];
			else
				pre->types[i + k]->verdict = VERDICT_CHANGED;
		}
		if (order <= 0)
			i += nr;
		if (order >= 0)
			j += nr_post;
	}
}
