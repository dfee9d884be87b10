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

/**
 * DOC: Hooks
 *
 * A *hook* is a function of the patch that is called when the update is enabled
 * or disabled. The patch defines it in a file that it changes, and names it::
 *
 *	static int budget_pre(void)
 *	{
 *		...
 *	}
 *	SPLICE_PRE(budget_pre);
 *
 * A file has at most one hook of each kind; all files of a patch may have some.
 * They are called file by file, in the order in which the update shows them;
 * when it is disabled, in the opposite order.
 *
 * All but those in the pause are called in the task that writes to ``enabled``, may
 * sleep, and must come back: no other update can be switched meanwhile. They may
 * not write to /sys/kernel/splice or load or unload an update. They are called
 * once, however many attempts there are.
 *
 * Those in the pause, SPLICE_APPLY() and SPLICE_UNDO_APPLY(), see a machine in
 * which nothing else runs but NMIs. Nobody is in the middle of a function that is
 * replaced, nobody holds a spinlock, but anybody may hold a mutex, and whatever
 * interrupts, soft interrupts and RCU readers were about to do, they still will.
 * Such a hook may read and write memory, walk lists that it knows to be whole, and
 * call livesplice_shadow_get(). It may not sleep, wait, take a lock, allocate,
 * free, print, or fail: what can fail belongs into SPLICE_PRE(). It should be
 * short, because nothing else happens meanwhile; ``hooks_ns`` says how long it
 * took. With CONFIG_PREEMPT_RT who holds a spinlock may have been preempted, so
 * updates that have such hooks are refused there. With CONFIG_DEBUG_ATOMIC_SLEEP
 * sleeping there is reported at once; one that has slept, or has kept a lock, is
 * reported by every kernel, which then changes nothing any more.
 *
 * A hook is a new function. It may not refer to a function that the patch
 * changes, nor may other new functions that it calls; splice-gen sees to that. What
 * it calls by way of functions that the kernel has, it calls as that is at the moment.
 */

typedef int (*livesplice_ask_t)(void);
typedef void (*livesplice_tell_t)(void);

#define __SPLICE_HOOK(kind, type, fn)					\
	static const livesplice_##type##_t __splice_hook_##kind __used	\
		__section(".discard.livesplice.hooks." #kind) = fn

/**
 * SPLICE_CHECK() - may the update be enabled?
 * @fn: int fn(void): 0 if it may, else any number, which is in the log
 *
 * Called first. It must not change anything: after a veto nothing is undone.
 */
#define SPLICE_CHECK(fn)	__SPLICE_HOOK(check, ask, fn)

/**
 * SPLICE_PRE() - get ready for the update
 * @fn: int fn(void): 0, or any number, and the update is not enabled; then the
 *	hook has itself undone what it has begun
 *
 * The old code is in use, and will be for a while.
 */
#define SPLICE_PRE(fn)		__SPLICE_HOOK(pre, ask, fn)

/**
 * SPLICE_APPLY() - bring data over to the new code
 * @fn: void fn(void); called in the pause
 *
 * Nobody has run any new code, nobody will run old code any more: other than that
 * of a function with SPLICE_RELAXED(), of which old frames may go on.
 */
#define SPLICE_APPLY(fn)	__SPLICE_HOOK(apply, tell, fn)

/**
 * SPLICE_POST() - the update is enabled
 * @fn: void fn(void)
 *
 * The new code is in use.
 */
#define SPLICE_POST(fn)		__SPLICE_HOOK(post, tell, fn)

/**
 * SPLICE_FAIL() - the update was not enabled
 * @fn: void fn(void)
 *
 * Undoes what SPLICE_PRE() of the same file has done. Called if that has
 * succeeded, and what came after it has not; the last file first.
 */
#define SPLICE_FAIL(fn)		__SPLICE_HOOK(fail, tell, fn)

/**
 * SPLICE_UNDO_CHECK() - may the update be disabled?
 * @fn: as for SPLICE_CHECK()
 */
#define SPLICE_UNDO_CHECK(fn)	__SPLICE_HOOK(undo_check, ask, fn)

/**
 * SPLICE_UNDO_PRE() - get ready for the old code
 * @fn: as for SPLICE_PRE(); the new code is in use
 */
#define SPLICE_UNDO_PRE(fn)	__SPLICE_HOOK(undo_pre, ask, fn)

/**
 * SPLICE_UNDO_APPLY() - bring data back to the old code
 * @fn: as for SPLICE_APPLY(); called in the pause
 *
 * Nobody will run any new code after it, and nobody has run old code since the
 * update was enabled: other than functions with SPLICE_RELAXED().
 */
#define SPLICE_UNDO_APPLY(fn)	__SPLICE_HOOK(undo_apply, tell, fn)

/**
 * SPLICE_UNDO_POST() - the update is disabled
 * @fn: void fn(void)
 *
 * The old code is in use. The place to end shadow variables that nobody ends any
 * more. If there is a function with SPLICE_RELAXED(), tasks may still be in its
 * new code.
 */
#define SPLICE_UNDO_POST(fn)	__SPLICE_HOOK(undo_post, tell, fn)

/**
 * SPLICE_UNDO_FAIL() - the update was not disabled
 * @fn: as for SPLICE_FAIL(), of SPLICE_UNDO_PRE()
 */
#define SPLICE_UNDO_FAIL(fn)	__SPLICE_HOOK(undo_fail, tell, fn)

/**
 * DOC: Shadow variables
 *
 * A patch that adds a member to a struct cannot be spliced: the objects that
 * exist have no room for it, and most of the kernel was compiled for the old
 * layout. A *shadow variable* takes the place of the member. It is memory that
 * belongs to an object without being in it, and is found by the address of the
 * object and a number::
 *
 *	p->budget			becomes
 *
 *	long *budget = livesplice_shadow_get(p, ID_BUDGET);
 *
 * Numbers are shared by all updates of a kernel. Take one that nobody else would
 * think of, such as a CVE number with a digit behind it, and the same one in each
 * later version of the fix: that finds what the earlier one has left.
 *
 * **Who makes it.** New code that makes objects attaches a variable to each. For
 * objects that were there before there is livesplice_shadow_get_or_attach(), in
 * whatever comes across them first; or a hook that goes through all of them.
 *
 * **Who ends it.** New code that frees an object detaches its variables before.
 * If that is forgotten, the next object at this address inherits them. For the
 * same reason an update that is undone must leave none behind: then objects are
 * freed by the old code again. Call livesplice_shadow_detach_all() in a hook,
 * SPLICE_UNDO_POST(). What is left when the module of an update is unloaded is in the
 * log, with its number. It is kept, for the update that takes the place of this
 * one; it holds data only, and no pointer to the code that made it.
 *
 * **How long it may be used.** What livesplice_shadow_get() returns stays as long
 * as the variable is attached, and from then until a grace period of RCU is over.
 * So it may be used
 *
 * - in the section of rcu_read_lock() in which it was looked up, whoever detaches
 *   it; or
 * - as long as nobody can detach it: while a reference or a lock is held that
 *   keeps its object from being freed, if that is where it is detached. That does
 *   not hold against livesplice_shadow_detach_all().
 *
 * The variable has no lock of its own: what protects the other members of the
 * object protects it as well. Two threads may not attach and detach the same one
 * at a time, unless they can live with either outcome.
 *
 * **What it costs.** A look is a hash and a walk along a short chain, without a
 * lock, a write or a wait. Each variable takes 56 bytes beside its own.
 */

/**
 * typedef livesplice_ctor_t - fill in a shadow variable that was just made
 * @obj: its object
 * @data: the variable, all of it 0, not visible to anybody else yet
 * @arg: what livesplice_shadow_attach() was given
 *
 * Called once for each variable, with a raw spinlock held and interrupts off: it
 * must not sleep, nor take a lock that may, and not call any of these functions.
 *
 * Return: 0, or a negative errno; then there is no variable.
 */
typedef int (*livesplice_ctor_t)(void *obj, void *data, void *arg);

/**
 * typedef livesplice_dtor_t - take leave of a shadow variable
 * @obj: its object
 * @data: the variable; nobody finds it any more
 *
 * Called once for each variable, in the context of the one that detaches it, with
 * no lock held. Who looked it up before, under rcu_read_lock(), may still be
 * reading it: what it points to must outlast a grace period if they follow it.
 */
typedef void (*livesplice_dtor_t)(void *obj, void *data);

void *__livesplice_shadow_attach(void *obj, unsigned long id, size_t size,
				 gfp_t gfp, livesplice_ctor_t ctor, void *arg);
void *__livesplice_shadow_get_or_attach(void *obj, unsigned long id,
					size_t size, gfp_t gfp,
					livesplice_ctor_t ctor, void *arg);

/* Something is left to do after the call, so that it is one, and no jump. */
#define __livesplice_called(call)					\
({									\
	void *__livesplice_data = (call);				\
									\
	OPTIMIZER_HIDE_VAR(__livesplice_data);				\
	barrier();							\
	__livesplice_data;						\
})

/**
 * livesplice_shadow_attach() - make a shadow variable
 * @obj: the object that it belongs to
 * @id: which of the object's variables
 * @size: size in bytes
 * @gfp: how to allocate it
 * @ctor: fills it in, or NULL: it is all 0 then
 * @arg: handed to @ctor
 *
 * Context: any but NMI that @gfp allows; GFP_ATOMIC where sleeping is not
 * allowed.
 * Return: the variable, aligned to 8; or an error pointer: -EEXIST if there is
 * one already, -ENOMEM, or what @ctor has returned.
 */
#define livesplice_shadow_attach(obj, id, size, gfp, ctor, arg)		\
	__livesplice_called(__livesplice_shadow_attach(obj, id, size, gfp, \
						       ctor, arg))

/**
 * livesplice_shadow_get_or_attach() - get a shadow variable, made if need be
 * @obj: the object that it belongs to
 * @id: which of the object's variables
 * @size: size in bytes, should it have to be made
 * @gfp: how to allocate it then
 * @ctor: fills it in then, or NULL: it is all 0
 * @arg: handed to @ctor
 *
 * If several want to have it at a time, one of them makes it and all get that.
 *
 * Context: any but NMI that @gfp allows; GFP_ATOMIC where sleeping is not
 * allowed.
 * Return: the variable, aligned to 8; or an error pointer: -ENOMEM, or what @ctor
 * has returned.
 */
#define livesplice_shadow_get_or_attach(obj, id, size, gfp, ctor, arg)	\
	__livesplice_called(__livesplice_shadow_get_or_attach(obj, id, size, \
							      gfp, ctor, arg))

/**
 * livesplice_shadow_get() - find a shadow variable
 * @obj: the object that it belongs to
 * @id: which of the object's variables
 *
 * Context: any in which RCU can be used, interrupts and NMIs included.
 * Return: the variable, or NULL if there is none. How long it may be used is
 * described above.
 */
void *livesplice_shadow_get(const void *obj, unsigned long id);

/**
 * livesplice_shadow_detach() - end a shadow variable
 * @obj: the object that it belongs to
 * @id: which of the object's variables
 * @dtor: called if there is one, or NULL
 *
 * Its memory is freed after a grace period.
 *
 * Context: any but NMI, and that @dtor allows.
 * Return: true if there was one; of several that try, one is told so.
 */
bool livesplice_shadow_detach(void *obj, unsigned long id,
			      livesplice_dtor_t dtor);

/**
 * livesplice_shadow_detach_all() - end all shadow variables with a number
 * @id: the number
 * @dtor: called for each, or NULL
 *
 * What is attached meanwhile may be missed: call it when no code runs any more
 * that attaches.
 *
 * Context: may sleep.
 * Return: how many there were.
 */
unsigned int livesplice_shadow_detach_all(unsigned long id,
					  livesplice_dtor_t dtor);

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
