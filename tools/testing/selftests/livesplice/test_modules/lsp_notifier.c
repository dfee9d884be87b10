// SPDX-License-Identifier: GPL-2.0
/*
 * For tests: registers a module notifier, and takes it back when it goes.
 */
#include <linux/module.h>
#include <linux/notifier.h>

static int notifier_call(struct notifier_block *nb, unsigned long event,
			 void *data)
{
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = notifier_call };

static int __init notifier_init(void)
{
	return register_module_notifier(&notifier);
}
module_init(notifier_init);

static void __exit notifier_exit(void)
{
	unregister_module_notifier(&notifier);
}
module_exit(notifier_exit);

MODULE_DESCRIPTION("registers a module notifier, for tests");
MODULE_LICENSE("GPL");
