// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What elements have in common that put an Ethernet header in front of IP packets for a neighbour
// and find that out first: ARPQuerier, IP6NDSolicitor and KernelNeighbors. Each worker has a table
// of the neighbours that it asks for, with packets that wait, and a cache of headers; what one
// learns the others hear. IPv4 addresses are keys of 4 bytes in the caches, and all else has keys
// that hold addresses of either family.

#include <weir/area.h>

#include "neighbor_table.h"

#include <sched.h>

enum neighbor_reason {
	NEIGHBOR_TIMEOUT,
	NEIGHBOR_CAPACITY,
	NEIGHBOR_NO_BUFFER,
	NEIGHBOR_NO_ADDRESS,
	NEIGHBOR_NO_ROOM,
	NEIGHBOR_BAD_REPLY,
	NEIGHBOR_CLEARED,
};
#define NEIGHBOR_DROPS \
	"timeout", "capacity", "no-buffer", "no-address", "no-room", "bad-reply", "cleared"

struct neighbor_limits {
	uint32_t packets;	    // 0: no limit
	uint32_t entries;	    // 0: NEIGHBOR_MOST
	uint32_t packets_per_entry; // 0: no limit
	uint32_t slim_factor;	    // a full table loses 1/slim_factor of its packets
	uint64_t timeout;	    // ns; 0: entries live for ever
};

// What one worker, or another thread, heard and the workers have not.
struct neighbor_news {
	struct neighbor_key key;
	uint8_t eth[6];
	bool failed; // it does not answer
	bool all;    // anything may have changed, not only this one
};

enum { NEIGHBOR_LOG = 64, NEIGHBOR_CACHE = 256 };
enum { NEIGHBOR_NS = 1000000000 };

// Replies reach one worker; the packets that wait for them may be on another. Each writes what it
// learns here, calls those that wait, and reads what the others wrote; who is too late looks into
// the table of the driver's half. Packets leave from the worker that they came to: so they stay in
// front of those of their flow that come later.
struct neighbor_log {
	unsigned lock; // spin; taken for a few instructions, and only for what is rare
	uint64_t seq;  // news written so far; readers: workers
	struct neighbor_news news[NEIGHBOR_LOG];
	uint32_t seed; // for the hashes of `asked`: nobody can keep us from asking for another
	// Atomic, written by all workers:
	uint64_t source;		// our Ethernet address, in the lower bits
	uint64_t asked[NEIGHBOR_CACHE]; // by hash: hash, and the millisecond of the last query
	uint32_t n_packets;		// that wait, on all of them
	bool told_zero;			// it was said that a packet has no address
};

struct neighbors;

// What a class does in its own way.
struct neighbor_class {
	bool wide;	  // the table of the driver's half has both families
	bool learns_all;  // also neighbours that nobody waits for
	unsigned failed;  // output by which packets leave whose neighbour is not there; 0: lost
	uint64_t pause;	  // ns, from query to query
	uint64_t sweep;	  // ns: how often it looks who has waited too long; 0: a second after that
	const char *asks; // what the queries are, for `stats`
	// The question for a neighbour because of a packet, to be sent, or NULL. dst: the neighbour
	// itself when it is only checked, else NULL.
	struct packet *(*ask)(struct weir_node *n, struct neighbor_key k, const uint8_t *dst,
			      const struct packet *about);
	// The Ethernet address where no neighbour is to be asked for.
	bool (*group)(const struct neighbors *self, struct neighbor_key k, uint8_t *dst);
	// Where neighbours are known elsewhere and not to the workers: what is known of one now;
	// what a worker does because of news; and because it missed some.
	bool (*find)(struct weir_node *n, struct neighbor_key k, uint8_t *dst);
	void (*hear)(struct weir_node *n, struct neighbor_key k);
	void (*missed)(struct weir_node *n);
};

// The arguments of an element begin with this.
struct neighbors {
	const struct neighbor_class *class;
	struct neighbor_limits limits;
	uint64_t poll_timeout; // ns; 0: never
	struct neighbor_log *log;
	struct weir_area front; // the table of the driver's half
};

// What to write in front of a packet for a neighbour; until: when to look at the table again.
struct neighbor_cached4 {
	uint64_t until;
	be32 ip;
	struct eth eth;
};
struct neighbor_cached6 {
	uint64_t until;
	struct neighbor_key key;
	struct eth eth;
};

// And the state of its nodes with this.
struct neighbors_state {
	struct neighbor_cached4 cache4[NEIGHBOR_CACHE];
	struct neighbor_cached6 cache6[NEIGHBOR_CACHE];
	struct neighbor_table table;
	uint64_t queries, responses, drops; // drops: by the table, or for lack of an address
	uint64_t seen;			    // of log->seq
	uint32_t share; // of the packets that may wait, where there are others; 0: there are none
	bool waiting;	// packets wait, so it wants to hear of replies. readers: all workers
	struct weir_bell bell; // rung when there is news
	struct weir_timer timer;
};

static inline struct neighbor_cached4 *neighbor_cached4(struct neighbors_state *s, be32 ip)
{
	return &s->cache4[ip.be * 0x9e3779b1 >> 24];
}

static inline struct neighbor_cached6 *neighbor_cached6(struct neighbors_state *s,
							struct neighbor_key k)
{
	uint64_t h = (k.half[0] ^ k.half[1]) * 0x9e3779b97f4a7c15;

	return &s->cache6[h >> 56];
}

static inline const struct neighbors *neighbors_of(const struct weir_node *n)
{
	return n->self;
}

static inline void neighbor_lock(struct neighbor_log *log)
{
	// who has it may have been interrupted
	while (__atomic_exchange_n(&log->lock, 1, __ATOMIC_ACQUIRE))
		sched_yield();
}

static inline void neighbor_unlock(struct neighbor_log *log)
{
	__atomic_store_n(&log->lock, 0, __ATOMIC_RELEASE);
}

WEIR_INLINE void neighbor_encap(struct packet *p, const struct eth *eth)
{
	weir_set_mac(p);
	memcpy(weir_data(p), eth, sizeof(*eth));
}

// RFC 1112 6.4: the Ethernet address of an IPv4 multicast. False: it is none.
static inline bool neighbor_multicast4(be32 ip, uint8_t *dst)
{
	uint32_t a = rd32(ip);
	const uint8_t group[6] = {
		0x01, 0x00, 0x5e, (uint8_t)(a >> 16 & 0x7f), (uint8_t)(a >> 8), (uint8_t)a};

	if (a >> 28 != 14)
		return false;
	memcpy(dst, group, 6);
	return true;
}

// --- arguments, memory ---
// What all workers and the driver's half share; false without memory. The log has `size` bytes.
bool neighbors_memory(struct neighbors *self, size_t size);
void neighbors_memory_free(struct neighbors *self);
void neighbor_source(struct neighbor_log *log, const uint8_t *eth);
// After other arguments were written: neighbours stay known unless the router itself has become
// another one (`other`, asked with the old arguments and the new ones).
void neighbors_reconfigured(struct weir_element *e, const struct neighbors *self,
			    bool (*other)(const void *old, const void *self));

// --- neighbors.c ---
// The header of a packet for this neighbour is in front of it: true, and it is to leave by output
// 0. Otherwise it was sent, kept or lost. The packet is in no batch.
bool neighbor_resolve(struct weir_node *n, struct packet *p, struct neighbor_key k);
void neighbor_lose(struct weir_node *n, enum neighbor_reason why, struct packet *p);
// Learns an address on one worker; packets that waited for it leave. all: also if nobody asked.
void neighbor_insert(struct weir_node *n, struct neighbor_key k, const uint8_t *eth, bool all);
// The same where it is known elsewhere.
void neighbor_found(struct weir_node *n, struct neighbor_key k);
// A neighbour does not answer, so packets that wait for it leave another way.
void neighbor_fail(struct weir_node *n, struct neighbor_key k);
void neighbors_clear(struct weir_node *n, enum neighbor_reason why);
void neighbors_begin(struct weir_node *n); // init_node
void neighbors_end(struct weir_node *n);   // fini_node
// The part of CAPACITY that is one worker's, at least 1; 0 if there is only one.
uint32_t neighbors_share(const struct weir_element *e, const struct neighbors *self);
bool neighbors_keeps(const struct weir_node *n, bool (*fn)(void *arg, const struct packet *p),
		     void *arg);
unsigned neighbors_held(struct weir_node *n);
unsigned neighbors_capacity(const struct weir_element *e);

// --- neighbor_front.c ---
// A neighbour is known to the driver's half from now on, until it is time to look again.
void neighbor_publish(struct weir_node *n, struct neighbor_key k, const uint8_t *eth,
		      uint64_t until);
// What any worker published of a neighbour and is still true. False: nothing.
bool neighbor_published(const struct neighbors *self, struct neighbor_key k, uint64_t now,
			uint8_t *eth);
// It is neither in the cache nor known to the driver's half.
void neighbor_forget(struct weir_node *n, struct neighbor_key k);
// Takes it out of the cache, or all.
void neighbor_uncache(struct neighbors_state *s, struct neighbor_key k);
void neighbor_uncache_all(struct neighbors_state *s);
// The table of both families; by who holds the lock. until 0: forgets it. Does nothing where it is
// so already.
void neighbor6_set(const struct weir_area *front, struct neighbor_key k, const uint8_t *eth,
		   uint64_t until);
// Did the driver's half use the neighbour since it was last asked?
bool neighbor6_used(const struct weir_area *front, struct neighbor_key k);
void neighbors_shared(const struct neighbors *self, struct weir_front_args *a);

// --- neighbor_news.c ---
// Did another worker ask for an address within the last so many nanoseconds? If not, notes that
// this one does.
bool neighbor_asked(struct neighbor_log *log, struct neighbor_key k, uint64_t now, uint64_t within);
// A reply came in on this worker.
void neighbor_tell(struct weir_node *n, struct neighbor_key k, const uint8_t *eth);
void neighbor_add_news(struct neighbor_log *log, const struct neighbor_news *news); // locked
void neighbor_read_news(struct weir_node *n);
void neighbor_called(struct weir_node *n); // by its bell

// Did somebody write news that this node has not read?
static inline bool neighbor_has_news(const struct weir_node *n)
{
	const struct neighbors_state *s = n->state;

	return __atomic_load_n(&neighbors_of(n)->log->seq, __ATOMIC_ACQUIRE) != s->seen;
}

// --- neighbor_handlers.c ---
void neighbor_print(struct weir_buf *out, const struct neighbor *x, bool known, uint64_t now);
int neighbors_read_table(struct weir_element *e, const struct weir_handler *h, const char *param,
			 struct weir_buf *out, struct weir_err *err);
int neighbors_read_stats(struct weir_element *e, const struct weir_handler *h, const char *param,
			 struct weir_buf *out, struct weir_err *err);
enum { NEIGHBORS_COUNT, NEIGHBORS_LENGTH };
int neighbors_read_number(struct weir_element *e, const struct weir_handler *h, const char *param,
			  struct weir_buf *out, struct weir_err *err);
int neighbors_write_insert(struct weir_element *e, const struct weir_handler *h, const char *value,
			   struct weir_err *err);
int neighbors_write_delete(struct weir_element *e, const struct weir_handler *h, const char *value,
			   struct weir_err *err);
int neighbors_write_clear(struct weir_element *e, const struct weir_handler *h, const char *value,
			  struct weir_err *err);

#define NEIGHBORS_ARGS(id)                                                                         \
	WEIR_ARG(U32, id, core.limits.packets, "CAPACITY", "packets that may wait; 0: any number", \
		 .def = "2048"),                                                                   \
		WEIR_ARG(U32, id, core.limits.entries, "ENTRY_CAPACITY", "addresses; 0: 65536",    \
			 .def = "0"),                                                              \
		WEIR_ARG(U32, id, core.limits.packets_per_entry, "ENTRY_PACKET_CAPACITY",          \
			 "packets that may wait for one address; 0: any number", .def = "0"),      \
		WEIR_ARG(U32, id, core.limits.slim_factor, "CAPACITY_SLIM_FACTOR",                 \
			 "when CAPACITY is reached, 1/this of the packets go", .def = "2")

#define NEIGHBORS_HANDLERS(id)                                                                     \
	WEIR_READ("table", neighbors_read_table,                                                   \
		  "address, 1 if known, Ethernet address, age in seconds"),                        \
		WEIR_READ("stats", neighbors_read_stats, "packets lost and queries sent"),         \
		WEIR_READ("count", neighbors_read_number, "addresses in the table",                \
			  .user = NEIGHBORS_COUNT),                                                \
		WEIR_READ("length", neighbors_read_number, "packets that wait",                    \
			  .user = NEIGHBORS_LENGTH),                                               \
		WEIR_SUM("queries", id, core.queries, "queries sent"),                             \
		WEIR_SUM("drops", id, core.drops, "packets lost"),                                 \
		WEIR_WRITE("insert", neighbors_write_insert, "IP ETH: as if a reply had said so"), \
		WEIR_WRITE("delete", neighbors_write_delete, "IP: forgets its Ethernet address"),  \
		WEIR_BUTTON("clear", neighbors_write_clear, "forgets all, and loses what waits")
