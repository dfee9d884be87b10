// SPDX-License-Identifier: GPL-2.0
/*
 * Neighbours of an update that live in a process: BPF programs on a function,
 * and tasks with a priority. Called by test-company.sh and test-probes.sh.
 *
 * There is no library here that knows of BPF: the program is two instructions,
 * and how often it has run is what the kernel counts (bpf_stats_enabled).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The file descriptor of the program, for who reads fdinfo. */
#define PROGRAM		9
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PMU		"/sys/bus/event_source/devices/kprobe/"

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(2);
}

static int sys_bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* "return 0", on functions one by one or, multi, on any number at a time */
static int load(int multi)
{
	static const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_KPROBE,
		.insns = (uintptr_t)code,
		.insn_cnt = ARRAY_SIZE(code),
		.license = (uintptr_t)"GPL",
		.expected_attach_type = multi ? BPF_TRACE_KPROBE_MULTI : 0,
	};
	int fd = sys_bpf(BPF_PROG_LOAD, &attr);

	if (fd < 0 || dup2(fd, PROGRAM) < 0)
		die("BPF_PROG_LOAD");
	return fd;
}

/* The number in a file of the PMU, behind a prefix. */
static unsigned long pmu(const char *file, const char *format)
{
	unsigned long value;
	FILE *in = fopen(file, "r");

	if (!in || fscanf(in, format, &value) != 1)
		die(file);
	fclose(in);
	return value;
}

static void attach_perf(int program, const char *function, int at_return)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = pmu(PMU "type", "%lu"),
		.kprobe_func = (uintptr_t)function,
	};
	int fd;

	if (at_return)
		attr.config = 1UL << pmu(PMU "format/retprobe", "config:%lu");
	fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0 || ioctl(fd, PERF_EVENT_IOC_SET_BPF, program) ||
	    ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))
		die("perf_event_open");
}

static void attach_multi(int program, const char *function, int at_return)
{
	union bpf_attr attr = {
		.link_create = {
			.prog_fd = program,
			.attach_type = BPF_TRACE_KPROBE_MULTI,
			.kprobe_multi = {
				.flags = at_return ? BPF_F_KPROBE_MULTI_RETURN : 0,
				.cnt = 1,
				.syms = (uintptr_t)&function,
			},
		},
	};

	if (sys_bpf(BPF_LINK_CREATE, &attr) < 0)
		die("BPF_LINK_CREATE");
}

/* bpf KIND FUNCTION: until killed; says so when it is there */
static int cmd_bpf(char **argv)
{
	int multi = !strncmp(argv[0], "multi", 5);
	int at_return = !!strstr(argv[0], "return");
	int program = load(multi);

	(multi ? attach_multi : attach_perf)(program, argv[1], at_return);
	puts("attached");
	fflush(stdout);
	return pause();
}

/* lowly COMMAND...: with the least priority that is above all others' */
static int cmd_lowly(char **argv)
{
	struct sched_param param = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_FIFO, &param))
		die("SCHED_FIFO");
	execvp(argv[0], argv);
	die(argv[0]);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "bpf"))
		return cmd_bpf(argv + 2);
	if (argc > 2 && !strcmp(argv[1], "lowly"))
		return cmd_lowly(argv + 2);
	fprintf(stderr, "usage: lsp-company bpf kprobe|kreturn|multi|multireturn FUNCTION\n"
			"       lsp-company lowly COMMAND...\n");
	return 2;
}
