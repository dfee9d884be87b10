// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: functions to be replaced, for measurements: one, a hundred, a
 * thousand. An update of them changes one of the numbers below. Their names do
 * not begin like those of the engine, which cannot be replaced.
 *
 * In /sys/module/lsp_targets/parameters, measured or worked out when read:
 *	sums		sum of what the functions of each set return
 *	call_ps		cost of a call of bench_target_single(), best of some
 *			runs, in picoseconds
 *	hammer		(rw) threads that call bench_target_single() all the time
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/preempt.h>

#define LSP_ADD_1	1
#define LSP_ADD_100	1
#define LSP_ADD_1000	1

#define CALLS		100000
#define RUNS		9
#define MAX_HAMMERS	8

typedef int (*target_fn)(int x);

/* No two alike, or the compiler makes one function of them. */
#define TARGET(set, n)							\
	static noinline int bench_target_##set##_##n(int x)		\
	{								\
		return x * 3 + 0x1##n * 16 + LSP_ADD_##set;		\
	}
#define NAME(set, n)	bench_target_##set##_##n,

#define TEN(X, set, n)							\
	X(set, n##0) X(set, n##1) X(set, n##2) X(set, n##3) X(set, n##4) \
	X(set, n##5) X(set, n##6) X(set, n##7) X(set, n##8) X(set, n##9)
#define HUNDRED(X, set, n)						\
	TEN(X, set, n##0) TEN(X, set, n##1) TEN(X, set, n##2)		\
	TEN(X, set, n##3) TEN(X, set, n##4) TEN(X, set, n##5)		\
	TEN(X, set, n##6) TEN(X, set, n##7) TEN(X, set, n##8)		\
	TEN(X, set, n##9)
#define THOUSAND(X, set)						\
	HUNDRED(X, set, 0) HUNDRED(X, set, 1) HUNDRED(X, set, 2)	\
	HUNDRED(X, set, 3) HUNDRED(X, set, 4) HUNDRED(X, set, 5)	\
	HUNDRED(X, set, 6) HUNDRED(X, set, 7) HUNDRED(X, set, 8)	\
	HUNDRED(X, set, 9)

static noinline int bench_target_single(int x)
{
	return x * 3 + LSP_ADD_1;
}

HUNDRED(TARGET, 100, 0)
THOUSAND(TARGET, 1000)

static const target_fn hundred[] = { HUNDRED(NAME, 100, 0) };
static const target_fn thousand[] = { THOUSAND(NAME, 1000) };

/* Called through this, so that no compiler can know what comes back. */
static target_fn volatile single = bench_target_single;

static long sum(const target_fn *fn, unsigned int nr)
{
	long sum = 0;

	while (nr--)
		sum += (*fn++)(0);
	return sum;
}

static int sums_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d %ld %ld\n", single(0),
			  sum(hundred, ARRAY_SIZE(hundred)),
			  sum(thousand, ARRAY_SIZE(thousand)));
}

static u64 time_calls(void)
{
	u64 start;
	int i;

	guard(preempt)();
	start = ktime_get_ns();
	for (i = 0; i < CALLS; i++)
		single(i);
	return ktime_get_ns() - start;
}

static int call_ps_get(char *buf, const struct kernel_param *kp)
{
	u64 best = U64_MAX;
	int i;

	for (i = 0; i < RUNS; i++)
		best = min(best, time_calls());
	return sysfs_emit(buf, "%llu\n", best * 1000 / CALLS);
}

static struct task_struct *hammers[MAX_HAMMERS];
static unsigned int nr_hammers;
static DEFINE_MUTEX(hammer_mutex);

static int hammer(void *unused)
{
	int i;

	while (!kthread_should_stop()) {
		for (i = 0; i < 1000; i++)
			single(i);
		/* Never to sleep would stall the grace period. */
		usleep_range(20, 50);
	}
	return 0;
}

static void hammer_stop(void)
{
	while (nr_hammers)
		kthread_stop(hammers[--nr_hammers]);
}

static int hammer_set(const char *value, const struct kernel_param *kp)
{
	struct task_struct *task;
	unsigned int nr;
	int err = kstrtouint(value, 0, &nr);

	if (err)
		return err;
	if (nr > MAX_HAMMERS)
		return -ERANGE;
	guard(mutex)(&hammer_mutex);
	hammer_stop();
	while (nr_hammers < nr) {
		task = kthread_run(hammer, NULL, "lsp_hammer");
		if (IS_ERR(task))
			return PTR_ERR(task);
		hammers[nr_hammers++] = task;
	}
	return 0;
}

static int hammer_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%u\n", nr_hammers);
}

static const struct kernel_param_ops sums_ops = { .get = sums_get };
static const struct kernel_param_ops call_ps_ops = { .get = call_ps_get };
static const struct kernel_param_ops hammer_ops = {
	.set	= hammer_set,
	.get	= hammer_get,
};

module_param_cb(sums, &sums_ops, NULL, 0444);
module_param_cb(call_ps, &call_ps_ops, NULL, 0444);
module_param_cb(hammer, &hammer_ops, NULL, 0644);

static int __init targets_init(void)
{
	return 0;
}
module_init(targets_init);

static void __exit targets_exit(void)
{
	guard(mutex)(&hammer_mutex);
	hammer_stop();
}
module_exit(targets_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("livesplice: functions to be replaced, for measurements");
