// SPDX-License-Identifier: GPL-2.0
/*
 * Measures when a parameter is read; for test-pause.sh, test-stack.sh and make
 * bench.
 *
 *	stop_ns		length of an empty stop_machine(), all CPUs held
 *	walk_ns		length of one that walks all stacks, reliably; not without kprobes
 *	call_ps		cost of one call of hex_to_bin(), best of some runs
 *	probe		what hex_to_bin() says to the byte of the test's patch
 *	count		and to another one
 *	hex		what bin2hex() makes of 0xab
 */
#include <linux/errno.h>
#include <linux/hex.h>
#include <linux/kconfig.h>
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched/signal.h>
#include <linux/stop_machine.h>
#include <linux/string.h>

#include <asm/ibt.h>

#define CALLS	100000
#define RUNS	9

/* Called through this, so that no compiler can know what comes back. */
static int (*volatile callee)(unsigned char ch) = hex_to_bin;

static int stop_fn(void *data)
{
	return 0;
}

static int stop_ns_get(char *buf, const struct kernel_param *kp)
{
	u64 start = ktime_get_ns();

	stop_machine(stop_fn, NULL, NULL);
	return sysfs_emit(buf, "%llu\n", ktime_get_ns() - start);
}

/* stack_trace_save_tsk_reliable(), which modules cannot call by name. */
static int (*walk)(struct task_struct *task, unsigned long *store,
		   unsigned int size);

static unsigned long frames[64];

static int walk_fn(void *data)
{
	struct task_struct *process, *task;
	unsigned int *tasks = data;

	for_each_process_thread(process, task) {
		walk(task, frames, ARRAY_SIZE(frames));
		++*tasks;
	}
	return 0;
}

static int walk_ns_get(char *buf, const struct kernel_param *kp)
{
	unsigned int tasks = 0;
	u64 start = ktime_get_ns();

	if (!walk)
		return -EOPNOTSUPP;
	stop_machine(walk_fn, &tasks, NULL);
	start = ktime_get_ns() - start;
	return sysfs_emit(buf, "%llu\n", tasks ? start : 0);
}

static u64 time_calls(void)
{
	u64 start;
	int i;

	guard(preempt)();
	start = ktime_get_ns();
	for (i = 0; i < CALLS; i++)
		callee('7');
	return ktime_get_ns() - start;
}

static int call_ps_get(char *buf, const struct kernel_param *kp)
{
	u64 best = U64_MAX;
	int i;

	for (i = 0; i < RUNS; i++)
		best = min(best, time_calls());
	return sysfs_emit(buf, "%llu\n", best * 1000 / CALLS);
}

static int probe_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", callee(0xfe));
}

static int count_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", callee(0xfd));
}

static int hex_get(char *buf, const struct kernel_param *kp)
{
	static const u8 byte = 0xab;
	char hex[3] = "";

	bin2hex(hex, &byte, 1);
	return sysfs_emit(buf, "%s\n", hex);
}

static const struct kernel_param_ops stop_ns_ops = { .get = stop_ns_get };
static const struct kernel_param_ops walk_ns_ops = { .get = walk_ns_get };
static const struct kernel_param_ops call_ps_ops = { .get = call_ps_get };
static const struct kernel_param_ops probe_ops = { .get = probe_get };
static const struct kernel_param_ops count_ops = { .get = count_get };
static const struct kernel_param_ops hex_ops = { .get = hex_get };

module_param_cb(stop_ns, &stop_ns_ops, NULL, 0444);
module_param_cb(walk_ns, &walk_ns_ops, NULL, 0444);
module_param_cb(call_ps, &call_ps_ops, NULL, 0444);
module_param_cb(probe, &probe_ops, NULL, 0444);
module_param_cb(count, &count_ops, NULL, 0444);
module_param_cb(hex, &hex_ops, NULL, 0444);

/* Size of the ENDBR, or of what is there when it was sealed, before an address. */
static unsigned int endbr_before(unsigned long addr)
{
#ifdef CONFIG_X86_KERNEL_IBT
	u32 endbr;

	memcpy(&endbr, (void *)(addr - sizeof(endbr)), sizeof(endbr));
	if (endbr == gen_endbr() || endbr == gen_endbr_poison())
		return sizeof(endbr);
#endif
	return 0;
}

/* A probe has the address that kallsyms knows, behind the ENDBR. */
static int __init bench_init(void)
{
	struct kprobe probe = { .symbol_name = "stack_trace_save_tsk_reliable" };
	unsigned long addr;
	int err;

	if (!IS_ENABLED(CONFIG_KPROBES))
		return 0;
	err = register_kprobe(&probe);
	if (err)
		return err;
	addr = (unsigned long)probe.addr;
	unregister_kprobe(&probe);
	walk = (void *)(addr - endbr_before(addr));
	return 0;
}
module_init(bench_init);

static void __exit bench_exit(void)
{
}
module_exit(bench_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("livesplice selftest: what a pause and a call cost");
