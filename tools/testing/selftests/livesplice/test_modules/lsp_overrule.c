// SPDX-License-Identifier: GPL-2.0
/*
 * A livepatch of the function that patches/cmdline.patch changes, for
 * test-company.sh.
 */
#include <linux/livepatch.h>
#include <linux/module.h>
#include <linux/seq_file.h>

static int overruled_show(struct seq_file *m, void *v)
{
	seq_puts(m, "livepatched\n");
	return 0;
}

static struct klp_func funcs[] = {
	{ .old_name = "cmdline_proc_show", .new_func = overruled_show },
	{ }
};

static struct klp_object objs[] = {
	{ .funcs = funcs },
	{ }
};

static struct klp_patch patch = {
	.mod = THIS_MODULE,
	.objs = objs,
};

static int __init overrule_init(void)
{
	return klp_enable_patch(&patch);
}
module_init(overrule_init);

static void __exit overrule_exit(void)
{
}
module_exit(overrule_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("livesplice selftest: a livepatch of the same function");
MODULE_INFO(livepatch, "Y");
