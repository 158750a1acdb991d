// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// How an interface deals out packets to its queues (receive side scaling): a hash of some fields of
// the packet picks an entry of the indirection table, and that a queue.

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum xsk_flow {
	XSK_TCP4,
	XSK_UDP4,
	XSK_TCP6,
	XSK_UDP6,
	XSK_FLOWS,
};

struct xsk_rss {
	uint32_t *table; // queues. owner: xsk_rss_free
	unsigned n;	 // entries; 0: the driver shows none
	// The hash is the same for both directions of a flow, by what is known of it.
	bool is_symmetric;
	uint64_t fields[XSK_FLOWS]; // RXH_* of linux/ethtool.h; 0: the driver does not say
};

// 0 or -errno; a driver without a table is no error.
int xsk_rss_read(const char *ifname, struct xsk_rss *r);
void xsk_rss_free(struct xsk_rss *r);

// Does every queue, and no other, have as many entries as the others, up to one?
bool xsk_rss_is_even(const struct xsk_rss *r, unsigned n_queues);
bool xsk_rss_has_ports(const struct xsk_rss *r, enum xsk_flow flow);

// Sets the table to these queues, or to the kernel's default. 0 or -errno.
int xsk_rss_set(const char *ifname, const uint32_t *table, unsigned n);
int xsk_rss_reset(const char *ifname);
// Puts back a table that was read before. Where the kernel's default is the same, it is that
// again, which other numbers of queues change; what was set by hand they may not.
int xsk_rss_put_back(const char *ifname, const uint32_t *table, unsigned n);
int xsk_rss_set_fields(const char *ifname, enum xsk_flow flow, uint64_t fields);
// Fields of the flow with its ports.
uint64_t xsk_rss_with_ports(uint64_t fields);

// "128 entries, even over 4 queues; ports count for tcp4 udp4 tcp6 udp6".
void xsk_rss_print(FILE *f, const struct xsk_rss *r, unsigned n_queues);
