// SPDX-License-Identifier: GPL-2.0
/*
 * The tables of a finished update, read back and checked against what
 * livesplice_format.h says. Called by verify.c and show.c.
 *
 * This knows nothing of how the tables were made; what the special bytes and
 * relocations of a site look like is asked here a second time, from the other
 * side: finish finds sites by decoding, this by relocation types.
 */
#include <stdlib.h>
#include <string.h>

#include "tables.h"

static void bad(const char *table, size_t index, const char *what)
{
	char *where = xasprintf("%s%s[%zu]", LSP_SECTION_PREFIX, table, index);

	refuse(REASON_FORMAT, where, "%s", what);
	free(where);
}

/**
 * view_string() - a string of an update
 * @v: the tables
 * @offset: its offset
 *
 * Return: the string.
 */
const char *view_string(const struct tables *v, uint32_t offset)
{
	return offset < v->nr_strings ? v->strings + offset : "?";
}

/**
 * view_symbol() - what a symbol is, for people
 * @v: the tables
 * @symbol: its row
 *
 * Return: its name, or section and offset; allocated.
 */
char *view_symbol(const struct tables *v, uint32_t symbol)
{
	const struct lsp_symbol *sym = &v->symbols[symbol];
	const char *name = view_string(v, sym->name);
	const struct lsp_section *sec;

	if (*name || sym->section >= v->nr_sections)
		return xasprintf("%s", name);
	sec = &v->sections[sym->section];
	return xasprintf("%s:%s+0x%x",
			 view_string(v, v->units[sec->unit].name),
			 view_string(v, sec->name), sym->offset);
}

/* Do @nr things from @first on lie in @total, without an overflow? */
static bool within(uint64_t first, uint64_t nr, uint64_t total)
{
	return first <= total && nr <= total - first;
}

/* info, units */

/* False if nothing else can be made sense of. */
static bool check_info(const struct tables *v)
{
	const struct lsp_info *info = v->info;
	const char *name;

	if (v->nr_info != 1 ||
	    memcmp(info->magic, LSP_FORMAT_MAGIC, sizeof(info->magic)) ||
	    info->version != LSP_FORMAT_VERSION ||
	    info->machine != EM_X86_64 || info->flags & ~(LSP_INFO_PINNED | LSP_INFO_BASED)) {
		bad("info", 0, "not one record of this version and machine");
		return false;
	}
	if (!v->nr_strings || v->strings[v->nr_strings - 1]) {
		bad("strings", 0, "has no end");
		return false;
	}
	if (info->name >= v->nr_strings || info->object >= v->nr_strings ||
	    info->description >= v->nr_strings ||
	    info->release >= v->nr_strings) {
		bad("info", 0, "string out of range");
		return false;
	}
	name = view_string(v, info->name);
	if (!is_update_name(name))
		bad("info", 0, "not a name");
	return true;
}

/* Updates that it takes the place of, and so does not stand on. */
static void check_replaces(const struct tables *v)
{
	for (size_t i = 0; i < v->nr_replaces; i++) {
		const char *name;

		if (v->replaces[i].name >= v->nr_strings) {
			bad("replaces", i, "string out of range");
			continue;
		}
		name = view_string(v, v->replaces[i].name);
		if (!is_update_name(name) || !strcmp(name, view_string(v, v->info->name)) ||
		    v->info->flags & LSP_INFO_BASED)
			bad("replaces", i, "not another update, or one that this one stands on");
	}
}

/* The first part lists the others; it is for the kernel image. */
static void check_targets(const struct tables *v)
{
	bool first = !strcmp(view_string(v, v->info->object), LSP_VMLINUX);

	for (size_t i = 0; i < v->nr_targets; i++) {
		const char *object;

		if (v->targets[i].object >= v->nr_strings) {
			bad("targets", i, "string out of range");
			continue;
		}
		object = view_string(v, v->targets[i].object);
		if (!first || !*object || !strcmp(object, LSP_VMLINUX))
			bad("targets", i, "not a module, or not the first part");
	}
}

/* Units own all sections, one after the other. */
static void check_units(const struct tables *v)
{
	uint32_t next = 0;

	for (size_t i = 0; i < v->nr_units; i++) {
		const struct lsp_unit *unit = &v->units[i];

		if (unit->name >= v->nr_strings)
			bad("units", i, "string out of range");
		if (unit->first_section != next || !unit->nr_sections ||
		    !within(next, unit->nr_sections, v->nr_sections)) {
			bad("units", i, "sections out of range");
			return;
		}
		for (; next < unit->first_section + unit->nr_sections; next++) {
			if (v->sections[next].unit != i)
				bad("sections", next, "not of its unit");
		}
	}
	if ((!next && !v->nr_targets) || next != v->nr_sections)
		bad("units", v->nr_units, "sections without a unit");
}

/* symbols */

/* A symbol has a place in a section, or nothing but a name. */
static void check_symbol(const struct tables *v, size_t i)
{
	const struct lsp_symbol *sym = &v->symbols[i];
	bool named;

	if (sym->name >= v->nr_strings || sym->type >= LSP_SYM_TYPES ||
	    sym->bind >= LSP_BINDS) {
		bad("symbols", i, "string, type or binding out of range");
		return;
	}
	named = *view_string(v, sym->name);
	if (sym->section == LSP_NONE) {
		if (!named || sym->offset || sym->size ||
		    sym->type != LSP_SYM_OTHER || sym->bind == LSP_BIND_LOCAL)
			bad("symbols", i, "not an undefined symbol");
		return;
	}
	if (sym->section >= v->nr_sections ||
	    !within(sym->offset, sym->size, v->sections[sym->section].size)) {
		bad("symbols", i, "place out of range");
		return;
	}
	if ((sym->type == LSP_SYM_SECTION || sym->type == LSP_SYM_STRING) &&
	    named)
		bad("symbols", i, "has a name");
	if (sym->type == LSP_SYM_SECTION && sym->offset)
		bad("symbols", i, "not the start of a section");
}

static int by_string(const void *a, const void *b)
{
	return strcmp(*(const char **)a, *(const char **)b);
}

/* A global name stands in the table once. */
static void check_globals(const struct tables *v)
{
	const char **names = xcalloc(v->nr_symbols, sizeof(*names));
	size_t nr = 0;

	for (size_t i = 0; i < v->nr_symbols; i++) {
		if (v->symbols[i].bind == LSP_BIND_GLOBAL)
			names[nr++] = view_string(v, v->symbols[i].name);
	}
	qsort(names, nr, sizeof(*names), by_string);
	for (size_t i = 1; i < nr; i++) {
		if (*names[i] && !strcmp(names[i - 1], names[i]))
			refuse(REASON_FORMAT, names[i], "two rows for one name");
	}
	free(names);
}

/* sections */

/* What a section of each kind may have; bytes and entry size it must have. */
static const struct {
	bool		bytes;
	bool		relocs;
	bool		sites;
	uint32_t	entsize;	/* most */
} kinds[LSP_SEC_KINDS] = {
	[LSP_SEC_TEXT]		= { true, true, true, 0 },
	[LSP_SEC_STRINGS]	= { true, false, false, 4 },
	[LSP_SEC_CONSTS]	= { true, false, false, 64 },
	[LSP_SEC_REPL]		= { true, true, false, 0 },
};

/* What the ranges of all sections begin with, one after the other. */
struct progress {
	uint32_t	reloc;
	uint32_t	site;
	uint32_t	byte;
};

/*
 * False if its ranges cannot be followed. That they leave no gap is more than
 * readers need, but a gap would be rows that somebody lost.
 */
static bool check_section(const struct tables *v, size_t i, struct progress *next)
{
	const struct lsp_section *sec = &v->sections[i];
	bool bytes_ok;

	if (sec->name >= v->nr_strings || sec->kind >= LSP_SEC_KINDS) {
		bad("sections", i, "string or kind out of range");
		return false;
	}
	bytes_ok = sec->bytes == LSP_NONE;
	if (kinds[sec->kind].bytes)
		bytes_ok = sec->bytes == next->byte &&
			   within(sec->bytes, sec->size, v->nr_bytes);
	if (!bytes_ok) {
		bad("sections", i, "bytes out of range");
		return false;
	}
	if (!sec->entsize != !kinds[sec->kind].entsize ||
	    sec->entsize > kinds[sec->kind].entsize)
		bad("sections", i, "entry size does not fit its kind");
	if (sec->nr_relocs && (!kinds[sec->kind].relocs ||
			       sec->first_reloc != next->reloc ||
			       !within(sec->first_reloc, sec->nr_relocs,
				       v->nr_relocs))) {
		bad("sections", i, "relocations out of range");
		return false;
	}
	if (sec->nr_sites && (!kinds[sec->kind].sites ||
			      sec->first_site != next->site ||
			      !within(sec->first_site, sec->nr_sites,
				      v->nr_sites))) {
		bad("sections", i, "sites out of range");
		return false;
	}
	next->reloc += sec->nr_relocs;
	next->site += sec->nr_sites;
	next->byte += kinds[sec->kind].bytes ? sec->size : 0;
	return true;
}

/*
 * An object that gets new contents: what it had before follows behind what
 * belongs to sections. The new contents are checked by verify.
 */
static bool check_data(const struct tables *v, size_t i, struct progress *next)
{
	const struct lsp_data *data = &v->datas[i];
	const struct lsp_symbol *sym;

	if (data->symbol >= v->nr_symbols) {
		bad("datas", i, "symbol out of range");
		return false;
	}
	sym = &v->symbols[data->symbol];
	if (sym->type != LSP_SYM_OBJECT || !sym->size ||
	    sym->section >= v->nr_sections ||
	    v->sections[sym->section].kind != LSP_SEC_DATA ||
	    sym->bind == LSP_BIND_WEAK || !data->shndx)
		bad("datas", i, "not a strong object, or no new contents");
	if (data->bytes != next->byte ||
	    !within(data->bytes, sym->size, v->nr_bytes) ||
	    data->first_reloc != next->reloc ||
	    !within(data->first_reloc, data->nr_relocs, v->nr_relocs)) {
		bad("datas", i, "old contents out of range");
		return false;
	}
	next->byte += sym->size;
	next->reloc += data->nr_relocs;
	return true;
}

/* No byte may get new contents twice. */
static void check_datas_apart(const struct tables *v)
{
	for (size_t i = 0; i < v->nr_datas; i++) {
		const struct lsp_symbol *a = &v->symbols[v->datas[i].symbol];

		for (size_t j = 0; j < i; j++) {
			const struct lsp_symbol *b =
				&v->symbols[v->datas[j].symbol];

			if (a->section == b->section &&
			    a->offset < b->offset + b->size &&
			    b->offset < a->offset + a->size)
				bad("datas", i, "overlaps another one");
		}
	}
}

static bool check_sections(const struct tables *v)
{
	struct progress next = { };

	for (size_t i = 0; i < v->nr_sections; i++) {
		if (!check_section(v, i, &next))
			return false;
	}
	for (size_t i = 0; i < v->nr_datas; i++) {
		if (!check_data(v, i, &next))
			return false;
	}
	if (next.reloc == v->nr_relocs && next.site == v->nr_sites &&
	    next.byte == v->nr_bytes)
		return true;
	bad("sections", v->nr_sections, "rows or bytes of no section");
	return false;
}

/* Sorted, apart from each other, of types with a known size. */
static void check_relocs(const struct tables *v, uint32_t first, uint32_t nr,
			 uint32_t total, bool pointers)
{
	uint32_t end = 0;

	for (uint32_t i = first; i < first + nr; i++) {
		const struct lsp_reloc *rel = &v->relocs[i];
		unsigned int size = x86_reloc_size(rel->type);

		if (!size || rel->offset < end ||
		    !within(rel->offset, size, total) ||
		    (pointers && rel->type != R_X86_64_64))
			bad("relocs", i, "type, order or place is wrong");
		if (rel->symbol >= v->nr_symbols || rel->reserved)
			bad("relocs", i, "symbol out of range");
		end = rel->offset + size;
	}
}

/* sites */

/* The relocation at a place of a section, NULL if there is none. */
static const struct lsp_reloc *reloc_at(const struct tables *v,
					const struct lsp_section *sec,
					uint32_t offset)
{
	uint32_t low = sec->first_reloc, high = low + sec->nr_relocs;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (v->relocs[mid].offset < offset)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == sec->first_reloc + sec->nr_relocs ||
	    v->relocs[low].offset != offset)
		return NULL;
	return &v->relocs[low];
}

static const char thunk_prefix[] = "__x86_indirect_thunk_";

/* The name that the last four bytes of a site are relocated against. */
static const char *branch_name(const struct tables *v,
			       const struct lsp_section *sec,
			       const struct lsp_site *site)
{
	const struct lsp_reloc *rel;

	rel = reloc_at(v, sec, site->offset + site->length - 4);
	if (!rel || rel->symbol >= v->nr_symbols || rel->addend != -4)
		return "";
	return view_string(v, v->symbols[rel->symbol].name);
}

static bool is_thunk_of(const char *name, uint32_t reg)
{
	static const char * const low[] = {
		"rax", "rcx", "rdx", "rbx", "", "rbp", "rsi", "rdi",
	};
	char high[16];

	if (!str_starts(name, thunk_prefix))
		return false;
	name += strlen(thunk_prefix);
	if (reg < COUNT_OF(low))
		return !strcmp(name, low[reg]);
	snprintf(high, sizeof(high), "r%u", reg);
	return reg < 16 && !strcmp(name, high);
}

/* A replacement is never longer than what it replaces. */
static bool alt_fits(const struct tables *v, const struct lsp_site *site)
{
	const uint32_t *arg = site->arg;

	if (arg[0] == LSP_NONE)
		return !arg[1] && arg[2] == LSP_ALT_DIRECT_CALL;
	return arg[0] < v->nr_sections &&
	       v->sections[arg[0]].kind == LSP_SEC_REPL &&
	       !(arg[2] & ~(LSP_ALT_LENGTH | LSP_ALT_DIRECT_CALL)) &&
	       (arg[2] & LSP_ALT_LENGTH) <= site->length &&
	       within(arg[1], arg[2] & LSP_ALT_LENGTH, v->sections[arg[0]].size);
}

/*
 * Is the code at a site what its kind says? Not asked for alternatives: their
 * original may be anything.
 */
static bool site_fits(const struct tables *v, const struct lsp_section *sec,
		      const struct lsp_site *site)
{
	const unsigned char *p = v->bytes + sec->bytes + site->offset;
	const uint32_t *arg = site->arg;

	switch (site->kind) {
	case LSP_SITE_ALT:
		return alt_fits(v, site);
	case LSP_SITE_JUMP_LABEL:
		return ((site->length == 2 && (*p == 0xeb || *p == 0x66)) ||
			(site->length == 5 && (*p == 0xe9 || *p == 0x0f))) &&
		       arg[0] < v->nr_sections && !arg[2] &&
		       v->sections[arg[0]].kind == LSP_SEC_TEXT &&
		       arg[1] < v->sections[arg[0]].size;
	case LSP_SITE_STATIC_CALL:
		return site->length >= 5 && site->length <= 6 &&
		       str_starts(branch_name(v, sec, site), "__SCT__");
	case LSP_SITE_FENTRY:
		return site->length == FENTRY_SIZE && (is_fentry_nop(p) || (*p == 0xe8 &&
		       !strcmp(branch_name(v, sec, site), "__fentry__")));
	case LSP_SITE_RETURN:
		return (site->length == 5 || (site->length == 6 && *p++ == 0x2e)) &&
		       *p == 0xe9 &&
		       !strcmp(branch_name(v, sec, site), "__x86_return_thunk");
	case LSP_SITE_KCFI:
		return site->length == 14 && is_type_check(p);
	case LSP_SITE_RETPOLINE:
		return site->length >= 5 && site->length <= 6 &&
		       is_thunk_of(branch_name(v, sec, site), arg[0]);
	case LSP_SITE_SMP_LOCK:
		return site->length == 1 && *p == 0xf0;
	case LSP_SITE_RUNTIME_PTR:
	case LSP_SITE_RUNTIME_SHIFT:
	case LSP_SITE_RUNTIME_MASK:
		return site->length == lsp_const_kind(site->kind)->size &&
		       const_is_placeholder(lsp_const_kind(site->kind), p) &&
		       arg[0] < v->nr_symbols;
	default:
		return false;
	}
}

static bool is_branch_site(const struct tables *v, const struct lsp_section *sec,
			   const struct lsp_site *site)
{
	if (site->kind == LSP_SITE_FENTRY)
		return !is_fentry_nop(v->bytes + sec->bytes + site->offset);
	return site->kind == LSP_SITE_STATIC_CALL ||
	       site->kind == LSP_SITE_RETURN || site->kind == LSP_SITE_RETPOLINE;
}

/* PLT32 is what compilers use for branches, and for nothing else. */
static size_t count_special_branches(const struct tables *v,
				     const struct lsp_section *sec)
{
	size_t nr = 0;

	for (uint32_t i = sec->first_reloc;
	     i < sec->first_reloc + sec->nr_relocs; i++) {
		const struct lsp_reloc *rel = &v->relocs[i];
		const char *name;

		if (rel->type != R_X86_64_PLT32 || rel->symbol >= v->nr_symbols)
			continue;
		name = view_string(v, v->symbols[rel->symbol].name);
		nr += !strcmp(name, "__fentry__") ||
		      !strcmp(name, "__x86_return_thunk") ||
		      str_starts(name, "__SCT__") ||
		      str_starts(name, thunk_prefix);
	}
	return nr;
}

/*
 * Sites of one kind beside alternatives are apart from each other, and there
 * is one for each branch to a thunk: one too few would be compared as ordinary
 * code, and the update refused on every machine that rewrites the branch.
 */
static void check_sites(const struct tables *v, const struct lsp_section *sec)
{
	uint32_t last = 0, end = 0;
	size_t branches = 0;

	for (uint32_t i = sec->first_site;
	     i < sec->first_site + sec->nr_sites; i++) {
		const struct lsp_site *site = &v->sites[i];

		if (site->offset < last || !site->length ||
		    !within(site->offset, site->length, sec->size)) {
			bad("sites", i, "order or place is wrong");
			return;
		}
		if (!site_fits(v, sec, site))
			bad("sites", i, "the code is not what its kind says");
		last = site->offset;
		branches += is_branch_site(v, sec, site);
		if (site->kind == LSP_SITE_ALT)
			continue;
		if (site->offset < end)
			bad("sites", i, "overlaps the one before");
		end = site->offset + site->length;
	}
	if (sec->kind == LSP_SEC_TEXT &&
	    branches != count_special_branches(v, sec))
		refuse(REASON_FORMAT, view_string(v, sec->name),
		       "%zu sites for %zu branches to thunks", branches,
		       count_special_branches(v, sec));
}

/* funcs, consts */

/* Old code is checked here, new code by verify. */
static void check_funcs(const struct tables *v)
{
	for (size_t i = 0; i < v->nr_funcs; i++) {
		const struct lsp_func *func = &v->funcs[i];
		const struct lsp_symbol *sym;
		bool none = !lsp_func_has_code(func->flags);

		if (func->symbol >= v->nr_symbols) {
			bad("funcs", i, "symbol out of range");
			continue;
		}
		sym = &v->symbols[func->symbol];
		if (sym->type != LSP_SYM_FUNC || !sym->size ||
		    sym->section >= v->nr_sections ||
		    v->sections[sym->section].kind != LSP_SEC_TEXT ||
		    (none && sym->bind == LSP_BIND_WEAK))
			bad("funcs", i, "not a function, or a weak one that stays");
		if (!lsp_func_flags_valid(func->flags) ||
		    none != !func->shndx || none != !func->size ||
		    (none && func->offset))
			bad("funcs", i, "new code where none belongs, or none");
	}
	if (!v->nr_funcs && !v->nr_datas && !v->nr_hooks && !v->nr_targets)
		bad("funcs", 0, "replaces nothing");
}

/* Sorted, and each in its unit alone of its kind. */
static void check_hooks(const struct tables *v)
{
	for (size_t i = 0; i < v->nr_hooks; i++) {
		const struct lsp_hook *hook = &v->hooks[i], *last = hook - 1;

		if (hook->unit >= v->nr_units || hook->kind >= LSP_HOOK_KINDS ||
		    !hook->shndx || !hook->size)
			bad("hooks", i, "unit, kind or place out of range");
		if (i && (hook->unit < last->unit ||
			  (hook->unit == last->unit && hook->kind <= last->kind)))
			bad("hooks", i, "not in order");
	}
}

static void check_consts(const struct tables *v)
{
	for (size_t i = 0; i < v->nr_consts; i++) {
		const struct lsp_const *c = &v->consts[i];

		if (!lsp_const_kind(c->kind) ||
		    c->symbol >= v->nr_symbols || !c->shndx)
			bad("consts", i, "kind, symbol or place out of range");
	}
}

/* A table that is not there is empty; one that is damaged is refused. */
static void read_table(struct tables *v, const struct obj *obj,
		       enum table table)
{
	const struct section *sec = obj_section(obj, table_section(table));

	if (!sec)
		return;
	if (sec->flags & SHF_ALLOC || sec->nr_relocs ||
	    sec->size % table_row_size(table) || (sec->size && !sec->data))
		refuse(REASON_FORMAT, sec->name, "not a whole table");
	else
		table_set(v, table, sec->data,
			  sec->size / table_row_size(table));
}

/**
 * view_open() - read and check the tables of an update
 * @obj: the file
 *
 * Return: the tables; what is wrong with them has been refused.
 */
const struct tables *view_open(const struct obj *obj)
{
	struct tables *v = xcalloc(1, sizeof(*v));

	for (enum table i = 0; i < NR_TABLES; i++)
		read_table(v, obj, i);
	if (!check_info(v))
		return v;
	check_targets(v);
	check_replaces(v);
	check_units(v);
	for (size_t i = 0; i < v->nr_symbols; i++)
		check_symbol(v, i);
	if (nr_refused() || !check_sections(v))
		return v;
	check_globals(v);
	for (size_t i = 0; i < v->nr_sections; i++) {
		check_relocs(v, v->sections[i].first_reloc,
			     v->sections[i].nr_relocs, v->sections[i].size,
			     false);
		check_sites(v, &v->sections[i]);
	}
	for (size_t i = 0; i < v->nr_datas; i++)
		check_relocs(v, v->datas[i].first_reloc, v->datas[i].nr_relocs,
			     v->symbols[v->datas[i].symbol].size, true);
	check_datas_apart(v);
	check_funcs(v);
	check_consts(v);
	check_hooks(v);
	return v;
}
