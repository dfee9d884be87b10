// SPDX-License-Identifier: GPL-2.0
/*
 * lsp-soak MINUTES SEED: a random walk through everything that can be done with
 * some updates and the modules that they have parts for, while noise.c keeps
 * the machine busy. Run by soak-guest.sh.
 *
 * A model knows what must come of each step: an update stands on those that it was
 * made for or takes their place, and on nobody else's unit. After each step the
 * kernel must do what the enabled updates say. At the end everything is taken out.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "soak.h"

#define BENCH		"/sys/module/lsp_bench/parameters/"
#define MAX_WRONG	20

static unsigned int nr_loads, nr_steps, nr_ok, nr_refused, nr_busy, nr_signals;
static unsigned int nr_wrong;
static uint64_t random_state;
static char doing[128];

static void wrong(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("# step %u, %s: ", nr_steps, doing);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	nr_wrong++;
}

static unsigned int any(unsigned int below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 11) % below;
}

int insert(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return errno;
	err = syscall(SYS_finit_module, fd, "", 0) ? errno : 0;
	close(fd);
	return err;
}

int extract(const char *module)
{
	return syscall(SYS_delete_module, module, O_NONBLOCK) ? errno : 0;
}

int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err;
	char line[256];
	int len = snprintf(line, sizeof(line), "%s\n", text);

	if (fd < 0)
		return errno;
	err = write(fd, line, len) < 0 ? errno : 0;
	close(fd);
	return err;
}

void slurp(const char *path, char *text, int size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	if (len > 0 && text[len - 1] == '\n')
		len--;
	text[len > 0 ? len : 0] = 0;
}

static const char *file(enum update u, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), SPLICE "/%s/%s", updates[u].name, name);
	return path;
}

static const char *value(enum update u, const char *name)
{
	static char text[256];

	slurp(file(u, name), text, sizeof(text));
	return text;
}

/* Steps ------------------------------------------------------------------ */

/* Counts what came of a step; true if it was done. */
static bool outcome(enum verdict verdict, int err)
{
	if (!err)
		nr_ok++;
	else if (err == EBUSY || err == ETIME || err == EINTR)
		nr_busy++;
	else
		nr_refused++;
	if (err && verdict == MUST && err != EBUSY && err != ETIME && err != EINTR)
		wrong("%s", strerrorname_np(err));
	if (!err && verdict == MUST_NOT)
		wrong("was done");
	return !err;
}

static void load_part(enum update u, enum target target)
{
	char path[128];

	snprintf(doing, sizeof(doing), "load %s-%s", updates[u].name,
		 targets[target].name);
	snprintf(path, sizeof(path), "updates/%s-%s.ko", updates[u].name,
		 targets[target].name);
	if (outcome(model_may_load(u, target), insert(path)))
		updates[u].parts[target] = true;
}

static void load_parts(enum update u)
{
	for (int t = KERNEL + 1; t < NR_TARGETS; t++) {
		if (model_has(u, t) && targets[t].live && !updates[u].parts[t])
			load_part(u, t);
	}
}

static void load(enum update u)
{
	char path[128];

	snprintf(path, sizeof(path), "updates/%s.ko", updates[u].name);
	if (!outcome(model_may_load(u, KERNEL), insert(path)))
		return;
	updates[u].loaded = true;
	updates[u].since = ++nr_loads;
	put(file(u, "retry_ms"), "10");
	load_parts(u);
}

static void switch_it(enum update u)
{
	bool on = !updates[u].enabled;
	enum verdict verdict = on ? model_may_enable(u) : model_may_disable(u);

	if (outcome(verdict, put(file(u, "enabled"), on ? "1" : "0")))
		model_switch(u);
}

static void on_signal(int sig)
{
	(void)sig;
}

/* Somebody who does not want to wait any longer. */
static void switch_interrupted(enum update u)
{
	struct sigaction sa = { .sa_handler = on_signal };
	bool on = !updates[u].enabled;
	enum verdict verdict = on ? model_may_enable(u) : model_may_disable(u);
	int status;
	pid_t pid;

	snprintf(doing, sizeof(doing), "interrupted %s", updates[u].name);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		sigaction(SIGUSR1, &sa, NULL);
		_exit(put(file(u, "enabled"), on ? "1" : "0"));
	}
	usleep(any(200) * 1000);
	kill(pid, any(2) ? SIGUSR1 : SIGKILL);
	nr_signals++;
	if (waitpid(pid, &status, 0) != pid)
		return wrong("no child");
	/* Who is killed cannot say what came of it. */
	if (WIFSIGNALED(status))
		status = !strcmp(value(u, "enabled"), on ? "1" : "0") ? 0 : EINTR;
	else
		status = WEXITSTATUS(status);
	if (outcome(verdict, status))
		model_switch(u);
}

static void unload_part(enum update u, enum target target)
{
	enum verdict verdict = model_may_unload(u);
	char name[64];

	snprintf(name, sizeof(name), "%s_%s", updates[u].name, targets[target].name);
	snprintf(doing, sizeof(doing), "unload %s", name);
	if (outcome(verdict, extract(name)))
		updates[u].parts[target] = false;
}

static void unload(enum update u)
{
	enum verdict verdict = model_may_unload(u);

	for (int t = KERNEL + 1; t < NR_TARGETS; t++) {
		if (updates[u].parts[t])
			unload_part(u, t);
		if (updates[u].parts[t])
			verdict = MUST_NOT;
	}
	snprintf(doing, sizeof(doing), "unload %s", updates[u].name);
	if (outcome(verdict, extract(updates[u].name)))
		updates[u].loaded = false;
}

static void verify(enum update u)
{
	int err = put(file(u, "verify"), "1");

	outcome(MUST, err);
	if (!err && strcmp(value(u, "verify"), "ok"))
		wrong("%s", value(u, "verify"));
}

static void load_target(enum target target)
{
	enum verdict verdict = model_arrive(target);
	char path[128];

	snprintf(path, sizeof(path), "modules/%s.ko", targets[target].name);
	if (!outcome(verdict, insert(path)))
		model_depart(target);
}

static void unload_target(enum target target)
{
	if (outcome(model_may_leave(target), extract(targets[target].name)))
		targets[target].live = false;
}

static void step_target(void)
{
	enum target target = 1 + any(NR_TARGETS - 1);

	snprintf(doing, sizeof(doing), "%s %s", targets[target].live ? "unload" : "load",
		 targets[target].name);
	if (targets[target].live)
		unload_target(target);
	else
		load_target(target);
}

static void step_update(void)
{
	enum update u = 1 + any(NR_UPDATES - 1);
	unsigned int what = any(10);

	if (!updates[u].loaded) {
		snprintf(doing, sizeof(doing), "load %s", updates[u].name);
		load(u);
		return;
	}
	if (what < 5) {
		if (any(4))
			load_parts(u);
		snprintf(doing, sizeof(doing), "%s %s",
			 updates[u].enabled ? "disable" : "enable", updates[u].name);
		switch_it(u);
	} else if (what < 6) {
		switch_interrupted(u);
	} else if (what < 7 && updates[u].enabled) {
		snprintf(doing, sizeof(doing), "verify %s", updates[u].name);
		verify(u);
	} else {
		unload(u);
	}
}

/* What the kernel does ---------------------------------------------------- */

static void expect(const char *what, const char *wanted, const char *found)
{
	if (strcmp(wanted, found))
		wrong("%s is %s, not %s", what, found, wanted);
}

static void look_at_text(void)
{
	enum update top = model_top(HEXDUMP);
	char found[32];

	slurp(BENCH "probe", found, sizeof(found));
	expect("probe", top == STACK_C ? "117" : top == STACK_B ? "17" :
	       top == INSTEAD_IMAGE ? "18" : top ? "16" : "-1", found);
	slurp(BENCH "hex", found, sizeof(found));
	expect("hex", top == STACK_C || top == STACK_B ? "AB" : "ab", found);
	snprintf(found, sizeof(found), "%#lx", syscall(SYS_personality, 0xffffffffUL));
	expect("personality", updates[PERSONALITY].enabled ? "0x5150000" : "0", found);
}

static void look_at_eventfd(void)
{
	uint64_t got = 5;
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	char found[32];

	if (fd < 0 || write(fd, &got, sizeof(got)) != sizeof(got) ||
	    read(fd, &got, sizeof(got)) != sizeof(got))
		wrong("no eventfd");
	close(fd);
	snprintf(found, sizeof(found), "%llu", (unsigned long long)got);
	expect("eventfd", updates[COUNT].enabled ? "1005" :
	       updates[RACE].enabled ? "2005" : "5", found);
}

static void look_at_modules(void)
{
	char found[32];

	slurp("/sys/module/lsp_comer/parameters/now", found, sizeof(found));
	expect("comer", !targets[COMER].live ? "" : model_top(COMER_C) ? "1011" : "11",
	       found);
}

static void look_at_state(enum update u)
{
	expect(updates[u].name, model_state(u), value(u, "state"));
}

static void look(void)
{
	look_at_text();
	look_at_eventfd();
	look_at_modules();
	for (int u = 1; u < NR_UPDATES; u++)
		look_at_state(u);
}

/* The walk ---------------------------------------------------------------- */

static void step(void)
{
	nr_steps++;
	if (any(4))
		step_update();
	else
		step_target();
	look();
}

/* Something may be busy for a moment. */
static void take_out(void)
{
	for (int round = 0; round < 50; round++) {
		bool rest = false;

		for (int u = NR_UPDATES - 1; u; u--) {
			if (updates[u].enabled && model_is_top(u))
				switch_it(u);
			if (updates[u].loaded && model_may_unload(u) == MUST)
				unload(u);
			rest |= updates[u].loaded;
		}
		if (!rest)
			break;
		usleep(100000);
	}
	snprintf(doing, sizeof(doing), "the end");
	for (int t = KERNEL + 1; t < NR_TARGETS; t++) {
		if (targets[t].live)
			unload_target(t);
	}
	look();
}

int main(int argc, char **argv)
{
	time_t end;

	if (argc != 3)
		return 2;
	setlinebuf(stdout);
	random_state = strtoull(argv[2], NULL, 0) * 0x9e3779b97f4a7c15 + 1;
	noise_start();
	end = time(NULL) + 60 * atol(argv[1]);
	while (time(NULL) < end && nr_wrong < MAX_WRONG)
		step();
	take_out();
	nr_wrong += noise_stop();
	printf("# %u steps: %u done, %u refused, %u busy or interrupted, %u signals, %u wrong\n",
	       nr_steps, nr_ok, nr_refused, nr_busy, nr_signals, nr_wrong);
	return nr_wrong || !nr_ok || !nr_refused;
}
