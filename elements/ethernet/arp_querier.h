// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <weir/area.h>

#include "arp_front.h"
#include "arp_table.h"

#include <sched.h>

enum arp_reason {
	ARP_TIMEOUT,
	ARP_CAPACITY,
	ARP_NO_BUFFER,
	ARP_NO_ADDRESS,
	ARP_NO_ROOM,
	ARP_BAD_REPLY,
	ARP_CLEARED,
};

// A reply that one worker heard and the others have not.
struct arp_news {
	be32 ip;
	uint8_t eth[6];
};

enum { ARP_LOG = 64, ARP_CACHE = 256 };

// Replies reach one worker; the packets that wait for them may be on another. Each writes what it
// learns here, calls those that wait, and reads what the others wrote; who is too late looks into
// the table of the driver's half. Packets leave from the worker that they came to: so they stay in
// front of those of their flow that come later.
struct arp_log {
	unsigned lock; // spin; taken for a few instructions, and only for replies
	uint64_t seq;  // news written so far; readers: workers
	struct arp_news news[ARP_LOG];
	// Atomic, written by all workers:
	uint64_t asked[ARP_CACHE]; // by hash: address, and the millisecond of the last query
	uint32_t n_packets;	   // that wait, on all of them
	bool told_zero;		   // it was said that a packet has no address
};

struct arp_querier {
	char *ip_text, *eth_text;
	be32 ip, broadcast;
	uint8_t eth[6];
	struct arp_limits limits;
	uint64_t poll_timeout; // ns; 0: never
	bool broadcast_poll, broadcast_given;
	struct arp_log *log;
	struct weir_area neighbors; // of arp_neighbor: the table of the driver's half
	struct arp_front front;
};

// What to write in front of a packet for a neighbour; until: when to look at the table again.
struct arp_cached {
	uint64_t until;
	be32 ip;
	struct eth eth;
};

struct arp_querier_state {
	struct arp_cached cache[ARP_CACHE];
	struct arp_table table;
	uint64_t queries, responses, drops; // drops: by the table, or for lack of an address
	uint64_t seen;			    // of log->seq
	uint32_t share; // of the packets that may wait, where there are others; 0: there are none
	bool waiting;	// packets wait, so it wants to hear of replies. readers: all workers
	struct weir_bell bell; // rung when there is news
	struct weir_timer timer;
};

static inline unsigned arp_slot(be32 ip)
{
	return ip.be * 0x9e3779b1 >> 24;
}

static inline struct arp_cached *arp_cached(struct arp_querier_state *s, be32 ip)
{
	return &s->cache[arp_slot(ip)];
}

static inline void arp_log_lock(struct arp_log *log)
{
	// who has it may have been interrupted
	while (__atomic_exchange_n(&log->lock, 1, __ATOMIC_ACQUIRE))
		sched_yield();
}

static inline void arp_log_unlock(struct arp_log *log)
{
	__atomic_store_n(&log->lock, 0, __ATOMIC_RELEASE);
}

// What all workers and the driver's half share; false without memory.
bool arp_memory(struct arp_querier *self);
// A neighbour is known to the driver's half from now on, until it is time to look again.
void arp_publish(struct weir_node *n, be32 ip, const uint8_t *eth, uint64_t until);
// What any worker published of a neighbour and is still true. False: nothing.
bool arp_published(const struct arp_querier *self, be32 ip, uint64_t now, uint8_t *eth);
// It is neither in the cache nor known to the driver's half.
void arp_forget(struct weir_node *n, be32 ip);
int arp_querier_driver(const struct weir_element *e, struct weir_front_args *a);

// Did another worker ask for an address within the last so many nanoseconds? If not, notes that
// this one does.
bool arp_asked(struct arp_log *log, be32 ip, uint64_t now, uint64_t within);
// A reply came in on this worker.
void arp_tell_others(struct weir_node *n, be32 ip, const uint8_t *eth);
void arp_read_news(struct weir_node *n);
void arp_called(struct weir_node *n); // by its bell

// The part of CAPACITY that is one worker's, at least 1; 0 if there is only one.
uint32_t arp_share(const struct weir_element *e, const struct arp_querier *self);
// Learns an address on one worker; packets that waited for it leave.
void arp_insert(struct weir_node *n, be32 ip, const uint8_t *eth);
void arp_clear(struct weir_node *n, enum arp_reason why);

extern const struct weir_arg arp_querier_args[];
extern const struct weir_handler arp_querier_handlers[];
int arp_querier_configure(struct weir_element *e, struct weir_args *a);
