// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// Checksums over parts of a packet: the names of user/include/weir/csum_packet.h.

#include <weir/csum.h>
#include <weir/packet.h>

enum {
	WEIR_CSUM_CHUNK = 256, // at a time by the kernel; so many times for the longest packet
	WEIR_CSUM_CHUNKS = 4096 / WEIR_CSUM_CHUNK,
	WEIR_CSUM_PIECE = 32,
};

// Sum over n bytes at offset `at` from the driver's first byte, as far as they are there.
WEIR_INLINE uint64_t weir_csum_bytes(const struct packet *p, uint32_t at, uint32_t n)
{
	uint8_t *end = p->end;
	uint8_t *d = (uint8_t *)p->data + (at & WEIR_OFF_MASK);
	uint64_t sum = 0;

	for (unsigned i = 0; i < WEIR_CSUM_CHUNKS && n >= WEIR_CSUM_CHUNK; i++) {
		if (d + WEIR_CSUM_CHUNK > end)
			return sum;
		sum += (uint64_t)bpf_csum_diff(NULL, 0, (void *)d, WEIR_CSUM_CHUNK, 0);
		d += WEIR_CSUM_CHUNK;
		n -= WEIR_CSUM_CHUNK;
	}
	for (unsigned i = 0; i < WEIR_CSUM_CHUNK / WEIR_CSUM_PIECE && n >= WEIR_CSUM_PIECE; i++) {
		if (d + WEIR_CSUM_PIECE > end)
			return sum;
		for (unsigned k = 0; k < WEIR_CSUM_PIECE; k += 4)
			sum += weir_csum_load32(d + k);
		d += WEIR_CSUM_PIECE;
		n -= WEIR_CSUM_PIECE;
	}
	for (unsigned i = 0; i < WEIR_CSUM_PIECE / 4 && n >= 4; i++) {
		if (d + 4 > end)
			return sum;
		sum += weir_csum_load32(d);
		d += 4;
		n -= 4;
	}
	if (n & 2) {
		if (d + 2 > end)
			return sum;
		sum += (uint32_t)d[0] | (uint32_t)d[1] << 8;
		d += 2;
	}
	if (n & 1 && d + 1 <= end)
		sum += d[0];
	return sum;
}

WEIR_INLINE uint64_t weir_csum_transport(const struct packet *p, uint32_t n)
{
	return weir_csum_bytes(p, p->m->transport, n);
}

// Sum over an IPv4 header of hlen bytes at offset `at`, of which the first 20 are at ip.
WEIR_INLINE uint64_t weir_csum_header(const struct packet *p, const struct ip4 *ip, uint32_t at,
				      uint32_t hlen)
{
	uint64_t sum = weir_csum_ip4_sum(ip);

	for (unsigned i = sizeof(*ip); i < 60; i += 4) {
		const void *word;

		if (WEIR_LIKELY(i >= hlen))
			break;
		word = weir_bytes_at(p, at + i, 4);
		if (word)
			sum = weir_csum_add64(sum, weir_csum_load32(word));
	}
	return sum;
}

WEIR_INLINE void weir_csum_header_set(struct packet *p, uint32_t hlen)
{
	struct ip4 *ip = weir_ip4(p);

	if (!ip)
		return;
	ip->csum.be = 0;
	ip->csum = weir_csum_fold(weir_csum_header(p, ip, p->m->network, hlen));
}
