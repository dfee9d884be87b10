// SPDX-License-Identifier: GPL-2.0
/*
 * Plays somebody who writes where nobody should, for test-verify.sh: through a
 * mapping of its own, without a lock, and nobody is told.
 *
 *	flip	"ADDRESS OFFSET": flips a bit of the byte there
 *	look	likewise; reading tells the 64 bytes there
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/vmalloc.h>

#define LOOK	64

static unsigned long looked_at;

static int parse(const char *text, unsigned long *addr)
{
	unsigned long offset;

	if (sscanf(text, "%lx %lx", addr, &offset) != 2)
		return -EINVAL;
	*addr += offset;
	return *addr >= __START_KERNEL_map ? 0 : -EINVAL;
}

static int flip_set(const char *text, const struct kernel_param *kp)
{
	unsigned long addr;
	struct page *page;
	u8 *alias;
	int err;

	err = parse(text, &addr);
	if (err)
		return err;
	page = addr >= MODULES_VADDR ? vmalloc_to_page((void *)addr) :
				       virt_to_page((void *)addr);
	alias = vmap(&page, 1, VM_MAP, PAGE_KERNEL);
	if (!alias)
		return -ENOMEM;
	alias[offset_in_page(addr)] ^= 1;
	vunmap(alias);
	return 0;
}

static int look_set(const char *text, const struct kernel_param *kp)
{
	return parse(text, &looked_at);
}

static int look_get(char *buf, const struct kernel_param *kp)
{
	if (!looked_at)
		return -EINVAL;
	return sysfs_emit(buf, "%*ph\n", LOOK, (void *)looked_at);
}

static const struct kernel_param_ops flip_ops = { .set = flip_set };
static const struct kernel_param_ops look_ops = {
	.set = look_set, .get = look_get,
};

module_param_cb(flip, &flip_ops, NULL, 0200);
module_param_cb(look, &look_ops, NULL, 0600);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("livesplice selftest: writes where nobody should");
