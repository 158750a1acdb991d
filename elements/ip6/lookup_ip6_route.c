// SPDX-License-Identifier: BSD-2-Clause
// LookupIP6Route(ADDR/LEN [GATEWAY] OUTPUT, …): looks up the address in the destination annotation
// (DST_IP6, as GetIP6Address sets it), and sends the packet to the output of the longest prefix
// that it lies in. If that route has a gateway, the gateway's address takes its place in the
// annotation, so that it always is the next hop. Packets without a route are lost as `no-route`.
// GATEWAY `-` or `::` is none. Routes come and go by handlers, as those of StaticIPLookup do.
//
//	rt :: LookupIP6Route(2001:db8::/32 0, ::/0 fe80::1 1)

#include "lookup_ip6_route.h"

// The output for a packet whose route has that value; a gateway becomes its next hop.
static inline unsigned hop_of(const struct lookup_ip6_route *self, uint32_t value, struct packet *p)
{
	const struct ip6_hop *hop = &self->hops[value];
	be64 gw[2];

	memcpy(gw, hop->gw, sizeof(gw));
	if (gw[0].be | gw[1].be)
		weir_set_dst_ip6(p, gw);
	return hop->port;
}

// What fits into a near cache is looked up one by one, which takes fewer instructions than waiting
// for memory together.
enum { NEAR_WORDS = 1 << 17 };

WEIR_INLINE struct weir_ip6 destination(const struct packet *p)
{
	be64 bytes[2];

	weir_dst_ip6(p, bytes);
	return weir_ip6_read(bytes);
}

// What the routes of up to WEIR_FIB6_BATCH packets have for values.
static void look_up(const struct weir_fib6 *f, struct packet *const *p, uint32_t *value, unsigned n)
{
	struct weir_ip6 dst[WEIR_FIB6_BATCH];

	for (unsigned i = 0; i < n; i++)
		dst[i] = destination(p[i]);
	weir_fib6_lookup_batch(f, dst, value, n);
}

// The outputs of all packets of a batch, next hops written. Whether they are one and the same.
WEIR_INLINE bool outputs(const struct lookup_ip6_route *self, const struct batch *b, uint32_t *port)
{
	const struct weir_fib6 f = self->fib;
	const unsigned count = b->n;
	uint32_t differ = 0;

	port[0] = 0; // no batch is empty, but the compiler does not know
	if (f.n_words <= NEAR_WORDS) {
		for (unsigned i = 0; i < count; i++)
			port[i] = weir_fib6_lookup(&f, destination(b->p[i]));
	} else {
		for (unsigned i = 0; i < count; i += WEIR_FIB6_BATCH)
			look_up(&f, &b->p[i], &port[i],
				count - i < WEIR_FIB6_BATCH ? count - i
							    : (unsigned)WEIR_FIB6_BATCH);
	}
	for (unsigned i = 0; i < count; i++) {
		port[i] = hop_of(self, port[i], b->p[i]);
		differ |= port[i] ^ port[0];
	}
	return !differ;
}

static void lookup_ip6_route(struct weir_node *n, unsigned, struct batch *b)
{
	const struct lookup_ip6_route *self = n->self;
	uint32_t port[WEIR_BATCH_MAX];
	const unsigned count = b->n;
	struct weir_deal deal;

	if (outputs(self, b, port)) {
		b->out = port[0];
		return;
	}
	weir_deal_begin(&deal, n, b);
	for (unsigned i = 0; i < count; i++)
		weir_deal(&deal, n, port[i], b->p[i]);
	weir_deal_end(&deal, n, b);
}

WEIR_BATCH_ELEMENT(lookup_ip6_route, "LookupIP6Route", .ports = "1/-", .processing = "h/h",
		   .purpose = "looks up the next hop of an IPv6 packet", .drops = {"no-route"},
		   .handlers = lookup_ip6_handlers, .rest = "ADDR/LEN [GATEWAY] OUTPUT",
		   .rest_help = "a route: packets for the prefix leave by OUTPUT; the next hop is "
				"GATEWAY, without it the destination",
		   .configure = lookup_ip6_configure, .fini = lookup_ip6_fini,
		   .driver = lookup_ip6_driver, .reconfigures = true);

WEIR_CASES(lookup_ip6_route,
	   {"2001:db8::/32 0, 2001:db8:1::/48 fe80::9 1, 2001:db8:1::2/128 2",
	    "ip6 dst_ip6=2001:db8::1 | ip6 dst_ip6=2001:db8:1::1 | ip6 dst_ip6=2001:db8:1::2 | "
	    "ip6 dst_ip6=2001:db9::1",
	    "0 | 1 | 2 | no-route",
	    "ip6 dst_ip6=2001:db8::1 | ip6 dst_ip6=fe80::9 | ip6 dst_ip6=2001:db8:1::2 | "
	    "ip6 dst_ip6=2001:db9::1"},
	   {"::/0 fe80::1 0", "ip6 dst_ip6=ffff::ffff", "0", "ip6 dst_ip6=fe80::1"},
	   {"::/0 - 0", "ip6 dst_ip6=1::2", "0", "ip6 dst_ip6=1::2"},
	   {"::/0 :: 0", "ip6 dst_ip6=1::2", "0", "ip6 dst_ip6=1::2"},
	   {"2001:db8::7/32 1", "ip6 dst_ip6=2001:db8:ffff::", "1", ""},
	   {"2001:db8:0:1::/64 0, 2001:db8:0:1:8000::/65 1, 2001:db8:0:1:ffff::5 2",
	    "ip6 dst_ip6=2001:db8:0:1::5 | ip6 dst_ip6=2001:db8:0:1:ffff::4 | "
	    "ip6 dst_ip6=2001:db8:0:1:ffff::5",
	    "0 | 1 | 2", ""});
