// SPDX-License-Identifier: BSD-2-Clause

// The source address of what the host sends, as the kernel would choose it for ICMP errors.

#include "rib_parts.h"

#include <linux/rtnetlink.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

int rib_book_make(struct rib *r)
{
	struct rib_book *b = malloc(sizeof(*b) + r->addrs.n * sizeof(b->v[0])), *old = r->book;

	if (!b)
		return -ENOMEM;
	b->n = r->addrs.n;
	for (uint32_t i = 0; i < b->n; i++)
		b->v[i] = ((struct rib_addr_entry *)r->addrs.v)[i].said;
	__atomic_store_n(&r->book, b, __ATOMIC_RELEASE);
	if (old)
		rib_retire(&r->hops, (struct rib_retired){.kind = RIB_RETIRED_MEMORY, .what = old});
	return 0;
}

// What a hop says of the source; of a group, its first.
static const struct rib_hop_info *info_of(const struct rib *r, uint32_t value,
					  const struct weir_hop **hop)
{
	*hop = rib_hop_at(&r->hops, value);
	if ((*hop)->mask) {
		value = __atomic_load_n(rib_bucket_at(&r->hops, (*hop)->first), __ATOMIC_ACQUIRE);
		*hop = rib_hop_at(&r->hops, value);
	}
	return rib_info_at(&r->hops, value);
}

static bool is_name(be32 gw)
{
	return !(__builtin_bswap32(gw.be) >> 24);
}

// How well an address does as the source of what leaves by a link towards `near`; 0: not at all.
// Those of scope host do not leave it, and those of scope link do not leave by another link.
static unsigned score4(const struct rib_addr *a, uint32_t link, struct weir_ip6 near)
{
	if (a->family != AF_INET || a->secondary || a->scope > RT_SCOPE_LINK)
		return 0;
	if (a->link != link)
		return a->scope != RT_SCOPE_LINK;
	return weir_ip6_equal(rib_masked(a->addr, a->len), rib_masked(near, a->len)) ? 3 : 2;
}

// The first of the best.
static bool choose4(const struct rib_book *b, uint32_t link, struct weir_ip6 near,
		    struct weir_ip6 *src)
{
	unsigned best = 0, score;

	for (uint32_t i = 0; i < b->n; i++) {
		score = score4(&b->v[i], link, near);
		if (score <= best)
			continue;
		best = score;
		*src = b->v[i].addr;
	}
	return best;
}

bool rib_source4(const struct rib *r, const struct weir_view *v, be32 dst, be32 *src)
{
	uint32_t to = __builtin_bswap32(dst.be), value = weir_fib4_lookup(v->fib4, to);
	const struct rib_book *b = __atomic_load_n(&r->book, __ATOMIC_ACQUIRE);
	const struct rib_hop_info *info;
	const struct weir_hop *hop;
	struct weir_ip6 found;

	if (value == WEIR_FIB4_NONE || !b)
		return false;
	info = info_of(r, value, &hop);
	if (!is_name(hop->gw4))
		to = __builtin_bswap32(hop->gw4.be);
	if (info->has_src)
		found = info->src;
	else if (!info->link || !choose4(b, info->link, rib_ip4(to), &found))
		return false;
	src->be = __builtin_bswap32(rib_to_ip4(found));
	return true;
}

static bool is_link_local(struct weir_ip6 a)
{
	return a.hi >> 54 == 0xfe80 >> 6 || a.hi >> 48 == 0xff02;
}

static unsigned common_bits(struct weir_ip6 a, struct weir_ip6 b)
{
	if (a.hi != b.hi)
		return (unsigned)__builtin_clzll(a.hi ^ b.hi);
	return a.lo != b.lo ? 64 + (unsigned)__builtin_clzll(a.lo ^ b.lo) : 128;
}

// RFC 6724 section 5: scope (2), not deprecated (3), the outgoing interface (5), public (7), the
// longest match (8). 0: not to be used.
static unsigned score6(const struct rib_addr *a, uint32_t link, struct weir_ip6 dst)
{
	bool local = is_link_local(a->addr);

	if (a->family != AF_INET6 || a->scope == RT_SCOPE_HOST || (local && a->link != link))
		return 0;
	return (unsigned)(local == is_link_local(dst)) << 12 |
	       (unsigned)(!local || is_link_local(dst)) << 11 | (unsigned)!a->deprecated << 10 |
	       (unsigned)(a->link == link) << 9 | (unsigned)!a->secondary << 8 |
	       common_bits(a->addr, dst);
}

bool rib_source6(const struct rib *r, const struct weir_view *v, struct weir_ip6 dst,
		 struct weir_ip6 *src)
{
	uint32_t value = weir_fib6_lookup(v->fib6, dst);
	const struct rib_book *b = __atomic_load_n(&r->book, __ATOMIC_ACQUIRE);
	const struct rib_hop_info *info;
	const struct weir_hop *hop;
	unsigned best = 0, score;

	if (value == WEIR_FIB6_NONE || !b)
		return false;
	info = info_of(r, value, &hop);
	if (info->has_src) {
		*src = info->src;
		return true;
	}
	for (uint32_t i = 0; info->link && i < b->n; i++) {
		score = score6(&b->v[i], info->link, dst);
		if (score <= best)
			continue;
		best = score;
		*src = b->v[i].addr;
	}
	return best;
}
