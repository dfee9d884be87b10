/* SPDX-License-Identifier: GPL-2.0 */
/*
 * livesplice: the words that users see, a table for each sort of them: how an
 * operation can end, the states of an update, how far the engine may go, what
 * becomes of a task that is in the way. Everything else derives from these.
 */
#ifndef _LIVESPLICE_WORDS_H
#define _LIVESPLICE_WORDS_H

#include <linux/errno.h>

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
	  "the module that is to be updated is not loaded, or on its way up or down") \
	X(PART, "part", -ENOPKG, \
	  "a part of the update is missing, or belongs to another one") \
	X(NAME, "name", -EEXIST, \
	  "an update of this name is registered") \
	X(BASE, "base", -EEXIST, \
	  "another enabled update replaced code of the same unit") \
	X(DEPENDS, "depends", -EBUSY, \
	  "another enabled update stands on this one") \
	X(VETO, "veto", -ECANCELED, \
	  "a hook of the update has said no") \
	X(PREEMPT, "preempt", -EOPNOTSUPP, \
	  "a hook for the pause, but who holds a spinlock can be preempted") \
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
	X(RELAXED, "relaxed", -EOPNOTSUPP, \
	  "old code of a relaxed function leads to the bytes of the jump") \
	X(DENIED, "denied", -EOPNOTSUPP, \
	  "the function runs while text is being changed") \
	X(KPROBE, "kprobe", -EBUSY, \
	  "a kprobe needs bytes that would be rewritten") \
	X(KGDB, "kgdb", -EBUSY, \
	  "a breakpoint of kgdb stands in code of the update") \
	X(LIVEPATCH, "livepatch", -EBUSY, \
	  "a livepatch has taken the place of the function") \
	X(FTRACE, "ftrace", -EBUSY, \
	  "a call of the tracer would be overwritten") \
	X(JUMPLABEL, "jumplabel", -EBUSY, \
	  "a static branch would be overwritten") \
	X(STATICCALL, "staticcall", -EBUSY, \
	  "a static call would be overwritten") \
	X(LOCKPREFIX, "lockprefix", -EBUSY, \
	  "a lock prefix that comes and goes would be overwritten") \
	X(CHANGED, "changed", -EBUSY, \
	  "the running text is not what was matched any more") \
	X(BUSY, "busy", -EBUSY, \
	  "a task is using a function of the update") \
	X(CEILING, "ceiling", -ETIME, \
	  "the pause was about to take longer than livesplice.max_pause_us") \
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
 * back to enabled. pending is loaded as long as parts are missing, see
 * lsp_shown_state(). An update with relaxed functions goes from enabled to
 * draining, and from there to loaded or pinned by itself, or back to enabled.
 */
#define LSP_STATES(X)		\
	X(LOADED,  "loaded")	\
	X(ENABLED, "enabled")	\
	X(PINNED,  "pinned")	\
	X(PENDING, "pending")	\
	X(DRAINING, "draining")

#define LSP_STATE_ENUM(sym, word)	LSP_##sym,
enum lsp_state {
	LSP_STATES(LSP_STATE_ENUM)
	LSP_NR_STATES
};
#undef LSP_STATE_ENUM

/**
 * LSP_NUDGES - how far the engine may go to free functions that are in use
 * @X: called as X(symbol, word)
 *
 * Each includes those before it. nudge.c says what they are.
 */
#define LSP_NUDGES(X)		\
	X(NONE, "none")		\
	X(WAKE, "wake")		\
	X(PARK, "park")

#define LSP_NUDGE_ENUM(sym, word)	LSP_NUDGE_##sym,
enum lsp_nudge {
	LSP_NUDGES(LSP_NUDGE_ENUM)
	LSP_NR_NUDGES
};
#undef LSP_NUDGE_ENUM

/**
 * LSP_LATES - what happens to a module that comes while an enabled update has a
 *	part for it, but that part does not
 * @X: called as X(symbol, word)
 */
#define LSP_LATES(X)		\
	X(REFUSE, "refuse")	\
	X(ALLOW, "allow")

#define LSP_LATE_ENUM(sym, word)	LSP_LATE_##sym,
enum lsp_late {
	LSP_LATES(LSP_LATE_ENUM)
	LSP_NR_LATES
};
#undef LSP_LATE_ENUM

/**
 * LSP_FREEDS - what became of a task that was in the way
 * @X: called as X(symbol, word, text)
 *
 * The word is what the trace says, the text what the log says of those that
 * nothing can be done about.
 */
#define LSP_FREEDS(X) \
	X(SENT, "sent", "it was told to leave its system call") \
	X(THREAD, "woken", "it is a kernel thread and was woken") \
	X(LATER, "awaited", "it runs") \
	X(BACK, "back", "it was woken, and went back") \
	X(CALL, "call", "its system call would not restart exactly") \
	X(ASLEEP, "asleep", "nothing but what it waits for ends its sleep") \
	X(TRACED, "traced", "a debugger has it") \
	X(STOPPED, "stopped", "it is stopped") \
	X(FROZEN, "frozen", "it is frozen") \
	X(WORKER, "worker", "it works for io_uring, or for a virtual machine") \
	X(EXITING, "exiting", "it is exiting")

#define LSP_FREED_ENUM(sym, word, text)	LSP_FREED_##sym,
enum lsp_freed {
	LSP_FREEDS(LSP_FREED_ENUM)
	LSP_NR_FREEDS
};
#undef LSP_FREED_ENUM

const char *lsp_nudge_word(enum lsp_nudge nudge);
const char *lsp_late_word(enum lsp_late late);
const char *lsp_freed_word(enum lsp_freed freed);
const char *lsp_freed_text(enum lsp_freed freed);
const char *lsp_reason_word(enum lsp_reason reason);
const char *lsp_reason_text(enum lsp_reason reason);
int lsp_reason_errno(enum lsp_reason reason);
const char *lsp_state_word(enum lsp_state state);

#endif /* _LIVESPLICE_WORDS_H */
