// SPDX-License-Identifier: GPL-2.0
/*
 * A call that behaves like that of a virtual CPU which has halted: it sleeps and
 * sleeps, runs the works of its task where it is, without returning, and gives
 * up with EINTR for a signal or whatever looks like one. For test-sleepers.sh.
 *
 * /dev/lsp_vcpu takes two ioctls: RUN, until somebody has called KICK for the
 * same open file. The parameter works says how often there were works to run.
 */
#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/jiffies.h>
#include <linux/kprobes.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/thread_info.h>
#include <linux/wait.h>

#include <asm/cpufeature.h>

#define LSP_VCPU_RUN	_IO('L', 1)
#define LSP_VCPU_KICK	_IO('L', 2)

/* Something happens in the guest, and it halts again. */
#define HALT		(HZ / 50 + 1)

struct vcpu {
	wait_queue_head_t	wait;
	atomic_t		kicks;
};

static atomic_t nr_works;

/* Not exported; and where calls are checked no pointer may lead to it. */
static void (*run_works)(void);

static int vcpu_open(struct inode *inode, struct file *file)
{
	struct vcpu *vcpu = kzalloc(sizeof(*vcpu), GFP_KERNEL);

	if (!vcpu)
		return -ENOMEM;
	init_waitqueue_head(&vcpu->wait);
	file->private_data = vcpu;
	return 0;
}

static int vcpu_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static long vcpu_run(struct vcpu *vcpu)
{
	long left;

	do {
		if (run_works && test_and_clear_thread_flag(TIF_NOTIFY_RESUME)) {
			atomic_inc(&nr_works);
			run_works();
		}
		left = wait_event_interruptible_timeout(vcpu->wait,
							atomic_read(&vcpu->kicks),
							HALT);
		if (left < 0)
			return -EINTR;
	} while (!atomic_add_unless(&vcpu->kicks, -1, 0));
	return 0;
}

static long vcpu_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct vcpu *vcpu = file->private_data;

	switch (cmd) {
	case LSP_VCPU_RUN:
		return vcpu_run(vcpu);
	case LSP_VCPU_KICK:
		atomic_inc(&vcpu->kicks);
		wake_up(&vcpu->wait);
		return 0;
	default:
		return -ENOTTY;
	}
}

static const struct file_operations vcpu_fops = {
	.owner		= THIS_MODULE,
	.open		= vcpu_open,
	.release	= vcpu_release,
	.unlocked_ioctl	= vcpu_ioctl,
};

static struct miscdevice vcpu_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "lsp_vcpu",
	.fops	= &vcpu_fops,
};

static int works_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", run_works ? atomic_read(&nr_works) : -1);
}

static const struct kernel_param_ops works_ops = {
	.get	= works_get,
};

module_param_cb(works, &works_ops, NULL, 0444);
MODULE_PARM_DESC(works, "how often there were works to run; -1 if they are not");

static int __init vcpu_init(void)
{
	struct kprobe probe = { .symbol_name = "task_work_run" };

	if (!cpu_feature_enabled(X86_FEATURE_IBT) && !register_kprobe(&probe)) {
		run_works = (void *)probe.addr;
		unregister_kprobe(&probe);
	}
	return misc_register(&vcpu_device);
}
module_init(vcpu_init);

static void __exit vcpu_exit(void)
{
	misc_deregister(&vcpu_device);
}
module_exit(vcpu_exit);

MODULE_DESCRIPTION("livesplice: a call like that of a virtual CPU, for the tests");
MODULE_LICENSE("GPL");
