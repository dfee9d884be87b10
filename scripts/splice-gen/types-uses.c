// SPDX-License-Identifier: GPL-2.0
/*
 * Reads an object: its types by types-load.c, and who has objects of them.
 *
 * A function's locals and parameters stand in its own DIE, in those of the
 * functions that were inlined into it, and, where the compiler made several
 * copies of a function, in the DIE that the copies refer to; all are taken
 * together. Called by types-main.c.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "splice-types.h"

/* Deeper than any source nests; a circle of references ends here. */
#define MAX_DEPTH	200

/* What is being walked through. */
struct walk {
	struct unit		*unit;
	struct function		*func;	/* that has the code, or NULL */
	const char		*scope;	/* name of the function of the source */
	bool			global;	/* that one is what other units call */
	int			depth;
};

static void walk_children(struct walk walk, Dwarf_Die *node);

static void add_local(struct function *func, struct local local)
{
	func->locals = grow(func->locals, func->nr_locals, &func->max_locals,
			    sizeof(*func->locals));
	func->locals[func->nr_locals++] = local;
}

/* Copies and definitions refer to what was there first. */
static Dwarf_Off first_offset(Dwarf_Die *node)
{
	Dwarf_Die at = *node;

	for (int i = 0; i < MAX_DEPTH; i++) {
		if (!die_refers(&at, DW_AT_abstract_origin, &at) &&
		    !die_refers(&at, DW_AT_specification, &at))
			break;
	}
	return dwarf_dieoffset(&at);
}

static void add_variable(const struct walk *walk, Dwarf_Die *node)
{
	struct unit *unit = walk->unit;
	struct variable var = {
		.name = dwarf_diename(node) ?: "(no name)",
		.scope = walk->scope,
		.type = die_type(unit, node),
		.declared = die_flag(node, DW_AT_declaration),
		.offset = first_offset(node),
	};

	for (size_t i = 0; i < unit->nr_vars; i++) {
		struct variable *other = &unit->vars[i];

		if (other->offset == var.offset) {
			/* The definition may know more, of an array say. */
			if (!var.declared) {
				other->type = var.type;
				other->declared = false;
			}
			return;
		}
		if (!strcmp(other->scope ?: "", var.scope ?: "") &&
		    !strcmp(other->name, var.name))
			var.nth++;
	}
	unit->vars = grow(unit->vars, unit->nr_vars, &unit->max_vars,
			  sizeof(*unit->vars));
	unit->vars[unit->nr_vars++] = var;
}

/* A variable of a function that has one address is static. */
static bool has_address(Dwarf_Die *node)
{
	Dwarf_Attribute mem;
	Dwarf_Op *ops;
	size_t nr;

	if (!dwarf_attr_integrate(node, DW_AT_location, &mem) ||
	    dwarf_getlocation(&mem, &ops, &nr) || !nr)
		return false;
	return ops[0].atom == DW_OP_addr &&
	       ops[nr - 1].atom != DW_OP_stack_value;
}

static void walk_variable(const struct walk *walk, Dwarf_Die *node)
{
	bool param = dwarf_tag(node) == DW_TAG_formal_parameter;

	if (!param && (!walk->scope || die_flag(node, DW_AT_external) ||
		       has_address(node)))
		add_variable(walk, node);
	else if (walk->func)
		add_local(walk->func, (struct local) {
			.type = die_type(walk->unit, node),
			.param = param,
			.handed = param && walk->global,
		});
}

static bool is_replaced(const struct unit *unit, Dwarf_Addr entry)
{
	for (size_t i = 0; i < unit->nr_replaced; i++) {
		if (unit->replaced[i] == entry)
			return true;
	}
	return false;
}

static struct function *add_function(struct unit *unit, Dwarf_Die *node,
				     Dwarf_Addr entry)
{
	struct function *func = xcalloc(1, sizeof(*func));

	func->name = dwarf_diename(node) ?: "(no name)";
	func->replaced = is_replaced(unit, entry);
	add_local(func, (struct local) {
		.type = die_type(unit, node),
		.returned = true,
	});
	unit->funcs = grow(unit->funcs, unit->nr_funcs, &unit->max_funcs,
			   sizeof(*unit->funcs));
	unit->funcs[unit->nr_funcs++] = func;
	return func;
}

static bool entry_of(Dwarf_Die *node, Dwarf_Addr *entry)
{
	Dwarf_Addr base, end;

	return !dwarf_entrypc(node, entry) ||
	       dwarf_ranges(node, 0, &base, entry, &end) > 0;
}

/* What the origin of a copy has on the stack, the copy has too. */
static void walk_origin(struct walk walk, Dwarf_Die *node)
{
	Dwarf_Die origin;

	if (die_refers(node, DW_AT_abstract_origin, &origin))
		walk_children(walk, &origin);
}

static void walk_function(struct walk walk, Dwarf_Die *node)
{
	Dwarf_Addr entry;

	walk.scope = dwarf_diename(node) ?: "(no name)";
	walk.func = NULL;
	if (!die_flag(node, DW_AT_declaration) && entry_of(node, &entry)) {
		walk.func = add_function(walk.unit, node, entry);
		walk.global = die_flag(node, DW_AT_external);
		walk_origin(walk, node);
	}
	walk_children(walk, node);
}

static void walk_inlined(struct walk walk, Dwarf_Die *node)
{
	walk.scope = dwarf_diename(node) ?: "(no name)";
	walk.global = false;
	if (walk.func)
		walk_origin(walk, node);
	walk_children(walk, node);
}

static void walk_die(struct walk walk, Dwarf_Die *node)
{
	switch (dwarf_tag(node)) {
	case DW_TAG_subprogram:
		walk_function(walk, node);
		break;
	case DW_TAG_inlined_subroutine:
		walk_inlined(walk, node);
		break;
	case DW_TAG_lexical_block:
		walk_children(walk, node);
		break;
	case DW_TAG_variable:
	case DW_TAG_formal_parameter:
		walk_variable(&walk, node);
		break;
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_typedef:
		define_type(walk.unit, node, walk.scope);
		break;
	}
}

static void walk_children(struct walk walk, Dwarf_Die *node)
{
	Dwarf_Die child;

	if (++walk.depth > MAX_DEPTH)
		die(NULL, walk.unit->path, "debug information is nested too deeply");
	for (int rc = dwarf_child(node, &child); !rc;
	     rc = dwarf_siblingof(&child, &child))
		walk_die(walk, &child);
}

/* In the addresses of the debug information, as are the entries of functions. */
static void find_replaced(struct unit *unit, Dwfl_Module *module, Dwarf_Addr bias,
			  const char *const *names, size_t nr)
{
	int nr_syms = dwfl_module_getsymtab(module);

	for (int i = 1; nr && i < nr_syms; i++) {
		GElf_Addr addr;
		GElf_Sym sym;
		const char *name;

		name = dwfl_module_getsym_info(module, i, &sym, &addr, NULL,
					       NULL, NULL);
		if (!name || GELF_ST_TYPE(sym.st_info) != STT_FUNC)
			continue;
		for (size_t j = 0; j < nr; j++) {
			if (strcmp(name, names[j]))
				continue;
			unit->replaced = grow(unit->replaced, unit->nr_replaced,
					      &unit->max_replaced,
					      sizeof(*unit->replaced));
			unit->replaced[unit->nr_replaced++] = addr - bias;
		}
	}
}

/* Relocations of the debug information are applied by libdwfl. */
static Dwarf *open_debug(struct unit *unit, const char *const *replaced,
			 size_t nr_replaced)
{
	static const Dwfl_Callbacks callbacks = {
		.section_address = dwfl_offline_section_address,
		.find_debuginfo	 = dwfl_standard_find_debuginfo,
	};
	Dwfl *dwfl = dwfl_begin(&callbacks);
	Dwfl_Module *module;
	Dwarf_Addr bias;
	Dwarf *debug;

	if (!dwfl)
		die(NULL, NULL, "libdw: %s", dwfl_errmsg(-1));
	module = dwfl_report_offline(dwfl, unit->path, unit->path, -1);
	if (!module || dwfl_report_end(dwfl, NULL, NULL))
		die(NULL, unit->path, "%s", dwfl_errmsg(-1));
	debug = dwfl_module_getdwarf(module, &bias);
	if (!debug)
		die(NULL, unit->path, "no debug information: %s", dwfl_errmsg(-1));
	find_replaced(unit, module, bias, replaced, nr_replaced);
	return debug;
}

/**
 * unit_open() - read an object
 * @path: object, compiled with debug information
 * @replaced: names of the functions that the update replaces
 * @nr_replaced: number of @replaced
 *
 * Return: the unit; the program ends if it cannot be read.
 */
struct unit *unit_open(const char *path, const char *const *replaced,
		       size_t nr_replaced)
{
	struct unit *unit = xcalloc(1, sizeof(*unit));
	Dwarf *debug;
	Dwarf_CU *cu = NULL;
	Dwarf_Die node;

	unit->path = path;
	debug = open_debug(unit, replaced, nr_replaced);
	while (!dwarf_get_units(debug, cu, &cu, NULL, NULL, &node, NULL)) {
		struct walk walk = { .unit = unit };
		Dwarf_Attribute mem = {};

		/* Assembly has no types. */
		if (dwarf_srclang(&node) == DW_LANG_Mips_Assembler)
			continue;
		unit->source = dwarf_diename(&node) ?: "";
		while (!strncmp(unit->source, "./", 2))
			unit->source += 2;
		dwarf_attr(&node, DW_AT_comp_dir, &mem);
		unit->comp_dir = dwarf_formstring(&mem) ?: "";
		walk_children(walk, &node);
	}
	if (!unit->source)
		die(NULL, path, "no debug information of C source");
	types_sort(unit);
	return unit;
}
