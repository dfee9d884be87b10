// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: what the symbol tables say of a name: that of the kernel image,
 * and that of the module that a part is for. Called by match.c, values.c,
 * load.c and x86_sites.c while a part is being loaded.
 *
 * The kernel image has its names sorted, modules have not, and matching asks
 * for thousands of them. So those of the target are sorted once; it stays
 * loaded as long as the part does.
 */
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "match.h"

/*
 * What initialises the target is still there if it has just come. It is never
 * looked at: it is about to be freed, and is not there when a part is matched
 * later.
 */
static bool lsp_name_stays(const struct lsp_names *names, unsigned long addr)
{
	return !within_module_init(addr, names->target);
}

static int lsp_name_count(void *data, const char *name, unsigned long addr)
{
	struct lsp_names *names = data;

	names->nr += lsp_name_stays(names, addr);
	return 0;
}

struct lsp_name_filler {
	struct lsp_names	*names;
	unsigned int		nr;
};

static int lsp_name_fill(void *data, const char *name, unsigned long addr)
{
	struct lsp_name_filler *filler = data;

	if (!lsp_name_stays(filler->names, addr))
		return 0;
	if (filler->nr == filler->names->nr)
		return -ENOSPC;
	filler->names->names[filler->nr++] = (struct lsp_name) { name, addr };
	return 0;
}

static int lsp_name_cmp(const void *a, const void *b)
{
	const struct lsp_name *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	if (order)
		return order;
	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/**
 * lsp_names_init() - make the names of an object ready to be looked up
 * @names: to be filled in; ends with lsp_names_free()
 * @target: the module, from livesplice_use_target(): its table stays as it is;
 *	NULL for the kernel image
 *
 * Context: may sleep; takes module_mutex.
 * Return: false without memory.
 */
bool lsp_names_init(struct lsp_names *names, struct module *target)
{
	struct lsp_name_filler filler = { .names = names };

	*names = (struct lsp_names) { .target = target };
	if (!target)
		return true;
	module_kallsyms_on_each_symbol(target->name, lsp_name_count, names);
	names->names = kvcalloc(names->nr, sizeof(*names->names), GFP_KERNEL);
	if (!names->names && names->nr)
		return false;
	module_kallsyms_on_each_symbol(target->name, lsp_name_fill, &filler);
	names->nr = filler.nr;
	sort(names->names, names->nr, sizeof(*names->names), lsp_name_cmp, NULL);
	return true;
}

/**
 * lsp_names_free() - forget the names
 * @names: what lsp_names_init() filled in, also if it failed
 */
void lsp_names_free(struct lsp_names *names)
{
	kvfree(names->names);
	names->names = NULL;
	names->nr = 0;
}

struct lsp_found {
	unsigned long	*addrs;
	unsigned int	max;
	unsigned int	nr;
};

static int lsp_found_one(void *data, unsigned long addr)
{
	struct lsp_found *found = data;

	if (found->nr < found->max)
		found->addrs[found->nr] = addr;
	found->nr++;
	return 0;
}

static void lsp_each_in_module(const struct lsp_names *names, const char *name,
			       int (*fn)(void *data, unsigned long addr),
			       void *data)
{
	unsigned int low = 0, high = names->nr, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (strcmp(names->names[mid].name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < names->nr && !strcmp(names->names[low].name, name); low++)
		fn(data, names->names[low].addr);
}

/* All symbols of a name in the object that a part is for, in address order. */
static void lsp_each_own(const struct lsp_names *names, const char *name,
			 int (*fn)(void *data, unsigned long addr), void *data)
{
	if (names->target)
		lsp_each_in_module(names, name, fn, data);
	else
		kallsyms_on_each_match_symbol(fn, name, data);
}

/**
 * lsp_names_own() - all symbols of a name in the object that a part is for
 * @names: the names
 * @name: the name
 * @addrs: the first @max addresses, in address order
 * @max: room in @addrs
 *
 * Context: may sleep.
 * Return: how many there are, which may be more than @max.
 */
unsigned int lsp_names_own(const struct lsp_names *names, const char *name,
			   unsigned long *addrs, unsigned int max)
{
	struct lsp_found found = { .addrs = addrs, .max = max };

	lsp_each_own(names, name, lsp_found_one, &found);
	return found.nr;
}

/**
 * lsp_names_seen() - all symbols of a name that code of the object may mean
 * @names: the names
 * @name: the name
 * @addrs: the first @max addresses
 * @max: room in @addrs
 *
 * Code of a module also uses what the kernel image has.
 *
 * Context: may sleep.
 * Return: how many there are, which may be more than @max.
 */
unsigned int lsp_names_seen(const struct lsp_names *names, const char *name,
			    unsigned long *addrs, unsigned int max)
{
	struct lsp_found found = { .addrs = addrs, .max = max };

	if (names->target)
		lsp_each_in_module(names, name, lsp_found_one, &found);
	kallsyms_on_each_match_symbol(lsp_found_one, name, &found);
	return found.nr;
}

struct lsp_below {
	const char		*name;
	struct lsp_found	found;
};

static int lsp_below_one(void *data, const char *name, unsigned long addr)
{
	struct lsp_below *below = data;

	if (!strcmp(name, below->name))
		lsp_found_one(&below->found, addr);
	return 0;
}

/**
 * lsp_names_below() - all symbols of a name in what a part stands on
 * @part: the part, may be NULL
 * @name: the name
 * @addrs: the first @max addresses
 * @max: room in @addrs
 *
 * Context: may sleep; takes module_mutex.
 * Return: how many there are, which may be more than @max.
 */
unsigned int lsp_names_below(const struct lsp_part *part, const char *name,
			     unsigned long *addrs, unsigned int max)
{
	struct lsp_below below = {
		.name = name, .found = { .addrs = addrs, .max = max },
	};
	unsigned int i;

	for (i = 0; part && i < part->nr_stands; i++)
		module_kallsyms_on_each_symbol(part->stands[i]->mod->name,
					       lsp_below_one, &below);
	return below.found.nr;
}

struct lsp_place {
	unsigned long	addr;
	unsigned int	pos;
	bool		found;
};

static int lsp_place_one(void *data, unsigned long addr)
{
	struct lsp_place *place = data;

	place->pos += addr <= place->addr;
	place->found |= addr == place->addr;
	return 0;
}

/**
 * lsp_names_pos() - which of its name a symbol is
 * @names: the names
 * @name: the name
 * @addr: the symbol's address
 *
 * Context: may sleep.
 * Return: position in address order among the symbols of the object with this
 * name, from 1; 0 if there is none at @addr.
 */
unsigned int lsp_names_pos(const struct lsp_names *names, const char *name,
			   unsigned long addr)
{
	struct lsp_place place = { .addr = addr };

	lsp_each_own(names, name, lsp_place_one, &place);
	return place.found ? place.pos : 0;
}

/**
 * lsp_names_at() - is this the name of what begins at an address?
 * @addr: the address
 * @name: the name
 *
 * For what neither the kernel image nor the target has: exports of another
 * module.
 *
 * Return: true if the symbol table has it so.
 */
bool lsp_names_at(unsigned long addr, const char *name)
{
	unsigned long size, offset;
	char symbol[KSYM_NAME_LEN];

	/* What follows finds the name of any address inside as well. */
	if (!kallsyms_lookup_size_offset(addr, &size, &offset) || offset)
		return false;
	return !lookup_symbol_name(addr, symbol) && !strcmp(symbol, name);
}
