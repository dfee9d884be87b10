// SPDX-License-Identifier: GPL-2.0
/*
 * The new code of an update that touches every unit of the kernel: only to be
 * loaded, so that all of the kernel is matched. One function has to be
 * replaced; vm/whole.sh says where the old one is in its object.
 */
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/stringify.h>

int lsp_whole_show(struct seq_file *m, void *v);

int lsp_whole_show(struct seq_file *m, void *v)
{
	seq_puts(m, "whole\n");
	return 0;
}

/* A struct link_func, see scripts/splice-gen/link.h. */
asm(".pushsection .livesplice.link.funcs, \"\", @progbits\n"
	".balign 8\n"
	".quad lsp_whole_show\n"
	".long 0, " __stringify(LSP_PRE_SHNDX) "\n"
	".long " __stringify(LSP_PRE_OFFSET) ", 16, 0, 0\n"
	".popsection\n");

MODULE_DESCRIPTION("livesplice test: an update of everything");
MODULE_LICENSE("GPL");
