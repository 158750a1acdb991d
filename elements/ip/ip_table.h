// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What all IPv4 look-up elements share: a table from prefixes to (gateway, output) pairs. The
// prefixes lie in a weir_fib4, whose values number the pairs.
// writer: control, at a safe point; readers: workers.

#include <weir/element.h>
#include <weir/fib.h>

#include "hop_list.h"
#include "ip_table_front.h"

enum { IP_NO_ROUTE = WEIR_DROP };

struct ip_table {
	struct weir_fib4 fib; // has 0.0.0.0/0 -> 0 while there is no default route
	struct hop_list list;
	const struct ip_hop *hops; // [0] stands for no route; in list

	struct ip_front front; // what the program in the driver was told, and where the table was
	unsigned front_moves;
};

#define IP_TABLE_DROPS "no-route"

int ip_table_configure(struct weir_element *e, struct weir_args *a);
void ip_table_fini(struct weir_element *e);
int ip_table_driver(const struct weir_element *e, struct weir_front_args *a);
extern const struct weir_handler ip_table_handlers[];

// The table as a batch sees it.
struct ip_view {
	struct weir_fib4 fib;
	const struct ip_hop *hops;
	unsigned octet; // of the address, the first that the root does not cover
};

WEIR_INLINE struct ip_view ip_table_view(const struct ip_table *t)
{
	return (struct ip_view){t->fib, t->hops, (32 - t->fib.shift) / 8};
}

// The output for a packet; its annotation becomes the gateway, if there is one. at: of its
// destination in the root. (Groups are numbered below 2^23, so the shift drops only the mark.)
WEIR_INLINE unsigned ip_table_hop(const struct ip_view *v, uint32_t at, struct packet *p)
{
	uint32_t value = v->fib.root[at];
	be32 dst = weir_dst_ip(p);

	if (value & WEIR_FIB4_GROUP) {
		value = v->fib.groups[value << 8 | weir_anno_u8(p, ANNO_DST_IP + v->octet)];
		if (WEIR_UNLIKELY(value & WEIR_FIB4_GROUP)) // only in 16-8-8
			value = v->fib.groups[value << 8 | weir_anno_u8(p, ANNO_DST_IP + 3)];
	}
	weir_set_dst_ip(p, v->hops[value].gw.be ? v->hops[value].gw : dst);
	return v->hops[value].port;
}

WEIR_INLINE uint32_t ip_table_at(const struct ip_view *v, struct packet *p)
{
	return rd32(weir_dst_ip(p)) >> v->fib.shift;
}

// From packet p on, which is the first to leave by another output.
static __attribute__((noinline, unused)) void ip_table_mixed(struct weir_node *n,
							     const struct ip_table *t,
							     struct batch *b, struct packet *p,
							     unsigned port0, unsigned port1)
{
	const struct ip_view v = ip_table_view(t);
	const unsigned count = b->n, i = weir_batch_find(b, p);
	struct weir_deal deal;

	weir_deal_begin(&deal, n, b);
	for (unsigned k = 0; k < i; k++)
		weir_deal(&deal, n, port0, b->p[k]);
	weir_deal(&deal, n, port1, p);
	WEIR_UNROLL
	for (unsigned k = i + 1; k < count; k++)
		weir_deal(&deal, n, ip_table_hop(&v, ip_table_at(&v, b->p[k]), b->p[k]), b->p[k]);
	weir_deal_end(&deal, n, b);
}

// As long as all packets leave by the output of the first one, no port is written down.
WEIR_INLINE void ip_table_push(struct weir_node *n, const struct ip_table *t, struct batch *b)
{
	const struct ip_view v = ip_table_view(t);
	const unsigned count = b->n;
	unsigned port0;

	// a large table: a pass over the batch that asks for the cache lines of the next one
	if (v.octet == 3) {
		WEIR_UNROLL
		for (unsigned i = 0; i < count; i++)
			__builtin_prefetch(&v.fib.root[ip_table_at(&v, b->p[i])]);
	}
	port0 = ip_table_hop(&v, ip_table_at(&v, b->p[0]), b->p[0]);
	WEIR_UNROLL
	for (unsigned i = 1; i < count; i++) {
		struct packet *p = b->p[i];
		unsigned port = ip_table_hop(&v, ip_table_at(&v, p), p);

		if (WEIR_UNLIKELY(port != port0)) {
			ip_table_mixed(n, t, b, p, port0, port);
			return;
		}
	}
	b->out = port0;
}

// Declares a look-up class: its struct and its push function.
#define IP_TABLE_ELEMENT(id, class_, ...)                                                       \
	struct id {                                                                             \
		struct ip_table t;                                                              \
	};                                                                                      \
	static void id(struct weir_node *n, unsigned, struct batch *b)                          \
	{                                                                                       \
		ip_table_push(n, &((const struct id *)n->self)->t, b);                          \
	}                                                                                       \
	WEIR_BATCH_ELEMENT(id, class_, .ports = "1/-", .processing = "h/h",                     \
			   .drops = {IP_TABLE_DROPS}, .handlers = ip_table_handlers,            \
			   .rest = "ADDR/MASK [GATEWAY] OUTPUT",                                \
			   .rest_help = "a route: packets for the prefix leave by OUTPUT; the " \
					"next hop is GATEWAY, without it the destination",      \
			   .configure = ip_table_configure, .fini = ip_table_fini,              \
			   .driver = ip_table_driver, .reconfigures = true, __VA_ARGS__)

// Rows that hold for all of them.
#define IP_TABLE_CASES(id)                                                               \
	WEIR_CASES(id,                                                                   \
		   {"10.0.0.0/8 0, 10.0.0.0/24 10.9.9.9 1, 10.0.0.2/32 2",               \
		    "ip4 dst_ip=10.0.1.1 | ip4 dst_ip=10.0.0.1 | ip4 dst_ip=10.0.0.2 | " \
		    "ip4 dst_ip=11.0.0.1",                                               \
		    "0 | 1 | 2 | no-route",                                              \
		    "ip4 dst_ip=10.0.1.1 | ip4 dst_ip=10.9.9.9 | ip4 dst_ip=10.0.0.2 | " \
		    "ip4 dst_ip=11.0.0.1"},                                              \
		   {"0.0.0.0/0 10.9.9.9 0", "ip4 dst_ip=255.255.255.255", "0",           \
		    "ip4 dst_ip=10.9.9.9"},                                              \
		   {"0/0 - 0", "ip4 dst_ip=1.2.3.4", "0", "ip4 dst_ip=1.2.3.4"},         \
		   {"10.0.0.0/255.0.0.0 1", "ip4 dst_ip=10.2.3.4", "1", ""})
