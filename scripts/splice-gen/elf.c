// SPDX-License-Identifier: GPL-2.0
/*
 * Object files as a graph: sections, symbols and relocations with pointers to
 * each other.
 *
 * obj_open() checks a file once and for all; what it lets through may be
 * trusted by everybody else: indexes name what they must, symbols and
 * relocated fields lie in their sections, strings end. How a graph is changed
 * and written stands in elf-write.c. Memory is never given back: the program
 * handles a few objects and ends. Called by all verbs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "splice-elf.h"

#ifndef SHT_RELR
#define SHT_RELR	19
#endif

/* Far more than anything in a kernel has. */
#define MAX_ALIGN	0x1000000UL
#define MAX_ENTSIZE	0x10000UL
#define MAX_ADDEND	0x1000000000000L

/* Reading: what libelf holds while the graph is being made. */
struct reader {
	struct obj	*obj;
	Elf		*elf;
	size_t		shnum;
	size_t		shstrndx;
	size_t		symtab;		/* section index */
	struct section	**by_idx;	/* NULL for tables */
	struct symbol	**sym_by_idx;
	size_t		nr_syms;
};

static GElf_Shdr get_shdr(struct reader *r, size_t idx)
{
	Elf_Scn *scn = elf_getscn(r->elf, idx);
	GElf_Shdr sh;

	if (!scn || !gelf_getshdr(scn, &sh))
		die(r->obj, NULL, "section %zu: %s", idx, elf_errmsg(-1));
	return sh;
}

static const char *get_string(struct reader *r, size_t table, size_t offset)
{
	const char *s = elf_strptr(r->elf, table, offset);

	if (!s)
		die(r->obj, NULL, "string %zu of section %zu: %s", offset,
		    table, elf_errmsg(-1));
	return s;
}

static Elf_Data *get_data(struct reader *r, size_t idx, const GElf_Shdr *sh)
{
	Elf_Data *data = elf_getdata(elf_getscn(r->elf, idx), NULL);

	if (!data)
		die(r->obj, NULL, "contents of section %zu: %s", idx,
		    elf_errmsg(-1));
	if (data->d_size != sh->sh_size || (sh->sh_size && !data->d_buf))
		die(r->obj, NULL, "section %zu: truncated", idx);
	return data;
}

/* Sizes and alignments are added to each other from here on. */
static void check_header(struct reader *r, size_t idx, const GElf_Shdr *sh)
{
	if (sh->sh_flags & SHF_COMPRESSED)
		die(r->obj, NULL, "section %zu: compressed", idx);
	if (sh->sh_addralign & (sh->sh_addralign - 1) ||
	    sh->sh_addralign > MAX_ALIGN)
		die(r->obj, NULL, "section %zu: odd alignment", idx);
	if (sh->sh_size > UINT32_MAX)
		die(r->obj, NULL, "section %zu: larger than 4 GiB", idx);
	if (sh->sh_entsize > MAX_ENTSIZE)
		die(r->obj, NULL, "section %zu: odd size of entries", idx);
}

/* Only variables need no contents. */
static void check_nobits(struct reader *r, const struct section *sec)
{
	const uint64_t flags = SHF_WRITE | SHF_ALLOC;

	if (sec->flags & (SHF_EXECINSTR | SHF_MERGE) ||
	    (sec->flags & flags) != flags ||
	    str_starts(sec->name, LSP_SECTION_PREFIX) ||
	    (sec->kind && !section_is(sec, KIND_DATA) &&
	     !section_is(sec, KIND_OWN) && !section_is(sec, KIND_PERCPU) &&
	     !section_is(sec, KIND_INIT)))
		die(r->obj, sec->name, "has no contents");
}

/* Who looks for the end of the last string must find it. */
static void check_strings(struct reader *r, const struct section *sec)
{
	size_t width = sec->entsize ?: 1;

	if (!section_is(sec, KIND_STRINGS) || !sec->size)
		return;
	if (sec->size % width)
		die(r->obj, sec->name, "not a whole number of characters");
	for (size_t i = 1; i <= width; i++) {
		if (sec->data[sec->size - i])
			die(r->obj, sec->name, "its last string has no end");
	}
}

static void read_content(struct reader *r, size_t idx, const GElf_Shdr *sh)
{
	struct section *sec;
	Elf_Data *data;

	check_header(r, idx, sh);
	sec = obj_add_section(r->obj,
			      get_string(r, r->shstrndx, sh->sh_name),
			      sh->sh_type, sh->sh_flags & ~SHF_INFO_LINK,
			      sh->sh_addralign, sh->sh_entsize);
	sec->idx = idx;
	r->by_idx[idx] = sec;
	sec->size = sh->sh_size;
	sec->kind = section_kind(sec);
	if (sh->sh_type == SHT_NOBITS) {
		check_nobits(r, sec);
	} else if (sh->sh_size) {
		data = get_data(r, idx, sh);
		sec->data = xcalloc(sh->sh_size, 1);
		sec->max_data = sh->sh_size;
		memcpy(sec->data, data->d_buf, sh->sh_size);
	}
	check_strings(r, sec);
}

static void read_sections(struct reader *r)
{
	for (size_t i = 1; i < r->shnum; i++) {
		GElf_Shdr sh = get_shdr(r, i);

		switch (sh.sh_type) {
		case SHT_NULL:
		case SHT_STRTAB:
		case SHT_RELA:
			break;
		case SHT_SYMTAB:
			if (r->symtab)
				die(r->obj, NULL, "two symbol tables");
			r->symtab = i;
			break;
		case SHT_REL:
		case SHT_RELR:
		case SHT_GROUP:
		case SHT_SYMTAB_SHNDX:
		case SHT_DYNAMIC:
		case SHT_DYNSYM:
			die(r->obj, NULL, "section %zu: type %u not supported",
			    i, sh.sh_type);
		default:
			read_content(r, i, &sh);
		}
	}
}

/* sh_link of what is left can only mean the order of sections. */
static void read_links(struct reader *r)
{
	for_each_section(r->obj, sec) {
		GElf_Shdr sh = get_shdr(r, sec->idx);

		if (!(sh.sh_flags & SHF_LINK_ORDER))
			continue;
		if (sh.sh_link >= r->shnum)
			die(r->obj, sec->name, "linked to section %u",
			    sh.sh_link);
		sec->link = r->by_idx[sh.sh_link];
	}
}

static void read_symbol(struct reader *r, size_t idx, const GElf_Sym *es,
			const char *name)
{
	unsigned int bind = GELF_ST_BIND(es->st_info);
	struct section *sec = NULL;
	struct symbol *sym;

	if (bind != STB_LOCAL && bind != STB_GLOBAL && bind != STB_WEAK)
		die(r->obj, name, "symbol %zu: binding %u", idx, bind);
	if (es->st_shndx == SHN_COMMON)
		die(r->obj, name, "symbol %zu: common", idx);
	if (es->st_shndx != SHN_UNDEF && es->st_shndx != SHN_ABS) {
		if (es->st_shndx >= r->shnum || !r->by_idx[es->st_shndx])
			die(r->obj, name, "symbol %zu: section %u", idx,
			    es->st_shndx);
		sec = r->by_idx[es->st_shndx];
		if (es->st_value > sec->size ||
		    es->st_size > sec->size - es->st_value)
			die(r->obj, name, "symbol %zu: behind its section",
			    idx);
	}
	if (!sec && GELF_ST_TYPE(es->st_info) == STT_SECTION)
		die(r->obj, name, "symbol %zu: of no section", idx);

	sym = obj_add_symbol(r->obj, name, bind, GELF_ST_TYPE(es->st_info),
			     sec, es->st_value, es->st_size);
	sym->idx = idx;
	sym->other = es->st_other;
	sym->shndx = es->st_shndx;
	r->sym_by_idx[idx] = sym;
}

static int compare_symbols(const void *pa, const void *pb)
{
	const struct symbol *a = *(struct symbol **)pa;
	const struct symbol *b = *(struct symbol **)pb;

	if (a->value != b->value)
		return a->value < b->value ? -1 : 1;
	return a->idx < b->idx ? -1 : a->idx > b->idx;
}

static void read_symbols(struct reader *r)
{
	GElf_Shdr sh;
	Elf_Data *data;

	if (!r->symtab)
		die(r->obj, NULL, "no symbol table");
	sh = get_shdr(r, r->symtab);
	if (sh.sh_entsize != sizeof(Elf64_Sym) || sh.sh_link >= r->shnum)
		die(r->obj, NULL, "bad symbol table");
	data = get_data(r, r->symtab, &sh);
	r->nr_syms = sh.sh_size / sh.sh_entsize;
	r->sym_by_idx = xcalloc(r->nr_syms, sizeof(*r->sym_by_idx));

	for (size_t i = 1; i < r->nr_syms; i++) {
		GElf_Sym es;

		if (!gelf_getsym(data, i, &es))
			die(r->obj, NULL, "symbol %zu: %s", i, elf_errmsg(-1));
		read_symbol(r, i, &es,
			    get_string(r, sh.sh_link, es.st_name));
	}
	for_each_section(r->obj, sec)
		sort_array(sec->syms, sec->nr_syms, sizeof(*sec->syms),
			   compare_symbols);
}

static void read_reloc(struct reader *r, struct section *sec,
		       const GElf_Rela *er, size_t idx)
{
	unsigned int size = x86_reloc_size(GELF_R_TYPE(er->r_info)) ?: 1;
	size_t symidx = GELF_R_SYM(er->r_info);

	/* What objtool leaves of a static branch that it makes a NOP. */
	if (GELF_R_TYPE(er->r_info) == R_X86_64_NONE)
		return;
	if (!symidx || symidx >= r->nr_syms)
		die(r->obj, sec->name, "relocation %zu: symbol %zu", idx,
		    symidx);
	if (er->r_offset >= sec->size || size > sec->size - er->r_offset)
		die(r->obj, sec->name, "relocation %zu: behind the section",
		    idx);
	if (er->r_addend > MAX_ADDEND || er->r_addend < -MAX_ADDEND)
		die(r->obj, sec->name, "relocation %zu: odd addend", idx);
	section_add_reloc(sec, er->r_offset, GELF_R_TYPE(er->r_info),
			  r->sym_by_idx[symidx], er->r_addend);
}

static int compare_relocs(const void *pa, const void *pb)
{
	const struct reloc *a = pa, *b = pb;

	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

/**
 * section_sort_relocs() - put relocations in order again
 * @sec: section that relocations were added to
 */
void section_sort_relocs(struct section *sec)
{
	sort_array(sec->relocs, sec->nr_relocs, sizeof(*sec->relocs),
		   compare_relocs);
}

static void read_relocs(struct reader *r, size_t idx)
{
	GElf_Shdr sh = get_shdr(r, idx);
	struct section *sec;
	Elf_Data *data;

	if (sh.sh_entsize != sizeof(Elf64_Rela) || sh.sh_link != r->symtab ||
	    sh.sh_info >= r->shnum || !r->by_idx[sh.sh_info])
		die(r->obj, NULL, "bad relocation section %zu", idx);
	sec = r->by_idx[sh.sh_info];
	if (sec->type == SHT_NOBITS || sec->nr_relocs)
		die(r->obj, sec->name, "unexpected relocations");
	data = get_data(r, idx, &sh);

	for (size_t i = 0; i < sh.sh_size / sh.sh_entsize; i++) {
		GElf_Rela er;

		if (!gelf_getrela(data, i, &er))
			die(r->obj, sec->name, "relocation %zu: %s", i,
			    elf_errmsg(-1));
		read_reloc(r, sec, &er, i);
	}
	section_sort_relocs(sec);
}

/**
 * obj_open() - read and check an object
 * @path: file
 *
 * Return: the object; does not return if it is not a whole relocatable object
 * of the machine.
 */
struct obj *obj_open(const char *path)
{
	struct obj *obj = obj_new();
	struct reader r = { .obj = obj };
	GElf_Ehdr eh;
	int fd;

	obj->path = path;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(obj, NULL, "%s", strerror(errno));
	r.elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!r.elf || elf_kind(r.elf) != ELF_K_ELF || !gelf_getehdr(r.elf, &eh))
		die(obj, NULL, "not an ELF file");
	if (gelf_getclass(r.elf) != ELFCLASS64 || eh.e_type != ET_REL ||
	    eh.e_ident[EI_DATA] != ELFDATA2LSB || eh.e_machine != EM_X86_64)
		die(obj, NULL, "not a relocatable x86_64 object");
	if (elf_getshdrnum(r.elf, &r.shnum) ||
	    elf_getshdrstrndx(r.elf, &r.shstrndx))
		die(obj, NULL, "%s", elf_errmsg(-1));
	if (!r.shnum || r.shnum >= SHN_LORESERVE)
		die(obj, NULL, "%zu sections", r.shnum);

	obj->osabi = eh.e_ident[EI_OSABI];
	r.by_idx = xcalloc(r.shnum, sizeof(*r.by_idx));
	read_sections(&r);
	read_links(&r);
	read_symbols(&r);
	for (size_t i = 1; i < r.shnum; i++) {
		if (get_shdr(&r, i).sh_type == SHT_RELA)
			read_relocs(&r, i);
	}

	elf_end(r.elf);
	close(fd);
	free(r.by_idx);
	free(r.sym_by_idx);
	asan_check(obj);
	return obj;
}

/**
 * obj_section() - find a section by name
 * @obj: object
 * @name: its name
 *
 * Return: the first one, or NULL.
 */
struct section *obj_section(const struct obj *obj, const char *name)
{
	for_each_section(obj, sec) {
		if (!sec->dropped && !strcmp(sec->name, name))
			return sec;
	}
	return NULL;
}

/**
 * obj_section_at() - find a section by its index
 * @obj: object
 * @idx: index in the file as it was read
 *
 * Return: the section, or NULL.
 */
struct section *obj_section_at(const struct obj *obj, uint32_t idx)
{
	for_each_section(obj, sec) {
		if (!sec->dropped && sec->idx == idx)
			return sec;
	}
	return NULL;
}

/**
 * symbol_next() - the next symbol of the same name
 * @sym: symbol
 *
 * Return: it, or NULL.
 */
struct symbol *symbol_next(const struct symbol *sym)
{
	for (struct symbol *s = sym->next; s; s = s->next) {
		if (!strcmp(s->name, sym->name))
			return s;
	}
	return NULL;
}

/**
 * obj_symbol() - find a symbol by name
 * @obj: object
 * @name: its name
 *
 * Return: the first one, or NULL.
 */
struct symbol *obj_symbol(const struct obj *obj, const char *name)
{
	struct symbol *sym = obj->hash[symbol_hash(name)];

	while (sym && strcmp(sym->name, name))
		sym = sym->next;
	return sym;
}

/**
 * obj_global() - find a symbol that is not local
 * @obj: object
 * @name: its name
 *
 * Return: it, or NULL.
 */
struct symbol *obj_global(const struct obj *obj, const char *name)
{
	struct symbol *sym = obj_symbol(obj, name);

	while (sym && sym->bind == STB_LOCAL)
		sym = symbol_next(sym);
	return sym;
}

/**
 * section_symbol_at() - find the symbol that covers a place
 * @sec: section
 * @offset: the place
 * @type: STT_* it must have; STT_NOTYPE takes any but section symbols
 *
 * Return: the symbol, or NULL.
 */
struct symbol *section_symbol_at(const struct section *sec, uint64_t offset,
				 int type)
{
	for (size_t i = 0; i < sec->nr_syms; i++) {
		struct symbol *sym = sec->syms[i];

		if (sym->type == STT_SECTION ||
		    (type != STT_NOTYPE && sym->type != type))
			continue;
		if (sym->value == offset ||
		    (sym->value < offset && offset - sym->value < sym->size))
			return sym;
	}
	return NULL;
}

/**
 * section_reloc_from() - first relocation at or after a place
 * @sec: section
 * @offset: the place
 *
 * Return: the relocation, or the end of the array.
 */
struct reloc *section_reloc_from(const struct section *sec, uint64_t offset)
{
	size_t lo = 0, hi = sec->nr_relocs;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (sec->relocs[mid].offset < offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	return sec->relocs + lo;
}

/**
 * section_reloc_at() - the relocation of a field
 * @sec: section
 * @offset: offset of the field
 *
 * Return: the relocation, or NULL.
 */
struct reloc *section_reloc_at(const struct section *sec, uint64_t offset)
{
	struct reloc *rel = section_reloc_from(sec, offset);

	if (rel == sec->relocs + sec->nr_relocs || rel->offset != offset)
		return NULL;
	return rel;
}

/**
 * section_place() - name a place for people
 * @sec: section
 * @offset: the place
 *
 * Return: "symbol+0xoff", or "section+0xoff" if no symbol covers it.
 */
char *section_place(const struct section *sec, uint64_t offset)
{
	const struct symbol *sym = section_symbol_at(sec, offset, STT_NOTYPE);

	if (sym)
		return xasprintf("%s+0x%llx", sym->name,
				 (unsigned long long)(offset - sym->value));
	return xasprintf("%s+0x%llx", sec->name, (unsigned long long)offset);
}

/**
 * symbol_name() - name a symbol for people
 * @sym: symbol
 *
 * Return: its name, or that of its section.
 */
const char *symbol_name(const struct symbol *sym)
{
	if (sym->type == STT_SECTION && sym->sec)
		return sym->sec->name;
	return sym->name;
}

/**
 * symbol_is_undef() - is it defined elsewhere?
 * @sym: symbol
 *
 * Return: true if so.
 */
bool symbol_is_undef(const struct symbol *sym)
{
	return !sym->sec && sym->shndx == SHN_UNDEF;
}
