// SPDX-License-Identifier: GPL-2.0
/*
 * Neighbours of an update that a shell cannot be, for test-company.sh and
 * test-probes.sh. All work on the function at an address that is written to a
 * parameter; 0 takes them away.
 *
 *	post	a kprobe with a post handler
 *	before, around, instead
 *		a direct call of the tracer, as BPF makes them for fentry, fexit
 *		and fmod_ret: that counts and goes on in the function; that
 *		counts when it has called the function; that counts and returns 0
 *	divert	a handler of the tracer that sends callers to another function
 *	detour	a probe that may become a jump. Its first hit has a thread with
 *		a higher priority than anybody's take the CPU for HOLD_MS
 *	byte	write an address; read what is there
 *	hits	how often the above were hit; write: from now on
 *	held	thread that the detour has put off the CPU, 0 if none is
 */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/ftrace.h>
#include <linux/jiffies.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/linkage.h>
#include <linux/module.h>
#include <linux/objtool.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/sysfs.h>
#include <linux/uaccess.h>

#include <asm/ibt.h>
#include <asm/nospec-branch.h>

#define HOLD_MS		3000

static atomic_t hits;

/* The probe with a post handler. */
static void count_post(struct kprobe *probe, struct pt_regs *regs, unsigned long flags)
{
	atomic_inc(&hits);
}

static struct kprobe post_probe;

static void remove_probe(struct kprobe *probe)
{
	if (probe->addr)
		unregister_kprobe(probe);
	memset(probe, 0, sizeof(*probe));
}

static int add_probe(struct kprobe *probe, unsigned long addr)
{
	int err;

	probe->addr = (kprobe_opcode_t *)addr;
	err = register_kprobe(probe);
	if (err)
		probe->addr = NULL;
	return err;
}

static int post_set(const char *val, const struct kernel_param *kp)
{
	unsigned long addr;
	int err = kstrtoul(val, 16, &addr);

	if (err)
		return err;
	remove_probe(&post_probe);
	post_probe.post_handler = count_post;
	return addr ? add_probe(&post_probe, addr) : 0;
}

/*
 * The direct calls. What called them is the first instruction of a function: on
 * the stack are the address behind that call, and where the function returns to.
 * In 7.3 an odd address says that it shall be jumped to.
 */
void company_before(void);
void company_around(void);
void company_instead(void);

__visible void company_count(void);
__visible void company_count(void)
{
	atomic_inc(&hits);
}

#define KEEP_ARGS						\
	"	pushq %rdi\n"					\
	"	pushq %rsi\n"					\
	"	pushq %rdx\n"					\
	"	pushq %rcx\n"					\
	"	call company_count\n"				\
	"	popq %rcx\n"					\
	"	popq %rdx\n"					\
	"	popq %rsi\n"					\
	"	popq %rdi\n"

asm(".pushsection .text, \"ax\", @progbits\n"
	".balign 16\n"
	".globl company_before\n"
	".type company_before, @function\n"
	"company_before:\n"
		ASM_ENDBR
	"	pushq %rbp\n"
	"	movq %rsp, %rbp\n"
		KEEP_ARGS
	"	leave\n"
		ASM_RET
	".size company_before, .-company_before\n"

	".balign 16\n"
	".globl company_around\n"
	".type company_around, @function\n"
	"company_around:\n"
		ASM_ENDBR
	"	pushq %rbp\n"
	"	movq %rsp, %rbp\n"
	"	movq 8(%rbp), %rax\n"
		ANNOTATE_RETPOLINE_SAFE
	"	call *%rax\n"
	"	pushq %rax\n"
	"	call company_count\n"
	"	popq %rax\n"
	"	leave\n"
	"	addq $8, %rsp\n"
		ASM_RET
	".size company_around, .-company_around\n"

	".balign 16\n"
	".globl company_instead\n"
	".type company_instead, @function\n"
	"company_instead:\n"
		ASM_ENDBR
	"	pushq %rbp\n"
	"	movq %rsp, %rbp\n"
	"	call company_count\n"
	"	xorl %eax, %eax\n"
	"	leave\n"
	"	addq $8, %rsp\n"
		ASM_RET
	".size company_instead, .-company_instead\n"
	".popsection\n");
STACK_FRAME_NON_STANDARD(company_around);
STACK_FRAME_NON_STANDARD(company_instead);

static struct ftrace_ops direct_ops;
static unsigned long direct_call;

static void remove_direct(void)
{
	if (!direct_call)
		return;
	unregister_ftrace_direct(&direct_ops, direct_call, true);
	direct_call = 0;
	/* Somebody may still be in it. */
	synchronize_rcu_tasks();
}

static int direct_set(const char *val, const struct kernel_param *kp)
{
	unsigned long addr;
	int err = kstrtoul(val, 16, &addr);

	if (err)
		return err;
	remove_direct();
	if (!addr)
		return 0;
	memset(&direct_ops, 0, sizeof(direct_ops));
	err = ftrace_set_filter_ip(&direct_ops, addr, 0, 0);
	if (!err)
		err = register_ftrace_direct(&direct_ops, (unsigned long)kp->arg);
	if (err)
		ftrace_free_filter(&direct_ops);
	else
		direct_call = (unsigned long)kp->arg;
	return err;
}

/* The handler that sends callers elsewhere, as that of a livepatch. */
static int diverted_show(struct seq_file *m, void *v)
{
	seq_puts(m, "diverted\n");
	return 0;
}

static void notrace divert(unsigned long ip, unsigned long parent_ip,
			   struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	ftrace_regs_set_instruction_pointer(fregs, (unsigned long)diverted_show);
}

static struct ftrace_ops divert_ops;

static void remove_divert(void)
{
	if (!divert_ops.func)
		return;
	unregister_ftrace_function(&divert_ops);
	ftrace_free_filter(&divert_ops);
	divert_ops.func = NULL;
}

static int divert_set(const char *val, const struct kernel_param *kp)
{
	unsigned long addr;
	int err = kstrtoul(val, 16, &addr);

	if (err)
		return err;
	remove_divert();
	if (!addr)
		return 0;
	memset(&divert_ops, 0, sizeof(divert_ops));
	divert_ops.func = divert;
	divert_ops.flags = FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_SAVE_REGS;
	err = ftrace_set_filter_ip(&divert_ops, addr, 0, 0);
	if (!err)
		err = register_ftrace_function(&divert_ops);
	if (err) {
		ftrace_free_filter(&divert_ops);
		divert_ops.func = NULL;
	}
	return err;
}

/* The probe that has whoever hits it lose the CPU while it is in there. */
static struct kprobe detour_probe;
static struct task_struct *holder;
static atomic_t held;

static int hold_cpu(void *data)
{
	unsigned long until;

	set_current_state(TASK_INTERRUPTIBLE);
	while (!kthread_should_stop()) {
		schedule();
		set_current_state(TASK_INTERRUPTIBLE);
		if (!atomic_read(&held))
			continue;
		__set_current_state(TASK_RUNNING);
		until = jiffies + msecs_to_jiffies(HOLD_MS);
		while (time_before(jiffies, until) && !kthread_should_stop())
			cpu_relax();
		atomic_set(&held, 0);
		set_current_state(TASK_INTERRUPTIBLE);
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

static int lose_cpu(struct kprobe *probe, struct pt_regs *regs)
{
	atomic_inc(&hits);
	if (smp_processor_id() == 1 && !atomic_cmpxchg(&held, 0, current->pid))
		wake_up_process(holder);
	return 0;
}

static int detour_set(const char *val, const struct kernel_param *kp)
{
	unsigned long addr;
	int err = kstrtoul(val, 16, &addr);

	if (err)
		return err;
	remove_probe(&detour_probe);
	detour_probe.pre_handler = lose_cpu;
	return addr ? add_probe(&detour_probe, addr) : 0;
}

static unsigned long looked_at;

static int byte_set(const char *val, const struct kernel_param *kp)
{
	return kstrtoul(val, 16, &looked_at);
}

static int byte_get(char *buf, const struct kernel_param *kp)
{
	u8 byte;

	if (copy_from_kernel_nofault(&byte, (void *)looked_at, 1))
		return -EFAULT;
	return sysfs_emit(buf, "%02x\n", byte);
}

static int hits_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", atomic_read(&hits));
}

static int hits_set(const char *val, const struct kernel_param *kp)
{
	atomic_set(&hits, 0);
	return 0;
}

static int held_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", atomic_read(&held));
}

static const struct kernel_param_ops post_ops = { .set = post_set };
static const struct kernel_param_ops call_ops = { .set = direct_set };
static const struct kernel_param_ops divert_param_ops = { .set = divert_set };
static const struct kernel_param_ops detour_ops = { .set = detour_set };
static const struct kernel_param_ops byte_ops = { .set = byte_set, .get = byte_get };
static const struct kernel_param_ops hits_ops = { .set = hits_set, .get = hits_get };
static const struct kernel_param_ops held_ops = { .get = held_get };

module_param_cb(post, &post_ops, NULL, 0200);
module_param_cb(before, &call_ops, company_before, 0200);
module_param_cb(around, &call_ops, company_around, 0200);
module_param_cb(instead, &call_ops, company_instead, 0200);
module_param_cb(divert, &divert_param_ops, NULL, 0200);
module_param_cb(detour, &detour_ops, NULL, 0200);
module_param_cb(byte, &byte_ops, NULL, 0600);
module_param_cb(hits, &hits_ops, NULL, 0600);
module_param_cb(held, &held_ops, NULL, 0400);

static int __init company_init(void)
{
	holder = kthread_create(hold_cpu, NULL, "lsp_holder");
	if (IS_ERR(holder))
		return PTR_ERR(holder);
	if (num_possible_cpus() > 1)
		kthread_bind(holder, 1);
	sched_set_fifo(holder);
	wake_up_process(holder);
	return 0;
}

static void __exit company_exit(void)
{
	remove_probe(&post_probe);
	remove_probe(&detour_probe);
	remove_direct();
	remove_divert();
	kthread_stop(holder);
}

module_init(company_init);
module_exit(company_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("livesplice selftest: neighbours on the same bytes");
