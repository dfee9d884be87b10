// SPDX-License-Identifier: GPL-2.0
/*
 * What a type is called, and what it is without its names. Called by all that
 * look at types once they are read.
 */
#include <stdlib.h>
#include <string.h>

#include "splice-types.h"

/**
 * type_unqualified() - what const and its like qualify
 * @type: type
 *
 * Return: the type without qualifiers.
 */
struct type *type_unqualified(struct type *type)
{
	while (type->kind == TYPE_QUALIFIED)
		type = type->of;
	return type;
}

/**
 * type_bare() - what a type really is
 * @type: type
 *
 * Return: the type without qualifiers and names given by typedef.
 */
struct type *type_bare(struct type *type)
{
	while (type->kind == TYPE_QUALIFIED || type->kind == TYPE_TYPEDEF)
		type = type->of;
	return type;
}

/**
 * type_is_tagged() - can it have a tag?
 * @type: type
 *
 * Return: true for struct, union and enum.
 */
bool type_is_tagged(const struct type *type)
{
	return type_is_aggregate(type) || type->kind == TYPE_ENUM;
}

/**
 * type_is_aggregate() - does it have members?
 * @type: type
 *
 * Return: true for struct and union.
 */
bool type_is_aggregate(const struct type *type)
{
	return type->kind == TYPE_STRUCT || type->kind == TYPE_UNION;
}

/**
 * type_size() - the size of its objects
 * @type: type
 *
 * Return: bytes; 0 if it has no objects, or they have no fixed size.
 */
uint64_t type_size(struct type *type)
{
	type = type_bare(type);
	if (type->kind == TYPE_ARRAY)
		return type->count * type_size(type->of);
	return type->size;
}

static const char *keyword(const struct type *type)
{
	switch (type->kind) {
	case TYPE_STRUCT:	return "struct";
	case TYPE_UNION:	return "union";
	case TYPE_ENUM:		return "enum";
	default:		return "typedef";
	}
}

/**
 * type_title() - by what a definition goes in the report
 * @type: a definition with a name
 *
 * Return: "struct foo" and the like, allocated.
 */
char *type_title(const struct type *type)
{
	const char *word = type->by_typedef ? "typedef" : keyword(type);

	return xasprintf("%s %s", word, type->name ?: "(anonymous)");
}

static char *parameters(const struct type *type)
{
	char *list = xasprintf("%s", "");

	for (size_t i = 0; i < type->nr_members; i++) {
		char *name = type_name(type->members[i].type);
		char *longer = xasprintf("%s%s%s", list, i ? ", " : "", name);

		free(name);
		free(list);
		list = longer;
	}
	return list;
}

/* C puts arrays and functions around what they are made of. */
static char *declarator(struct type *type, char *inner)
{
	char *next, *base;

	for (;; type = type->of, free(inner), inner = next) {
		if (type->kind == TYPE_POINTER) {
			struct type *to = type_unqualified(type->of);

			next = xasprintf(to->kind == TYPE_ARRAY ||
					 to->kind == TYPE_FUNCTION ?
					 "(*%s)" : "*%s", inner);
		} else if (type->kind == TYPE_ARRAY) {
			next = xasprintf("%s[%llu]", inner,
					 (unsigned long long)type->count);
		} else if (type->kind == TYPE_FUNCTION) {
			char *list = parameters(type);

			next = xasprintf("%s(%s)", inner, list);
			free(list);
		} else if (type->kind == TYPE_QUALIFIED) {
			next = xasprintf("%s", inner);
		} else {
			break;
		}
	}
	if (type->kind == TYPE_VOID)
		base = xasprintf("void");
	else if (!type_is_tagged(type) || type->by_typedef)
		base = xasprintf("%s", type->name ?: "(no name)");
	else
		base = xasprintf("%s %s", keyword(type), type->name ?: "{...}");
	next = xasprintf("%s%s%s", base, *inner == '*' || *inner == '(' ? " " : "",
			 inner);
	free(inner);
	free(base);
	return next;
}

/**
 * type_name() - a type as C writes it, without qualifiers
 * @type: type
 *
 * Return: the allocated name.
 */
char *type_name(struct type *type)
{
	return declarator(type, xasprintf("%s", ""));
}
