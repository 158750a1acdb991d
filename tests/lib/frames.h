// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Frames of every kind that steering looks into, both directions of a flow, written from the inside
// out.

#include <abi/hdr.h>
#include <stdbool.h>
#include <stdint.h>

enum { FRAME_SIZE = 512, FLOW_OPTIONS = 11 };

struct frame {
	uint8_t b[FRAME_SIZE];
	unsigned at; // its first byte; it ends with the array
};

// One direction of a flow.
struct flow {
	bool is_ip6;
	uint8_t proto;
	uint32_t src, dst; // IPv6: the last bytes
	uint16_t sport, dport;
	// Headers that lie between: IPv4, so many words of options; IPv6, a bit for each extension
	// header (hop-by-hop, destination, routing, fragment of a datagram that is whole).
	uint8_t options;
};
struct flow flow_back(const struct flow *f);

void frame_clear(struct frame *f);
unsigned frame_len(const struct frame *f);
const uint8_t *frame_bytes(const struct frame *f);
// Puts bytes in front.
void frame_put(struct frame *f, const void *v, unsigned n);
void frame_eth(struct frame *f, uint16_t type);
void frame_ip4(struct frame *f, uint8_t proto, uint32_t src, uint32_t dst);
void frame_ip6(struct frame *f, uint8_t next, uint32_t src, uint32_t dst);
void frame_udp(struct frame *f, uint16_t sport, uint16_t dport);
// The flow's packet, from its IP header on, behind what is there.
void frame_flow(struct frame *f, const struct flow *w);
uint16_t frame_type(const struct flow *w);

// A way for a packet to be carried. `wrap` puts what carries a packet of the flow in front of it,
// back: in the other direction, where tunnels have other ports and numbers.
struct carrier {
	const char *name;
	void (*wrap)(struct frame *f, const struct flow *w, bool back);
};
extern const struct carrier carriers[]; // ended by {}; the first has only Ethernet

// Fragments of a datagram of the flow, the i-th; false: there is no such.
bool frame_fragment(struct frame *f, const struct flow *w, unsigned i);
// An error of ICMP to who sent the flow, quoting `quoted` bytes of its packet. false: there is no
// i-th kind of error.
bool frame_error(struct frame *f, const struct flow *w, unsigned i, unsigned quoted);
// IPsec: ESP, AH, ESP in UDP; false: there is no i-th kind.
bool frame_ipsec(struct frame *f, const struct flow *w, unsigned i, uint32_t spi);
