/* SPDX-License-Identifier: GPL-2.0 */
/*
 * livesplice: what the tests of the switch share. It is in switch_kunit.c and
 * switch_busy_kunit.c; probes_kunit.c uses it.
 */
#ifndef _LIVESPLICE_SWITCH_KUNIT_H
#define _LIVESPLICE_SWITCH_KUNIT_H

#include <kunit/test.h>
#include <linux/completion.h>

#include "internal.h"

#define ATTEMPTS	3

#define OLD		1000
#define NEW		2000
#define NEWEST		3000

/* Where a function that is entered can be kept. */
struct stay {
	struct completion	inside;
	struct completion	leave;
	bool			spin;
};

typedef int (*answer_fn)(struct stay *stay);

/* A thread that enters a function and stays there. */
struct guest {
	struct stay		stay;
	answer_fn		fn;
	int			answer;
	struct task_struct	*task;
};

/* OLD or NEW, after a stay if there is one. */
int lsp_test_old_answer(struct stay *stay);
int lsp_test_new_answer(struct stay *stay);
int lsp_test_newest_answer(struct stay *stay);
/* The same plus 1; the old one stays in old_answer(). */
int lsp_test_old_second(struct stay *stay);
int lsp_test_new_second(struct stay *stay);

/* OLD, behind a call of __fentry__ that ftrace does not know. */
int lsp_test_unlisted(struct stay *stay);

/* OLD, with code of their own; see probes_kunit.c. */
int lsp_test_wide(struct stay *stay);
int lsp_test_forked(struct stay *stay);
/* Stays in old_answer(). */
int lsp_test_detour(struct stay *stay);

/**
 * struct hammer - a thread that calls the function all the time
 * @task: the thread
 * @calls: calls of the old and of the new function
 * @wrong: calls with any other answer
 */
struct hammer {
	struct task_struct	*task;
	unsigned long		calls[2];
	unsigned long		wrong;
};

int lsp_test_hammer(void *data);

/* Call the old functions. */
int lsp_test_answer(struct stay *stay);
int lsp_test_second(struct stay *stay);

/* test->priv is an update that replaces old_answer() by new_answer(). */
int lsp_test_init(struct kunit *test);
void lsp_test_exit(struct kunit *test);
void lsp_test_plan(struct kunit *test, struct lsp_update *update,
		   answer_fn old, answer_fn new, const char *name);
struct lsp_part *lsp_test_part(struct lsp_update *update);
/* Replace another function instead, by new_second(). */
void lsp_test_replan(struct kunit *test, answer_fn old, const char *name);
enum lsp_reason lsp_test_set(struct lsp_update *update, bool enable);

/* A guest enters @fn, and is told to leave again; gives the answer it got. */
void lsp_test_enter(struct kunit *test, struct guest *guest, answer_fn fn,
		    bool spin);
int lsp_test_leave(struct guest *guest);

#define EXPECT_TEXT_OK(test, update)	\
	KUNIT_EXPECT_PTR_EQ(test, (update)->changed, NULL)

#endif /* _LIVESPLICE_SWITCH_KUNIT_H */
