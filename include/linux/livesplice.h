/* SPDX-License-Identifier: GPL-2.0 */
/*
 * livesplice: what the rest of the kernel and the authors of updates see.
 */
#ifndef _LINUX_LIVESPLICE_H
#define _LINUX_LIVESPLICE_H

#include <linux/compiler.h>
#include <linux/types.h>

struct pt_regs;

#ifdef CONFIG_LIVESPLICE

/**
 * livesplice_int3_handler() - redirect a call that hit a half-written jump
 * @regs: registers of the #BP exception
 *
 * While an update is switched, the entry of a replaced function is an INT3
 * for a moment. This sends whoever hits it to where the jump will lead. It
 * must be tried before anything that can itself hit an INT3.
 *
 * Context: #BP exception, from any context including NMI; noinstr, calls
 * nothing.
 * Return: true if @regs were redirected and the exception is done with.
 */
bool livesplice_int3_handler(struct pt_regs *regs);

#else /* !CONFIG_LIVESPLICE */

static __always_inline bool livesplice_int3_handler(struct pt_regs *regs)
{
	return false;
}

#endif /* CONFIG_LIVESPLICE */

#endif /* _LINUX_LIVESPLICE_H */
