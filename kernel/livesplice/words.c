// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: the words that users see. All sets are tables of words.h;
 * sysfs, the log and the documentation have no others. Called by everybody.
 */
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/kernel.h>

#include "internal.h"

#define LSP_REASON_ENTRY(sym, word, err, text)	\
	[LSP_##sym] = { word, err, text },
static const struct {
	const char	*word;
	int		err;
	const char	*text;
} lsp_reasons[] = {
	LSP_REASONS(LSP_REASON_ENTRY)
};

#define LSP_STATE_ENTRY(sym, word)	\
	[LSP_##sym] = word,
static const char * const lsp_states[] = {
	LSP_STATES(LSP_STATE_ENTRY)
};

#define LSP_NUDGE_ENTRY(sym, word)	\
	[LSP_NUDGE_##sym] = word,
static const char * const lsp_nudges[] = {
	LSP_NUDGES(LSP_NUDGE_ENTRY)
};

#define LSP_LATE_ENTRY(sym, word)	\
	[LSP_LATE_##sym] = word,
static const char * const lsp_lates[] = {
	LSP_LATES(LSP_LATE_ENTRY)
};

#define LSP_FREED_ENTRY(sym, word, text)	\
	[LSP_FREED_##sym] = { word, text },
static const struct {
	const char	*word;
	const char	*text;
} lsp_freeds[] = {
	LSP_FREEDS(LSP_FREED_ENTRY)
};

static_assert(ARRAY_SIZE(lsp_nudges) == LSP_NR_NUDGES);
static_assert(ARRAY_SIZE(lsp_lates) == LSP_NR_LATES);
static_assert(ARRAY_SIZE(lsp_freeds) == LSP_NR_FREEDS);
static_assert(ARRAY_SIZE(lsp_reasons) == LSP_NR_REASONS);
static_assert(ARRAY_SIZE(lsp_states) == LSP_NR_STATES);
static_assert(!LSP_OK);

/**
 * lsp_reason_word() - the word of a reason
 * @reason: the reason
 *
 * Return: the word, as in sysfs and in the documentation.
 */
const char *lsp_reason_word(enum lsp_reason reason)
{
	return lsp_reasons[reason].word;
}

/**
 * lsp_reason_text() - what a reason means
 * @reason: the reason
 *
 * Return: half a sentence for the log.
 */
const char *lsp_reason_text(enum lsp_reason reason)
{
	return lsp_reasons[reason].text;
}

/**
 * lsp_reason_errno() - the error that user space gets for a reason
 * @reason: the reason
 *
 * Return: 0 or a negative errno.
 */
int lsp_reason_errno(enum lsp_reason reason)
{
	return lsp_reasons[reason].err;
}

/**
 * lsp_state_word() - the word of a state
 * @state: the state
 *
 * Return: the word, as in sysfs.
 */
const char *lsp_state_word(enum lsp_state state)
{
	return lsp_states[state];
}

/**
 * lsp_nudge_word() - the word of how far the engine may go
 * @nudge: how far
 *
 * Return: the word, as in sysfs.
 */
const char *lsp_nudge_word(enum lsp_nudge nudge)
{
	return lsp_nudges[nudge];
}

/**
 * lsp_late_word() - the word of what happens to a module without its part
 * @late: what
 *
 * Return: the word, as in sysfs.
 */
const char *lsp_late_word(enum lsp_late late)
{
	return lsp_lates[late];
}

/**
 * lsp_freed_word() - the word of what became of a task that was in the way
 * @freed: what
 *
 * Return: the word, as in the trace.
 */
const char *lsp_freed_word(enum lsp_freed freed)
{
	return lsp_freeds[freed].word;
}

/**
 * lsp_freed_text() - why a task that was in the way could not be freed
 * @freed: what became of it
 *
 * Return: half a sentence for the log.
 */
const char *lsp_freed_text(enum lsp_freed freed)
{
	return lsp_freeds[freed].text;
}
