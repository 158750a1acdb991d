// SPDX-License-Identifier: BSD-2-Clause
#include "xlat.h"

enum { HEAD = sizeof(struct ip6) + sizeof(struct ip6_ext) };

// The fragment with n bytes from `at` behind the headers; NULL without a buffer.
static struct packet *make_fragment(struct weir_node *n, struct packet *p, uint32_t at,
				    uint32_t len)
{
	struct packet *q = weir_packet_new(n, WEIR_HEADROOM, HEAD + len);

	if (!q)
		return NULL;
	memcpy(q->anno, p->anno, sizeof(q->anno));
	q->type = p->type;
	q->tstamp = p->tstamp;
	q->device = p->device;
	q->class = p->class;
	memcpy(weir_data(q), weir_data(p), HEAD);
	memcpy(weir_data(q) + HEAD, weir_data(p) + HEAD + at, len);
	weir_set_network(q, 0, HEAD);
	q->next = NULL;
	return q;
}

// It has len bytes from `at` on of what was one packet; `more` follow.
static void number(struct packet *p, uint32_t at, uint32_t len, bool more)
{
	struct ip6 *ip = (struct ip6 *)weir_data(p);
	struct ip6_ext *x = (struct ip6_ext *)(ip + 1);

	ip->len = wr16((uint16_t)(sizeof(*x) + len));
	// to a multiple of 8, so that no bit of the offset meets the flag
	x->frag = wr16((uint16_t)(rd16(x->frag) + at) | (more ? IP6_MF : 0));
}

static void emit_list(struct weir_node *n, unsigned port, struct packet *p)
{
	while (p) {
		struct packet *next = p->next;

		weir_emit(n, port, p);
		p = next;
	}
}

static void free_list(struct weir_node *n, struct packet *p)
{
	while (p) {
		struct packet *next = p->next;

		weir_packet_free(n, p);
		p = next;
	}
}

bool xlat_emit6(struct weir_node *n, unsigned port, struct packet *p, const struct xlat_links *l)
{
	const struct ip6 *ip = (const struct ip6 *)weir_data(p);
	const uint32_t dlen = p->len - HEAD, step = (l->lowest - HEAD) & ~7U;
	struct packet *first = NULL, **tail = &first;
	uint64_t made = 0, bytes = 0;

	if (p->len <= l->lowest || ip->next != IPPROTO6_FRAGMENT) {
		weir_emit(n, port, p);
		return true;
	}
	for (uint32_t at = step; at < dlen; at += step) {
		const uint32_t len = dlen - at < step ? dlen - at : step;
		const bool more = ((const struct ip6_ext *)(ip + 1))->frag.be & wr16(IP6_MF).be;
		struct packet *q = make_fragment(n, p, at, len);

		if (!q) {
			free_list(n, first);
			return false;
		}
		number(q, at, len, more || at + len < dlen);
		*tail = q;
		tail = &q->next;
		made++;
		bytes += q->len;
	}
	weir_made(n, made, bytes);
	weir_truncate(p, HEAD + step);
	number(p, 0, step, true);
	p->next = first;
	emit_list(n, port, p);
	return true;
}
