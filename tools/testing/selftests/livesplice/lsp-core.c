// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the memory of a kernel as a dump tool does: /proc/kcore of the one that
 * runs, /proc/vmcore of the one that has crashed. Called by the test scripts;
 * linked statically.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define NOTE_NAME	"VMCOREINFO"
#define NOTES_MAX	0x100000

struct core {
	int		fd;
	unsigned int	nr;
	Elf64_Phdr	*phdrs;
	char		*info;		/* vmcoreinfo, with a NUL */
};

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(2);
}

static _Noreturn void bad(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(2);
}

static void *read_at(int fd, off_t offset, size_t size)
{
	char *buf = calloc(1, size + 1);
	ssize_t n;
	size_t done;

	for (done = 0; buf && done < size; done += n) {
		n = pread(fd, buf + done, size - done, offset + done);
		if (n <= 0)
			die("read");
	}
	return buf;
}

static size_t note_align(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

/* The description of the note that is wanted, or NULL. */
static char *find_info(const char *notes, size_t size)
{
	const char *end = notes + size, *name, *desc;
	const Elf64_Nhdr *note;

	while (end - notes > (ssize_t)sizeof(*note)) {
		note = (const Elf64_Nhdr *)notes;
		name = notes + sizeof(*note);
		desc = name + note_align(note->n_namesz);
		notes = desc + note_align(note->n_descsz);
		if (notes > end)
			return NULL;
		if (note->n_namesz == sizeof(NOTE_NAME) &&
		    !memcmp(name, NOTE_NAME, sizeof(NOTE_NAME)))
			return strndup(desc, note->n_descsz);
	}
	return NULL;
}

static struct core core_open(const char *file)
{
	struct core core = { .fd = open(file, O_RDONLY) };
	const Elf64_Phdr *phdr;
	Elf64_Ehdr *ehdr;

	if (core.fd < 0)
		die(file);
	ehdr = read_at(core.fd, 0, sizeof(*ehdr));
	if (memcmp(ehdr->e_ident, ELFMAG, SELFMAG) || ehdr->e_type != ET_CORE)
		bad("not a core file");
	core.nr = ehdr->e_phnum;
	core.phdrs = read_at(core.fd, ehdr->e_phoff,
			     core.nr * sizeof(*core.phdrs));
	for (phdr = core.phdrs; phdr < core.phdrs + core.nr; phdr++)
		if (phdr->p_type == PT_NOTE && phdr->p_filesz < NOTES_MAX)
			core.info = find_info(read_at(core.fd, phdr->p_offset,
						      phdr->p_filesz),
					      phdr->p_filesz);
	free(ehdr);
	if (!core.info)
		bad("no vmcoreinfo");
	return core;
}

/* Memory at an address of the kernel. */
static void *core_read(const struct core *core, uint64_t addr, size_t size)
{
	const Elf64_Phdr *phdr;

	for (phdr = core->phdrs; phdr < core->phdrs + core->nr; phdr++)
		if (phdr->p_type == PT_LOAD && addr >= phdr->p_vaddr &&
		    addr - phdr->p_vaddr + size <= phdr->p_filesz)
			return read_at(core->fd,
				       phdr->p_offset + addr - phdr->p_vaddr,
				       size);
	bad("no such address");
}

static uint64_t info_value(const struct core *core, const char *key, int base)
{
	const char *at = strstr(core->info, key);

	if (!at || (at > core->info && at[-1] != '\n'))
		bad(key);
	return strtoull(at + strlen(key), NULL, base);
}

/* info FILE: print vmcoreinfo */
static int cmd_info(char **argv)
{
	struct core core = core_open(argv[0]);

	fputs(core.info, stdout);
	return 0;
}

/* updates FILE: the list of enabled updates, found by its address */
static int cmd_updates(char **argv)
{
	struct core core = core_open(argv[0]);
	size_t size = info_value(&core, "LENGTH(livesplice_updates)=", 10);
	uint64_t *text;

	text = core_read(&core,
			 info_value(&core, "SYMBOL(livesplice_updates)=", 16),
			 sizeof(*text));
	puts(core_read(&core, *text, size));
	return 0;
}

static const struct {
	const char *name;
	int args;
	int (*run)(char **argv);
} commands[] = {
	{ "info",	1, cmd_info },
	{ "updates",	1, cmd_updates },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (argc >= 2 && !strcmp(argv[1], commands[i].name) &&
		    argc - 2 >= commands[i].args)
			return commands[i].run(argv + 2);
	}
	fprintf(stderr, "usage: lsp-core COMMAND ARGUMENT...\n");
	return 2;
}
