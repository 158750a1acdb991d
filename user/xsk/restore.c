// SPDX-License-Identifier: BSD-2-Clause
#include "restore.h"

#include "iface.h"

#include <errno.h>
#include <rss.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <vlan.h>

enum { LINE = 256 };

unsigned long long xsk_netns(void)
{
	struct stat st;

	return stat("/proc/self/ns/net", &st) ? 0 : (unsigned long long)st.st_ino;
}

// Refused as long as sockets of the killed process are being taken down.
static void restore_channels(const char *name, const struct xsk_channels *c)
{
	for (unsigned ms = 0; ms < XSK_RETRY_FOR_MS; ms += XSK_RETRY_MS) {
		int e = xsk_iface_set_channels(name, c);

		if (e == 0 || e == -ENODEV)
			break;
		nanosleep(&(struct timespec){.tv_nsec = XSK_RETRY_MS * 1000000L}, NULL);
	}
}

static void restore_table(const char *name, const char *text)
{
	uint32_t *table = calloc(strlen(text) + 1, sizeof(*table));
	unsigned n = 0;
	char *end;

	for (; table; text = end) {
		uint32_t queue = (uint32_t)strtoul(text, &end, 10);

		if (end == text)
			break;
		table[n++] = queue;
	}
	if (n)
		xsk_rss_put_back(name, table, n);
	free(table);
}

static void restore_feature(const char *name, const char *feature)
{
	for (unsigned i = 0; i < XSK_FEATURES; i++)
		if (!strcmp(feature, xsk_feature_name(i)))
			xsk_feature_set(name, i, true);
}

static void restore_line(char *line)
{
	struct xsk_channels c;
	char path[LINE], value[LINE], name[IFNAMSIZ];
	unsigned long long fields;
	unsigned flow;
	int at = 0;

	if (sscanf(line, "sysfs %255s %255s", path, value) == 2)
		xsk_sysfs_write(path, value);
	else if (sscanf(line, "channels %15s %u %u %u", name, &c.rx, &c.tx, &c.combined) == 4)
		restore_channels(name, &c);
	else if (sscanf(line, "hash %15s %u %llu", name, &flow, &fields) == 3 && flow < XSK_FLOWS)
		xsk_rss_set_fields(name, flow, fields);
	else if (sscanf(line, "feature %15s %255s", name, value) == 2)
		restore_feature(name, value);
	else if (sscanf(line, "table %15s%n", name, &at) == 1 && at)
		restore_table(name, line + at);
}

bool xsk_restore(int journal)
{
	struct stat st;
	size_t size = fstat(journal, &st) ? 0 : (size_t)st.st_size;
	char *text = calloc(1, size + 1), *line;
	ssize_t n = text ? pread(journal, text, size, 0) : -1;
	bool ours = n <= 0 || strtoull(text, NULL, 10) == xsk_netns();

	while (ours && n > 0 && (line = strrchr(text, '\n'))) {
		*line = '\0';
		line = strrchr(text, '\n');
		if (!line)
			break;
		restore_line(line + 1);
	}
	free(text);
	return ours;
}
