// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: is the text still what was matched?
 *
 * Of the pre code nothing stays in memory but a checksum per LSP_SUM_BLOCK
 * bytes of each replaced function. load.c makes them while the match is fresh;
 * switch.c and verify.c check them. Bytes that the kernel goes on rewriting
 * (holes), and those at the site of the jump, which others check byte by byte,
 * count as zero.
 */
#include <linux/cleanup.h>
#include <linux/error-injection.h>
#include <linux/jhash.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

/**
 * lsp_punch() - make the bytes in holes zero
 * @hole: the holes, sorted by offset
 * @nr: number of them
 * @bytes: a copy of some text
 * @start: offset of the copy, in what the holes' offsets are of
 * @length: number of bytes
 */
void lsp_punch(const struct lsp_hole *hole, unsigned int nr, u8 *bytes,
	       u32 start, u32 length)
{
	u32 n;

	for (; nr && hole->offset < start + length; nr--, hole++)
		for (n = hole->offset; n < hole->offset + hole->length; n++)
			if (n >= start && n < start + length)
				bytes[n - start] = 0;
}

/* Checksum of one block; false if the text cannot be read. */
static bool lsp_sum_block(const struct lsp_patch *patch, u32 block, u32 *sum)
{
	u32 start = block * LSP_SUM_BLOCK;
	u32 length = min_t(u32, LSP_SUM_BLOCK, patch->old_size - start);
	struct lsp_hole site = { patch->site - patch->old_addr, patch->span };
	u8 bytes[LSP_SUM_BLOCK];

	if (!lsp_arch_read_text(bytes, patch->old_addr + start, length))
		return false;
	lsp_punch(patch->holes, patch->nr_holes, bytes, start, length);
	if (patch->site)
		lsp_punch(&site, 1, bytes, start, length);
	*sum = jhash(bytes, length, block);
	return true;
}

/**
 * lsp_sums_make() - remember the text of a replaced function
 * @patch: the function, with its address, size, site and holes
 *
 * Context: may sleep; takes text_mutex.
 * Return: LSP_OK, LSP_NOMEM, or LSP_CHANGED if the text cannot be read.
 */
enum lsp_reason lsp_sums_make(struct lsp_patch *patch)
{
	u32 i;

	patch->nr_sums = DIV_ROUND_UP(patch->old_size, LSP_SUM_BLOCK);
	patch->sums = kcalloc(patch->nr_sums, sizeof(*patch->sums), GFP_KERNEL);
	if (!patch->sums)
		return LSP_NOMEM;
	for (i = 0; i < patch->nr_sums; i++)
		if (!lsp_sum_block(patch, i, &patch->sums[i]))
			return LSP_CHANGED;
	return LSP_OK;
}
ALLOW_ERROR_INJECTION(lsp_sums_make, TRUE);

/**
 * lsp_sums_check() - is the text of a replaced function still the same?
 * @patch: the function
 * @offset: set to the start of the first block that differs
 *
 * Context: may sleep; takes text_mutex.
 * Return: true if it is.
 */
bool lsp_sums_check(const struct lsp_patch *patch, unsigned int *offset)
{
	u32 i, sum;

	for (i = 0; i < patch->nr_sums; i++) {
		if (lsp_sum_block(patch, i, &sum) && sum == patch->sums[i])
			continue;
		*offset = i * LSP_SUM_BLOCK;
		return false;
	}
	return true;
}
ALLOW_ERROR_INJECTION(lsp_sums_check, NULL);
