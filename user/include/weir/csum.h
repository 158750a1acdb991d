// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The Internet checksum (RFC 1071). A sum in progress is a uint64_t of words as they lie in memory:
// sums of parts are added with `+` (a million of them before it could overflow), and every part but
// the last has an even length. It is turned into a checksum, or judged, at the end. A header or a
// payload may begin at any byte.

#include <weir/packet.h>

// Words at any place. Not by memcpy, which is one load for each byte in BPF.
struct weir_word64 {
	uint64_t v;
} WEIR_WIRE __attribute__((may_alias));
struct weir_word32 {
	uint32_t v;
} WEIR_WIRE __attribute__((may_alias));

WEIR_INLINE uint64_t weir_csum_load64(const void *p)
{
	return ((const struct weir_word64 *)p)->v;
}

WEIR_INLINE uint64_t weir_csum_load32(const void *p)
{
	return ((const struct weir_word32 *)p)->v;
}

// One's complement sum of 64-bit words: all carries come back in at the low end, which keeps the
// value modulo 65535, as 2^64 - 1 is a multiple of that.
WEIR_INLINE uint64_t weir_csum_add64(uint64_t a, uint64_t b)
{
	a += b;
	return a + (a < b);
}

// The 32-bit halves added in the same way. Zero only if sum is.
WEIR_INLINE uint32_t weir_csum_fold32(uint64_t sum)
{
	return (uint32_t)((sum + (sum << 32 | sum >> 32)) >> 32);
}

// The checksum to store for a sum.
WEIR_INLINE be16 weir_csum_fold(uint64_t sum)
{
	uint32_t s = weir_csum_fold32(sum);

	return (be16){(uint16_t) ~((s + (s << 16 | s >> 16)) >> 16)};
}

// The same for UDP, where zero says that there is no checksum (RFC 768).
WEIR_INLINE be16 weir_csum_fold_udp(uint64_t sum)
{
	be16 c = weir_csum_fold(sum);

	return c.be ? c : (be16){0xffff};
}

// Is this the sum of data whose stored checksum, part of the data, is right? The data are not all
// zero: an IPv4 header has its version, a pseudo header its protocol, ICMP is up to the caller.
WEIR_INLINE bool weir_csum_ok(uint64_t sum)
{
	return sum % 65535 == 0;
}

// Sum over n bytes. Four sums side by side, so that the carries of one do not hold up the next.
WEIR_INLINE uint64_t weir_csum_sum(const void *data, size_t n)
{
	const uint8_t *p = data;
	uint64_t a = 0, b = 0, c = 0, d = 0;

	for (; n >= 32; n -= 32, p += 32) {
		a = weir_csum_add64(a, weir_csum_load64(p));
		b = weir_csum_add64(b, weir_csum_load64(p + 8));
		c = weir_csum_add64(c, weir_csum_load64(p + 16));
		d = weir_csum_add64(d, weir_csum_load64(p + 24));
	}
	a = weir_csum_add64(weir_csum_add64(a, b), weir_csum_add64(c, d));
	for (; n >= 8; n -= 8, p += 8)
		a = weir_csum_add64(a, weir_csum_load64(p));
	b = 0;
	if (n & 4) {
		b += weir_csum_load32(p);
		p += 4;
	}
	if (n & 2) {
		b += (uint32_t)p[0] | (uint32_t)p[1] << 8;
		p += 2;
	}
	if (n & 1)
		b += p[0];
	return weir_csum_fold32(weir_csum_add64(a, b));
}

// Checksum over n bytes.
WEIR_INLINE be16 weir_csum(const void *data, size_t n)
{
	return weir_csum_fold(weir_csum_sum(data, n));
}

// Sum over an IPv4 header without options.
WEIR_INLINE uint64_t weir_csum_ip4_sum(const struct ip4 *h)
{
	const uint8_t *p = (const uint8_t *)h;
	uint64_t sum = weir_csum_add64(weir_csum_load64(p), weir_csum_load64(p + 8));

	return weir_csum_add64(sum, weir_csum_load32(p + 16));
}

// Is the checksum of an IPv4 header without options right? The version has been checked.
WEIR_INLINE bool weir_csum_ip4_ok(const struct ip4 *h)
{
	return weir_csum_ok(weir_csum_ip4_sum(h));
}

// Sets the checksum of an IPv4 header of hlen bytes, options included.
WEIR_INLINE void weir_csum_ip4_set(struct ip4 *h, uint32_t hlen)
{
	h->csum = (be16){0};
	if (WEIR_LIKELY(hlen == sizeof(*h)))
		h->csum = weir_csum_fold(weir_csum_ip4_sum(h));
	else
		h->csum = weir_csum(h, hlen);
}

// Sum over the pseudo header of TCP (RFC 9293, 3.1) and UDP (RFC 768) over IPv4. len: bytes of the
// transport header and what follows.
WEIR_INLINE uint64_t weir_csum_pseudo4(be32 src, be32 dst, uint8_t proto, uint16_t len)
{
	return (uint64_t)src.be + dst.be + ((uint32_t)proto << 8) + wr16(len).be;
}

// The same over IPv6 (RFC 8200, 8.1), for ICMPv6 too. src and dst: 16 bytes each.
WEIR_INLINE uint64_t weir_csum_pseudo6(const void *src, const void *dst, uint8_t proto,
				       uint32_t len)
{
	return weir_csum_sum(src, 16) + weir_csum_sum(dst, 16) + ((uint64_t)proto << 24) +
	       wr32(len).be;
}

// RFC 1624, equation 3: the checksum after a word of the data has changed. Where the data are not
// all zero it is the one that a new sum would give, never 0xffff for 0x0000.
WEIR_INLINE be16 weir_csum_edit16(be16 csum, be16 old, be16 new)
{
	return weir_csum_fold((uint64_t)(uint16_t)~csum.be + (uint16_t)~old.be + new.be);
}

WEIR_INLINE be16 weir_csum_edit32(be16 csum, be32 old, be32 new)
{
	return weir_csum_fold((uint64_t)(uint16_t)~csum.be + (uint32_t)~old.be + new.be);
}

// The two for UDP: no checksum stays none, and zero is stored as 0xffff.
WEIR_INLINE be16 weir_csum_edit16_udp(be16 csum, be16 old, be16 new)
{
	be16 c = weir_csum_edit16(csum, old, new);

	return !csum.be ? csum : c.be ? c : (be16){0xffff};
}

WEIR_INLINE be16 weir_csum_edit32_udp(be16 csum, be32 old, be32 new)
{
	be16 c = weir_csum_edit32(csum, old, new);

	return !csum.be ? csum : c.be ? c : (be16){0xffff};
}
