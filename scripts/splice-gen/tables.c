// SPDX-License-Identifier: GPL-2.0
/*
 * The tables of an update as arrays that grow, and numbers by name. Called by
 * all that make or read tables.
 */
#include <stdlib.h>
#include <string.h>

#include "tables.h"

/* Where struct tables keeps what it knows of each table. */
static const struct {
	const char	*section;
	size_t		row_size;
	size_t		rows;
	size_t		nr;
	size_t		max;
} layout[NR_TABLES] = {
#define TABLE_LAYOUT(name, type)			\
	[TABLE_##name] = {				\
		.section = LSP_SECTION_PREFIX #name,	\
		.row_size = sizeof(type),		\
		.rows = offsetof(struct tables, name),	\
		.nr = offsetof(struct tables, nr_##name), \
		.max = offsetof(struct tables, max_##name), \
	},
	LSP_TABLES(TABLE_LAYOUT)
#undef TABLE_LAYOUT
};

/**
 * table_section() - section that holds a table
 * @table: the table
 *
 * Return: its name.
 */
const char *table_section(enum table table)
{
	return layout[table].section;
}

/**
 * table_row_size() - size of a row
 * @table: the table
 *
 * Return: the size.
 */
size_t table_row_size(enum table table)
{
	return layout[table].row_size;
}

static void **rows_of(const struct tables *tables, enum table table)
{
	return (void **)((char *)tables + layout[table].rows);
}

static size_t *nr_of(const struct tables *tables, enum table table)
{
	return (size_t *)((char *)tables + layout[table].nr);
}

/**
 * table_rows() - all rows of a table
 * @tables: the tables
 * @table: which one
 * @nr: set to the number of rows
 *
 * Return: the rows.
 */
void *table_rows(const struct tables *tables, enum table table, size_t *nr)
{
	*nr = *nr_of(tables, table);
	return *rows_of(tables, table);
}

/**
 * table_set() - let a table be these rows
 * @tables: the tables
 * @table: which one; nothing may be added to it any more
 * @rows: the rows
 * @nr: number of rows
 */
void table_set(struct tables *tables, enum table table, void *rows, size_t nr)
{
	*rows_of(tables, table) = rows;
	*nr_of(tables, table) = nr;
}

/**
 * table_add() - add rows to a table
 * @tables: the tables
 * @table: which one
 * @rows: the rows
 * @nr: number of rows
 *
 * Return: index of the first of them.
 */
uint32_t table_add(struct tables *tables, enum table table, const void *rows,
		   size_t nr)
{
	size_t *max = (size_t *)((char *)tables + layout[table].max);
	size_t *used = nr_of(tables, table), first = *used;
	size_t size = layout[table].row_size;
	void **array = rows_of(tables, table);

	if (first + nr > UINT32_MAX)
		die(NULL, layout[table].section, "too large");
	if (first + nr > *max) {
		*max = 2 * (first + nr);
		*array = xrealloc(*array, *max, size);
	}
	if (nr)
		memcpy((char *)*array + first * size, rows, nr * size);
	*used += nr;
	return first;
}

/* FNV-1a. */
static size_t hash(const char *key)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	while (*key)
		h = (h ^ (unsigned char)*key++) * 0x100000001b3ULL;
	return h;
}

static struct map_slot *slot_of(const struct map *map, const char *key)
{
	size_t i = hash(key) & (map->nr_slots - 1);

	while (map->slots[i].key && strcmp(map->slots[i].key, key))
		i = (i + 1) & (map->nr_slots - 1);
	return &map->slots[i];
}

/**
 * map_find() - look a name up
 * @map: the map
 * @key: the name
 *
 * Return: where its number is kept, NULL if the name is not there.
 */
uint32_t *map_find(const struct map *map, const char *key)
{
	struct map_slot *slot;

	if (!map->nr_slots)
		return NULL;
	slot = slot_of(map, key);
	return slot->key ? &slot->value : NULL;
}

static void map_rehash(struct map *map)
{
	struct map bigger = {
		.nr_slots = map->nr_slots ? 2 * map->nr_slots : 256,
		.used = map->used,
	};

	bigger.slots = xcalloc(bigger.nr_slots, sizeof(*bigger.slots));
	for (size_t i = 0; i < map->nr_slots; i++) {
		if (map->slots[i].key)
			*slot_of(&bigger, map->slots[i].key) = map->slots[i];
	}
	free(map->slots);
	*map = bigger;
}

/**
 * map_add() - look a name up, add it if it is not there
 * @map: the map
 * @key: the name; copied
 * @value: its number if it is new
 *
 * Return: where its number is kept, until the next map_add().
 */
uint32_t *map_add(struct map *map, const char *key, uint32_t value)
{
	struct map_slot *slot;

	if (2 * (map->used + 1) > map->nr_slots)
		map_rehash(map);
	slot = slot_of(map, key);
	if (!slot->key) {
		slot->key = xasprintf("%s", key);
		slot->value = value;
		map->used++;
	}
	return &slot->value;
}

/**
 * tables_string() - offset of a string in the strings table
 * @tables: the tables
 * @string: the string; added unless it is there already
 *
 * The empty string is at offset 0.
 *
 * Return: the offset.
 */
uint32_t tables_string(struct tables *tables, const char *string)
{
	uint32_t *known;

	if (!tables->nr_strings && *string)
		tables_string(tables, "");
	known = map_find(&tables->known_strings, string);
	if (known)
		return *known;
	return *map_add(&tables->known_strings, string,
			table_add(tables, TABLE_strings, string,
				  strlen(string) + 1));
}
