// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// NAT64 from within. A host of the IPv6 side, its mappings (the BIB of RFC 6146) and its sessions
// belong to one worker, which follows from its address; only that worker makes, changes and ends
// them, without a lock. Any worker may translate a packet of a session under way that changes
// nothing; others are handed to the one whose they are.
//
// Direction 0 of a session is always from IPv6 to IPv4. A packet from one host to the external
// address of another (hairpinning) has two sessions, one of each, and takes both turns.

#include <weir/args.h>
#include <weir/element.h>

#include "embed.h"
#include "fragments.h"
#include "handoff.h"
#include "nat64_host.h"
#include "pool.h"
#include "sessions.h"
#include "tcp_state.h"
#include "xlat.h"

enum { NAT64_V6, NAT64_V4 }; // inputs, and sides
enum nat64_out {
	NAT64_IP4,
	NAT64_IP6,
	NAT64_OTHER6,	  // of IPv6, not to PREFIX
	NAT64_OTHER4,	  // of IPv4, not to POOL
	NAT64_UNMAPPED,	  // of IPv4: nobody has that port
	NAT64_PROHIBITED, // of IPv4: not from there
	NAT64_EXHAUSTED,  // of IPv6: no port, session or right is left for it
	NAT64_PROTOCOL6,  // a protocol that has no ports to translate
	NAT64_PROTOCOL4,
	NAT64_ROUTING, // see xlat.h
	NAT64_SOURCE_ROUTE,
	NAT64_REFUSED, // a SYN from IPv4 that nobody wanted, six seconds later
	NAT64_OUTS,
	NAT64_HAND = 0xe000,	// and the number of a worker: it is to be handed to that one
	NAT64_HAIRPIN = 0xfffe, // it comes in again, by NAT64_V4
	NAT64_KEPT = 0xffff,	// the packet is no longer the caller's
};
#define NAT64_OUT_NAMES                                                                       \
	"ip4", "ip6", "other6", "other4", "unmapped", "prohibited", "exhausted", "protocol6", \
		"protocol4", "routing", "source_route", "refused"
enum nat64_drop {
	NAT64_BAD,
	NAT64_TOO_LONG,
	NAT64_HEADERS,
	NAT64_ICMP,
	NAT64_ICMP_FRAGMENT,
	NAT64_NO_CHECKSUM,
	NAT64_NO_SESSION,
	NAT64_BAD_ADDRESS,
	NAT64_FRAGMENT_TIMEOUT,
	NAT64_FRAGMENTS_FULL,
	NAT64_NO_BUFFER,
	NAT64_NO_HEADER,
	NAT64_HANDOFF,
	NAT64_SIMULTANEOUS_OPEN,
};
#define NAT64_DROPS                                                                                \
	"bad-packet", "too-long", "headers", "icmp", "icmp-fragment", "no-checksum", "no_session", \
		"bad-address", "fragment_timeout", "fragments_full", "no-buffer", "no-ip-header",  \
		"hand_off", "simultaneous_open"

enum nat64_filtering { NAT64_FILTER_NONE, NAT64_FILTER_ADDRESS, NAT64_FILTER_ADDRESS_AND_PORT };
enum { NAT64_FILTER_LOOK = 256 }; // sessions of a mapping that are looked at

struct nat64_counts {
	uint64_t out_of_ports, limited, table_full, hairpinned, errors, mappings_made;
};

// SYNs that wait, the oldest first; all wait equally long.
enum { NAT64_SYNS = 256 };
struct nat64_syn {
	struct session_tuple key;
	uint64_t until;
	struct packet *p;
};
struct nat64_syns {
	struct nat64_syn v[NAT64_SYNS];
	unsigned first, n;
};

// owner: worker
struct nat64_state {
	uint16_t id; // see ip_id.h
	struct session_part part;
	struct mappings mappings;
	struct nat64_hosts hosts;
	struct fragments fragments;
	struct handoff handoff;
	struct nat64_syns syns;
	struct nat64_counts counts;
	struct weir_timer timer;
};

// A mapping that stays, whether it has sessions or not. writer: configure, handlers
enum { NAT64_FIXED = 1024 };
struct nat64_static {
	uint8_t proto; // enum mapping_proto
	uint16_t port, external_port;
	be32 external;
	be64 addr[2];
};

// Of all workers. Tables: see their headers. The rest: writer: configure, init; readers: all.
struct nat64_all {
	struct sessions sessions;
	struct numbers mappings, hosts;
	struct pool pool;
	struct nat64_static *fixed;
	unsigned n_fixed;
	bool found; // sessions of a process before this one
	unsigned n_workers, n_begun;
	uint8_t worker[WEIR_WORKERS_MAX]; // those that run it, in order
};

struct nat64 {
	struct weir_ip6_prefix prefix;
	struct embed_prefix embed;
	struct xlat_links links;
	uint32_t sessions, hosts, sessions_each, fragments;
	unsigned filtering;
	bool preserve, hairpin;
	uint64_t udp, tcp_established, tcp_transitory, tcp_incoming_syn, icmp, fragment;
	char *pool_text;
	struct nat64_all *all; // owner: this
};

static inline const struct nat64 *nat64_of(const struct weir_node *n)
{
	return n->self;
}

// What a session's packets are mapped by; MAPPING_PROTOS: they are not.
static inline unsigned nat64_proto(uint8_t proto)
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

// The worker of a host.
unsigned nat64_owner(const struct nat64_all *all, const void *addr);

static inline const be64 *nat64_addr(const struct session *x)
{
	return (const be64 *)x->from6;
}

// Of direction 1, as IPv6 has it.
static inline struct xlat_tuple6 nat64_tuple6(const struct nat64 *self, const struct session *x)
{
	struct xlat_tuple6 t = {.sport = x->from.dport, .dport = x->from.sport};

	embed_put(&self->embed, x->from.dst, t.src);
	memcpy(t.dst, x->from6, sizeof(t.dst));
	return t;
}

static inline bool nat64_is_hand(unsigned out)
{
	return out >= NAT64_HAND && out < NAT64_HAND + WEIR_WORKERS_MAX;
}

// --- nat64_turn.c: one turn of a packet ---
// By which output it leaves, WEIR_DROP + a reason, NAT64_HAND + a worker, NAT64_HAIRPIN or
// NAT64_KEPT. fate: of the others where it is a first fragment.
unsigned nat64_six(struct weir_node *n, struct packet *p, const struct xlat_seen6 *seen,
		   struct fragment_fate *fate);
unsigned nat64_four(struct weir_node *n, struct packet *p, const struct translate_seen *seen,
		    struct fragment_fate *fate);
// Gives the packet the other side's header; what was said of it instead, if it cannot be. src: of
// an error.
unsigned nat64_to4(struct weir_node *n, struct packet *p, const struct session_tuple *to, be32 src,
		   unsigned out);
unsigned nat64_to6(struct weir_node *n, struct packet *p, const struct xlat_tuple6 *to, be32 src);

// --- nat64_bib.c ---
// The mapping of a host's port, made if there is none; 0: *out says how the packet leaves.
uint32_t nat64_map(struct weir_node *n, uint32_t host, unsigned proto, uint16_t port,
		   unsigned *out);
// That very mapping. 0: it cannot be.
uint32_t nat64_map_as(struct weir_node *n, uint32_t host, unsigned proto, uint16_t port,
		      uint32_t address, uint16_t external_port);
// Goes if it has no sessions.
void nat64_map_done(struct weir_node *n, uint32_t mapping);
// The one that has this external end; NULL: none.
const struct nat64_static *nat64_static_find(const struct nat64_all *all, unsigned proto,
					     be32 external, uint16_t port);
// "udp 192.0.2.1 53 2001:db8::1 53": adds it to those that stay, or takes it away. NULL, or what is
// wrong. Where there are nodes, its mapping is made, too.
const char *nat64_static_add(struct weir_element *e, char **words, int n);
const char *nat64_static_remove(struct weir_element *e, char **words, int n);
// Makes the mappings of all. Those that cannot be made: how many.
unsigned nat64_fixed_begin(struct weir_element *e);

// --- nat64_session.c ---
// 0: *out says how the packet leaves, and the mapping is done if it has no others.
uint32_t nat64_session_new(struct weir_node *n, const struct session_tuple *from,
			   const struct session_tuple *to, uint8_t proto, uint32_t mapping,
			   unsigned direction, unsigned *out);
void nat64_session_end(struct weir_node *n, uint32_t number);
void nat64_tcp(struct weir_node *n, uint32_t number, unsigned direction, uint8_t flags);
uint64_t nat64_session_until(const struct weir_node *n, const struct session *x);
unsigned nat64_adopt(void *arg, uint32_t number, uint64_t *when); // arg: the element
void nat64_run_timer(struct weir_node *n, struct weir_timer *timer);

// --- nat64_fragment.c ---
struct fragment_key nat64_key6(const struct weir_node *n, const struct xlat_seen6 *seen);
// A fragment that is not the first: as the turns.
unsigned nat64_fragment(struct weir_node *n, unsigned side, struct packet *p,
			struct fragment_key key);
// What became of a first one holds for those that wait, and come.
void nat64_first(struct weir_node *n, unsigned side, struct fragment_key key,
		 struct fragment_fate fate);
void nat64_fragments_turn(struct weir_node *n, uint64_t now);
// Lets a packet go after its turn on this side.
void nat64_leave(struct weir_node *n, unsigned side, unsigned out, struct packet *p);

// --- nat64_syn.c ---
// Keeps a packet that would leave by `out`, if it is a SYN: NAT64_KEPT, or out.
unsigned nat64_hold_syn(struct weir_node *n, struct packet *p, const struct translate_seen *seen,
			unsigned out);
void nat64_syns_turn(struct weir_node *n, uint64_t now);
void nat64_syns_free(struct weir_node *n);

// --- nat64_args.c, nat64_handlers.c ---
int nat64_configure(struct weir_element *e, struct weir_args *a);
void nat64_all_free(struct nat64_all *all);
extern const struct weir_arg nat64_args[];
extern const struct weir_handler nat64_handlers[];
