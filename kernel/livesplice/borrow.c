// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: entries that begin with a static branch or a static call. Called by
 * plan.c, which asks whether a jump can go there, by switch.c, and by x86_keys.c.
 *
 * DOC: Borrowed bytes
 *
 * Where the jump goes there may be a static branch (a jump label) or a static
 * call, or part of one. The kernel rewrites it whenever its key changes, and
 * halts the machine if it finds anything there that it has not written itself.
 * So the bytes are borrowed for as long as the jump stands:
 *
 *   apply	mark the site; is it there as its key wants it?; write the jump
 *   ...	its key changes, and the kernel leaves the site alone
 *   undo	work out what the key wants there now; write that in place of what
 *		was matched; take the mark away
 *
 * All of an attempt happens under the locks below, so the mark is there before
 * the first byte changes and until the last one is back, or not at all: between
 * attempts the old code is never without the kernel's care for its sites.
 *
 * The mark is one that the kernel has: each site has a row in a table, and a row
 * whose code was discarded with the init text is passed over. There is no other
 * use of it after boot:
 *
 *   jump_label_update()		passes over the row; what else it does for
 *					the key stays, so later changes count
 *   jump_label_text_reserved()		answers that the bytes are free. Probes at
 *					the jump are possible then as they are at
 *					any other, and keep it from being undone.
 *					It is also what finds the size of a site by
 *					decoding it, and must not meet a jump.
 *   __static_call_update()		passes over the row, but updates the key
 *   static_call_text_reserved()	as with jump labels
 *   sorting, modules that go		mask the bit
 *
 * A module that is COMING, and the kernel before it runs the first program, have
 * init text. There the bit is not looked at, and text_reserved answers that the
 * bytes are taken, mark or not: the attempt is refused like one over bytes of
 * anybody else, see lsp_arch_owner().
 *
 * The locks: an update of a static branch holds jump_label_mutex for all of it.
 * That of a static call holds a mutex that nobody else can take, but as a reader
 * of cpu_hotplug_lock. So we are its writer: nobody who has looked at a row has
 * yet to write to the text, and nobody has changed a key whose site he has yet to
 * look at. A kernel without CPU hotplug has no such lock, there static calls are
 * not borrowed. cpus_write_lock() waits for a grace period; only operations with
 * something to borrow take it.
 *
 * The tables are read-only once a kernel or module is up, so the mark is stored
 * through a mapping of its own, as the first byte of the jump is. It is one word,
 * which nobody reads without one of the locks. Rows stay where they are: the
 * tables are sorted only when they are set up, and a module that has one cannot
 * go, for the update holds a reference on it.
 */
#include <linux/cleanup.h>
#include <linux/cpu.h>
#include <linux/error-injection.h>
#include <linux/jump_label.h>
#include <linux/kconfig.h>
#include <linux/kernel.h>
#include <linux/memory.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/static_call.h>
#include <linux/string.h>

#include "internal.h"
#include "switch.h"

/* The module whose text it is, NULL for the kernel; its update holds it. */
static const struct module *lsp_text_owner(unsigned long addr)
{
	guard(preempt)();
	return __module_text_address(addr);
}

#ifdef CONFIG_JUMP_LABEL
/* The row of the static branch at an address, NULL if there is none. */
static struct jump_entry *lsp_find_label(unsigned long addr)
{
	const struct module *mod = lsp_text_owner(addr);
	struct jump_entry *label = mod ? mod->jump_entries : __start___jump_table;
	struct jump_entry *stop = mod ? label + mod->num_jump_entries :
					__stop___jump_table;

	for (; label < stop; label++)
		if (jump_entry_code(label) == addr && !jump_entry_is_init(label))
			return label;
	return NULL;
}

static void *lsp_label_word(struct jump_entry *label)
{
	return &label->key;
}

/* @word: the word of the row with the mark, or what it is mapped to. */
static void lsp_mark_label(void *word, bool lent)
{
	struct jump_entry *label = container_of(word, struct jump_entry, key);

	LSP_WARN_ON(jump_entry_is_init(label) == lent);
	jump_entry_set_init(label, lent);
}
#else
static struct jump_entry *lsp_find_label(unsigned long addr)
{
	return NULL;
}

static void *lsp_label_word(struct jump_entry *label)
{
	return NULL;
}

static void lsp_mark_label(void *word, bool lent) { }
#endif

#ifdef CONFIG_HAVE_STATIC_CALL_INLINE
static bool lsp_call_is_lent(const struct static_call_site *call)
{
	return ((unsigned long)&call->key + call->key) & STATIC_CALL_SITE_INIT;
}

/* Likewise for static calls, borrowed or not. */
static struct static_call_site *lsp_call_at(unsigned long addr)
{
	const struct module *mod = lsp_text_owner(addr);
	struct static_call_site *call, *stop;

	call = mod ? mod->static_call_sites : __start_static_call_sites;
	stop = mod ? call + mod->num_static_call_sites : __stop_static_call_sites;
	for (; call < stop; call++)
		if ((unsigned long)&call->addr + call->addr == addr)
			return call;
	return NULL;
}

static struct static_call_site *lsp_find_call(unsigned long addr)
{
	struct static_call_site *call = lsp_call_at(addr);

	return call && !lsp_call_is_lent(call) ? call : NULL;
}

/**
 * lsp_call_key() - whose static call is at an address?
 * @addr: the address
 *
 * Context: nothing may free the module that it is in.
 * Return: address of the key that the kernel goes by, 0 if there is no such call.
 */
unsigned long lsp_call_key(unsigned long addr)
{
	const struct static_call_site *call = lsp_call_at(addr);

	return call ? ((unsigned long)&call->key + call->key) &
		      ~STATIC_CALL_SITE_FLAGS : 0;
}

static void *lsp_call_word(struct static_call_site *call)
{
	return &call->key;
}

/* The flag is part of an address, relative to the word; keys are aligned. */
static void lsp_mark_call(const struct static_call_site *call, s32 *word, bool lent)
{
	LSP_WARN_ON(lsp_call_is_lent(call) == lent);
	WRITE_ONCE(*word, lent ? *word + (s32)STATIC_CALL_SITE_INIT :
				 *word - (s32)STATIC_CALL_SITE_INIT);
}
#else
unsigned long lsp_call_key(unsigned long addr)
{
	return 0;
}

static struct static_call_site *lsp_find_call(unsigned long addr)
{
	return NULL;
}

static void *lsp_call_word(struct static_call_site *call)
{
	return NULL;
}

static void lsp_mark_call(const struct static_call_site *call, s32 *word, bool lent) { }
#endif

/**
 * lsp_borrow_mark() - where the mark of a loan is
 * @loan: the loan
 *
 * Return: address of the word, in a table that is read-only.
 */
unsigned long lsp_borrow_mark(const struct lsp_loan *loan)
{
	return (unsigned long)(loan->label ? lsp_label_word(loan->label) :
					     lsp_call_word(loan->call));
}

static bool lsp_loan_of(struct lsp_loan *loan, const struct lsp_patch *patch,
			const struct lsp_hole *hole)
{
	unsigned long addr = patch->old_addr + hole->offset;

	/* A jump goes to the begin of an instruction, so no site is cut there. */
	if (addr < patch->site)
		return false;
	loan->offset = addr - patch->site;
	loan->length = hole->length;
	loan->label = lsp_find_label(addr);
	if (!loan->label && IS_ENABLED(CONFIG_HOTPLUG_CPU))
		loan->call = lsp_find_call(addr);
	return loan->label || loan->call;
}

/**
 * lsp_borrow_find() - what of an entry does the kernel go on rewriting?
 * @patch: the function, with its site, span and holes; gets its loans
 *
 * Context: may sleep; what has the function cannot go.
 * Return: LSP_OK, LSP_SITE if some of it cannot be borrowed, or LSP_NOMEM.
 */
enum lsp_reason lsp_borrow_find(struct lsp_patch *patch)
{
	u32 site = patch->site - patch->old_addr;
	/* No two are closer than the shorter kind of branch is long. */
	struct lsp_loan loans[3] = { };
	unsigned int i, nr = 0;

	for (i = 0; i < patch->nr_holes; i++) {
		const struct lsp_hole *hole = &patch->holes[i];

		if (hole->offset >= site + LSP_JUMP_SIZE ||
		    hole->offset + hole->length <= site)
			continue;
		if (nr == ARRAY_SIZE(loans) || !lsp_loan_of(&loans[nr], patch, hole))
			return LSP_SITE;
		patch->span = max_t(u32, patch->span,
				    loans[nr].offset + loans[nr].length);
		nr++;
	}
	if (!nr)
		return LSP_OK;
	patch->loans = kmemdup_array(loans, nr, sizeof(*loans), GFP_KERNEL);
	if (!patch->loans)
		return LSP_NOMEM;
	patch->nr_loans = nr;
	return LSP_OK;
}

/**
 * lsp_borrow_fill() - what would the kernel have at the loans of a function now?
 * @patch: the function
 * @bytes: copy of what is at its site without a jump; gets it
 *
 * Context: text_mutex held. May be old when it is there, unless lsp_borrow_lock() is
 * held as well.
 */
void lsp_borrow_fill(const struct lsp_patch *patch, u8 *bytes)
{
	unsigned int i;

	lockdep_assert_held(&text_mutex);

	for (i = 0; i < patch->nr_loans; i++)
		lsp_arch_loan_bytes(&patch->loans[i],
				    bytes + patch->loans[i].offset);
}

static void lsp_borrow_lock_for(unsigned int nr)
{
	if (nr)
		cpus_write_lock();
	else
		cpus_read_lock();
	jump_label_lock();
}

static void lsp_borrow_unlock_for(unsigned int nr)
{
	jump_label_unlock();
	if (nr)
		cpus_write_unlock();
	else
		cpus_read_unlock();
}

/**
 * lsp_borrow_check() - do we know what the kernel writes to its bytes?
 * @patch: the function, with its loans and the bytes at its site
 *
 * Context: may sleep; takes cpus_write_lock(), jump_label_lock() and text_mutex.
 * Return: LSP_OK, or LSP_SITE if there is anything else.
 */
enum lsp_reason lsp_borrow_check(const struct lsp_patch *patch)
{
	enum lsp_reason reason = LSP_OK;
	u8 bytes[LSP_MAX_SPAN];
	unsigned int i;

	if (!patch->nr_loans)
		return LSP_OK;
	memcpy(bytes, patch->saved, patch->span);
	lsp_borrow_lock_for(patch->nr_loans);
	mutex_lock(&text_mutex);
	lsp_borrow_fill(patch, bytes);
	for (i = 0; i < patch->nr_loans; i++) {
		const struct lsp_loan *loan = &patch->loans[i];

		if (memcmp((void *)patch->site + loan->offset,
			   bytes + loan->offset, loan->length))
			reason = LSP_SITE;
	}
	mutex_unlock(&text_mutex);
	lsp_borrow_unlock_for(patch->nr_loans);
	return reason;
}
ALLOW_ERROR_INJECTION(lsp_borrow_check, TRUE);

/**
 * lsp_borrow_skip() - leave out of a copy what may change at any time
 * @patch: the function, not replaced now
 * @bytes: copy of its bytes at its site; gets those that were matched
 */
void lsp_borrow_skip(const struct lsp_patch *patch, u8 *bytes)
{
	unsigned int i;

	for (i = 0; i < patch->nr_loans; i++) {
		const struct lsp_loan *loan = &patch->loans[i];

		memcpy(bytes + loan->offset, patch->saved + loan->offset,
		       loan->length);
	}
}

/**
 * lsp_borrow_lock() - keep CPUs, and keys of static branches and calls, as they are
 * @op: the operation; only where it borrows anything static calls are kept too
 *
 * Context: may sleep; lsp_mutex held.
 */
void lsp_borrow_lock(const struct lsp_operation *op)
{
	lsp_borrow_lock_for(op->nr_marks);
}

/**
 * lsp_borrow_unlock() - undo lsp_borrow_lock()
 * @op: the operation
 */
void lsp_borrow_unlock(const struct lsp_operation *op)
{
	lsp_borrow_unlock_for(op->nr_marks);
}

static void lsp_borrow_set(const struct lsp_mark *mark, bool lent)
{
	if (mark->loan->label)
		lsp_mark_label(mark->alias, lent);
	else
		lsp_mark_call(mark->loan->call, mark->alias, lent);
}

/**
 * lsp_borrow_take() - from now on the kernel leaves the bytes alone
 * @op: the operation, mapped
 *
 * If it undoes, they are borrowed. Either way it is known from here on what must
 * be there, without the jumps.
 *
 * Context: lsp_borrow_lock() and text_mutex held.
 */
void lsp_borrow_take(struct lsp_operation *op)
{
	unsigned int i;

	lockdep_assert_held(&text_mutex);

	for (i = 0; i < op->nr_entries; i++)
		if (op->entries[i].ground)
			lsp_borrow_fill(op->entries[i].ground, op->entries[i].old);
	for (i = 0; i < op->nr_marks; i++)
		if (lsp_comes(op, op->marks[i].leaves))
			lsp_borrow_set(&op->marks[i], true);
}

/**
 * lsp_borrow_give_back() - where there is no jump, the kernel may write again
 * @op: the operation, mapped; has or has not come to pass
 *
 * Context: lsp_borrow_lock() and text_mutex held.
 */
void lsp_borrow_give_back(struct lsp_operation *op)
{
	unsigned int i;

	lockdep_assert_held(&text_mutex);

	for (i = 0; i < op->nr_marks; i++)
		if (lsp_is_enabled(op) == op->marks[i].leaves)
			lsp_borrow_set(&op->marks[i], false);
}
