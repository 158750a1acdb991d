// SPDX-License-Identifier: BSD-2-Clause
#include "nd.h"

#include <weir/csum.h>

enum { MOST_OPTIONS = 32 }; // more are no message that anybody needs

static uint64_t message_sum(const struct ip6 *ip, const void *message, uint32_t len)
{
	return weir_csum_pseudo6(ip->src, ip->dst, IPPROTO6_ICMP, len) +
	       weir_csum_sum(message, len);
}

struct neighbor_key nd_all_nodes(void)
{
	static const uint8_t bytes[16] = {0xff, 2, [15] = 1};
	struct neighbor_key k;

	memcpy(&k, bytes, sizeof(k));
	return k;
}

struct neighbor_key nd_solicited_node(struct neighbor_key k)
{
	static const uint8_t prefix[13] = {0xff, 2, [11] = 1, [12] = 0xff};
	struct neighbor_key group;
	uint8_t *bytes = (uint8_t *)&group;

	memcpy(bytes, prefix, sizeof(prefix));
	memcpy(bytes + sizeof(prefix), (const uint8_t *)&k + sizeof(prefix), 3);
	return group;
}

void nd_multicast_ether(struct neighbor_key k, uint8_t *dst)
{
	dst[0] = dst[1] = 0x33;
	memcpy(dst + 2, (const uint8_t *)&k + 12, 4);
}

// The options: all have a length, and one may be the address that is looked for.
static bool read_options(struct packet *p, uint32_t at, uint32_t end, uint8_t wanted,
			 struct nd_message *m)
{
	for (unsigned i = 0; at < end && i < MOST_OPTIONS; i++) {
		const struct nd_option *o = weir_at(p, at, sizeof(*o));

		if (!o || !o->len || at + o->len * 8u > end)
			return false;
		if (o->type == wanted && o->len == 1 && !m->has_eth) {
			memcpy(m->eth, o->eth, 6);
			m->has_eth = true;
		}
		at += o->len * 8u;
	}
	return at == end;
}

// What 7.1.1 and 7.1.2 ask of addresses and flags.
static bool is_valid(const struct nd_message *m, uint8_t type)
{
	if (nd_is_multicast(m->target) || nd_is_multicast(m->src))
		return false;
	if (m->has_eth && m->eth[0] & 1)
		return false;
	if (type == ND_ADVERTISEMENT)
		return !nd_is_multicast(m->dst) || !(m->flags & ND_SOLICITED);
	// somebody who has no address yet looks whether anybody has this one
	return !nd_is_unspecified(m->src) ||
	       (neighbor_same(m->dst, nd_solicited_node(m->target)) && !m->has_eth);
}

bool nd_read(struct packet *p, uint8_t type, struct nd_message *m)
{
	const struct nd_frame *f = weir_at(p, 0, ND_FRAME);
	const void *message;
	uint32_t len;

	if (!f || rd16(f->eth.type) != ETHERTYPE_IP6 || rd32(f->ip.vtcfl) >> 28 != 6 ||
	    f->ip.next != IPPROTO6_ICMP || f->ip.hops != 255)
		return false;
	len = rd16(f->ip.len);
	message = weir_at(p, sizeof(f->eth) + sizeof(f->ip), len);
	if (len < sizeof(f->nd) || !message || f->nd.icmp.type != type || f->nd.icmp.code ||
	    !weir_csum_ok(message_sum(&f->ip, message, len)))
		return false;
	*m = (struct nd_message){.flags = rd32(f->nd.icmp.rest)};
	memcpy(&m->src, f->ip.src, sizeof(m->src));
	memcpy(&m->dst, f->ip.dst, sizeof(m->dst));
	memcpy(&m->target, f->nd.target, sizeof(m->target));
	memcpy(m->from, f->eth.src, sizeof(m->from));
	return read_options(p, ND_FRAME, (uint32_t)(sizeof(f->eth) + sizeof(f->ip)) + len,
			    type == ND_SOLICITATION ? ND_SOURCE : ND_TARGET, m) &&
	       is_valid(m, type);
}

void nd_finish(struct nd_frame *f, uint8_t type)
{
	const uint16_t len = sizeof(f->nd) + sizeof(f->option);

	f->eth.type = wr16(ETHERTYPE_IP6);
	f->ip.vtcfl = wr32(6u << 28);
	f->ip.len = wr16(len);
	f->ip.next = IPPROTO6_ICMP;
	f->ip.hops = 255;
	f->nd.icmp.type = type;
	f->nd.icmp.code = 0;
	f->nd.icmp.csum = (be16){0};
	f->option.type = type == ND_SOLICITATION ? ND_SOURCE : ND_TARGET;
	f->option.len = 1;
	f->nd.icmp.csum = weir_csum_fold(message_sum(&f->ip, &f->nd, len));
}
