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
	uint8_t least; // TTLs up to this are looked at closely; 255 if every packet is
};
struct dec_ip_ttl_state {
	uint64_t drops;
};

WEIR_RARE unsigned closely(const struct dec_ip_ttl *self, struct dec_ip_ttl_state *state,
			   struct packet *p)
{
	struct ip4 *ip = weir_ip4(p);
	uint32_t csum;

	if (!self->active)
		return OUT;
	if (!ip)
		return NO_HEADER;
	if (!self->multicast && (ip->dst.be & 0xf0) == 0xe0)
		return OUT;
	if (ip->ttl <= 1) {
		state->drops++;
		return EXPIRED;
	}
	ip->ttl--;
	// RFC 1624 for a word that became smaller by 0x0100 in network order, which is 1 as it
	// lies in memory; 0xfffe becomes 0, never 0xffff
	csum = ip->csum.be + 1u;
	ip->csum.be = (uint16_t)(csum + (csum >= 0xffff));
	return OUT;
}

static inline unsigned dec_ip_ttl(const struct dec_ip_ttl *self, struct dec_ip_ttl_state *state,
				  struct packet *p)
{
	struct ip4 *ip = weir_ip4_or_blank(p);
	uint32_t word; // TTL, protocol and checksum, from the low end

	__builtin_memcpy(&word, &ip->ttl, sizeof(word));
	if (WEIR_UNLIKELY((uint8_t)word <= self->least || word >= 0xfffe0000))
		return closely(self, state, p);
	word += 0xffff; // one less in the first byte, one more in the last two
	__builtin_memcpy(&ip->ttl, &word, sizeof(word));
	return OUT;
}

static int configure(struct weir_element *e, struct weir_args *)
{
	struct dec_ip_ttl *self = e->self;

	self->least = self->active && self->multicast ? 1 : 255;
	return 0;
}

static int write_active(struct weir_element *e, const struct weir_handler *, const char *value,
			struct weir_err *err)
{
	struct dec_ip_ttl *self = e->self;
	int rc = weir_parse(e, WEIR_T_BOOL, value, "ACTIVE", &self->active, err);

	configure(e, NULL);
	return rc;
}

static int read_active(struct weir_element *e, const struct weir_handler *, const char *,
		       struct weir_buf *out, struct weir_err *)
{
	weir_printf(out, "%s", ((const struct dec_ip_ttl *)e->self)->active ? "true" : "false");
	return 0;
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
	WEIR_READ_WRITE("active", read_active, write_active, "false: packets pass unchanged"),
	{},
};

WEIR_STATE_ELEMENT(dec_ip_ttl, "DecIPTTL", .purpose = "decrements the IP time to live",
		   .ports = "1/1-2", .processing = "a/ah", .out = {"out", "expired"},
		   .drops = {"no-ip-header"}, .args = dec_ip_ttl_args,
		   .handlers = dec_ip_ttl_handlers, .configure = configure, .reconfigures = true);

WEIR_CASES(dec_ip_ttl, {"", "ip4 ttl=64 udp", "out", "ip4 ttl=63 udp"},
	   {"", "ip4 ttl=2 tcp", "out", "ip4 ttl=1 tcp"}, {"", "ip4 ttl=1 udp", "expired", ""},
	   {"", "ip4 ttl=0 udp", "expired", ""},
	   {"", "ip4 ttl=255 opt=01010101 udp", "out", "ip4 ttl=254 opt=01010101 udp"},
	   {"MULTICAST false", "ip4 dst=224.0.0.5 ttl=1 udp", "out", ""},
	   {"", "ip4 dst=224.0.0.5 ttl=1 udp", "expired", ""},
	   {"", "ip4 ttl=9 csum=0xfffd udp", "out", "ip4 ttl=8 csum=0xfe udp"},
	   {"", "ip4 ttl=9 csum=0xfeff udp", "out", "ip4 ttl=8 csum=0 udp"},
	   {"", "ip4 ttl=9 csum=0xfefe udp", "out", "ip4 ttl=8 csum=0xfffe udp"},
	   {"", "ip4 ttl=9 csum=0xff00 udp", "out", "ip4 ttl=8 csum=1 udp"},
	   {"ACTIVE false", "ip4 ttl=1 udp", "out", ""},
	   {"", "ip4 udp network=none transport=none", "no-ip-header", ""});
