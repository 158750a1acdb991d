// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Packets of IPv6 become packets of IPv4 and the other way round (RFC 7915). Who has which address
// is the caller's: the functions here are given both sides, hold nothing, and look at no table.
//
// Hop limits and TTLs are copied: DecIP6HLIM or DecIPTTL stands in front of a translator, as in
// front of every router's output.

#include <weir/element.h>

#include "translate.h"

struct xlat_tuple6 {
	be64 src[2], dst[2];
	be16 sport, dport; // as in struct session_tuple
};

// What an IPv6 packet is; as struct translate_seen.
struct xlat_seen6 {
	struct xlat_tuple6 tuple; // of an error: that of the packet it quotes, flipped
	uint8_t proto;		  // as IPv4 has it
	uint8_t kind;		  // enum translate_kind
	uint8_t flags;		  // of TCP
	uint8_t verdict;	  // enum xlat_verdict: why the kind is TRANSLATE_BAD
	bool first, query;
	uint32_t id; // of a fragment
};

// What both sides' links are like, and what is to be kept of a packet.
struct xlat_links {
	uint32_t mtu4, mtu6; // of the next hops
	uint32_t lowest;     // IPv6 packets that may be cut on their way are not longer
	bool tos;	     // traffic class and TOS are copied; else they are zero
	bool sum;	     // UDP without a checksum gets one
};

#define XLAT_ARGS(id, field)                                                                       \
	WEIR_ARG(U32, id, field.mtu4, "MTU4", "MTU of the next hop of IPv4", .def = "1500",        \
		 .min = 68, .max = 65535),                                                         \
		WEIR_ARG(U32, id, field.mtu6, "MTU6", "MTU of the next hop of IPv6",               \
			 .def = "1500", .min = 1280, .max = 65575),                                \
		WEIR_ARG(U32, id, field.lowest, "LOWEST",                                          \
			 "longest IPv6 packet that is made of one without DF", .def = "1280",      \
			 .min = 1280, .max = 65535),                                               \
		WEIR_ARG(BOOL, id, field.tos, "TOS", "copy TOS and traffic class", .def = "true"), \
		WEIR_ARG(BOOL, id, field.sum, "CHECKSUM",                                          \
			 "make checksums of UDP that are missing", .def = "true")

enum xlat_verdict {
	XLAT_OK,
	XLAT_BAD,	   // too short for what it says, or a checksum that counts is wrong
	XLAT_TOO_LONG,	   // for the other side's length field
	XLAT_SOURCE_ROUTE, // IPv4 with one that is not used up
	XLAT_ROUTING,	   // IPv6 likewise; where is in the annotation for ICMP6Error
	XLAT_HEADERS,	   // headers of IPv6 that stand where IPv4 cannot have them
	XLAT_ICMP,	   // a message that the other side does not have
	XLAT_FRAGMENT,	   // of ICMP, whose checksum is over the whole length in IPv6 only
	XLAT_NO_CHECKSUM,  // of UDP, and it may not or cannot be made
};

// So much room is needed in front of an IPv4 packet: two longer headers, two for fragments, and
// what extensions are padded with.
enum { XLAT_ROOM = 2 * 28 + 4 };

// Never looks beyond the end of the packet.
struct xlat_seen6 xlat_look6(struct packet *p);

// The packet, which begins with its network header, becomes one of the other side: with this tuple;
// or, if it is an error, from src to tuple->dst, quoting the packet of the flipped tuple. id: for
// the IPv4 header if the packet brings none. Whatever is not XLAT_OK has not changed the packet.
enum xlat_verdict xlat_to4(struct packet *p, const struct session_tuple *to, be32 src, be16 id,
			   const struct xlat_links *l);
enum xlat_verdict xlat_to6(struct packet *p, const struct xlat_tuple6 *to, const be64 src[2],
			   const struct xlat_links *l);

// The IPv6 packet, which the translator made, leaves by output `port`: cut into fragments of at
// most l->lowest bytes if it has a fragment header and is longer. False: there was no buffer; then
// nothing left, and it is the caller's still.
bool xlat_emit6(struct weir_node *n, unsigned port, struct packet *p, const struct xlat_links *l);

// --- between xlat.c and xlat_icmp.c ---
enum {
	ICMP4_ECHO_REPLY = 0,
	ICMP4_UNREACHABLE = 3,
	ICMP4_ECHO = 8,
	ICMP4_EXCEEDED = 11,
	ICMP4_PARAMETER = 12,
};
enum {
	ICMP6_UNREACHABLE = 1,
	ICMP6_TOO_BIG = 2,
	ICMP6_EXCEEDED = 3,
	ICMP6_PARAMETER = 4,
	ICMP6_ECHO = 128,
	ICMP6_ECHO_REPLY = 129,
};

// A header of either version and all that is to be kept of it.
struct xlat_head {
	uint32_t off;  // of what is behind it
	uint32_t len;  // of the datagram, as it says
	uint32_t have; // bytes that are there; as many, but where it is quoted
	uint32_t id;
	uint16_t frag; // in 8 bytes
	uint8_t proto; // as IPv4 has it
	uint8_t tos, ttl;
	bool fragment; // IPv6: has a fragment header. IPv4: is one of several
	bool more, df; // df: it must not be cut
};
// The sums over what a checksum covers, before and after.
struct xlat_sums {
	uint64_t old, new;
};

// quoted: bytes at the end may be missing. *where: of the field that is wrong, for XLAT_ROUTING.
enum xlat_verdict xlat_read6(const uint8_t *h, uint32_t have, bool quoted, struct xlat_head *x,
			     uint32_t *where);
enum xlat_verdict xlat_read4(const uint8_t *h, uint32_t have, bool quoted, struct xlat_head *x);
// Write the header in front of `at`. dlen: bytes that follow, which need not be there. Their
// lengths.
uint32_t xlat_write4(uint8_t *at, const struct xlat_head *x, uint32_t dlen,
		     const struct session_tuple *t, be16 id, const struct xlat_links *l);
uint32_t xlat_write6(uint8_t *at, const struct xlat_head *x, uint32_t dlen,
		     const struct xlat_tuple6 *t, const struct xlat_links *l);
// Puts ports into the n bytes that are there of the upper header, if it has such, and the checksum
// right.
void xlat_ports(uint8_t *u, uint32_t n, uint8_t proto, be16 sport, be16 dport,
		struct xlat_sums sums);
// The same of an ICMP query, whose identifier is one of the two. type: the new one.
void xlat_query(uint8_t *u, uint8_t type, be16 sport, be16 dport, struct xlat_sums sums);
uint64_t xlat_pseudo6(const struct xlat_tuple6 *t, uint32_t len);
struct xlat_tuple6 xlat_flip6(const struct xlat_tuple6 *t);

static inline bool xlat_is_query4(uint8_t type)
{
	return type == ICMP4_ECHO || type == ICMP4_ECHO_REPLY;
}

static inline bool xlat_is_query6(uint8_t type)
{
	return type == ICMP6_ECHO || type == ICMP6_ECHO_REPLY;
}

// Errors that quote a packet and have a counterpart.
static inline bool xlat_is_error4(uint8_t type)
{
	return type == ICMP4_UNREACHABLE || type == ICMP4_EXCEEDED || type == ICMP4_PARAMETER;
}

static inline bool xlat_is_error6(uint8_t type)
{
	return type >= ICMP6_UNREACHABLE && type <= ICMP6_PARAMETER;
}

// ICMP errors, whose header is x.
enum xlat_verdict xlat_error4(struct packet *p, const struct xlat_head *x,
			      const struct session_tuple *to, be32 src, be16 id,
			      const struct xlat_links *l);
enum xlat_verdict xlat_error6(struct packet *p, const struct xlat_head *x,
			      const struct xlat_tuple6 *to, const be64 src[2],
			      const struct xlat_links *l);
