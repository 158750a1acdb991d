// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Checksums over parts of a packet, where the length is known only when the packet is there: the
// BPF half has its own header of this name, as the verifier wants every byte's place proved.

#include <weir/csum.h>

// Sum over the n bytes from the transport header on. They are there (weir_transport_at).
WEIR_INLINE uint64_t weir_csum_transport(const struct packet *p, uint32_t n)
{
	return weir_csum_sum((const uint8_t *)p + p->transport, n);
}

// Sets the checksum of the packet's IPv4 header, of hlen bytes: 20 to 60, and they are there.
WEIR_INLINE void weir_csum_header_set(struct packet *p, uint32_t hlen)
{
	weir_csum_ip4_set((struct ip4 *)((uint8_t *)p + p->network), hlen);
}
