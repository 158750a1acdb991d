// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// IPEncap: puts an IPv4 header in front, marks it and sets the destination annotation. DST may be
// DST_ANNO: then the destination is what the annotation says.
//
//	IPEncap(ipip, 10.0.0.1, 10.0.0.2) -> RadixIPLookup(...)
#include <weir/csum.h>
#include <weir/element.h>

#include "ip_id.h"

enum { NO_ROOM = WEIR_DROP, TOO_LONG };

struct ip_encap {
	struct ip4 ip; // without length and identification
	uint64_t sum;  // of those words
	bool dst_anno;
	uint8_t proto, ttl;
	be32 src;
	char *dst_text, *ect_text;
	int32_t tos, dscp;
	bool ce, df;
};
struct ip_encap_state {
	uint16_t id;
};

static inline unsigned ip_encap(const struct ip_encap *self, struct ip_encap_state *state,
				struct packet *p)
{
	struct ip4 *ip = weir_push_front(p, sizeof(*ip));
	uint64_t sum = self->sum;

	if (WEIR_UNLIKELY(!ip))
		return NO_ROOM;
	if (WEIR_UNLIKELY(weir_len(p) > 65535)) {
		weir_pull_front(p, sizeof(*ip));
		return TOO_LONG;
	}
	*ip = self->ip;
	ip->len = wr16((uint16_t)weir_len(p));
	ip->id = wr16(state->id++);
	if (self->dst_anno) {
		ip->dst = weir_dst_ip(p);
		sum += ip->dst.be;
	} else {
		weir_set_dst_ip(p, ip->dst);
	}
	ip->csum = weir_csum_fold(sum + ip->len.be + ip->id.be);
	weir_set_network(p, 0, sizeof(*ip));
	return 0;
}

static inline bool is(const char *text, const char *word)
{
	while (*word && *text == *word)
		text++, word++;
	return *text == *word;
}

// The two ECN bits from ECT and CE (RFC 3168); -1 if they make no sense.
static int ecn_bits(struct weir_element *e, const struct ip_encap *self, struct weir_args *a)
{
	bool ect = false;
	int bits = 0;

	if (self->ect_text && is(self->ect_text, "2"))
		bits = 1;
	else if (self->ect_text && weir_parse(e, WEIR_T_BOOL, self->ect_text, "ECT", &ect, a->err))
		return -1;
	else if (ect)
		bits = 2;
	if (bits && self->ce)
		return weir_args_error(a, -1, "can set at most one ECN option"), -1;
	return self->ce ? 3 : bits;
}

static int set_tos(struct weir_element *e, struct ip_encap *self, struct weir_args *a)
{
	int ecn = ecn_bits(e, self, a);

	if (ecn < 0)
		return -1;
	if (self->tos >= 0 && self->dscp >= 0)
		return weir_args_error(a, -1, "cannot set both TOS and DSCP");
	if (self->tos >= 0 && ecn)
		return weir_args_error(a, -1, "cannot set both TOS and ECN bits");
	if (self->tos >= 0)
		self->ip.tos = (uint8_t)self->tos;
	else
		self->ip.tos = (uint8_t)((self->dscp >= 0 ? self->dscp << 2 : 0) | ecn);
	return 0;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	struct ip_encap *self = e->self;
	int rc;

	self->ip = (struct ip4){
		.vihl = 0x45, .ttl = self->ttl, .proto = self->proto, .src = self->src};
	if (self->df)
		self->ip.frag = wr16(IP4_DF);
	rc = set_tos(e, self, a);
	self->dst_anno = self->dst_text && is(self->dst_text, "DST_ANNO");
	if (!self->dst_text)
		rc = -1; // mandatory: the table said so
	else if (!self->dst_anno &&
		 weir_parse(e, WEIR_T_IP4, self->dst_text, "DST", &self->ip.dst, NULL))
		rc = weir_args_error(a, -1, "DST should be an IP address or DST_ANNO");
	self->sum = weir_csum_ip4_sum(&self->ip);
	// so that adding to it cannot overflow
	self->sum = weir_csum_fold32(self->sum);
	e->len_delta = sizeof(self->ip);
	return rc;
}

static int read_addr(struct weir_element *e, const struct weir_handler *h, const char *,
		     struct weir_buf *out, struct weir_err *)
{
	const struct ip_encap *self = e->self;
	uint32_t a = rd32(h->user ? self->ip.dst : self->ip.src);

	if (h->user && self->dst_anno)
		weir_printf(out, "DST_ANNO");
	else
		weir_printf(out, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
	return 0;
}

static int write_addr(struct weir_element *e, const struct weir_handler *h, const char *value,
		      struct weir_err *err)
{
	struct ip_encap *self = e->self;
	bool anno = h->user && is(value, "DST_ANNO");
	be32 addr = {0};
	int rc = anno ? 0 : weir_parse(e, WEIR_T_IP4, value, h->name, &addr, err);

	if (rc)
		return rc;
	if (h->user) {
		self->ip.dst = addr;
		self->dst_anno = anno;
	} else {
		self->ip.src = addr;
	}
	self->sum = weir_csum_fold32(weir_csum_ip4_sum(&self->ip));
	return 0;
}

static const struct weir_arg ip_encap_args[] = {
	WEIR_ARG(IP_PROTO, ip_encap, proto, "PROTO", "protocol: number or name", WEIR_MAND),
	WEIR_ARG(IP4, ip_encap, src, "SRC", "source address", WEIR_MAND),
	WEIR_ARG(WORD, ip_encap, dst_text, "DST", "destination address, or DST_ANNO", WEIR_MAND),
	WEIR_ARG(I32, ip_encap, tos, "TOS", "type of service", .def = "-1", .min = -1, .max = 255),
	WEIR_ARG(U8, ip_encap, ttl, "TTL", "time to live", .def = "250"),
	WEIR_ARG(I32, ip_encap, dscp, "DSCP", "differentiated services code point", .def = "-1",
		 .min = -1, .max = 63),
	WEIR_ARG(WORD, ip_encap, ect_text, "ECT", "ECN-capable: true, false or 2"),
	WEIR_ARG(BOOL, ip_encap, ce, "CE", "congestion experienced", .def = "false"),
	WEIR_ARG(BOOL, ip_encap, df, "DF", "do not fragment", .def = "false"),
	{},
};
static const struct weir_handler ip_encap_handlers[] = {
	WEIR_READ_WRITE("src", read_addr, write_addr, "source address"),
	WEIR_READ_WRITE("dst", read_addr, write_addr, "destination address, or DST_ANNO",
			.user = 1),
	{},
};

WEIR_STATE_ELEMENT(ip_encap, "IPEncap", .purpose = "encapsulates in an IP header",
		   .drops = {"no-room", "too-long"}, .args = ip_encap_args,
		   .handlers = ip_encap_handlers, .configure = configure,
		   .init_node = ip_id_init_node, .reconfigures = true);

WEIR_CASES(ip_encap,
	   {"ipip, 10.0.0.1, 10.0.0.2", "ip4 src=1.1.1.1 dst=2.2.2.2 udp", "0",
	    "ip4 ttl=250 id=0 proto=4 ip4 src=1.1.1.1 dst=2.2.2.2 udp dst_ip=10.0.0.2 network=0"},
	   {"4, 10.0.0.1, DST_ANNO, TOS 16, TTL 9, DF true", "data=\"abc\" dst_ip=10.9.8.7", "0",
	    "ip4 dst=10.9.8.7 ttl=9 tos=16 df id=0 proto=4 data=\"abc\" dst_ip=10.9.8.7"},
	   {"4, 10.0.0.1, 10.0.0.2, DSCP 46, ECT true", "data=\"abc\"", "0",
	    "ip4 ttl=250 tos=0xba id=0 proto=4 data=\"abc\""},
	   {"4, 10.0.0.1, 10.0.0.2, CE true", "data=\"abc\"", "0",
	    "ip4 ttl=250 tos=3 id=0 proto=4 data=\"abc\""});
