/* SPDX-License-Identifier: GPL-2.0 */
/*
 * livesplice: what the files of the engine share, grouped by the file that
 * implements it.
 */
#ifndef _LIVESPLICE_INTERNAL_H
#define _LIVESPLICE_INTERNAL_H

#include <linux/completion.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/livesplice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/types.h>

/**
 * DOC: Locks and phases
 *
 * Loading: the loader calls lsp_load() with the module UNFORMED and no lock
 * held. Everything up to lsp_register() works on memory that belongs to this
 * load alone, takes no engine lock, and text_mutex only while it copies
 * running text.
 *
 * Switching: ``lsp_mutex`` serialises every change of the registry and of an
 * update's state, and every attempt to switch. Below it, in this order:
 * cpus_read_lock(), jump_label_lock(), text_mutex, stop_machine_cpuslocked().
 * The last three are taken per attempt and dropped between attempts.
 *
 * Functions with the suffix _stopped run inside the pause: on one CPU, with
 * interrupts off, while all others wait. They take no lock, allocate nothing
 * and print nothing.
 */

/**
 * LSP_REASONS - every way an operation can end
 *
 * @X: called as X(symbol, word, errno, meaning)
 *
 * The word is what ``result`` shows, what the
 * log says and what Documentation/livesplice/reasons.rst explains.
 */
#define LSP_REASONS(X) \
	X(OK, "ok", 0, \
	  "done") \
	X(FORMAT, "format", -ENOEXEC, \
	  "the update is damaged, or not of this format version") \
	X(LICENSE, "license", -EPERM, \
	  "only GPL updates may use what is not exported") \
	X(TARGET, "target", -ENODEV, \
	  "the object to be updated is not in this kernel") \
	X(NAME, "name", -EEXIST, \
	  "an update of this name is registered") \
	X(BASE, "base", -EEXIST, \
	  "another enabled update replaced code of the same unit") \
	X(MISMATCH, "mismatch", -ENOEXEC, \
	  "the running code is not the code the update was made from") \
	X(AMBIGUOUS, "ambiguous", -ENOEXEC, \
	  "several places in the kernel fit and nothing tells them apart") \
	X(UNRESOLVED, "unresolved", -ENOENT, \
	  "a symbol that the new code needs cannot be located") \
	X(SEALED, "sealed", -EOPNOTSUPP, \
	  "new code takes the address of a function that cannot be called indirectly") \
	X(SITE, "site", -EOPNOTSUPP, \
	  "there is no room for the jump at the function's entry") \
	X(DENIED, "denied", -EOPNOTSUPP, \
	  "the function runs while text is being changed") \
	X(OWNER, "owner", -EBUSY, \
	  "somebody else owns bytes that the jump would overwrite") \
	X(CHANGED, "changed", -EBUSY, \
	  "the running text is not what was matched any more") \
	X(BUSY, "busy", -EBUSY, \
	  "a task is using a function of the update") \
	X(INTERRUPTED, "interrupted", -EINTR, \
	  "the attempt was interrupted by a signal") \
	X(STATE, "state", -EBUSY, \
	  "not possible in this state") \
	X(NOMEM, "nomem", -ENOMEM, \
	  "out of memory") \
	X(POISONED, "poisoned", -EIO, \
	  "the engine found itself inconsistent and changes nothing any more")

#define LSP_REASON_ENUM(sym, word, err, text)	LSP_##sym,
enum lsp_reason {
	LSP_REASONS(LSP_REASON_ENUM)
	LSP_NR_REASONS
};
#undef LSP_REASON_ENUM

/**
 * LSP_STATES - life of an update
 * @X: called as X(symbol, word)
 *
 * loaded -> enabled -> loaded -> ...; an update with something that may be
 * left behind goes from enabled to pinned instead of loaded, and from there
 * back to enabled. The other words of the ABI belong to parts for modules and
 * to relaxed functions.
 */
#define LSP_STATES(X)		\
	X(LOADED,  "loaded")	\
	X(ENABLED, "enabled")	\
	X(PINNED,  "pinned")

#define LSP_STATE_ENUM(sym, word)	LSP_##sym,
enum lsp_state {
	LSP_STATES(LSP_STATE_ENUM)
	LSP_NR_STATES
};
#undef LSP_STATE_ENUM

const char *lsp_reason_word(enum lsp_reason reason);
const char *lsp_reason_text(enum lsp_reason reason);
int lsp_reason_errno(enum lsp_reason reason);
const char *lsp_state_word(enum lsp_state state);

/* Bytes of a jump at a function's entry. */
#define LSP_JUMP_SIZE		5

/* A checksum of the matched text covers this many bytes. */
#define LSP_SUM_BLOCK		64

/* Most blockers kept of one attempt. */
#define LSP_MAX_BLOCKERS	32

/**
 * struct lsp_hole - bytes of a function that the kernel goes on rewriting
 * @offset: offset in the function
 * @length: number of bytes
 */
struct lsp_hole {
	u32	offset;
	u32	length;
};

/**
 * struct lsp_patch - one replaced function, or a fragment of one
 * @update: the update it belongs to
 * @kobj: its directory OBJECT/FUNCTION,N; fragments have none
 * @name: name of the old function (owned)
 * @pos: which of that name it is in address order, from 1
 * @old_addr: address of the old function in the running kernel
 * @old_size: its size
 * @new_addr: address of the new function, 0 for fragments
 * @new_size: its size
 * @site: where the jump goes, 0 for fragments
 * @saved: bytes at @site when the update was matched; restored by undo
 * @sums: checksum of each LSP_SUM_BLOCK bytes of the old function, holes and
 *	the bytes at @site taken as zero (owned)
 * @nr_sums: number of checksums
 * @holes: sorted holes (owned)
 * @nr_holes: number of holes
 *
 * Filled in while loading, constant afterwards.
 */
struct lsp_patch {
	struct lsp_update	*update;
	struct kobject		kobj;
	char			*name;
	unsigned int		pos;
	unsigned long		old_addr;
	unsigned int		old_size;
	unsigned long		new_addr;
	unsigned int		new_size;
	unsigned long		site;
	u8			saved[LSP_JUMP_SIZE];
	u32			*sums;
	unsigned int		nr_sums;
	struct lsp_hole		*holes;
	unsigned int		nr_holes;
};

/**
 * struct lsp_blocker - a task that kept an attempt from succeeding
 * @pid: its thread id, 0 for idle tasks
 * @comm: its name
 * @addr: the address on its stack that lies in a function of the update
 */
struct lsp_blocker {
	pid_t		pid;
	char		comm[TASK_COMM_LEN];
	unsigned long	addr;
};

/**
 * struct lsp_update - one update, from insmod to rmmod
 * @node: in the registry, under lsp_mutex; empty before registration
 * @kobj: its directory /sys/kernel/splice/NAME
 * @object_kobj: its directory OBJECT, for vmlinux
 * @mod: the module
 * @name: its name (owned)
 * @description: first line of the patch's message (owned)
 * @units: names of its units, "vmlinux:kernel/exit.o", one after the other,
 *	each with its NUL, the list ended by an empty one (owned)
 * @pinned: something of it may be left behind: it can never be unloaded
 * @state: under lsp_mutex
 * @result: of the last operation, under lsp_mutex
 * @attempts: pauses tried by the last operation
 * @max_attempts: most pauses one operation may try
 * @retry_ms: wait between two attempts, in ms
 * @pause_ns: length of the last pause
 * @hooks_ns: time of in-pause hooks in it
 * @patches: the replaced functions, sorted by old_addr, constant (owned)
 * @nr_patches: number of them
 * @blockers: those of the last busy attempt
 * @nr_blockers: number of them
 * @tainted: it was enabled once: the kernel is tainted, and tasks may have
 *	been in its code
 * @changed: patch whose text was found changed by the last ``verify``
 * @changed_offset: where in it
 * @kobjs: kobjects in use, plus one while the directory exists
 * @released: completed when there are none
 */
struct lsp_update {
	struct list_head	node;
	struct kobject		kobj;
	struct kobject		object_kobj;
	struct module		*mod;
	char			*name;
	char			*description;
	char			*units;
	bool			pinned;
	enum lsp_state		state;
	enum lsp_reason		result;
	unsigned int		attempts;
	unsigned int		max_attempts;
	unsigned int		retry_ms;
	u64			pause_ns;
	u64			hooks_ns;
	struct lsp_patch	*patches;
	unsigned int		nr_patches;
	struct lsp_blocker	blockers[LSP_MAX_BLOCKERS];
	unsigned int		nr_blockers;
	bool			tainted;
	const struct lsp_patch	*changed;
	unsigned int		changed_offset;
	refcount_t		kobjs;
	struct completion	released;
};

/* core.c: registry and life cycle */

extern struct mutex lsp_mutex;

void lsp_poison(const char *what);
bool lsp_poisoned(void);

/**
 * LSP_WARN_ON() - a broken invariant of our own: warn once, poison the engine
 * @cond: true if broken
 */
#define LSP_WARN_ON(cond) ({					\
	bool __broken = (cond);					\
								\
	if (WARN_ON_ONCE(__broken))				\
		lsp_poison(#cond);				\
	unlikely(__broken);					\
})

enum lsp_reason lsp_may_add(const struct lsp_update *update);
enum lsp_reason lsp_add(struct lsp_update *update);
void lsp_drop(struct module *mod);
enum lsp_reason lsp_set_enabled(struct lsp_update *update, bool enable);
void lsp_free_update(struct lsp_update *update);

/* sysfs.c: /sys/kernel/splice */

int lsp_sysfs_add(struct lsp_update *update);
void lsp_sysfs_del(struct lsp_update *update);
int lsp_sysfs_init(void);

/* The loading half has a header of its own: match.h. */

/* sums.c: is the text still what was matched? */

enum lsp_reason lsp_sums_make(struct lsp_patch *patch);
bool lsp_sums_check(const struct lsp_patch *patch, unsigned int *offset);

/* switch.c: apply and undo */

enum lsp_reason lsp_switch(struct lsp_update *update, bool enable);

/* prepare.c: what an operation needs */

void lsp_verify(struct lsp_update *update);

/* stack.c: is anybody in there? */

/**
 * struct lsp_range - addresses that must be free
 * @start: first address
 * @end: last address; it counts, a call may be the last instruction
 */
struct lsp_range {
	unsigned long	start;
	unsigned long	end;
};

/**
 * struct lsp_ranges - a sorted set of ranges, and who was found in them
 * @ranges: sorted, disjoint
 * @nr: number of ranges
 * @has_probes: there are probe slots, so words in them count
 * @leaving: the ranges may be freed afterwards, so pointers to them count
 * @timed_out: looking at the stacks took longer than lsp_scan_limit_ns
 * @blockers: where to record who was found
 * @nr_blockers: how many were
 */
struct lsp_ranges {
	struct lsp_range	*ranges;
	unsigned int		nr;
	bool			has_probes;
	bool			leaving;
	bool			timed_out;
	struct lsp_blocker	*blockers;
	unsigned int		nr_blockers;
};

bool lsp_ranges_hit(const struct lsp_ranges *ranges, unsigned long addr);
void lsp_ranges_sort(struct lsp_ranges *ranges);
void lsp_stack_arrive_stopped(void);
bool lsp_stack_task_clean_stopped(struct lsp_ranges *ranges,
				  struct task_struct *task);
bool lsp_stack_all_clean_stopped(struct lsp_ranges *ranges);

/* Longest time to look at stacks in one pause. */
extern u64 lsp_scan_limit_ns;

/* track.c: who runs while an attempt is under way */

int lsp_track_start(void);
int lsp_track_drain(void);
bool lsp_track_clean_stopped(struct lsp_ranges *ranges);
void lsp_track_stop(void);

/* x86*.c: what an architecture provides */

/**
 * struct lsp_redirect - where a call that hits an INT3 at an entry goes
 * @site: address of the INT3
 * @target: where to go on
 */
struct lsp_redirect {
	unsigned long	site;
	unsigned long	target;
};

/**
 * struct lsp_redirects - all redirects of an operation, sorted by site
 * @nr: number of them
 * @entries: the redirects
 */
struct lsp_redirects {
	unsigned int		nr;
	struct lsp_redirect	entries[];
};

unsigned long lsp_arch_site(unsigned long addr, unsigned int size,
			    enum lsp_reason *reason);
void lsp_arch_jump(u8 *insn, unsigned long site, unsigned long target);
const char *lsp_arch_owner(unsigned long site);
bool lsp_arch_denied(unsigned long addr, unsigned long size);
unsigned long lsp_arch_saved_sp(struct task_struct *task);
bool lsp_arch_stack_live(struct task_struct *task,
			 const struct lsp_ranges *ranges, unsigned long *addr);
struct lsp_redirects *lsp_arch_redirects_make(const struct lsp_update *update);
void lsp_arch_redirect_arm(const struct lsp_redirects *table);
void lsp_arch_redirect_disarm(void);
bool lsp_arch_read_text(void *dst, unsigned long addr, size_t len);

#endif /* _LIVESPLICE_INTERNAL_H */
