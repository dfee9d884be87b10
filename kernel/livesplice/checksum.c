// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: is an update still what splice-gen wrote?
 *
 * The match proves the old code; nothing could prove the new code, should a
 * bit of the file have been turned on its way. This is no protection against
 * anybody: signatures are. Called by load.c, with no lock held.
 */
#include <linux/crc32.h>
#include <linux/stddef.h>
#include <linux/string.h>

#include "match.h"

static u32 lsp_sum_contents(u32 crc, const void *data, size_t size, bool info)
{
	const size_t field = offsetof(struct lsp_info, checksum);
	static const u32 zero;

	if (!info || size != sizeof(struct lsp_info))
		return crc32_le(crc, data, size);
	static_assert(offsetofend(struct lsp_info, checksum) ==
		      sizeof(struct lsp_info));
	crc = crc32_le(crc, data, field);
	return crc32_le(crc, (const u8 *)&zero, sizeof(zero));
}

/**
 * lsp_checksum() - checksum of a module image
 * @image: the image, with all sections inside of it, not yet relocated
 *
 * Context: any.
 * Return: the checksum as &struct lsp_sum_head defines it.
 */
u32 lsp_checksum(const struct lsp_image *image)
{
	const char *info = lsp_table_section(LSP_TABLE_info);
	u32 crc = ~0;
	unsigned int i;

	for (i = 1; i < image->nr_sections; i++) {
		const Elf_Shdr *shdr = &image->sechdrs[i];
		const char *name = image->secstrings + shdr->sh_name;
		struct lsp_sum_head head = {
			.type = shdr->sh_type, .link = shdr->sh_link,
			.info = shdr->sh_info, .size = shdr->sh_size,
		};

		if (shdr->sh_type == SHT_NULL || shdr->sh_type == SHT_NOBITS ||
		    !strcmp(name, LSP_SUM_EXCEPT))
			continue;
		crc = crc32_le(crc, (const u8 *)&head, sizeof(head));
		crc = lsp_sum_contents(crc, (void *)image->hdr + shdr->sh_offset,
				       shdr->sh_size, !strcmp(name, info));
	}
	return crc;
}
