// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: /sys/kernel/splice. Called by core.c.
 *
 *   features
 *   NAME/
 *     enabled description state result blockers attempts max_attempts
 *     retry_ms nudge pause_ns hooks_ns depends replaces verify
 *     OBJECT/FUNCTION,N/
 *
 * The directory of an update lives exactly as long as the module of its first
 * part is COMING or LIVE, and OBJECT as long as that of the part for it: it is
 * gone when rmmod returns. The files are described in
 * Documentation/ABI/testing/sysfs-kernel-splice.
 */

#include <linux/capability.h>
#include <linux/cleanup.h>
#include <linux/error-injection.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/kstrtox.h>
#include <linux/livesplice_format.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/utsname.h>

#include "internal.h"

#define LSP_ENGINE_VERSION	1

#define LSP_MAX_MAX_ATTEMPTS	1000
#define LSP_MAX_RETRY_MS	60000

static struct kobject *lsp_root;

#define to_update(k)	container_of(k, struct lsp_update, kobj)

/* A number of the given range; root alone is not enough to write one. */
static int lsp_parse(const char *buf, unsigned int min, unsigned int max,
		     unsigned int *value)
{
	unsigned int number;
	int err;

	if (!capable(CAP_SYS_MODULE))
		return -EPERM;
	err = kstrtouint(buf, 10, &number);
	if (err)
		return err;
	if (number < min || number > max)
		return -ERANGE;
	*value = number;
	return 0;
}

static ssize_t
lsp_enabled_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n",
			  READ_ONCE(to_update(kobj)->state) == LSP_ENABLED);
}

static ssize_t
lsp_enabled_store(struct kobject *kobj, struct kobj_attribute *attr,
		  const char *buf, size_t count)
{
	enum lsp_reason reason;
	unsigned int enable;
	int err;

	err = lsp_parse(buf, 0, 1, &enable);
	if (err)
		return err == -ERANGE ? -EINVAL : err;
	reason = lsp_set_enabled(to_update(kobj), enable);
	return reason == LSP_OK ? count : lsp_reason_errno(reason);
}

static ssize_t
lsp_description_show(struct kobject *kobj, struct kobj_attribute *attr,
		     char *buf)
{
	return sysfs_emit(buf, "%s\n", to_update(kobj)->description);
}

static ssize_t
lsp_state_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  lsp_state_word(lsp_shown_state(to_update(kobj))));
}

static ssize_t
lsp_result_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	enum lsp_reason result = READ_ONCE(to_update(kobj)->result);

	return sysfs_emit(buf, "%s\n", lsp_reason_word(result));
}

static ssize_t
lsp_blockers_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	/* The list is only stable between operations. */
	scoped_cond_guard(mutex_intr, return -EINTR, &lsp_mutex)
		return lsp_blockers_emit(to_update(kobj), buf);
	return 0;
}

static ssize_t
lsp_attempts_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(to_update(kobj)->attempts));
}

static ssize_t
lsp_max_attempts_show(struct kobject *kobj, struct kobj_attribute *attr,
		      char *buf)
{
	return sysfs_emit(buf, "%u\n",
			  READ_ONCE(to_update(kobj)->max_attempts));
}

static ssize_t
lsp_max_attempts_store(struct kobject *kobj, struct kobj_attribute *attr,
		       const char *buf, size_t count)
{
	unsigned int value;
	int err;

	err = lsp_parse(buf, 1, LSP_MAX_MAX_ATTEMPTS, &value);
	if (err)
		return err;
	WRITE_ONCE(to_update(kobj)->max_attempts, value);
	return count;
}

static ssize_t
lsp_retry_ms_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(to_update(kobj)->retry_ms));
}

static ssize_t
lsp_retry_ms_store(struct kobject *kobj, struct kobj_attribute *attr,
		   const char *buf, size_t count)
{
	unsigned int value;
	int err;

	err = lsp_parse(buf, 1, LSP_MAX_RETRY_MS, &value);
	if (err)
		return err;
	WRITE_ONCE(to_update(kobj)->retry_ms, value);
	return count;
}

static ssize_t
lsp_nudge_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  lsp_nudge_word(READ_ONCE(to_update(kobj)->nudge)));
}

static ssize_t
lsp_nudge_store(struct kobject *kobj, struct kobj_attribute *attr,
		const char *buf, size_t count)
{
	enum lsp_nudge nudge;

	if (!capable(CAP_SYS_MODULE))
		return -EPERM;
	for (nudge = 0; nudge < LSP_NR_NUDGES; nudge++) {
		if (!sysfs_streq(buf, lsp_nudge_word(nudge)))
			continue;
		WRITE_ONCE(to_update(kobj)->nudge, nudge);
		return count;
	}
	return -EINVAL;
}

static ssize_t
lsp_pause_ns_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", READ_ONCE(to_update(kobj)->pause_ns));
}

static ssize_t
lsp_hooks_ns_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", READ_ONCE(to_update(kobj)->hooks_ns));
}

static ssize_t
lsp_depends_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	scoped_cond_guard(mutex_intr, return -EINTR, &lsp_mutex)
		return lsp_base_emit(to_update(kobj), buf);
	return 0;
}

static ssize_t
lsp_replaces_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return lsp_replace_emit(to_update(kobj), buf);
}

static ssize_t
lsp_verify_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	int len = 0;

	scoped_cond_guard(mutex_intr, return -EINTR, &lsp_mutex)
		len = lsp_verify_emit(to_update(kobj), buf);
	return len;
}

static ssize_t
lsp_verify_store(struct kobject *kobj, struct kobj_attribute *attr,
		 const char *buf, size_t count)
{
	if (!capable(CAP_SYS_MODULE))
		return -EPERM;
	scoped_cond_guard(mutex_intr, return -EINTR, &lsp_mutex)
		lsp_verify(to_update(kobj));
	return count;
}

/* x86_deny.c knows what belongs to the engine by its name. */
#define LSP_ATTR_RO(name, mode) __ATTR(name, mode, lsp_##name##_show, NULL)
#define LSP_ATTR_RW(name) \
	__ATTR(name, 0644, lsp_##name##_show, lsp_##name##_store)

static struct kobj_attribute enabled_attr = LSP_ATTR_RW(enabled);
static struct kobj_attribute description_attr = LSP_ATTR_RO(description, 0444);
static struct kobj_attribute state_attr = LSP_ATTR_RO(state, 0444);
static struct kobj_attribute result_attr = LSP_ATTR_RO(result, 0444);
/* Says what other users' tasks are doing. */
static struct kobj_attribute blockers_attr = LSP_ATTR_RO(blockers, 0400);
static struct kobj_attribute attempts_attr = LSP_ATTR_RO(attempts, 0444);
static struct kobj_attribute max_attempts_attr = LSP_ATTR_RW(max_attempts);
static struct kobj_attribute retry_ms_attr = LSP_ATTR_RW(retry_ms);
static struct kobj_attribute nudge_attr = LSP_ATTR_RW(nudge);
static struct kobj_attribute pause_ns_attr = LSP_ATTR_RO(pause_ns, 0444);
static struct kobj_attribute hooks_ns_attr = LSP_ATTR_RO(hooks_ns, 0444);
static struct kobj_attribute depends_attr = LSP_ATTR_RO(depends, 0444);
static struct kobj_attribute replaces_attr = LSP_ATTR_RO(replaces, 0444);
static struct kobj_attribute verify_attr = LSP_ATTR_RW(verify);

static struct attribute *lsp_update_attrs[] = {
	&enabled_attr.attr,
	&description_attr.attr,
	&state_attr.attr,
	&result_attr.attr,
	&blockers_attr.attr,
	&attempts_attr.attr,
	&max_attempts_attr.attr,
	&retry_ms_attr.attr,
	&nudge_attr.attr,
	&pause_ns_attr.attr,
	&hooks_ns_attr.attr,
	&depends_attr.attr,
	&replaces_attr.attr,
	&verify_attr.attr,
	NULL
};
ATTRIBUTE_GROUPS(lsp_update);

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

static struct kobj_attribute features_attr = LSP_ATTR_RO(features, 0444);

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
