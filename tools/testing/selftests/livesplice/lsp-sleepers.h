/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads that sleep in a system call; shared between lsp-sleepers.c, which
 * starts, wakes and counts them, and lsp-sleep-calls.c, which knows the calls.
 */
#ifndef LSP_SLEEPERS_H
#define LSP_SLEEPERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define ODD		0x5150		/* a number that nobody uses */
#define NSEC_PER_SEC	1000000000LL
#define NSEC_PER_MSEC	1000000LL

/* No timeout at all. */
#define FOREVER		(-1LL)

/* What a call came back for. With FAILED, errno is set. */
enum outcome {
	FAILED,
	WOKEN,
	TIMED_OUT,
};

/*
 * What a thread sleeps on. Only the thread itself calls sleep(); it is woken by
 * the parent, once for each time that it is asleep.
 */
struct sleeper {
	const struct call	*call;
	unsigned int		index;
	pid_t			tid;
	atomic_bool		asleep;		/* about to be, or over it */
	long long		timeout;	/* ns, FOREVER, or 0: another each time */

	int			fd;
	int			peer;
	int			queue;
	pid_t			child;
	void			*stack;
	unsigned long		context;
	atomic_uint		word;

	atomic_ulong		woken;
	atomic_ulong		timeouts;
	atomic_ulong		early;
	atomic_ulong		failed;
	atomic_int		error;		/* the last one */
};

/* A system call. Some have nothing to prepare, arm, wake or remove. */
struct call {
	const char	*name;
	bool		endless;	/* takes no timeout */
	bool		timed;		/* takes nothing but a timeout */
	void		(*prepare)(struct sleeper *sleeper);
	/* Before each sleep, by the thread. */
	void		(*arm)(struct sleeper *sleeper);
	enum outcome	(*sleep)(struct sleeper *sleeper, long long timeout);
	void		(*wake)(struct sleeper *sleeper);
	/* What would stay when the process has ended. */
	void		(*remove)(struct sleeper *sleeper);
	/* Once, without sleeping long: did it do what it must? */
	bool		(*once)(struct sleeper *sleeper);
	/* What the update changes: 0 or the error of an impossible argument. */
	int		(*probe)(void);
	int		before;		/* its answer before the update */
	int		after;
};

/* Each ends with one without a name. */
extern const struct call calls_for_events[];
extern const struct call calls_for_files[];
extern const struct call calls_with_works[];

_Noreturn void die(const char *what);
int error_of(long rc);
struct timespec *to_timespec(long long ns, struct timespec *ts);
enum outcome ready(long rc);
enum outcome wrong(void);
void event_prepare(struct sleeper *sleeper);
void event_wake(struct sleeper *sleeper);
enum outcome event_take(struct sleeper *sleeper, enum outcome outcome);

#endif
