/* SPDX-License-Identifier: GPL-2.0 */
/*
 * livesplice: what the files of the engine share, grouped by the file that
 * implements it.
 */
#ifndef _LIVESPLICE_INTERNAL_H
#define _LIVESPLICE_INTERNAL_H

#include <linux/livesplice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/types.h>

#include "update.h"

/*
 * Where the text of a module is. Trees with another layout of modules have
 * their own answer.
 */
#ifndef lsp_module_text
static inline unsigned long lsp_module_text(const struct module *mod)
{
	return (unsigned long)mod->mem[MOD_TEXT].base;
}

static inline unsigned long lsp_module_text_size(const struct module *mod)
{
	return mod->mem[MOD_TEXT].size;
}
#endif

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
 * The last three are taken per attempt and dropped between attempts; for entries
 * that borrow bytes it is cpus_write_lock(), see "Borrowed bytes". Also below
 * it, and never together with those: module_mutex, and ``lsp_names_lock``, which
 * protects what the loader asks for every module that comes, and livepatch, with
 * klp_mutex held, for every function; and ``lsp_arrivals_lock``, under which no
 * other lock is taken. Nobody waits for user space, or for the load of a module,
 * with any of them held: see "Modules that come later". ``lsp_shadow_lock`` is apart
 * from all of them: the code of updates takes it wherever it runs.
 *
 * Functions with the suffix _stopped run inside the pause: on one CPU, with
 * interrupts off, while all others wait. They take no lock, allocate nothing
 * and print nothing.
 */

/* core.c: life cycle */

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

void lsp_drop(struct module *mod);
void lsp_drain_text(const struct lsp_update *update);
enum lsp_reason lsp_set_enabled(struct lsp_update *update, bool enable);
void lsp_start_operation(struct lsp_update *update);
enum lsp_reason lsp_enable_part(struct lsp_part *part);

/* late.c: modules that come while an update has a part for them */

bool lsp_arrival_enter(struct lsp_part *part);
void lsp_arrival_leave(struct lsp_part *part, enum lsp_reason reason);
int lsp_arrive(struct module *mod);

/* depart.c: and go again */

void lsp_depart(struct module *mod);

/* report.c: what the log is told */

void lsp_report_blockers(const struct lsp_update *update);
void lsp_report(const struct lsp_update *update, bool enable);

/* registry.c: which updates and parts there are */

extern struct mutex lsp_mutex;

enum lsp_reason lsp_may_add(struct lsp_part *part);
enum lsp_reason lsp_add(struct lsp_part *part);
void lsp_remove(struct lsp_part *part);
bool lsp_is_ours(const struct module *mod);
struct lsp_part *lsp_find(const struct module *mod);
struct lsp_update *lsp_next(struct lsp_update *update);
struct lsp_part *lsp_find_part(const struct lsp_update *update,
			       const char *object);
bool lsp_is_first(const struct lsp_part *part);
enum lsp_reason lsp_check_base(const struct lsp_update *update);
struct lsp_update *lsp_check_user(const struct lsp_update *update);
void lsp_lift_jumps(const struct lsp_part *part, u8 *bytes, unsigned long addr,
		    u32 length);
bool lsp_is_target(const char *name);
enum lsp_state lsp_shown_state(const struct lsp_update *update);
int lsp_pending_emit(const struct lsp_update *update, char *buf);

/* base.c: updates that stand on others */

bool lsp_stands_on_part(const struct lsp_part *part,
			const struct lsp_part *other);
enum lsp_reason lsp_base_add(struct lsp_part *part,
			     const struct lsp_update *own,
			     const struct list_head *updates);
enum lsp_reason lsp_base_check(const struct lsp_update *update,
			       const struct list_head *updates);
struct lsp_update *lsp_base_user(const struct lsp_update *update,
				 const struct list_head *updates);
bool lsp_base_stands_on(const struct lsp_update *update,
			const struct lsp_update *other);
void lsp_base_settle(struct lsp_part *part, bool enabled);
void lsp_base_lift(const struct lsp_part *part, u8 *bytes, unsigned long addr,
		   u32 length, const struct list_head *updates);
int lsp_base_emit(const struct lsp_update *update, char *buf);
struct lsp_patch *lsp_base_newest(const struct lsp_part *part,
				  unsigned long entry);
bool lsp_base_text(const struct lsp_part *part, unsigned long addr,
		   unsigned long size);

/* replace.c: updates that take the place of others */

bool lsp_replaces(const struct lsp_update *update, const struct lsp_update *other);
const struct lsp_patch *lsp_ground(const struct lsp_patch *patch);
enum lsp_reason lsp_replace_gather(struct lsp_update *update);
const struct lsp_patch *lsp_replace_jump(const struct lsp_update *update,
					 unsigned long site);
const struct lsp_datum *lsp_replace_datum(const struct lsp_update *update,
					  unsigned long addr);
bool lsp_replace_read(const struct lsp_part *part, void *bytes, unsigned long addr,
		      size_t size, bool is_text);
bool lsp_replace_entry(struct lsp_patch *patch, enum lsp_reason *reason);
int lsp_replace_emit(const struct lsp_update *update, char *buf);

/* list.c: which are enabled, for oopses and dumps */

/* Most bytes of the list: a line of the log holds twice as many. */
#define LSP_LIST_SIZE	512

/**
 * struct lsp_list - a list of names while it is made
 * @text: LSP_LIST_SIZE bytes
 * @len: how many are used
 * @more: names that did not fit
 */
struct lsp_list {
	char		*text;
	size_t		len;
	unsigned int	more;
};

void lsp_list_add(struct lsp_list *list, const char *name, const char *mark);
void lsp_list_end(const struct lsp_list *list);
void lsp_list_make(const struct lsp_update *switching);

/* parts.c: what an update consists of */

struct lsp_part *lsp_part_new(struct module *mod);
void lsp_part_free(struct lsp_part *part);
void lsp_update_free(struct lsp_update *update);
bool lsp_has_name(const char *list, const char *name);
bool lsp_is_pinned(const struct lsp_update *update);
enum lsp_reason lsp_hold_part(struct lsp_part *part);
void lsp_put_part(struct lsp_part *part);
enum lsp_reason lsp_hold_parts(struct lsp_update *update);
void lsp_put_parts(struct lsp_update *update);

/* kernel/module/livesplice.c: what only the module loader knows */

struct module *livesplice_use_module(struct module *user, const char *name);
struct module *livesplice_use_target(struct module *user, const char *name,
				     bool arriving);
void livesplice_leave_target(struct module *user, struct module *used);
int livesplice_unload_module(struct module *mod);
bool livesplice_module_exists(const char *name);
unsigned long livesplice_find_export(const char *name);
unsigned long livesplice_find_beside(const char *exported, const char *name);

/* sysfs.c: /sys/kernel/splice */

int lsp_sysfs_add(struct lsp_part *part);
void lsp_sysfs_del(struct lsp_part *part);
int lsp_sysfs_init(void);

/* files.c: the files of an update */

#define to_update(k)	container_of(k, struct lsp_update, kobj)

extern const struct attribute_group *lsp_update_groups[];

/* blockers.c: who was in the way */

int lsp_blockers_emit(const struct lsp_update *update, char *buf);

/* The loading half has a header of its own: match.h. */

/* sums.c: is the text still what was matched? */

enum lsp_reason lsp_sums_make(struct lsp_patch *patch);
bool lsp_sums_check(const struct lsp_patch *patch, unsigned int *offset);

void lsp_punch(const struct lsp_hole *hole, unsigned int nr, u8 *bytes,
	       u32 start, u32 length);

/* own.c: is the code of an update what the loader made of it? */

enum lsp_reason lsp_own_make(struct lsp_part *part);
void lsp_own_free(struct lsp_own *own);
unsigned long lsp_own_check(const struct lsp_part *part);

/* borrow.c: entries that begin with a static branch or a static call */

unsigned long lsp_call_key(unsigned long addr);
enum lsp_reason lsp_borrow_find(struct lsp_patch *patch);
enum lsp_reason lsp_borrow_check(const struct lsp_patch *patch);
void lsp_borrow_fill(const struct lsp_patch *patch, u8 *bytes);
void lsp_borrow_skip(const struct lsp_patch *patch, u8 *bytes);
unsigned long lsp_borrow_mark(const struct lsp_loan *loan);

/* data.c: read-only objects that get new contents */

const void *lsp_data_expected(const struct lsp_datum *datum, bool enabled);
bool lsp_data_check(const struct lsp_datum *datum, const void *expected,
		    unsigned int *offset);

/* operation.c: apply and undo */

enum lsp_reason lsp_switch(struct lsp_update *update, bool enable);
enum lsp_reason lsp_switch_part(struct lsp_part *part, bool enable);
bool lsp_prove_left(struct lsp_update *update, const struct lsp_part *only);

/* drain.c: until nobody is in relaxed functions of an update that was undone */

bool lsp_has_relaxed(const struct lsp_update *update);
bool lsp_settle(struct lsp_update *update);
void lsp_drain_later(void);

/* pause.c: longest pause, in microseconds, up to the point of no return */
extern unsigned int lsp_max_pause_us;

/* shadow.c: data that belongs to an object without being in it */

/**
 * struct lsp_shadow_want - a variable that is to be made
 * @obj: its object
 * @id: which of the object's variables
 * @size: size in bytes
 * @gfp: how to allocate it
 * @ctor: its constructor, or NULL
 * @arg: what the constructor gets
 * @owner: the module that wants it, or NULL
 * @or_get: one that is there will do
 */
struct lsp_shadow_want {
	void			*obj;
	unsigned long		id;
	size_t			size;
	gfp_t			gfp;
	livesplice_ctor_t	ctor;
	void			*arg;
	const struct module	*owner;
	bool			or_get;
};

void *lsp_shadow_make(const struct lsp_shadow_want *want);
unsigned int lsp_shadow_disown(const struct module *owner, unsigned long *id);
void lsp_shadow_report(const struct module *mod);

/* verify.c: is all of it what it must be? */

void lsp_verify(struct lsp_update *update);
int lsp_verify_emit(const struct lsp_update *update, char *buf);
enum lsp_reason lsp_verify_own(const struct lsp_update *update);

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
 * @low: start of the first one, by lsp_ranges_sort()
 * @span: distance from there to the end of the last one
 * @has_probes: there are probe slots, so words in them count
 * @leaving: the ranges may be freed afterwards, so pointers to them count
 * @blockers: where to record who was found
 * @nr_blockers: how many were
 */
struct lsp_ranges {
	struct lsp_range	*ranges;
	unsigned int		nr;
	unsigned long		low;
	unsigned long		span;
	bool			has_probes;
	bool			leaving;
	struct lsp_blocker	*blockers;
	unsigned int		nr_blockers;
};

bool lsp_has_probe_slots(void);
bool lsp_ranges_hit(const struct lsp_ranges *ranges, unsigned long addr);
void lsp_ranges_sort(struct lsp_ranges *ranges);
void lsp_stack_arrive_stopped(void);
bool lsp_stack_task_clean_stopped(struct lsp_ranges *ranges,
				  struct task_struct *task);
bool lsp_stack_task_clean(struct lsp_ranges *ranges, struct task_struct *task,
			  unsigned long stack);
bool lsp_stack_cpus_clean_stopped(struct lsp_ranges *ranges);

/* scan.c: is anybody in there, of all tasks? */

/**
 * struct lsp_scan - one look at all tasks
 * @ranges: where nobody may be
 * @nudging: who is in the way is nudged, unless it is NULL
 * @nr_looks: looks at stacks with the machine running
 * @nr_ran: tasks that have run meanwhile, until the pause
 * @nr_stopped: tasks that were left for the pause
 * @late: the pause was about to become too long
 * @lost: more tasks have run than could be noted
 */
struct lsp_scan {
	struct lsp_ranges	*ranges;
	struct lsp_nudging	*nudging;
	unsigned int		nr_looks;
	unsigned int		nr_ran;
	unsigned int		nr_stopped;
	bool			late;
	bool			lost;
};

enum lsp_reason lsp_scan_start(struct lsp_scan *scan);
enum lsp_reason lsp_scan_again(struct lsp_scan *scan);
bool lsp_scan_clean_stopped(struct lsp_scan *scan, u64 deadline);
void lsp_scan_stop(struct lsp_scan *scan);

/* nudge.c: get them out */

struct lsp_nudging;
struct xarray;

void lsp_nudge(struct lsp_nudging *session, struct task_struct *task);
void lsp_nudge_number(struct lsp_nudging *session, pid_t pid);
enum lsp_nudge lsp_nudging_level(enum lsp_nudge most, unsigned int attempt);
struct lsp_nudging *lsp_nudging_start(const char *update, enum lsp_nudge level,
				      unsigned int attempt, struct xarray *callers);
void lsp_callers_forget(struct xarray *callers);
bool lsp_nudging_again(struct lsp_nudging *session);
long lsp_nudging_left(const struct lsp_nudging *session);
const struct lsp_stuck *lsp_nudging_stuck(const struct lsp_nudging *session);
void lsp_nudging_end(struct lsp_nudging *session);

/* track.c: who has no number any more, and the probe of who runs */

int lsp_track_start(void);
int lsp_track_drain(long wait);
bool lsp_track_clean_stopped(struct lsp_ranges *ranges);
void lsp_track_stop(void);

/* x86*.c: what an architecture provides */

/**
 * struct lsp_redirect - where a call that hits an INT3 at an entry goes
 * @site: address of the INT3
 * @target: where to go on
 * @next: the same after the switch
 */
struct lsp_redirect {
	unsigned long	site;
	unsigned long	target;
	unsigned long	next;
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

/*
 * From now on an INT3 leads to what comes after. One store: an NMI that hits the
 * INT3 meanwhile goes to one or the other. Inlined, so that no tracer or probe
 * is called while some entries have changed and some have not.
 */
static __always_inline void
lsp_arch_redirect_flip(struct lsp_redirect *redirect)
{
	WRITE_ONCE(redirect->target, redirect->next);
}

unsigned long lsp_arch_site(unsigned long addr, unsigned int size,
			    enum lsp_reason *reason);
u32 lsp_arch_span(unsigned long site, unsigned long end);
void lsp_arch_jump(u8 *insn, u32 span, unsigned long site, unsigned long target);
enum lsp_reason lsp_arch_owner(unsigned long site, u32 span);
bool lsp_arch_diverted(unsigned long site);
bool lsp_arch_probes_fit(const struct lsp_patch *patch);
bool lsp_arch_breakpoint(unsigned long addr, unsigned long size);
void lsp_arch_calls_init(void);
int lsp_arch_deny_init(void);
bool lsp_arch_denied(unsigned long addr, unsigned long size);
bool lsp_arch_denied_relaxed(unsigned long addr, unsigned long size);
enum lsp_reason lsp_arch_comes_back(unsigned long addr, unsigned int size,
				    unsigned long site, u32 span);
unsigned long lsp_arch_saved_sp(struct task_struct *task);
bool lsp_arch_stack_live(struct task_struct *task,
			 const struct lsp_ranges *ranges, unsigned long *addr);
void lsp_arch_redirects_sort(struct lsp_redirects *table);
struct lsp_redirect *lsp_arch_redirect_find(struct lsp_redirects *table,
					    unsigned long site);
void lsp_arch_redirect_arm(const struct lsp_redirects *table);
unsigned int lsp_arch_redirect_disarm(void);
bool lsp_arch_read_text(void *dst, unsigned long addr, size_t len);
u32 lsp_arch_static_call_length(const u8 *insn);
void lsp_arch_loan_bytes(const struct lsp_loan *loan, u8 *bytes);

#endif /* _LIVESPLICE_INTERNAL_H */
