// SPDX-License-Identifier: GPL-2.0
/*
 * livesplice: the files of an update in /sys/kernel/splice. Called by whoever
 * reads and writes them; sysfs.c makes them.
 */
#include <linux/capability.h>
#include <linux/cleanup.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/kstrtox.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "internal.h"

#define LSP_MAX_MAX_ATTEMPTS	1000
#define LSP_MAX_RETRY_MS	60000

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
lsp_late_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  lsp_late_word(READ_ONCE(to_update(kobj)->late)));
}

static ssize_t
lsp_late_store(struct kobject *kobj, struct kobj_attribute *attr,
	       const char *buf, size_t count)
{
	enum lsp_late late;

	if (!capable(CAP_SYS_MODULE))
		return -EPERM;
	for (late = 0; late < LSP_NR_LATES; late++) {
		if (!sysfs_streq(buf, lsp_late_word(late)))
			continue;
		WRITE_ONCE(to_update(kobj)->late, late);
		return count;
	}
	return -EINVAL;
}

static ssize_t
lsp_pending_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	scoped_cond_guard(mutex_intr, return -EINTR, &lsp_mutex)
		return lsp_pending_emit(to_update(kobj), buf);
	return 0;
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
static struct kobj_attribute late_attr = LSP_ATTR_RW(late);
static struct kobj_attribute pending_attr = LSP_ATTR_RO(pending, 0444);
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
	&late_attr.attr,
	&pending_attr.attr,
	&pause_ns_attr.attr,
	&hooks_ns_attr.attr,
	&depends_attr.attr,
	&replaces_attr.attr,
	&verify_attr.attr,
	NULL
};

static const struct attribute_group lsp_update_group = {
	.attrs = lsp_update_attrs,
};

const struct attribute_group *lsp_update_groups[] = {
	&lsp_update_group,
	NULL
};
