// SPDX-License-Identifier: BSD-2-Clause
// ICMPError: answers a packet with an ICMP error about it (RFC 792, RFC 1812 4.3): TYPE and CODE
// are numbers or Click's names (unreachable, redirect, timeexceeded, parameterproblem,
// sourcequench; net, host, protocol, port, needfrag, transit, reassembly, erroratptr, missingopt,
// length). The error quotes as much of the packet as fits into MTU bytes, has SRC as its source and
// asks FixIPSrc to set a better one when the outgoing interface is known. A redirect names the
// gateway of the destination annotation, a needfrag the PMTU, an erroratptr points where
// IPGWOptions says.
//
// No error is sent about an ICMP error, a fragment but the first, a link-layer or IP broadcast or
// multicast, or a packet whose source is no single host (RFC 1122 3.2.2, RFC 1812 4.3.2.7); those
// packets are lost under the name of the reason. The precedence is 6 and the type of service that
// of the packet (4.3.2.5); a source route is reversed (4.3.2.6).
//
// At most RATE errors a second are sent, and HOST_RATE to one host (4.3.2.8), by all workers
// together; packets above that are lost as `rate` and `host-rate`. An answer that path-MTU
// discovery waits for, needfrag, is not limited by host. A redirect goes only to a host that is on
// the same link as the gateway that it names (5.2.7.2), where LINK says which prefixes are on it.
//
// With KERNEL, the name of a KernelRoutes, an error has the address as its source that the kernel
// would send it from (4.3.2.4), and a redirect stays on a link of the kernel. IIF asks by the
// routes of packets that come in by that interface, as those of a VRF.
//
//	dt :: DecIPTTL; dt[1] -> ICMPError(18.26.4.24, timeexceeded) -> rt;
#include <weir/csum.h>
#include <weir/element.h>
#include <weir/icmp.h>
#include <weir/ip4_list.h>

#include "kernel.h"
#include "limit.h"

#include <errno.h>
#include <stdlib.h>

enum { OUT };
enum reason {
	NO_HEADER,
	ABOUT_ERROR,
	BROADCAST,
	BAD_SOURCE,
	LATER_FRAGMENT,
	SOURCE_ROUTED,
	NO_BUFFER,
	OFF_LINK,
	RATE,
	HOST_RATE,
	NO_SOURCE,
};

enum {
	UNREACHABLE = 3,
	SOURCE_QUENCH = 4,
	REDIRECT = 5,
	TIME_EXCEEDED = 11,
	PARAMETER_PROBLEM = 12,
};
enum { NEEDFRAG = 4, ERROR_AT_PTR = 0 };

enum { OPT_END = 0, OPT_NOP = 1, OPT_LSRR = 131, OPT_SSRR = 137 };

struct icmp_error {
	be32 src;
	char *type_text, *code_text, *bad_text, *link_text;
	struct weir_ip4_list bad_addrs;
	struct icmp_limit limit;
	struct icmp_kernel kernel;
	struct weir_ip4_prefix *link; // owner: the element
	unsigned n_link;
	uint32_t mtu, pmtu;
	uint8_t type, code;
	bool set_fix_anno, has_src;
};
struct icmp_error_state {
	uint16_t id;
};

struct source {
	be32 addr;
	bool fix; // by FixIPSrc
};

static bool is_error(unsigned type)
{
	return type == UNREACHABLE || type == SOURCE_QUENCH || type == REDIRECT ||
	       type == TIME_EXCEEDED || type == PARAMETER_PROBLEM;
}

static bool is_unicast(const struct icmp_error *self, be32 addr)
{
	return rd32(addr) >> 28 != 14 && rd32(addr) != 0xffffffff &&
	       !weir_ip4_list_has(&self->bad_addrs, addr);
}

// RFC 1812 5.3.7, 4.2.2.11
static bool is_host(const struct icmp_error *self, be32 addr)
{
	uint32_t net = rd32(addr) >> 24;

	return is_unicast(self, addr) && net && net != 127 && net < 240;
}

// The source route option of a header, if it has a well-formed one that was used at least in part.
static const uint8_t *find_source_route(const struct ip4 *ip, uint32_t hlen)
{
	const uint8_t *o = (const uint8_t *)ip;

	for (uint32_t at = sizeof(*ip), len; at < hlen && o[at] != OPT_END; at += len) {
		len = 1;
		if (o[at] == OPT_NOP)
			continue;
		len = at + 1 < hlen ? o[at + 1] : 0;
		if (len < 2 || at + len > hlen)
			return NULL;
		if ((o[at] == OPT_LSRR || o[at] == OPT_SSRR) && len >= 3 && o[at + 2] >= 4 &&
		    o[at + 2] % 4 == 0 && o[at + 2] <= len + 1)
			return o + at;
	}
	return NULL;
}

// Appends the reversed source route to a new header. Returns the bytes it takes. The hops that were
// used are those before the pointer.
static uint32_t reverse_source_route(const uint8_t *route, uint8_t *to)
{
	uint32_t len = route[2] - 1u, used = len - 3;

	to[0] = route[0];
	to[1] = (uint8_t)len;
	to[2] = 4;
	for (uint32_t i = 0; i < used; i += 4)
		memcpy(to + 3 + i, route + 3 + used - 4 - i, 4);
	memset(to + len, OPT_END, 4 - (len & 3));
	return (len + 3) & ~3u;
}

// Whether an error may be sent about p: -1, or the reason why not.
static int reason_against(const struct icmp_error *self, struct packet *p, const struct ip4 *ip)
{
	uint32_t hlen, len = weir_network_len(p);

	if (!ip)
		return NO_HEADER;
	hlen = (ip->vihl & 15u) * 4;
	if (hlen < sizeof(*ip) || hlen > len)
		return NO_HEADER;
	if (rd16(ip->frag) & IP4_OFFMASK)
		return LATER_FRAGMENT;
	if (ip->proto == IPPROTO4_ICMP && (hlen + 4 > len || is_error(((const uint8_t *)ip)[hlen])))
		return ABOUT_ERROR;
	if (!is_unicast(self, ip->dst) || weir_type(p) == WEIR_BROADCAST ||
	    weir_type(p) == WEIR_MULTICAST)
		return BROADCAST;
	if (!is_host(self, ip->src))
		return BAD_SOURCE;
	return -1;
}

// The prefix of the link that an address is in; n_link: none.
static unsigned find_prefix(const struct icmp_error *self, be32 addr)
{
	unsigned i = 0;

	while (i < self->n_link && (addr.be ^ self->link[i].addr.be) & self->link[i].mask.be)
		i++;
	return i;
}

// Is the redirect for a neighbour, and about one? RFC 1812 5.2.7.2
static bool is_on_link(const struct icmp_error *self, const struct packet *p, const struct ip4 *ip)
{
	unsigned prefix;

	if (!self->n_link)
		return !self->kernel.kernel ||
		       icmp_kernel_joins4(&self->kernel, ip->src, weir_dst_ip(p));
	prefix = find_prefix(self, ip->src);
	return prefix < self->n_link && find_prefix(self, weir_dst_ip(p)) == prefix;
}

static int reason_to_wait(struct weir_node *n, const struct ip4 *ip)
{
	const struct icmp_error *self = n->self;
	const bool spared = self->type == UNREACHABLE && self->code == NEEDFRAG;

	switch (icmp_limit_ask(&self->limit, weir_now(n), ip->src.be, spared)) {
	case ICMP_LIMIT_RATE:
		return RATE;
	case ICMP_LIMIT_HOST:
		return HOST_RATE;
	default:
		return -1;
	}
}

static void fill_icmp(const struct icmp_error *self, const struct packet *p, struct icmp4 *icmp)
{
	uint8_t ptr[4] = {weir_anno_u8(p, ANNO_ICMP_PARAMPROB)};

	*icmp = (struct icmp4){.type = self->type, .code = self->code};
	if (self->type == PARAMETER_PROBLEM && self->code == ERROR_AT_PTR)
		memcpy(&icmp->rest, ptr, 4);
	else if (self->type == REDIRECT)
		icmp->rest = weir_dst_ip(p);
	else if (self->type == UNREACHABLE && self->code == NEEDFRAG)
		icmp->rest = wr32(self->pmtu); // RFC 1191: the lower half
}

// The address to send from. False: there is none. Hosts believe a redirect only of the address that
// is their gateway (RFC 1122 3.2.2.2), which SRC knows better than the kernel.
static bool find_source(const struct icmp_error *self, be32 to, struct source *s)
{
	*s = (struct source){self->src, self->set_fix_anno};
	if (!self->kernel.kernel || (self->type == REDIRECT && self->has_src) ||
	    !weir_kernel_source4(self->kernel.kernel, self->kernel.view, to, &s->addr))
		return self->has_src;
	s->fix = false;
	return true;
}

// The error about p, which stays as it is; NULL without a buffer.
static struct packet *make_error(struct weir_node *n, const struct packet *p, const struct ip4 *ip,
				 const uint8_t *route, const struct source *src)
{
	const struct icmp_error *self = n->self;
	struct icmp_error_state *state = n->state;
	uint32_t hlen = sizeof(*ip), quote = weir_network_len(p), len;
	struct packet *q;
	struct icmp4 *icmp;
	struct ip4 *nip;

	if (route)
		hlen += (route[2] - 1u + 3) & ~3u;
	len = hlen + (uint32_t)sizeof(*icmp) + quote;
	if (len > self->mtu)
		len = self->mtu;
	quote = len - hlen - (uint32_t)sizeof(*icmp);
	q = weir_packet_new(n, WEIR_HEADROOM, len);
	if (!q)
		return NULL;
	nip = (struct ip4 *)weir_data(q);
	*nip = (struct ip4){
		.vihl = (uint8_t)(0x40 | hlen / 4),
		.tos = (uint8_t)((ip->tos & 0x1e) | 0xc0),
		.len = wr16((uint16_t)len),
		.id = wr16(++state->id),
		.ttl = 200,
		.proto = IPPROTO4_ICMP,
		.src = src->addr,
		.dst = ip->src,
	};
	if (route)
		reverse_source_route(route, (uint8_t *)(nip + 1));
	weir_csum_ip4_set(nip, hlen);
	icmp = (struct icmp4 *)((uint8_t *)nip + hlen);
	fill_icmp(self, p, icmp);
	memcpy(icmp + 1, ip, quote);
	icmp->csum = weir_csum(icmp, sizeof(*icmp) + quote);

	weir_set_network(q, 0, hlen);
	weir_set_dst_ip(q, nip->dst);
	if (src->fix)
		weir_set_anno_u8(q, ANNO_FIX_IP_SRC, 1);
	q->tstamp = weir_wall(n);
	weir_made(n, 1, len);
	return q;
}

// RFC 1812 5.2.7.2
static int reason_against_redirect(const struct icmp_error *self, const struct packet *p,
				   const struct ip4 *ip)
{
	if (self->type != REDIRECT)
		return -1;
	if (find_source_route(ip, (ip->vihl & 15u) * 4))
		return SOURCE_ROUTED;
	return is_on_link(self, p, ip) ? -1 : OFF_LINK;
}

// The source route to reverse. RFC 1812 4.3.2.6: not when it itself is what is wrong
static const uint8_t *route_to_reverse(const struct icmp_error *self, const struct packet *p,
				       const struct ip4 *ip)
{
	const uint8_t *route = find_source_route(ip, (ip->vihl & 15u) * 4),
		      *at = (const uint8_t *)ip + weir_anno_u8(p, ANNO_ICMP_PARAMPROB);

	if (route && self->type == PARAMETER_PROBLEM && self->code == ERROR_AT_PTR && at >= route &&
	    at < route + route[1])
		return NULL;
	return route;
}

// Finds the source, too. The limits come last: what is not answered takes nothing from them.
static int reason_for_silence(struct weir_node *n, struct packet *p, const struct ip4 *ip,
			      struct source *src)
{
	const struct icmp_error *self = n->self;
	int why = reason_against(self, p, ip);

	if (why < 0)
		why = reason_against_redirect(self, p, ip);
	if (why >= 0)
		return why;
	return find_source(self, ip->src, src) ? reason_to_wait(n, ip) : NO_SOURCE;
}

static void answer(struct weir_node *n, struct packet *p)
{
	const struct ip4 *ip = weir_ip4(p);
	struct source src;
	struct packet *q = NULL;
	int why = reason_for_silence(n, p, ip, &src);

	if (why < 0) {
		q = make_error(n, p, ip, route_to_reverse(n->self, p, ip), &src);
		why = NO_BUFFER;
	}
	if (!q) {
		weir_drop(n, (unsigned)why, p);
		return;
	}
	weir_emit(n, OUT, q);
	weir_absorb(n, p);
}

static void icmp_error(struct weir_node *n, unsigned, struct batch *b)
{
	for (unsigned i = 0; i < b->n; i++) {
		b->bytes -= b->p[i]->len;
		answer(n, b->p[i]);
	}
	b->n = 0;
}

// Each worker counts identifications by itself, far from the others.
static int init_node(struct weir_node *n, struct weir_err *)
{
	const struct weir_workers *all = &n->element->runs;

	((struct icmp_error_state *)n->state)->id =
		(uint16_t)(65536 / weir_workers_count(all) *
			   weir_workers_rank(all, weir_worker_of(n)));
	return 0;
}

static int parse_type(struct weir_element *e, struct icmp_error *self)
{
	int type = weir_icmp_type(self->type_text);

	if (type < 0)
		return weir_parse(e, WEIR_T_U8, self->type_text, "TYPE", &self->type, NULL);
	self->type = (uint8_t)type;
	return 0;
}

static int parse_code(struct weir_element *e, struct icmp_error *self)
{
	int code = self->code_text ? weir_icmp_code(self->type, self->code_text) : 0;

	if (code < 0)
		return weir_parse(e, WEIR_T_U8, self->code_text, "CODE", &self->code, NULL);
	self->code = (uint8_t)code;
	return 0;
}

static int parse_link(struct icmp_error *self, struct weir_args *a)
{
	char **words = NULL;
	int n = weir_words(self->link_text ? self->link_text : "", &words), rc = n < 0 ? n : 0;

	self->link = calloc(n > 0 ? (size_t)n : 1, sizeof(*self->link));
	if (!self->link)
		rc = -ENOMEM;
	for (int i = 0; i < n && !rc; i++)
		rc = weir_parse(a->element, WEIR_T_IP4_PREFIX, words[i], "LINK",
				&self->link[self->n_link++], a->err);
	weir_words_free(words, n < 0 ? 0 : n);
	return rc;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	struct icmp_error *self = e->self;
	int rc = weir_ip4_list_parse(&self->bad_addrs, a, self->bad_text, "BADADDRS");

	rc = rc		?: parse_link(self, a)
		?: icmp_limit_open(&self->limit) ?: icmp_kernel_configure(&self->kernel, a);
	if (!self->has_src && !self->kernel.routes)
		rc = weir_args_error(a, -1, "one of SRC and KERNEL must be given");
	if (!self->type_text)
		return -1; // mandatory: the table said so
	if (parse_type(e, self))
		return weir_args_error(a, -1,
				       "TYPE takes an ICMP type: a number between 0 and 255 or a "
				       "name such as timeexceeded");
	if (!is_error(self->type))
		return weir_args_error(a, -1, "ICMP type %u is not an error type", self->type);
	if (parse_code(e, self))
		return weir_args_error(a, -1,
				       "CODE takes an ICMP code: a number between 0 and 255 or a "
				       "name that fits the type");
	return rc;
}

static void fini(struct weir_element *e)
{
	struct icmp_error *self = e->self;

	if (!self)
		return;
	weir_ip4_list_free(&self->bad_addrs);
	icmp_limit_close(&self->limit);
	free(self->link);
}

static const struct weir_arg icmp_error_args[] = {
	WEIR_ARG(IP4, icmp_error, src, "SRC", "source address of the error", WEIR_POS,
		 .given = offsetof(struct icmp_error, has_src)),
	WEIR_ARG(WORD, icmp_error, type_text, "TYPE", "ICMP type", WEIR_MAND),
	WEIR_ARG(WORD, icmp_error, code_text, "CODE", "ICMP code; 0 unless given", WEIR_POS),
	WEIR_ARG(ARG, icmp_error, bad_text, "BADADDRS",
		 "addresses to or from which nothing is answered, such as directed broadcasts",
		 WEIR_POS),
	// room for the longest header with options, ICMP header, and the quoted header
	WEIR_ARG(U32, icmp_error, mtu, "MTU", "longest error in bytes", .def = "576", .min = 128,
		 .max = 65535),
	WEIR_ARG(U32, icmp_error, pmtu, "PMTU", "MTU of the next hop, for needfrag", .def = "0",
		 .max = 65535),
	WEIR_ARG(BOOL, icmp_error, set_fix_anno, "SET_FIX_ANNO", "ask FixIPSrc to set the source",
		 .def = "true"),
	ICMP_LIMIT_ARGS(icmp_error),
	WEIR_ARG(ARG, icmp_error, link_text, "LINK",
		 "addresses/prefix of the link: redirects stay within one of them"),
	ICMP_KERNEL_ARG(icmp_error),
	{},
};
static const struct weir_handler icmp_error_handlers[] = {
	WEIR_FIELD_RW("src", IP4, icmp_error, src, "source address of the error"),
	WEIR_FIELD_RW("mtu", U32, icmp_error, mtu, "longest error in bytes"),
	WEIR_FIELD_RW("pmtu", U32, icmp_error, pmtu, "MTU of the next hop"),
	ICMP_LIMIT_HANDLERS(icmp_error),
	{},
};

WEIR_BATCH_ELEMENT(icmp_error, "ICMPError", .purpose = "answers with ICMP errors",
		   .drops = {"no-ip-header", "about-error", "broadcast", "bad-source", "fragment",
			     "source-routed", "no-buffer", "off-link", "rate", "host-rate",
			     "no-source"},
		   .state_size = sizeof(struct icmp_error_state), .args = icmp_error_args,
		   .handlers = icmp_error_handlers, .configure = configure, .init_node = init_node,
		   .fini = fini, .reconfigures = true);

WEIR_CASES(icmp_error,
	   {"10.0.0.9, timeexceeded", "ip4 ttl=1 udp data=\"abcd\" paint=3", "0",
	    "ip4 src=10.0.0.9 dst=10.0.0.1 ttl=200 tos=0xc0 id=1 icmp type=11 code=0 "
	    "ip4 ttl=1 udp data=\"abcd\" dst_ip=10.0.0.1 fix_ip_src=1 paint=0"},
	   {"10.0.0.9, unreachable, needfrag, PMTU 1400, MTU 128, SET_FIX_ANNO false",
	    "ip4 df tos=8 udp bytes=200", "0",
	    "ip4 src=10.0.0.9 dst=10.0.0.1 ttl=200 tos=0xc8 id=1 icmp type=3 code=4 "
	    "mtu=1400 ip4 df tos=8 udp bytes=200 quote=128 fix_ip_src=0"},
	   {"10.0.0.9, redirect, host", "ip4 udp dst_ip=10.0.0.7", "0",
	    "ip4 src=10.0.0.9 dst=10.0.0.1 ttl=200 tos=0xc0 id=1 icmp type=5 code=1 gw=10.0.0.7 "
	    "ip4 udp"},
	   {"10.0.0.9, parameterproblem", "ip4 udp param_prob=20", "0",
	    "ip4 src=10.0.0.9 dst=10.0.0.1 ttl=200 tos=0xc0 id=1 icmp type=12 code=0 ptr=20 "
	    "ip4 udp"},
	   {"10.0.0.9, 11, 0", "ip4 icmp type=3", "about-error", ""},
	   {"10.0.0.9, 11, 0", "ip4 icmp type=8 cut=22", "about-error", ""},
	   {"10.0.0.9, 11", "ip4 dst=224.0.0.5 udp", "broadcast", ""},
	   {"10.0.0.9, 11", "ip4 dst=255.255.255.255 udp", "broadcast", ""},
	   {"10.0.0.9, 11, 0, 10.0.0.255", "ip4 dst=10.0.0.255 udp", "broadcast", ""},
	   {"10.0.0.9, timeexceeded, 0, 10.0.0.255 10.0.1.255", "ip4 dst=10.0.1.255 udp",
	    "broadcast", ""},
	   {"10.0.0.9, 11", "ip4 udp type=broadcast", "broadcast", ""},
	   {"10.0.0.9, 11", "ip4 src=0.0.0.0 udp", "bad-source", ""},
	   {"10.0.0.9, 11", "ip4 src=127.0.0.1 udp", "bad-source", ""},
	   {"10.0.0.9, 11", "ip4 src=224.0.0.1 udp", "bad-source", ""},
	   {"10.0.0.9, 11", "ip4 src=240.0.0.1 udp", "bad-source", ""},
	   {"10.0.0.9, 11", "ip4 frag=8 udp", "fragment", ""},
	   {"10.0.0.9, 11", "ip4 udp network=none transport=none", "no-ip-header", ""},
	   {"10.0.0.9, redirect, host", "ip4 opt=83070801020304 udp", "source-routed", ""},
	   {"10.0.0.9, redirect, host, LINK 10.0.0.0/24", "ip4 udp dst_ip=10.0.0.7", "0",
	    "ip4 src=10.0.0.9 dst=10.0.0.1 ttl=200 tos=0xc0 id=1 icmp type=5 code=1 gw=10.0.0.7 "
	    "ip4 udp"},
	   {"10.0.0.9, redirect, host, LINK 10.0.1.0/24 10.0.0.0/24",
	    "ip4 src=10.1.0.1 udp dst_ip=10.0.0.7", "off-link", ""},
	   {"10.0.0.9, redirect, host, LINK 10.0.1.0/24 10.0.0.0/24", "ip4 udp dst_ip=10.0.1.7",
	    "off-link", ""},
	   {"10.0.0.9, timeexceeded, HOST_BURST 1",
	    "ip4 udp | ip4 udp | ip4 src=10.0.0.8 icmp type=13", "0 | host-rate | 0",
	    "ip4 src=10.0.0.9 dst=10.0.0.1 ttl=200 tos=0xc0 id=1 icmp type=11 code=0 ip4 udp | "
	    "ip4 src=10.0.0.9 dst=10.0.0.8 ttl=200 tos=0xc0 id=2 icmp type=11 code=0 "
	    "ip4 src=10.0.0.8 icmp type=13"},
	   {"10.0.0.9, timeexceeded, RATE 1, BURST 1", "ip4 udp | ip4 src=10.0.0.8 udp", "0 | rate",
	    "ip4 src=10.0.0.9 dst=10.0.0.1 ttl=200 tos=0xc0 id=1 icmp type=11 code=0 ip4 udp"},
	   {"10.0.0.9, unreachable, needfrag, PMTU 1400, HOST_BURST 1", "ip4 udp | ip4 udp",
	    "0 | 0",
	    "ip4 src=10.0.0.9 dst=10.0.0.1 ttl=200 tos=0xc0 id=1 icmp type=3 code=4 mtu=1400 "
	    "ip4 udp | "
	    "ip4 src=10.0.0.9 dst=10.0.0.1 ttl=200 tos=0xc0 id=2 icmp type=3 code=4 mtu=1400 "
	    "ip4 udp"});
