/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What lsp-soak.c, the walk, model.c, what must come of each step, and
 * noise.c, what goes on meanwhile, share.
 */
#ifndef SOAK_H
#define SOAK_H

#include <stdbool.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define SPLICE		"/sys/kernel/splice"

/* The kernel, and modules that are patched. */
enum target { KERNEL, BINFMT, OVERLAY, LENT, KINDS, COMER, NR_TARGETS };

struct target_state {
	const char *name;
	bool live;
};

extern struct target_state targets[NR_TARGETS];

/* Object files. */
enum unit {
	NO_UNIT, HEXDUMP, PROC_BASE, CMDLINE, EXEC_DOMAIN, EVENTFD, FILESYSTEMS,
	SOFTIRQS, EXIT, SOCK, FORK, BINFMT_MISC, PARAMS, LENT_C, KINDS_C, COMER_C,
	NR_UNITS,
};

enum update {
	NOBODY, PERSONALITY, HEX, STACK_A, STACK_B, STACK_C, TABLE, CMDLINES,
	INSTEAD_IMAGE, COUNT, SHADOW, GROWN, INSTEAD_HOOKS, PARTS, MISC, RACE,
	BORROW, INSTEAD_MODULE, LATE, EVERY, STATE, WAITID, ENTRIES, NR_UPDATES,
};

struct update_state {
	const char	*name;
	enum unit	units[4];
	enum update	bases[3];	/* stands on them, in this order */
	enum update	replaces[4];	/* takes their place */
	bool		loaded, enabled;
	bool		parts[NR_TARGETS];	/* loaded as well */
	unsigned int	since;		/* which load it was */
};

extern struct update_state updates[NR_UPDATES];

/* What must come of a step. */
enum verdict { MUST, MAY, MUST_NOT };

/* Does an update have a part for it? */
bool model_has(enum update u, enum target target);

/* May its part for an object come, of all updates those in @target? */
enum verdict model_may_load(enum update u, enum target target);

enum verdict model_may_enable(enum update u);
enum verdict model_may_disable(enum update u);

/* Of a part, or all of it; and of a module that has parts. */
enum verdict model_may_unload(enum update u);
enum verdict model_may_leave(enum target target);

/* An update was switched. */
void model_switch(enum update u);

/* A target comes, with the parts of enabled updates; or did not come after all. */
enum verdict model_arrive(enum target target);
void model_depart(enum target target);

/* Is nobody enabled on top of it? */
bool model_is_top(enum update u);

/* What its state is called; empty if it is not loaded. */
const char *model_state(enum update u);

/* The update whose code runs in a unit. */
enum update model_top(enum unit unit);

/* Loads and unloads a module: 0, or the number of the error. */
int insert(const char *path);
int extract(const char *module);

/* All of a file without its last newline; empty if it cannot be read. */
void slurp(const char *path, char *text, int size);

/* One write() of a line: 0, or the number of the error. */
int put(const char *path, const char *text);

/* Starts all kinds of load; each is a process. */
void noise_start(void);

/* Ends them. Prints what went wrong in them; how many did. */
int noise_stop(void);

#endif
