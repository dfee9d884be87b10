// SPDX-License-Identifier: GPL-2.0
/*
 * What key for receive-side scaling does virtio_net tell a device that was there
 * before? Run by corpus-guest.sh before, in and after an update from the fix.
 *
 * The device is told whenever a key is set. A kprobe looks at struct virtnet_info at
 * that moment: there is the length of the key, and behind that the key should be;
 * in the vulnerable kernel a byte of padding is first. Where in the struct that is,
 * is found by the key. Before it sets the key, a later run looks whether the driver
 * still knows the one that an earlier run has set.
 *
 * Prints 221 VULNERABLE, FIXED, or LOST if the driver has another key.
 */
#include <err.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>

#define TRACING	"/sys/kernel/tracing/"
#define EVENT	TRACING "events/kprobes/corpus_rss/enable"
#define SEEN	"/tmp/corpus-probe-221"
#define KEY	40
#define WORDS	32

static uint8_t want[KEY];
static struct ifreq ifr;
static int sock;

static void put(const char *path, int flags, const char *text)
{
	int fd = open(path, O_WRONLY | flags);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(2, "%s", path);
	close(fd);
}

/* Gets the key of an interface, or sets it. */
static int rss(int cmd, uint8_t *key)
{
	struct ethtool_rxfh *rxfh = calloc(1, sizeof(*rxfh) + KEY);
	int rc;

	rxfh->cmd = cmd;
	rxfh->key_size = KEY;
	rxfh->indir_size = cmd == ETHTOOL_SRSSH ? ETH_RXFH_INDIR_NO_CHANGE : 0;
	memcpy(rxfh->rss_config, key, KEY);
	ifr.ifr_data = (void *)rxfh;
	rc = ioctl(sock, SIOCETHTOOL, &ifr);
	memcpy(key, rxfh->rss_config, KEY);
	free(rxfh);
	return rc;
}

static void find_device(void)
{
	struct if_nameindex *all = if_nameindex(), *i;
	uint8_t key[KEY];

	for (i = all; i && i->if_index; i++) {
		snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", i->if_name);
		if (!rss(ETHTOOL_GRSSH, key))
			return;
	}
	errx(2, "no device with a key");
}

static void set_probe(void)
{
	char line[2048];
	int len, i;

	len = snprintf(line, sizeof(line), "p:corpus_rss virtnet_commit_rss_command");
	for (i = 0; i < WORDS; i++)
		len += snprintf(line + len, sizeof(line) - len, " +%d(%%di):x64", i * 8);
	put(TRACING "kprobe_events", O_APPEND, line);
	put(EVENT, 0, "1");
}

/* What the kprobe saw, as bytes. */
static size_t probed(uint8_t *bytes)
{
	static char text[1 << 16];
	FILE *f = fopen(TRACING "trace", "r");
	char *at = text;
	size_t n;

	text[f ? fread(text, 1, sizeof(text) - 1, f) : 0] = 0;
	fclose(f);
	at = strstr(text, "corpus_rss:");
	for (n = 0; at && n < WORDS; n++) {
		uint64_t word;

		at = strchr(at, '=');
		if (at) {
			word = strtoull(++at, NULL, 16);
			memcpy(bytes + n * 8, &word, 8);
		}
	}
	return n * 8;
}

/* How far behind its length is the key? */
static int distance(void)
{
	uint8_t bytes[WORDS * 8];
	size_t n = probed(bytes), i;

	for (i = 2; i + KEY <= n; i++)
		if (!memcmp(bytes + i, want, KEY))
			return bytes[i - 1] == KEY ? 1 : bytes[i - 2] == KEY ? 2 : 0;
	return 0;
}

int main(void)
{
	uint8_t key[KEY];
	struct stat st;
	int at, kept = 1;

	for (int i = 0; i < KEY; i++)
		want[i] = 0xa0 + i;
	sock = socket(AF_INET, SOCK_DGRAM, 0);
	find_device();
	if (!stat(SEEN, &st))
		kept = !rss(ETHTOOL_GRSSH, key) && !memcmp(key, want, KEY);
	close(open(SEEN, O_CREAT | O_WRONLY, 0600));
	put(TRACING "trace", O_TRUNC, "");
	set_probe();
	memcpy(key, want, KEY);
	if (rss(ETHTOOL_SRSSH, key))
		err(2, "cannot set a key");
	at = distance();
	put(EVENT, 0, "0");
	put(TRACING "kprobe_events", O_APPEND, "-:corpus_rss");
	kept = kept && !rss(ETHTOOL_GRSSH, key) && !memcmp(key, want, KEY);
	printf("221 %s: %s has the key %d bytes behind its length\n",
	       !kept ? "LOST" : at == 1 ? "FIXED" : at == 2 ? "VULNERABLE" : "UNKNOWN",
	       ifr.ifr_name, at);
	return 0;
}
