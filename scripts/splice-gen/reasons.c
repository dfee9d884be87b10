// SPDX-License-Identifier: GPL-2.0
/*
 * The words of refusals, and `splice-elf reasons`, which tells them to the
 * script. Called by diag.c, main.c.
 */
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
 * reason_word() - the word of a reason
 * @reason: reason
 *
 * Return: the word.
 */
const char *reason_word(enum reason reason)
{
	if (reason == REASON_NONE || reason >= COUNT_OF(rows))
		die(NULL, NULL, "internal error: no such reason: %u", reason);
	return rows[reason].word;
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
