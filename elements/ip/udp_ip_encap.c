// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// UDPIPEncap: puts an IPv4 and a UDP header in front, marks them and sets the destination
// annotation. DST may be DST_ANNO: then the destination is what the annotation says. With CHECKSUM
// false the UDP checksum is zero, which says that there is none (RFC 768).
//
//	UDPIPEncap(10.0.0.1, 1234, 10.0.0.2, 5678) -> RadixIPLookup(...)
#include <weir/csum.h>
#include <weir/element.h>

#include "ip_id.h"

enum { NO_ROOM = WEIR_DROP, TOO_LONG };

struct udp_ip_encap {
	be32 src, dst;
	char *dst_text;
	uint16_t sport, dport;
	bool dst_anno, checksum;
};
struct udp_ip_encap_state {
	uint16_t id;
};

struct udp_ip {
	struct ip4 ip;
	struct udp udp;
};

static inline unsigned udp_ip_encap(const struct udp_ip_encap *self,
				    struct udp_ip_encap_state *state, struct packet *p)
{
	struct udp_ip *h = weir_push_front(p, sizeof(*h));
	uint32_t len;

	if (WEIR_UNLIKELY(!h))
		return NO_ROOM;
	len = weir_len(p);
	if (WEIR_UNLIKELY(len > 65535)) {
		weir_pull_front(p, sizeof(*h));
		return TOO_LONG;
	}
	h->ip = (struct ip4){
		.vihl = 0x45,
		.len = wr16((uint16_t)len),
		.id = wr16(state->id++),
		.ttl = 250,
		.proto = IPPROTO4_UDP,
		.src = self->src,
		.dst = self->dst_anno ? weir_dst_ip(p) : self->dst,
	};
	h->ip.csum = weir_csum_fold(weir_csum_ip4_sum(&h->ip));
	len -= (uint32_t)sizeof(h->ip);
	h->udp = (struct udp){
		.sport = wr16(self->sport), .dport = wr16(self->dport), .len = wr16((uint16_t)len)};
	if (self->checksum)
		h->udp.csum = weir_csum_fold_udp(
			weir_csum_sum(&h->udp, len) +
			weir_csum_pseudo4(h->ip.src, h->ip.dst, IPPROTO4_UDP, (uint16_t)len));
	weir_set_dst_ip(p, h->ip.dst);
	weir_set_network(p, 0, sizeof(h->ip));
	return 0;
}

static inline bool is_dst_anno(const char *text)
{
	const char *word = "DST_ANNO";

	while (*word && *text == *word)
		text++, word++;
	return *text == *word;
}

static int set_dst(struct weir_element *e, struct udp_ip_encap *self, const char *text)
{
	be32 addr = {0};

	if (!is_dst_anno(text) && weir_parse(e, WEIR_T_IP4, text, "DST", &addr, NULL))
		return -1;
	self->dst_anno = is_dst_anno(text);
	self->dst = addr;
	return 0;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	struct udp_ip_encap *self = e->self;

	e->len_delta = sizeof(struct udp_ip);
	if (self->dst_text && set_dst(e, self, self->dst_text))
		return weir_args_error(a, -1, "DST should be an IP address or DST_ANNO");
	return 0;
}

static int udp_ip_encap_driver(const struct weir_element *e, struct weir_front_args *a)
{
	const struct udp_ip_encap *self = e->self;

	return self->checksum
		       ? weir_front_refuse(a, "the UDP checksum needs the whole packet; CHECKSUM "
					      "false can run in the driver")
		       : 0;
}

static int read_dst(struct weir_element *e, const struct weir_handler *, const char *,
		    struct weir_buf *out, struct weir_err *)
{
	const struct udp_ip_encap *self = e->self;
	uint32_t a = rd32(self->dst);

	if (self->dst_anno)
		weir_printf(out, "DST_ANNO");
	else
		weir_printf(out, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
	return 0;
}

static int write_dst(struct weir_element *e, const struct weir_handler *, const char *value,
		     struct weir_err *err)
{
	if (set_dst(e, e->self, value))
		return weir_error(err, NULL, "DST should be an IP address or DST_ANNO");
	return 0;
}

static const struct weir_arg udp_ip_encap_args[] = {
	WEIR_ARG(IP4, udp_ip_encap, src, "SRC", "source address", WEIR_MAND),
	WEIR_ARG(UDP_PORT, udp_ip_encap, sport, "SPORT", "source port", WEIR_MAND),
	WEIR_ARG(WORD, udp_ip_encap, dst_text, "DST", "destination address, or DST_ANNO",
		 WEIR_MAND),
	WEIR_ARG(UDP_PORT, udp_ip_encap, dport, "DPORT", "destination port", WEIR_MAND),
	WEIR_ARG(BOOL, udp_ip_encap, checksum, "CHECKSUM", "set the UDP checksum", WEIR_POS,
		 .def = "true"),
	{},
};
static const struct weir_handler udp_ip_encap_handlers[] = {
	WEIR_FIELD_RW("src", IP4, udp_ip_encap, src, "source address"),
	WEIR_FIELD_RW("sport", UDP_PORT, udp_ip_encap, sport, "source port"),
	WEIR_READ_WRITE("dst", read_dst, write_dst, "destination address, or DST_ANNO"),
	WEIR_FIELD_RW("dport", UDP_PORT, udp_ip_encap, dport, "destination port"),
	{},
};

WEIR_STATE_ELEMENT(udp_ip_encap, "UDPIPEncap", .purpose = "encapsulates in UDP and IP headers",
		   .drops = {"no-room", "too-long"}, .args = udp_ip_encap_args,
		   .handlers = udp_ip_encap_handlers, .configure = configure,
		   .init_node = ip_id_init_node, .reconfigures = true,
		   .driver = udp_ip_encap_driver);

WEIR_CASES(udp_ip_encap,
	   {"10.0.0.1, 1000, 10.0.0.2, 2000", "data=\"abc\"", "0",
	    "ip4 ttl=250 id=0 udp data=\"abc\" dst_ip=10.0.0.2 network=0 transport=20"},
	   {"10.0.0.1, 1000, 10.0.0.2, 2000, false", "data=\"abc\"", "0",
	    "ip4 ttl=250 id=0 udp csum=0 data=\"abc\" dst_ip=10.0.0.2 network=0 transport=20"},
	   {"10.0.0.1, 7, DST_ANNO, 9, false", "data=\"abc\" dst_ip=10.9.8.7", "0",
	    "ip4 dst=10.9.8.7 ttl=250 id=0 udp sport=7 dport=9 csum=0 data=\"abc\""});
