// SPDX-License-Identifier: GPL-2.0
/*
 * The checksum of a finished update: written by finish.c when the file is
 * complete, compared by verify.c. The kernel computes it once more; what it
 * covers is written down at struct lsp_sum_head.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tables.h"

/**
 * struct image - a file in memory
 * @path: its path
 * @data: its bytes, mapped
 * @size: number of bytes
 * @info: its lsp_info record, found by checksum()
 */
struct image {
	const char	*path;
	uint8_t		*data;
	size_t		size;
	struct lsp_info	*info;
};

static uint32_t crc32(uint32_t crc, const void *data, size_t size)
{
	const uint8_t *p = data;

	for (; size; size--) {
		crc ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return crc;
}

static const void *bytes_at(const struct image *im, uint64_t offset,
			    uint64_t size)
{
	if (offset > im->size || size > im->size - offset)
		die(NULL, im->path, "a section leaves the file");
	return im->data + offset;
}

static void image_open(struct image *im, const char *path, bool writable)
{
	int fd = open(path, writable ? O_RDWR : O_RDONLY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		die(NULL, path, "%s", strerror(errno));
	im->path = path;
	im->size = st.st_size;
	im->data = mmap(NULL, im->size, PROT_READ | (writable ? PROT_WRITE : 0),
			MAP_SHARED, fd, 0);
	if (im->data == MAP_FAILED)
		die(NULL, path, "%s", strerror(errno));
	close(fd);
}

static uint32_t sum_section(struct image *im, uint32_t crc,
			    const Elf64_Shdr *sh, const char *name)
{
	const struct lsp_sum_head head = {
		.type = sh->sh_type, .link = sh->sh_link, .info = sh->sh_info,
		.size = sh->sh_size,
	};
	const void *data = bytes_at(im, sh->sh_offset, sh->sh_size);
	struct lsp_info info;

	crc = crc32(crc, &head, sizeof(head));
	if (strcmp(name, LSP_SECTION_PREFIX "info") ||
	    sh->sh_size != sizeof(info))
		return crc32(crc, data, sh->sh_size);
	im->info = (struct lsp_info *)data;
	info = *im->info;
	info.checksum = 0;
	return crc32(crc, &info, sizeof(info));
}

static uint32_t checksum(struct image *im)
{
	const Elf64_Ehdr *eh = bytes_at(im, 0, sizeof(*eh));
	const Elf64_Shdr *sh = bytes_at(im, eh->e_shoff,
					eh->e_shnum * sizeof(*sh));
	uint32_t crc = ~0U;

	if (eh->e_shstrndx >= eh->e_shnum)
		die(NULL, im->path, "no section names");
	for (unsigned int i = 1; i < eh->e_shnum; i++) {
		const char *name = bytes_at(im, sh[eh->e_shstrndx].sh_offset +
					    sh[i].sh_name, 1);

		if (sh[i].sh_type != SHT_NULL && sh[i].sh_type != SHT_NOBITS &&
		    strcmp(name, LSP_SUM_EXCEPT))
			crc = sum_section(im, crc, &sh[i], name);
	}
	if (!im->info)
		die(NULL, im->path, "no " LSP_SECTION_PREFIX "info");
	return crc;
}

/**
 * seal_write() - put the checksum into a finished update
 * @path: the file, which obj_write() has written
 */
void seal_write(const char *path)
{
	struct image im = { };
	uint32_t crc;

	image_open(&im, path, true);
	crc = checksum(&im);
	im.info->checksum = crc;
	if (munmap(im.data, im.size))
		die(NULL, path, "%s", strerror(errno));
}

/**
 * seal_check() - refuse an update whose checksum is not that of its contents
 * @path: the file, which obj_open() has checked
 */
void seal_check(const char *path)
{
	struct image im = { };
	uint32_t crc;

	image_open(&im, path, false);
	crc = checksum(&im);
	if (im.info->checksum != crc)
		refuse(REASON_CHECKSUM, path, "is 0x%08x, should be 0x%08x",
		       im.info->checksum, crc);
	munmap(im.data, im.size);
}
