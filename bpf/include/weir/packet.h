// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// A packet as a BPF program sees it: the accessors of user/include/weir/packet.h under the same
// names. What is known of the packet stays in the metadata block in front of it, from one program
// to the next. Pointers into the packet are made afresh and checked each time, as the verifier
// wants them.

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
// What rare packets need. In userspace it is out of the way of the others; here it is part of the
// program, as one that has a function to call pays for that at every tail call.
#define WEIR_RARE static inline __attribute__((always_inline))
// Shared memory, read once and at once: userspace may be writing it.
#define WEIR_READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
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
	struct weir_meta *m;
	struct weir_meta lost; // instead of the block, should it be gone after the head has moved
	struct ip4 blank;      // zeroes
	uint32_t cut;	       // bytes that weir_truncate took
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

	return at <= WEIR_OFF_MASK && n <= WEIR_OFF_MASK && d + (n & WEIR_OFF_MASK) <= end ? d
											   : NULL;
}

WEIR_INLINE uint32_t weir_len(const struct packet *p)
{
	// 64-bit, as the verifier permits no other arithmetic on these
	long n = (void *)(long)p->ctx->data_end - (void *)(long)p->ctx->data;

	asm volatile("" : "+r"(n));
	return (uint32_t)n - p->m->off;
}

WEIR_INLINE void *weir_at(struct packet *p, uint32_t off, uint32_t n)
{
	return weir_bytes_at(p, p->m->off + off, n);
}

WEIR_INLINE void *weir_at_end(struct packet *p, uint32_t off, uint32_t n, uint32_t)
{
	return weir_at(p, off, n);
}

WEIR_INLINE uint32_t weir_headroom(const struct packet *p)
{
	return p->m->off + WEIR_HEADROOM;
}

WEIR_INLINE bool weir_pull_front(struct packet *p, uint32_t n)
{
	if (n > weir_len(p))
		return false;
	p->m->off += n;
	return true;
}

WEIR_INLINE struct weir_meta *weir_meta(struct xdp_md *ctx)
{
	struct weir_meta *m = (void *)(long)ctx->data_meta;

	return (void *)(m + 1) <= (void *)(long)ctx->data ? m : NULL;
}

// After a helper that moves either end: pointers from before are void.
WEIR_INLINE bool weir_find_meta(struct packet *p)
{
	p->m = weir_meta(p->ctx);
	if (p->m)
		return true;
	memset(&p->lost, 0, sizeof(p->lost));
	p->m = &p->lost;
	return false;
}

WEIR_INLINE uint16_t weir_moved(uint16_t off)
{
	return off == WEIR_META_NONE ? off : off + WEIR_HEADROOM;
}

// Moves the driver's first byte forward when there is no room behind it.
WEIR_INLINE void *weir_push_front(struct packet *p, uint32_t n)
{
	if (n > p->m->off) {
		long e = n > WEIR_HEADROOM || bpf_xdp_adjust_head(p->ctx, -WEIR_HEADROOM);

		if (!weir_find_meta(p) || e)
			return NULL;
		p->m->off += WEIR_HEADROOM;
		p->m->mac = weir_moved(p->m->mac);
		p->m->network = weir_moved(p->m->network);
		p->m->transport = weir_moved(p->m->transport);
	}
	p->m->off -= n;
	return weir_at(p, 0, n);
}

WEIR_INLINE void weir_set_network(struct packet *p, uint32_t off, uint32_t hlen)
{
	p->m->network = (uint16_t)(p->m->off + off);
	p->m->transport = (uint16_t)(p->m->off + off + hlen);
}

WEIR_INLINE void weir_clear_network(struct packet *p)
{
	p->m->network = p->m->transport = WEIR_META_NONE;
}

WEIR_INLINE void weir_truncate(struct packet *p, uint32_t len)
{
	uint32_t have = weir_len(p), end;

	if (len >= have)
		return;
	if (!bpf_xdp_adjust_tail(p->ctx, (int)len - (int)have))
		p->cut += have - len;
	if (!weir_find_meta(p))
		return;
	end = p->m->off + len;
	if (p->m->network + sizeof(struct ip4) > end)
		weir_clear_network(p);
	else if (p->m->transport > end)
		p->m->transport = WEIR_META_NONE;
}

WEIR_INLINE struct ip4 *weir_ip4(struct packet *p)
{
	return weir_bytes_at(p, p->m->network, sizeof(struct ip4));
}

WEIR_INLINE struct ip4 *weir_ip4_or_blank(struct packet *p)
{
	struct ip4 *ip = weir_ip4(p);

	return ip ? ip : &p->blank;
}

WEIR_INLINE uint32_t weir_network_len(const struct packet *p)
{
	return p->m->network == WEIR_META_NONE ? 0 : p->m->off + weir_len(p) - p->m->network;
}

WEIR_INLINE void *weir_transport_at(struct packet *p, uint32_t off, uint32_t n)
{
	return p->m->transport == WEIR_META_NONE ? NULL
						 : weir_bytes_at(p, p->m->transport + off, n);
}

WEIR_INLINE void *weir_mac(struct packet *p, uint32_t n)
{
	return p->m->mac == WEIR_META_NONE ? NULL : weir_bytes_at(p, p->m->mac, n);
}

WEIR_INLINE void weir_set_mac(struct packet *p)
{
	p->m->mac = (uint16_t)p->m->off;
}

WEIR_INLINE uint8_t weir_type(const struct packet *p)
{
	return p->m->type;
}

WEIR_INLINE void weir_set_type(struct packet *p, enum weir_packet_type type)
{
	p->m->type = (uint8_t)type;
}

WEIR_INLINE uint8_t weir_anno_u8(const struct packet *p, unsigned at)
{
	return at < WEIR_ANNO_SIZE ? p->m->anno[at] : 0;
}

WEIR_INLINE void weir_set_anno_u8(struct packet *p, unsigned at, uint8_t v)
{
	if (at < WEIR_ANNO_SIZE)
		p->m->anno[at] = v;
}

WEIR_INLINE uint32_t weir_anno_u32(const struct packet *p, unsigned at)
{
	// one access, where memcpy would be four, as the compiler does not know `at`
	return at <= WEIR_ANNO_SIZE - sizeof(uint32_t) ? *(uint32_t *)(p->m->anno + at) : 0;
}

WEIR_INLINE void weir_set_anno_u32(struct packet *p, unsigned at, uint32_t v)
{
	if (at <= WEIR_ANNO_SIZE - sizeof(v))
		*(uint32_t *)(p->m->anno + at) = v;
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
	memset(p->m->anno, 0, WEIR_ANNO_SIZE);
	p->m->type = WEIR_HOST;
}

// Makes the packet what it is for the elements, without the block: for one that leaves weir. It has
// at least an Ethernet header, and nothing of `p` is to be used afterwards.
WEIR_INLINE void weir_packet_leave(struct packet *p)
{
	int off = p->m->off;

	bpf_xdp_adjust_meta(p->ctx, sizeof(struct weir_meta));
	if (off)
		bpf_xdp_adjust_head(p->ctx, off);
}

// False: no block of ours is in front of the packet.
WEIR_INLINE bool weir_packet_enter(struct packet *p, struct xdp_md *ctx)
{
	p->ctx = ctx;
	p->m = weir_meta(ctx);
	memset(&p->blank, 0, sizeof(p->blank));
	p->cut = 0;
	return p->m && p->m->magic == WEIR_META_MAGIC;
}
