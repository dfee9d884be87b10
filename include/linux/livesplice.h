/* SPDX-License-Identifier: GPL-2.0 */
/*
 * livesplice: what the rest of the kernel and the authors of updates see.
 */
#ifndef _LINUX_LIVESPLICE_H
#define _LINUX_LIVESPLICE_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/types.h>

struct pt_regs;

/**
 * SPLICE_RELAXED() - let tasks that are in a function finish in what they are in
 * @fn: a function that the patch changes, by its name; in the file that has it
 *
 * For a function that is on some stack at all times, such as the main loop of a
 * kernel thread: enabling the update does not wait until nobody is in it. Tasks
 * that are go on in the old code until they return from it; whoever calls the
 * function gets the new code at once. The other way round when the update is
 * undone; it is ``draining`` then until the last task has left the new code.
 *
 * It is the author's word that old and new code may run at the same time. What
 * the machine code does not allow is refused, see Documentation/livesplice.
 */
#define SPLICE_RELAXED(fn)						\
	static_assert(sizeof(typeof(fn) *), #fn);			\
	static const char __splice_relaxed_##fn[] __used		\
		__section(".discard.livesplice.relaxed") = #fn

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

/**
 * livesplice_has_replaced() - is a function replaced by an enabled update?
 * @addr: address of the function
 *
 * An update that is just being enabled may be missed. If it finds the livepatch
 * there already, it is refused; else both are enabled, and ``verify`` tells.
 *
 * Context: may sleep.
 * Return: true if callers of the function get other code.
 */
bool livesplice_has_replaced(unsigned long addr);

/**
 * livesplice_in_jump() - is an address in the middle of one of our jumps?
 * @addr: the address
 *
 * Context: the debugger, with all other CPUs stopped, wherever they were.
 * Return: true if it is none of an instruction.
 */
bool livesplice_in_jump(unsigned long addr);

/* Names of the enabled updates; vmcoreinfo says where this pointer is. */
extern const char *livesplice_updates;

/**
 * livesplice_print_updates() - the line of the enabled updates in an oops
 *
 * Prints nothing if there are none.
 *
 * Context: any in which printing is allowed, also of a kernel that is dying.
 */
void livesplice_print_updates(void);

/**
 * livesplice_vmcoreinfo() - put into vmcoreinfo where the enabled updates are
 *
 * Context: while booting, before the note is made.
 */
void livesplice_vmcoreinfo(void);

/**
 * livesplice_crash_vmcoreinfo() - put their names into vmcoreinfo
 *
 * Context: a kernel that is dying, before the note is made for the last time.
 */
void livesplice_crash_vmcoreinfo(void);

#else /* !CONFIG_LIVESPLICE */

static __always_inline bool livesplice_int3_handler(struct pt_regs *regs)
{
	return false;
}

static inline bool livesplice_has_replaced(unsigned long addr)
{
	return false;
}

static inline bool livesplice_in_jump(unsigned long addr)
{
	return false;
}

static inline void livesplice_print_updates(void) { }
static inline void livesplice_vmcoreinfo(void) { }
static inline void livesplice_crash_vmcoreinfo(void) { }

#endif /* CONFIG_LIVESPLICE */

#endif /* _LINUX_LIVESPLICE_H */
