// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// DecIP6HLIM: takes one from the hop limit (RFC 8200 3). A packet whose hop limit is 1 or 0 is not
// changed and leaves by `expired`, usually towards ICMP6Error(…, timeexceeded). With MULTICAST
// false, packets to multicast groups pass unchanged.
//
//	dt :: DecIP6HLIM; dt[1] -> ICMP6Error(2001:db8::1, timeexceeded) -> ...
#include <weir/element.h>

enum { OUT, EXPIRED, NO_HEADER = WEIR_DROP };

struct dec_ip6_hlim {
	bool active, multicast;
	uint8_t least; // hop limits up to this are looked at closely; 255 if every packet is
};
struct dec_ip6_hlim_state {
	uint64_t drops;
};

WEIR_RARE unsigned closely(const struct dec_ip6_hlim *self, struct dec_ip6_hlim_state *state,
			   struct packet *p)
{
	struct ip6 *ip = weir_ip6_header(p);

	if (!self->active)
		return OUT;
	if (!ip)
		return NO_HEADER;
	if (!self->multicast && (uint8_t)ip->dst[0].be == 0xff)
		return OUT;
	if (ip->hops <= 1) {
		state->drops++;
		return EXPIRED;
	}
	ip->hops--;
	return OUT;
}

static inline unsigned dec_ip6_hlim(const struct dec_ip6_hlim *self,
				    struct dec_ip6_hlim_state *state, struct packet *p)
{
	struct ip6 *ip = weir_ip6_or_blank(p);

	if (WEIR_UNLIKELY(ip->hops <= self->least))
		return closely(self, state, p);
	ip->hops--;
	return OUT;
}

static int configure(struct weir_element *e, struct weir_args *)
{
	struct dec_ip6_hlim *self = e->self;

	self->least = self->active && self->multicast ? 1 : 255;
	return 0;
}

static int write_active(struct weir_element *e, const struct weir_handler *, const char *value,
			struct weir_err *err)
{
	struct dec_ip6_hlim *self = e->self;
	int rc = weir_parse(e, WEIR_T_BOOL, value, "ACTIVE", &self->active, err);

	configure(e, NULL);
	return rc;
}

static int read_active(struct weir_element *e, const struct weir_handler *, const char *,
		       struct weir_buf *out, struct weir_err *)
{
	weir_printf(out, "%s", ((const struct dec_ip6_hlim *)e->self)->active ? "true" : "false");
	return 0;
}

static const struct weir_arg dec_ip6_hlim_args[] = {
	WEIR_ARG(BOOL, dec_ip6_hlim, active, "ACTIVE", "false: packets pass unchanged",
		 .def = "true"),
	WEIR_ARG(BOOL, dec_ip6_hlim, multicast, "MULTICAST", "also packets to multicast groups",
		 .def = "true"),
	{},
};
static const struct weir_handler dec_ip6_hlim_handlers[] = {
	WEIR_SUM("drops", dec_ip6_hlim, drops, "packets whose hop limit ran out"),
	WEIR_READ_WRITE("active", read_active, write_active, "false: packets pass unchanged"),
	{},
};

WEIR_STATE_ELEMENT(dec_ip6_hlim, "DecIP6HLIM", .purpose = "decrements the IPv6 hop limit",
		   .ports = "1/1-2", .processing = "a/ah", .out = {"out", "expired"},
		   .drops = {"no-ip-header"}, .args = dec_ip6_hlim_args,
		   .handlers = dec_ip6_hlim_handlers, .configure = configure, .reconfigures = true);

WEIR_CASES(dec_ip6_hlim, {"", "ip6 hlim=64 udp", "out", "ip6 hlim=63 udp"},
	   {"", "eth ip6 hlim=255 hop tcp", "out", "eth ip6 hlim=254 hop tcp"},
	   {"", "ip6 hlim=2 tcp", "out", "ip6 hlim=1 tcp"}, {"", "ip6 hlim=1 udp", "expired", ""},
	   {"", "ip6 hlim=0 udp", "expired", ""},
	   {"MULTICAST false", "ip6 dst=ff0e::5 hlim=1 udp", "out", ""},
	   {"MULTICAST false", "ip6 hlim=9 udp", "out", "ip6 hlim=8 udp"},
	   {"", "ip6 dst=ff0e::5 hlim=1 udp", "expired", ""},
	   {"ACTIVE false", "ip6 hlim=1 udp", "out", ""},
	   {"", "ip6 hlim=1 cut=30 network=0", "no-ip-header", ""},
	   {"", "ip6 cut=30 network=0", "out", "ip6 hlim=63 cut=30 network=0"},
	   {"", "ip6 udp network=none transport=none", "no-ip-header", ""});
