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
	struct weir_fib4_view fib;
	const struct ip_hop *hops;
};

WEIR_INLINE struct ip_view ip_table_view(const struct ip_table *t)
{
	const struct weir_fib4_view *f = weir_fib4_view(&t->fib);

	return (struct ip_view){{f->root, f->groups, f->shift, weir_fib4_read(&f->deep)}, t->hops};
}

// The output for a packet whose route has that value; its annotation becomes the gateway, if there
// is one.
WEIR_INLINE unsigned ip_table_take(const struct ip_view *v, uint32_t value, struct packet *p)
{
	be32 dst = weir_dst_ip(p);

	weir_set_dst_ip(p, v->hops[value].gw.be ? v->hops[value].gw : dst);
	return v->hops[value].port;
}

// The value behind an entry of a large root. Apart, so that what most packets take keeps its
// registers.
static __attribute__((noinline, unused)) uint32_t ip_table_deep(const uint32_t *groups, uint32_t e,
								struct packet *p)
{
	const struct weir_fib4_view v = {NULL, groups, 8, 0};

	return weir_fib4_read(weir_fib4_behind(&v, e, rd32(weir_dst_ip(p))));
}

// The output for a packet, and the look-up. large: the form of the table. (Groups are numbered
// below 2^23, so the shift drops only the mark.)
WEIR_INLINE unsigned ip_table_hop(const struct ip_view *v, struct packet *p, bool large)
{
	uint32_t value = weir_fib4_read(&v->fib.root[rd32(weir_dst_ip(p)) >> (large ? 8 : 16)]);
	const uint32_t *groups = v->fib.groups;

	if (large && WEIR_LIKELY(!(value & WEIR_FIB4_GROUP)))
		return ip_table_take(v, value, p);
	if (large)
		return ip_table_take(v, ip_table_deep(groups, value, p), p);
	if (value & WEIR_FIB4_GROUP) {
		value = weir_fib4_read(&groups[value << 8 | weir_anno_u8(p, ANNO_DST_IP + 2)]);
		if (WEIR_UNLIKELY(value & WEIR_FIB4_GROUP))
			value = weir_fib4_read(
				&groups[value << 8 | weir_anno_u8(p, ANNO_DST_IP + 3)]);
	}
	return ip_table_take(v, value, p);
}

// From packet p on, which is the first to leave by another output.
WEIR_INLINE void ip_table_deal(struct weir_node *n, const struct ip_table *t, struct batch *b,
			       struct packet *p, unsigned port0, unsigned port1, bool large)
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
		weir_deal(&deal, n, ip_table_hop(&v, b->p[k], large), b->p[k]);
	weir_deal_end(&deal, n, b);
}

static __attribute__((noinline, unused)) void ip_table_mixed(struct weir_node *n,
							     const struct ip_table *t,
							     struct batch *b, struct packet *p,
							     unsigned port0, unsigned port1,
							     bool large)
{
	if (large)
		ip_table_deal(n, t, b, p, port0, port1, true);
	else
		ip_table_deal(n, t, b, p, port0, port1, false);
}

// As long as all packets leave by the output of the first one, no port is written down.
WEIR_INLINE void ip_table_walk(struct weir_node *n, const struct ip_table *t,
			       const struct ip_view *v, struct batch *b, bool large)
{
	const unsigned count = b->n, port0 = ip_table_hop(v, b->p[0], large);

	WEIR_UNROLL
	for (unsigned i = 1; i < count; i++) {
		struct packet *p = b->p[i];
		unsigned port = ip_table_hop(v, p, large);

		if (WEIR_UNLIKELY(port != port0)) {
			ip_table_mixed(n, t, b, p, port0, port, large);
			return;
		}
	}
	b->out = port0;
}

// Passes over the batch that ask for the cache lines of the next one.
static __attribute__((noinline, unused)) void ip_table_large(struct weir_node *n,
							     const struct ip_table *t,
							     struct batch *b)
{
	const struct ip_view v = ip_table_view(t);
	const unsigned count = b->n;

	WEIR_UNROLL
	for (unsigned i = 0; i < count; i++)
		__builtin_prefetch(&v.fib.root[rd32(weir_dst_ip(b->p[i])) >> 8]);
	if (v.fib.deep) {
		for (unsigned i = 0; i < count; i++)
			weir_fib4_prefetch_behind(&v.fib, rd32(weir_dst_ip(b->p[i])));
	}
	ip_table_walk(n, t, &v, b, true);
}

WEIR_INLINE void ip_table_push(struct weir_node *n, const struct ip_table *t, struct batch *b)
{
	const struct ip_view v = ip_table_view(t);

	if (WEIR_LIKELY(v.fib.shift == 16))
		ip_table_walk(n, t, &v, b, false);
	else
		ip_table_large(n, t, b);
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
