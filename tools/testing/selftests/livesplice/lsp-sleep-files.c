// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that lsp-sleepers has threads sleep in: for what somebody else writes,
 * sends or connects. See lsp-sleep-calls.c.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "lsp-sleepers.h"

/* read of a pipe */

static void pipe_prepare(struct sleeper *sleeper)
{
	int ends[2];

	if (pipe(ends))
		die("pipe");
	sleeper->fd = ends[0];
	sleeper->peer = ends[1];
}

static enum outcome pipe_sleep(struct sleeper *sleeper, long long timeout)
{
	char byte[2];
	ssize_t rc;

	(void)timeout;
	rc = read(sleeper->fd, byte, sizeof(byte));
	return rc == 1 ? WOKEN : rc < 0 ? FAILED : wrong();
}

static void pipe_wake(struct sleeper *sleeper)
{
	if (write(sleeper->peer, "x", 1) != 1)
		die("write");
}

static bool pipe_once(struct sleeper *sleeper)
{
	pipe_wake(sleeper);
	return pipe_sleep(sleeper, FOREVER) == WOKEN;
}

static int pipe_probe(void)
{
	struct sleeper one;
	char byte;
	int error;

	pipe_prepare(&one);
	error = error_of(read(one.fd, &byte, 0));
	close(one.fd);
	close(one.peer);
	return error;
}

/* accept */

static struct sockaddr_in loopback = { .sin_family = AF_INET };

static void accept_prepare(struct sleeper *sleeper)
{
	loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sleeper->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (sleeper->fd < 0 ||
	    bind(sleeper->fd, (struct sockaddr *)&loopback, sizeof(loopback)) ||
	    listen(sleeper->fd, 8))
		die("listen");
}

static enum outcome accept_sleep(struct sleeper *sleeper, long long timeout)
{
	int fd;

	(void)timeout;
	fd = accept(sleeper->fd, NULL, NULL);
	if (fd < 0)
		return FAILED;
	close(fd);
	return WOKEN;
}

static void accept_wake(struct sleeper *sleeper)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in to;
	socklen_t size = sizeof(to);

	if (fd < 0 || getsockname(sleeper->fd, (struct sockaddr *)&to, &size) ||
	    connect(fd, (struct sockaddr *)&to, size))
		die("connect");
	close(fd);
}

/* Half of them wait, for as long as the socket says: nothing restarts that. */
static bool accept_once(struct sleeper *sleeper)
{
	struct timeval tv = { .tv_usec = 1000 };

	if (!(sleeper->index & 1)) {
		fcntl(sleeper->fd, F_SETFL, O_NONBLOCK);
		return accept_sleep(sleeper, FOREVER) == FAILED && errno == EAGAIN;
	}
	if (setsockopt(sleeper->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)))
		die("SO_RCVTIMEO");
	return accept_sleep(sleeper, FOREVER) == FAILED && errno == EAGAIN;
}

static int accept_probe(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), error;

	error = error_of(accept(fd, NULL, NULL));
	close(fd);
	return error;
}

/* As accept, for as long as the socket says. */
static enum outcome accept_timed_sleep(struct sleeper *sleeper, long long timeout)
{
	struct timeval tv = {
		.tv_sec = timeout / NSEC_PER_SEC,
		.tv_usec = timeout % NSEC_PER_SEC / 1000,
	};

	if (setsockopt(sleeper->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)))
		die("SO_RCVTIMEO");
	if (accept_sleep(sleeper, timeout) == WOKEN)
		return WOKEN;
	return errno == EAGAIN ? TIMED_OUT : FAILED;
}

/* read of a terminal, line by line */

static void tty_prepare(struct sleeper *sleeper)
{
	struct termios termios;
	int unlock = 0, nr;
	char name[32];

	sleeper->peer = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	if (sleeper->peer < 0 || ioctl(sleeper->peer, TIOCSPTLCK, &unlock) ||
	    ioctl(sleeper->peer, TIOCGPTN, &nr))
		die("/dev/ptmx");
	snprintf(name, sizeof(name), "/dev/pts/%d", nr);
	sleeper->fd = open(name, O_RDWR | O_NOCTTY);
	if (sleeper->fd < 0 || tcgetattr(sleeper->fd, &termios))
		die(name);
	termios.c_lflag &= ~ECHO;
	if (tcsetattr(sleeper->fd, TCSANOW, &termios))
		die(name);
}

static enum outcome tty_sleep(struct sleeper *sleeper, long long timeout)
{
	char line[16];
	ssize_t rc;

	(void)timeout;
	rc = read(sleeper->fd, line, sizeof(line));
	return rc == 2 ? WOKEN : rc < 0 ? FAILED : wrong();
}

static void tty_wake(struct sleeper *sleeper)
{
	if (write(sleeper->peer, "x\n", 2) != 2)
		die("write");
}

static bool tty_once(struct sleeper *sleeper)
{
	tty_wake(sleeper);
	return tty_sleep(sleeper, FOREVER) == WOKEN;
}

static int tty_probe(void)
{
	struct sleeper one;
	char line[51];
	int error;

	tty_prepare(&one);
	fcntl(one.fd, F_SETFL, O_NONBLOCK);
	error = error_of(read(one.fd, line, sizeof(line)));
	close(one.fd);
	close(one.peer);
	return error;
}

/* System V semaphores */

static void sem_prepare(struct sleeper *sleeper)
{
	sleeper->queue = semget(IPC_PRIVATE, 1, 0600);
	if (sleeper->queue < 0)
		die("semget");
}

static enum outcome sem_sleep(struct sleeper *sleeper, long long timeout)
{
	struct sembuf down = { .sem_op = -1 };
	struct timespec ts;

	if (!syscall(SYS_semtimedop, sleeper->queue, &down, 1, to_timespec(timeout, &ts)))
		return WOKEN;
	return errno == EAGAIN ? TIMED_OUT : FAILED;
}

static void sem_wake(struct sleeper *sleeper)
{
	struct sembuf up = { .sem_op = 1 };

	if (semop(sleeper->queue, &up, 1))
		die("semop");
}

static void sem_remove(struct sleeper *sleeper)
{
	semctl(sleeper->queue, 0, IPC_RMID);
}

static bool sem_once(struct sleeper *sleeper)
{
	return sem_sleep(sleeper, (sleeper->index & 1) * NSEC_PER_MSEC) == TIMED_OUT;
}

static int sem_probe(void)
{
	struct sembuf up = { .sem_op = 1 };

	return error_of(syscall(SYS_semtimedop, -1, &up, 1, NULL));
}

/* System V messages */

struct message {
	long type;
	char byte;
};

static void msg_prepare(struct sleeper *sleeper)
{
	sleeper->queue = msgget(IPC_PRIVATE, 0600);
	if (sleeper->queue < 0)
		die("msgget");
}

static enum outcome msg_sleep(struct sleeper *sleeper, long long timeout)
{
	struct message message;

	(void)timeout;
	return msgrcv(sleeper->queue, &message, 1, 0, 0) == 1 ? WOKEN : FAILED;
}

static void msg_wake(struct sleeper *sleeper)
{
	struct message message = { .type = 1 };

	if (msgsnd(sleeper->queue, &message, 1, 0))
		die("msgsnd");
}

static void msg_remove(struct sleeper *sleeper)
{
	msgctl(sleeper->queue, IPC_RMID, NULL);
}

static bool msg_once(struct sleeper *sleeper)
{
	msg_wake(sleeper);
	return msg_sleep(sleeper, FOREVER) == WOKEN;
}

static int msg_probe(void)
{
	return error_of(msgrcv(-1, NULL, 0, 0, 0));
}

/* sigtimedwait, for a signal that is blocked in all threads */

static enum outcome sigwait_sleep(struct sleeper *sleeper, long long timeout)
{
	struct timespec ts;
	sigset_t set;
	int rc;

	(void)sleeper;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	rc = syscall(SYS_rt_sigtimedwait, &set, NULL, to_timespec(timeout, &ts), 8);
	if (rc < 0)
		return errno == EAGAIN ? TIMED_OUT : FAILED;
	return rc == SIGRTMIN ? WOKEN : wrong();
}

static void sigwait_wake(struct sleeper *sleeper)
{
	if (syscall(SYS_tgkill, getpid(), sleeper->tid, SIGRTMIN))
		die("tgkill");
}

static bool sigwait_once(struct sleeper *sleeper)
{
	return sigwait_sleep(sleeper, (sleeper->index & 1) * NSEC_PER_MSEC) == TIMED_OUT;
}

static int sigwait_probe(void)
{
	struct timespec ts = { .tv_nsec = -1 };
	sigset_t set;

	sigemptyset(&set);
	return error_of(syscall(SYS_rt_sigtimedwait, &set, NULL, &ts, 8));
}

/* io_getevents: of a poll for an eventfd */

static void aio_prepare(struct sleeper *sleeper)
{
	event_prepare(sleeper);
	if (syscall(SYS_io_setup, 1, &sleeper->context))
		die("io_setup");
}

static void aio_arm(struct sleeper *sleeper)
{
	struct iocb iocb = {
		.aio_lio_opcode	= IOCB_CMD_POLL,
		.aio_fildes	= sleeper->fd,
		.aio_buf	= POLLIN,
	}, *iocbs[] = { &iocb };

	/* After a timeout there is one still. */
	if (sleeper->child)
		return;
	if (syscall(SYS_io_submit, sleeper->context, 1, iocbs) != 1)
		die("io_submit");
	sleeper->child = 1;
}

static enum outcome aio_sleep(struct sleeper *sleeper, long long timeout)
{
	struct io_event event;
	enum outcome outcome;
	struct timespec ts;

	outcome = ready(syscall(SYS_io_getevents, sleeper->context, 1, 1, &event,
				to_timespec(timeout, &ts)));
	if (outcome == WOKEN)
		sleeper->child = 0;
	return event_take(sleeper, outcome);
}

static bool aio_once(struct sleeper *sleeper)
{
	return aio_sleep(sleeper, (sleeper->index & 1) * NSEC_PER_MSEC) == TIMED_OUT;
}

static int aio_probe(void)
{
	struct timespec ts = { .tv_nsec = ODD };
	unsigned long context = 0;
	struct io_event event;
	int error;

	if (syscall(SYS_io_setup, 1, &context))
		die("io_setup");
	error = error_of(syscall(SYS_io_getevents, context, 1, 1, &event, &ts));
	syscall(SYS_io_destroy, context);
	return error;
}

const struct call calls_for_files[] = {
	{
		.name = "pipe", .endless = true, .prepare = pipe_prepare,
		.sleep = pipe_sleep, .wake = pipe_wake, .once = pipe_once,
		.probe = pipe_probe, .before = 0, .after = ENODATA,
	}, {
		.name = "accept", .endless = true, .prepare = accept_prepare,
		.sleep = accept_sleep, .wake = accept_wake, .once = accept_once,
		.probe = accept_probe, .before = EINVAL, .after = ENOTCONN,
	}, {
		.name = "tty", .endless = true, .prepare = tty_prepare,
		.sleep = tty_sleep, .wake = tty_wake, .once = tty_once,
		.probe = tty_probe, .before = EAGAIN, .after = ENODATA,
	}, {
		.name = "sem", .prepare = sem_prepare, .sleep = sem_sleep,
		.wake = sem_wake, .remove = sem_remove, .once = sem_once, .probe = sem_probe,
		.before = EINVAL, .after = ENOMSG,
	}, {
		.name = "msg", .endless = true, .prepare = msg_prepare,
		.sleep = msg_sleep, .wake = msg_wake, .remove = msg_remove, .once = msg_once,
		.probe = msg_probe, .before = EINVAL, .after = EXFULL,
	}, {
		.name = "sigwait", .sleep = sigwait_sleep, .wake = sigwait_wake,
		.once = sigwait_once, .probe = sigwait_probe,
		.before = EINVAL, .after = ERANGE,
	}, {
		.name = "aio", .prepare = aio_prepare, .arm = aio_arm,
		.sleep = aio_sleep, .wake = event_wake, .once = aio_once,
		.probe = aio_probe, .before = 0, .after = EXFULL,
	}, {
		.name = "accept-timed", .prepare = accept_prepare,
		.sleep = accept_timed_sleep, .wake = accept_wake, .once = accept_once,
		.probe = accept_probe, .before = EINVAL, .after = ENOTCONN,
	}, { }
};
