// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the memory of a kernel as a dump tool does: /proc/kcore of the one that
 * runs, /proc/vmcore of the one that has crashed; and compares it with what perf
 * was told of it. Called by the test scripts; linked statically.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define NOTE_NAME	"VMCOREINFO"
#define NOTES_MAX	0x100000

#define RING_PAGES	16
#define RING_SIZE	(RING_PAGES * 4096)
#define MAX_CPUS	64
#define MAX_POKES	1024
#define ENTRY_SIZE	32

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

/* A PERF_RECORD_TEXT_POKE: its data has the old bytes, then the new ones. */
struct poke {
	struct perf_event_header	header;
	uint64_t			addr;
	uint16_t			old_len;
	uint16_t			new_len;
	uint8_t				bytes[];
};

/* All records of a recording, in the order of time. */
struct pokes {
	struct perf_event_mmap_page	*rings[MAX_CPUS];
	const struct poke		*pokes[MAX_POKES];
	unsigned int			nr_rings;
	unsigned int			nr;
};

static void pokes_open(struct pokes *pokes)
{
	struct perf_event_attr attr = {
		.type		= PERF_TYPE_SOFTWARE,
		.size		= sizeof(attr),
		.config		= PERF_COUNT_SW_DUMMY,
		.sample_type	= PERF_SAMPLE_TIME,
		.sample_id_all	= 1,
		.text_poke	= 1,
		.use_clockid	= 1,
		.clockid	= CLOCK_MONOTONIC,
	};
	int cpus = sysconf(_SC_NPROCESSORS_ONLN), cpu, fd;
	void *ring;

	for (cpu = 0; cpu < cpus && cpu < MAX_CPUS; cpu++) {
		fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, 0);
		if (fd < 0)
			die("perf_event_open");
		ring = mmap(NULL, RING_SIZE + 4096, PROT_READ | PROT_WRITE,
			    MAP_SHARED, fd, 0);
		if (ring == MAP_FAILED)
			die("mmap");
		pokes->rings[pokes->nr_rings++] = ring;
	}
}

/* The time is the last thing in a record. */
static uint64_t poke_time(const struct poke *poke)
{
	uint64_t time;

	memcpy(&time, (char *)poke + poke->header.size - sizeof(time),
	       sizeof(time));
	return time;
}

static int compare_times(const void *one, const void *other)
{
	uint64_t a = poke_time(*(const struct poke **)one);
	uint64_t b = poke_time(*(const struct poke **)other);

	return a < b ? -1 : a > b;
}

/* Takes the records out of a ring; none can have been overwritten. */
static void pokes_drain(struct pokes *pokes, struct perf_event_mmap_page *ring)
{
	uint64_t head = __atomic_load_n(&ring->data_head, __ATOMIC_ACQUIRE), at;
	char *data = (char *)ring + 4096;
	struct perf_event_header *header;

	if (head > RING_SIZE)
		bad("more records than the ring can hold");
	for (at = 0; at < head; at += header->size) {
		header = (struct perf_event_header *)(data + at);
		if (header->type == PERF_RECORD_LOST)
			bad("records are lost");
		if (header->type != PERF_RECORD_TEXT_POKE)
			continue;
		if (pokes->nr == MAX_POKES)
			bad("too many records");
		pokes->pokes[pokes->nr++] = (struct poke *)header;
	}
}

static void pokes_read(struct pokes *pokes)
{
	unsigned int i;

	for (i = 0; i < pokes->nr_rings; i++)
		pokes_drain(pokes, pokes->rings[i]);
	qsort(pokes->pokes, pokes->nr, sizeof(pokes->pokes[0]), compare_times);
}

static void print_bytes(const char *what, const uint8_t *bytes, size_t len)
{
	printf(" %s", what);
	while (len--)
		printf(" %02x", *bytes++);
}

/* Does the record begin with what is there? Then it is made so. */
static bool poke_apply(const struct poke *poke, uint64_t addr, uint8_t *image)
{
	uint8_t *at = image + (poke->addr - addr);
	bool same = poke->old_len == poke->new_len &&
		    !memcmp(at, poke->bytes, poke->old_len);

	printf("# +%llu", (unsigned long long)(poke->addr - addr));
	print_bytes("old", poke->bytes, poke->old_len);
	print_bytes("new", poke->bytes + poke->old_len, poke->new_len);
	puts(same ? "" : " - that was not there");
	memcpy(at, poke->bytes + poke->old_len, poke->new_len);
	return same;
}

static void run(char **argv)
{
	pid_t pid = fork();

	if (!pid) {
		execvp(argv[0], argv);
		die(argv[0]);
	}
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		die("fork");
}

/*
 * pokes ADDR COMMAND...: run the command, with what perf is told meanwhile
 * change a copy of the function's first bytes, compare it with what is there
 * then. Prints "match N" or "differ N" for N records.
 */
static int cmd_pokes(char **argv)
{
	uint64_t addr = strtoull(argv[0], NULL, 16);
	struct core core = core_open("/proc/kcore");
	uint8_t *image = core_read(&core, addr, ENTRY_SIZE);
	struct pokes pokes = { };
	unsigned int i, nr = 0;
	bool same = true;
	uint8_t *memory;

	pokes_open(&pokes);
	run(argv + 1);
	memory = core_read(&core, addr, ENTRY_SIZE);
	pokes_read(&pokes);
	for (i = 0; i < pokes.nr; i++) {
		const struct poke *poke = pokes.pokes[i];

		if (poke->addr < addr || poke->addr >= addr + ENTRY_SIZE)
			continue;
		if (poke->addr + poke->new_len > addr + ENTRY_SIZE)
			bad("a record that is longer than the entry");
		same &= poke_apply(poke, addr, image);
		nr++;
	}
	if (memcmp(image, memory, ENTRY_SIZE)) {
		printf("#");
		print_bytes("told", image, ENTRY_SIZE);
		print_bytes("found", memory, ENTRY_SIZE);
		puts("");
		same = false;
	}
	printf("%s %u\n", same ? "match" : "differ", nr);
	return !same;
}

static const struct {
	const char *name;
	int args;
	int (*run)(char **argv);
} commands[] = {
	{ "info",	1, cmd_info },
	{ "pokes",	2, cmd_pokes },
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
