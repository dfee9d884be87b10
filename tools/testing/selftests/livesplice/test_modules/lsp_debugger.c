// SPDX-License-Identifier: GPL-2.0
/*
 * Plays the gdb at the other end of kgdb, for test-kgdb.sh: what gdb would send
 * over a wire comes from here, and its answers are read here.
 *
 *	set, clear	a breakpoint at the address that is written; fails with
 *			what kgdb has answered
 *	hits		how many breakpoints were hit; each is cleared by that
 */
#include <linux/cleanup.h>
#include <linux/kgdb.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/serial_core.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#define SIZE	64

/* Who wants something of kgdb. */
static DEFINE_MUTEX(lock);

/* Packets that gdb sends next, and how much of that has been read. */
static char queue[2 * SIZE];
static unsigned int at;
/* The last packet that came, without its ends. */
static char answer[SIZE];
static unsigned int got;
/* Characters that are still to come of a packet: -1 if any number. */
static int rest;
static bool acknowledge;
/* The setter has stopped the machine, or else somebody has hit a breakpoint. */
static bool asked;
static char command[SIZE];
static unsigned int hits;

static void send(const char *packet)
{
	size_t len = strlen(queue);
	const char *p;
	u8 sum = 0;

	for (p = packet; *p; p++)
		sum += *p;
	snprintf(queue + len, sizeof(queue) - len, "$%s#%02x", packet, sum);
}

/* The machine has just stopped. */
static void stopped(void)
{
	char packet[SIZE];

	at = 0;
	queue[0] = '\0';
	if (asked) {
		send(command);
		if (command[0] != 'D')
			send("c");
		return;
	}
	/* command is the one that has set the breakpoint: "Z0,ADDRESS,1" */
	hits++;
	command[0] = 'z';
	send(command);
	snprintf(packet, sizeof(packet), "c%s", command + 3);
	*strrchr(packet, ',') = '\0';
	send(packet);
}

static int read_char(void)
{
	if (acknowledge) {
		acknowledge = false;
		return '+';
	}
	return queue[at] ? queue[at++] : NO_POLL_CHAR;
}

/* Acknowledgements, and packets: "$TEXT#SUM" */
static void write_char(u8 c)
{
	if (!rest && c == '$') {
		rest = -1;
		got = 0;
	} else if (rest < 0 && c == '#') {
		rest = 2;
	} else if (rest < 0 && got < sizeof(answer) - 1) {
		answer[got++] = c;
	} else if (rest > 0 && !--rest) {
		answer[got] = '\0';
		acknowledge = true;
	}
}

static struct kgdb_io io = {
	.name		= "lsp_debugger",
	.read_char	= read_char,
	.write_char	= write_char,
	.pre_exception	= stopped,
};

/* The answer to a command: "OK", or "Enn" with an errno in decimal. */
static int ask(void)
{
	answer[0] = '\0';
	asked = true;
	kgdb_breakpoint();
	asked = false;
	if (!strcmp(answer, "OK"))
		return 0;
	if (answer[0] != 'E')
		return -EIO;
	return -((answer[1] - '0') * 10 + answer[2] - '0');
}

static int breakpoint_set(const char *val, const struct kernel_param *kp)
{
	unsigned long addr;
	int err = kstrtoul(val, 16, &addr);

	if (err)
		return err;
	guard(mutex)(&lock);
	snprintf(command, sizeof(command), "%s0,%lx,1", (char *)kp->arg, addr);
	return ask();
}

static const struct kernel_param_ops breakpoint_ops = { .set = breakpoint_set };

module_param_cb(set, &breakpoint_ops, "Z", 0200);
module_param_cb(clear, &breakpoint_ops, "z", 0200);
module_param(hits, uint, 0400);

static int __init debugger_init(void)
{
	return kgdb_register_io_module(&io);
}

static void __exit debugger_exit(void)
{
	/* Detach: kgdb forgets its breakpoints. */
	strscpy(command, "D", sizeof(command));
	ask();
	kgdb_unregister_io_module(&io);
}

module_init(debugger_init);
module_exit(debugger_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("livesplice selftest: a gdb inside of the kernel");
