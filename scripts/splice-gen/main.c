// SPDX-License-Identifier: GPL-2.0
/*
 * The table of verbs. Started by splice-gen, by hand, or by the tests.
 */
#include <string.h>

#include "splice-elf.h"

static const struct verb {
	const char	*name;
	int		(*run)(int argc, char **argv);
	const char	*help;
} verbs[] = {
	{ "diff",	cmd_diff,	"what a change means for a running kernel" },
	{ "same",	cmd_same,	"is a compiled object that of the build?" },
	{ "finish",	cmd_finish,	"turn a linked module into an update" },
	{ "verify",	cmd_verify,	"read a finished update back and recount it" },
	{ "show",	cmd_show,	"what an update holds" },
	{ "reasons",	cmd_reasons,	"every reason for a refusal" },
};

static int usage(FILE *out)
{
	fprintf(out, "usage: splice-elf VERB ARGS\n");
	for (size_t i = 0; i < COUNT_OF(verbs); i++)
		fprintf(out, "  %-8s%s\n", verbs[i].name, verbs[i].help);
	return out == stdout ? EXIT_OK : EXIT_USAGE;
}

/**
 * main() - find the verb and run it
 * @argc: number of arguments
 * @argv: arguments; the verb sees its own name as argv[0]
 *
 * Return: exit status, see splice-elf.h.
 */
int main(int argc, char **argv)
{
	if (argc < 2)
		return usage(stderr);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))
		return usage(stdout);

	if (elf_version(EV_CURRENT) == EV_NONE)
		die(NULL, NULL, "libelf is too old: %s", elf_errmsg(-1));

	for (size_t i = 0; i < COUNT_OF(verbs); i++) {
		if (!strcmp(argv[1], verbs[i].name))
			return verbs[i].run(argc - 1, argv + 1);
	}
	return usage(stderr);
}
