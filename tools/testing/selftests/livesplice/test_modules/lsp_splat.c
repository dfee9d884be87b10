// SPDX-License-Identifier: GPL-2.0
/*
 * Goes wrong when it is told to; for the guest that crashes. Writing "warn" or
 * "oops" to its parameter splat makes the writer warn, or die.
 */
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

static int *volatile nowhere;

static int splat_set(const char *value, const struct kernel_param *kp)
{
	if (sysfs_streq(value, "oops"))
		return *nowhere;
	if (!sysfs_streq(value, "warn"))
		return -EINVAL;
	WARN(1, "lsp_splat: nothing is wrong");
	return 0;
}

static const struct kernel_param_ops splat_ops = {
	.set	= splat_set,
};

module_param_cb(splat, &splat_ops, NULL, 0200);
MODULE_PARM_DESC(splat, "warn, or oops");

MODULE_DESCRIPTION("livesplice: a warning or an oops for the tests");
MODULE_LICENSE("GPL");
