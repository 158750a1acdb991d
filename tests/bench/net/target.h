// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Where generated packets go: options that the programs here have in common.

#include <linux/types.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

struct target {
	const char *mac;  // of the router
	const char *dsts; // file of destinations, four bytes each; NULL: one
	__u32 src, dst;	  // wire order
};

#define TARGET_OPTIONS                                                       \
	{"mac", 1, NULL, 'm'}, {"src", 1, NULL, 's'}, {"dst", 1, NULL, 'd'}, \
	{                                                                    \
		"dsts", 1, NULL, 'D'                                         \
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
		return inet_pton(AF_INET, value, &t->src) == 1;
	case 'd':
		return inet_pton(AF_INET, value, &t->dst) == 1;
	default:
		return false;
	}
}

static inline bool target_is_whole(const struct target *t)
{
	return t->mac && t->src && (t->dst || t->dsts);
}

// The destinations; their number is a power of two, and at most `most`. 0 or -errno.
static inline int target_read(const struct target *t, __u32 *to, size_t most, __u32 *mask)
{
	FILE *f;
	size_t n;

	*mask = 0;
	to[0] = t->dst;
	if (!t->dsts)
		return 0;
	f = fopen(t->dsts, "rb");
	if (!f)
		return -errno;
	n = fread(to, sizeof(*to), most, f);
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
