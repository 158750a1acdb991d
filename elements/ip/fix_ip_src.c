// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// FixIPSrc: where the Fix-IP-source annotation asks for it, sets the source address to that of the
// outgoing interface (RFC 1812 4.3.2.4). ICMPError sets the annotation, because the interface by
// which an error leaves is known only after the look-up.
//
//	PaintTee(1) -> IPGWOptions(18.26.4.24) -> FixIPSrc(18.26.4.24) -> DecIPTTL -> ...
#include <weir/csum_packet.h>
#include <weir/element.h>

struct fix_ip_src {
	be32 addr;
};

WEIR_RARE void fix(const struct fix_ip_src *self, struct packet *p)
{
	struct ip4 *ip = weir_ip4(p);
	uint32_t hlen;

	weir_set_anno_u8(p, ANNO_FIX_IP_SRC, 0);
	if (!ip)
		return;
	hlen = (ip->vihl & 15u) * 4;
	if (hlen < sizeof(*ip) || hlen > weir_network_len(p))
		return;
	ip->src = self->addr;
	weir_csum_header_set(p, hlen);
}

static inline unsigned fix_ip_src(const struct fix_ip_src *self, struct packet *p)
{
	if (WEIR_UNLIKELY(weir_anno_u8(p, ANNO_FIX_IP_SRC)))
		fix(self, p);
	return 0;
}

static const struct weir_arg fix_ip_src_args[] = {
	WEIR_ARG(IP4, fix_ip_src, addr, "IPADDR", "address of the outgoing interface", WEIR_MAND),
	{},
};
static const struct weir_handler fix_ip_src_handlers[] = {
	WEIR_FIELD_RW("src", IP4, fix_ip_src, addr, "address of the outgoing interface"),
	{},
};

WEIR_ELEMENT(fix_ip_src, "FixIPSrc", .purpose = "sets the source address where asked to",
	     .args = fix_ip_src_args, .handlers = fix_ip_src_handlers, .reconfigures = true);

WEIR_CASES(fix_ip_src, {"10.0.0.9", "ip4 udp", "0", ""},
	   {"10.0.0.9", "ip4 icmp fix_ip_src=1", "0", "ip4 src=10.0.0.9 icmp fix_ip_src=0"},
	   {"10.0.0.9", "ip4 opt=01010101 icmp fix_ip_src=1", "0",
	    "ip4 src=10.0.0.9 opt=01010101 icmp fix_ip_src=0"},
	   {"10.0.0.9", "ip4 vihl=0x4f icmp fix_ip_src=1", "0", "ip4 vihl=0x4f icmp fix_ip_src=0"});
