// SPDX-License-Identifier: GPL-2.0
/*
 * From the DIEs of an object to struct type.
 *
 * All types of an object are found by their place in its debug information;
 * definitions with a name are also kept in a list. What DWARF has for C and is
 * not known here ends the program: half a type could be taken for equal to
 * another half. Called by types-uses.c, which walks through the object.
 */
#include <stdlib.h>
#include <string.h>

#include "splice-types.h"

/**
 * die_number() - a number that a DIE tells
 * @unit: object, for messages
 * @node: DIE
 * @attr: DW_AT_*
 * @missing: what it is if the DIE does not tell
 *
 * Return: the number; the program ends if it is there and no constant.
 */
uint64_t die_number(const struct unit *unit, Dwarf_Die *node,
		    unsigned int attr, uint64_t missing)
{
	Dwarf_Attribute mem;
	Dwarf_Word value;
	char place[40];

	if (!dwarf_attr_integrate(node, attr, &mem))
		return missing;
	if (!dwarf_formudata(&mem, &value))
		return value;
	snprintf(place, sizeof(place), "DIE 0x%llx",
		 (unsigned long long)dwarf_dieoffset(node));
	die(NULL, unit->path, "%s: attribute 0x%x is no constant", place, attr);
}

/**
 * die_flag() - a flag of a DIE
 * @node: DIE
 * @attr: DW_AT_*
 *
 * Return: is it there, and set?
 */
bool die_flag(Dwarf_Die *node, unsigned int attr)
{
	Dwarf_Attribute mem;
	bool set;

	/* A definition that refers to its declaration is none itself. */
	if (attr == DW_AT_declaration ? !dwarf_attr(node, attr, &mem) :
	    !dwarf_attr_integrate(node, attr, &mem))
		return false;
	return !dwarf_formflag(&mem, &set) && set;
}

/**
 * die_refers() - follow a reference
 * @node: DIE
 * @attr: DW_AT_*
 * @target: the DIE that it refers to
 *
 * Return: is there one?
 */
bool die_refers(Dwarf_Die *node, unsigned int attr, Dwarf_Die *target)
{
	Dwarf_Attribute mem;

	return dwarf_attr(node, attr, &mem) && dwarf_formref_die(&mem, target);
}

static struct member *add_member(struct type *type)
{
	struct member *member;

	type->members = grow(type->members, type->nr_members,
			     &type->max_members, sizeof(*type->members));
	member = &type->members[type->nr_members++];
	memset(member, 0, sizeof(*member));
	return member;
}

/*
 * Bit fields: DWARF 5 counts from the beginning of the struct; before, from
 * the most significant bit of a storage unit.
 */
static void read_bits(const struct unit *unit, Dwarf_Die *node,
		      struct member *member)
{
	uint64_t none = UINT64_MAX, bit;

	member->bits = die_number(unit, node, DW_AT_bit_size, 0);
	bit = die_number(unit, node, DW_AT_data_bit_offset, none);
	if (bit != none) {
		member->bit = bit;
		return;
	}
	member->bit = 8 * die_number(unit, node, DW_AT_data_member_location, 0);
	bit = die_number(unit, node, DW_AT_bit_offset, none);
	if (bit != none)
		member->bit += 8 * die_number(unit, node, DW_AT_byte_size,
					      type_size(member->type)) -
			       bit - member->bits;
}

static void read_member(struct unit *unit, struct type *type, Dwarf_Die *node)
{
	struct member *member;
	struct type *of = die_type(unit, node);

	member = add_member(type);
	member->type = of;
	member->name = dwarf_diename(node);
	if (type_is_aggregate(type))
		read_bits(unit, node, member);
}

static void read_enumerator(struct type *type, Dwarf_Die *node)
{
	struct member *member = add_member(type);
	Dwarf_Attribute mem;
	Dwarf_Sword value = 0;

	member->name = dwarf_diename(node);
	if (dwarf_attr(node, DW_AT_const_value, &mem))
		dwarf_formsdata(&mem, &value);
	member->value = value;
}

/* An array of arrays is one DIE with a child for each dimension. */
static void read_dimensions(struct unit *unit, struct type *type, Dwarf_Die *node)
{
	struct type *of = type->of;
	uint64_t counts[16];
	size_t nr = 0;
	Dwarf_Die child;

	for (int rc = dwarf_child(node, &child); !rc;
	     rc = dwarf_siblingof(&child, &child)) {
		Dwarf_Attribute mem;
		Dwarf_Word value;

		if (dwarf_tag(&child) != DW_TAG_subrange_type)
			continue;
		if (nr == COUNT_OF(counts))
			die(NULL, unit->path, "array of too many dimensions");
		counts[nr] = 0;
		/* Those that only a running function knows have no constant. */
		if (dwarf_attr(&child, DW_AT_count, &mem) &&
		    !dwarf_formudata(&mem, &value))
			counts[nr] = value;
		else if (dwarf_attr(&child, DW_AT_upper_bound, &mem) &&
			 !dwarf_formudata(&mem, &value))
			counts[nr] = value + 1;
		nr++;
	}
	while (nr > 1) {
		struct type *inner = xcalloc(1, sizeof(*inner));

		inner->kind = TYPE_ARRAY;
		inner->of = of;
		inner->count = counts[--nr];
		of = inner;
	}
	type->of = of;
	type->count = nr ? counts[0] : 0;
}

static void read_members(struct unit *unit, struct type *type, Dwarf_Die *node)
{
	Dwarf_Die child;

	for (int rc = dwarf_child(node, &child); !rc;
	     rc = dwarf_siblingof(&child, &child)) {
		switch (dwarf_tag(&child)) {
		case DW_TAG_member:
		case DW_TAG_formal_parameter:
			read_member(unit, type, &child);
			break;
		case DW_TAG_enumerator:
			read_enumerator(type, &child);
			break;
		case DW_TAG_unspecified_parameters:
			add_member(type)->type = xcalloc(1, sizeof(*type));
			break;
		}
	}
}

/* Without the directories of the build; splice-gen maps those of the source. */
static const char *decl_file(const struct unit *unit, Dwarf_Die *node)
{
	const char *file = dwarf_decl_file(node);
	size_t len = strlen(unit->comp_dir);

	if (!file)
		return NULL;
	if (len && !strncmp(file, unit->comp_dir, len) && file[len] == '/')
		file += len + 1;
	while (!strncmp(file, "./", 2))
		file += 2;
	return file;
}

static enum type_kind kind_of(const struct unit *unit, Dwarf_Die *node)
{
	switch (dwarf_tag(node)) {
	case DW_TAG_base_type:		return TYPE_BASE;
	case DW_TAG_unspecified_type:	return TYPE_VOID;
	case DW_TAG_pointer_type:	return TYPE_POINTER;
	case DW_TAG_array_type:		return TYPE_ARRAY;
	case DW_TAG_subroutine_type:	return TYPE_FUNCTION;
	case DW_TAG_structure_type:	return TYPE_STRUCT;
	case DW_TAG_union_type:		return TYPE_UNION;
	case DW_TAG_enumeration_type:	return TYPE_ENUM;
	case DW_TAG_typedef:		return TYPE_TYPEDEF;
	case DW_TAG_const_type:
	case DW_TAG_volatile_type:
	case DW_TAG_restrict_type:
	case DW_TAG_atomic_type:	return TYPE_QUALIFIED;
	}
	die(NULL, unit->path, "DIE 0x%llx: tag 0x%x is no type that is understood",
	    (unsigned long long)dwarf_dieoffset(node), dwarf_tag(node));
}

static void read_type(struct unit *unit, struct type *type, Dwarf_Die *node)
{
	int line = 0;

	type->kind = kind_of(unit, node);
	type->name = dwarf_diename(node);
	type->size = die_number(unit, node, DW_AT_byte_size, 0);
	type->align = die_number(unit, node, DW_AT_alignment, 0);
	type->encoding = die_number(unit, node, DW_AT_encoding, 0);
	type->declared = die_flag(node, DW_AT_declaration);
	type->file = decl_file(unit, node);
	dwarf_decl_line(node, &line);
	type->line = line;
	if (!type_is_aggregate(type) && type->kind != TYPE_BASE)
		type->of = die_type(unit, node);
	if (type->kind == TYPE_ARRAY)
		read_dimensions(unit, type, node);
	else
		read_members(unit, type, node);
}

static struct type *type_at(struct unit *unit, Dwarf_Die *node)
{
	Dwarf_Off offset = dwarf_dieoffset(node);
	struct type **head = &unit->hash[offset % TYPE_HASH_SIZE];
	struct type *type;

	for (type = *head; type; type = type->next) {
		if (type->offset == offset)
			return type;
	}
	type = xcalloc(1, sizeof(*type));
	type->offset = offset;
	type->next = *head;
	*head = type;
	read_type(unit, type, node);
	return type;
}

/**
 * die_type() - the type of what a DIE stands for
 * @unit: object
 * @node: DIE
 *
 * Return: the type, that of void if the DIE names none.
 */
struct type *die_type(struct unit *unit, Dwarf_Die *node)
{
	static struct type nothing = { .kind = TYPE_VOID };
	Dwarf_Attribute mem;
	Dwarf_Die target;

	if (!dwarf_attr_integrate(node, DW_AT_type, &mem))
		return &nothing;
	if (!dwarf_formref_die(&mem, &target))
		die(NULL, unit->path, "DIE 0x%llx: the reference to its type leads nowhere",
		    (unsigned long long)dwarf_dieoffset(node));
	return type_at(unit, &target);
}

/**
 * define_type() - note the definition of a type
 * @unit: object
 * @node: a type
 * @scope: function that it is defined in, or NULL
 *
 * A struct that has no name but that of a typedef is known by that one; types
 * that merely have another name by typedef are definitions of that name.
 */
void define_type(struct unit *unit, Dwarf_Die *node, const char *scope)
{
	struct type *type = type_at(unit, node);

	if (type->kind == TYPE_TYPEDEF &&
	    type_is_tagged(type_unqualified(type->of))) {
		const char *name = type->name;

		type = type_unqualified(type->of);
		if (type->name)
			return;
		type->name = name;
		type->by_typedef = true;
	} else if (type->kind != TYPE_TYPEDEF && !type_is_tagged(type)) {
		return;
	}
	if (!type->name || type->declared || type->noted)
		return;
	type->noted = true;
	type->scope = scope;
	unit->types = grow(unit->types, unit->nr_types, &unit->max_types,
			   sizeof(*unit->types));
	unit->types[unit->nr_types++] = type;
}

/**
 * types_order() - are two definitions of one name?
 * @a: definition
 * @b: definition
 *
 * Return: 0 if so, otherwise an order.
 */
int types_order(const struct type *a, const struct type *b)
{
	bool tag_a = type_is_tagged(a) && !a->by_typedef;
	bool tag_b = type_is_tagged(b) && !b->by_typedef;
	int order = strcmp(a->name, b->name);

	if (!order)
		order = strcmp(a->scope ?: "", b->scope ?: "");
	return order ?: tag_a - tag_b;
}

static int compare_types(const void *a, const void *b)
{
	const struct type *x = *(const struct type **)a;
	const struct type *y = *(const struct type **)b;

	return types_order(x, y) ?: (x->offset > y->offset) -
				    (x->offset < y->offset);
}

/**
 * types_sort() - put the definitions in order
 * @unit: object
 *
 * What the compiler noted again, with a copy of a function, counts once.
 */
void types_sort(struct unit *unit)
{
	size_t nr = 0;

	sort_array(unit->types, unit->nr_types, sizeof(*unit->types),
		   compare_types);
	for (size_t i = 0; i < unit->nr_types; i++) {
		struct type *type = unit->types[i];
		struct type *last = nr ? unit->types[nr - 1] : NULL;

		if (last && !types_order(last, type) &&
		    last->line == type->line && last->size == type->size)
			type->same = last;
		else
			unit->types[nr++] = type;
	}
	unit->nr_types = nr;
}
