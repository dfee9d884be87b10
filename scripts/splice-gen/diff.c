// SPDX-License-Identifier: GPL-2.0
/*
 * splice-elf diff: what a change of one unit means for a running kernel, and
 * the object with the new code.
 *
 *   splice-elf diff [-em] -u K -n UNIT.o -p PLAIN.o -a PRE.o -b POST.o -o OUT.o
 *
 * PLAIN is the object that the running kernel was linked from; PRE and POST
 * are the source before and after the change, compiled with a section for each
 * function and object; -m says that it is part of a module. The report goes to
 * stdout, see report() and refuse(). Called by main.c.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diff.h"

/* The compiler notes the source; the assembler does not. */
static bool is_assembly(const struct obj *obj)
{
	for_each_symbol(obj, sym) {
		if (sym->type == STT_FILE && !str_ends(sym->name, ".S") &&
		    !str_ends(sym->name, ".s"))
			return false;
	}
	return true;
}

static struct obj *open_compiled(const char *path)
{
	struct obj *obj = obj_open(path);

	for_each_section(obj, sec) {
		if (section_is(sec, KIND_OBJTOOL))
			die(obj, sec->name,
			    "made by objtool: compiler output is needed");
	}
	obj->assembly = is_assembly(obj);
	split_text(obj);
	items_make(obj);
	split_padding(obj);
	return obj;
}

static bool is_function(const struct item *item)
{
	return item->func && (section_is(item->sec, KIND_TEXT) ||
			      section_is(item->sec, KIND_FIXED_TEXT));
}

/* A function and its fragments change as one. */
static void find_changed(struct diff *d)
{
	for_each_item(d->post, item) {
		struct item *head;

		if (!is_function(item))
			continue;
		head = item_head(item);
		if (head->why)
			continue;
		if (item->twin)
			head->why = func_difference(item->twin, item);
		else if (head != item && head->twin)
			head->why = "new fragment";
	}
	for_each_item(d->pre, item) {
		struct item *head;

		if (!is_function(item))
			continue;
		head = item_head(item);
		if (head != item && head->twin && !item->twin &&
		    !head->twin->why)
			head->twin->why = "fragment gone";
	}
}

static void carry_changed(struct diff *d)
{
	for_each_item(d->post, item) {
		if (!is_function(item) || item != item_head(item) ||
		    !item->twin || !item->why)
			continue;
		check_replaced(d, item);
		carry_item(d, item);
	}
}

/* Other units of the update may use what is new and global. */
static void carry_new_globals(struct diff *d)
{
	for_each_item(d->post, item) {
		if (item->twin || !item_global(item))
			continue;
		if (is_function(item) || section_is(item->sec, KIND_DATA) ||
		    section_is(item->sec, KIND_PERCPU)) {
			check_new_global(d, item);
			carry_item(d, item);
		}
	}
}

static bool same_nameless(const struct item *a, const struct item *b)
{
	return !a->sym && a->sec->apart && same_contents(a, b);
}

/* Constants that pre has too are used there, not copied. */
static void find_old_constants(struct diff *d)
{
	for_each_item(d->post, item) {
		if (old_has_nameless(d, item)) {
			for_each_item(d->pre, old) {
				if (same_nameless(old, item))
					item->twin = old;
			}
		}
		if (item->twin || !item_is_constant(item))
			continue;
		for_each_item(d->pre, old) {
			if (old->sym && !old->func && !item->twin &&
			    !section_is(old->sec, KIND_INIT) &&
			    !strcmp(old->base, item->base) &&
			    same_contents(old, item))
				item->twin = old;
		}
	}
}

static const char *new_object_why(const struct item *item)
{
	if (item->why)
		return xasprintf("it %s: takes the place of the old one",
				 item->why);
	return item_is_copied(item) ? "own copy" : "not in the running kernel";
}

static void report_items(struct diff *d)
{
	for_each_item(d->post, item) {
		if (!item->carried || !item->sym || item->parent)
			continue;
		if (item->func && item->twin)
			report("func", "replaced", item_name(item), item->why,
			       item_name(item->twin), NULL);
		else if (item->func)
			report("func", "new", item_name(item),
			       "not in the running kernel", NULL);
		else
			report("data", "new", item_name(item),
			       new_object_why(item), NULL);
	}
	for_each_item(d->pre, item) {
		if (item->twin || !item->sym || item->parent ||
		    item->superseded || item->sym->type == STT_NOTYPE)
			continue;
		if (is_function(item))
			report("func", "removed", item_name(item),
			       "stays as it is", NULL);
		else if (section_is(item->sec, KIND_DATA) &&
			 !name_is_numbered(item->sym->name) &&
			 name_class(item) == NAME_PLAIN)
			report("data", "removed", item_name(item),
			       "stays as it is", NULL);
	}
}

/* What is not understood must not concern what is replaced. */
static void check_unknown(struct diff *d)
{
	for_each_section(d->post, sec) {
		if (sec->kind)
			continue;
		for_each_reloc(sec, rel) {
			struct ref ref = reloc_ref(rel);
			char *place;

			if (ref.kind == REF_ITEM && !item_head(ref.item)->carried)
				continue;
			if (ref.kind != REF_ITEM && ref.kind != REF_BAD)
				continue;
			place = reloc_place(rel);
			refuse(REASON_SECTION, place,
			       "section %s is not understood and refers to %s",
			       sec->name, ref.item ? item_name(ref.item) :
						     symbol_name(rel->sym));
			free(place);
		}
	}
}

static bool anything_carried(const struct diff *d)
{
	for_each_item(d->post, item) {
		if (item->carried || item->rewritten)
			return true;
	}
	return false;
}

static void emit_flags(struct diff *d)
{
	struct link_flags row = {
		.flags = d->pinned ? LSP_INFO_PINNED : 0,
	};
	struct section *sec;

	sec = obj_add_section(d->out, LINK_FLAGS_SECTION, SHT_PROGBITS, 0, 4,
			      0);
	section_append(sec, &row, sizeof(row), 4);
}

static int run(struct diff *d, const char *path)
{
	ids_correlate(d);
	correlate(d->pre, d->post);
	supersede_objects(d);
	find_changed(d);
	compare_rest(d->pre, d->post);
	find_old_constants(d);
	compare_objects(d);
	carry_changed(d);
	carry_new_globals(d);
	find_hooks(d);
	note_boot_only(d);
	check_names(d);
	check_odd(d);
	check_entered(d);
	find_relaxed(d);
	if (!anything_carried(d) && !nr_refused())
		return EXIT_NO_CHANGE;

	report_items(d);
	if (d->explain)
		explain(d);
	check_unknown(d);
	old_contents_make(d);
	emit(d);
	emit_hooks(d);
	emit_exports(d);
	find_pinned(d);
	emit_flags(d);
	if (nr_refused())
		return EXIT_REFUSED;
	obj_write(d->out, path);
	return EXIT_OK;
}

/**
 * cmd_diff() - the verb
 * @argc: number of arguments
 * @argv: arguments
 *
 * Return: exit status, see splice-elf.h.
 */
int cmd_diff(int argc, char **argv)
{
	const char *plain = NULL, *pre = NULL, *post = NULL, *out = NULL;
	struct diff d = { .unit = UINT32_MAX };
	char *end;
	int opt;

	while ((opt = getopt(argc, argv, "emu:n:p:a:b:o:w:")) != -1) {
		switch (opt) {
		case 'e':
			d.explain = true;
			break;
		case 'm':
			d.module = true;
			break;
		case 'u':
			d.unit = strtoul(optarg, &end, 10);
			if (!*optarg || *end)
				die_usage("diff: -u %s: not a number", optarg);
			break;
		case 'n':
			d.unit_name = optarg;
			break;
		case 'p':
			plain = optarg;
			break;
		case 'a':
			pre = optarg;
			break;
		case 'b':
			post = optarg;
			break;
		case 'o':
			out = optarg;
			break;
		case 'w':
			d.names_path = optarg;
			break;
		default:
			die_usage("diff: unknown option");
		}
	}
	if (d.unit == UINT32_MAX || !d.unit_name || !plain || !pre || !post ||
	    !out || optind != argc)
		die_usage("diff [-em] [-w NAMES] -u K -n UNIT -p PLAIN -a PRE -b POST -o OUT");

	d.plain = obj_open(plain);
	items_make(d.plain);
	d.pre = open_compiled(pre);
	d.post = open_compiled(post);
	d.out = obj_new();
	return run(&d, out);
}
