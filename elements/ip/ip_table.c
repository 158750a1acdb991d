// SPDX-License-Identifier: BSD-2-Clause
// The pairs of ip_table.h: found by hash.
#include "ip_table_routes.h"

#include <errno.h>
#include <stdlib.h>

static uint32_t hop_hash(const struct ip_table *t, struct ip_hop hop)
{
	uint32_t h = (hop.gw.be ^ hop.port * 0x85ebca6b) * 0x9e3779b1;

	return (h ^ h >> 15) & (t->n_index - 1);
}

static bool hop_equal(struct ip_hop a, struct ip_hop b)
{
	return a.gw.be == b.gw.be && a.port == b.port;
}

static void index_add(struct ip_table *t, uint32_t number)
{
	uint32_t at = hop_hash(t, t->hops[number]);

	while (t->index[at])
		at = (at + 1) & (t->n_index - 1);
	t->index[at] = number + 1;
}

enum { MOST_HOPS = 1 << 22 };

// Makes room for one more pair: the array grows by doubling, and the index, which is kept at most
// half full, is built again. Readers in the driver may be at work: the array stays where it is.
static int grow(struct ip_table *t)
{
	uint32_t cap = t->n_index ? t->n_index : 64;
	uint32_t *index;

	if (weir_area_grow(&t->hop_area, cap * sizeof(*t->hops), false))
		return -ENOMEM;
	index = calloc((size_t)cap * 2, sizeof(*index));
	if (!index)
		return -ENOMEM;
	free(t->index);
	t->index = index;
	t->n_index = cap * 2;
	for (uint32_t i = 1; i < t->n_hops; i++)
		index_add(t, i);
	return 0;
}

// The number of a pair, which is added if it is new. A pair stays when its last
// prefix goes, so that it is found again when a route flaps; there are few (one per neighbour).
static int hop_number(struct ip_table *t, struct ip_hop hop, uint32_t *number)
{
	uint32_t at;

	for (at = hop_hash(t, hop); t->index[at]; at = (at + 1) & (t->n_index - 1)) {
		if (hop_equal(t->hops[t->index[at] - 1], hop)) {
			*number = t->index[at] - 1;
			return 0;
		}
	}
	if (t->n_hops >= t->n_index / 2) {
		int rc = grow(t);

		if (rc)
			return rc;
	}
	*number = t->n_hops++;
	t->hops[*number] = hop;
	index_add(t, *number);
	return 0;
}

int ip_table_init(struct ip_table *t)
{
	int rc = weir_fib4_init(&t->fib);

	rc = rc ? rc : weir_area_reserve(&t->hop_area, MOST_HOPS * sizeof(*t->hops));
	t->hops = t->hop_area.at;
	rc = rc ? rc : grow(t);
	if (rc)
		return rc;
	t->hops[0] = (struct ip_hop){.port = IP_NO_ROUTE};
	t->n_hops = 1;
	return weir_fib4_set(&t->fib, 0, 0, 0);
}

void ip_table_free(struct ip_table *t)
{
	weir_fib4_free(&t->fib);
	weir_area_free(&t->hop_area);
	free(t->index);
	*t = (struct ip_table){};
}

int ip_table_get(const struct ip_table *t, const struct ip_route *r, struct ip_route *old)
{
	uint32_t v;
	int rc = weir_fib4_get(&t->fib, r->prefix, r->len, &v);

	if (!rc && !v)
		rc = -ENOENT;
	if (!rc)
		*old = (struct ip_route){r->prefix, r->len, t->hops[v]};
	return rc;
}

int ip_table_set(struct ip_table *t, const struct ip_route *r)
{
	uint32_t v;
	int rc = hop_number(t, r->hop, &v);

	return rc ? rc : weir_fib4_set(&t->fib, r->prefix, r->len, v);
}

int ip_table_del(struct ip_table *t, const struct ip_route *r)
{
	// the default route is not taken out but points at "no route" again
	return r->len ? weir_fib4_del(&t->fib, r->prefix, r->len) : weir_fib4_set(&t->fib, 0, 0, 0);
}
