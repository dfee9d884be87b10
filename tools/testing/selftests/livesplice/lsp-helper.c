// SPDX-License-Identifier: GPL-2.0
/*
 * What the selftests need and a shell cannot do. Called by the test-*.sh
 * scripts; linked statically, as there is nothing but busybox beside it.
 *
 * Commands that make one system call print "ok" or the name of the error.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/kexec.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define QUERY		0xffffffffUL
#define STACK_SIZE	(16 * 1024)
#define WATCH		"/sys/module/lsp_watch/parameters/task"
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(2);
}

/* Have lsp_watch note what this thread allocates, if it is there. */
static void watch(const char *on)
{
	int fd = open(WATCH, O_WRONLY);

	if (fd >= 0 && write(fd, on, 1) != 1)
		die(WATCH);
	if (fd >= 0)
		close(fd);
}

/* The end of a command that makes one system call. */
static int report(long rc)
{
	int error = errno;

	watch("0");
	puts(rc < 0 ? strerrorname_np(error) : "ok");
	return rc < 0;
}

/* put FILE TEXT: one write(2), as a shell's echo does it, newline and all */
static int cmd_put(char **argv)
{
	char line[256];
	int fd, len;

	fd = open(argv[0], O_WRONLY);
	if (fd < 0)
		return report(fd);
	len = snprintf(line, sizeof(line), "%s\n", argv[1]);
	watch("1");
	return report(write(fd, line, len));
}

/* load FILE */
static int cmd_load(char **argv)
{
	int fd = open(argv[0], O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die(argv[0]);
	watch("1");
	return report(syscall(SYS_finit_module, fd, "", 0));
}

static int report_ns(long rc, const struct timespec *start)
{
	struct timespec end;

	if (rc < 0)
		return report(rc);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%lld\n", (end.tv_sec - start->tv_sec) * 1000000000LL +
			 end.tv_nsec - start->tv_nsec);
	return 0;
}

/* load-ns FILE: likewise, and print how long it took */
static int cmd_load_ns(char **argv)
{
	int fd = open(argv[0], O_RDONLY | O_CLOEXEC);
	struct timespec start;

	if (fd < 0)
		die(argv[0]);
	clock_gettime(CLOCK_MONOTONIC, &start);
	return report_ns(syscall(SYS_finit_module, fd, "", 0), &start);
}

/* put-ns FILE TEXT: likewise, without newline */
static int cmd_put_ns(char **argv)
{
	int fd = open(argv[0], O_WRONLY);
	struct timespec start;

	if (fd < 0)
		return report(fd);
	clock_gettime(CLOCK_MONOTONIC, &start);
	return report_ns(write(fd, argv[1], strlen(argv[1])), &start);
}

/* unload NAME */
static int cmd_unload(char **argv)
{
	return report(syscall(SYS_delete_module, argv[0], O_NONBLOCK));
}

/* crash-kernel KERNEL INITRD CMDLINE: boot it when this kernel dies */
static int cmd_crash_kernel(char **argv)
{
	int kernel = open(argv[0], O_RDONLY), initrd = open(argv[1], O_RDONLY);

	if (kernel < 0 || initrd < 0)
		die("crash-kernel");
	return report(syscall(SYS_kexec_file_load, kernel, initrd,
			      strlen(argv[2]) + 1, argv[2],
			      KEXEC_FILE_ON_CRASH));
}

/* dropcap COMMAND...: run it as the same user without CAP_SYS_MODULE */
static int cmd_dropcap(char **argv)
{
	struct __user_cap_header_struct hdr = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (prctl(PR_CAPBSET_DROP, CAP_SYS_MODULE, 0, 0, 0))
		die("PR_CAPBSET_DROP");
	if (syscall(SYS_capget, &hdr, data))
		die("capget");
	data[0].effective &= ~(1U << CAP_SYS_MODULE);
	data[0].permitted &= ~(1U << CAP_SYS_MODULE);
	data[0].inheritable &= ~(1U << CAP_SYS_MODULE);
	if (syscall(SYS_capset, &hdr, data))
		die("capset");
	execvp(argv[0], argv);
	die(argv[0]);
}

/* flip FILE OFFSET BIT */
static int cmd_flip(char **argv)
{
	off_t offset = strtoll(argv[1], NULL, 0);
	int fd = open(argv[0], O_RDWR);
	unsigned char byte;

	if (fd < 0 || pread(fd, &byte, 1, offset) != 1)
		die(argv[0]);
	byte ^= 1U << (strtoul(argv[2], NULL, 0) & 7);
	if (pwrite(fd, &byte, 1, offset) != 1)
		die(argv[0]);
	return 0;
}

/* eventfd-block: sleep in eventfd_read() until killed */
static int cmd_eventfd_block(char **argv)
{
	int fd = eventfd(0, 0);
	uint64_t value;

	(void)argv;
	return report(read(fd, &value, sizeof(value)));
}

/* eventfd-value N: write N, print what is read */
static int cmd_eventfd_value(char **argv)
{
	uint64_t value = strtoull(argv[0], NULL, 0);
	int fd = eventfd(0, EFD_NONBLOCK);

	if (write(fd, &value, sizeof(value)) != sizeof(value) ||
	    read(fd, &value, sizeof(value)) != sizeof(value))
		die("eventfd");
	printf("%llu\n", (unsigned long long)value);
	return 0;
}

static int awaited;

static void *writer(void *ms)
{
	uint64_t value = 7;

	usleep(1000 * strtoul(ms, NULL, 0));
	if (write(awaited, &value, sizeof(value)) != sizeof(value))
		die("eventfd");
	return NULL;
}

/* eventfd-await read|preadv2 MS: print what is read once 7 is written, after MS */
static int cmd_eventfd_await(char **argv)
{
	uint64_t value;
	struct iovec vec = { &value, sizeof(value) };
	pthread_t thread;
	ssize_t len;

	awaited = eventfd(0, 0);
	if (awaited < 0 || pthread_create(&thread, NULL, writer, argv[1]))
		die("eventfd-await");
	if (!strcmp(argv[0], "read"))
		len = read(awaited, &value, sizeof(value));
	else
		len = preadv2(awaited, &vec, 1, -1, 0);
	if (len < 0)
		return report(-1);
	printf("%llu\n", (unsigned long long)value);
	return 0;
}

#define MAX_SERVED	16

/* What /proc says in the line "eventfd-KEY:", or "none". */
static void print_info(int fd, const char *key)
{
	char path[64], line[128], wanted[64], value[64] = "none";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	snprintf(wanted, sizeof(wanted), "eventfd-%s: %%63[^\n]", key);
	f = fopen(path, "r");
	if (!f)
		die(path);
	while (fgets(line, sizeof(line), f))
		sscanf(line, wanted, value);
	fclose(f);
	printf("%s\n", value);
}

static void read_one(int fd)
{
	uint64_t value = 1;

	if (write(fd, &value, sizeof(value)) != sizeof(value) ||
	    read(fd, &value, sizeof(value)) != sizeof(value))
		die("eventfd");
	printf("%llu\n", (unsigned long long)value);
}

/*
 * eventfd-serve KEY: keep eventfds as told on standard input, a line of output
 * for each of input: "new", "read N", "info N", "close N"; N counts from 0
 */
static int cmd_eventfd_serve(char **argv)
{
	int fds[MAX_SERVED], nr = 0, at;
	char word[16];

	setlinebuf(stdout);
	while (scanf("%15s", word) == 1) {
		if (!strcmp(word, "new") && nr < MAX_SERVED) {
			fds[nr] = eventfd(0, EFD_NONBLOCK);
			if (fds[nr] < 0)
				die("eventfd");
			printf("%d\n", nr++);
			continue;
		}
		if (scanf("%d", &at) != 1 || at < 0 || at >= nr)
			return 2;
		if (!strcmp(word, "read"))
			read_one(fds[at]);
		else if (!strcmp(word, "info"))
			print_info(fds[at], argv[0]);
		else
			printf("%d\n", close(fds[at]));
	}
	return 0;
}

/* socket-priority: send to a socket, print the priority that the other end has */
static int cmd_socket_priority(char **argv)
{
	socklen_t size = sizeof(int);
	int pair[2], priority;

	(void)argv;
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) || write(pair[0], "", 1) != 1 ||
	    getsockopt(pair[1], SOL_SOCKET, SO_PRIORITY, &priority, &size))
		die("socket-priority");
	printf("%d\n", priority);
	return 0;
}

/* personality: print what a query returns */
static int cmd_personality(char **argv)
{
	(void)argv;
	printf("%#lx\n", syscall(SYS_personality, QUERY));
	return 0;
}

static void *sleeper(void *unused)
{
	(void)unused;
	for (;;)
		poll(NULL, 0, -1);
	return NULL;
}

/* sleepers N: N threads asleep; prints "ready", stays until killed */
static int cmd_sleepers(char **argv)
{
	int n = atoi(argv[0]);
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	while (n-- > 0) {
		if (pthread_create(&thread, &attr, sleeper, NULL))
			die("pthread_create");
	}
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}

static volatile sig_atomic_t stop;

static void on_stop(int sig)
{
	(void)sig;
	stop = 1;
}

struct tally {
	unsigned long old, new, wrong;
};

/* One CPU's part: the answer must be one of two, whatever happens meanwhile. */
static void hammer_cpu(int cpu, long old, long new, struct tally *tally)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
	while (!stop) {
		long value = syscall(SYS_personality, QUERY);

		if (value == old)
			tally->old++;
		else if (value == new)
			tally->new++;
		else
			tally->wrong++;
	}
}

/*
 * hammer OLD NEW: call the stressed function on every CPU until SIGTERM, then
 * print how often either answer and any other came.
 */
static int cmd_hammer(char **argv)
{
	long old = strtol(argv[0], NULL, 0), new = strtol(argv[1], NULL, 0);
	int cpus = sysconf(_SC_NPROCESSORS_ONLN), cpu;
	struct tally *tally, sum = { 0 };

	tally = mmap(NULL, cpus * sizeof(*tally), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED)
		die("mmap");
	/* A group of its own: the script that called must not be in it. */
	if (setpgid(0, 0))
		die("setpgid");
	signal(SIGTERM, on_stop);
	for (cpu = 0; cpu < cpus; cpu++) {
		if (!fork()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			hammer_cpu(cpu, old, new, &tally[cpu]);
			_exit(0);
		}
	}
	while (!stop)
		pause();
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	while (wait(NULL) > 0)
		;
	for (cpu = 0; cpu < cpus; cpu++) {
		sum.old += tally[cpu].old;
		sum.new += tally[cpu].new;
		sum.wrong += tally[cpu].wrong;
	}
	printf("old %lu new %lu wrong %lu\n", sum.old, sum.new, sum.wrong);
	return sum.wrong != 0;
}

/* Two system calls at the same time. */
struct duellist {
	char *words[3];
	pthread_barrier_t *barrier;
	int error;
};

static long duel_call(char **words)
{
	int fd;
	long rc;

	if (!strcmp(words[0], "unload"))
		return syscall(SYS_delete_module, words[1], O_NONBLOCK);
	if (!strcmp(words[0], "load")) {
		fd = open(words[1], O_RDONLY | O_CLOEXEC);
		rc = fd < 0 ? fd : syscall(SYS_finit_module, fd, "", 0);
	} else {
		fd = open(words[1], O_WRONLY);
		rc = fd < 0 ? fd : write(fd, words[2], strlen(words[2]));
	}
	/* An error of close() is none of ours. */
	if (fd >= 0 && rc >= 0)
		close(fd);
	return rc;
}

static void *duel_thread(void *arg)
{
	struct duellist *one = arg;

	pthread_barrier_wait(one->barrier);
	one->error = duel_call(one->words) < 0 ? errno : 0;
	return NULL;
}

/* duel "put FILE TEXT"|"load FILE"|"unload NAME" twice: both at once */
static int cmd_duel(char **argv)
{
	pthread_barrier_t barrier;
	struct duellist both[2];
	pthread_t threads[2];
	int i, j;

	pthread_barrier_init(&barrier, NULL, 2);
	for (i = 0; i < 2; i++) {
		both[i].barrier = &barrier;
		both[i].words[0] = strtok(argv[i], " ");
		for (j = 1; j < 3; j++)
			both[i].words[j] = strtok(NULL, " ");
		if (pthread_create(&threads[i], NULL, duel_thread, &both[i]))
			die("pthread_create");
	}
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	printf("%s %s\n", both[0].error ? strerrorname_np(both[0].error) : "ok",
	       both[1].error ? strerrorname_np(both[1].error) : "ok");
	return 0;
}

/* In the function that is replaced, until the process ends in whatever way. */
static void *reader(void *unused)
{
	uint64_t value;

	(void)unused;
	if (read(eventfd(0, 0), &value, sizeof(value)) < 0)
		die("eventfd");
	return NULL;
}

static void *late(void *unused)
{
	(void)unused;
	usleep(2000);
	return NULL;
}

static void *execer(void *unused)
{
	(void)unused;
	execl("/bin/true", "true", NULL);
	die("/bin/true");
}

/* One way for a process to end, or to become another one. */
static _Noreturn void end_somehow(int how)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, reader, NULL) ||
	    pthread_create(&thread, NULL, how == 1 ? execer : late, NULL))
		die("pthread_create");
	switch (how) {
	case 0:		/* another thread is killed where it sleeps */
		usleep(1000);
		_exit(0);
	case 1:		/* likewise, and the leader too: exec of a thread */
		pause();
		_exit(1);
	case 2:		/* the leader is first, a zombie with living threads */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(1);
		pthread_exit(NULL);
	case 3:		/* killed by somebody else */
		pause();
		_exit(1);
	default:	/* an orphan, which init has to wait for */
		if (!fork())
			usleep(1000);
		_exit(0);
	}
}

/* churn: processes come, exec, and go in all ways until SIGTERM */
static int cmd_churn(char **argv)
{
	unsigned int rounds = 0;
	pid_t pid;

	(void)argv;
	signal(SIGTERM, on_stop);
	while (!stop) {
		int how = rounds++ % 5;

		pid = fork();
		if (pid < 0)
			die("fork");
		if (!pid) {
			signal(SIGTERM, SIG_DFL);
			end_somehow(how);
		}
		if (how == 2 || how == 3) {
			usleep(3000);
			kill(pid, SIGKILL);
		}
		waitpid(pid, NULL, 0);
	}
	printf("%u\n", rounds);
	return 0;
}

static const struct {
	const char *name;
	int args;
	int (*run)(char **argv);
} commands[] = {
	{ "put",		2, cmd_put },
	{ "load",		1, cmd_load },
	{ "load-ns",		1, cmd_load_ns },
	{ "put-ns",		2, cmd_put_ns },
	{ "unload",		1, cmd_unload },
	{ "crash-kernel",	3, cmd_crash_kernel },
	{ "dropcap",		1, cmd_dropcap },
	{ "flip",		3, cmd_flip },
	{ "eventfd-block",	0, cmd_eventfd_block },
	{ "eventfd-value",	1, cmd_eventfd_value },
	{ "eventfd-await",	2, cmd_eventfd_await },
	{ "eventfd-serve",	1, cmd_eventfd_serve },
	{ "personality",	0, cmd_personality },
	{ "socket-priority",	0, cmd_socket_priority },
	{ "sleepers",		1, cmd_sleepers },
	{ "hammer",		2, cmd_hammer },
	{ "duel",		2, cmd_duel },
	{ "churn",		0, cmd_churn },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (argc >= 2 && !strcmp(argv[1], commands[i].name) &&
		    argc - 2 >= commands[i].args)
			return commands[i].run(argv + 2);
	}
	fprintf(stderr, "usage: lsp-helper COMMAND ARGUMENT...\n");
	return 2;
}
