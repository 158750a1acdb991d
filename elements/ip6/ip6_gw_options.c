// SPDX-License-Identifier: BSD-2-Clause
// IP6GWOptions: what a router looks at before it forwards an IPv6 packet. Of the hop-by-hop options
// the first eight are looked at (RFC 9673); one that is not known is passed over, or the packet is
// lost, or it leaves by `option`, as the upper two bits of its type say (RFC 8200 4.2). Jumbograms
// (RFC 2675) are not known. A packet whose first routing header is of type 0 and not at its end
// leaves by `routing` (RFC 5095); one behind a fragment or authentication header is not looked for.
// Both for ICMP6Error(…, parameterproblem), with the Parameter Problem annotation pointing at the
// mistake. A packet whose source is good on its own link only (RFC 4291 2.5.6) leaves by `scope`.
//
//	gio :: IP6GWOptions;
//	gio[option] -> ICMP6Error(2001:db8::1, parameterproblem, option) -> ...
//	gio[routing] -> ICMP6Error(2001:db8::1, parameterproblem, header) -> ...
//	gio[scope] -> ICMP6Error(2001:db8::1, unreachable, beyondscope) -> ...
#include "ip6_gw_options.h"

enum reason { MALFORMED, UNKNOWN };
enum { OPTIONS_MAX = 8 };
enum { ALERT = IP6_OPT_ROUTER_ALERT, POINTER_MAX = UINT8_MAX }; // the annotation is a byte

// A mistake so far behind that no annotation can point at it is none to answer.
static unsigned refuse(struct packet *p, uint32_t at, unsigned port)
{
	if (at > POINTER_MAX)
		return WEIR_DROP + MALFORMED;
	weir_set_anno_u8(p, ANNO_ICMP_PARAMPROB, (uint8_t)at);
	return port;
}

// What becomes of a packet with an option that is not known, at `at`.
static unsigned unknown(struct packet *p, const struct ip6 *ip, uint8_t type, uint32_t at)
{
	switch (type & IP6_OPT_ACTION) {
	case IP6_OPT_SKIP:
		return OUT;
	case IP6_OPT_DISCARD:
		return WEIR_DROP + UNKNOWN;
	case IP6_OPT_DISCARD_TELL_UNICAST:
		if (*(const uint8_t *)ip->dst == 0xff)
			return WEIR_DROP + UNKNOWN;
		break;
	}
	return refuse(p, at, OPTION);
}

// The hop-by-hop header, which is `len` bytes behind the IPv6 header. One that is longer than the
// pointer of an error is not looked at to its end.
static unsigned hop_options(struct packet *p, const struct ip6 *ip, uint32_t len)
{
	const uint8_t *h = (const uint8_t *)ip;
	uint32_t at = sizeof(*ip) + 2, end = sizeof(*ip) + len;

	for (unsigned n = 0; n < OPTIONS_MAX && at < end && at <= POINTER_MAX;) {
		unsigned port = OUT;

		if (h[at] == IP6_OPT_PAD1) {
			at++;
			continue;
		}
		if (at + 2 > end || at + 2 + h[at + 1] > end)
			return WEIR_DROP + MALFORMED;
		if (h[at] != IP6_OPT_PADN) {
			n++;
			port = h[at] == ALERT ? OUT : unknown(p, ip, h[at], at);
		}
		if (port != OUT)
			return port;
		at += 2u + h[at + 1];
	}
	return OUT;
}

// Looks at the first routing header, as the driver's half does: it stands before fragment and
// authentication headers (RFC 8200 4.1). The chain has been walked.
static unsigned routing(struct packet *p, const struct ip6 *ip, uint32_t end)
{
	const struct ip6_routing *r;
	uint32_t at = sizeof(*ip);
	uint8_t proto = ip->next;

	while (at < end && (proto == IPPROTO6_HOP || proto == IPPROTO6_OPTIONS)) {
		const struct ip6_ext *x = weir_network_at(p, at, sizeof(*x));

		if (!x)
			return OUT;
		at += weir_ip6_extension_len(proto, x);
		proto = x->next;
	}
	r = at < end ? weir_network_at(p, at, sizeof(*r)) : NULL;
	if (!r || proto != IPPROTO6_ROUTING || r->type || !r->left)
		return OUT;
	return refuse(p, at + (uint32_t)offsetof(struct ip6_routing, type), ROUTING);
}

static unsigned extensions(struct packet *p, const struct ip6 *ip)
{
	struct weir_ip6_upper upper;
	const struct ip6_ext *x;
	unsigned port = OUT;
	uint32_t len;

	if (ip->next == IPPROTO6_HOP) {
		x = weir_network_at(p, sizeof(*ip), sizeof(*x));
		len = x ? weir_ip6_extension_len(IPPROTO6_HOP, x) : 0;
		if (!x || !weir_network_at(p, sizeof(*ip), len))
			port = WEIR_DROP + MALFORMED;
		else
			port = hop_options(p, ip, len);
	}
	if (port != OUT)
		return port;
	weir_ip6_walk(p, ip, &upper);
	return routing(p, ip, upper.off);
}

WEIR_RARE unsigned closely(struct ip6_gw_options_state *state, struct packet *p)
{
	const struct ip6 *ip = weir_ip6_header(p);
	unsigned port;

	if (!ip)
		return OUT;
	port = is_link_local(ip->src) ? (unsigned)SCOPE : extensions(p, ip);
	state->drops += port != OUT;
	return port;
}

static inline unsigned ip6_gw_options(const struct ip6_gw_options *,
				      struct ip6_gw_options_state *state, struct packet *p)
{
	// without a header the next one is 0, hop-by-hop options
	const struct ip6 *ip = weir_ip6_or_blank(p);

	if (WEIR_UNLIKELY(weir_ip6_is_extension(ip->next) || is_link_local(ip->src)))
		return closely(state, p);
	return OUT;
}

static int driver(const struct weir_element *, struct weir_front_args *a)
{
	a->size = 0;
	a->hands = "packets with IPv6 options";
	return 0;
}

static const struct weir_handler ip6_gw_options_handlers[] = {
	WEIR_SUM("drops", ip6_gw_options, drops, "packets that are not to be forwarded"),
	{},
};

WEIR_STATE_ELEMENT(ip6_gw_options, "IP6GWOptions",
		   .purpose = "looks at IPv6 options and scopes as a router", .ports = "1/1-4",
		   .processing = "a/ah", .out = {"out", "option", "routing", "scope"},
		   .drops = {"malformed-options", "unknown-option"},
		   .handlers = ip6_gw_options_handlers, .driver = driver);

WEIR_CASES(ip6_gw_options, {"", "ip6 udp", "out", ""}, {"", "ip6 frag ah udp", "out", ""},
	   {"", "ip6 hop udp", "out", ""}, {"", "eth ip6 hop opt=050200000100 udp", "out", ""},
	   // by the upper two bits
	   {"", "ip6 hop opt=1e0200000000 udp", "out", ""},
	   {"", "ip6 hop opt=0000420100 udp", "unknown-option", ""},
	   {"", "ip6 hop opt=0000820100 udp", "option", "ip6 hop opt=0000820100 udp param_prob=44"},
	   {"", "ip6 dst=ff0e::1 hop opt=820100 udp", "option",
	    "ip6 dst=ff0e::1 hop opt=820100 udp param_prob=42"},
	   {"", "ip6 hop opt=c20400010000 udp", "option",
	    "ip6 hop opt=c20400010000 udp param_prob=42"},
	   {"", "ip6 dst=ff0e::1 hop opt=c20400010000 udp", "unknown-option", ""},
	   {"", "ip6 hop opt=0104000000000000000082020000 udp", "option",
	    "ip6 hop opt=0104000000000000000082020000 udp param_prob=52"},
	   // the ninth is not looked at
	   {"", "ip6 hop opt=1e001e001e001e001e001e001e001e00820001020000 udp", "out", ""},
	   {"", "ip6 hop opt=1e001e001e001e001e001e001e00820001040000 udp", "option",
	    "ip6 hop opt=1e001e001e001e001e001e001e00820001040000 udp param_prob=56"},
	   {"", "ip6 hop opt=0105 udp", "malformed-options", ""},
	   {"", "ip6 hop opt=000000000082 udp", "malformed-options", ""},
	   {"", "ip6 hop hlen=1 zero=7", "malformed-options", ""},
	   {"", "ip6 next=hop zero=7", "malformed-options", ""},
	   // options for the destination are not the router's
	   {"", "ip6 dest opt=820100 udp", "out", ""},
	   // routing headers
	   {"", "ip6 routing left=1 opt=20010db8000000000000000000000009 udp", "routing",
	    "ip6 routing left=1 opt=20010db8000000000000000000000009 udp param_prob=42"},
	   {"", "ip6 hop dest routing left=1 udp", "routing",
	    "ip6 hop dest routing left=1 udp param_prob=58"},
	   {"", "ip6 routing left=0 udp", "out", ""},
	   // but for those out of place, which both halves leave to the destination
	   {"", "ip6 frag routing left=1 udp", "out", ""},
	   {"", "ip6 ah routing left=1 udp", "out", ""},
	   {"", "ip6 dest frag routing left=1 udp", "out", ""},
	   {"", "ip6 routing rtype=4 left=1 routing left=1 udp", "out", ""},
	   {"", "ip6 routing rtype=4 left=1 udp", "out", ""}, {"", "ip6 next=43 zero=7", "out", ""},
	   {"", "ip6 hop opt=820100 udp network=none transport=none", "out", ""});
