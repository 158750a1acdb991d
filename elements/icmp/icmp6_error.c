// SPDX-License-Identifier: BSD-2-Clause
// ICMP6Error: answers an IPv6 packet with an ICMPv6 error about it (RFC 4443), or with a redirect
// (RFC 4861 8): TYPE and CODE are numbers or names (unreachable, toobig, timeexceeded,
// parameterproblem, redirect; noroute, prohibited, beyondscope, address, port, policyfail,
// rejectroute; transit, reassembly; header, nextheader, option). The error quotes as much of the
// packet as fits into MTU bytes. A packet too big names PMTU, a parameter problem points where
// IP6GWOptions says.
//
// No error is sent about an ICMPv6 error or redirect, a fragment but the first of an ICMPv6
// message, which may be one, or a packet whose source is no single node; nor about a link-layer or
// IPv6 multicast but packet too big, and an option that asks for it (RFC 4443 2.4 e). Those packets
// are lost under the name of the reason. RATE and HOST_RATE limit the errors (2.4 f), of all
// workers together; packet too big is not limited by host, as path-MTU discovery waits for it.
//
// A redirect names the next hop of the destination annotation: the destination itself, or a router
// by its link-local address; others are lost as `off-link`. Where LINK says which prefixes are on
// the link, it goes only to hosts in them, and to link-local addresses. Its SRC is the router's own
// link-local address.
//
// With KERNEL, the name of a KernelRoutes, an error has the address as its source that the kernel
// would send it from (RFC 4443 2.2), and a redirect stays on a link of the kernel. IIF asks by the
// routes of packets that come in by that interface, as those of a VRF.
//
//	dh :: DecIP6HLIM; dh[1] -> ICMP6Error(2001:db8::1, timeexceeded) -> rt;
#include <weir/csum.h>
#include <weir/element.h>
#include <weir/icmp.h>
#include <weir/ip6_walk.h>

#include "kernel.h"
#include "limit.h"

#include <errno.h>
#include <stdlib.h>

enum { OUT };
enum reason {
	NO_HEADER,
	ABOUT_ERROR,
	MULTICAST,
	BAD_SOURCE,
	FRAGMENT,
	NO_BUFFER,
	OFF_LINK,
	RATE,
	HOST_RATE,
	NO_SOURCE,
};

enum {
	UNREACHABLE = 1,
	TOO_BIG = 2,
	TIME_EXCEEDED = 3,
	PARAMETER_PROBLEM = 4,
	INFORMATIONAL = 128, // types from here on are no errors, but for one
	REDIRECT = 137,
};
enum { UNKNOWN_OPTION = 2 }; // code of a parameter problem
enum { HOP_LIMIT = 64, HOP_LIMIT_ND = 255 };

// What stands between the ICMPv6 header of a redirect and the packet: where to, for what, and the
// head of the option with the packet (RFC 4861 4.5, 4.6.3).
struct redirect {
	uint8_t target[16], destination[16];
	uint8_t option, len; // in 8 bytes
	uint8_t reserved[6];
};
_Static_assert(sizeof(struct redirect) == 40, "ND redirect");
enum { OPTION_REDIRECTED = 4 };

struct icmp6_error {
	struct weir_ip6 src;
	char *type_text, *code_text, *link_text;
	struct icmp_limit limit;
	struct icmp_kernel kernel;
	struct weir_ip6_prefix *link; // owner: the element
	unsigned n_link;
	uint32_t mtu, pmtu;
	uint8_t type, code;
	bool has_src;
};

static bool is_link_local(struct weir_ip6 a)
{
	return a.hi >> 54 == 0xfe80 >> 6;
}

static bool is_multicast(const be64 addr[2])
{
	return *(const uint8_t *)addr == 0xff;
}

// RFC 4443 2.4 e.6: one that is unspecified, multicast, or loopback
static bool is_node(const be64 addr[2])
{
	const struct weir_ip6 a = weir_ip6_read(addr);

	return !is_multicast(addr) && (a.hi || a.lo > 1);
}

// Does the option of which nothing is known ask for an error even where the packet is multicast?
static bool option_asks(struct packet *p)
{
	const uint8_t *option = weir_network_at(p, weir_anno_u8(p, ANNO_ICMP_PARAMPROB), 1);

	return option && (*option & IP6_OPT_ACTION) == IP6_OPT_DISCARD_TELL;
}

static bool is_about_multicast(const struct icmp6_error *self, struct packet *p)
{
	return self->type == TOO_BIG ||
	       (self->type == PARAMETER_PROBLEM && self->code == UNKNOWN_OPTION && option_asks(p));
}

// Whether an error may be sent about p: -1, or the reason why not. A chain of headers that does not
// end is no ICMPv6.
static int reason_against(const struct icmp6_error *self, struct packet *p, const struct ip6 *ip)
{
	struct weir_ip6_upper upper;
	const uint8_t *type;

	if (weir_ip6_walk(p, ip, &upper) && upper.proto == IPPROTO6_ICMP) {
		type = weir_network_at(p, upper.off, 1);
		if (upper.later)
			return FRAGMENT;
		if (!type || *type < INFORMATIONAL || *type == REDIRECT)
			return ABOUT_ERROR;
	}
	if ((is_multicast(ip->dst) || weir_type(p) == WEIR_BROADCAST ||
	     weir_type(p) == WEIR_MULTICAST) &&
	    !is_about_multicast(self, p))
		return MULTICAST;
	return is_node(ip->src) ? -1 : BAD_SOURCE;
}

static bool is_on_link(const struct icmp6_error *self, struct weir_ip6 a)
{
	if (is_link_local(a) || !self->n_link)
		return true;
	for (unsigned i = 0; i < self->n_link; i++) {
		const struct weir_ip6_prefix *l = &self->link[i];
		const struct weir_ip6 mask = weir_ip6_mask(l->len);

		if (!((a.hi ^ l->addr.hi) & mask.hi) && !((a.lo ^ l->addr.lo) & mask.lo))
			return true;
	}
	return false;
}

static struct weir_ip6 next_hop(const struct packet *p)
{
	uint8_t bytes[16];

	weir_dst_ip6(p, bytes);
	return weir_ip6_read(bytes);
}

// RFC 4861 8.1: what a host believes.
static bool may_redirect(const struct icmp6_error *self, const struct packet *p,
			 const struct ip6 *ip)
{
	const struct weir_ip6 to = next_hop(p), from = weir_ip6_read(ip->src);

	if (!is_on_link(self, from))
		return false;
	if (!is_link_local(to) &&
	    (!weir_ip6_equal(to, weir_ip6_read(ip->dst)) || !is_on_link(self, to)))
		return false;
	// which link a link-local address is on the kernel's routes do not say
	return self->n_link || !self->kernel.kernel || is_link_local(from) ||
	       icmp_kernel_joins6(&self->kernel, from, is_link_local(to) ? from : to);
}

// The address to send from. False: there is none.
static bool find_source(const struct icmp6_error *self, const be64 to[2], struct weir_ip6 *src)
{
	*src = self->src;
	return (self->kernel.kernel && self->type != REDIRECT &&
		weir_kernel_source6(self->kernel.kernel, self->kernel.view, weir_ip6_read(to),
				    src)) ||
	       self->has_src;
}

static int reason_to_wait(struct weir_node *n, const struct ip6 *ip)
{
	const struct icmp6_error *self = n->self;
	const struct weir_ip6 host = weir_ip6_read(ip->src);

	switch (icmp_limit_ask(&self->limit, weir_now(n), host.hi * 31 + host.lo,
			       self->type == TOO_BIG)) {
	case ICMP_LIMIT_RATE:
		return RATE;
	case ICMP_LIMIT_HOST:
		return HOST_RATE;
	default:
		return -1;
	}
}

static void fill_redirect(struct redirect *r, const struct packet *p, const struct ip6 *ip,
			  uint32_t quote)
{
	*r = (struct redirect){
		.option = OPTION_REDIRECTED,
		.len = (uint8_t)((quote + 8) / 8),
	};
	weir_dst_ip6(p, r->target);
	memcpy(r->destination, ip->dst, sizeof(r->destination));
}

static be32 second_word(const struct icmp6_error *self, const struct packet *p)
{
	if (self->type == TOO_BIG)
		return wr32(self->pmtu);
	return wr32(self->type == PARAMETER_PROBLEM ? weir_anno_u8(p, ANNO_ICMP_PARAMPROB) : 0);
}

// The error about p, which stays as it is; NULL without a buffer.
static struct packet *make_error(struct weir_node *n, const struct packet *p, const struct ip6 *ip,
				 struct weir_ip6 src)
{
	const struct icmp6_error *self = n->self;
	const bool redirects = self->type == REDIRECT;
	const uint32_t head = sizeof(struct icmp6) + (redirects ? sizeof(struct redirect) : 0);
	uint32_t quote = weir_network_len(p);
	struct packet *q;
	struct icmp6 *icmp;
	struct ip6 *nip;

	if (quote > self->mtu - sizeof(*nip) - head)
		quote = self->mtu - sizeof(*nip) - head;
	if (redirects)
		quote &= ~7U;
	q = weir_packet_new(n, WEIR_HEADROOM, sizeof(*nip) + head + quote);
	if (!q)
		return NULL;
	nip = (struct ip6 *)weir_data(q);
	*nip = (struct ip6){
		.vtcfl = wr32(6U << 28),
		.len = wr16((uint16_t)(head + quote)),
		.next = IPPROTO6_ICMP,
		.hops = redirects ? HOP_LIMIT_ND : HOP_LIMIT,
	};
	weir_ip6_write(nip->src, src);
	memcpy(nip->dst, ip->src, sizeof(nip->dst));
	icmp = (struct icmp6 *)(nip + 1);
	*icmp = (struct icmp6){
		.type = self->type, .code = self->code, .rest = second_word(self, p)};
	if (redirects)
		fill_redirect((struct redirect *)(icmp + 1), p, ip, quote);
	memcpy((uint8_t *)icmp + head, ip, quote);
	icmp->csum =
		weir_csum_fold(weir_csum_pseudo6(nip->src, nip->dst, IPPROTO6_ICMP, head + quote) +
			       weir_csum_sum(icmp, head + quote));

	weir_set_network(q, 0, sizeof(*nip));
	weir_set_dst_ip6(q, nip->dst);
	q->tstamp = weir_wall(n);
	weir_made(n, 1, q->len);
	return q;
}

// Finds the source, too. The limits come last: what is not answered takes nothing from them.
static int reason_for_silence(struct weir_node *n, struct packet *p, const struct ip6 *ip,
			      struct weir_ip6 *src)
{
	const struct icmp6_error *self = n->self;
	int why = reason_against(self, p, ip);

	if (why >= 0)
		return why;
	if (self->type == REDIRECT && !may_redirect(self, p, ip))
		return OFF_LINK;
	return find_source(self, ip->src, src) ? reason_to_wait(n, ip) : NO_SOURCE;
}

static void answer(struct weir_node *n, struct packet *p)
{
	const struct ip6 *ip = weir_ip6_header(p);
	struct weir_ip6 src;
	struct packet *q = NULL;
	int why = NO_HEADER;

	if (ip) {
		why = reason_for_silence(n, p, ip, &src);
		q = why < 0 ? make_error(n, p, ip, src) : NULL;
	}
	if (!q) {
		weir_drop(n, why < 0 ? NO_BUFFER : (unsigned)why, p);
		return;
	}
	weir_emit(n, OUT, q);
	weir_absorb(n, p);
}

static void icmp6_error(struct weir_node *n, unsigned, struct batch *b)
{
	for (unsigned i = 0; i < b->n; i++) {
		b->bytes -= b->p[i]->len;
		answer(n, b->p[i]);
	}
	b->n = 0;
}

static int parse_type(struct weir_element *e, struct icmp6_error *self)
{
	int type = weir_icmp6_type(self->type_text);

	if (type < 0)
		return weir_parse(e, WEIR_T_U8, self->type_text, "TYPE", &self->type, NULL);
	self->type = (uint8_t)type;
	return 0;
}

static int parse_code(struct weir_element *e, struct icmp6_error *self)
{
	int code = self->code_text ? weir_icmp6_code(self->type, self->code_text) : 0;

	if (code < 0)
		return weir_parse(e, WEIR_T_U8, self->code_text, "CODE", &self->code, NULL);
	self->code = (uint8_t)code;
	return 0;
}

static int parse_link(struct icmp6_error *self, struct weir_args *a)
{
	char **words = NULL;
	int n = weir_words(self->link_text ? self->link_text : "", &words), rc = n < 0 ? n : 0;

	self->link = calloc(n > 0 ? (size_t)n : 1, sizeof(*self->link));
	if (!self->link)
		rc = -ENOMEM;
	for (int i = 0; i < n && !rc; i++)
		rc = weir_parse(a->element, WEIR_T_IP6_PREFIX, words[i], "LINK",
				&self->link[self->n_link++], a->err);
	weir_words_free(words, n < 0 ? 0 : n);
	return rc;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	struct icmp6_error *self = e->self;
	int rc = parse_link(self, a)
			 ?: icmp_limit_open(&self->limit)
			 ?: icmp_kernel_configure(&self->kernel, a);

	if (!self->has_src && !self->kernel.routes)
		rc = weir_args_error(a, -1, "one of SRC and KERNEL must be given");
	if (!self->type_text)
		return -1; // mandatory: the table said so
	if (parse_type(e, self))
		return weir_args_error(a, -1,
				       "TYPE takes an ICMPv6 type: a number between 0 and 255 or a "
				       "name such as timeexceeded");
	if (self->type >= INFORMATIONAL && self->type != REDIRECT)
		return weir_args_error(a, -1, "ICMPv6 type %u is not an error type", self->type);
	if (parse_code(e, self))
		return weir_args_error(a, -1,
				       "CODE takes an ICMPv6 code: a number between 0 and 255 or a "
				       "name that fits the type");
	if (self->type == REDIRECT && !is_link_local(self->src))
		return weir_args_error(a, -1,
				       "hosts believe redirects of link-local addresses only: SRC "
				       "has to be one (RFC 4861 8.1)");
	return rc;
}

static void fini(struct weir_element *e)
{
	struct icmp6_error *self = e->self;

	if (!self)
		return;
	icmp_limit_close(&self->limit);
	free(self->link);
}

static const struct weir_arg icmp6_error_args[] = {
	WEIR_ARG(IP6, icmp6_error, src, "SRC", "source address of the error", WEIR_POS,
		 .given = offsetof(struct icmp6_error, has_src)),
	WEIR_ARG(WORD, icmp6_error, type_text, "TYPE", "ICMPv6 type", WEIR_MAND),
	WEIR_ARG(WORD, icmp6_error, code_text, "CODE", "ICMPv6 code; 0 unless given", WEIR_POS),
	WEIR_ARG(U32, icmp6_error, mtu, "MTU", "longest error in bytes", .def = "1280", .min = 128,
		 .max = 1280),
	WEIR_ARG(U32, icmp6_error, pmtu, "PMTU", "MTU of the next hop, for toobig", .def = "1280",
		 .max = 65535),
	ICMP_LIMIT_ARGS(icmp6_error),
	WEIR_ARG(ARG, icmp6_error, link_text, "LINK",
		 "addresses/prefix of the link: redirects go to hosts in them only"),
	ICMP_KERNEL_ARG(icmp6_error),
	{},
};
static const struct weir_handler icmp6_error_handlers[] = {
	WEIR_FIELD_RW("src", IP6, icmp6_error, src, "source address of the error"),
	WEIR_FIELD_RW("pmtu", U32, icmp6_error, pmtu, "MTU of the next hop"),
	ICMP_LIMIT_HANDLERS(icmp6_error),
	{},
};

WEIR_BATCH_ELEMENT(icmp6_error, "ICMP6Error", .purpose = "answers with ICMPv6 errors",
		   .drops = {"no-ip-header", "about-error", "multicast", "bad-source", "fragment",
			     "no-buffer", "off-link", "rate", "host-rate", "no-source"},
		   .args = icmp6_error_args, .handlers = icmp6_error_handlers,
		   .configure = configure, .fini = fini, .reconfigures = true);

WEIR_CASES(icmp6_error,
	   {"2001:db8::9, timeexceeded", "ip6 hlim=1 udp data=\"abcd\" paint=3", "0",
	    "ip6 src=2001:db8::9 dst=2001:db8::1 icmp6 type=3 code=0 ip6 hlim=1 udp data=\"abcd\" "
	    "dst_ip6=2001:db8::1 network=0 transport=40 paint=0"},
	   {"2001:db8::9, unreachable, address, HOST_RATE 0", "eth ip6 tcp", "0",
	    "ip6 src=2001:db8::9 dst=2001:db8::1 icmp6 type=1 code=3 ip6 tcp"},
	   {"2001:db8::9, toobig, PMTU 1400", "ip6 udp bytes=1352", "0",
	    "ip6 src=2001:db8::9 dst=2001:db8::1 icmp6 type=2 mtu=1400 "
	    "ip6 udp bytes=1352 quote=1280"},
	   {"2001:db8::9, parameterproblem, nextheader", "ip6 udp param_prob=6", "0",
	    "ip6 src=2001:db8::9 dst=2001:db8::1 icmp6 type=4 code=1 ptr=6 ip6 udp"},
	   // RFC 4443 2.4 e
	   {"2001:db8::9, 3, HOST_RATE 0", "ip6 icmp6 type=1", "about-error", ""},
	   {"2001:db8::9, 3, HOST_RATE 0", "ip6 hop dest icmp6 type=127", "about-error", ""},
	   {"2001:db8::9, 3, HOST_RATE 0", "ip6 icmp6 type=137", "about-error", ""},
	   {"2001:db8::9, 3, HOST_RATE 0", "ip6 frag mf icmp6 type=2", "about-error", ""},
	   {"2001:db8::9, 3, HOST_RATE 0", "ip6 next=icmp6", "about-error", ""},
	   {"2001:db8::9, 3, HOST_RATE 0", "ip6 frag off=8 next=icmp6 bytes=8", "fragment", ""},
	   {"2001:db8::9, 3", "ip6 icmp6 type=128", "0",
	    "ip6 src=2001:db8::9 dst=2001:db8::1 icmp6 type=3 ip6 icmp6 type=128"},
	   {"2001:db8::9, 3", "ip6 frag off=8 next=udp bytes=8", "0",
	    "ip6 src=2001:db8::9 dst=2001:db8::1 icmp6 type=3 ip6 frag off=8 next=udp bytes=8"},
	   {"2001:db8::9, 3, HOST_RATE 0", "ip6 dst=ff02::5 udp", "multicast", ""},
	   {"2001:db8::9, 3, HOST_RATE 0", "ip6 udp type=multicast", "multicast", ""},
	   {"2001:db8::9, 3, HOST_RATE 0", "ip6 udp type=broadcast", "multicast", ""},
	   {"2001:db8::9, toobig, PMTU 1300", "ip6 dst=ff0e::5 udp type=multicast", "0",
	    "ip6 src=2001:db8::9 dst=2001:db8::1 icmp6 type=2 mtu=1300 ip6 dst=ff0e::5 udp"},
	   {"2001:db8::9, 4, option", "ip6 dst=ff0e::5 hop opt=820100 udp param_prob=42", "0",
	    "ip6 src=2001:db8::9 dst=2001:db8::1 icmp6 type=4 code=2 ptr=42 "
	    "ip6 dst=ff0e::5 hop opt=820100 udp"},
	   {"2001:db8::9, 4, option", "ip6 dst=ff0e::5 hop opt=c20100 udp param_prob=42",
	    "multicast", ""},
	   {"2001:db8::9, 3, HOST_RATE 0", "ip6 src=:: udp", "bad-source", ""},
	   {"2001:db8::9, 3, HOST_RATE 0", "ip6 src=::1 udp", "bad-source", ""},
	   {"2001:db8::9, 3, HOST_RATE 0", "ip6 src=ff02::1 udp", "bad-source", ""},
	   {"2001:db8::9, 3, HOST_RATE 0", "ip6 udp network=none transport=none", "no-ip-header",
	    ""},
	   {"2001:db8::9, 3, HOST_RATE 0", "ip6 cut=39 network=0", "no-ip-header", ""},
	   {"2001:db8::9, 3, HOST_BURST 1", "ip6 udp | ip6 udp | ip6 src=2001:db8::3 udp",
	    "0 | host-rate | 0",
	    "ip6 src=2001:db8::9 dst=2001:db8::1 icmp6 type=3 ip6 udp | "
	    "ip6 src=2001:db8::9 dst=2001:db8::3 icmp6 type=3 ip6 src=2001:db8::3 udp"},
	   {"2001:db8::9, toobig, PMTU 1280, RATE 1, BURST 2", "ip6 udp | ip6 udp | ip6 udp",
	    "0 | 0 | rate",
	    "ip6 src=2001:db8::9 dst=2001:db8::1 icmp6 type=2 mtu=1280 ip6 udp | "
	    "ip6 src=2001:db8::9 dst=2001:db8::1 icmp6 type=2 mtu=1280 ip6 udp"},
	   // RFC 4861 8
	   {"fe80::9, redirect", "ip6 udp dst_ip6=fe80::7", "0",
	    "ip6 src=fe80::9 dst=2001:db8::1 hlim=255 icmp6 type=137 code=0 flags=0 nd "
	    "addr=fe80::7 nd addr=2001:db8::2 hex=0407000000000000 ip6 udp"},
	   {"fe80::9, redirect, LINK 2001:db8::/64", "ip6 udp bytes=3 dst_ip6=2001:db8::2", "0",
	    "ip6 src=fe80::9 dst=2001:db8::1 hlim=255 icmp6 type=137 code=0 flags=0 nd "
	    "addr=2001:db8::2 nd addr=2001:db8::2 hex=0407000000000000 ip6 udp bytes=3 "
	    "quote=136"},
	   {"fe80::9, redirect", "ip6 udp dst_ip6=2001:db8::7", "off-link", ""},
	   {"fe80::9, redirect, LINK 2001:db8:1::/64", "ip6 udp dst_ip6=fe80::7", "off-link", ""},
	   {"fe80::9, redirect, LINK 2001:db8::/64",
	    "ip6 dst=2001:db8:1::2 udp dst_ip6=2001:db8:1::2", "off-link", ""});
