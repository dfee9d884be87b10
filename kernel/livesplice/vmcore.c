// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: what the reader of a dump finds in vmcoreinfo. Called by
 * kernel/vmcore_info.c, and built if that is.
 *
 * DOC: What a dump shows
 *
 * The note has where the list of enabled updates is, so that any dump, also one
 * that a hypervisor makes, tells their names:
 *
 *   SYMBOL(livesplice_updates)=	address of a pointer to the text
 *   LENGTH(livesplice_updates)=	most bytes of the text, its NUL included
 *
 * A kernel that crashes with a crash kernel in place appends the text itself,
 * so that nothing but the note has to be read:
 *
 *   LIVESPLICE=NAME NAME...
 *
 * The line is not there when no update is enabled, and is "LIVESPLICE=?" if
 * the note has no room for the names; then the address leads to them.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kexec.h>
#include <linux/livesplice.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "internal.h"

#define LSP_NOTE_KEY	"LIVESPLICE="

/* vmcoreinfo_append_str() cuts what is longer than 79 bytes. */
#define LSP_NOTE_PIECE	64UL

/* Described in include/linux/livesplice.h. */
void __init livesplice_vmcoreinfo(void)
{
	VMCOREINFO_SYMBOL(livesplice_updates);
	VMCOREINFO_LENGTH(livesplice_updates, LSP_LIST_SIZE);
}

/* A note that is full to its last byte is one that warns. */
static bool lsp_note_has_room(size_t len)
{
	return vmcoreinfo_size + len < VMCOREINFO_BYTES;
}

/*
 * Described in include/linux/livesplice.h. The other CPUs may still run, so the
 * text may become another one meanwhile; it does not become longer than what
 * there is room for.
 */
void livesplice_crash_vmcoreinfo(void)
{
	const char *text = READ_ONCE(livesplice_updates);
	size_t len = strnlen(text, LSP_LIST_SIZE), at;

	if (!len)
		return;
	if (!lsp_note_has_room(strlen(LSP_NOTE_KEY "\n") + len)) {
		if (lsp_note_has_room(strlen(LSP_NOTE_KEY "?\n")))
			vmcoreinfo_append_str(LSP_NOTE_KEY "?\n");
		return;
	}
	vmcoreinfo_append_str(LSP_NOTE_KEY);
	for (at = 0; at < len; at += LSP_NOTE_PIECE)
		vmcoreinfo_append_str("%.*s",
				      (int)min(len - at, LSP_NOTE_PIECE),
				      text + at);
	vmcoreinfo_append_str("\n");
}
