// SPDX-License-Identifier: GPL-2.0
/*
 * What KASAN has the compiler add to an object, told from what it looks like.
 *
 * For each object with variables the compiler makes a constructor, which hands
 * an array of their descriptors to KASAN, and a destructor. They run when the
 * kernel boots or a module is loaded, and do nothing but poison the gaps that
 * the compiler leaves behind variables. All that is left behind: the running
 * kernel has been through it, and variables of an update just have no poisoned
 * gaps. Any other code could stand in such a section too. So only what proves
 * to be a registration and nothing else is taken for one; sections with
 * anything else are not known, and text is text. Called by elf.c, and by items.c
 * for the places of variables without a name.
 */
#include <stdlib.h>
#include <string.h>

#include "splice-elf.h"

/* struct kasan_global: its first word is the address, its second the size. */
#define GLOBAL_SIZE	64
#define GLOBAL_LENGTH	8

#define RSP	4
#define RSI	6
#define RDI	7

/* Functions in these are gone after boot, or idle once the module is there. */
static const struct section_kind registration = {
	.pattern = ".text.startup*", .class = KIND_ASAN,
};

/* Whom a registration may call or end in. */
static const char * const callees[] = {
	"__asan_register_globals", "__asan_unregister_globals",
	"__sanitizer_cov_trace_pc", "__x86_return_thunk",
};

static bool is_globals_array(const struct section *sec)
{
	return section_is(sec, KIND_ASAN) && str_starts(sec->name, ".data..");
}

static bool is_list(const struct section *sec)
{
	return section_is(sec, KIND_ASAN) && !is_globals_array(sec) &&
	       !(sec->flags & SHF_EXECINSTR);
}

static bool calls_kasan(const struct reloc *rel)
{
	for (size_t i = 0; rel && i < COUNT_OF(callees); i++) {
		if (symbol_is_undef(rel->sym) &&
		    !strcmp(rel->sym->name, callees[i]))
			return true;
	}
	return false;
}

/* A number, or the address of what has no name. */
static bool is_argument(const struct section *sec, uint64_t at,
			const struct x86_insn *insn)
{
	int reg = insn->oreg >= 0 ? insn->oreg : insn->rm;
	const struct reloc *rel = section_reloc_at(sec, at + insn->imm_off);

	return insn->mov_imm && (reg == RDI || reg == RSI) &&
	       (!rel || (rel->sym->type == STT_SECTION && rel->sym->sec &&
			 !(rel->sym->sec->flags & SHF_EXECINSTR)));
}

/* Instructions that move nothing but the stack. */
static bool is_frame(const struct x86_insn *insn)
{
	if (insn->map)
		return false;
	if (insn->opcode >= 0x50 && insn->opcode <= 0x5f)
		return true;
	if (insn->opcode == 0x83)
		return insn->rm == RSP;
	return (insn->opcode == 0x89 || insn->opcode == 0x8b) && insn->rm >= 0;
}

/* Does a function register variables, and nothing else? */
static bool is_registration(const struct symbol *func)
{
	uint64_t at = func->value, end = func->value + func->size;
	const struct section *sec = func->sec;
	struct x86_insn insn;

	if (!func->size || end > sec->size || func->bind != STB_LOCAL)
		return false;
	for (; at < end; at += insn.len) {
		if (!x86_decode(sec->data + at, end - at, &insn))
			return false;
		if (insn.nop || insn.ret || insn.trap || is_frame(&insn) ||
		    is_argument(sec, at, &insn))
			continue;
		if (!insn.direct || !calls_kasan(section_reloc_at(sec, at + insn.imm_off)))
			return false;
	}
	return true;
}

static bool is_padding(const struct section *sec, uint64_t at, uint64_t end)
{
	struct x86_insn insn;

	for (; at < end; at += insn.len) {
		if (!x86_decode(sec->data + at, end - at, &insn) ||
		    (!insn.nop && !insn.trap))
			return false;
	}
	return true;
}

/* Functions that register variables, with padding around them. */
static bool holds_registrations(const struct section *sec)
{
	uint64_t end = 0;

	for (size_t i = 0; i < sec->nr_syms; i++) {
		const struct symbol *sym = sec->syms[i];

		if (sym->type == STT_SECTION)
			continue;
		if (sym->type != STT_FUNC || sym->value < end ||
		    !is_padding(sec, end, sym->value) || !is_registration(sym))
			return false;
		end = sym->value + sym->size;
	}
	return end && is_padding(sec, end, sec->size);
}

/* Notes of the compiler and of objtool lead to all functions. */
static bool is_note(const struct section *sec)
{
	return !(sec->flags & SHF_ALLOC) || section_is(sec, KIND_OBJTOOL) ||
	       !strcmp(sec->name, "__patchable_function_entries") ||
	       !strcmp(sec->name, "__mcount_loc");
}

/* Is a section referred to by nothing but what belongs to KASAN? */
static bool is_apart(const struct section *sec)
{
	for_each_section(sec->obj, user) {
		if (user == sec || is_note(user) || section_is(user, KIND_ASAN))
			continue;
		for_each_reloc(user, rel) {
			if (rel->sym->sec == sec)
				return false;
		}
	}
	return true;
}

static bool has_names(const struct section *sec)
{
	for (size_t i = 0; i < sec->nr_syms; i++) {
		if (sec->syms[i]->type != STT_SECTION)
			return true;
	}
	return false;
}

static bool is_function_start(const struct section *text, uint64_t offset)
{
	for (size_t i = 0; i < text->nr_syms; i++) {
		if (text->syms[i]->type == STT_FUNC &&
		    text->syms[i]->value == offset)
			return true;
	}
	return false;
}

/* Is every word the address of a function that registers variables? */
static bool lists_registrations(const struct section *sec)
{
	if (!sec->data || sec->size != sec->nr_relocs * sizeof(uint64_t))
		return false;
	for_each_reloc(sec, rel) {
		const struct section *text = rel->sym->sec;

		if (rel->type != R_X86_64_64 || !text ||
		    rel->offset % sizeof(uint64_t) ||
		    text->kind != &registration ||
		    !is_function_start(text, rel->sym->value + rel->addend))
			return false;
	}
	return true;
}

/**
 * asan_check() - find what KASAN has had the compiler add to an object
 * @obj: object that has been read
 *
 * What has no more than the name of such a section is not known from here on.
 */
void asan_check(struct obj *obj)
{
	for_each_section(obj, sec) {
		if (section_is(sec, KIND_TEXT) && sec->data &&
		    (str_starts(sec->name, ".text.startup") ||
		     str_starts(sec->name, ".text.exit")) &&
		    is_apart(sec) && holds_registrations(sec))
			sec->kind = &registration;
	}
	for_each_section(obj, sec) {
		if (is_list(sec) && !lists_registrations(sec))
			sec->kind = NULL;
	}
	for_each_section(obj, sec) {
		if (is_globals_array(sec) && (has_names(sec) || !is_apart(sec)))
			sec->kind = NULL;
	}
}

/* What a function hands to KASAN: an array of descriptors. */
struct array {
	const struct section	*sec;
	uint64_t		start;
	uint32_t		nr;
};

/* Of no elements if that is not what the registers hold. */
static struct array registered_array(const struct symbol *func)
{
	uint64_t end = func->value + func->size;
	const struct section *sec = func->sec;
	struct array array = { };
	struct x86_insn insn;

	for (uint64_t at = func->value; at < end; at += insn.len) {
		const struct reloc *rel;

		if (!x86_decode(sec->data + at, end - at, &insn))
			return (struct array){ };
		rel = section_reloc_at(sec, at + insn.imm_off);
		if (!is_argument(sec, at, &insn) || insn.imm_size != 4)
			continue;
		if (rel) {
			array.sec = rel->sym->sec;
			array.start = rel->addend;
		} else {
			memcpy(&array.nr, sec->data + at + insn.imm_off, 4);
		}
	}
	if (!array.sec || !array.sec->data ||
	    array.start > array.sec->size ||
	    array.nr > (array.sec->size - array.start) / GLOBAL_SIZE)
		return (struct array){ };
	return array;
}

/* The variable of @sec that a descriptor is about; of no size: of another one. */
static struct asan_global described(const struct array *array, uint32_t i,
				    const struct section *sec)
{
	uint64_t at = array->start + i * GLOBAL_SIZE;
	const struct reloc *rel = section_reloc_at(array->sec, at);
	struct asan_global global = { };

	if (!rel || rel->type != R_X86_64_64 || rel->sym->sec != sec)
		return global;
	global.start = rel->sym->value + rel->addend;
	memcpy(&global.size, array->sec->data + at + GLOBAL_LENGTH,
	       sizeof(global.size));
	if (global.start >= sec->size ||
	    global.size > sec->size - global.start)
		global.size = 0;
	return global;
}

/**
 * asan_globals() - variables of a section that KASAN knows
 * @sec: section
 * @globals: set to their places, in no order; allocated
 *
 * The compiler describes each, also those that have no name, with its size: the
 * gap behind it is no part of it.
 *
 * Return: their number.
 */
size_t asan_globals(const struct section *sec, struct asan_global **globals)
{
	size_t nr = 0, max = 0;

	*globals = NULL;
	for_each_symbol(sec->obj, func) {
		struct array array;

		/* Its destructor has the same array. */
		if (!func->sec || func->sec->kind != &registration ||
		    func->type != STT_FUNC ||
		    str_starts(func->sec->name, ".text.exit"))
			continue;
		array = registered_array(func);
		for (uint32_t i = 0; i < array.nr; i++) {
			struct asan_global global = described(&array, i, sec);

			if (!global.size)
				continue;
			*globals = grow(*globals, nr, &max, sizeof(**globals));
			(*globals)[nr++] = global;
		}
	}
	return nr;
}
