// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: functions to be replaced, for tests: those whose first bytes are a
 * static branch or a static call, so that the jump has to be put on top of it. A
 * patch of the selftests adds 0x1000 to what each gives.
 *
 * In /sys/module/lsp_lent/parameters:
 *	results		what each of them gives now, in hex; the digits say which
 *			it is, 4 that its key is on or its call is of a function
 *			that adds 4, 8 that the second key is on
 *	bytes		the first bytes of each
 *	keys		(rw) bit 0: the key of all static branches, bit 1: the second
 *	call		(rw) 1: the static calls are of functions that add 4, 0: of
 *			one that adds nothing, of the one that stands for 0, of none
 *	busy		(rw) 1: two threads call them all the time, and a third one
 *			changes keys and calls
 *	calls, wrong, changes	of these threads: calls, results that no state has,
 *			changes of keys and calls
 */
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/jump_label.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/static_call.h>
#include <linux/sysfs.h>

#define INPUT		0x100
#define NEW		0x1000
#define SHOWN_BYTES	24

static DEFINE_STATIC_KEY_FALSE(lent_key);
static DEFINE_STATIC_KEY_FALSE(lent_second);

static int lent_none(int x)
{
	return x;
}

static int lent_four(int x)
{
	return x + 4;
}

static int lent_only_four(int x)
{
	return 4;
}

static void lent_add_four(int *sum)
{
	*sum += 4;
}

DEFINE_STATIC_CALL(lent_callee, lent_none);
DEFINE_STATIC_CALL_RET0(lent_zeroed, lent_only_four);
DEFINE_STATIC_CALL_NULL(lent_added, lent_add_four);

/* Moved away from its callers, and what leads to it too: far jumps. */
static noinline __attribute__((__cold__)) int lent_rare(int x)
{
	return READ_ONCE(x) + 4;
}

static noinline int lent_zero(int x)
{
	return READ_ONCE(x) - x;
}

static noinline int lent_branch(int x)
{
	if (static_branch_unlikely(&lent_key))
		return x + 0x04;
	return x + 0x00;
}

static noinline int lent_likely(int x)
{
	if (static_branch_likely(&lent_key))
		return x + 0x14;
	return x + 0x10;
}

static noinline int lent_far(int x)
{
	if (static_branch_unlikely(&lent_key))
		return lent_rare(x) + 0x20;
	return x + 0x20;
}

static noinline int lent_two(int x)
{
	if (static_branch_unlikely(&lent_key))
		x += 4;
	if (static_branch_unlikely(&lent_second))
		x += 8;
	return x + 0x30;
}

static noinline int lent_behind(int x)
{
	if (static_branch_unlikely(&lent_key))
		x = lent_rare(x);
	return lent_zero(x) + x + 0x40;
}

static noinline int lent_call(int x)
{
	return static_call(lent_callee)(x) + 0x50;
}

static noinline int lent_tail(int x)
{
	return static_call(lent_callee)(x + 0x60);
}

static noinline int lent_last(int x)
{
	return static_call(lent_callee)(x);
}

static noinline int lent_nothing(int x)
{
	return static_call(lent_zeroed)(x) + x + 0x80;
}

static noinline void lent_if_any(int *sum)
{
	static_call_cond(lent_added)(sum);
}

static noinline int lent_added_to(int x)
{
	int sum = x + 0x90;

	lent_if_any(&sum);
	return READ_ONCE(sum);
}

/**
 * struct lent - one of the functions
 * @name: its name
 * @fn: itself, or who calls it
 * @code: where it is
 * @bits: what it gives, for an INPUT of 0
 */
struct lent {
	const char	*name;
	int		(*fn)(int x);
	const void	*code;
	int		bits;
};

static const struct lent lent[] = {
	{ "branch",	lent_branch,	lent_branch,	0x00 },
	{ "likely",	lent_likely,	lent_likely,	0x10 },
	{ "far",	lent_far,	lent_far,	0x20 },
	{ "two",	lent_two,	lent_two,	0x30 },
	{ "behind",	lent_behind,	lent_behind,	0x40 },
	{ "call",	lent_call,	lent_call,	0x50 },
	{ "tail",	lent_tail,	lent_tail,	0x60 },
	{ "last",	lent_last,	lent_last,	0x00 },
	{ "nothing",	lent_nothing,	lent_nothing,	0x80 },
	{ "if_any",	lent_added_to,	lent_if_any,	0x90 },
};

/* The states */

static DEFINE_MUTEX(lent_mutex);
static unsigned int keys_now, call_now;

static void set_keys(unsigned int keys)
{
	guard(mutex)(&lent_mutex);
	keys_now = keys;
	if (keys & 1)
		static_branch_enable(&lent_key);
	else
		static_branch_disable(&lent_key);
	if (keys & 2)
		static_branch_enable(&lent_second);
	else
		static_branch_disable(&lent_second);
}

static void set_call(unsigned int call)
{
	guard(mutex)(&lent_mutex);
	call_now = call;
	static_call_update(lent_callee, call ? lent_four : lent_none);
	static_call_update(lent_zeroed,
			   call ? (void *)lent_only_four : __static_call_return0);
	static_call_update(lent_added, call ? lent_add_four : NULL);
}

/* The threads */

static struct task_struct *threads[3];
static atomic_long_t calls = ATOMIC_LONG_INIT(0);
static atomic_long_t wrong = ATOMIC_LONG_INIT(0);
static atomic_long_t changes = ATOMIC_LONG_INIT(0);

static int lent_caller(void *data)
{
	const struct lent *each;
	int (*fn)(int x), got;
	unsigned int i;

	while (!kthread_should_stop()) {
		for (i = 0; i < 50 * ARRAY_SIZE(lent); i++) {
			each = &lent[i % ARRAY_SIZE(lent)];
			fn = READ_ONCE(each->fn);
			got = fn(INPUT) & ~(NEW | 4 | 8);
			if (got != INPUT + each->bits)
				atomic_long_inc(&wrong);
			atomic_long_inc(&calls);
		}
		/* Never to sleep would stall the grace period. */
		usleep_range(20, 50);
	}
	return 0;
}

static int lent_changer(void *data)
{
	unsigned int n;

	for (n = 1; !kthread_should_stop(); n++) {
		set_keys(n & 3);
		set_call(n & 1);
		atomic_long_inc(&changes);
		usleep_range(1000, 2000);
	}
	return 0;
}

static void stop_threads(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		if (threads[i])
			kthread_stop(threads[i]);
		threads[i] = NULL;
	}
}

/*
 * All on one CPU: emulators that translate code (QEMU) go on with an INT3 that the
 * kernel has put at a site, and taken away while another CPU was translating it.
 * What is under test happens on the other CPUs.
 */
static int start_threads(void)
{
	struct task_struct *task;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		task = kthread_create_on_cpu(i ? lent_caller : lent_changer, NULL,
					     cpumask_last(cpu_online_mask), "lsp lent %u");
		if (IS_ERR(task)) {
			stop_threads();
			return PTR_ERR(task);
		}
		threads[i] = task;
		wake_up_process(task);
	}
	return 0;
}

/* The parameters; the kernel lets one at a time in. */

static int results_get(char *buf, const struct kernel_param *kp)
{
	int (*fn)(int x), at = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lent); i++) {
		fn = READ_ONCE(lent[i].fn);
		at += sysfs_emit_at(buf, at, "%s%x", i ? " " : "", fn(INPUT));
	}
	return at + sysfs_emit_at(buf, at, "\n");
}

static int bytes_get(char *buf, const struct kernel_param *kp)
{
	unsigned int i;
	int at = 0;

	for (i = 0; i < ARRAY_SIZE(lent); i++)
		at += sysfs_emit_at(buf, at, "%s %*ph\n", lent[i].name,
				    SHOWN_BYTES, READ_ONCE(lent[i].code));
	return at;
}

static int keys_set(const char *value, const struct kernel_param *kp)
{
	unsigned int keys;
	int err = kstrtouint(value, 0, &keys);

	if (!err)
		set_keys(keys);
	return err;
}

static int call_set(const char *value, const struct kernel_param *kp)
{
	bool on;
	int err = kstrtobool(value, &on);

	if (!err)
		set_call(on);
	return err;
}

static int busy_set(const char *value, const struct kernel_param *kp)
{
	bool on;
	int err = kstrtobool(value, &on);

	if (err || on == !!threads[0])
		return err;
	if (on)
		return start_threads();
	stop_threads();
	return 0;
}

#define PARAMETER(_name, _set, _get, _mode)			\
static const struct kernel_param_ops _name##_ops = {		\
	.set	= _set,						\
	.get	= _get,						\
};								\
module_param_cb(_name, &_name##_ops, NULL, _mode)

#define NUMBER(_name, _set, _mode, _value)				\
static int _name##_get(char *buf, const struct kernel_param *kp)	\
{									\
	return sysfs_emit(buf, "%ld\n", (long)(_value));		\
}									\
PARAMETER(_name, _set, _name##_get, _mode)

PARAMETER(results, NULL, results_get, 0444);
PARAMETER(bytes, NULL, bytes_get, 0444);
NUMBER(keys, keys_set, 0644, READ_ONCE(keys_now));
NUMBER(call, call_set, 0644, READ_ONCE(call_now));
NUMBER(busy, busy_set, 0644, !!threads[0]);
NUMBER(calls, NULL, 0444, atomic_long_read(&calls));
NUMBER(wrong, NULL, 0444, atomic_long_read(&wrong));
NUMBER(changes, NULL, 0444, atomic_long_read(&changes));

/* Without these the module could not be unloaded. */
static int __init lent_init(void)
{
	return 0;
}
module_init(lent_init);

static void __exit lent_exit(void)
{
	stop_threads();
}
module_exit(lent_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("livesplice: functions that begin with what the kernel rewrites");
