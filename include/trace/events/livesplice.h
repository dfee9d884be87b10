/* SPDX-License-Identifier: GPL-2.0 */
/*
 * livesplice: enough to explain any load and any attempt from the trace alone.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM livesplice

#if !defined(_TRACE_LIVESPLICE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_LIVESPLICE_H

#include <linux/sched.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#ifndef LSP_TRACE_NAME
/* Names of updates, objects and functions; a reason word. */
#define LSP_TRACE_NAME		64
#define LSP_TRACE_WORD		16
#endif

/**
 * livesplice_match - a part of an update was compared with the running code
 * @update: name of the part's module
 * @object: what the part changes
 * @units: compilation units in it, all of whose functions are compared
 * @functions: functions that are what they must be, without those of which the
 *	kernel has another definition
 * @match_ns: how long that took, in nanoseconds
 * @reason: the reason word, "ok" if all are what they must be
 * @function: else the function that is not, or ""
 * @offset: and where it is not
 */
TRACE_EVENT(livesplice_match,

	TP_PROTO(const char *update, const char *object, unsigned int units,
		 unsigned int functions, u64 match_ns, const char *reason,
		 const char *function, unsigned int offset),

	TP_ARGS(update, object, units, functions, match_ns, reason, function,
		offset),

	TP_STRUCT__entry(
		__array(char,		update,	LSP_TRACE_NAME)
		__array(char,		object,	LSP_TRACE_NAME)
		__field(unsigned int,	units)
		__field(unsigned int,	functions)
		__field(u64,		match_ns)
		__array(char,		reason,	LSP_TRACE_WORD)
		__array(char,		function, LSP_TRACE_NAME)
		__field(unsigned int,	offset)
	),

	TP_fast_assign(
		strscpy(__entry->update, update, LSP_TRACE_NAME);
		strscpy(__entry->object, object, LSP_TRACE_NAME);
		__entry->units = units;
		__entry->functions = functions;
		__entry->match_ns = match_ns;
		strscpy(__entry->reason, reason, LSP_TRACE_WORD);
		strscpy(__entry->function, function, LSP_TRACE_NAME);
		__entry->offset = offset;
	),

	TP_printk("update=%s object=%s units=%u functions=%u match_ns=%llu reason=%s function=%s offset=0x%x",
		  __entry->update, __entry->object, __entry->units,
		  __entry->functions, __entry->match_ns, __entry->reason,
		  __entry->function, __entry->offset)
);

/**
 * livesplice_hook - a hook of an update's author has been called
 * @update: name of the update
 * @kind: which hook; those in the pause are not told
 * @fn: the function
 * @answer: what it has returned, 0 if nothing; all but 0 is a veto
 */
TRACE_EVENT(livesplice_hook,

	TP_PROTO(const char *update, const char *kind, void *fn, int answer),

	TP_ARGS(update, kind, fn, answer),

	TP_STRUCT__entry(
		__array(char,		update,	LSP_TRACE_NAME)
		__array(char,		kind,	LSP_TRACE_WORD)
		__field(void *,		fn)
		__field(int,		answer)
	),

	TP_fast_assign(
		strscpy(__entry->update, update, LSP_TRACE_NAME);
		strscpy(__entry->kind, kind, LSP_TRACE_WORD);
		__entry->fn = fn;
		__entry->answer = answer;
	),

	TP_printk("update=%s kind=%s function=%ps answer=%d",
		  __entry->update, __entry->kind, __entry->fn,
		  __entry->answer)
);

/**
 * livesplice_attempt - an attempt to switch an update begins
 * @update: name of the update
 * @enable: apply if true, undo if false
 * @attempt: number of the attempt, from 1
 */
TRACE_EVENT(livesplice_attempt,

	TP_PROTO(const char *update, bool enable, unsigned int attempt),

	TP_ARGS(update, enable, attempt),

	TP_STRUCT__entry(
		__array(char,		update,	LSP_TRACE_NAME)
		__field(bool,		enable)
		__field(unsigned int,	attempt)
	),

	TP_fast_assign(
		strscpy(__entry->update, update, LSP_TRACE_NAME);
		__entry->enable = enable;
		__entry->attempt = attempt;
	),

	TP_printk("update=%s enable=%d attempt=%u", __entry->update,
		  __entry->enable, __entry->attempt)
);

/**
 * livesplice_blocker - a task is in the way
 * @update: name of the update
 * @pid: its thread id
 * @comm: its name
 * @addr: address on its stack that lies in a function of the update
 */
TRACE_EVENT(livesplice_blocker,

	TP_PROTO(const char *update, pid_t pid, const char *comm,
		 unsigned long addr),

	TP_ARGS(update, pid, comm, addr),

	TP_STRUCT__entry(
		__array(char,		update,	LSP_TRACE_NAME)
		__field(pid_t,		pid)
		__array(char,		comm,	TASK_COMM_LEN)
		__field(unsigned long,	addr)
	),

	TP_fast_assign(
		strscpy(__entry->update, update, LSP_TRACE_NAME);
		__entry->pid = pid;
		strscpy(__entry->comm, comm, TASK_COMM_LEN);
		__entry->addr = addr;
	),

	TP_printk("update=%s pid=%d comm=%s at=%pS", __entry->update,
		  __entry->pid, __entry->comm, (void *)__entry->addr)
);

/**
 * livesplice_nudge - something is done about a task that is in the way
 * @update: name of the update
 * @pid: its thread id
 * @comm: its name
 * @level: how far the engine goes in this attempt, a word of ``nudge``
 * @freed: what became of the task: "sent" out of its call, "woken", "awaited" to
 *	come out by itself, or why nothing can be done
 */
TRACE_EVENT(livesplice_nudge,

	TP_PROTO(const char *update, pid_t pid, const char *comm,
		 const char *level, const char *freed),

	TP_ARGS(update, pid, comm, level, freed),

	TP_STRUCT__entry(
		__array(char,		update,	LSP_TRACE_NAME)
		__field(pid_t,		pid)
		__array(char,		comm,	TASK_COMM_LEN)
		__array(char,		level,	LSP_TRACE_WORD)
		__array(char,		freed,	LSP_TRACE_WORD)
	),

	TP_fast_assign(
		strscpy(__entry->update, update, LSP_TRACE_NAME);
		__entry->pid = pid;
		strscpy(__entry->comm, comm, TASK_COMM_LEN);
		strscpy(__entry->level, level, LSP_TRACE_WORD);
		strscpy(__entry->freed, freed, LSP_TRACE_WORD);
	),

	TP_printk("update=%s pid=%d comm=%s level=%s freed=%s", __entry->update,
		  __entry->pid, __entry->comm, __entry->level, __entry->freed)
);

/**
 * livesplice_pause_begin - all CPUs are about to be held
 * @update: name of the update
 * @looks: stacks looked at so far, with the machine running
 * @ran: tasks that have run meanwhile, with repetitions
 */
TRACE_EVENT(livesplice_pause_begin,

	TP_PROTO(const char *update, unsigned int looks, unsigned int ran),

	TP_ARGS(update, looks, ran),

	TP_STRUCT__entry(
		__array(char,		update,	LSP_TRACE_NAME)
		__field(unsigned int,	looks)
		__field(unsigned int,	ran)
	),

	TP_fast_assign(
		strscpy(__entry->update, update, LSP_TRACE_NAME);
		__entry->looks = looks;
		__entry->ran = ran;
	),

	TP_printk("update=%s looks=%u ran=%u", __entry->update, __entry->looks,
		  __entry->ran)
);

/**
 * livesplice_pause_end - all CPUs run again
 * @update: name of the update
 * @pause_ns: for how long nothing else ran, in nanoseconds
 * @stop_ns: the same with gathering the CPUs and letting them go
 * @tasks: tasks that were looked at meanwhile
 * @switched: the text was switched
 */
TRACE_EVENT(livesplice_pause_end,

	TP_PROTO(const char *update, u64 pause_ns, u64 stop_ns,
		 unsigned int tasks, bool switched),

	TP_ARGS(update, pause_ns, stop_ns, tasks, switched),

	TP_STRUCT__entry(
		__array(char,		update,	LSP_TRACE_NAME)
		__field(u64,		pause_ns)
		__field(u64,		stop_ns)
		__field(unsigned int,	tasks)
		__field(bool,		switched)
	),

	TP_fast_assign(
		strscpy(__entry->update, update, LSP_TRACE_NAME);
		__entry->pause_ns = pause_ns;
		__entry->stop_ns = stop_ns;
		__entry->tasks = tasks;
		__entry->switched = switched;
	),

	TP_printk("update=%s pause_ns=%llu stop_ns=%llu tasks=%u switched=%d",
		  __entry->update, __entry->pause_ns, __entry->stop_ns,
		  __entry->tasks, __entry->switched)
);

/**
 * livesplice_window - entries were INT3 for a while
 * @update: name of the update
 * @entries: number of entries
 * @window_ns: from the first one that was to the last one that was not, in
 *	nanoseconds
 * @hits: calls that went through the breakpoint meanwhile
 */
TRACE_EVENT(livesplice_window,

	TP_PROTO(const char *update, unsigned int entries, u64 window_ns,
		 unsigned int hits),

	TP_ARGS(update, entries, window_ns, hits),

	TP_STRUCT__entry(
		__array(char,		update,	LSP_TRACE_NAME)
		__field(unsigned int,	entries)
		__field(u64,		window_ns)
		__field(unsigned int,	hits)
	),

	TP_fast_assign(
		strscpy(__entry->update, update, LSP_TRACE_NAME);
		__entry->entries = entries;
		__entry->window_ns = window_ns;
		__entry->hits = hits;
	),

	TP_printk("update=%s entries=%u window_ns=%llu hits=%u",
		  __entry->update, __entry->entries, __entry->window_ns,
		  __entry->hits)
);

/**
 * livesplice_attempt_end - an attempt has ended
 * @update: name of the update
 * @enable: apply if true, undo if false
 * @attempt: its number, as in livesplice_attempt
 * @reason: the reason word
 */
TRACE_EVENT(livesplice_attempt_end,

	TP_PROTO(const char *update, bool enable, unsigned int attempt,
		 const char *reason),

	TP_ARGS(update, enable, attempt, reason),

	TP_STRUCT__entry(
		__array(char,		update,	LSP_TRACE_NAME)
		__field(bool,		enable)
		__field(unsigned int,	attempt)
		__array(char,		reason,	LSP_TRACE_WORD)
	),

	TP_fast_assign(
		strscpy(__entry->update, update, LSP_TRACE_NAME);
		__entry->enable = enable;
		__entry->attempt = attempt;
		strscpy(__entry->reason, reason, LSP_TRACE_WORD);
	),

	TP_printk("update=%s enable=%d attempt=%u reason=%s", __entry->update,
		  __entry->enable, __entry->attempt, __entry->reason)
);

/**
 * livesplice_switched - an operation has ended, and what came of it
 * @update: name of the update
 * @enable: asked for
 * @functions: number of functions of the update that are replaced
 * @attempts: number of attempts
 * @reason: the reason word; "ok" if it was switched
 */
TRACE_EVENT(livesplice_switched,

	TP_PROTO(const char *update, bool enable, unsigned int functions,
		 unsigned int attempts, const char *reason),

	TP_ARGS(update, enable, functions, attempts, reason),

	TP_STRUCT__entry(
		__array(char,		update,	LSP_TRACE_NAME)
		__field(bool,		enable)
		__field(unsigned int,	functions)
		__field(unsigned int,	attempts)
		__array(char,		reason,	LSP_TRACE_WORD)
	),

	TP_fast_assign(
		strscpy(__entry->update, update, LSP_TRACE_NAME);
		__entry->enable = enable;
		__entry->functions = functions;
		__entry->attempts = attempts;
		strscpy(__entry->reason, reason, LSP_TRACE_WORD);
	),

	TP_printk("update=%s enable=%d functions=%u attempts=%u reason=%s",
		  __entry->update, __entry->enable, __entry->functions,
		  __entry->attempts, __entry->reason)
);

#endif /* _TRACE_LIVESPLICE_H */

#include <trace/define_trace.h>
