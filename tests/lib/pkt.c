// SPDX-License-Identifier: BSD-2-Clause
// Text to packet.
#include "pkt.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_LAYERS = 16, MAX_BYTES = WEIR_PACKET_MAX + 1000, BAD_CSUM = 0x5555 };

struct layer {
	enum pkt_layer is;
	uint32_t at, len;
	uint64_t given; // a bit for each byte of the header that the text sets
	bool bad_csum;
};

struct builder {
	struct pkt *k;
	uint32_t n;
	struct layer layers[MAX_LAYERS];
	unsigned n_layers;
	int64_t pad, cut, strip, quote; // -1: not given
};

static bool broken(struct builder *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool broken(struct builder *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (!b->k->error[0])
		vsnprintf(b->k->error, sizeof(b->k->error), fmt, ap);
	va_end(ap);
	return false;
}

static bool number(const char *s, uint64_t max, uint64_t *v)
{
	char *end;

	errno = 0;
	*v = strtoull(s, &end, 0);
	return isdigit((unsigned char)*s) && !*end && !errno && *v <= max;
}

static bool ether(const char *s, uint8_t *out)
{
	for (unsigned i = 0; i < 6; i++) {
		char *end;
		unsigned long v = strtoul(s, &end, 16);

		if (end == s || v > 255 || *end != (i < 5 ? ':' : 0))
			return false;
		out[i] = (uint8_t)v;
		s = end + 1;
	}
	return true;
}

static uint8_t *room(struct builder *b, uint64_t n)
{
	uint8_t *at = b->k->bytes + b->n;

	if (n > MAX_BYTES - b->n) {
		broken(b, "the packet is longer than %u bytes", MAX_BYTES);
		return NULL;
	}
	memset(at, 0, n); // also after quote=
	b->n += (uint32_t)n;
	return at;
}

static bool hex(struct builder *b, const char *s)
{
	for (; *s; s++) {
		unsigned v;
		uint8_t *at;

		if (*s == ':' || *s == '.')
			continue;
		if (!isxdigit((unsigned char)s[0]) || !isxdigit((unsigned char)s[1]))
			return broken(b, "broken hex digits at '%s'", s);
		sscanf(s++, "%2x", &v);
		at = room(b, 1);
		if (!at)
			return false;
		*at = (uint8_t)v;
	}
	return true;
}

// data="...": \" \\ \n \xHH
static bool data(struct builder *b, const char *s)
{
	size_t n = strlen(s);

	if (n < 2 || *s != '"' || s[n - 1] != '"')
		return broken(b, "data wants \"...\", not '%s'", s);
	for (const char *end = s++ + n - 1; s < end; s++) {
		unsigned v = (unsigned char)*s;
		uint8_t *at = room(b, 1);

		if (!at)
			return false;
		if (*s == '\\') {
			v = (unsigned char)*++s;
			if (v == 'n')
				v = '\n';
			else if (v == 'x' && sscanf(s + 1, "%2x", &v) == 1)
				s += 2;
		}
		*at = (uint8_t)v;
	}
	return true;
}

static bool begin_layer(struct builder *b, enum pkt_layer is)
{
	const struct pkt_header *h = &pkt_headers[is];
	struct layer *l = &b->layers[b->n_layers];
	uint8_t *at;

	if (b->n_layers == MAX_LAYERS)
		return broken(b, "more than %u headers", MAX_LAYERS);
	at = room(b, h->len);
	if (!at)
		return false;
	memcpy(at, h->blank, h->len);
	*l = (struct layer){is, b->n - h->len, h->len, 0, false};
	b->n_layers++;
	return true;
}

static const struct pkt_field *find_field(enum pkt_layer is, const char *key)
{
	for (const struct pkt_field *f = pkt_fields; f->kind; f++)
		if (f->layer == is && !strcmp(f->name, key))
			return f;
	return NULL;
}

static const struct {
	const char *key, *value;
	uint16_t number;
} words[] = {
	{"op", "request", 1},	   {"op", "reply", 2},	      {"type", "ip4", 0x0800},
	{"type", "arp", 0x0806},   {"type", "vlan", 0x8100},  {"type", "ip6", 0x86dd},
	{"proto", "icmp", 1},	   {"proto", "ipip", 4},      {"proto", "tcp", 6},
	{"proto", "udp", 17},	   {"flags", "fin", TCP_FIN}, {"flags", "syn", TCP_SYN},
	{"flags", "rst", TCP_RST}, {"flags", "psh", TCP_PSH}, {"flags", "ack", TCP_ACK},
	{"flags", "urg", TCP_URG},
};

// A number, or words joined by `+`.
static bool value_of(const char *key, const char *text, uint64_t max, uint64_t *v)
{
	if (number(text, max, v))
		return true;
	*v = 0;
	for (size_t n; *text; text += n + (text[n] == '+')) {
		size_t i = 0;

		n = strcspn(text, "+");
		while (i < sizeof(words) / sizeof(*words) &&
		       (strcmp(words[i].key, key) || strlen(words[i].value) != n ||
			strncmp(words[i].value, text, n)))
			i++;
		if (i == sizeof(words) / sizeof(*words))
			return false;
		*v |= words[i].number;
	}
	return true;
}

static bool set_field(struct builder *b, struct layer *l, const struct pkt_field *f,
		      const char *text)
{
	static const uint8_t width[] = {[PKT_U8] = 1, [PKT_U16] = 2, [PKT_U32] = 4};
	uint8_t *at = b->k->bytes + l->at + f->off;
	unsigned n = f->kind == PKT_IP ? 4 : f->kind == PKT_ETHER ? 6 : width[f->kind];
	uint64_t v;

	l->given |= ((1ull << n) - 1) << f->off;
	if (f->kind == PKT_ETHER)
		return ether(text, at) ||
		       broken(b, "%s: not an Ethernet address: %s", f->name, text);
	if (f->kind == PKT_IP)
		return inet_pton(AF_INET, text, at) == 1 ||
		       broken(b, "%s: not an IPv4 address: %s", f->name, text);
	if (!strcmp(f->name, "csum") && !strcmp(text, "bad")) {
		l->given &= ~(3ull << f->off);
		l->bad_csum = true;
		return true;
	}
	if (!value_of(f->name, text, (1ull << (8 * n)) - 1, &v))
		return broken(b, "%s: not a number in range: %s", f->name, text);
	if (!strcmp(f->name, "frag")) { // in bytes; the flags stay
		if (v % 8 || v > 8 * IP4_OFFMASK)
			return broken(b, "frag: not a fragment's offset: %s", text);
		v = v / 8 | (uint64_t)((at[0] << 8 | at[1]) & ~IP4_OFFMASK);
	}
	for (unsigned i = 0; i < n; i++)
		at[i] = (uint8_t)(v >> 8 * (n - 1 - i));
	return true;
}

// opt=hex of an IPv4 or TCP header: padded with zeros, and the header length follows.
static bool options(struct builder *b, struct layer *l, const char *text)
{
	uint32_t from = b->n;
	uint8_t *h = b->k->bytes + l->at;

	if (l->at + l->len != b->n)
		return broken(b, "opt stands before the payload");
	if (!hex(b, text) || !room(b, -(b->n - from) % 4))
		return false;
	l->len += b->n - from;
	if (l->len > 60)
		return broken(b, "opt is longer than a header can hold");
	if (l->is == PKT_IP4)
		h[0] = (uint8_t)((h[0] & 0xf0) | l->len / 4);
	else
		h[12] = (uint8_t)((h[12] & 0x0f) | l->len / 4 << 4);
	return true;
}

static void name_anno(struct pkt *k, unsigned at, unsigned n)
{
	k->anno_named |= ((1ull << n) - 1) << at;
}

static const struct {
	const char *name;
	uint8_t at, size;
	bool ip;
} annos[] = {
	{"paint", ANNO_PAINT, 1, false},
	{"fix_ip_src", ANNO_FIX_IP_SRC, 1, false},
	{"param_prob", ANNO_ICMP_PARAMPROB, 1, false},
	{"aggregate", ANNO_AGGREGATE, 4, false},
	{"dst_ip", ANNO_DST_IP, 4, true},
	{"misc_ip", ANNO_MISC_IP, 4, true},
	{"extra_packets", ANNO_EXTRA_PACKETS, 4, false},
	{"extra_length", ANNO_EXTRA_LENGTH, 4, false},
};
static const char *const types[] = {"host", "broadcast", "multicast", "otherhost", "outgoing"};

// anno=OFFSET:hex
static bool raw_anno(struct builder *b, const char *text)
{
	struct pkt *k = b->k;
	unsigned at, v;
	int n;

	if (sscanf(text, "%u:%n", &at, &n) != 1)
		return broken(b, "anno wants OFFSET:hex, not '%s'", text);
	for (text += n; sscanf(text, "%2x", &v) == 1 && text[1]; text += 2) {
		if (at >= WEIR_ANNO_SIZE)
			break;
		name_anno(k, at, 1);
		k->anno[at++] = (uint8_t)v;
	}
	return !*text || broken(b, "anno: broken at '%s'", text);
}

// Annotations and marks; *known says whether the key is one.
static bool annotation(struct builder *b, const char *key, const char *text, bool *known)
{
	struct pkt *k = b->k;
	uint64_t v = 0;

	*known = true;
	for (size_t i = 0; i < sizeof(annos) / sizeof(*annos); i++) {
		if (strcmp(annos[i].name, key))
			continue;
		name_anno(k, annos[i].at, annos[i].size);
		if (annos[i].ip)
			return inet_pton(AF_INET, text, k->anno + annos[i].at) == 1 ||
			       broken(b, "%s: not an IPv4 address: %s", key, text);
		if (!number(text, (1ull << 8 * annos[i].size) - 1, &v))
			return broken(b, "%s: not a number in range: %s", key, text);
		memcpy(k->anno + annos[i].at, &v, annos[i].size);
		return true;
	}
	if (!strcmp(key, "anno"))
		return raw_anno(b, text);
	for (unsigned i = 0; !strcmp(key, "type") && i < 5; i++) {
		if (!strcmp(types[i], text)) {
			k->type = (uint8_t)i;
			k->named |= PKT_TYPE;
			return true;
		}
	}
	if (!strcmp(key, "time")) { // seconds
		char *end;

		k->tstamp = (uint64_t)(strtod(text, &end) * 1e9 + .5);
		k->named |= PKT_TSTAMP;
		return !*end || broken(b, "time: not a number: %s", text);
	}
	if (!strcmp(key, "device")) {
		k->named |= PKT_DEVICE;
		if (!number(text, UINT16_MAX, &v))
			return broken(b, "device: not a number in range: %s", text);
		k->device = (uint16_t)v;
		return true;
	}
	*known = false;
	return false;
}

// mac, network, transport: an offset from the first byte, or `none`. The offset may lie before it
// (negative), if the header was stripped.
static bool mark(struct builder *b, const char *key, const char *text, bool *known)
{
	static const char *const names[] = {"mac", "network", "transport"};
	int32_t *const fields[] = {&b->k->mac, &b->k->network, &b->k->transport};

	for (unsigned i = 0; i < 3; i++) {
		char *end;

		if (strcmp(key, names[i]))
			continue;
		*known = true;
		b->k->named |= PKT_MAC << i;
		if (!strcmp(text, "none")) {
			*fields[i] = PKT_UNSET;
			return true;
		}
		*fields[i] = (int32_t)strtol(text, &end, 0);
		if (*end || !*text || *fields[i] < -(int)WEIR_HEADROOM || *fields[i] > UINT16_MAX)
			return broken(b, "%s: not an offset: %s", key, text);
		return true;
	}
	*known = false;
	return false;
}

static bool whole(struct builder *b, const char *key, const char *text, bool *known)
{
	uint64_t v = 0;
	bool is_number = number(text, MAX_BYTES, &v);
	uint8_t *at;

	*known = true;
	if (!strcmp(key, "data"))
		return data(b, text);
	if (!strcmp(key, "hex"))
		return hex(b, text);
	if (!strcmp(key, "len"))
		b->pad = (int64_t)v;
	else if (!strcmp(key, "cut"))
		b->cut = (int64_t)v;
	else if (!strcmp(key, "strip"))
		b->strip = (int64_t)v;
	else if (!strcmp(key, "quote"))
		b->quote = (int64_t)v;
	else if (!strcmp(key, "zero") && is_number)
		return room(b, v);
	else if (!strcmp(key, "bytes") && is_number) {
		at = room(b, v);
		for (uint64_t i = 0; at && i < v; i++)
			at[i] = (uint8_t)i;
		return at;
	} else {
		*known = is_number;
		return false;
	}
	return is_number || broken(b, "%s: not a number in range: %s", key, text);
}

static bool assign(struct builder *b, const char *key, const char *text)
{
	struct layer *l = b->n_layers ? &b->layers[b->n_layers - 1] : NULL;
	const struct pkt_field *f = l ? find_field(l->is, key) : NULL;
	bool known, ok;

	ok = annotation(b, key, text, &known);
	if (known)
		return ok;
	if (f)
		return set_field(b, l, f, text);
	if (l && !strcmp(key, "opt") && (l->is == PKT_IP4 || l->is == PKT_TCP))
		return options(b, l, text);
	ok = mark(b, key, text, &known);
	if (known)
		return ok;
	ok = whole(b, key, text, &known);
	if (known && !ok)
		return broken(b, "%s: unknown here", key);
	return known ? ok : broken(b, "unknown word: %s=%s", key, text);
}

static bool word(struct builder *b, char *w)
{
	static const struct {
		char name[3];
		uint8_t bit;
	} flags[] = {{"df", 0x40}, {"mf", 0x20}, {"rf", 0x80}};
	struct layer *l = b->n_layers ? &b->layers[b->n_layers - 1] : NULL;
	char *eq = strchr(w, '=');

	if (eq) {
		*eq = 0;
		return assign(b, w, eq + 1);
	}
	for (unsigned i = 0; i < PKT_LAYERS; i++)
		if (!strcmp(w, pkt_headers[i].name))
			return begin_layer(b, i);
	for (unsigned i = 0; l && l->is == PKT_IP4 && i < 3; i++) {
		if (!strcmp(w, flags[i].name)) {
			b->k->bytes[l->at + 6] |= flags[i].bit;
			return true;
		}
	}
	return broken(b, "unknown word: %s", w);
}

// Protocol numbers and lengths follow from what comes next, unless they were given.
static void fill_lengths(struct builder *b, unsigned i)
{
	static const uint16_t ethertypes[PKT_LAYERS] = {
		[PKT_VLAN] = 0x8100, [PKT_ARP] = 0x0806, [PKT_IP4] = 0x0800};
	static const uint8_t protos[PKT_LAYERS] = {
		[PKT_IP4] = 4, [PKT_ICMP] = 1, [PKT_UDP] = 17, [PKT_TCP] = 6};
	struct layer *l = &b->layers[i];
	uint8_t *h = b->k->bytes + l->at;
	uint32_t len = b->n - l->at;

	if (i + 1 < b->n_layers) {
		enum pkt_layer next = b->layers[i + 1].is;
		unsigned at = l->is == PKT_ETH ? 12 : 2;

		if ((l->is == PKT_ETH || l->is == PKT_VLAN) && !(l->given >> at & 1))
			*(be16 *)(h + at) = wr16(ethertypes[next]);
		if (l->is == PKT_IP4 && !(l->given >> 9 & 1))
			h[9] = protos[next];
	}
	if (l->is == PKT_IP4 && !(l->given >> 2 & 1))
		*(be16 *)(h + 2) = wr16((uint16_t)len);
	if (l->is == PKT_UDP && !(l->given >> 4 & 1))
		*(be16 *)(h + 4) = wr16((uint16_t)len);
}

static void fill_csum(struct builder *b, unsigned i)
{
	static const uint8_t where[PKT_LAYERS] = {
		[PKT_IP4] = 10, [PKT_ICMP] = 2, [PKT_UDP] = 6, [PKT_TCP] = 16};
	struct layer *l = &b->layers[i], *outer = i ? l - 1 : NULL;
	uint8_t *h = b->k->bytes + l->at;
	unsigned at = where[l->is];
	uint32_t len = l->is == PKT_IP4 ? l->len : b->n - l->at, pseudo = 0;
	uint16_t sum;

	if (!at || l->given >> at & 1)
		return;
	if (l->is == PKT_UDP || l->is == PKT_TCP) {
		if (!outer || outer->is != PKT_IP4)
			return;
		pseudo = pkt_pseudo((struct ip4 *)(b->k->bytes + outer->at), len);
	}
	sum = pkt_csum(h, len, pseudo);
	if (!sum && l->is == PKT_UDP)
		sum = 0xffff;
	*(be16 *)(h + at) = wr16(l->bad_csum ? sum ^ BAD_CSUM : sum);
}

// The first Ethernet and the first IPv4 header are marked, if they are where such headers begin.
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
		if (l->is != PKT_IP4)
			continue;
		if (!(k->named & PKT_NETWORK) && l->at + 20 <= end)
			k->network = (int32_t)l->at;
		if (!(k->named & PKT_TRANSPORT) && k->network == (int32_t)l->at &&
		    l->at + l->len <= end)
			k->transport = (int32_t)(l->at + l->len);
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

	while (b->quote >= 0 && outer < b->n_layers && b->layers[outer].is != PKT_ICMP)
		outer++;
	if (b->quote >= 0 && outer++ == b->n_layers)
		return broken(b, "quote: there is no icmp header");
	fill(b, outer, b->n_layers);
	if (b->quote >= 0) {
		const struct layer *icmp = &b->layers[outer - 1];

		if (b->quote > b->n || b->quote < icmp->at + icmp->len)
			return broken(b, "quote=%d is not within the quoted packet", (int)b->quote);
		b->n = (uint32_t)b->quote;
	}
	fill(b, 0, outer);
	return true;
}

static bool finish(struct builder *b)
{
	struct pkt *k = b->k;

	if (!fill_quoting(b))
		return false;
	if (b->pad >= 0 && b->pad < b->n)
		return broken(b, "len=%d is less than the %u bytes that are there", (int)b->pad,
			      b->n);
	if (b->pad >= 0 && !room(b, (uint64_t)b->pad - b->n))
		return false;
	if (b->cut > b->n)
		return broken(b, "cut=%d is more than the %u bytes that are there", (int)b->cut,
			      b->n);
	k->start = b->strip > 0 ? (uint32_t)b->strip : 0;
	k->end = b->cut >= 0 ? (uint32_t)b->cut : b->n;
	if (k->start > k->end)
		return broken(b, "strip=%u is more than the packet has", k->start);
	fill_marks(b);
	if (k->network != PKT_UNSET && k->network + 20 > (int64_t)k->end)
		return broken(b, "network: 20 bytes from there are not in the packet");
	return true;
}

bool pkt_parse(struct pkt *k, const char *text, size_t len)
{
	struct builder b = {.k = k, .pad = -1, .cut = -1, .strip = -1, .quote = -1};
	char *copy = strndup(text, len), *s = copy;
	bool ok = true, is_hex = false;

	*k = (struct pkt){.mac = PKT_UNSET, .network = PKT_UNSET, .transport = PKT_UNSET};
	k->bytes = malloc(MAX_BYTES);
	while (ok && *(s += strspn(s, " \t\n"))) {
		char *w = s;
		bool quoted = false;

		for (; *s && (quoted || !strchr(" \t\n", *s)); s++) {
			if (*s == '\\' && s[1])
				s++;
			else if (*s == '"')
				quoted = !quoted;
		}
		if (*s)
			*s++ = 0;
		if (is_hex) { // `hex 0011` is `hex=0011`
			ok = hex(&b, w);
			is_hex = false;
			continue;
		}
		is_hex = !strcmp(w, "hex");
		ok = is_hex || word(&b, w);
	}
	free(copy);
	return ok && finish(&b);
}
