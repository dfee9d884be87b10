// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: the list of who was in the way, for people. Called by sysfs.c.
 */
#include <linux/string.h>
#include <linux/sysfs.h>

#include "internal.h"

/* Offset of an address in either version of a function, and its size. */
static bool lsp_offset(const struct lsp_patch *patch, unsigned long addr,
		       unsigned long *offset, unsigned int *size)
{
	*offset = addr - patch->old_addr;
	*size = patch->old_size;
	if (*offset <= *size)
		return true;
	*offset = addr - patch->new_addr;
	*size = patch->new_size;
	return patch->new_addr && *offset <= *size;
}

static int lsp_emit_blocker(char *buf, int at, const struct lsp_update *update,
			    const struct lsp_blocker *blocker)
{
	const struct lsp_patch *patch;
	const struct lsp_part *part;
	unsigned long offset;
	unsigned int size;

	/* A task may call itself anything: one line each, whatever it says. */
	at += sysfs_emit_at(buf, at, "%d %*pE ", blocker->pid,
			    (int)strlen(blocker->comm), blocker->comm);
	lsp_for_each_patch(update, part, patch)
		if (lsp_offset(patch, blocker->addr, &offset, &size))
			return at + sysfs_emit_at(buf, at, "%s+0x%lx/0x%x\n",
						  patch->name, offset, size);
	return at + sysfs_emit_at(buf, at, "%pS\n", (void *)blocker->addr);
}

/**
 * lsp_blockers_emit() - a line for each task that was in the way
 * @update: the update
 * @buf: a page
 *
 * Context: lsp_mutex held.
 * Return: the length of what is in @buf.
 */
int lsp_blockers_emit(const struct lsp_update *update, char *buf)
{
	unsigned int i;
	int at = 0;

	for (i = 0; i < update->nr_blockers; i++)
		at = lsp_emit_blocker(buf, at, update, &update->blockers[i]);
	return at;
}
