// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: a module that uses what another one exports, to which an update has
 * come before, for tests. /sys/module/lsp_caller/parameters/now is what that gives.
 */
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/sysfs.h>

#include "lsp_comer.h"

static int now_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%x\n", comer_answer(0));
}

static const struct kernel_param_ops now_ops = { .get = now_get };

module_param_cb(now, &now_ops, NULL, 0444);

MODULE_DESCRIPTION("uses an export, for tests of livesplice");
MODULE_LICENSE("GPL");
