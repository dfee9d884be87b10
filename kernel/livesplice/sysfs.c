// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: /sys/kernel/splice. Called by core.c and depart.c.
 *
 *   features
 *   NAME/
 *     enabled description state result blockers attempts max_attempts
 *     retry_ms nudge late pending pause_ns hooks_ns depends replaces verify
 *     OBJECT/FUNCTION,N/
 *
 * The directory of an update lives exactly as long as the module of its first
 * part is COMING or LIVE, and OBJECT as long as that of the part for it: it is
 * gone when rmmod returns. The files are described in
 * Documentation/ABI/testing/sysfs-kernel-splice.
 */

#include <linux/error-injection.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/livesplice_format.h>
#include <linux/sysfs.h>
#include <linux/utsname.h>

#include "internal.h"

#define LSP_ENGINE_VERSION	1

static struct kobject *lsp_root;

/*
 * All kobjects of a part are in it, so it can be freed when the last of them is
 * released, which need not be when its directory disappears. The same holds for
 * an update, which has one.
 */
static void lsp_part_put(struct lsp_part *part)
{
	if (refcount_dec_and_test(&part->kobjs))
		complete(&part->released);
}

static void lsp_update_put(struct lsp_update *update)
{
	if (refcount_dec_and_test(&update->kobjs))
		complete(&update->released);
}

static void lsp_update_release(struct kobject *kobj)
{
	lsp_update_put(to_update(kobj));
}

static void lsp_object_release(struct kobject *kobj)
{
	lsp_part_put(container_of(kobj, struct lsp_part, kobj));
}

static void lsp_patch_release(struct kobject *kobj)
{
	lsp_part_put(container_of(kobj, struct lsp_patch, kobj)->part);
}

static const struct kobj_type lsp_update_ktype = {
	.release	= lsp_update_release,
	.sysfs_ops	= &kobj_sysfs_ops,
	.default_groups	= lsp_update_groups,
};

static const struct kobj_type lsp_object_ktype = {
	.release	= lsp_object_release,
	.sysfs_ops	= &kobj_sysfs_ops,
};

static const struct kobj_type lsp_patch_ktype = {
	.release	= lsp_patch_release,
	.sysfs_ops	= &kobj_sysfs_ops,
};

static void lsp_kobj_del(struct kobject *kobj)
{
	if (!kobj->state_initialized)
		return;
	/*
	 * Waits for everybody who is inside one of the files. There are none,
	 * and nothing to delete, where adding it has failed.
	 */
	if (kobj->state_in_sysfs)
		kobject_del(kobj);
	kobject_put(kobj);
}

static int lsp_add_update_dir(struct lsp_update *update)
{
	init_completion(&update->released);
	refcount_set(&update->kobjs, 2);
	return kobject_init_and_add(&update->kobj, &lsp_update_ktype, lsp_root,
				    "%s", update->name);
}

static int lsp_add_part_dirs(struct lsp_part *part)
{
	unsigned int i;
	int err;

	/* A first part may be there for the others only. */
	if (!part->nr_patches)
		return 0;
	refcount_inc(&part->kobjs);
	err = kobject_init_and_add(&part->kobj, &lsp_object_ktype,
				   &part->update->kobj, "%s", part->object);
	if (err)
		return err;
	for (i = 0; i < part->nr_patches; i++) {
		struct lsp_patch *patch = &part->patches[i];

		if (!patch->new_addr)
			continue;
		refcount_inc(&part->kobjs);
		err = kobject_init_and_add(&patch->kobj, &lsp_patch_ktype,
					   &part->kobj, "%s,%u",
					   patch->name, patch->pos);
		if (err)
			return err;
	}
	return 0;
}

/**
 * lsp_sysfs_add() - make a part visible, and with the first one the update
 * @part: the part
 *
 * Context: may sleep; lsp_mutex not held.
 * Return: 0 or a negative errno; then nothing is left of it.
 */
int lsp_sysfs_add(struct lsp_part *part)
{
	int err = 0;

	if (!lsp_root)
		return -ENODEV;
	init_completion(&part->released);
	refcount_set(&part->kobjs, 1);
	if (lsp_is_first(part))
		err = lsp_add_update_dir(part->update);
	if (!err)
		err = lsp_add_part_dirs(part);
	if (err)
		lsp_sysfs_del(part);
	return err;
}
ALLOW_ERROR_INJECTION(lsp_sysfs_add, ERRNO);

/**
 * lsp_sysfs_del() - make a part invisible, if it is visible
 * @part: the part; with the first one, which must be the last to go, the update
 *	goes
 *
 * Nobody reads or writes one of its files any more afterwards.
 *
 * Context: sleeps; lsp_mutex not held, for a writer may be waiting for it.
 */
void lsp_sysfs_del(struct lsp_part *part)
{
	struct lsp_update *update = part->update;
	unsigned int i = part->nr_patches;

	if (!refcount_read(&part->kobjs))
		return;
	while (i--)
		lsp_kobj_del(&part->patches[i].kobj);
	lsp_kobj_del(&part->kobj);
	lsp_part_put(part);
	wait_for_completion(&part->released);
	if (!lsp_is_first(part))
		return;
	lsp_kobj_del(&update->kobj);
	lsp_update_put(update);
	wait_for_completion(&update->released);
}

static ssize_t
lsp_features_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "engine %d\narch %s\nformat %d\n",
			  LSP_ENGINE_VERSION, init_uts_ns.name.machine,
			  LSP_FORMAT_VERSION);
}

static struct kobj_attribute features_attr =
	__ATTR(features, 0444, lsp_features_show, NULL);

/**
 * lsp_sysfs_init() - create /sys/kernel/splice
 *
 * Return: 0 or a negative errno.
 */
int __init lsp_sysfs_init(void)
{
	int err;

	lsp_root = kobject_create_and_add("splice", kernel_kobj);
	if (!lsp_root)
		return -ENOMEM;
	err = sysfs_create_file(lsp_root, &features_attr.attr);
	if (err) {
		kobject_put(lsp_root);
		lsp_root = NULL;
	}
	return err;
}
