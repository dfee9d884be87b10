// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: the list of enabled updates that oopses and dumps show. Called by
 * core.c, which makes it anew before and after each operation, by
 * print_modules(), and by vmcore.c.
 *
 * DOC: What an oops shows
 *
 * Whoever reads an oops, a warning or a dump must know that the text is not
 * that of vmlinux. He is told by a text: the names of the enabled updates, with
 * blanks between them. It is shown by a kernel that is dying, in any context,
 * so it is ready beforehand: showing it takes no lock and follows no pointer
 * into anything that can go away.
 *
 * New code may crash in its first instruction, before whoever has enabled it
 * has a chance to tell. So the text has the update before it is switched, as the
 * first one, with (+) while it is being enabled and (-) while it is being
 * disabled, as a module that comes or goes has. What does not fit is counted:
 * "[+3 more]" is the end of a text that has no room for three names.
 */

#include <linux/kernel.h>
#include <linux/livesplice.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "internal.h"

/* The end of a text that has not all names, and the room that it may take. */
#define LSP_LIST_MORE		" [+%u more]"
#define LSP_LIST_MORE_SIZE	sizeof(" [+4294967295 more]")

/*
 * One is shown while the other one is written. Who reads so slowly that two
 * operations begin meanwhile may see a mixture, but no more than a text: the
 * last byte of either is never anything but 0.
 */
static char lsp_lists[2][LSP_LIST_SIZE];

const char *livesplice_updates = lsp_lists[0];

/**
 * lsp_list_add() - add a name to a list
 * @list: the list
 * @name: the name
 * @mark: what comes behind it
 *
 * The first one that does not fit ends the list, so that what it shows are the
 * first of all.
 */
void lsp_list_add(struct lsp_list *list, const char *name, const char *mark)
{
	const char *blank = list->len ? " " : "";
	size_t need = strlen(blank) + strlen(name) + strlen(mark);

	if (list->more ||
	    list->len + need + LSP_LIST_MORE_SIZE > LSP_LIST_SIZE) {
		list->more++;
		return;
	}
	list->len += scnprintf(list->text + list->len,
			       LSP_LIST_SIZE - list->len, "%s%s%s", blank, name,
			       mark);
}

/**
 * lsp_list_end() - count what did not fit
 * @list: the list
 */
void lsp_list_end(const struct lsp_list *list)
{
	if (list->more)
		scnprintf(list->text + list->len, LSP_LIST_SIZE - list->len,
			  LSP_LIST_MORE, list->more);
}

/**
 * lsp_list_make() - have oopses and dumps show what is enabled now
 * @switching: the update that is switched next, or NULL
 *
 * Context: lsp_mutex held.
 */
void lsp_list_make(const struct lsp_update *switching)
{
	struct lsp_update *update = NULL;
	struct lsp_list list = {
		.text = lsp_lists[livesplice_updates == lsp_lists[0]],
	};

	lockdep_assert_held(&lsp_mutex);

	list.text[0] = '\0';
	if (switching)
		lsp_list_add(&list, switching->name,
			     switching->state == LSP_ENABLED ? "(-)" : "(+)");
	while ((update = lsp_next(update)))
		if (update != switching && (update->state == LSP_ENABLED ||
					    update->state == LSP_DRAINING))
			lsp_list_add(&list, update->name, "");
	lsp_list_end(&list);
	/* Pairs with READ_ONCE() of it: the text is there before it is shown. */
	smp_store_release(&livesplice_updates, list.text);
}

/* Described in include/linux/livesplice.h. */
void livesplice_print_updates(void)
{
	const char *text = READ_ONCE(livesplice_updates);

	if (*text)
		printk(KERN_DEFAULT "Live updates: %s\n", text);
}
