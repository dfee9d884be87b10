/* SPDX-License-Identifier: GPL-2.0 */
/*
 * livesplice: what scan.c, ran.c and track.c share.
 */
#ifndef _LIVESPLICE_SCAN_H
#define _LIVESPLICE_SCAN_H

#include <linux/types.h>

struct task_struct;

/**
 * struct lsp_ran_task - a task that has run during an attempt
 * @task: the task, with a reference
 * @waits: it is in the log and was not looked at since
 */
struct lsp_ran_task {
	struct task_struct	*task;
	bool			waits;
};

bool lsp_ran_start(void);
void lsp_ran_stop(void);
void lsp_ran_note(struct task_struct *task);
void lsp_ran_again(struct lsp_ran_task *entry);
unsigned int lsp_ran_end(void);
unsigned int lsp_ran_waiting(void);
struct lsp_ran_task *lsp_ran_next(unsigned int end);
bool lsp_ran_lost(void);

#endif /* _LIVESPLICE_SCAN_H */
