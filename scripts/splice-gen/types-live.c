// SPDX-License-Identifier: GPL-2.0
/*
 * Can there be an object of a type when an update is applied?
 *
 * At that moment no task is in a function that is replaced, so what only those
 * have on their stacks is not there. Everything else has to be assumed: what
 * another source can name, what has static storage, what is part of something
 * that lives, and whatever is reached by a pointer that may come from an
 * allocation or out of a void pointer. Called by types-main.c.
 */
#include <stdlib.h>
#include <string.h>

#include "splice-types.h"

/* How something leads to a type, the more dangerous the greater. */
enum reach {
	REACH_NONE,
	REACH_HELD,	/* it is one, or an array of them, or has one in it */
	REACH_POINTED,	/* it points to one */
	REACH_BEYOND,	/* over more than that: pointers, functions */
};

static enum reach worse(enum reach a, enum reach b)
{
	return a > b ? a : b;
}

static enum reach reach(struct type *from, const struct type *to, int pointers)
{
	enum reach found = REACH_NONE;

	if ((from->same ?: from) == to)
		return pointers == 0 ? REACH_HELD :
		       pointers == 1 ? REACH_POINTED : REACH_BEYOND;
	switch (from->kind) {
	case TYPE_QUALIFIED:
	case TYPE_TYPEDEF:
	case TYPE_ARRAY:
		return reach(from->of, to, pointers);
	case TYPE_POINTER:
		return reach(from->of, to, pointers + 1);
	case TYPE_FUNCTION:
		found = reach(from->of, to, 2);
		pointers = 2;
		break;
	case TYPE_STRUCT:
	case TYPE_UNION:
		/* Those with a name are looked at for themselves. */
		if (from->name)
			return REACH_NONE;
		break;
	default:
		return REACH_NONE;
	}
	for (size_t i = 0; i < from->nr_members; i++)
		found = worse(found, reach(from->members[i].type, to, pointers));
	return found;
}

/**
 * type_holds() - is an object of one type part of those of another?
 * @type: type of the whole
 * @part: a definition
 *
 * Return: true if so, also if both are the same.
 */
bool type_holds(struct type *type, const struct type *part)
{
	return reach(type, part, 0) == REACH_HELD;
}

static char *in_variable(const struct unit *unit, const struct type *type)
{
	for (size_t i = 0; i < unit->nr_vars; i++) {
		const struct variable *var = &unit->vars[i];
		enum reach how = reach(var->type, type, 0);
		const char *points = how > REACH_HELD ? ", which leads to one" : "";

		if (!how)
			continue;
		if (var->scope)
			return xasprintf("variable %s of %s()%s", var->name,
					 var->scope, points);
		return xasprintf("variable %s%s", var->name, points);
	}
	return NULL;
}

/* @in has a member of the type; that matters if it can exist, or is a pointer. */
static char *in_member(const struct unit *unit, struct type *in,
		       const struct type *type)
{
	for (size_t i = 0; i < in->nr_members; i++) {
		const struct member *member = &in->members[i];
		enum reach how = reach(member->type, type, 0);
		const char *name = member->name ?: "(anonymous)";
		char *title, *text, *why;

		if (!how)
			continue;
		title = type_title(in);
		if (how > REACH_HELD)
			return xasprintf("member %s of %s leads to one", name, title);
		why = type_lives(unit, in);
		text = why ? xasprintf("member %s of %s (%s)", name, title, why) : NULL;
		free(title);
		free(why);
		if (text)
			return text;
	}
	return NULL;
}

static char *in_types(const struct unit *unit, const struct type *type)
{
	for (size_t i = 0; i < unit->nr_types; i++) {
		char *why = NULL;

		if (type_is_aggregate(unit->types[i]))
			why = in_member(unit, unit->types[i], type);
		if (why)
			return why;
	}
	return NULL;
}

static char *in_local(const struct function *func, const struct local *local,
		      enum reach how)
{
	if (how == REACH_HELD && func->replaced)
		return NULL;
	if (how == REACH_HELD || (how == REACH_POINTED && !func->replaced))
		return xasprintf("%s() uses it and is not replaced", func->name);
	if (local->returned)
		return xasprintf("%s() returns a pointer to one", func->name);
	if (!local->param || how == REACH_BEYOND)
		return xasprintf("%s() has a pointer to one, which may be allocated",
				 func->name);
	if (local->handed)
		return xasprintf("%s() takes a pointer to one from other units",
				 func->name);
	return NULL;
}

/* @held: some function has an object, so that pointers have a beginning. */
static char *in_functions(const struct unit *unit, const struct type *type,
			  bool *held)
{
	for (size_t i = 0; i < unit->nr_funcs; i++) {
		const struct function *func = unit->funcs[i];

		for (size_t j = 0; j < func->nr_locals; j++) {
			const struct local *local = &func->locals[j];
			enum reach how = reach(local->type, type, 0);
			char *why = NULL;

			if (how)
				why = in_local(func, local, how);
			if (why)
				return why;
			if (how == REACH_HELD && !local->returned)
				*held = true;
		}
	}
	return NULL;
}

/* As part of another struct that only replaced functions have. */
static bool held_in_types(const struct unit *unit, const struct type *type)
{
	for (size_t i = 0; i < unit->nr_types; i++) {
		struct type *in = unit->types[i];

		for (size_t j = 0; type_is_aggregate(in) && j < in->nr_members; j++) {
			if (reach(in->members[j].type, type, 0) == REACH_HELD)
				return true;
		}
	}
	return false;
}

/**
 * type_lives() - can there be objects of a type at the moment of the switch?
 * @unit: object before the patch, with the functions that are replaced
 * @type: one of its definitions
 *
 * Return: why there can be some, allocated; NULL if there can be none.
 */
char *type_lives(const struct unit *unit, struct type *type)
{
	bool held = false;
	char *why;

	if (!type->file || strcmp(type->file, unit->source))
		return xasprintf("declared in %s, others may have some",
				 type->file ?: "a file without name");
	why = in_variable(unit, type);
	if (!why)
		why = in_types(unit, type);
	if (!why)
		why = in_functions(unit, type, &held);
	if (!why && !held && !held_in_types(unit, type))
		why = xasprintf("nothing shows where there are some");
	return why;
}
