// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// Wire headers, as they stand in a packet, shared by the driver half and the userspace half.
// Multi-byte wire fields are one-member structs in network byte order: arithmetic or comparison
// on them does not compile, so a byte swap cannot be forgotten. Read with rd16/rd32, write with
// wr16/wr32 (host byte order on the C side).

#include <linux/types.h>

// In userspace a header may start at any byte; in BPF the verifier knows the alignment.
#ifdef __bpf__
#define WEIR_WIRE
#else
#define WEIR_WIRE __attribute__((packed, may_alias))
#endif

typedef struct WEIR_WIRE {
	__u16 be;
} be16;
typedef struct WEIR_WIRE {
	__u32 be;
} be32;
typedef struct WEIR_WIRE {
	__u64 be;
} be64;

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "weir runs on little-endian machines");

static inline __attribute__((always_inline)) __u16 rd16(be16 v)
{
	return __builtin_bswap16(v.be);
}
static inline __attribute__((always_inline)) be16 wr16(__u16 v)
{
	return (be16){__builtin_bswap16(v)};
}
static inline __attribute__((always_inline)) __u32 rd32(be32 v)
{
	return __builtin_bswap32(v.be);
}
static inline __attribute__((always_inline)) be32 wr32(__u32 v)
{
	return (be32){__builtin_bswap32(v)};
}

enum ethertype {
	ETHERTYPE_LLC = 1500, // up to here it is a length, and an IEEE 802.2 header follows
	ETHERTYPE_IP4 = 0x0800,
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_ETHER = 0x6558, // bridged, in GRE
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_IP6 = 0x86dd,
	ETHERTYPE_PPPOE_DISCOVERY = 0x8863,
	ETHERTYPE_PPPOE = 0x8864,
	ETHERTYPE_QINQ = 0x88a8,
	ETHERTYPE_QINQ_OLD = 0x9100,
};

enum ipproto {
	IPPROTO4_ICMP = 1,
	IPPROTO4_IGMP = 2,
	IPPROTO4_IPIP = 4,
	IPPROTO4_TCP = 6,
	IPPROTO4_UDP = 17,
	IPPROTO4_DCCP = 33,
	IPPROTO4_IP6 = 41,
	IPPROTO4_GRE = 47,
	IPPROTO4_ESP = 50,
	IPPROTO4_AH = 51,
	IPPROTO4_SCTP = 132,
	IPPROTO4_UDPLITE = 136,

	IPPROTO6_HOP = 0, // these four are extension headers, and AH is one too
	IPPROTO6_ROUTING = 43,
	IPPROTO6_FRAGMENT = 44,
	IPPROTO6_OPTIONS = 60,
	IPPROTO6_ICMP = 58,
	IPPROTO6_NONE = 59, // nothing follows
};

// Ethernet II (IEEE 802.3).
struct WEIR_WIRE eth {
	__u8 dst[6], src[6];
	be16 type;
};
_Static_assert(sizeof(struct eth) == 14, "Ethernet header");

// Tag of a VLAN (IEEE 802.1Q), behind the type that announces it.
struct WEIR_WIRE vlan {
	be16 tci, type;
};
_Static_assert(sizeof(struct vlan) == 4, "VLAN tag");

// PPP over Ethernet, session stage (RFC 2516), with the protocol of the PPP header (RFC 1661).
struct WEIR_WIRE pppoe {
	__u8 ver_type, code;
	be16 session, len, proto;
};
_Static_assert(sizeof(struct pppoe) == 8, "PPPoE header");
enum { PPP_IP4 = 0x0021, PPP_IP6 = 0x0057, PPP_CONTROL = 0x8000 /* and above */ };

// ARP for IPv4 over Ethernet (RFC 826).
struct __attribute__((packed)) WEIR_WIRE arp4 { // its addresses are at odd places
	be16 htype, ptype;
	__u8 hlen, plen;
	be16 op;
	__u8 sha[6];
	be32 spa;
	__u8 tha[6];
	be32 tpa;
};
_Static_assert(sizeof(struct arp4) == 28, "ARP packet");
enum { ARP_REQUEST = 1, ARP_REPLY = 2 };

// IPv4 (RFC 791).
struct WEIR_WIRE ip4 {
	__u8 vihl, tos;
	be16 len, id, frag;
	__u8 ttl, proto;
	be16 csum;
	be32 src, dst;
};
_Static_assert(sizeof(struct ip4) == 20, "IPv4 header");
enum { IP4_RF = 0x8000, IP4_DF = 0x4000, IP4_MF = 0x2000, IP4_OFFMASK = 0x1fff };

// IPv6 (RFC 8200).
struct WEIR_WIRE ip6 {
	be32 vtcfl; // version, traffic class, flow label
	be16 len;
	__u8 next, hops;
	be64 src[2], dst[2];
};
_Static_assert(sizeof(struct ip6) == 40, "IPv6 header");

// An extension header of IPv6, as they all begin; of FRAGMENT these are all 8 bytes.
struct WEIR_WIRE ip6_ext {
	__u8 next, len; // in 8 bytes, without the first 8
	be16 frag;
	be32 id;
};
_Static_assert(sizeof(struct ip6_ext) == 8, "IPv6 extension header");
enum { IP6_OFFMASK = 0xfff8, IP6_MF = 1 };

// Routing header (RFC 8200 4.4), as all types begin.
struct WEIR_WIRE ip6_routing {
	__u8 next, len, type, left;
	be32 rest;
};
_Static_assert(sizeof(struct ip6_routing) == 8, "IPv6 routing header");

// Authentication header (RFC 4302), without its integrity check value.
struct WEIR_WIRE ip6_ah {
	__u8 next, len; // in 4 bytes, without the first 8
	be16 reserved;
	be32 spi, seq;
};
_Static_assert(sizeof(struct ip6_ah) == 12, "authentication header");

// Options of hop-by-hop and destination headers (RFC 8200 4.2). The upper two bits of the type say
// what becomes of a packet whose option is not known.
enum {
	IP6_OPT_PAD1 = 0,
	IP6_OPT_PADN = 1,
	IP6_OPT_ROUTER_ALERT = 5, // RFC 2711
	IP6_OPT_JUMBO = 0xc2,	  // RFC 2675
	IP6_OPT_ACTION = 0xc0,
	IP6_OPT_SKIP = 0,
	IP6_OPT_DISCARD = 0x40,
	IP6_OPT_DISCARD_TELL = 0x80,	     // by ICMPv6, also if the destination is multicast
	IP6_OPT_DISCARD_TELL_UNICAST = 0xc0, // only if it is not
};

// ICMP for IPv4 (RFC 792).
struct WEIR_WIRE icmp4 {
	__u8 type, code;
	be16 csum;
	be32 rest;
};
_Static_assert(sizeof(struct icmp4) == 8, "ICMP header");

// ICMP for IPv6 (RFC 4443).
struct WEIR_WIRE icmp6 {
	__u8 type, code;
	be16 csum;
	be32 rest;
};
_Static_assert(sizeof(struct icmp6) == 8, "ICMPv6 header");

// UDP (RFC 768).
struct WEIR_WIRE udp {
	be16 sport, dport, len, csum;
};
_Static_assert(sizeof(struct udp) == 8, "UDP header");

// TCP (RFC 9293).
struct WEIR_WIRE tcp {
	be16 sport, dport;
	be32 seq, ack;
	__u8 off, flags; // data offset in the upper four bits of off, in 32-bit words
	be16 win, csum, urp;
};
_Static_assert(sizeof(struct tcp) == 20, "TCP header");
enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32 };

// RFC 1624, equation 3: folds the change of one 16-bit word, old to new (host byte order), into
// an Internet checksum.
static inline __attribute__((always_inline)) be16 csum_edit(be16 csum, __u16 old, __u16 new)
{
	__u32 s = (__u16)~rd16(csum) + (__u16)~old + new;

	s = (s & 0xffff) + (s >> 16);
	return wr16((__u16) ~(s + (s >> 16)));
}
