// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: what the log and the audit trail are told of operations. Called by
 * core.c and late.c, under lsp_mutex.
 */
#define pr_fmt(fmt) "livesplice: " fmt

#include <linux/audit.h>
#include <linux/printk.h>

#include <trace/events/livesplice.h>

#include "internal.h"

/**
 * lsp_report_blockers() - have the log say who was in the way, if that was it
 * @update: the update
 *
 * Context: lsp_mutex held.
 */
void lsp_report_blockers(const struct lsp_update *update)
{
	const struct lsp_blocker *blocker = update->blockers;

	if (update->result != LSP_BUSY || !update->nr_blockers)
		return;
	pr_notice("%s: %u %s in the way, one is %s[%d] at %pS\n", update->name,
		  update->nr_blockers,
		  update->nr_blockers == 1 ? "task is" : "tasks are",
		  blocker->comm, blocker->pid, (void *)blocker->addr);
	if (update->stuck.freed != LSP_FREED_SENT)
		pr_notice("%s: %s[%d] could not be freed: %s\n", update->name,
			  update->stuck.comm, update->stuck.pid,
			  lsp_freed_text(update->stuck.freed));
}

/**
 * lsp_report() - have the log and the audit trail know of an operation
 * @update: the update, with the result
 * @enable: it was to be enabled
 *
 * Whatever the outcome.
 *
 * Context: lsp_mutex held.
 */
void lsp_report(const struct lsp_update *update, bool enable)
{
	enum lsp_reason reason = update->result;
	const struct lsp_patch *patch;
	const struct lsp_part *part;
	unsigned int functions = 0;

	lsp_for_each_patch(update, part, patch)
		functions += !!patch->new_addr;

	if (reason == LSP_OK)
		pr_notice("%s: %s, %u function%s, %u attempt%s, pause %llu ns\n",
			  update->name, enable ? "enabled" : "disabled",
			  functions, functions == 1 ? "" : "s",
			  update->attempts, update->attempts == 1 ? "" : "s",
			  update->pause_ns);
	else
		pr_err("%s: not %s: %s: %s\n", update->name,
		       enable ? "enabled" : "disabled",
		       lsp_reason_word(reason), lsp_reason_text(reason));
	lsp_report_blockers(update);
	trace_livesplice_switched(update->name, enable, functions,
				  update->attempts, lsp_reason_word(reason));

	audit_log(audit_context(), GFP_KERNEL, AUDIT_KERN_MODULE,
		  "op=livesplice name=%s enabled=%d reason=%s res=%d",
		  update->name, enable, lsp_reason_word(reason),
		  reason == LSP_OK);
}
