// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// A packet and a batch of packets, as C sees them. Elements use the accessors, which the BPF half
// has too under the same names; the fields belong to the engine and to userspace-only elements.

#include <abi/anno.h>
#include <abi/hdr.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WEIR_LIKELY(x) __builtin_expect(!!(x), 1)
#define WEIR_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define WEIR_INLINE static inline __attribute__((always_inline))
#define WEIR_RARE static __attribute__((noinline)) // what rare packets need

// Four packets a round, so that the loop itself costs an instruction per packet, not three.
#ifdef __clang__
#define WEIR_UNROLL _Pragma("clang loop unroll_count(4)")
#else
#define WEIR_UNROLL _Pragma("GCC unroll 4")
#endif

// Click's packet types (PACKET_TYPE_ANNO); the numbers are Linux's PACKET_*.
enum weir_packet_type {
	WEIR_HOST = 0,
	WEIR_BROADCAST = 1,
	WEIR_MULTICAST = 2,
	WEIR_OTHERHOST = 3,
	WEIR_OUTGOING = 4,
};

// The descriptor lies in front of the bytes it describes, in one allocation or one UMEM buffer, so
// every offset below counts from the start of this struct. The first cache line is what the hot
// path reads. A packet has exactly one owner, who may change every byte of it.
struct packet {
	uint32_t off;	    // of the first byte
	uint32_t len;	    // bytes
	uint16_t network;   // of the network header; set: 20 bytes from there lie in the buffer
	uint16_t mac;	    // offset of the link header; 0: not set
	uint16_t transport; // of the transport header; 0: not set
	uint8_t type;	    // enum weir_packet_type
	uint8_t rounds;	    // how often it took a back edge of the graph
	_Alignas(16) uint8_t anno[WEIR_ANNO_SIZE];

	uint64_t tstamp; // nanoseconds since 1970; 0: none
	uint32_t room;	 // end of the buffer
	uint16_t device; // device it came from (Click's device annotation); 0: none
	uint16_t class;	 // of traffic that it came in; 0: the rest, which goes behind all others
	uint16_t pool;	 // 0: heap; else the number of its buffer pool
	struct packet *next; // for whoever owns it
	uint64_t chunk;	     // UMEM address of the buffer, for its pool
	// Where the graph goes on with a packet that the driver's half had; for who receives it.
	uint16_t resume_element, resume_input;
	uint32_t hash; // as the driver's half steered it; where it had the packet
} __attribute__((aligned(64)));
_Static_assert(offsetof(struct packet, tstamp) == 64, "the hot part is one cache line");
_Static_assert(offsetof(struct packet, network) == offsetof(struct ip4, ttl),
	       "see weir_ip4_or_blank");
_Static_assert(offsetof(struct packet, len) + 3 == offsetof(struct ip6, hops),
	       "see weir_ip6_or_blank: no packet is so long");
_Static_assert(sizeof(struct packet) == 128, "two cache lines");

enum {
	WEIR_RESUME_NONE = 0xffff, // the driver's half did not have it
	WEIR_RESUME_BAD = 0xfffe,  // it had, but what it says cannot be
};

enum {
	WEIR_HEADROOM = 128,	 // at least so much before the first byte of a new packet
	WEIR_TAILROOM = 64,	 // and behind the last one of a heap packet
	WEIR_PACKET_MAX = 65216, // longest packet with its headroom: offsets have 16 bits
};

WEIR_INLINE uint8_t *weir_data(struct packet *p)
{
	return (uint8_t *)p + p->off;
}

WEIR_INLINE uint32_t weir_len(const struct packet *p)
{
	return p->len;
}

// The n bytes at offset off from the start, or NULL if the packet is shorter.
WEIR_INLINE void *weir_at(struct packet *p, uint32_t off, uint32_t n)
{
	return (uint64_t)off + n <= p->len ? weir_data(p) + off : NULL;
}

// The same where off + n was worked out beforehand as `end`, which spares the hot path the sum.
WEIR_INLINE void *weir_at_end(struct packet *p, uint32_t off, uint32_t, uint32_t end)
{
	return end <= p->len ? weir_data(p) + off : NULL;
}

WEIR_INLINE uint32_t weir_headroom(const struct packet *p)
{
	return p->off - (uint32_t)sizeof(*p);
}

WEIR_INLINE uint32_t weir_tailroom(const struct packet *p)
{
	return p->room - p->off - p->len;
}

// Moves the start of the packet and leaves its end where it is. Offset and length change together,
// so as one word; the caller has seen to it that both stay in range.
WEIR_INLINE void weir_move_start(struct packet *p, int64_t by)
{
	uint64_t both;

	memcpy(&both, &p->off, sizeof(both));
	both += (uint64_t)by - ((uint64_t)by << 32);
	memcpy(&p->off, &both, sizeof(both));
}
_Static_assert(offsetof(struct packet, len) == offsetof(struct packet, off) + 4,
	       "see weir_move_start");

// Takes n bytes from the front. False, and nothing changed, if there are fewer.
WEIR_INLINE bool weir_pull_front(struct packet *p, uint32_t n)
{
	if (WEIR_UNLIKELY(n > p->len))
		return false;
	weir_move_start(p, n);
	return true;
}

// Lets the packet begin with its network header, which may also lie before it. False: none is set.
WEIR_INLINE bool weir_start_at_network(struct packet *p)
{
	if (WEIR_UNLIKELY(!p->network))
		return false;
	weir_move_start(p, (int64_t)p->network - p->off);
	return true;
}

// Adds n bytes (of no particular content) in front: their start, or NULL without room.
WEIR_INLINE void *weir_push_front(struct packet *p, uint32_t n)
{
	if (WEIR_UNLIKELY(p->off < (uint64_t)n + sizeof(*p)))
		return NULL;
	weir_move_start(p, -(int64_t)n);
	return weir_data(p);
}

// Adds n bytes behind: their start, or NULL without room.
WEIR_INLINE void *weir_push_back(struct packet *p, uint32_t n)
{
	uint8_t *end = weir_data(p) + p->len;

	if (WEIR_UNLIKELY(n > weir_tailroom(p)))
		return NULL;
	p->len += n;
	return end;
}

// Shortens the packet to len bytes. Headers that are no longer whole are forgotten.
WEIR_INLINE void weir_truncate(struct packet *p, uint32_t len)
{
	if (len >= p->len)
		return;
	p->len = len;
	if (p->network + sizeof(struct ip4) > p->off + len)
		p->network = p->transport = 0;
	else if (p->transport > p->off + len)
		p->transport = 0;
}

// Declares that the network header begins off bytes behind the start and that hlen bytes (at
// least 20) of it are there; the transport header follows it. The caller has checked the length.
WEIR_INLINE void weir_set_network(struct packet *p, uint32_t off, uint32_t hlen)
{
	p->network = (uint16_t)(p->off + off);
	p->transport = (uint16_t)(p->off + off + hlen);
}

// Forgets the network and the transport header.
WEIR_INLINE void weir_clear_network(struct packet *p)
{
	p->network = p->transport = 0;
}

// The IPv4 header, if an element before set it (MarkIPHeader, CheckIPHeader); else NULL. Its 20
// bytes are there; options and payload are to be checked against weir_network_len.
WEIR_INLINE struct ip4 *weir_ip4(struct packet *p)
{
	return WEIR_LIKELY(p->network) ? (struct ip4 *)((uint8_t *)p + p->network) : NULL;
}

// The same, but never NULL: without a header, bytes of which only the TTL means something, which is
// zero then; they must not be written. So who looks at the TTL first needs no other test.
WEIR_INLINE struct ip4 *weir_ip4_or_blank(struct packet *p)
{
	return (struct ip4 *)((uint8_t *)p + p->network);
}

// The n bytes at offset off from the network header, or NULL if not set or not there.
WEIR_INLINE void *weir_network_at(struct packet *p, uint32_t off, uint32_t n)
{
	if (!p->network || (uint64_t)p->network + off + n > (uint64_t)p->off + p->len)
		return NULL;
	return (uint8_t *)p + p->network + off;
}

// The IPv6 header, if an element before set it (MarkIP6Header, CheckIP6Header) and all of it is
// there; else NULL.
WEIR_INLINE struct ip6 *weir_ip6_header(struct packet *p)
{
	return weir_network_at(p, 0, sizeof(struct ip6));
}

// The same, but never NULL: without a header, bytes of which only the hop limit means something,
// which is zero then; they must not be written. The addresses may not be there.
WEIR_INLINE struct ip6 *weir_ip6_or_blank(struct packet *p)
{
	return (struct ip6 *)((uint8_t *)p + p->network);
}

// Bytes from the network header to the end of the packet; 0 without a network header.
WEIR_INLINE uint32_t weir_network_len(const struct packet *p)
{
	return p->network ? p->off + p->len - p->network : 0;
}

// The n bytes at offset off from the transport header, or NULL if not set or not there.
WEIR_INLINE void *weir_transport_at(struct packet *p, uint32_t off, uint32_t n)
{
	if (!p->transport || (uint64_t)p->transport + off + n > (uint64_t)p->off + p->len)
		return NULL;
	return (uint8_t *)p + p->transport + off;
}

// The link header, if set: n bytes from there lie in the buffer, though perhaps before the first
// byte of the packet (it was stripped). NULL otherwise.
WEIR_INLINE void *weir_mac(struct packet *p, uint32_t n)
{
	if (!p->mac || (uint64_t)p->mac + n > (uint64_t)p->off + p->len)
		return NULL;
	return (uint8_t *)p + p->mac;
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

// Annotations. Offsets are those of abi/anno.h or of an ANNO argument; they are in range.
WEIR_INLINE uint8_t weir_anno_u8(const struct packet *p, unsigned at)
{
	return p->anno[at];
}
WEIR_INLINE void weir_set_anno_u8(struct packet *p, unsigned at, uint8_t v)
{
	p->anno[at] = v;
}
WEIR_INLINE uint32_t weir_anno_u32(const struct packet *p, unsigned at)
{
	uint32_t v;

	memcpy(&v, p->anno + at, sizeof(v));
	return v;
}
WEIR_INLINE void weir_set_anno_u32(struct packet *p, unsigned at, uint32_t v)
{
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

// Of IPv6: 16 bytes as in the header, at any place. They share bytes with the IPv4 annotation.
WEIR_INLINE void weir_dst_ip6(const struct packet *p, void *a)
{
	memcpy(a, p->anno + ANNO_DST_IP6, sizeof(be64[2]));
}
WEIR_INLINE void weir_set_dst_ip6(struct packet *p, const void *a)
{
	memcpy(p->anno + ANNO_DST_IP6, a, sizeof(be64[2]));
}

// The tag of a VLAN that was taken off, or is to be put on.
WEIR_INLINE be16 weir_vlan_tci(const struct packet *p)
{
	be16 tci;

	memcpy(&tci, p->anno + ANNO_VLAN_TCI, sizeof(tci));
	return tci;
}
WEIR_INLINE void weir_set_vlan_tci(struct packet *p, be16 tci)
{
	memcpy(p->anno + ANNO_VLAN_TCI, &tci, sizeof(tci));
}

// For a packet that becomes another one (a reply): no annotation, no packet type.
WEIR_INLINE void weir_clear_annos(struct packet *p)
{
	memset(p->anno, 0, sizeof(p->anno));
	p->type = WEIR_HOST;
}

enum { WEIR_BATCH_MAX = 256 };

// Packets on their way along one edge. `bytes` is the sum of their lengths; the engine keeps it.
struct batch {
	unsigned n;
	unsigned
		out; // output by which what stays in the batch leaves; 0 unless the element says so
	uint64_t bytes;
	struct packet *p[];
};
