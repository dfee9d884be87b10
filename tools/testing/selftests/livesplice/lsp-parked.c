// SPDX-License-Identifier: GPL-2.0
/*
 * What happens to threads while they are sent out of a function and held: the
 * program becomes another one, dumps core, ends; a debugger stops them. Called
 * by test-parked.sh; linked statically.
 *
 *	lsp-parked group COUNT exec|core|end
 *		COUNT threads in poll(), for ever; says "ready". On USR1 another
 *		thread makes the whole group become "echo", or dump core, or end.
 *	lsp-parked trace PID ROUNDS
 *		Attaches to all threads, stops each and lets it go, so often.
 *	lsp-parked attach PID
 *		Attaches to all threads, says "ready", and keeps them running
 *		until TERM.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STACK_SIZE	(32 * 1024)
#define MAX_THREADS	1024
#define STOP_SECONDS	10

static const char *how;

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(2);
}

static void *sleeper(void *unused)
{
	(void)unused;
	for (;;)
		if (poll(NULL, 0, -1) >= 0 || errno != EINTR)
			die("poll");
	return NULL;
}

/* Not the first thread: exec() has to get rid of that one too. */
static void *ender(void *unused)
{
	sigset_t set;
	int sig;

	(void)unused;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	if (sigwait(&set, &sig))
		die("sigwait");
	if (!strcmp(how, "exec"))
		execl("/bin/busybox", "echo", "became another", NULL);
	else if (!strcmp(how, "core"))
		abort();
	else
		_exit(0);
	die(how);
}

static int cmd_group(char **argv)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	int count = atoi(argv[0]);
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t set;

	how = argv[1];
	if (setrlimit(RLIMIT_CORE, &all))
		die("RLIMIT_CORE");
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	if (pthread_create(&thread, &attr, ender, NULL))
		die("pthread_create");
	while (count-- > 0)
		if (pthread_create(&thread, &attr, sleeper, NULL))
			die("pthread_create");
	puts("ready");
	fflush(stdout);
	sleeper(NULL);
	return 0;
}

static pid_t tids[MAX_THREADS];
static unsigned int nr_tids;

static void attach(const char *pid)
{
	struct dirent *entry;
	char name[64];
	DIR *dir;

	snprintf(name, sizeof(name), "/proc/%s/task", pid);
	dir = opendir(name);
	if (!dir)
		die(name);
	while ((entry = readdir(dir)) && nr_tids < MAX_THREADS) {
		pid_t tid = atoi(entry->d_name);

		if (tid <= 0)
			continue;
		if (ptrace(PTRACE_SEIZE, tid, NULL, NULL))
			die("PTRACE_SEIZE");
		tids[nr_tids++] = tid;
	}
	closedir(dir);
}

/* Stop it, in whatever place it is; false if that does not come about. */
static bool stop_one(pid_t tid)
{
	struct timespec step = { .tv_nsec = 1000000 };
	int tries, status;

	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL))
		return false;
	for (tries = 0; tries < STOP_SECONDS * 1000; tries++) {
		if (waitpid(tid, &status, __WALL | WNOHANG) == tid)
			return WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_STOP;
		clock_nanosleep(CLOCK_MONOTONIC, 0, &step, NULL);
	}
	return false;
}

static int cmd_trace(char **argv)
{
	unsigned int rounds = atoi(argv[1]), round, i, stops = 0, bad = 0;

	attach(argv[0]);
	for (round = 1; round <= rounds; round++) {
		for (i = 0; i < nr_tids; i++) {
			bool last = round == rounds;

			if (!stop_one(tids[i]) ||
			    ptrace(last ? PTRACE_DETACH : PTRACE_CONT, tids[i], NULL, NULL))
				bad++;
			else
				stops++;
		}
	}
	printf("threads=%u stops=%u bad=%u\n", nr_tids, stops, bad);
	return !!bad;
}

static int cmd_attach(char **argv)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	attach(argv[0]);
	puts("ready");
	fflush(stdout);
	/* Who traces and ends lets go of all. */
	return sigwait(&set, &sig);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "group"))
		return cmd_group(argv + 2);
	if (argc == 4 && !strcmp(argv[1], "trace"))
		return cmd_trace(argv + 2);
	if (argc == 3 && !strcmp(argv[1], "attach"))
		return cmd_attach(argv + 2);
	fprintf(stderr, "usage: lsp-parked group COUNT exec|core|end\n"
		"       lsp-parked trace PID ROUNDS\n"
		"       lsp-parked attach PID\n");
	return 2;
}
