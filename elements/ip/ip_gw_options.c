// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// IPGWOptions: a router's part of the IPv4 options: fills in Record Route and Timestamp (RFC 791;
// RFC 1812 5.3.13). Other options pass. A packet whose options are malformed leaves by `bad` with
// the Parameter Problem annotation pointing at the mistake, for ICMPError(…, parameterproblem).
//
//	gio :: IPGWOptions(18.26.4.24); gio[1] -> ICMPError(18.26.4.24, parameterproblem) -> ...
#include <weir/csum.h>
#include <weir/element.h>
#include <weir/ip4_list.h>
#include <weir/time.h>

enum { OUT, BAD };

enum { OPT_END = 0, OPT_NOP = 1, OPT_RR = 7, OPT_TS = 68 };
enum { TS_ONLY = 0, TS_ADDR = 1, TS_PRESPEC = 3 }; // flag of the Timestamp option

struct ip_gw_options {
	be32 addr;
	struct weir_ip4_list mine; // addresses for a prespecified timestamp
	char *other_text;
};
struct ip_gw_options_state {
	uint64_t drops;
};

static inline void put32(uint8_t *at, uint32_t be)
{
	__builtin_memcpy(at, &be, sizeof(be));
}

// Option o of len bytes (at least 2). 0, or what to add to the option's offset so that it points at
// the mistake.
static unsigned record_route(const struct ip_gw_options *self, uint8_t *o, unsigned len)
{
	unsigned at;

	if (len < 3)
		return 1;
	at = o[2] - 1u; // the pointer counts from 1
	if (o[2] >= 4 && at + 4 <= len) {
		put32(o + at, self->addr.be);
		o[2] = (uint8_t)(o[2] + 4);
	} else if (at != len) {
		return 2; // neither room for an address nor exactly full
	}
	return 0;
}

// A Timestamp option without room: counts the router that could not register. The prespecified form
// may just end (RFC 791).
static unsigned timestamp_full(uint8_t *o, unsigned at, unsigned len)
{
	if ((o[3] & 15) == TS_PRESPEC)
		return at == len ? 0 : 2;
	if (o[3] >> 4 == 15)
		return 3;
	o[3] = (uint8_t)(o[3] + 16);
	return 0;
}

static unsigned timestamp(const struct ip_gw_options *self, uint8_t *o, unsigned len)
{
	unsigned at, flag, size;
	be32 now, addr;

	if (len < 4)
		return 1;
	at = o[2] - 1u;
	flag = o[3] & 15;
	if (o[2] < 5)
		return 2;
	if (flag != TS_ONLY && flag != TS_ADDR && flag != TS_PRESPEC)
		return 3;
	size = flag == TS_ONLY ? 4 : 8;
	if (at + size > len)
		return timestamp_full(o, at, len);
	if (flag == TS_PRESPEC) {
		__builtin_memcpy(&addr, o + at, sizeof(addr));
		if (!weir_ip4_list_has(&self->mine, addr))
			return 0;
	} else if (flag == TS_ADDR) {
		put32(o + at, self->addr.be);
	}
	now = wr32(weir_day_ms());
	put32(o + at + size - 4, now.be);
	o[2] = (uint8_t)(o[2] + size);
	return 0;
}

// The option that o points at, with n bytes left: its length in *len, and whether it may have
// changed. Returns 0, or what to add to its offset so that it points at the mistake.
static unsigned one_option(const struct ip_gw_options *self, uint8_t *o, unsigned n, unsigned *len,
			   bool *changed)
{
	*len = 1;
	if (o[0] == OPT_NOP)
		return 0;
	*len = n > 1 ? o[1] : 0;
	if (*len < 2 || *len > n)
		return 1;
	if (o[0] != OPT_RR && o[0] != OPT_TS)
		return 0;
	*changed = true;
	return o[0] == OPT_RR ? record_route(self, o, *len) : timestamp(self, o, *len);
}

static __attribute__((noinline)) unsigned options(const struct ip_gw_options *self,
						  struct ip_gw_options_state *state,
						  struct packet *p)
{
	struct ip4 *ip = weir_ip4(p);
	unsigned hlen, at = sizeof(*ip), len, wrong = 0;
	uint8_t *o = (uint8_t *)ip;
	bool changed = false;

	if (!ip)
		return OUT;
	hlen = (ip->vihl & 15u) * 4;
	if (hlen > weir_network_len(p))
		hlen = weir_network_len(p);
	while (at < hlen && o[at] != OPT_END) {
		wrong = one_option(self, o + at, hlen - at, &len, &changed);
		if (wrong)
			break;
		at += len;
	}
	// also when a later option is wrong, so that what ICMPError quotes is a good header
	if (changed)
		weir_csum_ip4_set(ip, hlen);
	if (!wrong)
		return OUT;
	state->drops++;
	weir_set_anno_u8(p, ANNO_ICMP_PARAMPROB, (uint8_t)(at + wrong));
	return BAD;
}

static inline unsigned ip_gw_options(const struct ip_gw_options *self,
				     struct ip_gw_options_state *state, struct packet *p)
{
	// without a header it does not matter what is read: the packet passes either way
	if (WEIR_LIKELY(weir_ip4_or_blank(p)->vihl == 0x45))
		return OUT;
	return options(self, state, p);
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	struct ip_gw_options *self = e->self;
	int rc = weir_ip4_list_parse(&self->mine, a, self->other_text, "OTHERADDRS");

	return rc ? rc : weir_ip4_list_add(&self->mine, self->addr);
}

static void fini(struct weir_element *e)
{
	if (e->self)
		weir_ip4_list_free(&((struct ip_gw_options *)e->self)->mine);
}

// Packets without options need no arguments.
static int driver(const struct weir_element *, struct weir_front_args *a)
{
	a->size = 0;
	a->hands = "packets with IP options";
	return 0;
}

static const struct weir_arg ip_gw_options_args[] = {
	WEIR_ARG(IP4, ip_gw_options, addr, "MYADDR", "address of the outgoing interface",
		 WEIR_MAND),
	WEIR_ARG(ARG, ip_gw_options, other_text, "OTHERADDRS", "other addresses of the router",
		 WEIR_POS),
	{},
};
static const struct weir_handler ip_gw_options_handlers[] = {
	WEIR_SUM("drops", ip_gw_options, drops, "packets with malformed options"),
	{},
};

WEIR_STATE_ELEMENT(ip_gw_options, "IPGWOptions", .purpose = "fills in the IP options of a router",
		   .ports = "1/1-2", .processing = "a/ah", .out = {"out", "bad"},
		   .args = ip_gw_options_args, .handlers = ip_gw_options_handlers,
		   .configure = configure, .fini = fini, .driver = driver, .reconfigures = true);

WEIR_CASES(ip_gw_options, {"10.0.0.9", "ip4 udp", "out", ""},
	   {"10.0.0.9", "ip4 opt=94040000 udp", "out", ""},
	   // Record Route with room, full, with a bad pointer, without one
	   {"10.0.0.9", "ip4 opt=070b040000000000000000 udp", "out",
	    "ip4 opt=070b080a00000900000000 udp"},
	   {"10.0.0.9", "ip4 opt=01070b080a00000100000000 udp", "out",
	    "ip4 opt=01070b0c0a0000010a000009 udp"},
	   {"10.0.0.9", "ip4 opt=07070801020304 udp", "out", ""},
	   {"10.0.0.9", "ip4 opt=07070601020304 udp", "bad",
	    "ip4 opt=07070601020304 udp param_prob=22"},
	   {"10.0.0.9", "ip4 opt=07070301020304 udp", "bad",
	    "ip4 opt=07070301020304 udp param_prob=22"},
	   {"10.0.0.9", "ip4 opt=07020000 udp", "bad", "ip4 opt=07020000 udp param_prob=21"},
	   {"10.0.0.9", "ip4 opt=07090401020304 udp", "bad",
	    "ip4 opt=07090401020304 udp param_prob=21"},
	   {"10.0.0.9", "ip4 opt=01010107 udp", "bad", "ip4 opt=01010107 udp param_prob=24"},
	   {"10.0.0.9", "ip4 opt=07000000 udp", "bad", "ip4 opt=07000000 udp param_prob=21"},
	   // what was recorded before a mistake stays, with a right checksum
	   {"10.0.0.9", "ip4 opt=0707040000000007 udp", "bad",
	    "ip4 opt=0707080a00000907 udp param_prob=28"},
	   // a prespecified Timestamp with room, for another address of the router
	   {"10.0.0.9, 10.0.0.1 10.0.0.7", "ip4 opt=440c05030a00000800000000 udp", "out", ""},
	   // Timestamp: full (counted, and no more to count), not for us, unknown flag, bad pointer
	   {"10.0.0.9", "ip4 opt=4408090001020304 udp", "out", "ip4 opt=4408091001020304 udp"},
	   {"10.0.0.9", "ip4 opt=440809f001020304 udp", "bad",
	    "ip4 opt=440809f001020304 udp param_prob=23"},
	   {"10.0.0.9", "ip4 opt=440c05030a00000100000000 udp", "out", ""},
	   {"10.0.0.9", "ip4 opt=440c05020a00000100000000 udp", "bad",
	    "ip4 opt=440c05020a00000100000000 udp param_prob=23"},
	   {"10.0.0.9", "ip4 opt=4408040001020304 udp", "bad",
	    "ip4 opt=4408040001020304 udp param_prob=22"},
	   {"10.0.0.9", "ip4 opt=44030400 udp", "bad", "ip4 opt=44030400 udp param_prob=21"},
	   {"10.0.0.9", "ip4 udp network=none transport=none", "out", ""});
