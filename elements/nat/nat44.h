// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// NAT44 from within. A subscriber, its mappings, blocks of ports and sessions belong to one worker,
// which follows from its inside address as the driver steers by it; only that worker makes, changes
// and ends them, without a lock. Any worker may translate packets of a session that is under way.
// What is rare and comes to another worker is handed to the one whose it is.
//
// Direction 0 of a session is always from inside to outside. A packet from one subscriber to the
// external address of another (hairpinning) has two sessions, one of each, and takes both turns.

#include <weir/args.h>
#include <weir/element.h>

#include "deterministic.h"
#include "forward.h"
#include "fragments.h"
#include "handoff.h"
#include "nat_log.h"
#include "pool.h"
#include "session_view.h"
#include "sessions.h"
#include "subscriber.h"
#include "tcp_state.h"
#include "translate.h"

enum { NAT44_INSIDE, NAT44_OUTSIDE }; // inputs, and sides
enum nat44_out {
	NAT44_TO_OUTSIDE,
	NAT44_TO_INSIDE,
	NAT44_UNMAPPED,	  // from outside, to an address of the pool: there is no mapping
	NAT44_EXCLUDED,	  // from inside: not a subscriber
	NAT44_FOREIGN,	  // from outside, not to an address of the pool
	NAT44_OTHER,	  // a protocol that cannot be translated with ports
	NAT44_PROHIBITED, // no port, session or right is left for it (RFC 5508 REQ-8)
	NAT44_REFUSED,	  // a SYN that nobody wanted, six seconds later (RFC 5382 REQ-4)
	NAT44_OUTS,
	NAT44_HAND = 0xe000,	// and the number of a worker: it is to be handed to that one
	NAT44_HAIRPIN = 0xfffe, // it comes in again from outside
	NAT44_KEPT = 0xffff,	// the packet is no longer the caller's
};
#define NAT44_OUT_NAMES \
	"outside", "inside", "unmapped", "excluded", "foreign", "other", "prohibited", "refused"
enum nat44_drop {
	NAT44_BAD,
	NAT44_NO_SESSION,
	NAT44_FILTERED,
	NAT44_FRAGMENT_TIMEOUT,
	NAT44_FRAGMENTS_FULL,
	NAT44_SIMULTANEOUS_OPEN,
	NAT44_HAND_OFF, // there was no room on the way to the worker whose it is
};
#define NAT44_DROPS                                                            \
	"bad", "no_session", "filtered", "fragment_timeout", "fragments_full", \
		"simultaneous_open", "hand_off"

enum nat44_filtering { NAT44_FILTER_NONE, NAT44_FILTER_ADDRESS, NAT44_FILTER_ADDRESS_AND_PORT };
enum nat44_pooling { NAT44_POOL_PAIRED, NAT44_POOL_ARBITRARY };

enum {
	NAT44_SYNS = 256,	 // held on a worker
	NAT44_CLASSES = 64,	 // of timeouts of UDP: the first is that of all other ports
	NAT44_FILTER_LOOK = 256, // sessions of a mapping that are looked at
	NAT44_WELL_KNOWN = 1024,
};

// What is counted on each worker beside packets.
struct nat44_counts {
	uint64_t out_of_ports, limited, table_full, hairpinned, held_syns, errors;
	uint64_t mappings_made, blocks_claimed, parity_lost;
};

struct nat44_syn {
	be32 remote, external;
	be16 remote_port, external_port;
	uint64_t until;
	struct packet *p;
};

// SYNs that wait, the oldest first; all wait equally long.
struct nat44_syns {
	struct nat44_syn v[NAT44_SYNS];
	unsigned first, n;
};

// Ports and blocks that nobody else gets for a while (RFC 6888 REQ-8), the oldest first.
struct nat44_hold {
	uint32_t until; // tick
	uint32_t what;	// of a port: the address; else the block
	uint16_t port;
	uint16_t proto; // enum mapping_proto; MAPPING_PROTOS: a block
};
struct nat44_holds {
	struct nat44_hold *v; // a power of two of them
	uint32_t size, first, n;
};

// owner: worker
struct nat44_state {
	struct session_part part;
	struct handoff handoff;
	struct mappings mappings;
	struct subscribers subscribers;
	struct fragments fragments;
	struct nat44_syns syns;
	struct nat44_holds holds;
	struct nat44_counts counts;
	struct weir_timer timer;
	uint32_t next_address; // of the pool, for the next subscriber
	struct {
		uint32_t address, tick;
	} dry[MAPPING_PROTOS]; // no port was left then, so it is not looked for again at once
};

struct nat44_prefixes {
	struct pool_range *v;
	unsigned n;
	uint64_t total;
};

// Of all workers. Tables: see their headers. The rest: writer: configure, init; readers: all.
struct nat44_all {
	struct sessions sessions;
	struct session_view view; // of the program in the driver
	struct numbers mappings, subscribers;
	struct pool pool;
	struct forwards forwards;
	struct deterministic deterministic;
	struct nat44_prefixes inside, excluded; // no inside: all that are not excluded
	uint64_t udp_timeout[NAT44_CLASSES];
	uint8_t udp_class[NAT44_WELL_KNOWN]; // by port of the remote end
	unsigned n_classes;
	struct nat_log *log;
	bool found; // sessions of a process before this one
	unsigned n_workers, n_begun;
	uint8_t worker[WEIR_WORKERS_MAX]; // those that run it, in order
	uint32_t adopted;
};

struct nat44 {
	uint32_t sessions, subscribers;
	unsigned filtering, pooling, log_events;
	bool preserve, parity, hairpin, refresh_inbound, deterministic, log_events_given;
	char *ports, *reserved;
	uint32_t block, blocks_each, ports_each, sessions_each, rate_each;
	uint64_t udp, tcp_established, tcp_opening, tcp_closing, icmp, other;
	uint64_t fragment, syn, port_hold;
	uint32_t fragments;
	char *log;
	uint32_t log_rate;
	struct nat44_all *all; // owner: this
};

static inline const struct nat44 *nat44_of(const struct weir_node *n)
{
	return n->self;
}

static inline uint32_t nat44_tick(uint64_t now)
{
	return (uint32_t)(now >> SESSION_TICK);
}

// What a session's packets are mapped by; MAPPING_PROTOS: by addresses only.
static inline unsigned nat44_proto(uint8_t proto)
{
	switch (proto) {
	case IPPROTO4_TCP:
		return MAPPING_TCP;
	case IPPROTO4_UDP:
		return MAPPING_UDP;
	case IPPROTO4_ICMP:
		return MAPPING_ICMP;
	default:
		return MAPPING_PROTOS;
	}
}

static inline uint8_t nat44_ip_proto(unsigned proto)
{
	static const uint8_t of[] = {IPPROTO4_TCP, IPPROTO4_UDP, IPPROTO4_ICMP};

	return of[proto];
}

// The worker of a subscriber.
unsigned nat44_owner(const struct nat44_all *all, be32 inside);
// Packets from outside for it come to that worker, usually.
void nat44_forward_note(const struct weir_element *e, const struct forward *f);
bool nat44_has(const struct nat44_prefixes *v, be32 address);
bool nat44_is_inside(const struct nat44_all *all, be32 address);
bool nat44_is_external(const struct nat44_all *all, be32 address);

// --- nat44.c: what comes to a node ---
// One packet: the output by which it leaves, WEIR_DROP + a reason, or NAT44_KEPT.
unsigned nat44_packet(struct weir_node *n, unsigned side, struct packet *p);
// Hands a packet to a worker: NAT44_KEPT, or how it leaves instead.
unsigned nat44_hand(struct weir_node *n, unsigned worker, unsigned side, struct packet *p);

// --- nat44_open.c: packets beside the fast path; neither handed nor sent round ---
unsigned nat44_turn(struct weir_node *n, unsigned side, struct packet *p,
		    const struct translate_seen *seen);

static inline bool nat44_is_hand(unsigned out)
{
	return out >= NAT44_HAND && out < NAT44_HAND + WEIR_WORKERS_MAX;
}

// --- nat44_ports.c: mappings of a node ---
// The mapping of an inside endpoint, made if there is none; 0: *out says how the packet leaves.
uint32_t nat44_map(struct weir_node *n, uint32_t subscriber, unsigned proto, uint16_t port,
		   unsigned *out);
// Without sessions; the port is free again, or soon.
void nat44_unmap(struct weir_node *n, uint32_t mapping);
// That very mapping, as it was. 0: it cannot be.
uint32_t nat44_remap(struct weir_node *n, uint32_t subscriber, unsigned proto, uint16_t port,
		     uint32_t address, uint16_t external_port);
uint32_t nat44_subscriber(struct weir_node *n, be32 inside);	      // found or made; 0: no room
void nat44_subscriber_done(struct weir_node *n, uint32_t subscriber); // gone if it has nothing
// Holds that are over, all with `all`.
void nat44_holds_turn(struct weir_node *n, uint64_t now, bool all);

// --- nat44_session.c: sessions of a node ---
// from, to: as its packets come from inside, and leave. direction: of the first one. 0: *out says
// how that leaves.
uint32_t nat44_session_new(struct weir_node *n, const struct session_tuple *from,
			   const struct session_tuple *to, uint8_t proto, uint32_t subscriber,
			   uint32_t mapping, unsigned direction, unsigned *out);
void nat44_session_end(struct weir_node *n, uint32_t number);
uint64_t nat44_session_until(const struct weir_node *n, const struct session *s);
// Is it by STATIC or FORWARD?
bool nat44_is_forward(const struct nat44_all *all, const struct session *s);
void nat44_tcp(struct weir_node *n, uint32_t number, unsigned direction, uint8_t flags);
// Of sessions that were there before this process. As sessions_adopt asks for; arg: the element.
unsigned nat44_adopt(void *arg, uint32_t number, uint64_t *when);
void nat44_run_timer(struct weir_node *n, struct weir_timer *timer);

// --- nat44_log.c ---
enum nat44_log_events { NAT44_LOG_NONE, NAT44_LOG_BLOCKS, NAT44_LOG_MAPPINGS, NAT44_LOG_SESSIONS };
void nat44_log_mapping(struct weir_node *n, uint32_t mapping, bool add);
void nat44_log_session(struct weir_node *n, const struct session *s, bool add);
void nat44_log_block(struct weir_node *n, be32 inside, uint32_t block, bool add);
void nat44_log_short(struct weir_node *n, enum nat_log_what what, be32 inside, unsigned proto);

// --- nat44_fragment.c ---
// A fragment that is not the first.
unsigned nat44_fragment(struct weir_node *n, unsigned side, struct packet *p);
// What became of a first one holds for those that wait, and come; before: its addresses then.
void nat44_first(struct weir_node *n, unsigned side, struct fragment_key before, struct packet *p,
		 unsigned out);
void nat44_fragments_turn(struct weir_node *n, uint64_t now);

// --- nat44_syn.c ---
// Keeps a SYN; NAT44_KEPT, or how it leaves instead.
unsigned nat44_hold_syn(struct weir_node *n, struct packet *p, const struct translate_seen *seen);
void nat44_syns_turn(struct weir_node *n, uint64_t now);
void nat44_syns_free(struct weir_node *n);

// --- nat44_driver.c ---
int nat44_driver(const struct weir_element *e, struct weir_front_args *a);

// --- nat44_args.c, nat44_handlers.c ---
int nat44_configure(struct weir_element *e, struct weir_args *a);
int nat44_forward_words(struct weir_element *e, char **w, int n, bool add, const char **error);
void nat44_all_free(struct nat44_all *all);
extern const struct weir_arg nat44_args[];
extern const struct weir_handler nat44_handlers[];
