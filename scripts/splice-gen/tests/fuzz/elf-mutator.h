/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Changes of an ELF object that leave it one: a field of a section header, a
 * symbol or a relocation gets another value, or a byte of some contents. Only
 * some of all mutations: libFuzzer's own stay. Included by fuzz-elf.c.
 */
#ifndef ELF_MUTATOR_H
#define ELF_MUTATOR_H

#include <elf.h>
#include <stdint.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed);

static uint64_t random_state;

static uint32_t random_below(uint32_t n)
{
	random_state = random_state * 6364136223846793005ULL + 1;
	return n ? (random_state >> 33) % n : 0;
}

/* Near what was there, near a limit, or anything. */
static uint64_t other_value(uint64_t old, unsigned int width)
{
	static const uint64_t limits[] = {
		0, 1, 2, 3, 4, 8, 0x7f, 0xff, 0xfff1, 0xffff, 0x7fffffff,
		0xffffffff, 0x7fffffffffffffff, ~0ULL, ~3ULL,
	};
	uint64_t value;

	switch (random_below(5)) {
	case 0:
		value = old + random_below(33) - 16;
		break;
	case 1:
		value = old ^ 1ULL << random_below(8 * width);
		break;
	case 2:
		value = random_below(64);
		break;
	case 3:
		value = random_below(4096);
		break;
	default:
		value = limits[random_below(COUNT_OF(limits))];
	}
	return value;
}

static void change_field(uint8_t *field, unsigned int width)
{
	uint64_t value = 0;

	memcpy(&value, field, width);
	value = other_value(value, width);
	memcpy(field, &value, width);
}

/* Offset and width of the fields of each kind of record. */
struct field {
	uint8_t	offset;
	uint8_t	width;
};

static const struct field shdr_fields[] = {
	{ 0, 4 }, { 4, 4 }, { 8, 8 }, { 24, 8 }, { 32, 8 }, { 40, 4 },
	{ 44, 4 }, { 48, 8 }, { 56, 8 },
};

static const struct field sym_fields[] = {
	{ 0, 4 }, { 4, 1 }, { 5, 1 }, { 6, 2 }, { 8, 8 }, { 16, 8 },
};

/* The second and third are type and symbol. */
static const struct field rela_fields[] = {
	{ 0, 8 }, { 8, 4 }, { 12, 4 }, { 16, 8 },
};

static void change_one_of(uint8_t *record, const struct field *fields, size_t n)
{
	const struct field *f = &fields[random_below(n)];

	change_field(record + f->offset, f->width);
}

/* One of @nr records of @size bytes. */
static uint8_t *any_record(uint8_t *start, size_t nr, size_t size)
{
	return start + random_below(nr) * size;
}

static void change_contents(uint8_t *data, const Elf64_Shdr *sh)
{
	uint8_t *start = data + sh->sh_offset;
	static const uint8_t widths[] = { 1, 2, 4, 8 };
	uint32_t width = widths[random_below(4)];

	switch (sh->sh_type) {
	case SHT_SYMTAB:
		if (sh->sh_size >= sizeof(Elf64_Sym))
			change_one_of(any_record(start, sh->sh_size / sizeof(Elf64_Sym),
						 sizeof(Elf64_Sym)),
				      sym_fields, COUNT_OF(sym_fields));
		break;
	case SHT_RELA:
		if (sh->sh_size >= sizeof(Elf64_Rela))
			change_one_of(any_record(start, sh->sh_size / sizeof(Elf64_Rela),
						 sizeof(Elf64_Rela)),
				      rela_fields, COUNT_OF(rela_fields));
		break;
	default:
		if (sh->sh_size >= width)
			change_field(start + random_below(sh->sh_size / width) *
				     width, width);
	}
}

/**
 * LLVMFuzzerCustomMutator() - change an input
 * @data: the input
 * @size: its size
 * @max_size: room for it
 * @seed: of random numbers
 *
 * Return: its new size.
 */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	unsigned int times;
	Elf64_Ehdr eh;
	Elf64_Shdr sh;
	uint8_t *at;

	random_state = seed;
	if (size < sizeof(eh) || !random_below(8))
		return LLVMFuzzerMutate(data, size, max_size);
	memcpy(&eh, data, sizeof(eh));
	if (!eh.e_shnum || eh.e_shoff > size ||
	    eh.e_shnum > (size - eh.e_shoff) / sizeof(sh))
		return LLVMFuzzerMutate(data, size, max_size);
	for (times = 1 + random_below(4); times; times--) {
		at = data + eh.e_shoff + random_below(eh.e_shnum) * sizeof(sh);
		memcpy(&sh, at, sizeof(sh));
		if (!random_below(3))
			change_one_of(at, shdr_fields, COUNT_OF(shdr_fields));
		else if (sh.sh_type != SHT_NOBITS && sh.sh_offset <= size &&
			 sh.sh_size <= size - sh.sh_offset)
			change_contents(data, &sh);
	}
	return size;
}

#endif /* ELF_MUTATOR_H */
