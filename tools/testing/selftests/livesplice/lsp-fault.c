// SPDX-License-Identifier: GPL-2.0
/*
 * Faults, for test-fault.sh: the kernel lets the nth allocation fail that this
 * thread asks for. An operation is repeated with n = 1, 2, ... until it has no
 * nth allocation. Linked statically, like lsp-helper.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WATCH		"/sys/module/lsp_watch/parameters/task"
#define MAX_NTH		20000
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

struct operation {
	long (*run)(char **argv);
	/* Undo a success; true if everything is as before, whatever happened. */
	int (*back)(char **argv, int done);
	char **argv;
	int fd;
};

static struct operation *operation;

/* Returns what is left of nth: 0 if something was made to fail. */
static int run_nth(int fd, int nth, int *error)
{
	char text[16] = "";
	long rc;

	snprintf(text, sizeof(text), "%d", nth);
	if (pwrite(fd, text, strlen(text), 0) < 0)
		die("fail-nth");
	rc = operation->run(operation->argv);
	*error = rc < 0 ? errno : 0;
	if (pread(fd, text, sizeof(text) - 1, 0) < 0 || pwrite(fd, "0", 1, 0) < 0)
		die("fail-nth");
	return atoi(text);
}

/*
 * Prints how often something was made to fail, and how the operation ended
 * then, by error: "fails 12, ENOMEM 11, ok 1".
 */
static int fail_each(struct operation *op)
{
	int fd = open("/proc/thread-self/fail-nth", O_RDWR);
	int counts[4096] = { 0 }, nth, error, status = 0;

	if (fd < 0)
		die("fail-nth");
	operation = op;
	watch("1");
	for (nth = 1; nth < MAX_NTH; nth++) {
		if (run_nth(fd, nth, &error)) {
			status |= error;
			op->back(op->argv, !error);
			break;
		}
		counts[error < 4096 ? error : 0]++;
		if (op->back(op->argv, !error))
			continue;
		printf("not as before after %d: %s\n", nth,
		       error ? strerrorname_np(error) : "ok");
		status = 1;
		break;
	}
	watch("0");
	printf("fails %d", nth - 1);
	for (error = 1; error < 4096; error++)
		if (counts[error])
			printf(", %s %d", strerrorname_np(error), counts[error]);
	printf(", ok %d\n", counts[0]);
	return status != 0 || nth == MAX_NTH;
}

static int is_there(const char *dir, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return !access(path, F_OK);
}

static int has_module(const char *name)
{
	return is_there("/sys/module", name) || is_there("/sys/kernel/splice", name);
}

static long run_load(char **argv)
{
	long rc = syscall(SYS_finit_module, operation->fd, "", 0);

	(void)argv;
	return rc;
}

static int back_load(char **argv, int done)
{
	if (done && syscall(SYS_delete_module, argv[1], O_NONBLOCK))
		return 0;
	return !has_module(argv[1]);
}

/* load FILE NAME: load a module, unload it if that went well */
static int cmd_load(char **argv)
{
	struct operation op = {
		.run = run_load, .back = back_load, .argv = argv,
		.fd = open(argv[0], O_RDONLY | O_CLOEXEC),
	};

	if (op.fd < 0)
		die(argv[0]);
	return fail_each(&op);
}

static long run_unload(char **argv)
{
	return syscall(SYS_delete_module, argv[1], O_NONBLOCK);
}

static int back_unload(char **argv, int done)
{
	if (!done)
		return has_module(argv[1]);
	return !has_module(argv[1]) &&
	       !syscall(SYS_finit_module, operation->fd, "", 0);
}

/* unload FILE NAME: unload a module, load it if that went well */
static int cmd_unload(char **argv)
{
	struct operation op = {
		.run = run_unload, .back = back_unload, .argv = argv,
		.fd = open(argv[0], O_RDONLY | O_CLOEXEC),
	};

	if (op.fd < 0)
		die(argv[0]);
	return fail_each(&op);
}

static long write_text(const char *text)
{
	return pwrite(operation->fd, text, strlen(text), 0);
}

static int reads_as(const char *text)
{
	char found[64] = "";

	return pread(operation->fd, found, sizeof(found) - 1, 0) >= 0 &&
	       found[0] == text[0];
}

static long run_write(char **argv)
{
	return write_text(argv[1]);
}

static int back_write(char **argv, int done)
{
	if (!strcmp(argv[2], "-"))
		return 1;
	if (done && (!reads_as(argv[1]) || write_text(argv[2]) < 0))
		return 0;
	return reads_as(argv[2]);
}

/*
 * write FILE TEXT BACK: write TEXT where BACK is, BACK if that went well;
 * - for BACK where a write changes nothing
 */
static int cmd_write(char **argv)
{
	struct operation op = {
		.run = run_write, .back = back_write, .argv = argv,
		.fd = open(argv[0], O_RDWR | O_CLOEXEC),
	};

	if (op.fd < 0)
		die(argv[0]);
	return fail_each(&op);
}

static const struct {
	const char *name;
	int args;
	int (*run)(char **argv);
} commands[] = {
	{ "load",	2, cmd_load },
	{ "unload",	2, cmd_unload },
	{ "write",	3, cmd_write },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (argc >= 2 && !strcmp(argv[1], commands[i].name) &&
		    argc - 2 >= commands[i].args)
			return commands[i].run(argv + 2);
	}
	fprintf(stderr, "usage: lsp-fault COMMAND ARGUMENT...\n");
	return 2;
}
