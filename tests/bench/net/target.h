// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Where generated packets go: options that the programs here have in common.

#include <linux/types.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct target {
	const char *mac;      // of the router
	const char *dsts;     // file of destinations as on the wire; NULL: one
	int family;	      // of the source; the destinations are of the same
	__u32 src[4], dst[4]; // wire order; of IPv4 the first
	bool has_dst;
};

#define TARGET_OPTIONS                                                       \
	{"mac", 1, NULL, 'm'}, {"src", 1, NULL, 's'}, {"dst", 1, NULL, 'd'}, \
	{                                                                    \
		"dsts", 1, NULL, 'D'                                         \
	}

static inline bool target_address(const char *text, int *family, __u32 addr[4])
{
	int is = strchr(text, ':') ? AF_INET6 : AF_INET;

	if (*family && *family != is)
		return false;
	*family = is;
	return inet_pton(is, text, addr) == 1;
}

// False: it is none of these options, or has a bad value.
static inline bool target_take(struct target *t, int c, const char *value)
{
	switch (c) {
	case 'm':
		t->mac = value;
		return true;
	case 'D':
		t->dsts = value;
		return true;
	case 's':
		return target_address(value, &t->family, t->src);
	case 'd':
		t->has_dst = true;
		return target_address(value, &t->family, t->dst);
	default:
		return false;
	}
}

static inline bool target_is_whole(const struct target *t)
{
	return t->mac && t->family && (t->has_dst || t->dsts);
}

// The destinations, one after the other; their number is a power of two, and at most `most`. 0 or
// -errno.
static inline int target_read(const struct target *t, __u32 *to, size_t most, __u32 *mask)
{
	size_t size = t->family == AF_INET6 ? 16 : 4, n;
	FILE *f;

	*mask = 0;
	memcpy(to, t->dst, size);
	if (!t->dsts)
		return 0;
	f = fopen(t->dsts, "rb");
	if (!f)
		return -errno;
	n = fread(to, size, most, f);
	fclose(f);
	if (!n || n & (n - 1))
		return -EINVAL;
	*mask = (__u32)n - 1;
	return 0;
}

// 0 or -EINVAL.
static inline int target_mac(const char *text, __u8 mac[6])
{
	unsigned char *m = mac;
	int n = sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", m, m + 1, m + 2, m + 3, m + 4, m + 5);

	return n == 6 ? 0 : -EINVAL;
}
