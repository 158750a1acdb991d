// SPDX-License-Identifier: BSD-2-Clause
// What follows from the rest of a packet: lengths, numbers of protocols, checksums, marks.
#include "pkt_build.h"

enum { BAD_CSUM = 0x5555 };

static uint8_t extension_length(const struct layer *l)
{
	return (uint8_t)(l->is == PKT_AH ? l->len / 4 - 2 : l->len / 8 - 1);
}

// Protocol numbers and lengths follow from what comes next, unless they were given.
static void fill_lengths(struct builder *b, unsigned i)
{
	static const uint16_t ethertypes[PKT_LAYERS] = {[PKT_VLAN] = ETHERTYPE_VLAN,
							[PKT_ARP] = ETHERTYPE_ARP,
							[PKT_IP4] = ETHERTYPE_IP4,
							[PKT_IP6] = ETHERTYPE_IP6};
	struct layer *l = &b->layers[i];
	uint8_t *h = b->k->bytes + l->at;
	uint32_t len = b->n - l->at;

	if (i + 1 < b->n_layers) {
		enum pkt_layer next = b->layers[i + 1].is;
		unsigned at = l->is == PKT_ETH ? 12 : 2;

		if ((l->is == PKT_ETH || l->is == PKT_VLAN) && !(l->given >> at & 1))
			*(be16 *)(h + at) = wr16(ethertypes[next]);
		if (l->is == PKT_IP4 && !(l->given >> 9 & 1))
			h[9] = pkt_protos[next];
		if (l->is == PKT_IP6 && !(l->given >> 6 & 1))
			h[6] = pkt_protos[next];
		if (pkt_is_extension(l->is) && !(l->given & 1))
			h[0] = pkt_protos[next];
	}
	if (pkt_is_extension(l->is) && l->is != PKT_FRAG && !(l->given >> 1 & 1))
		h[1] = extension_length(l);
	if (l->is == PKT_IP6 && !(l->given >> 4 & 1))
		*(be16 *)(h + 4) = wr16((uint16_t)(len - sizeof(struct ip6)));
	if (l->is == PKT_IP4 && !(l->given >> 2 & 1))
		*(be16 *)(h + 2) = wr16((uint16_t)len);
	if (l->is == PKT_UDP && !(l->given >> 4 & 1))
		*(be16 *)(h + 4) = wr16((uint16_t)len);
}

// Of the IP header in front of layer i, extension headers between them. False: there is none.
static bool pseudo_of(const struct builder *b, unsigned i, uint32_t *pseudo)
{
	const struct layer *l = &b->layers[i], *outer = l;
	const uint8_t *h;
	uint32_t len = b->n - l->at;

	while (outer > b->layers && pkt_is_extension((--outer)->is))
		;
	h = b->k->bytes + outer->at;
	if (outer != l && outer->is == PKT_IP6)
		*pseudo = pkt_pseudo6((const struct ip6 *)h, pkt_protos[l->is], len);
	else if (outer + 1 == l && outer->is == PKT_IP4)
		*pseudo = pkt_pseudo((const struct ip4 *)h, len);
	else
		return false;
	return true;
}

static void fill_csum(struct builder *b, unsigned i)
{
	static const uint8_t where[PKT_LAYERS] = {
		[PKT_IP4] = 10, [PKT_ICMP] = 2, [PKT_ICMP6] = 2, [PKT_UDP] = 6, [PKT_TCP] = 16};
	struct layer *l = &b->layers[i];
	uint8_t *h = b->k->bytes + l->at;
	unsigned at = where[l->is];
	uint32_t len = l->is == PKT_IP4 ? l->len : b->n - l->at, pseudo = 0;
	uint16_t sum;

	if (!at || l->given >> at & 1)
		return;
	if (l->is >= PKT_ICMP6 && !pseudo_of(b, i, &pseudo))
		return;
	sum = pkt_csum(h, len, pseudo);
	if (!sum && l->is == PKT_UDP)
		sum = 0xffff;
	*(be16 *)(h + at) = wr16(l->bad_csum ? sum ^ BAD_CSUM : sum);
}

// Where the extension headers behind layer i end, which is where layer i + 1 begins without them.
static uint32_t end_of_headers(const struct builder *b, unsigned i)
{
	while (i + 1 < b->n_layers && pkt_is_extension(b->layers[i + 1].is))
		i++;
	return b->layers[i].at + b->layers[i].len;
}

// The first Ethernet and the first IP header are marked, if they are where such headers begin.
static void fill_marks(struct builder *b)
{
	struct pkt *k = b->k;
	uint32_t end = k->end;
	int32_t *const marks[] = {&k->mac, &k->network, &k->transport};

	for (unsigned i = 0; i < 3; i++) // so far counted from the first byte that is not stripped
		if (k->named & PKT_MAC << i && *marks[i] != PKT_UNSET)
			*marks[i] += (int32_t)k->start;
	for (unsigned i = 0; i < b->n_layers; i++) {
		struct layer *l = &b->layers[i];

		if (l->is == PKT_ETH && i == 0 && !(k->named & PKT_MAC))
			k->mac = 0;
		if (l->is != PKT_IP4 && l->is != PKT_IP6)
			continue;
		if (!(k->named & PKT_NETWORK) && l->at + pkt_headers[l->is].len <= end)
			k->network = (int32_t)l->at;
		if (!(k->named & PKT_TRANSPORT) && k->network == (int32_t)l->at &&
		    end_of_headers(b, i) <= end)
			k->transport = (int32_t)end_of_headers(b, i);
		break;
	}
}

static void fill(struct builder *b, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		fill_lengths(b, i);
	for (unsigned i = to; i-- > from;)
		fill_csum(b, i);
}

// What an ICMP error quotes is finished before it is cut, the error itself afterwards.
static bool fill_quoting(struct builder *b)
{
	unsigned outer = 0;

	while (b->quote >= 0 && outer < b->n_layers && b->layers[outer].is != PKT_ICMP &&
	       b->layers[outer].is != PKT_ICMP6)
		outer++;
	if (b->quote >= 0 && outer++ == b->n_layers)
		return pkt_broken(b, "quote: there is no icmp header");
	fill(b, outer, b->n_layers);
	if (b->quote >= 0) {
		const struct layer *icmp = &b->layers[outer - 1];

		if (b->quote > b->n || b->quote < icmp->at + icmp->len)
			return pkt_broken(b, "quote=%d is not within the quoted packet",
					  (int)b->quote);
		b->n = (uint32_t)b->quote;
	}
	fill(b, 0, outer);
	return true;
}

bool pkt_finish(struct builder *b)
{
	struct pkt *k = b->k;

	if (!fill_quoting(b))
		return false;
	if (b->pad >= 0 && b->pad < b->n)
		return pkt_broken(b, "len=%d is less than the %u bytes that are there", (int)b->pad,
				  b->n);
	if (b->pad >= 0 && !pkt_room(b, (uint64_t)b->pad - b->n))
		return false;
	if (b->cut > b->n)
		return pkt_broken(b, "cut=%d is more than the %u bytes that are there", (int)b->cut,
				  b->n);
	k->start = b->strip > 0 ? (uint32_t)b->strip : 0;
	k->end = b->cut >= 0 ? (uint32_t)b->cut : b->n;
	if (k->start > k->end)
		return pkt_broken(b, "strip=%u is more than the packet has", k->start);
	fill_marks(b);
	if (k->network != PKT_UNSET && k->network + 20 > (int64_t)k->end)
		return pkt_broken(b, "network: 20 bytes from there are not in the packet");
	return true;
}
