// SPDX-License-Identifier: BSD-2-Clause
// SIIT: translates between IPv6 and IPv4 without state (RFC 7915). IPv6 packets come by input 0 and
// leave as IPv4 by `ip4`, IPv4 packets come by input 1 and leave as IPv6 by `ip6`. An IPv4 address
// is embedded in PREFIX (RFC 6052), unless one of the other arguments maps it: in `10.0.0.0/24
// 2001:db8::/120` what is behind the one prefix stands behind the other (RFC 7757). The longest
// prefix that fits decides. So two of them are either end of 464XLAT (RFC 6877): the customer's has
// the provider's PREFIX and maps its own hosts.
//
// Both kinds of ICMP are translated, errors with what they quote (their MTU is the other side's, by
// MTU4 and MTU6, the MTUs of the next hops), and so are fragments, but not those of ICMP. IPv4
// packets without DF that become longer than LOWEST bytes are cut. UDP without a checksum gets one
// (CHECKSUM false: is lost), but not if it comes in fragments. TOS false: TOS and traffic class are
// zero on the other side.
//
// Hop limits are not changed: DecIP6HLIM and DecIPTTL stand in front. What cannot be translated
// leaves unchanged: by `other6` and `other4` if an address has no counterpart, usually towards a
// router of its own kind; by `routing` with a routing header that is not used up, towards
// ICMP6Error(…, parameterproblem, header), which points at it; by `source_route` likewise, towards
// ICMPError(…, unreachable, srcroutefail).
//
//	siit :: SIIT(64:ff9b::/96, 192.168.1.2 2001:db8:aaaa::464); siit[ip4] -> rt4; siit[ip6] ->
// rt6;
#include "embed.h"
#include "xlat.h"

#include <errno.h>
#include <ip/ip_id.h>

enum { IP4, IP6, OTHER6, OTHER4, ROUTING, SOURCE_ROUTE };
enum reason { BAD, TOO_LONG, HEADERS, ICMP, FRAGMENT, NO_CHECKSUM, NO_BUFFER, NO_HEADER };
enum { MAPS = 32 };
enum { V6, V4 }; // inputs

typedef unsigned __int128 bits128;

struct siit_map {
	uint32_t addr4, mask4;
	bits128 addr6, mask6;
	unsigned shift; // of what is behind the prefixes
};

struct siit_state {
	uint16_t id; // see ip_id.h
};

struct siit {
	struct weir_ip6_prefix prefix;
	struct embed_prefix embed;
	struct xlat_links links;
	unsigned n_maps;
	struct siit_map maps[MAPS];
};

static bits128 read128(const be64 a[2])
{
	const struct weir_ip6 ip = weir_ip6_read(a);

	return (bits128)ip.hi << 64 | ip.lo;
}

static void write128(be64 a[2], bits128 v)
{
	weir_ip6_write(a, (struct weir_ip6){(uint64_t)(v >> 64), (uint64_t)v});
}

// The maps are in the order of their IPv6 prefixes' lengths, those of IPv4 may be in another one.
static bool to4(const struct siit *self, const be64 v6[2], be32 *v4)
{
	const bits128 a = read128(v6);

	for (unsigned i = 0; i < self->n_maps; i++) {
		const struct siit_map *m = &self->maps[i];

		if ((a & m->mask6) == m->addr6) {
			*v4 = wr32(m->addr4 |
				   ((uint32_t)((a & ~m->mask6) >> m->shift) & ~m->mask4));
			return true;
		}
	}
	return embed_get(&self->embed, v6, v4) && embed_allows(&self->embed, *v4);
}

static bool to6(const struct siit *self, be32 v4, be64 v6[2])
{
	const uint32_t a = rd32(v4);
	const struct siit_map *best = NULL;

	for (unsigned i = 0; i < self->n_maps; i++) {
		const struct siit_map *m = &self->maps[i];

		if ((a & m->mask4) == m->addr4 && (!best || m->mask4 > best->mask4))
			best = m;
	}
	if (best)
		write128(v6, best->addr6 | (bits128)(a & ~best->mask4) << best->shift);
	else
		embed_put(&self->embed, v4, v6);
	return best || embed_allows(&self->embed, v4);
}

// By which output a packet leaves of which this was said.
static unsigned output(enum xlat_verdict v, unsigned ok)
{
	static const uint16_t out[] = {
		[XLAT_BAD] = WEIR_DROP + BAD,
		[XLAT_TOO_LONG] = WEIR_DROP + TOO_LONG,
		[XLAT_SOURCE_ROUTE] = SOURCE_ROUTE,
		[XLAT_ROUTING] = ROUTING,
		[XLAT_HEADERS] = WEIR_DROP + HEADERS,
		[XLAT_ICMP] = WEIR_DROP + ICMP,
		[XLAT_FRAGMENT] = WEIR_DROP + FRAGMENT,
		[XLAT_NO_CHECKSUM] = WEIR_DROP + NO_CHECKSUM,
	};

	return v == XLAT_OK ? ok : out[v];
}

static unsigned six_to_four(struct weir_node *n, struct packet *p)
{
	const struct siit *self = n->self;
	struct siit_state *state = n->state;
	const struct xlat_seen6 s = xlat_look6(p);
	struct session_tuple to = {.sport = s.tuple.sport, .dport = s.tuple.dport};
	const struct ip6 *ip;
	be32 src;

	if (s.kind == TRANSLATE_BAD)
		return output(s.verdict, 0);
	ip = (const struct ip6 *)weir_data(p);
	if (!to4(self, s.tuple.src, &to.src) || !to4(self, s.tuple.dst, &to.dst))
		return OTHER6;
	// of an error, which may be of a router that has no IPv4 address: the host that it is about
	if (!to4(self, ip->src, &src))
		src = to.src;
	return output(xlat_to4(p, &to, src, wr16(state->id++), &self->links), IP4);
}

static unsigned four_to_six(struct weir_node *n, struct packet *p)
{
	const struct siit *self = n->self;
	const struct translate_seen s = translate_look(p);
	struct xlat_tuple6 to = {.sport = s.tuple.sport, .dport = s.tuple.dport};
	be64 src[2];

	if (s.kind == TRANSLATE_BAD)
		return WEIR_DROP + BAD;
	if (!to6(self, s.tuple.src, to.src) || !to6(self, s.tuple.dst, to.dst) ||
	    !to6(self, ((const struct ip4 *)weir_data(p))->src, src))
		return OTHER4;
	return output(xlat_to6(p, &to, src, &self->links), IP6);
}

static void translate(struct weir_node *n, unsigned port, struct packet *p)
{
	const struct siit *self = n->self;
	unsigned out;

	if (!weir_start_at_network(p)) {
		weir_drop(n, NO_HEADER, p);
		return;
	}
	if (port == V6) {
		weir_emit(n, six_to_four(n, p), p);
		return;
	}
	if (weir_headroom(p) < XLAT_ROOM) {
		struct packet *q = weir_packet_room(n, p, WEIR_HEADROOM, 0);

		if (!q) {
			weir_drop(n, NO_BUFFER, p);
			return;
		}
		p = q;
	}
	out = four_to_six(n, p);
	if (out != IP6)
		weir_emit(n, out, p);
	else if (!xlat_emit6(n, IP6, p, &self->links))
		weir_drop(n, NO_BUFFER, p);
}

static void siit(struct weir_node *n, unsigned port, struct batch *b)
{
	for (unsigned i = 0; i < b->n; i++) {
		b->bytes -= b->p[i]->len;
		translate(n, port, b->p[i]);
	}
	b->n = 0;
}

static void add_map(struct siit *self, const struct siit_map *m)
{
	unsigned i = self->n_maps++;

	for (; i && self->maps[i - 1].mask6 < m->mask6; i--)
		self->maps[i] = self->maps[i - 1];
	self->maps[i] = *m;
}

static int take_map(struct weir_element *e, struct weir_args *a, unsigned i, char **words, int n)
{
	struct siit *self = e->self;
	struct weir_ip4_prefix p4;
	struct weir_ip6_prefix p6;
	struct siit_map m;
	struct weir_ip6 mask;
	unsigned len4;

	if (n != 2)
		return weir_args_error(a, (int)i, "an IPv4 prefix and an IPv6 prefix are wanted");
	if (self->n_maps == MAPS)
		return weir_args_error(a, (int)i, "more than %d pairs of prefixes", MAPS);
	if (weir_parse(e, WEIR_T_IP4_PREFIX, words[0], "IPv4 prefix", &p4, a->err) ||
	    weir_parse(e, WEIR_T_IP6_PREFIX, words[1], "IPv6 prefix", &p6, a->err))
		return -EINVAL;
	len4 = (unsigned)__builtin_popcount(p4.mask.be);
	if (p6.len + 32 - len4 > 128)
		return weir_args_error(a, (int)i,
				       "behind %s there is no room for what is behind %s", words[1],
				       words[0]);
	mask = weir_ip6_mask(p6.len);
	m.mask4 = rd32(p4.mask);
	m.addr4 = rd32(p4.addr) & m.mask4;
	m.mask6 = (bits128)mask.hi << 64 | mask.lo;
	m.addr6 = ((bits128)p6.addr.hi << 64 | p6.addr.lo) & m.mask6;
	m.shift = 128 - p6.len - (32 - len4);
	add_map(self, &m);
	return 0;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	struct siit *self = e->self;
	int rc = weir_args_each(e, a, take_map);

	return embed_configure(&self->embed, &self->prefix, a) ?: rc;
}

static const struct weir_arg siit_args[] = {
	WEIR_ARG(IP6_PREFIX, siit, prefix, "PREFIX", "where IPv4 addresses are embedded",
		 WEIR_MAND),
	XLAT_ARGS(siit, links),
	{},
};

WEIR_BATCH_ELEMENT(siit, "SIIT", .purpose = "translates between IPv4 and IPv6 without state",
		   .ports = "2/2-6", .processing = "h/h",
		   .out = {"ip4", "ip6", "other6", "other4", "routing", "source_route"},
		   .in = {"ip6", "ip4"},
		   .drops = {"bad-packet", "too-long", "headers", "icmp", "icmp-fragment",
			     "no-checksum", "no-buffer", "no-ip-header"},
		   .args = siit_args, .rest = "IP4PREFIX IP6PREFIX",
		   .rest_help = "addresses that are not embedded", .configure = configure,
		   .init_node = ip_id_init_node, .state_size = sizeof(struct siit_state),
		   .resizes = true, .reconfigures = true);

#define SIX "ip6 src=fd00::10.0.0.1 dst=fd00::10.0.0.2 "
#define SIX_BACK "ip6 src=fd00::10.0.0.2 dst=fd00::10.0.0.1 "
WEIR_CASES(siit,
	   {"fd00::/96", SIX "tc=9 hlim=3 udp data=\"abc\"", "ip4",
	    "ip4 tos=9 ttl=3 udp data=\"abc\" network=0 transport=20 dst_ip=10.0.0.2"},
	   {"fd00::/96, TOS false", SIX "tc=9 tcp strip=0", "ip4", "ip4 tcp"},
	   {"fd00::/96", "@1 ip4 tos=9 ttl=3 udp data=\"abc\"", "ip6",
	    SIX "tc=9 hlim=3 udp data=\"abc\" network=0 transport=40 dst_ip6=fd00::10.0.0.2"},
	   {"fd00::/96, TOS false", "@1 eth ip4 tos=9 tcp", "ip6", SIX "tcp"},
	   {"fd00::/96", "@1 ip4 icmp type=11 ip4 src=10.0.0.2 dst=10.0.0.1 udp", "ip6",
	    SIX "icmp6 type=3 id=0 seq=0 " SIX_BACK "udp"},
	   {"fd00::/96, LOWEST 1500", SIX "icmp6 type=2 mtu=1300 " SIX_BACK "udp", "ip4",
	    "ip4 icmp type=3 code=4 mtu=1280 ip4 src=10.0.0.2 dst=10.0.0.1 udp"},
	   // cut on the way to IPv6
	   {"fd00::/96", "@1 ip4 id=7 proto=132 zero=1241 paint=3", "1 | 1",
	    SIX "frag id=7 mf next=132 zero=1232 paint=3 | " SIX
		"frag off=1232 id=7 next=132 zero=9 paint=3"},
	   {"fd00::/96", "@1 ip4 id=7 frag=2400 mf proto=132 zero=1240", "1 | 1",
	    SIX "frag off=2400 id=7 mf next=132 zero=1232 | " SIX
		"frag off=3632 id=7 mf next=132 zero=8"},
	   {"fd00::/96, LOWEST 1300", "@1 ip4 id=7 proto=132 zero=1252", "ip6",
	    SIX "next=132 zero=1252"},
	   {"fd00::/96, LOWEST 1300", "@1 ip4 id=7 proto=132 zero=1261", "1 | 1",
	    SIX "frag id=7 mf next=132 zero=1248 | " SIX "frag off=1248 id=7 next=132 zero=13"},
	   {"fd00::/96", "@1 ip4 df id=7 proto=132 zero=1400", "ip6", SIX "next=132 zero=1400"},
	   // RFC 7757, and what is not mapped
	   {"64:ff9b::/96, 10.0.0.0/24 2001:db8::/120", "@1 ip4 dst=8.8.8.8 udp", "ip6",
	    "ip6 src=2001:db8::1 dst=64:ff9b::8.8.8.8 udp"},
	   {"64:ff9b::/96, 10.0.0.0/24 2001:db8::/120", "ip6 src=64:ff9b::8.8.8.8 udp", "ip4",
	    "ip4 src=8.8.8.8 dst=10.0.0.2 udp"},
	   {"64:ff9b::/96, 10.0.0.0/24 2001:db8::/64, 10.0.0.1 2001:db8::99/128", "@1 ip4 udp",
	    "ip6", "ip6 src=2001:db8::99 dst=2001:db8::200:0:0:0 udp"},
	   {"64:ff9b::/96, 10.0.0.0/24 2001:db8::/64, 10.0.0.1 2001:db8::99/128",
	    "ip6 src=2001:db8::99 dst=2001:db8::200:0:0:0 udp", "ip4", "ip4 udp"},
	   {"64:ff9b::/96", "@1 ip4 udp", "other4", ""},
	   {"64:ff9b::/96", "ip6 src=64:ff9b::8.8.8.8 udp", "other6", ""},
	   {"64:ff9b::/96", "ip6 src=64:ff9b::8.8.8.8 dst=64:ff9b::10.0.0.1 udp", "other6", ""},
	   {"fd00::/96", "@1 ip4 dst=224.0.0.1 udp", "other4", ""},
	   // an error of a router that has no IPv4 address
	   {"fd00::/96, LOWEST 1501",
	    "ip6 dst=fd00::10.0.0.2 icmp6 type=3 id=0 seq=0 " SIX_BACK "udp", "ip4",
	    "ip4 icmp type=11 mtu=0 ip4 src=10.0.0.2 dst=10.0.0.1 udp"},
	   {"fd00::/96", SIX "routing rtype=0 left=2 udp", "routing",
	    SIX "routing rtype=0 left=2 udp param_prob=43"},
	   {"fd00::/96", "@1 ip4 opt=83070401020304 udp", "source_route", ""},
	   {"fd00::/96", SIX "udp cut=47", "bad-packet", ""},
	   {"fd00::/96", "@1 ip4 udp cut=27", "bad-packet", ""},
	   {"fd00::/96", SIX "next=1 bytes=8", "headers", ""},
	   {"fd00::/96", "@1 ip4 proto=58 bytes=8", "headers", ""},
	   {"fd00::/96", SIX "icmp6 type=133", "icmp", ""},
	   {"fd00::/96", "@1 ip4 icmp type=13", "icmp", ""},
	   {"fd00::/96", SIX "frag mf icmp6", "icmp-fragment", ""},
	   {"fd00::/96", "@1 ip4 mf icmp", "icmp-fragment", ""},
	   {"fd00::/96, CHECKSUM false", "@1 ip4 udp csum=0", "no-checksum", ""},
	   {"fd00::/96", "@1 ip4 udp csum=0", "ip6", SIX "udp"},
	   {"fd00::/96", SIX "udp network=none transport=none", "no-ip-header", ""});
