// SPDX-License-Identifier: GPL-2.0
/*
 * splice-types: did the objects of a unit get another layout?
 *
 *   splice-types -a PRE.o -b POST.o [-r FUNCTIONS] [-l TYPE]...
 *
 * PRE and POST are one source before and after a change, compiled with debug
 * information, also of unused types. FUNCTIONS is a file with a line for each
 * function of PRE that the update replaces. TYPE is one that the author knows
 * of: its change is no reason to refuse.
 *
 * The report goes to stdout, a line each: `refuse layout`, `note`, and `author
 * TYPE` for each -l that was needed. Exit status as that of splice-elf. Started
 * by splice-gen, by hand, or by the tests.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "splice-types.h"

/* A list of words, from options or a file. */
struct words {
	const char	**word;
	size_t		nr;
	size_t		max;
};

static void add_word(struct words *words, const char *word)
{
	words->word = grow(words->word, words->nr, &words->max,
			   sizeof(*words->word));
	words->word[words->nr++] = word;
}

static void read_words(struct words *words, const char *path)
{
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	if (!file)
		die(NULL, path, "%s", strerror(errno));
	while ((len = getline(&line, &size, file)) > 0) {
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		add_word(words, xasprintf("%s", line));
	}
	free(line);
	fclose(file);
}

/* "struct foo" is meant by these words and by "foo". */
static bool has_word_of_author(const struct words *author, const char *where)
{
	bool found = false;

	for (size_t i = 0; i < author->nr; i++) {
		if (strcmp(author->word[i], where) &&
		    strcmp(author->word[i], strchr(where, ' ') + 1))
			continue;
		report("author", author->word[i], NULL);
		found = true;
	}
	return found;
}

/* "file.c:12: 8 -> 16 bytes" and a line for each member. */
static char *describe(const struct change *change)
{
	const struct type *old = change->old;
	unsigned long long size, new_size;

	if (!old || !type_is_aggregate(old))
		return xasprintf("%s%s%s%s%s", old && old->file ? old->file : "",
				 old && old->file ? ": " : "",
				 old ? "changed" : "another type",
				 change->text, change->notes);
	size = old->size;
	new_size = old->twin ? old->twin->size : size;
	if (size == new_size)
		return xasprintf("%s:%d: %llu bytes as before%s%s",
				 old->file ?: "", old->line, size, change->text,
				 change->notes);
	return xasprintf("%s:%d: %llu -> %llu bytes%s%s", old->file ?: "",
			 old->line, size, new_size, change->text, change->notes);
}

static void refuse_change(const struct change *change, const char *text,
			  const char *why)
{
	refuse(REASON_LAYOUT, change->where, "%s" TEXT_LINE
	       "there can be objects: %s" TEXT_LINE
	       "either keep the old layout and what is new elsewhere, found by the" TEXT_LINE
	       "address of the object (a shadow variable); or, if the new code is right" TEXT_LINE
	       "for the objects that exist as well, say so: --layout-ok '%s'",
	       text, why, change->where);
}

/* Whatever the change comes from, it has been dealt with. */
static bool causes_are_known(const struct unit *pre, const struct words *author,
			     const struct change *change)
{
	for (size_t i = 0; i < change->nr_causes; i++) {
		char *title = type_title(change->causes[i]);
		bool known = has_word_of_author(author, title);

		free(title);
		if (!known && type_lives(pre, change->causes[i]))
			return false;
	}
	return change->nr_causes;
}

static void judge(const struct unit *pre, const struct words *author,
		  const struct change *change)
{
	char *text = describe(change), *why;

	if (!change->own && !change->nr_causes) {
		report("note", change->where,
		       xasprintf("other names, same layout: %s", text), NULL);
		return;
	}
	why = change->old ? type_lives(pre, change->old) :
			    xasprintf("the variable itself");
	if (has_word_of_author(author, change->where))
		report("note", change->where,
		       xasprintf("another layout, known to the author: %s", text),
		       NULL);
	else if (!why)
		report("note", change->where,
		       xasprintf("another layout: %s" TEXT_LINE
				 "there are no objects: only functions that are replaced have some, on the stack",
				 text), NULL);
	else if (!change->own && causes_are_known(pre, author, change))
		report("note", change->where,
		       xasprintf("another layout of a part, known to the author: %s",
				 text), NULL);
	else
		refuse_change(change, text, why);
	free(text);
	free(why);
}

/* Values of an enum matter where objects have them. */
static bool is_member(const struct unit *unit, struct type *type)
{
	for (size_t i = 0; i < unit->nr_types; i++) {
		struct type *in = unit->types[i];

		for (size_t j = 0; type_is_aggregate(in) && j < in->nr_members; j++) {
			if (type_holds(in->members[j].type, type))
				return true;
		}
	}
	for (size_t i = 0; i < unit->nr_vars; i++) {
		if (type_holds(unit->vars[i].type, type))
			return true;
	}
	return false;
}

static void compare_types(const struct unit *pre, const struct words *author)
{
	for (size_t i = 0; i < pre->nr_types; i++) {
		struct type *old = pre->types[i];
		char *where = type_title(old);
		struct change *change = NULL;

		if (old->twin)
			change = type_change(old, old->twin);
		else if (old->verdict == VERDICT_CHANGED)
			refuse(REASON_LAYOUT, where,
			       "%s() defines it more or less often than before: which is which cannot be told",
			       old->scope ?: "the source");
		else if (type_is_aggregate(old) && !old->scope && old->file &&
			 !strcmp(old->file, pre->source))
			report("note", where,
			       "is gone: objects that exist stay as they are",
			       NULL);
		if (change && (old->kind != TYPE_ENUM || is_member(pre, old)))
			judge(pre, author, change);
		free(where);
	}
}

static const struct variable *find_variable(const struct unit *unit,
					    const struct variable *like)
{
	for (size_t i = 0; i < unit->nr_vars; i++) {
		const struct variable *var = &unit->vars[i];

		if (var->nth == like->nth && !strcmp(var->name, like->name) &&
		    !strcmp(var->scope ?: "", like->scope ?: ""))
			return var;
	}
	return NULL;
}

static void compare_variables(const struct unit *pre, const struct unit *post,
			      const struct words *author)
{
	for (size_t i = 0; i < pre->nr_vars; i++) {
		const struct variable *old = &pre->vars[i];
		const struct variable *new = find_variable(post, old);
		struct change *change = NULL;

		if (new && !old->declared && !new->declared)
			change = variable_change(old, new);
		if (change)
			judge(pre, author, change);
	}
}

/**
 * main() - compare two objects of one unit
 * @argc: number of arguments
 * @argv: arguments
 *
 * Return: exit status, see splice-elf.h.
 */
int main(int argc, char **argv)
{
	struct words replaced = {}, author = {};
	const char *before = NULL, *after = NULL;
	struct unit *pre, *post;
	int opt;

	while ((opt = getopt(argc, argv, "a:b:r:l:")) != -1) {
		switch (opt) {
		case 'a':
			before = optarg;
			break;
		case 'b':
			after = optarg;
			break;
		case 'r':
			read_words(&replaced, optarg);
			break;
		case 'l':
			add_word(&author, optarg);
			break;
		default:
			die_usage("unknown option");
		}
	}
	if (!before || !after || optind != argc)
		die_usage("splice-types -a PRE.o -b POST.o [-r FUNCTIONS] [-l TYPE]...");

	pre = unit_open(before, replaced.word, replaced.nr);
	post = unit_open(after, NULL, 0);
	types_pair(pre, post);
	compare_types(pre, &author);
	compare_variables(pre, post, &author);
	return nr_refused() ? EXIT_REFUSED : EXIT_OK;
}
