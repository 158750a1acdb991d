// SPDX-License-Identifier: BSD-2-Clause
// Packet to text, and comparison.
#include "pkt.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

static void print_hex(FILE *f, const uint8_t *b, uint32_t n)
{
	if (n)
		fputs(" hex=", f);
	for (uint32_t i = 0; i < n; i++)
		fprintf(f, "%02x", b[i]);
}

static uint32_t get(const uint8_t *b, unsigned n)
{
	uint32_t v = 0;

	while (n--)
		v = v << 8 | *b++;
	return v;
}

// The IP header around a layer, extension headers between them.
struct around {
	const struct ip4 *ip4;
	const struct ip6 *ip6;
};

static bool csum_implied(const struct pkt_field *f, const uint8_t *h, uint32_t n,
			 const struct around *ip)
{
	uint32_t hlen = f->layer == PKT_IP4 ? (h[0] & 15) * 4u : n, pseudo = 0;
	bool has_pseudo = f->layer >= PKT_ICMP6;

	if (has_pseudo && !ip->ip4 && !ip->ip6)
		return !get(h + f->off, 2);
	if (has_pseudo)
		pseudo = ip->ip4 ? pkt_pseudo(ip->ip4, n)
				 : pkt_pseudo6(ip->ip6, pkt_protos[f->layer], n);
	return !pkt_csum(h, hlen < n ? hlen : n, pseudo) &&
	       (f->layer != PKT_UDP || get(h + f->off, 2));
}

// The length of an IPv6 extension header as it says itself.
static uint32_t extension_length(enum pkt_layer is, const uint8_t *h)
{
	return is == PKT_FRAG ? 8 : is == PKT_AH ? (h[1] + 2u) * 4 : (h[1] + 1u) * 8;
}

static uint32_t bits_of(const struct pkt_field *f, const uint8_t *h)
{
	const struct pkt_kind_size size = pkt_kinds[f->kind];

	return get(h + f->off, 4) >> size.shift & ((1u << size.bits) - 1);
}

static bool implied6(const struct pkt_field *f, const uint8_t *h, uint32_t n, bool has_next)
{
	if (pkt_kinds[f->kind].bits)
		return bits_of(f, h) == (!strcmp(f->name, "vers") ? 6 : 0);
	if (!strcmp(f->name, "plen"))
		return get(h + f->off, 2) == n - sizeof(struct ip6);
	if (!strcmp(f->name, "hlen"))
		return true;
	return has_next && !strcmp(f->name, "next");
}

// Fields that follow from the rest of the packet are printed only where they do not.
static bool implied(const struct pkt_field *f, const uint8_t *h, uint32_t n,
		    const struct around *ip, bool has_next)
{
	if (!strcmp(f->name, "csum"))
		return csum_implied(f, h, n, ip);
	if (f->layer == PKT_IP6 || pkt_is_extension(f->layer))
		return implied6(f, h, n, has_next);
	if (!strcmp(f->name, "iplen") || !strcmp(f->name, "udplen"))
		return get(h + f->off, 2) == n;
	if (!strcmp(f->name, "vihl"))
		return h[0] >> 4 == 4;
	if (!strcmp(f->name, "off"))
		return true;
	if ((f->layer == PKT_ICMP || f->layer == PKT_ICMP6) && f->off >= 4) // its other names
		return strcmp(f->name, "id") && strcmp(f->name, "seq");
	return has_next && ((f->layer == PKT_ETH && f->off == 12) ||
			    (f->layer == PKT_VLAN && f->off == 2) || f->off == 9);
}

static void print_field(FILE *f, const struct pkt_field *d, const uint8_t *at)
{
	if (d->kind == PKT_ADDR6) {
		char text[INET6_ADDRSTRLEN];

		fprintf(f, " %s=%s", d->name, inet_ntop(AF_INET6, at, text, sizeof(text)));
	} else if (pkt_kinds[d->kind].bits) {
		fprintf(f, " %s=%u", d->name, bits_of(d, at - d->off));
	} else if (d->layer == PKT_FRAG && d->off == 2) {
		fprintf(f, " off=%u%s", get(at, 2) & ~7u, get(at, 2) & IP6_MF ? " mf" : "");
	} else if (d->kind == PKT_IP) {
		fprintf(f, " %s=%u.%u.%u.%u", d->name, at[0], at[1], at[2], at[3]);
	} else if (d->kind == PKT_ETHER) {
		fprintf(f, " %s=%x:%x:%x:%x:%x:%x", d->name, at[0], at[1], at[2], at[3], at[4],
			at[5]);
	} else if (d->layer == PKT_IP4 && !strcmp(d->name, "frag")) {
		uint32_t v = get(at, 2);

		fprintf(f, "%s%s%s", v & IP4_DF ? " df" : "", v & IP4_MF ? " mf" : "",
			v & IP4_RF ? " rf" : "");
		if (v & IP4_OFFMASK)
			fprintf(f, " frag=%u", (v & IP4_OFFMASK) * 8);
	} else {
		const char *fmt = !strcmp(d->name, "csum") || !strcmp(d->name, "flags") ||
						  (d->layer <= PKT_VLAN && d->kind == PKT_U16)
					  ? " %s=0x%x"
					  : " %s=%u";

		fprintf(f, fmt, d->name,
			get(at, d->kind == PKT_U8    ? 1
				: d->kind == PKT_U16 ? 2
						     : 4));
	}
}

static enum pkt_layer layer_of_proto(uint8_t proto, bool in_ip6)
{
	for (unsigned is = PKT_IP4; is < PKT_LAYERS; is++)
		if (pkt_protos[is] == proto && (in_ip6 || !pkt_is_extension(is)) &&
		    (pkt_protos[is] || is == PKT_HOP))
			return is;
	return PKT_LAYERS;
}

// Bytes that must be there of a header.
static uint32_t least(enum pkt_layer is, const uint8_t *h)
{
	uint32_t len = pkt_headers[is].len;

	return pkt_is_extension(is) && extension_length(is, h) > len ? extension_length(is, h)
								     : len;
}

// What follows a header, if its text can say it; PKT_LAYERS: bytes.
static enum pkt_layer next_layer(enum pkt_layer is, const uint8_t *h, uint32_t hlen, uint32_t n)
{
	enum pkt_layer next = PKT_LAYERS;

	if (is == PKT_ETH || is == PKT_VLAN) {
		uint32_t t = get(h + (is == PKT_ETH ? 12 : 2), 2);

		next = t == ETHERTYPE_IP4    ? PKT_IP4
		       : t == ETHERTYPE_IP6  ? PKT_IP6
		       : t == ETHERTYPE_ARP  ? PKT_ARP
		       : t == ETHERTYPE_VLAN ? PKT_VLAN
					     : next;
	} else if (is == PKT_IP4 && !(get(h + 6, 2) & IP4_OFFMASK)) {
		next = layer_of_proto(h[9], false);
	} else if (is == PKT_IP6) {
		next = layer_of_proto(h[6], true);
	} else if (pkt_is_extension(is) && (is != PKT_FRAG || !(get(h + 2, 2) & IP6_OFFMASK))) {
		next = layer_of_proto(h[0], true);
	}
	if (next < PKT_LAYERS && n - hlen < least(next, h + hlen))
		next = PKT_LAYERS;
	if ((next == PKT_IP4 && h[hlen] >> 4 != 4) || (next == PKT_IP6 && h[hlen] >> 4 != 6))
		next = PKT_LAYERS;
	return next;
}

// Of a header of IP, with the extension headers if it is an IPv6 header; else bytes.
static uint32_t stated_length(enum pkt_layer is, const uint8_t *h)
{
	if (is == PKT_IP4)
		return get(h + 2, 2);
	return is == PKT_IP6 ? get(h + 4, 2) + (uint32_t)sizeof(struct ip6) : UINT32_MAX;
}

static uint32_t full_length(enum pkt_layer is, const uint8_t *h, uint32_t hlen)
{
	if (is == PKT_IP4)
		return (h[0] & 15) * 4u;
	if (is == PKT_TCP)
		return (h[12] >> 4) * 4u;
	return pkt_is_extension(is) ? extension_length(is, h) : hlen;
}

static void print_options(FILE *f, enum pkt_layer is, const uint8_t *h, uint32_t hlen,
			  uint32_t full)
{
	uint32_t i = hlen;

	if ((is == PKT_HOP || is == PKT_DEST) && memcmp(h + 1, pkt_headers[is].blank + 1, 7))
		i = 2;
	if (i < full)
		fputs(" opt=", f);
	for (; i < full; i++)
		fprintf(f, "%02x", h[i]);
}

static void print_layers(FILE *f, enum pkt_layer is, const uint8_t *h, uint32_t n)
{
	struct around ip = {};
	uint32_t pad = 0, all = n;

	while (is < PKT_LAYERS) {
		uint32_t hlen = pkt_headers[is].len, full = full_length(is, h, hlen);
		const uint32_t ip_len = stated_length(is, h);
		enum pkt_layer next;

		if (ip_len < n && ip_len >= full) {
			pad = n - ip_len;
			n = ip_len;
		}
		if (full > n || full < hlen)
			full = hlen;
		next = next_layer(is, h, full, n);
		fprintf(f, " %s", pkt_headers[is].name);
		for (const struct pkt_field *d = pkt_fields; d->kind; d++)
			if (d->layer == is && !implied(d, h, n, &ip, next < PKT_LAYERS))
				print_field(f, d, h + d->off);
		print_options(f, is, h, hlen, full);
		if (!pkt_is_extension(is))
			ip = (struct around){
				.ip4 = is == PKT_IP4 ? (const struct ip4 *)h : NULL,
				.ip6 = is == PKT_IP6 ? (const struct ip6 *)h : NULL,
			};
		h += full, n -= full;
		is = next;
	}
	print_hex(f, h, n);
	for (uint32_t i = n; pad && i < n + pad; i++)
		if (h[i]) // not what len= adds
			fprintf(f, " # byte %u of the padding is 0x%02x", i - n, h[i]);
	if (pad)
		fprintf(f, " len=%u", all);
}

char *pkt_text(struct packet *p)
{
	char *text;
	size_t n;
	FILE *f = open_memstream(&text, &n);
	const uint8_t *d = weir_data(p);
	enum pkt_layer first = PKT_LAYERS;

	if (p->len >= 20 && d[0] >> 4 == 4 && (!p->network || p->network == p->off))
		first = PKT_IP4;
	else if (p->len >= 40 && d[0] >> 4 == 6 && (!p->network || p->network == p->off))
		first = PKT_IP6;
	else if (p->len >= 14 && (p->mac == p->off || (!p->mac && get(d + 12, 2) >= 0x0600)))
		first = PKT_ETH;
	print_layers(f, first, d, p->len);
	if (p->mac)
		fprintf(f, " mac=%d", (int)p->mac - (int)p->off);
	if (p->network)
		fprintf(f, " network=%d", (int)p->network - (int)p->off);
	if (p->transport)
		fprintf(f, " transport=%d", (int)p->transport - (int)p->off);
	if (p->type)
		fprintf(f, " type=%s",
			(const char *[]){"", "broadcast", "multicast", "otherhost", "outgoing", "?",
					 "?", "?"}[p->type & 7]);
	for (unsigned i = 0; i < WEIR_ANNO_SIZE; i++)
		if (p->anno[i])
			fprintf(f, " anno=%u:%02x", i, p->anno[i]);
	fclose(f);
	return text;
}

static const char *difference(struct packet *p, const struct pkt *k)
{
	const struct {
		unsigned named;
		uint16_t got;
		int32_t want;
		const char *name;
	} marks[] = {
		{PKT_MAC, p->mac, k->mac, "the link header mark differs"},
		{PKT_NETWORK, p->network, k->network, "the network header mark differs"},
		{PKT_TRANSPORT, p->transport, k->transport, "the transport header mark differs"},
	};

	if (p->len != k->end - k->start)
		return "the length differs";
	if (memcmp(weir_data(p), k->bytes + k->start, p->len))
		return "bytes differ";
	for (unsigned i = 0; i < WEIR_ANNO_SIZE; i++)
		if (k->anno_named >> i & 1 && p->anno[i] != k->anno[i])
			return "an annotation differs";
	if (k->named & PKT_TYPE && p->type != k->type)
		return "the packet type differs";
	if (k->named & PKT_TSTAMP && p->tstamp != k->tstamp)
		return "the timestamp differs";
	if (k->named & PKT_DEVICE && p->device != k->device)
		return "the device differs";
	for (unsigned i = 0; i < 3; i++) {
		int64_t got = marks[i].got ? (int64_t)marks[i].got - p->off : INT32_MIN;
		int64_t want =
			marks[i].want == PKT_UNSET ? INT32_MIN : marks[i].want - (int64_t)k->start;

		if (k->named & marks[i].named && got != want)
			return marks[i].name;
	}
	return NULL;
}

static void print_difference(FILE *f, struct packet *p, const struct pkt *k)
{
	const uint8_t *got = weir_data(p), *want = k->bytes + k->start;
	uint32_t i = 0, n = k->end - k->start;

	while (i < n && i < p->len && got[i] == want[i])
		i++;
	if (i < n || i < p->len)
		fprintf(f, "\n  first at byte %u: got %02x, want %02x", i, i < p->len ? got[i] : 0,
			i < n ? want[i] : 0);
}

bool pkt_matches(struct packet *p, const struct pkt *k, char **why)
{
	const char *what = difference(p, k);
	struct packet *want;
	char *a, *b;
	size_t n;
	FILE *f;

	if (!what)
		return true;
	if (!why)
		return false;
	want = pkt_new(k);
	a = pkt_text(p);
	b = pkt_text(want);
	f = open_memstream(why, &n);
	fprintf(f, "%s\n  got: %s (%u bytes)\n  want:%s (%u bytes)", what, a, p->len, b, want->len);
	print_difference(f, p, k);
	fclose(f);
	free(want);
	free(a);
	free(b);
	return false;
}
