// SPDX-License-Identifier: BSD-2-Clause
#include "ip_table_routes.h"

#include <errno.h>

int ip_table_init(struct ip_table *t)
{
	const struct ip_hop none = {.port = IP_NO_ROUTE};
	int rc = weir_fib4_init(&t->fib);

	rc = rc ? rc : hop_list_init(&t->list, sizeof(none), &none);
	if (rc)
		return rc;
	t->hops = t->list.area.at;
	return weir_fib4_set(&t->fib, 0, 0, 0);
}

void ip_table_free(struct ip_table *t)
{
	weir_fib4_free(&t->fib);
	hop_list_free(&t->list);
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
	int rc = hop_list_number(&t->list, &r->hop, &v);

	return rc ? rc : weir_fib4_set(&t->fib, r->prefix, r->len, v);
}

int ip_table_del(struct ip_table *t, const struct ip_route *r)
{
	// the default route is not taken out but points at "no route" again
	return r->len ? weir_fib4_del(&t->fib, r->prefix, r->len) : weir_fib4_set(&t->fib, 0, 0, 0);
}
