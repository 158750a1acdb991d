// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// CheckIP6Header, as both halves have it.

#include <weir/element.h>
#include <weir/ip6_walk.h>

enum { CHECK_IP6_OUT, CHECK_IP6_BAD };

enum check_ip6_reason {
	CHECK_IP6_TINY,
	CHECK_IP6_VERSION,
	CHECK_IP6_LEN,
	CHECK_IP6_SRC,
	CHECK_IP6_DST,
	CHECK_IP6_REASONS,
};

enum { CHECK_IP6_OFFSET_MAX = 65535, CHECK_IP6_LIST = 32 };

struct check_ip6_header_state {
	uint64_t drops, reason[CHECK_IP6_REASONS];
	uint64_t cut; // bytes of padding taken from packets of this batch
};

// What checking takes; of the driver's half these are the arguments.
struct check_ip6 {
	uint64_t bad_bits; // by the last byte of an address: some bad one may have it
	uint32_t offset, n_bad;
	be64 bad_src[CHECK_IP6_LIST][2];
};

WEIR_INLINE bool check_ip6_maybe(uint64_t bad_bits, const struct ip6 *ip)
{
	return bad_bits >> (ip->src[1].be >> 56 & 63) & 1;
}

WEIR_INLINE uint8_t check_ip6_first(const be64 a[2])
{
	return (uint8_t)a[0].be;
}

// Of a prefix that no address of a host is in: ::/8, which has those of RFC 4291 2.5 that must not
// be on the wire (and a few good ones), and multicast.
WEIR_INLINE bool check_ip6_is_special(uint8_t first)
{
	return (uint8_t)(first - 1) >= 0xfe;
}

WEIR_INLINE bool check_ip6_is_link_scope(const be64 a[2])
{
	return (a[0].be & wr16(0xff0f).be) == wr16(0xff02).be;
}

// RFC 4291 2.7: never the source; 2.5.3: loopback is not from outside; 2.5.2: the unspecified
// address is that of a host without one, whose packets do not leave the link.
WEIR_INLINE bool check_ip6_bad_src(const struct check_ip6 *c, const struct ip6 *ip)
{
	bool bad = check_ip6_first(ip->src) == 0xff;

	if (!ip->src[0].be && !(ip->src[1].be & ~(1ull << 56)))
		bad = ip->src[1].be || !check_ip6_is_link_scope(ip->dst);
	if (WEIR_LIKELY(!check_ip6_maybe(c->bad_bits, ip)))
		return bad;
	for (unsigned i = 0; i < CHECK_IP6_LIST; i++)
		bad |= i < c->n_bad && c->bad_src[i][0].be == ip->src[0].be &&
		       c->bad_src[i][1].be == ip->src[1].be;
	return bad;
}

// Loopback and unspecified, and multicast of a scope that does not leave the host (RFC 4291 2.7).
WEIR_INLINE bool check_ip6_bad_dst(const struct ip6 *ip)
{
	if (check_ip6_first(ip->dst) == 0xff)
		return (ip->dst[0].be >> 8 & 15) <= 1;
	return !ip->dst[0].be && !(ip->dst[1].be & ~(1ull << 56));
}

// CHECK_IP6_REASONS: the header is good. A length of zero with hop-by-hop options behind it is that
// of a jumbogram (RFC 2675), which no link here can carry.
WEIR_INLINE enum check_ip6_reason check_ip6_why(const struct check_ip6 *c, struct packet *p,
						const struct ip6 *ip)
{
	uint32_t len;

	if (!ip)
		return CHECK_IP6_TINY;
	if (*(const uint8_t *)ip >> 4 != 6)
		return CHECK_IP6_VERSION;
	len = rd16(ip->len);
	if (len > weir_len(p) - c->offset - sizeof(*ip) || (!len && ip->next == IPPROTO6_HOP))
		return CHECK_IP6_LEN;
	if (check_ip6_bad_src(c, ip))
		return CHECK_IP6_SRC;
	return check_ip6_bad_dst(ip) ? CHECK_IP6_DST : CHECK_IP6_REASONS;
}

// Packets with padding, with extension headers, with addresses that need a closer look, and bad
// ones.
WEIR_INLINE unsigned check_ip6_rest(const struct check_ip6 *c, struct check_ip6_header_state *state,
				    struct packet *p)
{
	struct ip6 *ip = weir_at(p, c->offset, sizeof(*ip));
	enum check_ip6_reason why = check_ip6_why(c, p, ip);
	struct weir_ip6_upper upper;
	uint32_t len;

	if (WEIR_UNLIKELY(!ip || why != CHECK_IP6_REASONS)) {
		state->drops++;
		state->reason[why % CHECK_IP6_REASONS]++;
		return CHECK_IP6_BAD;
	}
	weir_set_dst_ip6(p, ip->dst);
	weir_set_network(p, c->offset, sizeof(*ip));
	len = rd16(ip->len) + (uint32_t)sizeof(*ip);
	if (weir_ip6_is_extension(ip->next)) {
		weir_ip6_walk(p, ip, &upper);
		weir_set_network(p, c->offset, upper.off);
	}
	state->cut += weir_len(p) - c->offset - len;
	weir_truncate(p, c->offset + len);
	return CHECK_IP6_OUT;
}

// What nearly all packets are: true, and what is behind the header can be marked.
WEIR_INLINE bool check_ip6_is_plain(uint64_t bad_bits, const struct ip6 *ip, uint32_t len)
{
	return (*(const uint8_t *)ip & 0xf0) == 0x60 &&
	       rd16(ip->len) + (uint32_t)sizeof(*ip) == len &&
	       !check_ip6_is_special(check_ip6_first(ip->src)) &&
	       !check_ip6_is_special(check_ip6_first(ip->dst)) && !check_ip6_maybe(bad_bits, ip) &&
	       !weir_ip6_is_extension(ip->next);
}
