// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Packets written as text: the notation of case rows and tests, both directions. The words are
// described in docs/elements-notation.md.

#include <weir/packet.h>

enum pkt_named {
	PKT_TYPE = 1,
	PKT_TSTAMP = 2,
	PKT_DEVICE = 4,
	PKT_MAC = 8,
	PKT_NETWORK = 16,
	PKT_TRANSPORT = 32,
};
enum { PKT_UNSET = INT32_MIN };

struct pkt {
	uint8_t *bytes;	     // malloc'd
	uint32_t start, end; // the packet is bytes[start, end); what is before was stripped
	int32_t mac, network, transport; // offsets in bytes, or PKT_UNSET
	uint8_t type;
	uint16_t device;
	uint64_t tstamp;
	uint8_t anno[WEIR_ANNO_SIZE];
	uint64_t anno_named; // a bit for each byte of anno that the text names
	unsigned named;	     // enum pkt_named
	char error[160];     // what is wrong with the text, if anything
};

// The text of one packet. False if it is broken: then `error` says why. Free in either case.
bool pkt_parse(struct pkt *k, const char *text, size_t len);
void pkt_free(struct pkt *k);

// Texts of packets separated by `|`: the length of the first one, without the bar. *next is where
// the following one begins, or NULL.
size_t pkt_split(const char *text, const char **next);

// Writes bytes, marks and annotations to p, whose len is k->end.
void pkt_fill(struct packet *p, const struct pkt *k);
// A heap packet with WEIR_HEADROOM and WEIR_TAILROOM; to be freed with free().
struct packet *pkt_new(const struct pkt *k);

// Whether p has the bytes of k, and the marks and annotations that k's text names. If not and why
// is not NULL, *why is a malloc'd explanation.
bool pkt_matches(struct packet *p, const struct pkt *k, char **why);

// The packet in the notation, marks and annotations included where they are set; malloc'd.
char *pkt_text(struct packet *p);

// --- the headers, as both directions know them -------------------------------------------------
enum pkt_layer {
	PKT_ETH,
	PKT_VLAN,
	PKT_ARP,
	PKT_IP4,
	PKT_IP6,
	PKT_HOP, // extension headers from here ...
	PKT_DEST,
	PKT_ROUTING,
	PKT_FRAG,
	PKT_AH, // ... to here
	PKT_ICMP,
	PKT_ICMP6,
	PKT_ND, // an address in ICMPv6, and an option behind it (RFC 4861)
	PKT_NDOPT,
	PKT_UDP,
	PKT_TCP,
	PKT_LAYERS
};
enum pkt_kind {
	PKT_U8 = 1,
	PKT_U16,
	PKT_U32,
	PKT_IP,
	PKT_ETHER,
	PKT_ADDR6,
	PKT_VERS, // these are some bits of 32
	PKT_CLASS,
	PKT_FLOW,
	PKT_KINDS
};

struct pkt_field {
	uint8_t layer, off, kind;
	char name[8];
};
struct pkt_kind_size {
	uint8_t bytes, shift, bits; // bits: 0 if it is all of them
};
extern const struct pkt_kind_size pkt_kinds[PKT_KINDS];
static inline bool pkt_is_extension(enum pkt_layer is)
{
	return is >= PKT_HOP && is <= PKT_AH;
}
extern const struct pkt_field pkt_fields[]; // ended by {}
struct pkt_header {
	char name[8];
	uint8_t len;
	const uint8_t *blank; // the header before any field is given
};
extern const struct pkt_header pkt_headers[PKT_LAYERS];
extern const uint8_t pkt_protos[PKT_LAYERS]; // of IP

// Internet checksum of n bytes, to which `sum` is added first; host byte order.
uint16_t pkt_csum(const uint8_t *b, uint32_t n, uint32_t sum);
// Sum of the pseudo-header of an IPv4 packet.
uint32_t pkt_pseudo(const struct ip4 *ip, uint32_t len);
// The same of IPv6.
uint32_t pkt_pseudo6(const struct ip6 *ip, uint8_t proto, uint32_t len);
