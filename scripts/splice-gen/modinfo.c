// SPDX-License-Identifier: GPL-2.0
/*
 * What a part of an update is called, and what its .modinfo says. Called by
 * finish.c, imports.c, verify.c and view.c.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tables.h"

#define DEPENDS	"depends="

/* Longest name of a module, MODULE_NAME_LEN without its NUL. */
#define MODULE_NAME_MAX	55

/**
 * part_name() - name of the module that is a part of an update
 * @update: name of the update
 * @object: what the part is for
 *
 * Return: the name, allocated; NULL if it is too long for a module.
 */
char *part_name(const char *update, const char *object)
{
	char *name;

	if (!strcmp(object, LSP_VMLINUX))
		name = xasprintf("%s", update);
	else
		name = xasprintf("%s_%s", update, object);
	if (strlen(name) <= MODULE_NAME_MAX)
		return name;
	free(name);
	return NULL;
}

/**
 * is_update_name() - can an update be called so?
 * @name: the name
 *
 * Return: true if so.
 */
bool is_update_name(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)name[i]) && name[i] != '_')
			return false;
	}
	return len && len <= LSP_NAME_MAX;
}

/**
 * is_module_path() - is it the path of a module in a build tree?
 * @path: path without its ending, as in Module.symvers
 * @object: name of the module
 *
 * Return: true if so.
 */
bool is_module_path(const char *path, const char *object)
{
	const char *base = strrchr(path, '/');

	for (base = base ? base + 1 : path; *base && *object; base++, object++) {
		if (*base != *object && (*base != '-' || *object != '_'))
			return false;
	}
	return *base == *object;
}

/* The entry at @at, whose length is set; NULL at the end. */
static char *entry_at(const struct section *info, uint64_t at, size_t *len)
{
	if (!info || at >= info->size)
		return NULL;
	*len = strnlen((char *)info->data + at, info->size - at);
	return (char *)info->data + at;
}

/**
 * modinfo_has() - is there this entry?
 * @ko: a module
 * @entry: "key=value"
 *
 * Return: true if so.
 */
bool modinfo_has(const struct obj *ko, const char *entry)
{
	const struct section *info = obj_section(ko, ".modinfo");
	size_t len, wanted = strlen(entry);
	const char *found;

	for (uint64_t at = 0; (found = entry_at(info, at, &len)); at += len + 1) {
		if (len == wanted && !memcmp(found, entry, len))
			return true;
	}
	return false;
}

/* The list without one name; allocated. */
static char *list_without(const char *list, const char *name)
{
	char *rest = xasprintf("%s", list), *result = xasprintf("%s", ""), *word;

	for (char *p = rest; (word = strsep(&p, ","));) {
		char *longer;

		if (!*word || !strcmp(word, name))
			continue;
		longer = xasprintf("%s%s%s", result, *result ? "," : "", word);
		free(result);
		result = longer;
	}
	free(rest);
	return result;
}

/**
 * modinfo_set_depends() - correct the list of modules that a part needs
 * @ko: the part
 * @target: name that does not belong there: the part is for it, and must be
 *	able to come before it is complete
 * @first: the first part of the update, which has to be loaded before
 *
 * The old entry becomes padding, which every reader skips.
 */
void modinfo_set_depends(struct obj *ko, const char *target, const char *first)
{
	struct section *info = obj_section(ko, ".modinfo");
	size_t len, key = strlen(DEPENDS);
	char *found, *list = NULL, *entry;

	for (uint64_t at = 0; (found = entry_at(info, at, &len)); at += len + 1) {
		char *text, *others;

		if (len < key || memcmp(found, DEPENDS, key))
			continue;
		text = xasprintf("%.*s", (int)(len - key), found + key);
		others = list_without(text, target);
		list = list_without(others, first);
		memset(found, 0, len);
		free(others);
		free(text);
	}
	if (!list)
		die(ko, ".modinfo", "does not say what the module depends on");
	entry = xasprintf(DEPENDS "%s%s%s", first, *list ? "," : "", list);
	section_append(info, entry, strlen(entry) + 1, 1);
	free(entry);
	free(list);
}
