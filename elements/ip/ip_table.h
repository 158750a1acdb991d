// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What all IPv4 look-up elements share: a table from prefixes to (gateway, output) pairs. The
// prefixes lie in a weir_fib4, whose values number the pairs.
// writer: control, at a safe point; readers: workers.

#include <weir/element.h>
#include <weir/fib.h>

// Where packets go. As one word, so that one load gets both.
struct ip_hop {
	be32 gw;       // 0: the destination itself
	uint32_t port; // output; IP_NO_ROUTE for pair 0
};

enum { IP_NO_ROUTE = WEIR_DROP };

struct ip_table {
	struct weir_fib4 fib; // has 0.0.0.0/0 -> 0 while there is no default route
	struct ip_hop *hops;  // [0] stands for no route
	uint32_t *index;      // hash of pairs: number + 1, or 0; linear probing
	uint32_t n_hops, n_index;
};

#define IP_TABLE_DROPS "no-route"

int ip_table_configure(struct weir_element *e, struct weir_args *a);
void ip_table_fini(struct weir_element *e);
extern const struct weir_handler ip_table_handlers[];

// Two passes: the first asks for the cache lines, the second reads them.
WEIR_INLINE void ip_table_push(struct weir_node *n, const struct ip_table *t, struct batch *b)
{
	const struct weir_fib4 fib = t->fib;
	const struct ip_hop *hops = t->hops;
	const unsigned count = b->n;
	uint16_t port[WEIR_BATCH_MAX];
	uint32_t at[WEIR_BATCH_MAX]; // in the root
	unsigned mixed = 0;

	WEIR_UNROLL
	for (unsigned i = 0; i < count; i++) {
		at[i] = rd32(weir_dst_ip(b->p[i])) >> fib.shift;
		__builtin_prefetch(&fib.root[at[i]]);
	}
	WEIR_UNROLL
	for (unsigned i = 0; i < count; i++) {
		struct packet *p = b->p[i];
		uint32_t value = fib.root[at[i]];
		be32 dst = weir_dst_ip(p);
		struct ip_hop hop;

		if (WEIR_UNLIKELY(value & WEIR_FIB4_GROUP))
			value = weir_fib4_lookup(&fib, rd32(dst));
		hop = hops[value];
		weir_set_dst_ip(p, hop.gw.be ? hop.gw : dst);
		port[i] = (uint16_t)hop.port;
		mixed |= port[i] ^ port[0];
	}
	weir_split(n, b, port, mixed);
}

// Declares a look-up class: its struct and its push function.
#define IP_TABLE_ELEMENT(id, class_, ...)                                            \
	struct id {                                                                  \
		struct ip_table t;                                                   \
	};                                                                           \
	static void id(struct weir_node *n, unsigned, struct batch *b)               \
	{                                                                            \
		ip_table_push(n, &((const struct id *)n->self)->t, b);               \
	}                                                                            \
	WEIR_BATCH_ELEMENT(id, class_, .ports = "1/-", .processing = "h/h",          \
			   .drops = {IP_TABLE_DROPS}, .handlers = ip_table_handlers, \
			   .configure = ip_table_configure, .fini = ip_table_fini, __VA_ARGS__)

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
