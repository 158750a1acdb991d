// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Messages of Neighbor Discovery for IPv6 (RFC 4861) in Ethernet frames: what is read of one, and
// how one is made.

#include <weir/element.h>

#include "neighbor_front.h"

enum {
	ND_SOLICITATION = 135,
	ND_ADVERTISEMENT = 136,
};
enum { // of an advertisement
	ND_ROUTER = 0x80000000,
	ND_SOLICITED = 0x40000000,
	ND_OVERRIDE = 0x20000000,
};

// ICMPv6 header and target (RFC 4861 4.3, 4.4).
struct WEIR_WIRE nd {
	struct icmp6 icmp;
	be64 target[2];
};
_Static_assert(sizeof(struct nd) == 24, "neighbor solicitation and advertisement");

// A link-layer address, as options have it (4.6.1).
struct WEIR_WIRE nd_option {
	uint8_t type, len; // len: in 8 bytes
	uint8_t eth[6];
};
_Static_assert(sizeof(struct nd_option) == 8, "one unit of length");
enum { ND_SOURCE = 1, ND_TARGET = 2 };

// A whole message with its option.
struct WEIR_WIRE nd_frame {
	struct eth eth;
	struct ip6 ip;
	struct nd nd;
	struct nd_option option;
};
enum { ND_FRAME = sizeof(struct eth) + sizeof(struct ip6) + sizeof(struct nd) };

// What a message says.
struct nd_message {
	struct neighbor_key src, dst, target;
	uint32_t flags;
	uint8_t eth[6];	 // of the option for a source (solicitation) or target (advertisement)
	bool has_eth;	 // there is such an option
	uint8_t from[6]; // source of the frame
};

// Reads a message of that type from a frame. False: it is none, or not as RFC 4861 7.1 wants it.
bool nd_read(struct packet *p, uint8_t type, struct nd_message *m);
// Makes a message of sizeof(struct nd_frame) bytes of what is given but for the types, lengths and
// the checksum. The flags are already there.
void nd_finish(struct nd_frame *f, uint8_t type);

static inline bool nd_is_multicast(struct neighbor_key k)
{
	return (k.half[0] & 0xff) == 0xff;
}

static inline bool nd_is_unspecified(struct neighbor_key k)
{
	return !(k.half[0] | k.half[1]);
}

struct neighbor_key nd_all_nodes(void); // RFC 4291 2.7.1
// The solicited-node multicast address (RFC 4291 2.7.1).
struct neighbor_key nd_solicited_node(struct neighbor_key k);
// RFC 2464 7: the Ethernet address of a multicast.
void nd_multicast_ether(struct neighbor_key k, uint8_t *dst);
