// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: a module that comes while an update has a part for it, for tests.
 * A patch of the selftests adds 0x1000 to what its functions give.
 *
 * In /sys/module/lsp_comer/parameters:
 *	first		what it gave when its init function asked, in hex
 *	now		what it gives now: the digits are 4 if the key is on, and
 *			1, which a static call adds
 *	text		a number in the code
 *	count		how often that was asked, over all CPUs
 *	branch		(rw) a static branch of the module
 *	hold		(rw) 1: init waits until it is 0, half a minute at most
 *	fail		what init gives, once it has asked
 */
#include <linux/delay.h>
#include <linux/jump_label.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/percpu.h>
#include <linux/static_call.h>
#include <linux/sysfs.h>
#include <linux/unaligned.h>

#include "lsp_comer.h"

#define HOLD_MS	30000

static DEFINE_STATIC_KEY_FALSE(comer_key);
static DEFINE_PER_CPU(int, comer_count);

static int first;
static bool hold;
static int fail;

static int comer_one(int x)
{
	return x + 1;
}

DEFINE_STATIC_CALL(comer_add, comer_one);

int comer_answer(int x)
{
	this_cpu_inc(comer_count);
	if (static_branch_unlikely(&comer_key))
		x += 4;
	return static_call(comer_add)(x) + 0x10;
}
EXPORT_SYMBOL_GPL(comer_answer);

static noinline int comer_ask(void)
{
	return comer_answer(0);
}

static int now_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%x\n", comer_ask());
}

static int first_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%x\n", first);
}

static int count_get(char *buf, const struct kernel_param *kp)
{
	int cpu, sum = 0;

	for_each_possible_cpu(cpu)
		sum += per_cpu(comer_count, cpu);
	return sysfs_emit(buf, "%d\n", sum);
}

static int branch_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", static_key_enabled(&comer_key));
}

static int branch_set(const char *val, const struct kernel_param *kp)
{
	bool on;
	int err = kstrtobool(val, &on);

	if (err)
		return err;
	if (on)
		static_branch_enable(&comer_key);
	else
		static_branch_disable(&comer_key);
	return 0;
}

/* Another module of this name has another text: "twig". */
static int text_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%x\n", get_unaligned_le32("twin"));
}

static const struct kernel_param_ops text_ops = { .get = text_get };
static const struct kernel_param_ops now_ops = { .get = now_get };
static const struct kernel_param_ops first_ops = { .get = first_get };
static const struct kernel_param_ops count_ops = { .get = count_get };
static const struct kernel_param_ops branch_ops = { .get = branch_get, .set = branch_set };

module_param_cb(text, &text_ops, NULL, 0444);
module_param_cb(now, &now_ops, NULL, 0444);
module_param_cb(first, &first_ops, NULL, 0444);
module_param_cb(count, &count_ops, NULL, 0444);
module_param_cb(branch, &branch_ops, NULL, 0644);
module_param(hold, bool, 0644);
module_param(fail, int, 0444);

/* Gone when init is over, and never replaced. */
static noinline int __init comer_start(void)
{
	return comer_ask();
}

static int __init comer_init(void)
{
	int left;

	first = comer_start();
	for (left = HOLD_MS; READ_ONCE(hold) && left > 0; left -= 20)
		msleep(20);
	return -fail;
}
module_init(comer_init);

static void __exit comer_exit(void)
{
}
module_exit(comer_exit);

MODULE_DESCRIPTION("comes late, for tests of livesplice");
MODULE_LICENSE("GPL");
