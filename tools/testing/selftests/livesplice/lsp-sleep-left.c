// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that lsp-sleepers has threads sleep in, and that run the works of a task
 * in the middle: io_uring, and a loop like that of a virtual CPU, which the
 * module lsp_vcpu has. See lsp-sleep-calls.c.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lsp-sleepers.h"

#define RING_SIZE	8192		/* of a ring with one entry; more than enough */
#define VCPU_RUN	_IO('L', 1)
#define VCPU_KICK	_IO('L', 2)

/* A ring that polls for the sleeper's eventfd. */
struct ring {
	struct io_uring_params	params;
	struct io_uring_sqe	*sqe;
	char			*rings;
};

static atomic_uint *ring_word(const struct ring *ring, uint32_t offset)
{
	return (atomic_uint *)(ring->rings + offset);
}

static int ring_open(struct ring *ring, uint32_t flags)
{
	int fd;

	ring->params.flags = flags;
	ring->params.sq_thread_idle = 1;
	fd = syscall(SYS_io_uring_setup, 1, &ring->params);
	if (fd < 0)
		die("io_uring_setup");
	ring->rings = mmap(NULL, RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			   IORING_OFF_SQ_RING);
	ring->sqe = mmap(NULL, sizeof(*ring->sqe), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			 IORING_OFF_SQES);
	if (ring->rings == MAP_FAILED || (void *)ring->sqe == MAP_FAILED)
		die("mmap");
	return fd;
}

static void uring_prepare_flags(struct sleeper *sleeper, uint32_t flags)
{
	struct ring *ring = calloc(1, sizeof(*ring));

	if (!ring)
		die("calloc");
	event_prepare(sleeper);
	sleeper->queue = ring_open(ring, flags);
	sleeper->stack = ring;
}

static void uring_prepare(struct sleeper *sleeper)
{
	uring_prepare_flags(sleeper, 0);
}

static void sqpoll_prepare(struct sleeper *sleeper)
{
	uring_prepare_flags(sleeper, IORING_SETUP_SQPOLL);
}

static void uring_arm(struct sleeper *sleeper)
{
	struct ring *ring = sleeper->stack;
	bool polled = ring->params.flags & IORING_SETUP_SQPOLL;

	memset(ring->sqe, 0, sizeof(*ring->sqe));
	ring->sqe->opcode = IORING_OP_POLL_ADD;
	ring->sqe->fd = sleeper->fd;
	ring->sqe->poll32_events = POLLIN;
	(*ring_word(ring, ring->params.sq_off.tail))++;
	if (syscall(SYS_io_uring_enter, sleeper->queue, 1, 0,
		    polled ? IORING_ENTER_SQ_WAKEUP : 0, NULL, 0) != 1)
		die("io_uring_enter");
}

static enum outcome uring_sleep(struct sleeper *sleeper, long long timeout)
{
	struct ring *ring = sleeper->stack;
	atomic_uint *head = ring_word(ring, ring->params.cq_off.head);

	(void)timeout;
	if (syscall(SYS_io_uring_enter, sleeper->queue, 0, 1, IORING_ENTER_GETEVENTS,
		    NULL, 0) < 0)
		return FAILED;
	if (*head == *ring_word(ring, ring->params.cq_off.tail))
		return wrong();
	(*head)++;
	return event_take(sleeper, WOKEN);
}

static bool uring_once(struct sleeper *sleeper)
{
	uring_arm(sleeper);
	event_wake(sleeper);
	return uring_sleep(sleeper, FOREVER) == WOKEN;
}

static int uring_probe(void)
{
	return error_of(syscall(SYS_io_uring_enter, -1, 0, 0, -1, NULL, 0));
}

/* The name of the thread that a ring starts. */
static int sqpoll_probe(void)
{
	struct ring ring = { };
	char name[300], comm[32];
	struct dirent *entry;
	int error = 0, fd;
	DIR *dir;

	ring_open(&ring, IORING_SETUP_SQPOLL);
	/* It gives itself the name. */
	usleep(200000);
	dir = opendir("/proc/self/task");
	while ((entry = readdir(dir))) {
		snprintf(name, sizeof(name), "/proc/self/task/%s/comm", entry->d_name);
		fd = open(name, O_RDONLY);
		if (fd >= 0 && read(fd, comm, sizeof(comm)) > 8 && !memcmp(comm, "iou-", 4))
			error = !memcmp(comm, "iou-sqp-", 8) ? EEXIST : EXFULL;
		close(fd);
	}
	return error;
}

/* lsp_vcpu */

static void vcpu_prepare(struct sleeper *sleeper)
{
	sleeper->fd = open("/dev/lsp_vcpu", O_RDWR);
	if (sleeper->fd < 0)
		die("/dev/lsp_vcpu");
}

static enum outcome vcpu_sleep(struct sleeper *sleeper, long long timeout)
{
	(void)timeout;
	return ioctl(sleeper->fd, VCPU_RUN) ? FAILED : WOKEN;
}

static void vcpu_wake(struct sleeper *sleeper)
{
	if (ioctl(sleeper->fd, VCPU_KICK))
		die("VCPU_KICK");
}

static bool vcpu_once(struct sleeper *sleeper)
{
	vcpu_wake(sleeper);
	return vcpu_sleep(sleeper, FOREVER) == WOKEN;
}

static int vcpu_probe(void)
{
	return error_of(ioctl(-1, VCPU_KICK));
}

const struct call calls_with_works[] = {
	{
		.name = "uring", .endless = true, .prepare = uring_prepare,
		.arm = uring_arm, .sleep = uring_sleep, .wake = event_wake,
		.once = uring_once, .probe = uring_probe,
		.before = EINVAL, .after = ENOMSG,
	}, {
		.name = "sqpoll", .endless = true, .prepare = sqpoll_prepare,
		.arm = uring_arm, .sleep = uring_sleep, .wake = event_wake,
		.once = uring_once, .probe = sqpoll_probe,
		.before = EEXIST, .after = EXFULL,
	}, {
		.name = "vcpu", .endless = true, .prepare = vcpu_prepare,
		.sleep = vcpu_sleep, .wake = vcpu_wake, .once = vcpu_once,
		.probe = vcpu_probe, .before = EBADF, .after = ENOTCONN,
	}, { }
};
