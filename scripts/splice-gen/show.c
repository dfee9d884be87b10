// SPDX-License-Identifier: GPL-2.0
/*
 * `splice-elf show`: what an update holds, for people or as one JSON object.
 * Called by splice-gen --show, and by hand.
 *
 * With --pre it shows what finish would make of plain pre objects: how many
 * rows each table gets. That is for tests, which run it over whole kernels.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "tables.h"

static const char usage[] =
	"splice-elf show [--json] UPDATE.ko; for tests: show --pre OBJECT.o...";

/* Length of the UTF-8 character that is not ASCII at @s, 0 if there is none. */
static size_t utf8_length(const unsigned char *s, size_t len)
{
	size_t n = *s >= 0xf0 && *s <= 0xf4 ? 4 : *s >= 0xe0 ? 3 : 2;

	if (*s < 0xc2 || *s > 0xf4 || n > len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

/*
 * A string of JSON, with what must not stand in one escaped. Patches may hold
 * bytes of another encoding: those are taken for Latin 1.
 */
static void put_json(const char *text, size_t len)
{
	putchar('"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = text[i];
		size_t n = utf8_length((const unsigned char *)text + i,
				       len - i);

		if (n) {
			printf("%.*s", (int)n, text + i);
			i += n - 1;
			continue;
		}
		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c == '\n')
			fputs("\\n", stdout);
		else if (c == '\t')
			fputs("\\t", stdout);
		else if (c < 0x20 || c >= 0x7f)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void put_key(const char *before, const char *key, const char *value)
{
	printf("%s\"%s\":", before, key);
	put_json(value, strlen(value));
}

static const struct section *patch_of(const struct obj *ko)
{
	return obj_section(ko, LSP_SECTION_PREFIX "patch");
}

/* A symbol belongs to the unit of the section it is defined in. */
static uint32_t unit_of(const struct tables *v, uint32_t symbol)
{
	return v->sections[v->symbols[symbol].section].unit;
}

/* What becomes of a function. */
static const char *func_change(const struct lsp_func *func)
{
	if (func->flags & LSP_FUNC_FRAGMENT)
		return "fragment";
	if (func->flags & LSP_FUNC_READER)
		return "reader";
	return func->flags & LSP_FUNC_RELAXED ? "relaxed" : "replaced";
}

/* The row of an import, LSP_NONE for symbols that are none. */
static uint32_t import_of(const struct tables *v, const struct symbol *sym)
{
	unsigned long row;
	char *end;

	if (!symbol_is_undef(sym) || !str_starts(sym->name, LSP_IMPORT_PREFIX))
		return LSP_NONE;
	row = strtoul(sym->name + strlen(LSP_IMPORT_PREFIX), &end, 10);
	return *end || row >= v->nr_symbols ? LSP_NONE : row;
}

static const char *const_kind(const struct lsp_const *c)
{
	static const char * const words[] = { "pointer", "shift", "mask" };

	return words[c->kind - LSP_SITE_RUNTIME_PTR];
}

/* text */

static void print_functions(const struct tables *v, size_t unit)
{
	for (size_t i = 0; i < v->nr_funcs; i++) {
		const struct lsp_func *func = &v->funcs[i];
		const struct lsp_symbol *sym = &v->symbols[func->symbol];
		const char *name = view_string(v, sym->name);

		if (unit_of(v, func->symbol) != unit)
			continue;
		if (func->flags)
			printf("    %s %s (%u bytes)\n", func_change(func),
			       name, sym->size);
		else
			printf("    replaces %s (%u bytes, new %u)\n", name,
			       sym->size, func->size);
	}
}

static void print_datas(const struct tables *v, size_t unit)
{
	for (size_t i = 0; i < v->nr_datas; i++) {
		uint32_t symbol = v->datas[i].symbol;

		if (unit_of(v, symbol) == unit)
			printf("    rewrites %s (%u bytes)\n",
			       view_string(v, v->symbols[symbol].name),
			       v->symbols[symbol].size);
	}
}

/* The function that a row leads to. */
static const char *hook_name(const struct obj *ko, const struct lsp_hook *hook)
{
	const struct section *sec = obj_section_at(ko, hook->shndx);

	for (size_t i = 0; sec && i < sec->nr_syms; i++) {
		if (sec->syms[i]->type == STT_FUNC &&
		    sec->syms[i]->value == hook->offset)
			return sec->syms[i]->name;
	}
	return "nothing";
}

static void print_hooks(const struct obj *ko, const struct tables *v,
			size_t unit)
{
	for (size_t i = 0; i < v->nr_hooks; i++) {
		if (v->hooks[i].unit == unit)
			printf("    hook %s %s\n", hook_word(v->hooks[i].kind),
			       hook_name(ko, &v->hooks[i]));
	}
}

static void print_object(const struct obj *ko, const struct tables *v)
{
	printf("object %s\n", view_string(v, v->info->object));
	for (size_t i = 0; i < v->nr_units; i++) {
		printf("  unit %s\n", view_string(v, v->units[i].name));
		print_functions(v, i);
		print_datas(v, i);
		print_hooks(ko, v, i);
	}
	for (size_t i = 0; i < v->nr_targets; i++)
		printf("target %s\n", view_string(v, v->targets[i].object));
	for (size_t i = 0; i < v->nr_replaces; i++)
		printf("replaces %s\n", view_string(v, v->replaces[i].name));
}

/* The id, in hex; allocated. */
static char *id_text(const struct lsp_info *info)
{
	char *text = xcalloc(2 * LSP_ID_SIZE + 1, 1);

	for (size_t i = 0; i < LSP_ID_SIZE; i++)
		sprintf(text + 2 * i, "%02x", info->id[i]);
	return text;
}

static void print_text(const struct obj *ko, const struct tables *v)
{
	const struct section *patch = patch_of(ko);
	char *id = id_text(v->info);

	printf("update %s\n", view_string(v, v->info->name));
	printf("id %s\n", id);
	free(id);
	printf("description %s\n", view_string(v, v->info->description));
	printf("release %s\n", view_string(v, v->info->release));
	printf("format %u\n", v->info->version);
	printf("flags%s%s%s\n", v->info->flags ? "" : " none",
	       v->info->flags & LSP_INFO_PINNED ? " pinned" : "",
	       v->info->flags & LSP_INFO_BASED ? " based" : "");
	print_object(ko, v);
	for_each_symbol(ko, sym) {
		uint32_t row = import_of(v, sym);
		char *name;

		if (row == LSP_NONE)
			continue;
		name = view_symbol(v, row);
		printf("import %s\n", name);
		free(name);
	}
	for (size_t i = 0; i < v->nr_consts; i++) {
		char *name = view_symbol(v, v->consts[i].symbol);

		printf("const %s %s\n", const_kind(&v->consts[i]), name);
		free(name);
	}
	if (!patch || !patch->size)
		return;
	printf("patch\n");
	fwrite(patch->data, 1, patch->size, stdout);
	if (patch->data[patch->size - 1] != '\n')
		putchar('\n');
}

/* JSON */

/* The same objects as in the report of splice-gen, see its --json. */
static void json_functions(const struct tables *v)
{
	const char *before = "";

	printf(",\"functions\":[");
	for (size_t i = 0; i < v->nr_funcs; i++) {
		const struct lsp_func *func = &v->funcs[i];
		const struct lsp_symbol *sym = &v->symbols[func->symbol];
		uint32_t unit = unit_of(v, func->symbol);

		printf("%s{", before);
		put_key("", "name", view_string(v, sym->name));
		put_key(",", "unit", view_string(v, v->units[unit].name));
		put_key(",", "change", func_change(func));
		printf(",\"size\":%u,\"new_size\":%u}", sym->size, func->size);
		before = ",";
	}
	putchar(']');
}

static void json_datas(const struct tables *v)
{
	const char *before = "";

	printf(",\"data\":[");
	for (size_t i = 0; i < v->nr_datas; i++) {
		uint32_t symbol = v->datas[i].symbol;
		uint32_t unit = unit_of(v, symbol);

		printf("%s{", before);
		put_key("", "name", view_string(v, v->symbols[symbol].name));
		put_key(",", "unit", view_string(v, v->units[unit].name));
		put_key(",", "change", "rewritten");
		printf(",\"size\":%u}", v->symbols[symbol].size);
		before = ",";
	}
	putchar(']');
}

static void json_hooks(const struct obj *ko, const struct tables *v)
{
	const char *before = "";

	printf(",\"hooks\":[");
	for (size_t i = 0; i < v->nr_hooks; i++) {
		const struct lsp_hook *hook = &v->hooks[i];

		printf("%s{", before);
		put_key("", "name", hook_name(ko, hook));
		put_key(",", "unit", view_string(v, v->units[hook->unit].name));
		put_key(",", "kind", hook_word(hook->kind));
		putchar('}');
		before = ",";
	}
	putchar(']');
}

/* One more string of an array; @comma is "" at its beginning. */
static void put_item(const char **comma, const char *text)
{
	fputs(*comma, stdout);
	put_json(text, strlen(text));
	*comma = ",";
}

static void json_object(const struct obj *ko, const struct tables *v)
{
	const char *comma = "";

	printf(",\"objects\":[{");
	put_key("", "object", view_string(v, v->info->object));
	printf(",\"units\":[");
	for (size_t i = 0; i < v->nr_units; i++)
		put_item(&comma, view_string(v, v->units[i].name));
	putchar(']');
	json_functions(v);
	json_datas(v);
	json_hooks(ko, v);
	printf("}],\"targets\":[");
	comma = "";
	for (size_t i = 0; i < v->nr_targets; i++)
		put_item(&comma, view_string(v, v->targets[i].object));
	printf("],\"replaces\":[");
	comma = "";
	for (size_t i = 0; i < v->nr_replaces; i++)
		put_item(&comma, view_string(v, v->replaces[i].name));
	putchar(']');
}

static void print_json(const struct obj *ko, const struct tables *v)
{
	const struct section *patch = patch_of(ko);
	const char *before = "";
	char *id = id_text(v->info);

	putchar('{');
	put_key("", "update", view_string(v, v->info->name));
	put_key(",", "id", id);
	free(id);
	put_key(",", "description", view_string(v, v->info->description));
	put_key(",", "release", view_string(v, v->info->release));
	printf(",\"format\":%u,\"pinned\":%s,\"based\":%s", v->info->version,
	       v->info->flags & LSP_INFO_PINNED ? "true" : "false",
	       v->info->flags & LSP_INFO_BASED ? "true" : "false");
	json_object(ko, v);
	printf(",\"imports\":[");
	for_each_symbol(ko, sym) {
		uint32_t row = import_of(v, sym);
		char *name;

		if (row == LSP_NONE)
			continue;
		name = view_symbol(v, row);
		fputs(before, stdout);
		put_json(name, strlen(name));
		free(name);
		before = ",";
	}
	printf("],\"consts\":[");
	before = "";
	for (size_t i = 0; i < v->nr_consts; i++) {
		char *name = view_symbol(v, v->consts[i].symbol);

		printf("%s{", before);
		put_key("", "name", name);
		put_key(",", "kind", const_kind(&v->consts[i]));
		putchar('}');
		free(name);
		before = ",";
	}
	printf("],\"patch\":");
	put_json(patch ? (const char *)patch->data : "",
		 patch ? patch->size : 0);
	printf("}\n");
}

/* kind, section, offset, length, first argument */
static void print_sites(const struct tables *t, const struct lsp_section *sec)
{
	for (uint32_t i = sec->first_site;
	     i < sec->first_site + sec->nr_sites; i++)
		printf("site\t%u\t%s\t0x%x\t%u\t%u\n", t->sites[i].kind,
		       t->strings + sec->name, t->sites[i].offset,
		       t->sites[i].length, t->sites[i].arg[0]);
}

/* What finish would make of plain pre objects. */
static int show_pre(int argc, char **argv)
{
	struct pre pre = { };

	for (int i = 0; i < argc; i++)
		pre_add_unit(&pre, i, argv[i], argv[i]);
	pre_make(&pre);
	if (nr_refused())
		return EXIT_REFUSED;
	for (enum table i = 0; i < NR_TABLES; i++) {
		size_t nr;

		table_rows(&pre.tables, i, &nr);
		if (nr)
			printf("%s\t%zu\n", table_section(i), nr);
	}
	for (size_t i = 0; i < pre.tables.nr_sections; i++)
		print_sites(&pre.tables, &pre.tables.sections[i]);
	return EXIT_OK;
}

/**
 * cmd_show() - print what an update holds
 * @argc: number of arguments
 * @argv: see usage
 *
 * Return: EXIT_OK, EXIT_BAD_INPUT if it is no update.
 */
int cmd_show(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "pre", no_argument, NULL, 'p' },
		{ }
	};
	bool json = false, pre = false;
	const struct tables *v;
	const struct obj *ko;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		json |= c == 'j';
		pre |= c == 'p';
		if (c == '?')
			die_usage("%s", usage);
	}
	if (pre && optind < argc)
		return show_pre(argc - optind, argv + optind);
	if (pre || optind + 1 != argc)
		die_usage("%s", usage);
	ko = obj_open(argv[optind]);
	v = view_open(ko);
	if (nr_refused())
		die(ko, NULL, "not a whole update");
	if (json)
		print_json(ko, v);
	else
		print_text(ko, v);
	return EXIT_OK;
}
