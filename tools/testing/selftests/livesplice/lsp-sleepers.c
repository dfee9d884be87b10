// SPDX-License-Identifier: GPL-2.0
/*
 * Threads that are in one system call all the time, because they sleep there or
 * because they call it in a loop, and that notice whatever does not belong
 * there: an error, a timeout that comes early, how late others are, a wake-up
 * that is lost or comes twice. Called by the test scripts; linked statically.
 *
 *	lsp-sleepers sleep CALL COUNT [TIMEOUT_MS]
 *		Without a timeout a third sleeps for ever, a third for so long
 *		that it is woken before, a third for a second at a time or less;
 *		with -1 all sleep for ever.
 *		Says "ready TID" when all are asleep. Then
 *		USR1	wakes each once, and says when all have come back;
 *		USR2	says how late those with short timeouts were since the
 *			last time;
 *		HUP	has them make a call again that ends with EINTR, for the
 *			time that is left: for who wants to stop them;
 *		TERM	gives the verdict, and ends.
 *	lsp-sleepers loop CALL COUNT
 *		Short calls, spread over the CPUs, until TERM.
 *	lsp-sleepers probe CALL
 *		"old" or "new", as the answer to an impossible argument is.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "lsp-sleepers.h"

#define STACK_SIZE	(32 * 1024)
#define FILES_MAX	4096
#define LONG_TIMEOUT	(600 * NSEC_PER_SEC)
#define READY_SECONDS	60
#define WAKE_SECONDS	20
#define END_SECONDS	20

/* Between two looks at whether something has happened. */
#define STEP_US		5000

static struct sleeper *sleepers;
static unsigned int nr_sleepers;
static unsigned long nr_sent;

/* Since the last USR2. */
static atomic_llong phase_late;
static atomic_ulong phase_timeouts;

/* Make a call again that was interrupted. */
static atomic_bool restart;

static atomic_bool stop;
static atomic_uint nr_ended;

_Noreturn void die(const char *what)
{
	perror(what);
	exit(2);
}

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

static void note_timeout(struct sleeper *sleeper, long long timeout, long long slept)
{
	long long late = slept - timeout, max = phase_late;

	sleeper->timeouts++;
	phase_timeouts++;
	if (timeout == FOREVER || late < 0)
		sleeper->early++;
	while (late > max && !atomic_compare_exchange_weak(&phase_late, &max, late))
		;
}

static void *sleep_again(void *arg)
{
	struct sleeper *sleeper = arg;
	unsigned int seed = sleeper->index + 1;
	long long timeout, start, left;
	enum outcome outcome;

	sleeper->tid = gettid();
	for (;;) {
		timeout = sleeper->timeout;
		if (!timeout)
			timeout = (200 + rand_r(&seed) % 1000) * NSEC_PER_MSEC;
		if (sleeper->call->arm)
			sleeper->call->arm(sleeper);
		sleeper->asleep = true;
		start = now();
		outcome = sleeper->call->sleep(sleeper, timeout);
		while (outcome == FAILED && errno == EINTR && restart) {
			left = timeout - (now() - start);
			if (left < 0)
				left = timeout == FOREVER ? FOREVER : 0;
			outcome = sleeper->call->sleep(sleeper, left);
		}
		if (outcome == TIMED_OUT)
			note_timeout(sleeper, timeout, now() - start);
		sleeper->asleep = false;
		if (outcome == WOKEN)
			sleeper->woken++;
		if (outcome == FAILED) {
			sleeper->error = errno;
			sleeper->failed++;
		}
	}
	return NULL;
}

static void *loop(void *arg)
{
	struct sleeper *sleeper = arg;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sleeper->index % sysconf(_SC_NPROCESSORS_ONLN), &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
	while (!stop) {
		if (!sleeper->call->once(sleeper)) {
			sleeper->error = errno;
			sleeper->failed++;
		}
		sleeper->woken++;
	}
	nr_ended++;
	return NULL;
}

/* Does the thread sleep? Not at this moment, if its sleeps are short. */
static bool is_asleep(const struct sleeper *sleeper)
{
	char name[64], line[512] = "", *state;
	FILE *file;

	if (!sleeper->timeout)
		return true;
	snprintf(name, sizeof(name), "/proc/self/task/%d/stat", sleeper->tid);
	file = fopen(name, "r");
	if (!file || !fgets(line, sizeof(line), file))
		die(name);
	fclose(file);
	state = strrchr(line, ')');
	return state && state[2] == 'S';
}

/* Until all are in the call, wherever the kernel has them at the moment, or sleep. */
static bool wait_asleep(int seconds, bool sleep)
{
	long long end = now() + seconds * NSEC_PER_SEC;
	unsigned int i;

	for (i = 0; i < nr_sleepers; i++) {
		while (!sleepers[i].asleep || (sleep && !is_asleep(&sleepers[i]))) {
			if (now() > end)
				return false;
			usleep(STEP_US);
		}
	}
	return true;
}

#define sum_of(field) ({						\
	unsigned long sum_ = 0;						\
									\
	for (unsigned int i_ = 0; i_ < nr_sleepers; i_++)		\
		sum_ += sleepers[i_].field;				\
	sum_;								\
})

/* Each sleeper gets one wake-up, when it has had the last. */
static void wake_all(void)
{
	unsigned long before = sum_of(woken), woken = 0;
	long long start = now(), end = start + WAKE_SECONDS * NSEC_PER_SEC;
	unsigned int i;

	if (!sleepers->call->wake || !wait_asleep(WAKE_SECONDS, false)) {
		puts("not woken");
		return;
	}
	for (i = 0; i < nr_sleepers; i++) {
		sleepers[i].call->wake(&sleepers[i]);
		nr_sent++;
	}
	while (woken < nr_sleepers && now() < end) {
		usleep(STEP_US);
		woken = sum_of(woken) - before;
	}
	printf("woken %lu of %u ms=%lld\n", woken, nr_sleepers,
	       (now() - start) / NSEC_PER_MSEC);
}

static void say_phase(void)
{
	unsigned long timeouts = atomic_exchange(&phase_timeouts, 0);
	long long late = atomic_exchange(&phase_late, 0);

	printf("phase timeouts=%lu max_late_ms=%lld\n", timeouts, late / NSEC_PER_MSEC);
}

/* The name of an error that somebody has seen. */
static const char *any_error(void)
{
	unsigned int i;

	for (i = 0; i < nr_sleepers; i++)
		if (sleepers[i].failed)
			return strerrorname_np(sleepers[i].error) ?: "wrong";
	return "none";
}

static int verdict(void)
{
	unsigned long woken = sum_of(woken), early = sum_of(early), failed = sum_of(failed);
	unsigned long lost = nr_sent > woken ? nr_sent - woken : 0;
	unsigned long extra = woken > nr_sent ? woken - nr_sent : 0;
	bool good = !early && !failed && !lost && !extra;
	unsigned int i;

	printf("%s sleepers=%u woken=%lu timeouts=%lu early=%lu ", good ? "ok" : "bad",
	       nr_sleepers, woken, sum_of(timeouts), early);
	printf("errors=%lu error=%s lost=%lu extra=%lu\n", failed, any_error(), lost, extra);
	fflush(stdout);
	for (i = 0; i < nr_sleepers; i++)
		if (sleepers[i].call->remove)
			sleepers[i].call->remove(&sleepers[i]);
	return !good;
}

/* No signal but those that we wait for, and no sleeper is ever chosen for one. */
static void block_signals(void)
{
	sigset_t set;

	sigfillset(&set);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		die("sigprocmask");
}

static int next_signal(void)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	while ((sig = sigwaitinfo(&set, NULL)) < 0)
		if (errno != EINTR)
			die("sigwaitinfo");
	return sig;
}

static void start_threads(const struct call *call, long long timeout, void *(*run)(void *))
{
	struct rlimit files = { FILES_MAX, FILES_MAX };
	pthread_attr_t attr;
	pthread_t thread;
	unsigned int i;

	if (setrlimit(RLIMIT_NOFILE, &files))
		die("RLIMIT_NOFILE");
	sleepers = calloc(nr_sleepers, sizeof(*sleepers));
	if (!sleepers)
		die("calloc");
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	for (i = 0; i < nr_sleepers; i++) {
		struct sleeper *sleeper = &sleepers[i];

		sleeper->call = call;
		sleeper->index = i;
		sleeper->timeout = timeout;
		if (call->endless)
			sleeper->timeout = FOREVER;
		else if (!timeout && i % 3 == 0 && !call->timed)
			sleeper->timeout = FOREVER;
		else if (!timeout && i % 3 < 2)
			sleeper->timeout = LONG_TIMEOUT;
		if (call->prepare)
			call->prepare(sleeper);
	}
	for (i = 0; i < nr_sleepers; i++)
		if (pthread_create(&thread, &attr, run, &sleepers[i]))
			die("pthread_create");
}

static int cmd_sleep(const struct call *call, long long timeout)
{
	start_threads(call, timeout, sleep_again);
	if (!wait_asleep(READY_SECONDS, true)) {
		puts("not asleep");
		return 2;
	}
	printf("ready %d\n", sleepers->tid);
	for (;;) {
		fflush(stdout);
		switch (next_signal()) {
		case SIGUSR1:
			wake_all();
			break;
		case SIGUSR2:
			say_phase();
			break;
		case SIGHUP:
			restart = true;
			break;
		default:
			return verdict();
		}
	}
}

static int cmd_loop(const struct call *call)
{
	long long end;

	start_threads(call, FOREVER, loop);
	puts("ready");
	fflush(stdout);
	while (next_signal() != SIGTERM)
		;
	stop = true;
	end = now() + END_SECONDS * NSEC_PER_SEC;
	while (nr_ended < nr_sleepers && now() < end)
		usleep(STEP_US);
	printf("loopers=%u calls=%lu wrong=%lu error=%s stuck=%u\n", nr_sleepers, sum_of(woken),
	       sum_of(failed), any_error(), nr_sleepers - nr_ended);
	return 0;
}

static int cmd_probe(const struct call *call)
{
	int error = call->probe();

	if (error == call->before)
		puts("old");
	else if (error == call->after)
		puts("new");
	else
		puts(strerrorname_np(error));
	return 0;
}

static const struct call *find_call(const char *name)
{
	static const struct call * const lists[] = {
		calls_for_events, calls_for_files, calls_with_works,
	};
	const struct call *call;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (call = lists[i]; call->name; call++)
			if (!strcmp(call->name, name))
				return call;
	fprintf(stderr, "lsp-sleepers: no call %s\n", name);
	exit(2);
}

static long long parse_timeout(const char *text)
{
	int ms = atoi(text);

	return ms < 0 ? FOREVER : ms * NSEC_PER_MSEC;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "probe"))
		return cmd_probe(find_call(argv[2]));
	if (argc < 4)
		goto usage;
	nr_sleepers = atoi(argv[3]);
	if (!nr_sleepers)
		goto usage;
	block_signals();
	if (!strcmp(argv[1], "sleep"))
		return cmd_sleep(find_call(argv[2]),
				 argc > 4 && *argv[4] ? parse_timeout(argv[4]) : 0);
	if (!strcmp(argv[1], "loop"))
		return cmd_loop(find_call(argv[2]));
usage:
	fprintf(stderr, "usage: lsp-sleepers sleep CALL COUNT [TIMEOUT_MS]\n"
		"       lsp-sleepers loop CALL COUNT\n"
		"       lsp-sleepers probe CALL\n");
	return 2;
}
