// SPDX-License-Identifier: GPL-2.0
/*
 * Looks at the kernel from inside for test-fault.sh and test-race.sh, by way of
 * parameters:
 *
 *	text	write "START END", two addresses: keep a copy of what is there;
 *		read: "same", or where it differs from the copy by now
 *	pages	size in KiB of the smallest page that has some of that text, and
 *		"rw" if one can be written to, else "ro"
 *	probes	how many probes of the engine are on tracepoints
 *	task	write 1: note all that the writing task allocates with kmalloc()
 *		from now on, and who frees it; write 0: no more notes
 *	left	what was noted and is still there, a line each
 *	veto_before, veto_after
 *		name of a module that may not be loaded: says a notifier that
 *		is called before that of the engine, or after it
 */
#include <linux/hashtable.h>
#include <linux/kallsyms.h>
#include <linux/limits.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/tracepoint.h>
#include <linux/vmalloc.h>

#include <asm/pgtable_types.h>

#include <trace/events/kmem.h>

#define MAX_NOTES	16384
#define NOTES_BITS	12

/* The text that is watched. */
static u8 *copy;
static unsigned long start, size;

static int text_set(const char *val, const struct kernel_param *kp)
{
	unsigned long from, to;
	u8 *bytes;

	if (sscanf(val, "%lx %lx", &from, &to) != 2 || from >= to)
		return -EINVAL;
	bytes = vmalloc(to - from);
	if (!bytes)
		return -ENOMEM;
	memcpy(bytes, (void *)from, to - from);
	vfree(copy);
	copy = bytes;
	start = from;
	size = to - from;
	return 0;
}

static int text_get(char *buf, const struct kernel_param *kp)
{
	const u8 *now = (const u8 *)start;
	unsigned long i;

	for (i = 0; i < size; i++)
		if (now[i] != copy[i])
			return sysfs_emit(buf, "%pS: %*ph is now %*ph\n",
					  now + i,
					  (int)min(size - i, 8UL), copy + i,
					  (int)min(size - i, 8UL), now + i);
	return sysfs_emit(buf, size ? "same\n" : "none\n");
}

static int pages_get(char *buf, const struct kernel_param *kp)
{
	unsigned long addr, smallest = ULONG_MAX;
	bool writable = false;
	unsigned int level;
	pte_t *pte;

	for (addr = start; addr < start + size; addr = (addr | ~PAGE_MASK) + 1) {
		/* An entry for a large page has this bit where a small one has it. */
		pte = lookup_address(addr, &level);
		if (!pte)
			return -EFAULT;
		writable |= !!(pte_flags(*pte) & _PAGE_RW);
		smallest = min(smallest, page_level_size(level));
	}
	return sysfs_emit(buf, "%lu %s\n", smallest >> 10, writable ? "rw" : "ro");
}

static void count_probes(struct tracepoint *tp, void *priv)
{
	const struct tracepoint_func *func;
	char name[KSYM_SYMBOL_LEN];

	guard(preempt)();
	func = rcu_dereference_sched(tp->funcs);
	for (; func && func->func; func++) {
		sprint_symbol(name, (unsigned long)func->func);
		*(int *)priv += !!str_has_prefix(name, "lsp_");
	}
}

static int probes_get(char *buf, const struct kernel_param *kp)
{
	int nr = 0;

	for_each_kernel_tracepoint(count_probes, &nr);
	return sysfs_emit(buf, "%d\n", nr);
}

/* An object that the watched task has allocated, and where. */
struct note {
	struct hlist_node	node;
	const void		*ptr;
	unsigned long		site;
};

/* Protects all that follows; taken wherever somebody frees memory. */
static DEFINE_RAW_SPINLOCK(notes_lock);
static DEFINE_HASHTABLE(notes, NOTES_BITS);
static HLIST_HEAD(unused);
static struct note *pool;
static const struct task_struct *watched;
static bool overflow;

/* Under notes_lock. */
static struct note *find_note(const void *ptr)
{
	struct note *note;

	hash_for_each_possible(notes, note, node, (unsigned long)ptr)
		if (note->ptr == ptr)
			return note;
	return NULL;
}

static void watch_kmalloc(void *data, unsigned long site, const void *ptr,
			  size_t req, size_t alloc, gfp_t gfp, int node)
{
	struct note *note;
	unsigned long flags;

	if (!ptr || current != READ_ONCE(watched) || !in_task())
		return;
	raw_spin_lock_irqsave(&notes_lock, flags);
	/* The kernel tells of a large object twice. */
	note = find_note(ptr);
	if (note) {
		note->site = site;
	} else if (hlist_empty(&unused)) {
		overflow = true;
	} else {
		note = hlist_entry(unused.first, struct note, node);
		hlist_del(&note->node);
		note->ptr = ptr;
		note->site = site;
		hash_add(notes, &note->node, (unsigned long)ptr);
	}
	raw_spin_unlock_irqrestore(&notes_lock, flags);
}

static void watch_kfree(void *data, unsigned long site, const void *ptr)
{
	struct note *note;
	unsigned long flags;

	raw_spin_lock_irqsave(&notes_lock, flags);
	note = find_note(ptr);
	if (note) {
		hash_del(&note->node);
		hlist_add_head(&note->node, &unused);
	}
	raw_spin_unlock_irqrestore(&notes_lock, flags);
}

static int task_set(const char *val, const struct kernel_param *kp)
{
	bool on;
	int err;

	err = kstrtobool(val, &on);
	if (!err)
		WRITE_ONCE(watched, on ? current : NULL);
	return err;
}

static int left_get(char *buf, const struct kernel_param *kp)
{
	struct note *note;
	unsigned long flags;
	int at = 0, i;

	raw_spin_lock_irqsave(&notes_lock, flags);
	hash_for_each(notes, i, note, node)
		at += sysfs_emit_at(buf, at, "%pS\n", (void *)note->site);
	if (overflow)
		at += sysfs_emit_at(buf, at, "more than can be noted\n");
	raw_spin_unlock_irqrestore(&notes_lock, flags);
	return at;
}

static char veto_before[MODULE_NAME_LEN], veto_after[MODULE_NAME_LEN];

static int veto(unsigned long event, const struct module *mod, const char *name)
{
	if (event == MODULE_STATE_COMING && !strcmp(mod->name, name))
		return notifier_from_errno(-EPERM);
	return NOTIFY_DONE;
}

static int veto_first(struct notifier_block *nb, unsigned long event, void *mod)
{
	return veto(event, mod, veto_before);
}

static int veto_last(struct notifier_block *nb, unsigned long event, void *mod)
{
	return veto(event, mod, veto_after);
}

static struct notifier_block first_nb = { .notifier_call = veto_first };
/* As late as the engine, which was there before. */
static struct notifier_block last_nb = {
	.notifier_call	= veto_last,
	.priority	= INT_MIN,
};

static const struct kernel_param_ops text_ops = { .set = text_set, .get = text_get };
static const struct kernel_param_ops pages_ops = { .get = pages_get };
static const struct kernel_param_ops probes_ops = { .get = probes_get };
static const struct kernel_param_ops task_ops = { .set = task_set };
static const struct kernel_param_ops left_ops = { .get = left_get };

module_param_cb(text, &text_ops, NULL, 0600);
module_param_cb(pages, &pages_ops, NULL, 0400);
module_param_cb(probes, &probes_ops, NULL, 0400);
module_param_cb(task, &task_ops, NULL, 0200);
module_param_cb(left, &left_ops, NULL, 0400);
module_param_string(veto_before, veto_before, sizeof(veto_before), 0600);
module_param_string(veto_after, veto_after, sizeof(veto_after), 0600);

static int __init watch_init(void)
{
	int err, i;

	pool = vcalloc(MAX_NOTES, sizeof(*pool));
	if (!pool)
		return -ENOMEM;
	for (i = 0; i < MAX_NOTES; i++)
		hlist_add_head(&pool[i].node, &unused);
	err = register_trace_kfree(watch_kfree, NULL);
	if (err)
		goto no_kfree;
	err = register_trace_kmalloc(watch_kmalloc, NULL);
	if (err)
		goto no_kmalloc;
	/* These cannot fail: nothing is looked up or allocated. */
	register_module_notifier(&first_nb);
	register_module_notifier(&last_nb);
	return 0;

no_kmalloc:
	unregister_trace_kfree(watch_kfree, NULL);
	tracepoint_synchronize_unregister();
no_kfree:
	vfree(pool);
	return err;
}

static void __exit watch_exit(void)
{
	unregister_module_notifier(&last_nb);
	unregister_module_notifier(&first_nb);
	unregister_trace_kmalloc(watch_kmalloc, NULL);
	unregister_trace_kfree(watch_kfree, NULL);
	tracepoint_synchronize_unregister();
	vfree(pool);
	vfree(copy);
}

module_init(watch_init);
module_exit(watch_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("livesplice selftest: what an operation leaves behind");
