// SPDX-License-Identifier: GPL-2.0
/*
 * The model of lsp-soak.c: which updates are loaded and enabled, who stands on
 * whom, and so what must come of the next step. An update stands on those that it
 * was made for, or takes their place, and on nobody else's unit. Knows nothing of
 * the kernel.
 */
#include "soak.h"

#define MAX	8

struct target_state targets[NR_TARGETS] = {
	[KERNEL]  = { "vmlinux", true },
	[BINFMT]  = { "binfmt_misc" },
	[OVERLAY] = { "overlay" },
	[LENT]    = { "lsp_lent" },
	[KINDS]   = { "lsp_kinds" },
	[COMER]   = { "lsp_comer" },
};

static const enum target unit_target[NR_UNITS] = {
	[BINFMT_MISC] = BINFMT, [PARAMS] = OVERLAY, [LENT_C] = LENT,
	[KINDS_C] = KINDS, [COMER_C] = COMER,
};

/* Who has replaced functions of a unit that is there, the last one on top. */
static struct stack {
	int nr;
	enum update update[MAX];
} stacks[NR_UNITS];

struct update_state updates[NR_UPDATES] = {
	[PERSONALITY]	= { "lsp_personality", { EXEC_DOMAIN } },
	[HEX]		= { "lsp_hexdump", { HEXDUMP } },
	[STACK_A]	= { "lsp_stack_a", { HEXDUMP } },
	[STACK_B]	= { "lsp_stack_b", { HEXDUMP }, { STACK_A } },
	[STACK_C]	= { "lsp_stack_c", { HEXDUMP }, { STACK_A, STACK_B } },
	[TABLE]		= { "lsp_table", { PROC_BASE } },
	[CMDLINES]	= { "lsp_cmdline", { CMDLINE } },
	[INSTEAD_IMAGE]	= { "lsp_instead_image", { HEXDUMP, PROC_BASE, CMDLINE }, { },
			    { STACK_A, STACK_B, TABLE } },
	[COUNT]		= { "lsp_eventfd", { EVENTFD } },
	[SHADOW]	= { "lsp_shadow", { EVENTFD } },
	[GROWN]		= { "lsp_grown", { FILESYSTEMS } },
	[INSTEAD_HOOKS]	= { "lsp_instead_hooks", { FILESYSTEMS }, { }, { GROWN } },
	[PARTS]		= { "lsp_parts", { FILESYSTEMS, BINFMT_MISC, PARAMS } },
	[MISC]		= { "lsp_binfmt", { BINFMT_MISC } },
	[RACE]		= { "lsp_race", { EVENTFD, BINFMT_MISC } },
	[BORROW]	= { "lsp_borrow", { LENT_C } },
	[INSTEAD_MODULE] = { "lsp_instead_module", { LENT_C }, { }, { BORROW } },
	[LATE]		= { "lsp_late", { COMER_C } },
	[EVERY]		= { "lsp_every", { KINDS_C } },
	[STATE]		= { "lsp_state", { SOFTIRQS } },
	[WAITID]	= { "lsp_waitid", { EXIT } },
	[ENTRIES]	= { "lsp_entries", { SOCK, FORK } },
};

static bool is_in(enum update u, const enum update *list)
{
	for (; *list; list++) {
		if (*list == u)
			return true;
	}
	return false;
}

static bool has_unit(enum update u, enum unit unit)
{
	for (const enum unit *own = updates[u].units; *own; own++) {
		if (*own == unit)
			return true;
	}
	return false;
}

bool model_has(enum update u, enum target target)
{
	for (const enum unit *own = updates[u].units; *own; own++) {
		if (unit_target[*own] == target)
			return true;
	}
	return false;
}

static bool is_there(enum unit unit)
{
	return targets[unit_target[unit]].live;
}

enum update model_top(enum unit unit)
{
	const struct stack *stack = &stacks[unit];

	return stack->nr ? stack->update[stack->nr - 1] : NOBODY;
}

/* May it come on top of what is in the unit? */
static enum verdict fits_unit(enum update u, enum unit unit)
{
	const struct stack *stack = &stacks[unit];
	bool replaced = true;
	int i = 0;

	for (int at = 0; at < stack->nr; at++)
		replaced &= is_in(stack->update[at], updates[u].replaces);
	/* Those beside may be refused at once, or only when it is enabled. */
	if (*updates[u].replaces)
		return replaced ? MUST : MAY;
	for (const enum update *base = updates[u].bases; *base; base++) {
		if (!has_unit(*base, unit))
			continue;
		if (i >= stack->nr || stack->update[i++] != *base)
			return MUST_NOT;
	}
	return i == stack->nr ? MUST : MUST_NOT;
}

enum verdict model_may_load(enum update u, enum target target)
{
	enum verdict worst = MUST;

	for (const enum unit *own = updates[u].units; *own; own++) {
		enum verdict one = unit_target[*own] == target ?
				   fits_unit(u, *own) : MUST;

		if (one > worst)
			worst = one;
	}
	return worst;
}

/* A loaded target must have its part, and all objects that are there must fit. */
enum verdict model_may_enable(enum update u)
{
	enum verdict worst = MUST;

	for (int t = KERNEL; t < NR_TARGETS; t++) {
		enum verdict one = MUST;

		if (!targets[t].live || !model_has(u, t))
			continue;
		if (t != KERNEL && !updates[u].parts[t])
			return MUST_NOT;
		one = model_may_load(u, t);
		if (one > worst)
			worst = one;
	}
	return worst == MAY ? MUST_NOT : worst;
}

bool model_is_top(enum update u)
{
	for (const enum unit *own = updates[u].units; *own; own++) {
		if (is_there(*own) && model_top(*own) != u)
			return false;
	}
	return true;
}

enum verdict model_may_disable(enum update u)
{
	return model_is_top(u) ? MUST : MUST_NOT;
}

enum verdict model_may_unload(enum update u)
{
	if (updates[u].enabled)
		return MUST_NOT;
	for (int other = 1; other < NR_UPDATES; other++) {
		if (updates[other].loaded && is_in(u, updates[other].bases))
			return MUST_NOT;
	}
	return MUST;
}

enum verdict model_may_leave(enum target target)
{
	for (int u = 1; u < NR_UPDATES; u++) {
		if (updates[u].parts[target])
			return MUST_NOT;
	}
	return MUST;
}

const char *model_state(enum update u)
{
	if (!updates[u].loaded)
		return "";
	if (updates[u].enabled)
		return "enabled";
	for (int t = KERNEL + 1; t < NR_TARGETS; t++) {
		if (model_has(u, t) && !updates[u].parts[t])
			return "pending";
	}
	return "loaded";
}

static void drop(enum update u, enum unit unit)
{
	struct stack *stack = &stacks[unit];
	int nr = 0;

	for (int at = 0; at < stack->nr; at++) {
		if (stack->update[at] != u)
			stack->update[nr++] = stack->update[at];
	}
	stack->nr = nr;
}

static void push(enum update u, enum unit unit)
{
	stacks[unit].update[stacks[unit].nr++] = u;
}

static void switch_off(enum update u)
{
	for (const enum unit *own = updates[u].units; *own; own++)
		drop(u, *own);
	updates[u].enabled = false;
}

void model_switch(enum update u)
{
	if (updates[u].enabled) {
		switch_off(u);
		return;
	}
	for (const enum update *old = updates[u].replaces; *old; old++)
		switch_off(*old);
	for (const enum unit *own = updates[u].units; *own; own++) {
		if (is_there(*own))
			push(u, *own);
	}
	updates[u].enabled = true;
}

static enum update next_loaded(unsigned int after)
{
	enum update next = NOBODY;

	for (int u = 1; u < NR_UPDATES; u++) {
		if (updates[u].loaded && updates[u].since > after &&
		    (!next || updates[u].since < updates[next].since))
			next = u;
	}
	return next;
}

/*
 * Those that were loaded first come first. The marks of what a jump borrows mean
 * nothing in a module that is not up yet, see borrow.c.
 */
enum verdict model_arrive(enum target target)
{
	enum verdict verdict = MUST;
	enum update u = NOBODY;

	targets[target].live = true;
	while ((u = next_loaded(u ? updates[u].since : 0))) {
		if (!updates[u].enabled || !model_has(u, target))
			continue;
		if (model_may_load(u, target) != MUST || target == LENT)
			verdict = MUST_NOT;
		for (const enum unit *own = updates[u].units; *own; own++) {
			if (unit_target[*own] == target)
				push(u, *own);
		}
		updates[u].parts[target] = true;
	}
	return verdict;
}

void model_depart(enum target target)
{
	targets[target].live = false;
	for (int unit = 0; unit < NR_UNITS; unit++) {
		if (unit_target[unit] == target)
			stacks[unit].nr = 0;
	}
	for (int u = 1; u < NR_UPDATES; u++)
		updates[u].parts[target] = false;
}
