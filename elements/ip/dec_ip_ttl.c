// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// DecIPTTL: takes one from the TTL and corrects the checksum (RFC 1812 5.3.1). A packet whose TTL
// is 1 or 0 is not changed and leaves by `expired`, usually towards ICMPError(…, timeexceeded).
// With MULTICAST false, packets to multicast groups pass unchanged.
//
//	dt :: DecIPTTL; dt[1] -> ICMPError(18.26.4.24, timeexceeded) -> ...
#include <weir/element.h>

enum { OUT, EXPIRED, NO_HEADER = WEIR_DROP };

struct dec_ip_ttl {
	bool active, multicast;
};
struct dec_ip_ttl_state {
	uint64_t drops;
};

static inline unsigned dec_ip_ttl(const struct dec_ip_ttl *self, struct dec_ip_ttl_state *state,
				  struct packet *p)
{
	struct ip4 *ip = weir_ip4(p);
	uint32_t csum;

	if (WEIR_UNLIKELY(!self->active))
		return OUT;
	if (WEIR_UNLIKELY(!ip))
		return NO_HEADER;
	if (WEIR_UNLIKELY(!self->multicast) && (ip->dst.be & 0xf0) == 0xe0)
		return OUT;
	if (WEIR_UNLIKELY(ip->ttl <= 1)) {
		state->drops++;
		return EXPIRED;
	}
	ip->ttl--;
	// RFC 1624 for a word that became smaller by 0x0100 in network order, which is 1 as it
	// lies in memory; 0xfffe becomes 0, never 0xffff
	csum = ip->csum.be + 1;
	ip->csum.be = (uint16_t)(csum + (csum >= 0xffff));
	return OUT;
}

static const struct weir_arg dec_ip_ttl_args[] = {
	WEIR_ARG(BOOL, dec_ip_ttl, active, "ACTIVE", "false: packets pass unchanged",
		 .def = "true"),
	WEIR_ARG(BOOL, dec_ip_ttl, multicast, "MULTICAST", "also packets to multicast groups",
		 .def = "true"),
	{},
};
static const struct weir_handler dec_ip_ttl_handlers[] = {
	WEIR_SUM("drops", dec_ip_ttl, drops, "packets whose TTL ran out"),
	WEIR_FIELD_RW("active", BOOL, dec_ip_ttl, active, "false: packets pass unchanged"),
	{},
};

WEIR_STATE_ELEMENT(dec_ip_ttl, "DecIPTTL", .purpose = "decrements the IP time to live",
		   .ports = "1/1-2", .processing = "a/ah", .out = {"out", "expired"},
		   .drops = {"no-ip-header"}, .args = dec_ip_ttl_args,
		   .handlers = dec_ip_ttl_handlers);

WEIR_CASES(dec_ip_ttl, {"", "ip4 ttl=64 udp", "out", "ip4 ttl=63 udp"},
	   {"", "ip4 ttl=2 tcp", "out", "ip4 ttl=1 tcp"}, {"", "ip4 ttl=1 udp", "expired", ""},
	   {"", "ip4 ttl=0 udp", "expired", ""},
	   {"", "ip4 ttl=255 opt=01010101 udp", "out", "ip4 ttl=254 opt=01010101 udp"},
	   {"MULTICAST false", "ip4 dst=224.0.0.5 ttl=1 udp", "out", ""},
	   {"", "ip4 dst=224.0.0.5 ttl=1 udp", "expired", ""},
	   {"ACTIVE false", "ip4 ttl=1 udp", "out", ""},
	   {"", "ip4 udp network=none transport=none", "no-ip-header", ""});
