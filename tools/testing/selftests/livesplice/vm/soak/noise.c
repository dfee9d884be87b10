// SPDX-License-Identifier: GPL-2.0
/*
 * What goes on in a machine while lsp-soak.c switches updates: processes, sockets,
 * pipes, files, module loads, tracing, and somebody who reads all of our files.
 * Each is a process of its own and looks whether what it gets is right.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "soak.h"

#define BLOCK		16384
#define TRACING		"/sys/kernel/tracing/"

static volatile sig_atomic_t stop;

static void on_stop(int sig)
{
	(void)sig;
	stop = 1;
}

/* The end of a load that has seen something wrong. */
static _Noreturn void wrong(const char *what)
{
	printf("noise: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void fork_once(void)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		wrong("fork");
	if (!pid) {
		execl("/bin/busybox", "busybox", "true", NULL);
		_exit(9);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		wrong("a process did not end well");
}

static void fill(unsigned char *block, unsigned int seed)
{
	for (int i = 0; i < BLOCK; i++)
		block[i] = seed + i * 7;
}

/* Everything through one end, and the same out of the other. */
static void pass_block(int in, int out, const char *what)
{
	static unsigned char sent[BLOCK], got[BLOCK];
	static unsigned int seed;
	ssize_t len, have = 0;

	fill(sent, seed++);
	for (ssize_t done = 0; done < BLOCK; done += len) {
		len = write(in, sent + done, BLOCK - done < 4096 ? BLOCK - done : 4096);
		if (len <= 0)
			wrong(what);
		while (have < done + len) {
			ssize_t more = read(out, got + have, done + len - have);

			if (more <= 0)
				wrong(what);
			have += more;
		}
	}
	if (memcmp(sent, got, BLOCK))
		wrong(what);
}

static void pipe_once(void)
{
	int ends[2];

	if (pipe(ends))
		wrong("pipe");
	pass_block(ends[1], ends[0], "pipe");
	close(ends[0]);
	close(ends[1]);
}

static void unix_once(void)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		wrong("socketpair");
	pass_block(ends[1], ends[0], "socketpair");
	close(ends[0]);
	close(ends[1]);
}

static void tcp_once(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int client = socket(AF_INET, SOCK_STREAM, 0), server;
	struct linger now = { .l_onoff = 1 };

	if (bind(listener, (void *)&addr, size) || listen(listener, 1) ||
	    getsockname(listener, (void *)&addr, &size) ||
	    connect(client, (void *)&addr, size))
		wrong("tcp");
	server = accept(listener, NULL, NULL);
	if (server < 0)
		wrong("accept");
	pass_block(client, server, "tcp");
	setsockopt(client, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(client);
	close(server);
	close(listener);
}

static void file_once(void)
{
	static unsigned char sent[BLOCK], got[BLOCK];
	static unsigned int seed;
	int fd = open("/tmp/soak.a", O_RDWR | O_CREAT | O_TRUNC, 0600);

	fill(sent, seed++);
	if (fd < 0 || write(fd, sent, BLOCK) != BLOCK || fsync(fd) ||
	    rename("/tmp/soak.a", "/tmp/soak.b") ||
	    pread(fd, got, BLOCK, 0) != BLOCK || memcmp(sent, got, BLOCK))
		wrong("file");
	close(fd);
	if (unlink("/tmp/soak.b"))
		wrong("unlink");
}

static int read_one(const char *path, const struct stat *st, int type,
		    struct FTW *ftw)
{
	char text[4096];

	(void)ftw;
	if (type == FTW_F && st->st_mode & 0444)
		slurp(path, text, sizeof(text));
	return stop;
}

/* Updates come and go: what is not there any more is nothing wrong. */
static void sysfs_once(void)
{
	nftw(SPLICE, read_one, 8, FTW_PHYS);
	usleep(20000);
}

static void module_once(void)
{
	errno = insert("updates/lsp_notifier.ko");
	if (errno && errno != EINTR)
		wrong("insmod");
	errno = extract("lsp_notifier");
	if (errno && errno != ENOENT && errno != EINTR)
		wrong("rmmod");
	usleep(50000);
}

/*
 * Functions that are replaced, and some that call them. A probe may be refused,
 * in the middle of a switch; what has been made can be taken away.
 */
static void trace_once(void)
{
	static const char * const tracers[] = { "function", "function_graph" };
	static const char * const functions[] = {
		"hex_to_bin", "bin2hex", "eventfd_read", "__x64_sys_personality",
		"filesystems_proc_show", "cmdline_proc_show", "mmput",
	};
	static unsigned int round;

	for (unsigned int i = 0; i < ARRAY_SIZE(functions); i++)
		put(TRACING "set_ftrace_filter", functions[i]);
	errno = put(TRACING "current_tracer", tracers[round++ % 2]);
	if (errno)
		wrong("tracer");
	put(TRACING "kprobe_events", "p:soak/hex hex_to_bin");
	put(TRACING "events/soak/hex/enable", "1");
	usleep(100000);
	put(TRACING "events/soak/hex/enable", "0");
	errno = put(TRACING "kprobe_events", "-:soak/hex");
	if (errno && errno != ENOENT)
		wrong("kprobe");
	errno = put(TRACING "current_tracer", "nop");
	if (errno)
		wrong("tracer");
	close(open(TRACING "trace", O_WRONLY | O_TRUNC));
	usleep(100000);
}

static const struct {
	const char *name;
	void (*once)(void);
} noises[] = {
	{ "processes", fork_once },
	{ "pipes", pipe_once },
	{ "unix sockets", unix_once },
	{ "tcp", tcp_once },
	{ "files", file_once },
	{ "sysfs", sysfs_once },
	{ "modules", module_once },
	{ "tracing", trace_once },
};

static pid_t pids[ARRAY_SIZE(noises)];

static void run_noise(unsigned int i)
{
	struct sigaction sa = { .sa_handler = on_stop, .sa_flags = SA_RESTART };
	unsigned long rounds = 0;

	sigaction(SIGTERM, &sa, NULL);
	while (!stop) {
		noises[i].once();
		rounds++;
	}
	printf("noise: %s: %lu rounds\n", noises[i].name, rounds);
	fflush(stdout);
	_exit(0);
}

void noise_start(void)
{
	fflush(stdout);
	for (unsigned int i = 0; i < ARRAY_SIZE(noises); i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			wrong("fork");
		if (!pids[i])
			run_noise(i);
	}
}

int noise_stop(void)
{
	int status, bad = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(noises); i++)
		kill(pids[i], SIGTERM);
	for (unsigned int i = 0; i < ARRAY_SIZE(noises); i++) {
		if (waitpid(pids[i], &status, 0) == pids[i] && !status)
			continue;
		printf("noise: %s ended with %#x\n", noises[i].name, status);
		bad++;
	}
	return bad;
}
