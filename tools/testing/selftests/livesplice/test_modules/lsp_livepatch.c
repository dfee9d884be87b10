// SPDX-License-Identifier: GPL-2.0
/*
 * bench_target_single() replaced by a livepatch, for make bench: what does a call
 * cost, beside the same function replaced by an update?
 */
#include <linux/livepatch.h>
#include <linux/module.h>

static int livepatched_single(int x)
{
	return x * 3 + 2;
}

static struct klp_func funcs[] = {
	{ .old_name = "bench_target_single", .new_func = livepatched_single },
	{ }
};

static struct klp_object objs[] = {
	{ .name = "lsp_targets", .funcs = funcs },
	{ }
};

static struct klp_patch patch = {
	.mod = THIS_MODULE,
	.objs = objs,
};

static int __init lsp_livepatch_init(void)
{
	return klp_enable_patch(&patch);
}
module_init(lsp_livepatch_init);

static void __exit lsp_livepatch_exit(void)
{
}
module_exit(lsp_livepatch_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("livesplice selftest: the same change as a livepatch");
MODULE_INFO(livepatch, "Y");
