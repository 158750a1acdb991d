// SPDX-License-Identifier: BSD-2-Clause
#include <random_rules.h>

uint32_t random_state;

uint32_t random_below(uint32_t n)
{
	random_state = random_state * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)random_state * n >> 32);
}

// Few different bytes and offsets, so that tests meet each other and packets.
static uint32_t random_word(void)
{
	static const uint8_t bytes[] = {0, 0, 1, 2, 6, 17, 0x40, 0x80, 0xff};
	uint32_t v = 0;

	for (unsigned i = 0; i < 4; i++)
		v = v << 8 | bytes[random_below(sizeof(bytes))];
	return v;
}

static struct weir_test random_test(bool data_only)
{
	static const uint32_t masks[] = {0xff, 0xffff, 0xff00, 0xff0000, 0xffffffff, 0xffff0000,
					 0xf0, 0x1fff, 1,      0x800000, 0x0ff0ff00, 0xff000000};
	struct weir_test t = {.base = data_only ? WEIR_BASE_DATA : 2 + random_below(2),
			      .off = random_below(14)};

	if (!data_only && random_below(8) == 0)
		t.base = (uint8_t)(1 + random_below(3));
	t.mask = masks[random_below(12)];
	t.lo = t.hi = random_word() & t.mask;
	if (!data_only) {
		t.negated = random_below(4) == 0;
		if (random_below(3) == 0)
			t.lo = random_below(2) ? 0 : random_word() & t.mask;
		else if (random_below(3) == 0)
			t.hi = t.mask;
	}
	return t;
}

unsigned random_expr(struct weir_exprs *e, bool data_only, unsigned size)
{
	unsigned a, b, left;

	if (size <= 1) {
		if (random_below(30) == 0)
			return weir_expr_const(e, random_below(2));
		return weir_expr_test(e, random_test(data_only));
	}
	if (random_below(6) == 0)
		return weir_expr_not(e, random_expr(e, data_only, size - 1));
	left = 1 + random_below(size - 1);
	a = random_expr(e, data_only, left);
	b = random_expr(e, data_only, size - left);
	switch (random_below(9)) {
	case 0:
		return weir_expr_if(e, a, b, random_expr(e, data_only, size / 3));
	case 1:
	case 2:
	case 3:
		return weir_expr_or(e, a, b);
	default:
		return weir_expr_and(e, a, b);
	}
}

void random_packet(struct packet *p)
{
	memset(p, 0, RANDOM_ROOM);
	p->room = RANDOM_ROOM;
	p->off = sizeof(*p) + WEIR_HEADROOM + 4 + random_below(4);
	p->len = random_below(4) ? 64 : random_below(50);
	for (unsigned i = 0; i < 80; i += 4) {
		uint32_t v = random_word();

		memcpy((uint8_t *)p + p->off + i, &v, 4);
	}
	if (random_below(3) == 0)
		p->mac = (uint16_t)(p->off - 2);
	if (p->len >= 20 && random_below(20))
		weir_set_network(p, 0, p->len > 24 && random_below(4) == 0 ? 24 : 20);
	if (random_below(20) == 0)
		p->transport = 0;
	// what lies behind the packet must not matter
	memset((uint8_t *)p + p->off + p->len, random_below(2) ? 0xff : 0, 8);
}

struct extension {
	uint8_t proto;
	uint32_t at, len;
	uint16_t frag;
};

// The headers from h + 40 on, each named by the one before it; where they end.
static uint32_t random_extensions(uint8_t *h, struct extension *x, unsigned n)
{
	static const uint8_t kinds[] = {IPPROTO6_HOP, IPPROTO6_OPTIONS, IPPROTO6_ROUTING,
					IPPROTO6_FRAGMENT, IPPROTO4_AH},
			     last[] = {6, 17, 58, 59, 1, 50};
	uint32_t at = 40;
	uint8_t *next = h + 6;

	for (unsigned i = 0; i < n; i++) {
		const unsigned more = random_below(3);

		x[i] = (struct extension){.proto = kinds[random_below(5)], .at = at};
		x[i].len = x[i].proto == IPPROTO6_FRAGMENT ? 8 : 8 + 8 * more;
		*next = x[i].proto;
		next = h + at;
		h[at + 1] = (uint8_t)(x[i].proto == IPPROTO4_AH ? 2 * more : more);
		if (x[i].proto == IPPROTO6_FRAGMENT) {
			x[i].frag = (uint16_t)(random_below(3) ? random_below(2) : 8);
			h[at + 2] = 0;
			h[at + 3] = (uint8_t)x[i].frag;
		}
		at += x[i].len;
	}
	*next = last[random_below(6)];
	return at;
}

void random_packet6(struct packet *p, struct packet *plain)
{
	struct extension x[12];
	const unsigned n = random_below(3) ? random_below(3) : random_below(11);
	uint32_t end, off = 40;
	bool fragment = false, later = false;
	uint8_t *h, *to;
	unsigned i;

	random_packet(p);
	h = weir_data(p);
	for (unsigned k = 0; k < 400; k += 4) {
		uint32_t v = random_word();

		memcpy(h + k, &v, 4);
	}
	h[0] = 0x60;
	end = random_extensions(h, x, n);
	p->len = random_below(4) ? end + 24 : 40 + random_below(end - 16);
	weir_set_network(p, 0, 40);
	memcpy(plain, p, RANDOM_ROOM);
	to = weir_data(plain);
	for (i = 0; i < n && !later; i++) {
		if (i == WEIR_IP6_EXTENSIONS || x[i].at + x[i].len > p->len)
			break;
		fragment |= x[i].frag;
		later = x[i].frag & IP6_OFFMASK;
		off = x[i].at + x[i].len;
	}
	to[6] = i < n && !later ? x[i].proto : h[off == 40 ? 6 : x[i - 1].at];
	to[0] |= fragment ? WEIR_DAG_FRAGMENT : 0;
	if (later || i < n)
		plain->transport = 0;
	memmove(to + 40, h + off, p->len - off);
	plain->len = 40 + p->len - off;
}
