/* SPDX-License-Identifier: GPL-2.0 */
/*
 * livesplice: what an update is: its parts, functions and objects.
 */
#ifndef _LIVESPLICE_UPDATE_H
#define _LIVESPLICE_UPDATE_H

#include <linux/completion.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/livesplice_format.h>
#include <linux/module.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/types.h>

#include "words.h"

/**
 * struct lsp_stuck - a task that could not be freed
 * @freed: why not; LSP_FREED_SENT if there was none
 * @pid: its thread id
 * @comm: its name
 */
struct lsp_stuck {
	enum lsp_freed	freed;
	pid_t		pid;
	char		comm[TASK_COMM_LEN];
};

/* Bytes of a jump at a function's entry. */
#define LSP_JUMP_SIZE		5

/* Four bytes of others, and the longest instruction that begins in the fifth. */
#define LSP_MAX_SPAN		19

/* Bytes of the tracer's call in front of it, where there is one. */
#define LSP_CALL_SIZE		5

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

struct jump_entry;
struct static_call_site;

/**
 * struct lsp_loan - bytes of an entry that are a static branch or a static call
 * @label: the row of the static branch, or NULL
 * @call: the row of the static call, or NULL
 * @offset: where they begin, from where the jump goes
 * @length: number of bytes; they may end behind the jump
 *
 * Exactly one of the rows is there.
 */
struct lsp_loan {
	struct jump_entry	*label;
	struct static_call_site	*call;
	u8			offset;
	u8			length;
};

/**
 * struct lsp_patch - one replaced function, or one that must be free
 * @part: the part it belongs to
 * @kobj: its directory OBJECT/FUNCTION,N; fragments have none
 * @name: name of the old function (owned)
 * @pos: which of that name it is in address order, from 1
 * @entry: address that callers of the function know
 * @old_addr: address of the code that runs without the update: @entry, or the
 *	new code of an update that this one stands on
 * @old_size: its size
 * @new_addr: address of the new function, 0 if it is not replaced
 * @new_size: its size
 * @site: where the jump goes, 0 if it is not replaced
 * @span: bytes from there to the end of the last instruction that it covers
 * @reader: it uses data that is rewritten
 * @relaxed: frames of it may stay, of the old code and of the new
 * @below: whose new code the old function is, NULL if it is nobody's
 * @above: who has taken the place of our jump; under lsp_mutex
 * @saved: bytes at @site when the update was matched, @span of them; restored
 *	by undo
 * @sums: checksum of each LSP_SUM_BLOCK bytes of the old function, holes and
 *	the bytes at @site taken as zero (owned)
 * @nr_sums: number of checksums
 * @holes: sorted holes (owned)
 * @nr_holes: number of holes
 * @loans: which of the bytes at @site the kernel goes on rewriting (owned)
 * @nr_loans: number of them
 *
 * Filled in while loading, constant afterwards but for @above.
 */
struct lsp_patch {
	struct lsp_part		*part;
	struct kobject		kobj;
	char			*name;
	unsigned int		pos;
	unsigned long		entry;
	unsigned long		old_addr;
	unsigned int		old_size;
	unsigned long		new_addr;
	unsigned int		new_size;
	unsigned long		site;
	u8			span;
	bool			reader;
	bool			relaxed;
	struct lsp_patch	*below;
	struct lsp_patch	*above;
	u8			saved[LSP_MAX_SPAN];
	u32			*sums;
	unsigned int		nr_sums;
	struct lsp_hole		*holes;
	unsigned int		nr_holes;
	struct lsp_loan		*loans;
	unsigned int		nr_loans;
};

/**
 * struct lsp_datum - one read-only object that gets new contents
 * @name: its name (owned)
 * @addr: its address in the running kernel
 * @size: its size
 * @old: its contents when the update was matched; restored by undo (owned)
 * @new: its new contents, in the module
 *
 * Filled in while loading, constant afterwards.
 */
struct lsp_datum {
	char		*name;
	unsigned long	addr;
	unsigned int	size;
	void		*old;
	const void	*new;
};

/**
 * struct lsp_hooks - functions of a unit that are called when it is switched
 * @fn: where they are in the module, by &enum lsp_hook_kind; NULL if not there
 *
 * Filled in while loading, constant afterwards.
 */
struct lsp_hooks {
	void	*fn[LSP_HOOK_KINDS];
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
 * struct lsp_own - what the text of a part's module must be
 * @locks: the module's table of lock prefixes; it stays in the module
 * @nr_locks: number of them
 * @sums: checksum of each block, holes taken as zero (owned)
 * @nr_sums: number of checksums
 * @holes: sorted holes, their offsets in the text (owned)
 * @nr_holes: number of holes
 */
struct lsp_own {
	const s32	*locks;
	u32		nr_locks;
	u32		*sums;
	u32		nr_sums;
	struct lsp_hole	*holes;
	u32		nr_holes;
};

/**
 * struct lsp_part - what an update does to one object; one module
 * @update: the update it belongs to
 * @node: in the update's list, under lsp_mutex
 * @kobj: its directory OBJECT
 * @mod: the module; NULL for tests that are built in
 * @target: the module it changes, NULL for the kernel image. @mod holds a
 *	reference on it, and on the module of the first part
 * @object: name of what it changes (owned)
 * @units: names of its units, "vmlinux:kernel/exit.o", one after the other,
 *	each with its NUL, the list ended by an empty one (owned)
 * @pinned: something of it may be left behind
 * @based: it was made with --base
 * @stands: parts of other updates that it stands on; @mod holds a reference on
 *	each (owned)
 * @nr_stands: number of them
 * @settled: they are all known: it was, or is being, matched
 * @held: the update holds a reference on @mod, under lsp_mutex
 * @enabled: its functions are in use, under lsp_mutex
 * @arrival: the module that it is for waits for it; @mod is not LIVE yet
 * @patches: its functions, sorted by old_addr, constant (owned)
 * @nr_patches: number of them
 * @data: read-only objects that get new contents, constant (owned)
 * @nr_data: number of them
 * @hooks: its units that have any, in the order of the tables, constant (owned)
 * @nr_hooks: number of them
 * @own: the text of @mod, from its last moment before it is LIVE; under
 *	lsp_mutex, constant afterwards
 * @kobjs: kobjects in use, plus one while the directory exists
 * @released: completed when there are none
 */
struct lsp_part {
	struct lsp_update	*update;
	struct list_head	node;
	struct kobject		kobj;
	struct module		*mod;
	struct module		*target;
	char			*object;
	char			*units;
	bool			pinned;
	bool			based;
	const struct lsp_part	**stands;
	unsigned int		nr_stands;
	bool			settled;
	bool			held;
	bool			enabled;
	struct lsp_arrival	*arrival;
	struct lsp_patch	*patches;
	unsigned int		nr_patches;
	struct lsp_datum	*data;
	unsigned int		nr_data;
	struct lsp_hooks	*hooks;
	unsigned int		nr_hooks;
	struct lsp_own		own;
	refcount_t		kobjs;
	struct completion	released;
};

/**
 * struct lsp_update - one update, from insmod to rmmod of its first part
 * @node: in the registry, under lsp_mutex; empty before registration
 * @kobj: its directory /sys/kernel/splice/NAME
 * @parts: its parts, the first one first; all that are there are switched at once
 * @nr_parts: number of them
 * @name: its name (owned)
 * @description: first line of the patch's message (owned)
 * @id: tells it from another update of the same name
 * @targets: names of the modules that it has parts for, as &lsp_part.units
 *	(owned)
 * @nr_targets: number of them
 * @replaces: names of the updates whose place it takes, likewise (owned)
 * @replacing: while it is being enabled, those of them that are
 * @leaving: in that list of another update
 * @state: under lsp_mutex
 * @result: of the last operation, under lsp_mutex
 * @attempts: attempts of the last operation, each with one pause at most
 * @max_attempts: most attempts of one operation
 * @retry_ms: wait between two attempts, in ms
 * @nudge: how far the engine may go to free functions that are in use
 * @late: what happens to a module that comes without its part
 * @passed: number of the last arrival that it let in without a part, under
 *	lsp_mutex
 * @stuck: who could not be freed in the last busy attempt
 * @pause_ns: length of the last pause, without
 * @hooks_ns: time of in-pause hooks in it
 * @blockers: those of the last busy attempt
 * @nr_blockers: number of them
 * @tainted: it was enabled once: the kernel is tainted, and tasks may have
 *	been in its code
 * @changed: name of the function, object or module that the last ``verify``
 *	found changed; belongs to a part, so it is forgotten when any of them
 *	goes
 * @changed_offset: where in it
 * @changed_addr: instead of that if it is code of the update, else 0
 * @kobjs: kobjects in use, plus one while the directory exists
 * @released: completed when there are none
 */
struct lsp_update {
	struct list_head	node;
	struct kobject		kobj;
	struct list_head	parts;
	unsigned int		nr_parts;
	char			*name;
	char			*description;
	u8			id[LSP_ID_SIZE];
	char			*targets;
	unsigned int		nr_targets;
	char			*replaces;
	struct list_head	replacing;
	struct list_head	leaving;
	enum lsp_state		state;
	enum lsp_reason		result;
	unsigned int		attempts;
	unsigned int		max_attempts;
	unsigned int		retry_ms;
	enum lsp_nudge		nudge;
	enum lsp_late		late;
	u64			passed;
	struct lsp_stuck	stuck;
	u64			pause_ns;
	u64			hooks_ns;
	struct lsp_blocker	blockers[LSP_MAX_BLOCKERS];
	unsigned int		nr_blockers;
	bool			tainted;
	const char		*changed;
	unsigned int		changed_offset;
	unsigned long		changed_addr;
	refcount_t		kobjs;
	struct completion	released;
};

/* Is it switched by an operation on @only, or on all parts if that is NULL? */
static inline bool lsp_is_switched(const struct lsp_part *part,
				   const struct lsp_part *only, bool enable)
{
	return (!only || part == only) && part->enabled != enable;
}

/* Over all functions of all parts. Only return leaves both loops. */
#define lsp_for_each_patch(update, part, patch)				\
	list_for_each_entry(part, &(update)->parts, node)		\
		for (patch = (part)->patches;				\
		     patch < (part)->patches + (part)->nr_patches; patch++)

/* Likewise over the objects that get new contents. */
#define lsp_for_each_datum(update, part, datum)				\
	list_for_each_entry(part, &(update)->parts, node)		\
		for (datum = (part)->data;				\
		     datum < (part)->data + (part)->nr_data; datum++)

/* Over a list of names as &lsp_part.units is one. */
#define lsp_for_each_name(name, list)					\
	for (name = (list); *name; name += strlen(name) + 1)

#endif /* _LIVESPLICE_UPDATE_H */
