// SPDX-License-Identifier: GPL-2.0
/*
 * Making, changing and writing objects.
 *
 * Relocation, symbol and string tables are no part of the graph: the writer
 * makes them anew, so the graph may be changed in any way before. The file
 * appears whole, under its name, or not at all. Called by elf.c for reading
 * and by the verbs that write objects.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "splice-elf.h"

/**
 * symbol_hash() - hash of a name
 * @name: name
 *
 * Return: index in the hash of an object.
 */
unsigned int symbol_hash(const char *name)
{
	unsigned int hash = 5381;

	while (*name)
		hash = hash * 33 + (unsigned char)*name++;
	return hash % SYMBOL_HASH_SIZE;
}

/* Append to its chain, so that lookups find the first symbol of a name. */
static void hash_symbol(struct symbol *sym)
{
	struct symbol **slot = &sym->obj->hash[symbol_hash(sym->name)];

	while (*slot)
		slot = &(*slot)->next;
	sym->next = NULL;
	*slot = sym;
}

static void unhash_symbol(struct symbol *sym)
{
	struct symbol **slot = &sym->obj->hash[symbol_hash(sym->name)];

	while (*slot && *slot != sym)
		slot = &(*slot)->next;
	if (*slot)
		*slot = sym->next;
}

static void attach_symbol(struct section *sec, struct symbol *sym)
{
	sec->syms = grow(sec->syms, sec->nr_syms, &sec->max_syms,
			 sizeof(*sec->syms));
	sec->syms[sec->nr_syms++] = sym;
	if (sym->type == STT_SECTION)
		sec->sym = sym;
}

/**
 * obj_new() - an empty object
 *
 * Return: the object.
 */
struct obj *obj_new(void)
{
	struct obj *obj = xcalloc(1, sizeof(*obj));

	obj->type = ET_REL;
	obj->machine = EM_X86_64;
	return obj;
}

/**
 * obj_add_section() - make a new, empty section
 * @obj: object
 * @name: its name, is copied
 * @type: SHT_*
 * @flags: SHF_*
 * @align: alignment, a power of two
 * @entsize: sh_entsize
 *
 * Return: the section, the last one of @obj.
 */
struct section *obj_add_section(struct obj *obj, const char *name,
				uint32_t type, uint64_t flags,
				uint64_t align, uint64_t entsize)
{
	struct section *sec = xcalloc(1, sizeof(*sec));

	obj->sections = grow(obj->sections, obj->nr_sections,
			     &obj->max_sections, sizeof(*obj->sections));
	sec->pos = obj->nr_sections;
	obj->sections[obj->nr_sections++] = sec;
	sec->obj = obj;
	sec->name = xasprintf("%s", name);
	sec->type = type;
	sec->flags = flags;
	sec->align = align ?: 1;
	sec->entsize = entsize;
	return sec;
}

/**
 * section_append() - make a section longer
 * @sec: section
 * @data: new contents, NULL for zeros
 * @size: their size
 * @align: alignment of their start, 0 or 1: none
 *
 * Return: offset of the new contents.
 */
uint64_t section_append(struct section *sec, const void *data, size_t size,
			uint64_t align)
{
	uint64_t start = sec->size;

	if (align > 1)
		start = (start + align - 1) & ~(align - 1);
	if (align > sec->align)
		sec->align = align;
	if (sec->type != SHT_NOBITS) {
		if (start + size > sec->max_data || !sec->data) {
			sec->max_data = (start + size) * 2;
			sec->data = xrealloc(sec->data, sec->max_data, 1);
		}
		memset(sec->data + sec->size, 0, start - sec->size);
		if (data)
			memcpy(sec->data + start, data, size);
		else
			memset(sec->data + start, 0, size);
	}
	sec->size = start + size;
	return start;
}

/**
 * obj_add_symbol() - make a new symbol
 * @obj: object
 * @name: its name, is copied
 * @bind: STB_*
 * @type: STT_*
 * @sec: section that defines it, NULL: undefined
 * @value: offset in @sec
 * @size: its size
 *
 * Return: the symbol.
 */
struct symbol *obj_add_symbol(struct obj *obj, const char *name, int bind,
			      int type, struct section *sec, uint64_t value,
			      uint64_t size)
{
	struct symbol *sym = xcalloc(1, sizeof(*sym));

	obj->symbols = grow(obj->symbols, obj->nr_symbols,
			    &obj->max_symbols, sizeof(*obj->symbols));
	obj->symbols[obj->nr_symbols++] = sym;
	sym->obj = obj;
	sym->name = xasprintf("%s", name);
	hash_symbol(sym);
	sym->bind = bind;
	sym->type = type;
	sym->sec = sec;
	sym->value = value;
	sym->size = size;
	if (sec)
		attach_symbol(sec, sym);
	return sym;
}

/**
 * obj_import() - the undefined symbol of a name
 * @obj: object
 * @name: its name
 *
 * Return: the symbol, made if it was not there.
 */
struct symbol *obj_import(struct obj *obj, const char *name)
{
	struct symbol *sym = obj_symbol(obj, name);

	while (sym && !symbol_is_undef(sym))
		sym = symbol_next(sym);
	return sym ?: obj_add_symbol(obj, name, STB_GLOBAL, STT_NOTYPE, NULL,
				     0, 0);
}

/**
 * section_own_symbol() - the section symbol
 * @sec: section
 *
 * Return: the symbol, made if it was not there.
 */
struct symbol *section_own_symbol(struct section *sec)
{
	return sec->sym ?: obj_add_symbol(sec->obj, "", STB_LOCAL, STT_SECTION,
					  sec, 0, 0);
}

/**
 * symbol_rename() - give a symbol another name
 * @sym: symbol
 * @name: name, is copied
 */
void symbol_rename(struct symbol *sym, const char *name)
{
	unhash_symbol(sym);
	sym->name = xasprintf("%s", name);
	hash_symbol(sym);
}

/**
 * section_add_reloc() - add a relocation
 * @sec: section of the field
 * @offset: offset of the field
 * @type: ELF relocation type
 * @sym: symbol it refers to
 * @addend: addend
 */
void section_add_reloc(struct section *sec, uint64_t offset, uint32_t type,
		       struct symbol *sym, int64_t addend)
{
	struct reloc *rel;

	sec->relocs = grow(sec->relocs, sec->nr_relocs, &sec->max_relocs,
			   sizeof(*sec->relocs));
	rel = &sec->relocs[sec->nr_relocs++];
	memset(rel, 0, sizeof(*rel));
	rel->sec = sec;
	rel->offset = offset;
	rel->type = type;
	rel->sym = sym;
	rel->addend = addend;
}

/**
 * obj_drop_section() - take a section out
 * @obj: object
 * @sec: section; neither it nor its relocations and symbols will be written
 */
void obj_drop_section(struct obj *obj, struct section *sec)
{
	if (sec->obj != obj)
		die(obj, sec->name, "section of another object");
	sec->dropped = true;
}

/**
 * obj_number() - give sections and symbols their indexes
 * @obj: object
 *
 * Contents come first, in the order of the graph, then the tables; local
 * symbols stand before the others, as ELF wants it.
 */
void obj_number(struct obj *obj)
{
	uint32_t idx = 1;

	for_each_section(obj, sec)
		sec->idx = sec->dropped ? 0 : idx++;

	idx = 1;
	for (int local = 1; local >= 0; local--) {
		for_each_symbol(obj, sym) {
			int bind = sym->bind == STB_LOCAL;

			if (bind != local)
				continue;
			sym->idx = sym->sec && sym->sec->dropped ? 0 : idx++;
		}
	}
}

/* A string table that is being made. */
struct strtab {
	char	*data;
	size_t	size;
	size_t	max;
};

static uint32_t add_string(struct strtab *tab, const char *s)
{
	size_t len = strlen(s) + 1, start = tab->size;

	if (start && len == 1)
		return 0;
	if (tab->size + len > tab->max) {
		tab->max = (tab->size + len) * 2;
		tab->data = xrealloc(tab->data, tab->max, 1);
	}
	memcpy(tab->data + start, s, len);
	tab->size += len;
	return start;
}

/* What one obj_write() works with. */
struct writer {
	struct obj	*obj;
	Elf		*elf;
	struct strtab	shstrtab;
	struct strtab	strtab;
	size_t		symtab;		/* section index */
};

static void write_section(struct writer *w, const GElf_Shdr *want, void *buf,
			  Elf_Type type)
{
	Elf_Scn *scn = elf_newscn(w->elf);
	Elf_Data *data = scn ? elf_newdata(scn) : NULL;

	if (!data)
		die(w->obj, NULL, "%s", elf_errmsg(-1));
	data->d_buf = want->sh_type == SHT_NOBITS ? NULL : buf;
	data->d_size = want->sh_size;
	data->d_align = want->sh_addralign;
	data->d_type = type;
	if (!gelf_update_shdr(scn, (GElf_Shdr *)want))
		die(w->obj, NULL, "%s", elf_errmsg(-1));
}

static void write_content(struct writer *w, struct section *sec)
{
	GElf_Shdr sh = {
		.sh_name	= add_string(&w->shstrtab, sec->name),
		.sh_type	= sec->type,
		.sh_flags	= sec->flags,
		.sh_size	= sec->size,
		.sh_addralign	= sec->align,
		.sh_entsize	= sec->entsize,
	};

	if (sec->link) {
		if (sec->link->dropped)
			die(w->obj, sec->name, "linked to a dropped section");
		sh.sh_link = sec->link->idx;
	}
	write_section(w, &sh, sec->data, ELF_T_BYTE);
}

static void write_relocs(struct writer *w, struct section *sec)
{
	Elf64_Rela *rela = xcalloc(sec->nr_relocs, sizeof(*rela));
	char *name = xasprintf(".rela%s", sec->name);
	GElf_Shdr sh = {
		.sh_name	= add_string(&w->shstrtab, name),
		.sh_type	= SHT_RELA,
		.sh_flags	= SHF_INFO_LINK,
		.sh_size	= sec->nr_relocs * sizeof(*rela),
		.sh_link	= w->symtab,
		.sh_info	= sec->idx,
		.sh_addralign	= 8,
		.sh_entsize	= sizeof(*rela),
	};

	for (size_t i = 0; i < sec->nr_relocs; i++) {
		const struct reloc *rel = &sec->relocs[i];

		if (!rel->sym->idx)
			die(w->obj, sec->name, "refers to %s, which is gone",
			    symbol_name(rel->sym));
		rela[i].r_offset = rel->offset;
		rela[i].r_addend = rel->addend;
		rela[i].r_info = ELF64_R_INFO((uint64_t)rel->sym->idx,
					      rel->type);
	}
	free(name);
	write_section(w, &sh, rela, ELF_T_RELA);
}

static void write_symbols(struct writer *w)
{
	size_t max = w->obj->nr_symbols + 1, nr = 1;
	Elf64_Sym *table = xcalloc(max, sizeof(*table));
	GElf_Shdr sh = {
		.sh_name	= add_string(&w->shstrtab, ".symtab"),
		.sh_type	= SHT_SYMTAB,
		.sh_addralign	= 8,
		.sh_entsize	= sizeof(*table),
		.sh_link	= w->symtab + 1,
	};

	sh.sh_info = 1;
	for_each_symbol(w->obj, sym) {
		Elf64_Sym *es = &table[sym->idx];

		if (!sym->idx)
			continue;
		es->st_name = add_string(&w->strtab, sym->name);
		es->st_info = ELF64_ST_INFO(sym->bind, sym->type);
		es->st_other = sym->other;
		es->st_shndx = sym->sec ? sym->sec->idx : sym->shndx;
		es->st_value = sym->value;
		es->st_size = sym->size;
		nr++;
		if (sym->bind == STB_LOCAL)
			sh.sh_info++;
	}
	sh.sh_size = nr * sizeof(*table);
	write_section(w, &sh, table, ELF_T_SYM);
}

static void write_strings(struct writer *w, const char *name,
			  struct strtab *tab)
{
	GElf_Shdr sh = {
		.sh_name	= add_string(&w->shstrtab, name),
		.sh_type	= SHT_STRTAB,
		.sh_addralign	= 1,
	};

	/* Only now: the table of section names holds its own name. */
	sh.sh_size = tab->size;
	write_section(w, &sh, tab->data, ELF_T_BYTE);
}

static void write_header(struct writer *w)
{
	GElf_Ehdr eh;

	if (!gelf_newehdr(w->elf, ELFCLASS64) || !gelf_getehdr(w->elf, &eh))
		die(w->obj, NULL, "%s", elf_errmsg(-1));
	eh.e_ident[EI_DATA] = ELFDATA2LSB;
	eh.e_ident[EI_OSABI] = w->obj->osabi;
	eh.e_type = w->obj->type;
	eh.e_machine = w->obj->machine;
	eh.e_version = EV_CURRENT;
	if (!gelf_update_ehdr(w->elf, &eh))
		die(w->obj, NULL, "%s", elf_errmsg(-1));
}

static void write_all(struct writer *w)
{
	GElf_Ehdr eh;
	size_t nr = 1;

	obj_number(w->obj);
	add_string(&w->shstrtab, "");
	add_string(&w->strtab, "");
	write_header(w);
	for_each_section(w->obj, sec)
		nr += !sec->dropped + (!sec->dropped && sec->nr_relocs);
	if (nr + 3 >= SHN_LORESERVE)
		die(w->obj, NULL, "too many sections");
	w->symtab = nr;

	for_each_section(w->obj, sec) {
		if (!sec->dropped)
			write_content(w, sec);
	}
	for_each_section(w->obj, sec) {
		if (!sec->dropped && sec->nr_relocs)
			write_relocs(w, sec);
	}
	write_symbols(w);
	write_strings(w, ".strtab", &w->strtab);
	write_strings(w, ".shstrtab", &w->shstrtab);

	if (!gelf_getehdr(w->elf, &eh))
		die(w->obj, NULL, "%s", elf_errmsg(-1));
	eh.e_shstrndx = w->symtab + 2;
	if (!gelf_update_ehdr(w->elf, &eh) ||
	    elf_update(w->elf, ELF_C_WRITE) < 0)
		die(w->obj, NULL, "%s", elf_errmsg(-1));
}

static char *unfinished;

static void remove_unfinished(void)
{
	if (unfinished)
		unlink(unfinished);
}

/**
 * obj_write() - write an object
 * @obj: object
 * @path: file; what it held before stays until the new contents are complete
 */
void obj_write(struct obj *obj, const char *path)
{
	char *tmp = xasprintf("%s.XXXXXX", path);
	struct writer w = { .obj = obj };
	static bool registered;
	int fd;

	if (!obj->path)
		obj->path = path;
	fd = mkstemp(tmp);
	if (fd < 0)
		die(obj, NULL, "%s: %s", tmp, strerror(errno));
	unfinished = tmp;
	if (!registered)
		registered = !atexit(remove_unfinished);
	w.elf = elf_begin(fd, ELF_C_WRITE, NULL);
	if (!w.elf)
		die(obj, NULL, "%s", elf_errmsg(-1));
	write_all(&w);
	elf_end(w.elf);
	if (fchmod(fd, 0644) || close(fd) || rename(tmp, path))
		die(obj, NULL, "%s: %s", path, strerror(errno));
	unfinished = NULL;
	free(tmp);
}
