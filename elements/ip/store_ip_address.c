// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// StoreIPAddress: writes an address into the packet: StoreIPAddress(OFFSET) the destination
// annotation, StoreIPAddress(ADDR, OFFSET) a fixed one. OFFSET is a number of bytes, or `src` or
// `dst` for that field of the IP header, in which case the checksums of IP, TCP and UDP are
// corrected (RFC 1624). A packet that has no such bytes passes unchanged, and so does one whose
// annotation is not set.
//
//	StoreIPAddress(10.0.0.9, src) -> ...
#include <weir/csum.h>
#include <weir/element.h>

enum where { AT_OFFSET, AT_SRC, AT_DST };

struct store_ip_address {
	be32 addr;
	bool use_addr;
	enum where where;
	uint32_t offset;
};

static inline void correct_transport(struct packet *p, struct ip4 *ip, be32 old, be32 new)
{
	struct tcp *tcp;
	struct udp *udp;

	if (rd16(ip->frag) & IP4_OFFMASK)
		return; // the header is in the first fragment
	if (ip->proto == IPPROTO4_TCP) {
		tcp = weir_transport_at(p, 0, sizeof(*tcp));
		if (tcp)
			tcp->csum = weir_csum_edit32(tcp->csum, old, new);
	} else if (ip->proto == IPPROTO4_UDP) {
		udp = weir_transport_at(p, 0, sizeof(*udp));
		if (udp)
			udp->csum = weir_csum_edit32_udp(udp->csum, old, new);
	}
}

static inline unsigned store_ip_address(const struct store_ip_address *self, struct packet *p)
{
	be32 addr = self->use_addr ? self->addr : weir_dst_ip(p), old, *to;
	struct ip4 *ip;

	if (!self->use_addr && !addr.be)
		return 0;
	if (self->where == AT_OFFSET) {
		to = weir_at(p, self->offset, sizeof(*to));
		if (to)
			*to = addr;
		return 0;
	}
	ip = weir_ip4(p);
	if (!ip)
		return 0;
	to = self->where == AT_SRC ? &ip->src : &ip->dst;
	old = *to;
	*to = addr;
	ip->csum = weir_csum_edit32(ip->csum, old, addr);
	correct_transport(p, ip, old, addr);
	return 0;
}

static inline bool is_word(const char *text, const char *word)
{
	while (*word && (*text | 0x20) == *word)
		text++, word++;
	return !*text && !*word;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	struct store_ip_address *self = e->self;
	const char *last;
	int rc = 0;

	if (a->n_rest < 1 || a->n_rest > 2)
		return weir_args_error(a, -1, "expected [ADDR,] OFFSET");
	last = a->rest[a->n_rest - 1];
	self->use_addr = a->n_rest == 2;
	if (self->use_addr)
		rc = weir_parse(e, WEIR_T_IP4, a->rest[0], "ADDR", &self->addr, a->err);
	if (is_word(last, "src"))
		self->where = AT_SRC;
	else if (is_word(last, "dst"))
		self->where = AT_DST;
	else if (weir_parse(e, WEIR_T_U32, last, "OFFSET", &self->offset, NULL))
		rc = weir_args_error(a, (int)a->n_rest - 1,
				     "OFFSET should be a number of bytes, `src' or `dst'");
	return rc;
}

WEIR_ELEMENT(store_ip_address, "StoreIPAddress", .purpose = "writes an IP address into the packet",
	     .rest = "[ADDR,] OFFSET",
	     .rest_help = "the address (without it, the destination annotation) goes to OFFSET, a "
			  "number, src or dst",
	     .configure = configure, .reconfigures = true);

WEIR_CASES(store_ip_address,
	   {"10.0.0.9, src", "ip4 udp data=\"abc\"", "0", "ip4 src=10.0.0.9 udp data=\"abc\""},
	   {"dst", "ip4 tcp data=\"abc\" dst_ip=10.7.7.7", "0",
	    "ip4 dst=10.7.7.7 tcp data=\"abc\""},
	   {"10.0.0.9, dst", "ip4 udp csum=0", "0", "ip4 dst=10.0.0.9 udp csum=0"},
	   {"10.0.0.9, dst", "ip4 proto=17 frag=8 bytes=16", "0",
	    "ip4 dst=10.0.0.9 proto=17 frag=8 bytes=16"},
	   {"10.0.0.9, dst", "ip4 proto=17 bytes=7", "0", "ip4 dst=10.0.0.9 proto=17 bytes=7"},
	   {"1.2.3.4, 2", "zero=8", "0", "hex=0000010203040000"}, {"1.2.3.4, 5", "zero=8", "0", ""},
	   {"2", "zero=8", "0", ""});
