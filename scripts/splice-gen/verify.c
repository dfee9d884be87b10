// SPDX-License-Identifier: GPL-2.0
/*
 * `splice-elf verify`: read a finished update back and recount it. Called by
 * splice-gen as its last step; nothing is handed out that does not pass.
 *
 * It shares the reader of objects with finish and nothing else. The tables are
 * checked by view.c; here the module around them is: what they say of new
 * code, what is left undefined, and whether the tables of the new code still
 * have every entry that went into the link.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "tables.h"

static const char usage[] =
	"splice-elf verify UPDATE.ko [-s SYMVERS [-S NEW-SYMVERS]] [-i OBJECT.o]...";

struct verify {
	const struct obj	*ko;
	const struct tables	*view;
	const struct obj	**inputs;
	size_t			nr_inputs;
	size_t			max_inputs;
	const char		*symvers[2];	/* of the build, of the update */
	struct map		exports;
};

#define MCOUNT_SECTION		"__mcount_loc"

/* Tables with an entry per place in code, which come from the compiler. */
static const struct {
	const char	*section;
	const char	*linked;	/* its name in the module, if it gets another */
} carried[] = {
	{ .section = ".altinstructions" },
	{ .section = ".altinstr_replacement" },
	{ .section = "__jump_table" },
	{ .section = "__bug_table" },
	{ .section = "__ex_table" },
	{ .section = ".smp_locks" },
	{ .section = MCOUNT_SECTION },
	{ .section = "__patchable_function_entries" },
	{ .section = ".kcfi_traps", .linked = "__kcfi_traps" },
};

/* What new code is linked from, and by what in the module it is rewritten. */
static const struct {
	const char	*section;	/* made by objtool */
	const char	*target;	/* beginning of the name of a target */
	uint64_t	entsize;
} rewritten[] = {
	{ ".static_call_sites",	"__SCT__",		8 },
	{ ".return_sites",	"__x86_return_thunk",	4 },
	{ ".retpoline_sites",	"__x86_indirect_thunk_", 4 },
};

static bool is_code(const struct section *sec)
{
	return sec && sec->flags & SHF_ALLOC && sec->flags & SHF_EXECINSTR &&
	       sec->type == SHT_PROGBITS;
}

/* undefined symbols */

/* The row an undefined symbol stands for, LSP_NONE if it is an import. */
static uint32_t row_of(const struct verify *v, const struct symbol *sym)
{
	unsigned long row;
	char *again, *end;
	bool same;

	if (!symbol_is_undef(sym) || !str_starts(sym->name, LSP_IMPORT_PREFIX))
		return LSP_NONE;
	row = strtoul(sym->name + strlen(LSP_IMPORT_PREFIX), &end, 10);
	again = xasprintf("%s%lu", LSP_IMPORT_PREFIX, row);
	same = !strcmp(again, sym->name);
	free(again);
	if (!same || row >= v->view->nr_symbols) {
		refuse(REASON_IMPORT, sym->name, "no row of the symbol table");
		return LSP_NONE;
	}
	return row;
}

/* What a symbol of the module is called in the kernel. */
static const char *kernel_name(const struct verify *v, const struct symbol *sym)
{
	uint32_t row = row_of(v, sym);

	if (row == LSP_NONE)
		return sym->name;
	return view_string(v->view, v->view->symbols[row].name);
}

/*
 * The module loader must find what is left undefined, or the engine must. Weak
 * symbols would silently become 0.
 */
static void check_undefined(const struct verify *v)
{
	for_each_symbol(v->ko, sym) {
		uint32_t row;

		if (!symbol_is_undef(sym))
			continue;
		if (sym->bind != STB_GLOBAL)
			refuse(REASON_IMPORT, sym->name, "undefined, but not global");
		row = row_of(v, sym);
		if (row != LSP_NONE) {
			uint32_t sec = v->view->symbols[row].section;

			if (sec != LSP_NONE &&
			    v->view->sections[sec].kind == LSP_SEC_INIT)
				refuse(REASON_IMPORT, sym->name,
				       "stands for what is freed after boot");
		} else if (v->symvers[0] &&
			   !map_find(&v->exports, sym->name)) {
			refuse(REASON_IMPORT, sym->name,
			       "the kernel does not export it");
		}
	}
}

/* The loader knows few types, and every symbol must be something. */
static void check_relocations(const struct verify *v)
{
	for_each_section(v->ko, sec) {
		for_each_reloc(sec, rel) {
			char *place;

			if (!(sec->flags & SHF_ALLOC) ||
			    (x86_reloc_size(rel->type) &&
			     (rel->sym->sec || symbol_is_undef(rel->sym) ||
			      rel->sym->shndx == SHN_ABS)))
				continue;
			place = section_place(sec, rel->offset);
			refuse(REASON_RELOC, place,
			       "the module loader cannot apply type %u to %s",
			       rel->type, symbol_name(rel->sym));
			free(place);
		}
	}
}

static bool is_table(const char *section)
{
	for (enum table i = 0; i < NR_TABLES; i++) {
		if (!strcmp(section, table_section(i)))
			return true;
	}
	return !strcmp(section, LSP_SECTION_PREFIX "patch");
}

/* What was only meant for finish must be gone. */
static void check_sections(const struct verify *v)
{
	for_each_section(v->ko, sec) {
		if (!str_starts(sec->name, LSP_SECTION_PREFIX))
			continue;
		if (!is_table(sec->name))
			refuse(REASON_SECTION, sec->name, "must not be here");
		else if (sec->flags & SHF_ALLOC || sec->nr_relocs ||
			 obj_section(v->ko, sec->name) != sec)
			refuse(REASON_SECTION, sec->name,
			       "allocated, relocated, or there twice");
	}
}

/* The engine looks for the update by the name of its module. */
static void check_modinfo(const struct verify *v)
{
	const struct tables *view = v->view;
	char *name = part_name(view_string(view, view->info->name),
			       view_string(view, view->info->object));
	char *wanted = xasprintf("name=%s", name ?: "");

	if (!name || !modinfo_has(v->ko, wanted))
		refuse(REASON_FORMAT, ".modinfo", "not a module of the update's name");
	free(wanted);
	free(name);
}

/* new code */

/*
 * The last state that ORC gives for a place at or before @offset must be a
 * defined one: objtool leaves out entries that say the same as the one before.
 */
static bool has_orc(const struct verify *v, const struct section *code,
		    uint64_t offset)
{
	const struct section *ip = obj_section(v->ko, ".orc_unwind_ip");
	const struct section *orc = obj_section(v->ko, ".orc_unwind");
	const uint64_t entry = 6, flags = 4;	/* struct orc_entry */
	uint64_t best = 0, index = 0;
	bool found = false;

	if (!ip || !orc || !orc->data || ip->size % 4 ||
	    orc->size != ip->size / 4 * entry)
		return false;
	for_each_reloc(ip, rel) {
		uint64_t at = rel->sym->value + rel->addend;

		if (rel->sym->sec != code || at > offset ||
		    (found && at < best))
			continue;
		found = true;
		best = at;
		index = rel->offset / 4;
	}
	/*
	 * Two registers of four bits each, the stack's first, then what depends on
	 * the tree. Where nothing is known the stack is found by no register.
	 */
	return found && orc->data[index * entry + flags] & 15;
}

/*
 * The jump will go to this place: there must be a function of the module, of
 * this size, and the unwinder must know its way out of it.
 */
static void check_function(const struct verify *v, const struct lsp_func *func)
{
	const struct section *code = obj_section_at(v->ko, func->shndx);
	const struct symbol *found = NULL;
	char *name = view_symbol(v->view, func->symbol);

	if (!is_code(code) || func->offset > code->size ||
	    func->size > code->size - func->offset) {
		refuse(REASON_FUNC, name, "its new code is not in the module");
		return;
	}
	for (size_t i = 0; i < code->nr_syms; i++) {
		const struct symbol *sym = code->syms[i];

		if (sym->type == STT_FUNC && sym->value == func->offset &&
		    sym->size == func->size)
			found = sym;
	}
	if (!found)
		refuse(REASON_FUNC, name, "no function of the module is its new code");
	if (obj_section(v->ko, ".orc_unwind") &&
	    !has_orc(v, code, func->offset))
		refuse(REASON_ORC, name, "its new code has no unwind information");
	free(name);
}

/* The engine overwrites these bytes, so they had better be the right ones. */
static void check_const(const struct verify *v, const struct lsp_const *c)
{
	const struct section *code = obj_section_at(v->ko, c->shndx);
	const struct lsp_const_kind *kind = lsp_const_kind(c->kind);
	char *name = view_symbol(v->view, c->symbol);

	if (!is_code(code) || c->offset > code->size ||
	    kind->size > code->size - c->offset)
		refuse(REASON_CONST, name, "its place is not in the module's code");
	else if (!const_is_placeholder(kind, code->data + c->offset))
		refuse(REASON_CONST, name, "no placeholder where it belongs");
	free(name);
}

/*
 * The engine copies these bytes after the loader has relocated them: they must
 * be whole, and mean the same at another place.
 */
static void check_data(const struct verify *v, const struct lsp_data *data)
{
	const struct section *sec = obj_section_at(v->ko, data->shndx);
	uint64_t end = (uint64_t)data->offset +
		       v->view->symbols[data->symbol].size;
	char *name = view_symbol(v->view, data->symbol);

	if (!sec || !sec->data || !(sec->flags & SHF_ALLOC) ||
	    sec->flags & (SHF_WRITE | SHF_EXECINSTR) || end > sec->size) {
		refuse(REASON_DATA, name,
		       "its new contents are not in the module's read-only data");
		free(name);
		return;
	}
	for (struct reloc *rel = section_reloc_from(sec, data->offset);
	     rel < section_reloc_from(sec, end); rel++) {
		if (rel->type != R_X86_64_64 || rel->offset + 8 > end)
			refuse(REASON_DATA, name,
			       "relocation of type %u in its new contents",
			       rel->type);
	}
	free(name);
}

/* The engine calls it: it must be a whole function that the unwinder knows. */
static void check_hook(const struct verify *v, const struct lsp_hook *hook)
{
	const struct section *code = obj_section_at(v->ko, hook->shndx);
	const struct symbol *found = NULL;
	const char *unit = view_string(v->view, v->view->units[hook->unit].name);

	for (size_t i = 0; is_code(code) && i < code->nr_syms; i++) {
		const struct symbol *sym = code->syms[i];

		if (sym->type == STT_FUNC && sym->value == hook->offset &&
		    sym->size == hook->size)
			found = sym;
	}
	if (!found)
		refuse(REASON_HOOK, unit, "no function of the module is its hook \"%s\"",
		       hook_word(hook->kind));
}

static void check_new_code(const struct verify *v)
{
	for (size_t i = 0; i < v->view->nr_hooks; i++)
		check_hook(v, &v->view->hooks[i]);
	for (size_t i = 0; i < v->view->nr_funcs; i++) {
		if (!v->view->funcs[i].flags)
			check_function(v, &v->view->funcs[i]);
	}
	for (size_t i = 0; i < v->view->nr_datas; i++)
		check_data(v, &v->view->datas[i]);
	for (size_t i = 0; i < v->view->nr_consts; i++)
		check_const(v, &v->view->consts[i]);
	/* Whatever else is new code must be known to the unwinder as well. */
	for_each_symbol(v->ko, sym) {
		if (sym->type == STT_FUNC && is_code(sym->sec) && sym->size &&
		    !name_is_prefix(sym->name) &&
		    obj_section(v->ko, ".orc_unwind") &&
		    !has_orc(v, sym->sec, sym->value))
			refuse(REASON_ORC, sym->name, "has no unwind information");
	}
}

/* counts */

/* Size and relocations of all sections of a name. */
struct count {
	uint64_t	size;
	size_t		relocs;
};

static struct count count_section(const struct obj *obj, const char *name)
{
	struct count count = { };

	for_each_section(obj, sec) {
		if (!strcmp(sec->name, name)) {
			count.size += sec->size;
			count.relocs += sec->nr_relocs;
		}
	}
	return count;
}

static struct count count_inputs(const struct verify *v, const char *name)
{
	struct count sum = { };

	for (size_t i = 0; i < v->nr_inputs; i++) {
		struct count one = count_section(v->inputs[i], name);

		sum.size += one.size;
		sum.relocs += one.relocs;
	}
	return sum;
}

/* Does the link make this table, because the compiler does not? */
static bool is_made_late(const struct verify *v, const char *section)
{
	return !strcmp(section, MCOUNT_SECTION) &&
	       !count_inputs(v, section).size;
}

/* The link must neither lose an entry nor make one up. */
static void check_carried(const struct verify *v)
{
	for (size_t i = 0; i < COUNT_OF(carried); i++) {
		const char *section = carried[i].section;
		struct count in = count_inputs(v, section);
		struct count out = count_section(v->ko, carried[i].linked ?: section);

		if (is_made_late(v, section))
			continue;
		if (in.size != out.size || in.relocs != out.relocs)
			refuse(REASON_COUNT, section,
			       "%llu bytes and %zu relocations went in, %llu and %zu came out",
			       (unsigned long long)in.size, in.relocs,
			       (unsigned long long)out.size, out.relocs);
	}
}

/* Each row of diff must have become a row of a table. */
static void check_link_rows(const struct verify *v)
{
	uint64_t funcs, consts, datas, hooks;

	funcs = count_inputs(v, LINK_FUNCS_SECTION).size;
	consts = count_inputs(v, LINK_CONSTS_SECTION).size;
	datas = count_inputs(v, LINK_DATAS_SECTION).size;
	hooks = count_inputs(v, LINK_HOOKS_SECTION).size;
	if (funcs != v->view->nr_funcs * sizeof(struct link_func))
		refuse(REASON_COUNT, LSP_SECTION_PREFIX "funcs",
		       "%zu functions came out of %llu bytes of rows",
		       v->view->nr_funcs, (unsigned long long)funcs);
	if (consts != v->view->nr_consts * sizeof(struct link_const))
		refuse(REASON_COUNT, LSP_SECTION_PREFIX "consts",
		       "%zu constants came out of %llu bytes of rows",
		       v->view->nr_consts, (unsigned long long)consts);
	if (datas != v->view->nr_datas * sizeof(struct link_data))
		refuse(REASON_COUNT, LSP_SECTION_PREFIX "datas",
		       "%zu objects came out of %llu bytes of rows",
		       v->view->nr_datas, (unsigned long long)datas);
	if (hooks != v->view->nr_hooks * sizeof(struct link_hook))
		refuse(REASON_COUNT, LSP_SECTION_PREFIX "hooks",
		       "%zu hooks came out of %llu bytes of rows",
		       v->view->nr_hooks, (unsigned long long)hooks);
	for (size_t i = 0; i < v->nr_inputs; i++) {
		const struct section *rows;
		uint32_t flags;

		rows = obj_section(v->inputs[i], LINK_FLAGS_SECTION);
		for (uint64_t at = 0; rows && at + 4 <= rows->size; at += 4) {
			memcpy(&flags, rows->data + at, sizeof(flags));
			if (v->view->nr_info && flags & ~v->view->info->flags)
				refuse(REASON_COUNT, rows->name, "a flag got lost");
		}
	}
}

/* Call, jump and conditional jump, by the bytes before the field. */
static bool is_branch(const struct section *sec, const struct reloc *rel)
{
	const unsigned char *p = sec->data + rel->offset;

	if (rel->addend != -4 || !rel->offset ||
	    (rel->type != R_X86_64_PLT32 && rel->type != R_X86_64_PC32))
		return false;
	return p[-1] == 0xe8 || p[-1] == 0xe9 ||
	       (rel->offset > 1 && p[-2] == 0x0f && (p[-1] & 0xf0) == 0x80);
}

/* In the module, where names of the kernel may stand for others, or in an input. */
static uint64_t count_branches(const struct verify *v, const struct obj *obj,
			       const char *target)
{
	uint64_t branches = 0;

	for_each_section(obj, sec) {
		if (!is_code(sec))
			continue;
		for_each_reloc(sec, rel)
			branches += is_branch(sec, rel) &&
				    str_starts(obj == v->ko ? kernel_name(v, rel->sym) :
							      rel->sym->name, target);
	}
	return branches;
}

static void expect_entries(const char *section, uint64_t size, uint64_t entsize,
			   uint64_t branches)
{
	if (size != branches * entsize)
		refuse(REASON_COUNT, section, "%llu bytes for %llu branches",
		       (unsigned long long)size, (unsigned long long)branches);
}

/* Every branch to a thunk must be in the table that has it rewritten. */
static void check_rewritten(const struct verify *v)
{
	uint64_t branches = 0;

	for (size_t i = 0; i < COUNT_OF(rewritten); i++)
		expect_entries(rewritten[i].section,
			       count_section(v->ko, rewritten[i].section).size,
			       rewritten[i].entsize,
			       count_branches(v, v->ko, rewritten[i].target));
	if (!is_made_late(v, MCOUNT_SECTION))
		return;
	/* Who makes the table also makes NOPs of the calls. */
	for (size_t i = 0; i < v->nr_inputs; i++)
		branches += count_branches(v, v->inputs[i], "__fentry__");
	expect_entries(MCOUNT_SECTION, count_section(v->ko, MCOUNT_SECTION).size,
		       8, branches);
}

/* arguments */

/*
 * crc, name, module, ...: of interest is what vmlinux exports, and for a part
 * for a module what other modules do.
 */
static void read_exports(struct verify *v, const char *path)
{
	const char *object = view_string(v->view, v->view->info->object);
	bool for_module = strcmp(object, LSP_VMLINUX);
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;

	if (!file)
		die(NULL, path, "%s", strerror(errno));
	while (getline(&line, &room, file) > 0) {
		char *rest = line, *name, *owner;

		strsep(&rest, "\t");
		name = strsep(&rest, "\t");
		owner = strsep(&rest, "\t");
		if (!owner)
			die(NULL, path, "line of less than three fields");
		if (!strcmp(owner, LSP_VMLINUX) ||
		    (for_module && !is_module_path(owner, object)))
			map_add(&v->exports, name, 0);
	}
	free(line);
	fclose(file);
}

static void add_input(struct verify *v, const char *path)
{
	v->inputs = grow(v->inputs, v->nr_inputs, &v->max_inputs,
			 sizeof(*v->inputs));
	v->inputs[v->nr_inputs++] = obj_open(path);
}

/**
 * cmd_verify() - check a finished update
 * @argc: number of arguments
 * @argv: see usage
 *
 * Return: EXIT_OK, EXIT_REFUSED if anything is not as it must be.
 */
int cmd_verify(int argc, char **argv)
{
	struct verify v = { };
	int c;

	while ((c = getopt(argc, argv, "s:S:i:")) >= 0) {
		if (c == 's')
			v.symvers[0] = optarg;
		else if (c == 'S')
			v.symvers[1] = optarg;
		else if (c == 'i')
			add_input(&v, optarg);
		else
			die_usage("%s", usage);
	}
	if (optind + 1 != argc)
		die_usage("%s", usage);
	v.ko = obj_open(argv[optind]);
	v.view = view_open(v.ko);
	check_sections(&v);
	check_relocations(&v);
	check_carried(&v);
	/* What follows goes by indexes of the tables. */
	if (nr_refused())
		return EXIT_REFUSED;
	check_modinfo(&v);
	for (size_t i = 0; i < COUNT_OF(v.symvers) && v.symvers[i]; i++)
		read_exports(&v, v.symvers[i]);
	check_undefined(&v);
	check_new_code(&v);
	check_link_rows(&v);
	check_rewritten(&v);
	seal_check(argv[optind]);
	return nr_refused() ? EXIT_REFUSED : EXIT_OK;
}
