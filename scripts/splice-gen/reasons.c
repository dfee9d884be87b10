// SPDX-License-Identifier: GPL-2.0
/*
 * The words of refusals, and `splice-elf reasons`, which tells them to the
 * script. Called by diag.c, main.c.
 */
#include <string.h>

#include "splice-elf.h"

#define REASON_ROW(sym, word, meaning, advice) \
	[REASON_##sym] = { word, meaning, advice },
static const struct reason_row {
	const char	*word;
	const char	*meaning;
	const char	*advice;
} rows[] = {
	GEN_REASONS(REASON_ROW)
};

#undef REASON_ROW

/**
 * reason_is_known() - is it one of the table's words?
 * @word: the word
 *
 * Return: true if so.
 */
bool reason_is_known(const char *word)
{
	for (size_t i = REASON_NONE + 1; i < COUNT_OF(rows); i++) {
		if (!strcmp(rows[i].word, word))
			return true;
	}
	return false;
}

/**
 * cmd_reasons() - print the table: word, meaning and advice between tabs
 * @argc: number of arguments
 * @argv: arguments: none
 *
 * Return: exit status, see splice-elf.h.
 */
int cmd_reasons(int argc, char **argv)
{
	if (argc != 1)
		die_usage("%s takes no argument", argv[0]);
	for (size_t i = REASON_NONE + 1; i < COUNT_OF(rows); i++)
		printf("%s\t%s\t%s\n", rows[i].word, rows[i].meaning,
		       rows[i].advice);
	return EXIT_OK;
}
