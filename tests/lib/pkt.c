// SPDX-License-Identifier: BSD-2-Clause
// Text to packet.
#include "pkt_build.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool pkt_broken(struct builder *b, const char *fmt, ...)
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

uint8_t *pkt_room(struct builder *b, uint64_t n)
{
	uint8_t *at = b->k->bytes + b->n;

	if (n > MAX_BYTES - b->n) {
		pkt_broken(b, "the packet is longer than %u bytes", MAX_BYTES);
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
			return pkt_broken(b, "broken hex digits at '%s'", s);
		sscanf(s++, "%2x", &v);
		at = pkt_room(b, 1);
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
		return pkt_broken(b, "data wants \"...\", not '%s'", s);
	for (const char *end = s++ + n - 1; s < end; s++) {
		unsigned v = (unsigned char)*s;
		uint8_t *at = pkt_room(b, 1);

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
		return pkt_broken(b, "more than %u headers", MAX_LAYERS);
	at = pkt_room(b, h->len);
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
	{"op", "request", 1},
	{"op", "reply", 2},
	{"type", "ip4", 0x0800},
	{"type", "arp", 0x0806},
	{"type", "vlan", 0x8100},
	{"type", "ip6", 0x86dd},
	{"proto", "icmp", 1},
	{"proto", "ipip", 4},
	{"proto", "tcp", 6},
	{"proto", "udp", 17},
	{"next", "hop", IPPROTO6_HOP},
	{"next", "none", IPPROTO6_NONE},
	{"next", "icmp6", IPPROTO6_ICMP},
	{"next", "tcp", 6},
	{"next", "udp", 17},
	{"next", "frag", IPPROTO6_FRAGMENT},
	{"flags", "fin", TCP_FIN},
	{"flags", "syn", TCP_SYN},
	{"flags", "rst", TCP_RST},
	{"flags", "psh", TCP_PSH},
	{"flags", "ack", TCP_ACK},
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

static uint64_t number_at(const uint8_t *at, unsigned n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | *at++;
	return v;
}

static bool set_field(struct builder *b, struct layer *l, const struct pkt_field *f,
		      const char *text)
{
	uint8_t *at = b->k->bytes + l->at + f->off;
	const struct pkt_kind_size size = pkt_kinds[f->kind];
	const unsigned n = size.bytes;
	uint64_t v;

	l->given |= ((1ull << n) - 1) << f->off;
	if (f->kind == PKT_ETHER)
		return ether(text, at) ||
		       pkt_broken(b, "%s: not an Ethernet address: %s", f->name, text);
	if (f->kind == PKT_IP)
		return inet_pton(AF_INET, text, at) == 1 ||
		       pkt_broken(b, "%s: not an IPv4 address: %s", f->name, text);
	if (f->kind == PKT_ADDR6)
		return inet_pton(AF_INET6, text, at) == 1 ||
		       pkt_broken(b, "%s: not an IPv6 address: %s", f->name, text);
	if (!strcmp(f->name, "csum") && !strcmp(text, "bad")) {
		l->given &= ~(3ull << f->off);
		l->bad_csum = true;
		return true;
	}
	if (!value_of(f->name, text, (1ull << (size.bits ? size.bits : 8 * n)) - 1, &v))
		return pkt_broken(b, "%s: not a number in range: %s", f->name, text);
	if (!strcmp(f->name, "frag")) { // in bytes; the flags stay
		if (v % 8 || v > 8 * IP4_OFFMASK)
			return pkt_broken(b, "frag: not a fragment's offset: %s", text);
		v = v / 8 | (uint64_t)((at[0] << 8 | at[1]) & ~IP4_OFFMASK);
	}
	if (f->layer == PKT_FRAG && f->off == 2) { // the same
		if (v % 8)
			return pkt_broken(b, "off: not a fragment's offset: %s", text);
		v |= at[1] & 7;
	}
	if (size.bits) {
		const uint64_t mask = ((1ull << size.bits) - 1) << size.shift;

		v = (number_at(at, n) & ~mask) | v << size.shift;
	}
	for (unsigned i = 0; i < n; i++)
		at[i] = (uint8_t)(v >> 8 * (n - 1 - i));
	return true;
}

// opt=hex of an extension header: its options, or what follows the 8 bytes of a routing header, or
// the 24 of AH; padded with zeros to a multiple of 8.
static bool extension_options(struct builder *b, struct layer *l, const char *text)
{
	if (l->at + l->len != b->n)
		return pkt_broken(b, "opt stands before the payload");
	if (l->is <= PKT_DEST && l->len == sizeof(struct ip6_ext))
		b->n = l->at + 2; // for the padding
	if (!hex(b, text) || !pkt_room(b, -(b->n - l->at) % 8))
		return false;
	l->len = b->n - l->at;
	return true;
}

// opt=hex of an IPv4 or TCP header: padded with zeros, and the header length follows.
static bool options(struct builder *b, struct layer *l, const char *text)
{
	uint32_t from = b->n;
	uint8_t *h = b->k->bytes + l->at;

	if (l->at + l->len != b->n)
		return pkt_broken(b, "opt stands before the payload");
	if (!hex(b, text) || !pkt_room(b, -(b->n - from) % 4))
		return false;
	l->len += b->n - from;
	if (l->len > 60)
		return pkt_broken(b, "opt is longer than a header can hold");
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
	int family; // of an address
} annos[] = {
	{"paint", ANNO_PAINT, 1, 0},
	{"fix_ip_src", ANNO_FIX_IP_SRC, 1, 0},
	{"param_prob", ANNO_ICMP_PARAMPROB, 1, 0},
	{"aggregate", ANNO_AGGREGATE, 4, 0},
	{"dst_ip", ANNO_DST_IP, 4, AF_INET},
	{"dst_ip6", ANNO_DST_IP6, 16, AF_INET6},
	{"misc_ip", ANNO_MISC_IP, 4, AF_INET},
	{"extra_packets", ANNO_EXTRA_PACKETS, 4, 0},
	{"extra_length", ANNO_EXTRA_LENGTH, 4, 0},
};
static const char *const types[] = {"host", "broadcast", "multicast", "otherhost", "outgoing"};

// anno=OFFSET:hex
static bool raw_anno(struct builder *b, const char *text)
{
	struct pkt *k = b->k;
	unsigned at, v;
	int n;

	if (sscanf(text, "%u:%n", &at, &n) != 1)
		return pkt_broken(b, "anno wants OFFSET:hex, not '%s'", text);
	for (text += n; sscanf(text, "%2x", &v) == 1 && text[1]; text += 2) {
		if (at >= WEIR_ANNO_SIZE)
			break;
		name_anno(k, at, 1);
		k->anno[at++] = (uint8_t)v;
	}
	return !*text || pkt_broken(b, "anno: broken at '%s'", text);
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
		if (annos[i].family)
			return inet_pton(annos[i].family, text, k->anno + annos[i].at) == 1 ||
			       pkt_broken(b, "%s: not such an address: %s", key, text);
		if (!number(text, (1ull << 8 * annos[i].size) - 1, &v))
			return pkt_broken(b, "%s: not a number in range: %s", key, text);
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
		return !*end || pkt_broken(b, "time: not a number: %s", text);
	}
	if (!strcmp(key, "device")) {
		k->named |= PKT_DEVICE;
		if (!number(text, UINT16_MAX, &v))
			return pkt_broken(b, "device: not a number in range: %s", text);
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
			return pkt_broken(b, "%s: not an offset: %s", key, text);
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
		return pkt_room(b, v);
	else if (!strcmp(key, "bytes") && is_number) {
		at = pkt_room(b, v);
		for (uint64_t i = 0; at && i < v; i++)
			at[i] = (uint8_t)i;
		return at;
	} else {
		*known = is_number;
		return false;
	}
	return is_number || pkt_broken(b, "%s: not a number in range: %s", key, text);
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
	if (l && !strcmp(key, "opt") && pkt_is_extension(l->is) && l->is != PKT_FRAG)
		return extension_options(b, l, text);
	ok = mark(b, key, text, &known);
	if (known)
		return ok;
	ok = whole(b, key, text, &known);
	if (known && !ok)
		return pkt_broken(b, "%s: unknown here", key);
	return known ? ok : pkt_broken(b, "unknown word: %s=%s", key, text);
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
	if (l && l->is == PKT_FRAG && !strcmp(w, "mf")) {
		b->k->bytes[l->at + 3] |= IP6_MF;
		return true;
	}
	return pkt_broken(b, "unknown word: %s", w);
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
	return ok && pkt_finish(&b);
}
