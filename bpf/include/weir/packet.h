// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// A packet as a BPF program sees it: the accessors of user/include/weir/packet.h under the same
// names. What is known of the packet stays in the metadata block in front of it, from one program
// to the next. Pointers into the packet are made afresh and checked each time, as the verifier
// wants them.

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include <abi/anno.h>
#include <abi/front.h>
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

// Of the element; on a compiled path, which `path.aside` tells, the block is `instead->meta`.
extern struct weir_instance weir_instance;

// What stands in for what is not there; written by whoever has it.
struct weir_instead {
	struct weir_meta meta; // of the block, should it be gone after the head has moved
	union {
		struct ip4 ip;
		struct ip6 ip6;
	};
};

struct packet {
	struct xdp_md *ctx;
	struct weir_meta *m;
	void *data, *end; // of what the driver sees as the packet
	struct weir_instead *instead;
	uint32_t cut; // bytes that weir_truncate took
};

struct batch {
	unsigned n, out;
	uint64_t bytes;
	struct packet *p[];
};

// n bytes at offset `at` from the driver's first byte, or NULL.
WEIR_INLINE void *weir_bytes_at(const struct packet *p, uint32_t at, uint32_t n)
{
	// the compiler is to load whole words, and the machine does not mind where they lie
	void *d = __builtin_assume_aligned(p->data + (at & WEIR_OFF_MASK), sizeof(__u64));
	uint32_t len = n & WEIR_OFF_MASK;

	if (!__builtin_constant_p(len)) // else it leaves out the mask, which the verifier wants
		asm("" : "+r"(len));
	return at <= WEIR_OFF_MASK && n <= WEIR_OFF_MASK && d + len <= p->end ? d : NULL;
}

WEIR_INLINE uint32_t weir_len(const struct packet *p)
{
	// 64-bit, as the verifier permits no other arithmetic on these
	long n = p->end - p->data;

	asm("" : "+r"(n));
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

WEIR_INLINE bool weir_start_at_network(struct packet *p)
{
	if (p->m->network == WEIR_META_NONE)
		return false;
	p->m->off = p->m->network;
	return true;
}

// A field of the context is 32 bits wide for the compiler and a pointer for the verifier: what is
// loaded must not be taken for a number, which may be cut to 32 bits again.
#define WEIR_CTX_POINTER(ctx_, field_)                                           \
	({                                                                       \
		void *p_;                                                        \
		asm volatile("%0 = *(u32 *)(%1 + %2)"                            \
			     : "=r"(p_)                                          \
			     : "r"(ctx_), "i"(offsetof(struct xdp_md, field_))); \
		p_;                                                              \
	})

// After a helper that moves either end: pointers from before are void. False: no block is there.
WEIR_INLINE bool weir_find_packet(struct packet *p)
{
	p->data = WEIR_CTX_POINTER(p->ctx, data);
	p->end = WEIR_CTX_POINTER(p->ctx, data_end);
	if (weir_instance.path.aside)
		return true;
	p->m = WEIR_CTX_POINTER(p->ctx, data_meta);
	return (void *)(p->m + 1) <= p->data;
}

WEIR_INLINE bool weir_find_meta(struct packet *p)
{
	if (weir_find_packet(p))
		return true;
	memset(&p->instead->meta, 0, sizeof(p->instead->meta));
	p->m = &p->instead->meta;
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

	if (WEIR_LIKELY(ip))
		return ip;
	memset(&p->instead->ip, 0, sizeof(p->instead->ip));
	return &p->instead->ip;
}

WEIR_INLINE void *weir_network_at(struct packet *p, uint32_t off, uint32_t n)
{
	return p->m->network == WEIR_META_NONE ? NULL : weir_bytes_at(p, p->m->network + off, n);
}

WEIR_INLINE struct ip6 *weir_ip6_header(struct packet *p)
{
	return weir_bytes_at(p, p->m->network, sizeof(struct ip6));
}

WEIR_INLINE struct ip6 *weir_ip6_or_blank(struct packet *p)
{
	struct ip6 *ip = weir_bytes_at(p, p->m->network, sizeof(struct ip4));

	if (WEIR_LIKELY(ip))
		return ip;
	memset(&p->instead->ip6, 0, sizeof(p->instead->ip6));
	return &p->instead->ip6;
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

WEIR_INLINE void weir_dst_ip6(const struct packet *p, void *a)
{
	const be64 *anno = (const be64 *)(p->m->anno + ANNO_DST_IP6);
	be64 *to = a;

	to[0] = anno[0];
	to[1] = anno[1];
}

WEIR_INLINE void weir_set_dst_ip6(struct packet *p, const void *a)
{
	be64 *anno = (be64 *)(p->m->anno + ANNO_DST_IP6);
	const be64 *from = a;

	anno[0] = from[0];
	anno[1] = from[1];
}

WEIR_INLINE be16 weir_vlan_tci(const struct packet *p)
{
	return *(const be16 *)(p->m->anno + ANNO_VLAN_TCI);
}

WEIR_INLINE void weir_set_vlan_tci(struct packet *p, be16 tci)
{
	*(be16 *)(p->m->anno + ANNO_VLAN_TCI) = tci;
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

	if (!weir_instance.path.aside)
		bpf_xdp_adjust_meta(p->ctx, sizeof(struct weir_meta));
	if (off)
		bpf_xdp_adjust_head(p->ctx, off);
}

// False: no block of ours is in front of the packet.
WEIR_INLINE bool weir_packet_enter(struct packet *p, struct weir_instead *instead,
				   struct xdp_md *ctx)
{
	p->ctx = ctx;
	p->instead = instead;
	p->cut = 0;
	return weir_find_packet(p) && p->m->magic == WEIR_META_MAGIC;
}

WEIR_INLINE __u8 weir_type_of(const struct eth *eth, const __u8 mac[6])
{
	const __u32 first = *(const __u32 *)eth;
	const __u16 last = *(const __u16 *)(eth->dst + sizeof(first));

	if (first == *(const __u32 *)mac && last == *(const __u16 *)(mac + sizeof(first)))
		return WEIR_HOST;
	if (!(first & 1))
		return WEIR_OTHERHOST;
	return first == 0xffffffff && last == 0xffff ? WEIR_BROADCAST : WEIR_MULTICAST;
}

// A block for a packet that came in.
WEIR_INLINE void weir_meta_fill(struct weir_meta *m, __u32 device, __u8 type)
{
	memset(m, 0, sizeof(*m));
	m->magic = WEIR_META_MAGIC;
	m->network = m->transport = WEIR_META_NONE;
	m->device = (__u16)device;
	m->type = type;
}

// A packet as the interface gave it, on a compiled path. False: it has no Ethernet header.
WEIR_INLINE bool weir_packet_begin(struct packet *p, struct weir_instead *instead,
				   struct xdp_md *ctx, const struct weir_path *path)
{
	p->ctx = ctx;
	p->instead = instead;
	p->cut = 0;
	p->m = &instead->meta;
	weir_find_packet(p);
	if (p->data + sizeof(struct eth) > p->end)
		return false;
	weir_meta_fill(p->m, path->number, weir_type_of(p->data, path->mac));
	return true;
}

// Before another program gets the packet, which looks for the block in front of it. False: it
// cannot be put there.
WEIR_INLINE bool weir_packet_settle(struct packet *p)
{
	struct weir_meta *m;

	if (!weir_instance.path.aside)
		return true;
	if (bpf_xdp_adjust_meta(p->ctx, -(int)sizeof(*m)))
		return false;
	m = WEIR_CTX_POINTER(p->ctx, data_meta);
	if ((void *)(m + 1) > WEIR_CTX_POINTER(p->ctx, data))
		return false;
	*m = *p->m;
	return true;
}
