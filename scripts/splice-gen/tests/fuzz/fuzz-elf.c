// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target for libFuzzer: every verb of splice-elf that reads objects gets
 * the input in each of the roles that an object can have. Built and run by
 * ../fuzz-elf.sh, which also makes the seeds.
 *
 * FUZZ_DIR names a directory with what the other roles need: pre.o (a plain
 * object), fs.o (the same, a section for each function), in.ko (a linked module
 * that changes pre.o), unit.o (what it was linked from), symvers, fix.patch.
 *
 * splice-elf ends where something is wrong and never gives memory back. Both
 * are undone here: the files that end the program or keep state are compiled
 * into this one, so that ending is a jump back and the state can be reset, and
 * whatever a run has allocated is freed after it. What is left is a bug: a bad
 * access, an overflow, an endless loop, or memory without bounds.
 */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static _Noreturn void end_of_run(int status);

#define exit(status) end_of_run(status)
#include "../../diag.c"
#undef exit
#include "../../elf-write.c"
#include "../../compare.c"
#include "../../emit.c"
#define contents old_contents
#include "../../old.c"
#undef contents

#include "elf-mutator.h"

void __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const void *p, size_t size),
					       void (*free_hook)(const void *p));
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
Elf *__real_elf_begin(int fd, Elf_Cmd cmd, Elf *ref);
Elf *__wrap_elf_begin(int fd, Elf_Cmd cmd, Elf *ref);

/* Memory */

static void **blocks;
static size_t nr_blocks, max_blocks;

/*
 * Of the thread that runs splice-elf. libFuzzer has another one, which watches
 * the memory and allocates some for itself while the first input is running.
 */
static _Thread_local bool tracking;

static void note_malloc(const void *p, size_t size)
{
	if (!tracking || !p)
		return;
	if (nr_blocks == max_blocks) {
		tracking = false;
		max_blocks = max_blocks ? 2 * max_blocks : 65536;
		blocks = realloc(blocks, max_blocks * sizeof(*blocks));
		tracking = true;
	}
	blocks[nr_blocks++] = (void *)p;
}

/* Most of what is freed is young. */
static void note_free(const void *p)
{
	if (!tracking || !p)
		return;
	for (size_t i = nr_blocks; i--;) {
		if (blocks[i] != p)
			continue;
		blocks[i] = blocks[--nr_blocks];
		return;
	}
}

static void free_all(void)
{
	tracking = false;
	while (nr_blocks)
		free(blocks[--nr_blocks]);
}

/*
 * A mapped file is rounded up to pages; in an allocation of its exact size every
 * access behind its end is seen.
 */
Elf *__wrap_elf_begin(int fd, Elf_Cmd cmd, Elf *ref)
{
	off_t size;
	char *image;

	if (cmd != ELF_C_READ_MMAP)
		return __real_elf_begin(fd, cmd, ref);
	size = lseek(fd, 0, SEEK_END);
	image = malloc(size ?: 1);
	if (pread(fd, image, size, 0) != size)
		abort();
	return elf_memory(image, size);
}

/* Runs */

static jmp_buf run_ends;
static int first_fd;

static _Noreturn void end_of_run(int status)
{
	longjmp(run_ends, status ?: -1);
}

static void reset(void)
{
	if (unfinished)
		unlink(unfinished);
	unfinished = NULL;
	refusals = NULL;
	nr_refusals = 0;
	max_refusals = 0;
	depth = 0;
	copies = NULL;
	nr_copies = 0;
	max_copies = 0;
	old_contents = NULL;
	nr_contents = 0;
	max_contents = 0;
	close_range(first_fd, ~0U, 0);
	free_all();
	fflush(stdout);
}

#define RUN(verb, ...)						\
	run(verb, (char *[]){ #verb, __VA_ARGS__, NULL })

static void run(int (*verb)(int argc, char **argv), char **argv)
{
	static char line[8][64];
	char *copy[24];
	int argc = 0;

	/* A verb may write into its arguments. */
	for (; argv[argc]; argc++) {
		size_t size = strlen(argv[argc]) + 1;

		copy[argc] = argv[argc];
		if (argc < (int)COUNT_OF(line) && size <= sizeof(*line))
			copy[argc] = memcpy(line[argc], argv[argc], size);
	}
	copy[argc] = NULL;
	optind = 0;
	tracking = true;
	if (!setjmp(run_ends))
		verb(argc, copy);
	reset();
}

/**
 * LLVMFuzzerTestOneInput() - all roles of one input
 * @data: the object
 * @size: its size
 *
 * Return: 0.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("input", 0);
	static char input[64];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(input, sizeof(input), "/proc/self/fd/%d", fd);
	first_fd = fd + 1;

	RUN(cmd_same, input, input);
	RUN(cmd_same, "pre.o", input);
	RUN(cmd_show, input);
	RUN(cmd_show, "--json", input);
	RUN(cmd_show, "--pre", input);
	RUN(cmd_show, "--pre", input, "pre.o");
	RUN(cmd_verify, "-i", "unit.o", "-s", "symvers", input);
	RUN(cmd_verify, "-i", input, "out.ko");
	RUN(cmd_diff, "-u", "0", "-n", "unit.o", "-p", input, "-a", input,
	    "-b", input, "-o", "new.o");
	RUN(cmd_diff, "-u", "0", "-n", "unit.o", "-p", "plain.o", "-a", "fs.o",
	    "-b", input, "-o", "new.o");
	RUN(cmd_diff, "-u", "0", "-n", "unit.o", "-p", input, "-a", input,
	    "-b", "fs.o", "-o", "new.o");
	RUN(cmd_finish, "-u", "0:dir/pre.o:pre.o", "-o", "new.ko", "-s",
	    "symvers", "-N", "fix", "-O", LSP_VMLINUX, "-I",
	    "00112233445566778899aabbccddeeff", "-D", "text", "-R", "6.12", "-P",
	    "fix.patch", input);
	close(fd);
	return 0;
}

/**
 * LLVMFuzzerInitialize() - once, before the first input
 * @argc: arguments of libFuzzer, not looked at
 * @argv: likewise
 *
 * Return: 0.
 */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char buffer[65536];
	const char *dir = getenv("FUZZ_DIR");

	if (!dir || chdir(dir) || elf_version(EV_CURRENT) == EV_NONE)
		abort();
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	__sanitizer_install_malloc_and_free_hooks(note_malloc, note_free);
	return 0;
}
