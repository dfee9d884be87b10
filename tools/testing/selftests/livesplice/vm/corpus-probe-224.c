// SPDX-License-Identifier: GPL-2.0
/*
 * Which operations does /proc/net/pppol2tp have, in the network namespaces that were
 * there before? Run by corpus-guest.sh before, in and after an update from the fix.
 *
 * The file is closed after its first line about a tunnel was read. With the old
 * operations that leaves a reference to the tunnel behind, which the same file tells.
 * The first namespace is that of the machine; the second one is made by the first
 * run, and kept by a process that sleeps.
 *
 * Prints 224 VULNERABLE, FIXED, or MIXED if the namespaces differ.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <linux/if_pppox.h>

#define ENTRY	"/proc/thread-self/net/pppol2tp"
#define KEEPER	"/tmp/corpus-probe-224"
#define ROUNDS	8

static void set_lo_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr))
		err(2, "lo");
	close(fd);
}

static int make_tunnel(int udp)
{
	struct sockaddr_in peer = {
		.sin_family = AF_INET, .sin_port = htons(1701),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr_pppol2tp addr = {
		.sa_family = AF_PPPOX, .sa_protocol = PX_PROTO_OL2TP,
		.pppol2tp = { .fd = udp, .addr = peer, .s_tunnel = getpid(), .d_tunnel = 1 },
	};
	int fd = socket(AF_PPPOX, SOCK_DGRAM, PX_PROTO_OL2TP);

	if (fd < 0 || connect(udp, (struct sockaddr *)&peer, sizeof(peer)) ||
	    connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		err(2, "tunnel");
	return fd;
}

/* Reads until there is a line of a tunnel; its number of references. */
static int references(void)
{
	char text[4096], *line, *end;
	size_t len = 0;
	ssize_t got = 1;
	int fd = open(ENTRY, O_RDONLY), refs = -1;

	if (fd < 0)
		err(2, ENTRY);
	while (refs < 0 && got > 0 && len < sizeof(text) - 1) {
		got = read(fd, text + len, 1);
		len += got > 0;
		text[len] = 0;
		line = strstr(text, "\nTUNNEL '");
		end = line ? strchr(line + 1, '\n') : NULL;
		if (end)
			sscanf(line, "\nTUNNEL '%*[^']', %*c %d", &refs);
	}
	close(fd);
	if (refs < 0)
		errx(2, "no tunnel in %s", ENTRY);
	return refs;
}

/* How many references are left behind by reading it a few times? */
static int leaked(void)
{
	int udp = socket(AF_INET, SOCK_DGRAM, 0), fd = make_tunnel(udp);
	int first = references(), i;

	for (i = 1; i < ROUNDS; i++)
		references();
	i = references() - first;
	close(fd);
	close(udp);
	return i;
}

static void keep_namespace(void)
{
	char path[64];
	int ready[2];
	pid_t pid;

	if (pipe(ready))
		err(2, "pipe");
	pid = fork();
	if (!pid) {
		if (unshare(CLONE_NEWNET))
			err(2, "unshare");
		set_lo_up();
		setsid();
		for (int fd = 0; fd < 64; fd++)
			close(fd);
		pause();
		_exit(0);
	}
	close(ready[1]);
	if (pid < 0 || read(ready[0], path, 1))
		err(2, "fork");
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	if (symlink(path, KEEPER))
		err(2, KEEPER);
}

int main(void)
{
	struct stat st;
	int here, there, ns;

	if (lstat(KEEPER, &st))
		keep_namespace();
	here = leaked();
	ns = open(KEEPER, O_RDONLY);
	if (ns < 0 || setns(ns, CLONE_NEWNET))
		err(2, KEEPER);
	there = leaked();
	printf("224 %s: %d and %d references left behind by %d readers\n",
	       !here && !there ? "FIXED" : here && there ? "VULNERABLE" : "MIXED",
	       here, there, ROUNDS);
	return 0;
}
