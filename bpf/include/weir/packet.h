// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// A packet as a BPF program sees it: the accessors of user/include/weir/packet.h under the same
// names. What is known of the packet is read from the metadata block at the start of the program
// and written back at its end. Pointers into the packet are made afresh and checked each time, as
// the verifier wants them.

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include <abi/anno.h>
#include <abi/hdr.h>
#include <abi/meta.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEIR_LIKELY(x) __builtin_expect(!!(x), 1)
#define WEIR_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define WEIR_INLINE static inline __attribute__((always_inline))
#define memcpy __builtin_memcpy
#define memset __builtin_memset

enum weir_packet_type {
	WEIR_HOST = 0,
	WEIR_BROADCAST = 1,
	WEIR_MULTICAST = 2,
	WEIR_OTHERHOST = 3,
	WEIR_OUTGOING = 4,
};

enum {
	WEIR_HEADROOM = 128,
	WEIR_TAILROOM = 64,
	WEIR_PACKET_MAX = 65216, // longest packet with its headroom: offsets have 16 bits
	WEIR_BATCH_MAX = 256,
	WEIR_OFF_MASK = 0x3fff, // bounds an offset for the verifier
};

struct packet {
	struct xdp_md *ctx;
	uint32_t off, len;
	uint16_t mac, network, transport;
	uint8_t type, rounds;
	_Alignas(8) uint8_t anno[WEIR_ANNO_SIZE];
	struct ip4 blank; // zeroes
};

struct batch {
	unsigned n, out;
	uint64_t bytes;
	struct packet *p[];
};

// n bytes at offset `at` from the driver's first byte, or NULL.
WEIR_INLINE void *weir_bytes_at(const struct packet *p, uint32_t at, uint32_t n)
{
	void *start = (void *)(long)p->ctx->data, *end = (void *)(long)p->ctx->data_end;
	void *d = start + (at & WEIR_OFF_MASK);

	return at <= WEIR_OFF_MASK && d + n <= end ? d : NULL;
}

WEIR_INLINE uint32_t weir_len(const struct packet *p)
{
	return p->len;
}

WEIR_INLINE void *weir_at(struct packet *p, uint32_t off, uint32_t n)
{
	return weir_bytes_at(p, p->off + off, n);
}

WEIR_INLINE void *weir_at_end(struct packet *p, uint32_t off, uint32_t n, uint32_t)
{
	return weir_at(p, off, n);
}

WEIR_INLINE uint32_t weir_headroom(const struct packet *p)
{
	return p->off + WEIR_HEADROOM;
}

WEIR_INLINE bool weir_pull_front(struct packet *p, uint32_t n)
{
	if (n > p->len)
		return false;
	p->off += n;
	p->len -= n;
	return true;
}

// Moves the driver's first byte forward when there is no room behind it.
WEIR_INLINE void *weir_push_front(struct packet *p, uint32_t n)
{
	if (n > p->off) {
		if (n > WEIR_HEADROOM || bpf_xdp_adjust_head(p->ctx, -WEIR_HEADROOM))
			return NULL;
		p->off += WEIR_HEADROOM;
		p->mac += p->mac == WEIR_META_NONE ? 0 : WEIR_HEADROOM;
		p->network += p->network == WEIR_META_NONE ? 0 : WEIR_HEADROOM;
		p->transport += p->transport == WEIR_META_NONE ? 0 : WEIR_HEADROOM;
	}
	p->off -= n;
	p->len += n;
	return weir_at(p, 0, n);
}

WEIR_INLINE void weir_set_network(struct packet *p, uint32_t off, uint32_t hlen)
{
	p->network = (uint16_t)(p->off + off);
	p->transport = (uint16_t)(p->off + off + hlen);
}

WEIR_INLINE void weir_clear_network(struct packet *p)
{
	p->network = p->transport = WEIR_META_NONE;
}

WEIR_INLINE void weir_truncate(struct packet *p, uint32_t len)
{
	if (len >= p->len || bpf_xdp_adjust_tail(p->ctx, (int)len - (int)p->len))
		return;
	p->len = len;
	if (p->network + sizeof(struct ip4) > p->off + len)
		weir_clear_network(p);
	else if (p->transport > p->off + len)
		p->transport = WEIR_META_NONE;
}

WEIR_INLINE struct ip4 *weir_ip4(struct packet *p)
{
	return weir_bytes_at(p, p->network, sizeof(struct ip4));
}

WEIR_INLINE struct ip4 *weir_ip4_or_blank(struct packet *p)
{
	struct ip4 *ip = weir_ip4(p);

	return ip ? ip : &p->blank;
}

WEIR_INLINE uint32_t weir_network_len(const struct packet *p)
{
	return p->network == WEIR_META_NONE ? 0 : p->off + p->len - p->network;
}

WEIR_INLINE void *weir_transport_at(struct packet *p, uint32_t off, uint32_t n)
{
	return p->transport == WEIR_META_NONE ? NULL : weir_bytes_at(p, p->transport + off, n);
}

WEIR_INLINE void *weir_mac(struct packet *p, uint32_t n)
{
	return p->mac == WEIR_META_NONE ? NULL : weir_bytes_at(p, p->mac, n);
}

WEIR_INLINE void weir_set_mac(struct packet *p)
{
	p->mac = (uint16_t)p->off;
}

WEIR_INLINE uint8_t weir_type(const struct packet *p)
{
	return p->type;
}

WEIR_INLINE void weir_set_type(struct packet *p, enum weir_packet_type type)
{
	p->type = (uint8_t)type;
}

WEIR_INLINE uint8_t weir_anno_u8(const struct packet *p, unsigned at)
{
	return at < WEIR_ANNO_SIZE ? p->anno[at] : 0;
}

WEIR_INLINE void weir_set_anno_u8(struct packet *p, unsigned at, uint8_t v)
{
	if (at < WEIR_ANNO_SIZE)
		p->anno[at] = v;
}

WEIR_INLINE uint32_t weir_anno_u32(const struct packet *p, unsigned at)
{
	uint32_t v = 0;

	if (at <= WEIR_ANNO_SIZE - sizeof(v))
		memcpy(&v, p->anno + at, sizeof(v));
	return v;
}

WEIR_INLINE void weir_set_anno_u32(struct packet *p, unsigned at, uint32_t v)
{
	if (at <= WEIR_ANNO_SIZE - sizeof(v))
		memcpy(p->anno + at, &v, sizeof(v));
}

WEIR_INLINE be32 weir_dst_ip(const struct packet *p)
{
	return (be32){weir_anno_u32(p, ANNO_DST_IP)};
}

WEIR_INLINE void weir_set_dst_ip(struct packet *p, be32 a)
{
	weir_set_anno_u32(p, ANNO_DST_IP, a.be);
}

WEIR_INLINE void weir_clear_annos(struct packet *p)
{
	memset(p->anno, 0, sizeof(p->anno));
	p->type = WEIR_HOST;
}

WEIR_INLINE struct weir_meta *weir_meta(struct xdp_md *ctx)
{
	struct weir_meta *m = (void *)(long)ctx->data_meta;

	return (void *)(m + 1) <= (void *)(long)ctx->data ? m : NULL;
}

// False: no block of ours is in front of the packet.
WEIR_INLINE bool weir_packet_enter(struct packet *p, struct xdp_md *ctx)
{
	struct weir_meta *m = weir_meta(ctx);
	long n;

	if (!m || m->magic != WEIR_META_MAGIC)
		return false;
	memset(&p->blank, 0, sizeof(p->blank));
	p->ctx = ctx;
	p->off = m->off;
	// 64-bit, as the verifier permits no other arithmetic on these
	n = (void *)(long)ctx->data_end - (void *)(long)ctx->data;
	asm volatile("" : "+r"(n));
	p->len = (uint32_t)n - m->off;
	p->mac = m->mac;
	p->network = m->network;
	p->transport = m->transport;
	p->type = m->type;
	p->rounds = m->rounds;
	memcpy(p->anno, m->anno, sizeof(p->anno));
	return true;
}

WEIR_INLINE void weir_packet_leave(const struct packet *p, unsigned port)
{
	struct weir_meta *m = weir_meta(p->ctx);

	if (!m)
		return;
	m->port = (uint16_t)port;
	m->off = (uint16_t)p->off;
	m->mac = p->mac;
	m->network = p->network;
	m->transport = p->transport;
	m->type = p->type;
	m->rounds = p->rounds;
	memcpy(m->anno, p->anno, sizeof(p->anno));
}
