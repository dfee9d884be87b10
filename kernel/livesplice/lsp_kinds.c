// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: functions to be replaced, for tests: one for each kind of change
 * that few files of the kernel have in a form that can be looked at. Patches of
 * the selftests change them. Their names do not begin like those of the engine,
 * which cannot be replaced.
 *
 * In /sys/module/lsp_kinds/parameters, worked out when read:
 *	count		how often it was read, as a static variable counts it
 *	cold		of a function with a part that was moved away
 *	parts		of two functions that share a part of a third one
 *	alias		of one function, by its two names
 *	table		element of a table, -1 behind its end
 *	branch		(rw) which way a static branch goes, key and all here
 *	call		(rw) whom a static call calls, likewise
 *	shape		sum of the members of a struct
 *	loop		(rw) which kernel thread runs, 0 if none; what it says
 *	keep		three times input and one, and a hundred if that has changed "kept"
 *	input		(rw) what the functions work on
 */
#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/jump_label.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/static_call.h>
#include <linux/sysfs.h>

/*
 * Read first of all where the compiler might begin with what the kernel
 * rewrites: that is where the jump goes.
 */
static int input = 1;

static noinline int kinds_count(void)
{
	static int calls = 10;

	return ++calls;
}

/*
 * What leads to a cold function is moved away from the rest, as NAME.cold. The
 * kernel's __cold means nothing to some compilers, for the sake of alignment.
 */
static noinline __attribute__((__cold__)) int kinds_rare(int x)
{
	return -READ_ONCE(x);
}

static noinline int kinds_cold(int x)
{
	if (x == 7)
		return kinds_rare(x) * 2;
	return x + 1;
}

/* The test is inlined, what is behind it becomes NAME.part. */
static int kinds_part(int x)
{
	int sum = 0;

	if (x < 5)
		return x;
	for (int i = 0; i < x; i++) {
		sum += kinds_rare(i) * x;
		if (sum > 1000)
			sum = kinds_rare(sum) / 2 + x;
		if (sum < -1000)
			sum -= kinds_rare(sum) / 2 - x;
	}
	return sum * 3 + kinds_rare(sum);
}

static noinline int kinds_parts(int x)
{
	return kinds_part(x) + 1;
}

static noinline int kinds_more_parts(int x)
{
	return kinds_part(x) + 2;
}

int kinds_first(int x);

noinline int kinds_first(int x)
{
	return x * 3 + 1;
}

int kinds_second(int x) __alias(kinds_first);

/* Read each time, so that no compiler can know that they are one. */
static int (*first)(int x) = kinds_first;
static int (*second)(int x) = kinds_second;

static const int squares[] = { 0, 1, 4 };

static noinline int kinds_table(unsigned int x)
{
	return x < ARRAY_SIZE(squares) ? squares[x] : -1;
}

static DEFINE_STATIC_KEY_FALSE(kinds_key);

static noinline int kinds_branch(void)
{
	int x = READ_ONCE(input);

	if (static_branch_unlikely(&kinds_key))
		return x + 20;
	return x + 10;
}

static int kinds_ten(int x)
{
	return x + 10;
}

static int kinds_twenty(int x)
{
	return x + 20;
}

DEFINE_STATIC_CALL(kinds_callee, kinds_ten);

static noinline int kinds_call(void)
{
	int x = READ_ONCE(input);

	return static_call(kinds_callee)(x) + 1;
}

/* There is room behind the second member. */
struct kinds_shape {
	int	a;
	short	b;
};

static struct kinds_shape shape = { .a = 3, .b = 4 };
static struct kinds_shape *shapes = &shape;

static noinline int kinds_shape_sum(struct kinds_shape *s)
{
	return s->a + s->b;
}

/* parameters */

static int branch_set(const char *value, const struct kernel_param *kp)
{
	bool on;
	int err = kstrtobool(value, &on);

	if (err)
		return err;
	if (on)
		static_branch_enable(&kinds_key);
	else
		static_branch_disable(&kinds_key);
	return 0;
}

static int call_set(const char *value, const struct kernel_param *kp)
{
	bool on;
	int err = kstrtobool(value, &on);

	if (!err)
		static_call_update(kinds_callee, on ? kinds_twenty : kinds_ten);
	return err;
}

/* Main loops of kernel threads, which are always on a stack. */
static struct task_struct *thread;
static int said;

static noinline int kinds_loop(void *unused)
{
	WRITE_ONCE(said, 0);
	while (!kthread_should_stop()) {
		WRITE_ONCE(said, 1);
		schedule_timeout_interruptible(HZ / 50);
	}
	return 0;
}

/* Its loop begins where the jump would be. */
static noinline int kinds_tight(void *unused)
{
	do {
		WRITE_ONCE(said, 11);
		schedule_timeout_interruptible(HZ / 50);
	} while (!kthread_should_stop());
	return 0;
}

static int loop_set(const char *value, const struct kernel_param *kp)
{
	unsigned int which;
	int err = kstrtouint(value, 0, &which);

	if (err)
		return err;
	if (which > 2)
		return -EINVAL;
	if (thread)
		kthread_stop(thread);
	thread = NULL;
	WRITE_ONCE(said, 0);
	if (!which)
		return 0;
	thread = kthread_run(which == 1 ? kinds_loop : kinds_tight, NULL, "kinds_loop");
	err = PTR_ERR_OR_ZERO(thread);
	if (err)
		thread = NULL;
	return err;
}

/* What the compiler sees of one function is used in another: "kept" stays the same. */
static int kept;

static noinline int kinds_look(int x)
{
	return x + 1;
}

static noinline int kinds_keep(int x)
{
	int before = kept;

	return 3 * kinds_look(x) + 100 * (kept - before);
}

#define PARAMETER(_name, _set, _mode, format, ...)			\
static int _name##_get(char *buf, const struct kernel_param *kp)	\
{									\
	return sysfs_emit(buf, format "\n", __VA_ARGS__);		\
}									\
static const struct kernel_param_ops _name##_ops = {			\
	.set	= _set,							\
	.get	= _name##_get,						\
};									\
module_param_cb(_name, &_name##_ops, NULL, _mode)

PARAMETER(count, NULL, 0444, "%d", kinds_count());
PARAMETER(cold, NULL, 0444, "%d", kinds_cold(input));
PARAMETER(parts, NULL, 0444, "%d %d", kinds_parts(input),
	  kinds_more_parts(input));
PARAMETER(alias, NULL, 0444, "%d %d", READ_ONCE(first)(input),
	  READ_ONCE(second)(input));
PARAMETER(table, NULL, 0444, "%d", kinds_table(input));
PARAMETER(branch, branch_set, 0644, "%d", kinds_branch());
PARAMETER(call, call_set, 0644, "%d", kinds_call());
PARAMETER(shape, NULL, 0444, "%d", kinds_shape_sum(READ_ONCE(shapes)));
PARAMETER(loop, loop_set, 0644, "%d", READ_ONCE(said));
PARAMETER(keep, NULL, 0444, "%d", kinds_keep(input));
module_param(input, int, 0644);
module_param(kept, int, 0644);

/* Without these the module could not be unloaded. */
static int __init kinds_init(void)
{
	return 0;
}
module_init(kinds_init);

static void __exit kinds_exit(void)
{
	if (thread)
		kthread_stop(thread);
}
module_exit(kinds_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("livesplice: functions to be replaced, for tests");
