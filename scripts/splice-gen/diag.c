// SPDX-License-Identifier: GPL-2.0
/*
 * Messages, the report, and memory that is always there.
 *
 * Errors go to stderr as `PROGRAM: file.o: error: where: text` and end the
 * program; what the caller of the program acts on (report and refusals) goes
 * to stdout, a line each. Refusals are collected, not thrown: all reasons of
 * one run stand in one report. Called by everybody, in splice-elf and splice-types.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "splice-elf.h"

static char **refusals;
static size_t nr_refusals, max_refusals;

static void message(const char *what, const struct obj *obj,
		    const char *where, const char *fmt, va_list ap)
{
	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	if (obj)
		fprintf(stderr, "%s: ", obj->path);
	fprintf(stderr, "%s: ", what);
	if (where)
		fprintf(stderr, "%s: ", where);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

/**
 * die() - report a bad input and end
 * @obj: object it is about, or NULL
 * @where: place in it, or NULL
 * @fmt: what is wrong with it
 */
void die(const struct obj *obj, const char *where, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message("error", obj, where, fmt, ap);
	va_end(ap);
	exit(EXIT_BAD_INPUT);
}

/**
 * die_usage() - report a wrong command line and end
 * @fmt: what is wrong with it
 */
void die_usage(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message("usage", NULL, NULL, fmt, ap);
	va_end(ap);
	exit(EXIT_USAGE);
}

/**
 * warn() - report something odd and go on
 * @obj: object it is about, or NULL
 * @where: place in it, or NULL
 * @fmt: what is odd
 */
void warn(const struct obj *obj, const char *where, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message("warning", obj, where, fmt, ap);
	va_end(ap);
}

/**
 * refuse() - note one reason why this cannot be done
 * @reason: one of the table
 * @where: symbol+offset or section
 * @fmt: text, with advice
 *
 * The same line is printed once, however many places lead to it.
 */
void refuse(enum reason reason, const char *where, const char *fmt, ...)
{
	char *line, *text;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	line = xasprintf("refuse\t%s\t%s\t%s",
			 reason_word(reason), where, text);
	free(text);

	for (size_t i = 0; i < nr_refusals; i++) {
		if (!strcmp(refusals[i], line)) {
			free(line);
			return;
		}
	}
	puts(line);
	refusals = grow(refusals, nr_refusals, &max_refusals,
			sizeof(*refusals));
	refusals[nr_refusals++] = line;
}

/**
 * note() - tell people something that changes nothing
 * @where: symbol it is about
 * @fmt: text
 */
void note(const char *where, const char *fmt, ...)
{
	va_list ap;

	printf("note\t%s\t", where);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

/**
 * nr_refused() - number of different refusals so far
 *
 * Return: the number.
 */
size_t nr_refused(void)
{
	return nr_refusals;
}

/**
 * report() - print one line of the report
 * @kind: first word
 *
 * Followed by the other fields and a NULL.
 */
void report(const char *kind, ...)
{
	const char *field;
	va_list ap;

	fputs(kind, stdout);
	va_start(ap, kind);
	while ((field = va_arg(ap, const char *)))
		printf("\t%s", field);
	va_end(ap);
	putchar('\n');
}

/**
 * xasprintf() - asprintf() that does not fail
 * @fmt: format
 *
 * Return: the allocated string.
 */
char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	va_end(ap);
	return s;
}

/**
 * xcalloc() - calloc() that does not fail
 * @n: number of elements
 * @size: size of each
 *
 * Return: zeroed memory.
 */
void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ?: 1, size ?: 1);

	if (!p)
		die(NULL, NULL, "out of memory");
	return p;
}

/**
 * xrealloc() - reallocarray() that does not fail
 * @p: memory or NULL
 * @n: number of elements
 * @size: size of each
 *
 * Return: the memory, at its new place.
 */
void *xrealloc(void *p, size_t n, size_t size)
{
	p = reallocarray(p, n ?: 1, size ?: 1);
	if (!p)
		die(NULL, NULL, "out of memory");
	return p;
}

/**
 * grow() - make room for one more element
 * @p: array or NULL
 * @nr: number of elements in use
 * @max: number of elements there is room for, kept up to date
 * @size: size of each
 *
 * Return: the array, at its new place.
 */
void *grow(void *p, size_t nr, size_t *max, size_t size)
{
	if (nr < *max)
		return p;
	*max = *max ? *max * 2 : 16;
	return xrealloc(p, *max, size);
}

/**
 * sort_array() - qsort() for arrays that may not be there
 * @p: array, or NULL
 * @nr: number of elements
 * @size: size of each
 * @compare: order
 */
void sort_array(void *p, size_t nr, size_t size,
		int (*compare)(const void *a, const void *b))
{
	if (nr > 1)
		qsort(p, nr, size, compare);
}

/**
 * str_starts() - does a string start with another?
 * @s: string
 * @prefix: the other
 *
 * Return: true if so.
 */
bool str_starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

/**
 * str_ends() - does a string end with another?
 * @s: string
 * @suffix: the other
 *
 * Return: true if so.
 */
bool str_ends(const char *s, const char *suffix)
{
	size_t len = strlen(s), n = strlen(suffix);

	return len >= n && !strcmp(s + len - n, suffix);
}
