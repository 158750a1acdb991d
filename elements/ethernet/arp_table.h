// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The neighbours that one worker's ARPQuerier knows or asks for, with the packets that wait for
// them. owner: worker (control only at a safe point).

#include <weir/element.h>

struct arp_entry {
	be32 ip;
	uint8_t eth[6];
	bool known;		 // eth was told to us
	uint8_t polls;		 // queries since the last reply
	uint64_t live, polled;	 // when last heard of (or first wanted), when last asked for
	struct arp_entry *chain; // of the same bucket
	struct arp_entry *older, *newer;
	struct packet *head, *tail; // that wait, oldest first
	uint32_t n;
};

struct arp_limits {
	uint32_t packets;	    // 0: no limit
	uint32_t entries;	    // 0: ARP_ENTRIES_MAX
	uint32_t packets_per_entry; // 0: no limit
	uint32_t slim_factor;	    // a full table loses 1/slim_factor of its packets
	uint64_t timeout;	    // ns; 0: entries live for ever
};

enum { ARP_ENTRIES_MAX = 65536 }; // whatever a flood of replies or destinations says

struct arp_table {
	struct arp_entry **buckets;
	uint32_t n_buckets, seed;
	uint32_t n_entries, n_packets;
	struct arp_entry *oldest, *newest; // by `live`
};

enum { ARP_POLL_NS = 100000000 }; // an address is asked for no sooner again

struct arp_entry *arp_find(const struct arp_table *t, be32 ip);
// Finds or adds (as the newest, unknown). NULL without memory.
struct arp_entry *arp_ensure(struct arp_table *t, be32 ip, uint64_t now);
// Records what a reply says. eth ff:ff:ff:ff:ff:ff makes it unknown again.
void arp_learn(struct arp_table *t, struct arp_entry *e, const uint8_t *eth, uint64_t now);
// Keeps an entry that is still asked for from expiring.
void arp_refresh(struct arp_table *t, struct arp_entry *e, uint64_t now, uint64_t timeout);
void arp_append(struct arp_table *t, struct arp_entry *e, struct packet *p);
// The oldest waiting packet of an entry, no longer there; NULL when there is none.
struct packet *arp_take(struct arp_table *t, struct arp_entry *e);
// Unlinks and frees an entry that has no packets.
void arp_remove(struct arp_table *t, struct arp_entry *e);

static inline bool arp_expired(const struct arp_entry *e, uint64_t now, uint64_t timeout)
{
	return timeout && now > e->live + timeout;
}

// Between two queries: ten a second, and one in two seconds when nobody answers.
static inline uint64_t arp_poll_pause(const struct arp_entry *e)
{
	return (e->polls >= 10 ? 20ull : 1ull) * ARP_POLL_NS;
}

static inline bool arp_may_poll(const struct arp_entry *e, uint64_t now)
{
	return now >= e->polled + arp_poll_pause(e);
}
