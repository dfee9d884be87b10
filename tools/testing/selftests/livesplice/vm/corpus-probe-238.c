// SPDX-License-Identifier: GPL-2.0
/*
 * Can a timeout policy be deleted while a rule uses it, and what becomes of those who
 * do? Run by corpus-guest.sh before, in and after an update from the fix.
 *
 * Each run leaves a policy behind, a rule of iptables that gives it to all UDP of this
 * machine, and a connection that has got it. The next one, before or behind a switch,
 * has to delete all that; then it makes, uses and deletes a policy of its own.
 * Whether a connection has the policy is told by how long it may be idle.
 *
 * Prints 238 VULNERABLE, FIXED, or MIXED if the two policies differ.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <linux/netfilter/xt_CT.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netlink.h>

#define LEFT	"/tmp/corpus-probe-238"
#define TABLE	"/proc/net/nf_conntrack"
#define IDLE	5000	/* seconds; 30 if there is no policy */
#define PORT	4238

#define SET(array, text)	snprintf(array, sizeof(array), "%s", text)

/* The standard target; its name is empty. */
struct verdict {
	struct ipt_entry		entry;
	struct xt_standard_target	target;
};

struct policy_rule {
	struct ipt_entry		entry;
	struct xt_entry_target		target;
	struct xt_ct_target_info_v1	info;
};

struct error_rule {
	struct ipt_entry		entry;
	struct xt_error_target		target;
};

/* The table "raw": a policy for UDP that goes out, if there is a rule. */
struct raw {
	struct ipt_replace	head;
	struct verdict		in;
	struct policy_rule	rule;
	struct verdict		out;
	struct error_rule	end;
};

static char request[1024];
static int sink;

static void bad(const char *what, const char *why)
{
	printf("238 BAD: %s: %s\n", what, why);
	exit(2);
}

static struct nlattr *attr(int type, const void *data, int len)
{
	struct nlmsghdr *n = (void *)request;
	struct nlattr *a = (void *)(request + NLMSG_ALIGN(n->nlmsg_len));

	a->nla_type = type;
	a->nla_len = NLA_HDRLEN + len;
	memcpy((char *)a + NLA_HDRLEN, data, len);
	n->nlmsg_len = NLMSG_ALIGN(n->nlmsg_len) + NLA_ALIGN(a->nla_len);
	return a;
}

static void begin(int type, int flags, const char *name)
{
	struct nlmsghdr *n = (void *)request;

	memset(request, 0, sizeof(request));
	n->nlmsg_len = NLMSG_LENGTH(sizeof(struct nfgenmsg));
	n->nlmsg_type = NFNL_SUBSYS_CTNETLINK_TIMEOUT << 8 | type;
	n->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	attr(CTA_TIMEOUT_NAME, name, strlen(name) + 1);
}

/* Sends the request; 0, or a number as in errno. */
static int answer(void)
{
	struct nlmsghdr *n = (void *)request;
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);

	if (fd < 0 || send(fd, n, n->nlmsg_len, 0) < 0 ||
	    recv(fd, request, sizeof(request), 0) < 0)
		err(2, "netlink");
	close(fd);
	return -((struct nlmsgerr *)NLMSG_DATA(n))->error;
}

static void make_policy(const char *name)
{
	uint32_t idle = htonl(IDLE);
	uint16_t l3 = htons(AF_INET);
	uint8_t l4 = IPPROTO_UDP;
	struct nlattr *nest;
	char *end;
	int error;

	begin(IPCTNL_MSG_TIMEOUT_NEW, NLM_F_CREATE | NLM_F_EXCL, name);
	attr(CTA_TIMEOUT_L3PROTO, &l3, sizeof(l3));
	attr(CTA_TIMEOUT_L4PROTO, &l4, sizeof(l4));
	nest = attr(CTA_TIMEOUT_DATA | NLA_F_NESTED, "", 0);
	attr(CTA_TIMEOUT_UDP_UNREPLIED, &idle, sizeof(idle));
	attr(CTA_TIMEOUT_UDP_REPLIED, &idle, sizeof(idle));
	end = request + ((struct nlmsghdr *)request)->nlmsg_len;
	nest->nla_len = end - (char *)nest;
	error = answer();
	if (error)
		bad(name, strerror(error));
}

static int delete_policy(const char *name)
{
	begin(IPCTNL_MSG_TIMEOUT_DELETE, 0, name);
	return answer();
}

static void fill_entry(struct ipt_entry *entry, size_t target, size_t size)
{
	entry->target_offset = target;
	entry->next_offset = size;
}

static void fill_verdict(struct verdict *v)
{
	fill_entry(&v->entry, offsetof(struct verdict, target), sizeof(*v));
	v->target.target.u.target_size = sizeof(v->target);
	v->target.verdict = -NF_ACCEPT - 1;
}

static void fill_rule(struct policy_rule *rule, const char *name)
{
	fill_entry(&rule->entry, offsetof(struct policy_rule, target), sizeof(*rule));
	rule->entry.ip.proto = IPPROTO_UDP;
	rule->target.u.user.target_size = sizeof(rule->target) + sizeof(rule->info);
	rule->target.u.user.revision = 1;
	SET(rule->target.u.user.name, "CT");
	SET(rule->info.timeout, name);
}

/* Makes the table anew, with a rule for a policy or, without a name, none. */
static void set_table(const char *name)
{
	size_t skip = name ? 0 : sizeof(struct policy_rule);
	size_t first = offsetof(struct raw, in);
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	struct ipt_getinfo info = { .name = "raw" };
	socklen_t len = sizeof(info);
	struct raw raw = { .head = { .name = "raw" } };

	if (fd < 0 || getsockopt(fd, IPPROTO_IP, IPT_SO_GET_INFO, &info, &len))
		err(2, "no table");
	fill_verdict(&raw.in);
	fill_rule(&raw.rule, name ?: "");
	fill_verdict(&raw.out);
	fill_entry(&raw.end.entry, offsetof(struct error_rule, target), sizeof(raw.end));
	raw.end.target.target.u.user.target_size = sizeof(raw.end.target);
	SET(raw.end.target.target.u.user.name, XT_ERROR_TARGET);
	SET(raw.end.target.errorname, XT_ERROR_TARGET);
	raw.head.valid_hooks = info.valid_hooks;
	raw.head.num_entries = name ? 4 : 3;
	raw.head.size = sizeof(raw) - first - skip;
	raw.head.hook_entry[NF_INET_LOCAL_OUT] = offsetof(struct raw, rule) - first;
	raw.head.underflow[NF_INET_LOCAL_OUT] = offsetof(struct raw, out) - first - skip;
	raw.head.num_counters = info.num_entries;
	raw.head.counters = calloc(info.num_entries, sizeof(struct xt_counters));
	if (skip)
		memmove(&raw.rule, &raw.out, sizeof(raw) - offsetof(struct raw, out));
	if (setsockopt(fd, IPPROTO_IP, IPT_SO_SET_REPLACE, &raw, sizeof(raw) - skip))
		err(2, "cannot set a table");
	free(raw.head.counters);
	close(fd);
}

static int connection(void)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
		err(2, "connect");
	return fd;
}

/* For how long may a connection be idle, now that something was sent? */
static int idle_seconds(int fd)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char line[512], port[32];
	int idle = -1;
	FILE *f;

	if (send(fd, "", 1, 0) < 0 || getsockname(fd, (struct sockaddr *)&from, &len))
		err(2, "send");
	snprintf(port, sizeof(port), " sport=%d dport=%d ", ntohs(from.sin_port), PORT);
	f = fopen(TABLE, "r");
	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, port))
			sscanf(line, "ipv4 %*d udp %*d %d", &idle);
	fclose(f);
	return idle;
}

static void must_be_idle(const char *when, int fd, int least, int most)
{
	int idle = idle_seconds(fd);
	char text[32];

	snprintf(text, sizeof(text), "%d s", idle);
	if (idle < least || idle > most)
		bad(when, text);
}

/* Deletes a policy that the rule has, and connections. Did it go at once? */
static int end_policy(const char *name, int fd)
{
	int busy = delete_policy(name), next = connection();

	if (busy && busy != EBUSY)
		bad(name, strerror(busy));
	/* The rule has the policy, deleted or not; who had it before has not. */
	must_be_idle("new one of a rule", next, IDLE - 60, IDLE);
	if (fd >= 0 && !busy)
		must_be_idle("policy deleted", fd, 0, 120);
	set_table(NULL);
	must_be_idle("rule gone", next, busy ? IDLE - 60 : 0, IDLE);
	if (busy && delete_policy(name))
		bad(name, "stays");
	close(next);
	return !busy;
}

static int use_policy(const char *name)
{
	int fd = connection();

	make_policy(name);
	set_table(name);
	must_be_idle("policy new", fd, IDLE - 60, IDLE);
	return fd;
}

int main(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct stat st;
	int left, own, fd;

	sink = socket(AF_INET, SOCK_DGRAM, 0);
	if (sink < 0 || bind(sink, (struct sockaddr *)&any, sizeof(any)))
		err(2, "bind");
	left = stat(LEFT, &st) ? -1 : end_policy("left", -1);
	fd = use_policy("own");
	own = end_policy("own", fd);
	close(fd);
	close(use_policy("left"));
	close(open(LEFT, O_CREAT | O_WRONLY, 0600));
	printf("238 %s: a policy in use was%s deleted\n",
	       left >= 0 && left != own ? "MIXED" : own ? "FIXED" : "VULNERABLE",
	       own ? "" : " not");
	return 0;
}
