/* SPDX-License-Identifier: GPL-2.0 */
/*
 * livesplice: what the files of the engine share, grouped by the file that
 * implements it.
 */
#ifndef _LIVESPLICE_INTERNAL_H
#define _LIVESPLICE_INTERNAL_H

#include <linux/completion.h>
#include <linux/elf.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/livesplice.h>
#include <linux/livesplice_format.h>
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
 * X(symbol, word, errno, meaning). The word is what ``result`` shows, what the
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
 * LSP_STATES - life of an update: X(symbol, word)
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

enum lsp_reason lsp_add(struct lsp_update *update);
void lsp_drop(struct module *mod);
enum lsp_reason lsp_set_enabled(struct lsp_update *update, bool enable);
void lsp_free_update(struct lsp_update *update);

/* sysfs.c: /sys/kernel/splice */

int lsp_sysfs_add(struct lsp_update *update);
void lsp_sysfs_del(struct lsp_update *update);
int lsp_sysfs_init(void);

/* load.c: from a module image to an update that can be enabled */

/**
 * struct lsp_image - the module as the loader holds it
 * @mod: the module, UNFORMED
 * @hdr: ELF header in the temporary image
 * @sechdrs: section headers; sh_addr is the final place of allocated sections
 *	and the place in the temporary image of all others
 * @nr_sections: number of section headers
 * @secstrings: section names
 * @syms: symbol table in the temporary image; values are filled in here
 * @nr_syms: number of symbols
 * @strtab: symbol names
 * @strtab_size: size of @strtab
 * @gpl: the module's license is GPL compatible
 */
struct lsp_image {
	struct module	*mod;
	Elf_Ehdr	*hdr;
	Elf_Shdr	*sechdrs;
	unsigned int	nr_sections;
	const char	*secstrings;
	Elf_Sym		*syms;
	unsigned int	nr_syms;
	const char	*strtab;
	unsigned long	strtab_size;
	bool		gpl;
};

int lsp_load(const struct lsp_image *image);

/* imports.c: imports that no export satisfies */

struct lsp_values;

enum lsp_reason lsp_imports_resolve(const struct lsp_image *image,
				    struct lsp_values *values,
				    const char **detail);

/* format.c: the only reader of an update's tables */

#define LSP_TABLE_MEMBERS(name, type)	const type *name; u32 nr_##name;
/**
 * struct lsp_tables - the tables of an update, checked
 *
 * One pointer and one count per entry of LSP_TABLES().
 */
struct lsp_tables {
	LSP_TABLES(LSP_TABLE_MEMBERS)
};
#undef LSP_TABLE_MEMBERS

/**
 * struct lsp_span - bytes of one table as found in the image
 * @data: first byte, aligned to 8
 * @size: number of bytes
 */
struct lsp_span {
	const void	*data;
	unsigned long	size;
};

enum lsp_table {
#define LSP_TABLE_ENUM(name, type)	LSP_TABLE_##name,
	LSP_TABLES(LSP_TABLE_ENUM)
#undef LSP_TABLE_ENUM
	LSP_NR_TABLES
};

/**
 * struct lsp_damage - what is wrong with an update's tables
 * @section: ELF section of the table
 * @index: record in it
 * @what: a few words
 */
struct lsp_damage {
	const char	*section;
	u32		index;
	const char	*what;
};

enum lsp_reason lsp_format_parse(const struct lsp_span *spans,
				 struct lsp_tables *tables,
				 struct lsp_damage *damage);
const char *lsp_table_section(enum lsp_table table);
const char *lsp_string(const struct lsp_tables *tables, u32 offset);

/* values.c: what is known about the values of symbols and sections */

/**
 * struct lsp_values - inferred values, with a journal to take guesses back
 * @tables: the update's tables
 * @base: base of each section
 * @base_known: whether it is known
 * @value: value of each symbol that has no section, or is weak, or a string
 * @value_known: whether it is known
 * @konst: value of each runtime constant seen, by symbol
 * @konst_known: whether it is known
 * @journal: what was learnt since the last commit
 * @nr_journal: number of entries
 * @texts: the symbols that name mergeable strings and constants
 * @nr_texts: number of them
 */
struct lsp_values {
	const struct lsp_tables	*tables;
	unsigned long		*base;
	bool			*base_known;
	unsigned long		*value;
	bool			*value_known;
	u64			*konst;
	bool			*konst_known;
	u32			*journal;
	u32			nr_journal;
	u32			*texts;
	u32			nr_texts;
};

int lsp_values_init(struct lsp_values *values, const struct lsp_tables *tables);
void lsp_values_free(struct lsp_values *values);
void lsp_values_commit(struct lsp_values *values);
void lsp_values_rollback(struct lsp_values *values, u32 mark);
bool lsp_values_learn(struct lsp_values *values, u32 symbol,
		      unsigned long value);
bool lsp_values_learn_base(struct lsp_values *values, u32 section,
			   unsigned long base);
bool lsp_values_learn_text(struct lsp_values *values, u32 section, u32 offset,
			   unsigned long addr);
bool lsp_values_learn_const(struct lsp_values *values, u32 symbol, u64 value);
bool lsp_values_get(const struct lsp_values *values, u32 symbol,
		    unsigned long *value);
enum lsp_reason lsp_values_resolve(struct lsp_values *values, u32 symbol,
				   unsigned long *value);
unsigned int lsp_kallsyms_find(const char *name, unsigned long *addrs,
			       unsigned int max);
unsigned int lsp_kallsyms_pos(const char *name, unsigned long addr);

/* match.c: run-pre matching */

/**
 * struct lsp_diag - where and why a match failed
 * @unit: unit, index
 * @function: symbol, index
 * @offset: offset in the function
 * @what: a few words
 * @wanted: bytes that the pre object has there
 * @found: bytes that the kernel has there
 * @nr_bytes: how many of each
 * @progress: functions matched before the failure, to keep the best candidate
 */
struct lsp_diag {
	u32		unit;
	u32		function;
	u32		offset;
	const char	*what;
	u8		wanted[16];
	u8		found[16];
	unsigned int	nr_bytes;
	u32		progress;
};

/**
 * struct lsp_text - one function being compared, see lsp_arch_match()
 * @tables: the update's tables
 * @values: what is known, and gets known, about symbols
 * @section: the pre section's index
 * @sec: the pre section
 * @pre: the pre section's bytes
 * @start: offset of the function in the section
 * @size: size of the function
 * @run: copy of the running function's bytes, probes taken out
 * @addr: address of the running function
 * @holes: holes found; room for one per site and one for the entry
 * @nr_holes: number of them
 * @diag: filled in on a mismatch
 */
struct lsp_text {
	const struct lsp_tables		*tables;
	struct lsp_values		*values;
	u32				section;
	const struct lsp_section	*sec;
	const u8			*pre;
	u32				start;
	u32				size;
	const u8			*run;
	unsigned long			addr;
	struct lsp_hole			*holes;
	unsigned int			nr_holes;
	struct lsp_diag			*diag;
};

enum lsp_reason lsp_match(struct lsp_values *values, struct lsp_diag *diag);
enum lsp_reason lsp_match_function(struct lsp_values *values, u32 symbol,
				   struct lsp_hole **holes,
				   unsigned int *nr_holes,
				   struct lsp_diag *diag);

/* consts.c: runtime constants */

enum lsp_reason lsp_consts_check(struct lsp_values *values,
				 struct lsp_diag *diag);
enum lsp_reason lsp_consts_value(struct lsp_values *values, u32 symbol,
				 unsigned int size, u64 *value);

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
u32 lsp_arch_match(struct lsp_text *text, u32 offset);
bool lsp_arch_is_branch(u32 type);
bool lsp_arch_is_sealed(unsigned long addr);
bool lsp_arch_read_text(void *dst, unsigned long addr, size_t len);
bool lsp_arch_const_store(void *where, u32 kind, u64 value);

#endif /* _LIVESPLICE_INTERNAL_H */
