// SPDX-License-Identifier: BSD-2-Clause
// Mappings of a node (the BIB of RFC 6146), and those that stay.
#include "nat64.h"

#include <stdlib.h>

enum { ADDRESSES_TRIED = 8 };

// --- ports ---
static uint16_t take_at(struct weir_node *n, uint32_t address, unsigned proto, uint16_t port)
{
	const struct nat64 *self = n->self;
	const struct pool_wish wish = {
		.proto = (uint8_t)proto,
		.preserve = self->preserve,
		.parity = proto == MAPPING_UDP,
		.port = port,
		.random = weir_random(n),
	};

	return pool_take(&self->all->pool, address, weir_worker_of(n), &wish);
}

// The same address for all that a host has (RFC 4787 REQ-2).
static uint16_t take(struct weir_node *n, const struct nat64_host *x, unsigned proto, uint16_t port,
		     uint32_t *address)
{
	const struct pool *pool = &nat64_of(n)->all->pool;
	uint16_t got = 0;

	*address = x->external;
	if (x->external != POOL_NONE)
		return take_at(n, x->external, proto, port);
	for (uint32_t i = 0, first = weir_random(n); i < pool->n && i < ADDRESSES_TRIED && !got;
	     i++) {
		*address = (first + i) % pool->n;
		got = take_at(n, *address, proto, port);
	}
	return got;
}

static void give(struct weir_node *n, uint32_t address, unsigned proto, uint16_t port)
{
	struct pool *pool = &nat64_of(n)->all->pool;
	const uint32_t block = pool_block(pool, address, port);

	if (!pool_give(pool, address, proto, port) && pool_owner(pool, block) == weir_worker_of(n))
		pool_release_block(pool, block);
}

static uint32_t add(struct weir_node *n, uint32_t host, unsigned proto, uint16_t port,
		    uint32_t address, uint16_t external)
{
	struct nat64_state *s = n->state;
	struct nat64_host *x = nat64_host_at(&s->hosts, host);
	const uint32_t number = mapping_add(&s->mappings, host, proto, port, address, external);

	if (!number) {
		s->counts.table_full++;
		give(n, address, proto, external);
		return 0;
	}
	x->external = address;
	x->mappings++;
	weir_owner_note(n->element, pool_address(&nat64_of(n)->all->pool, address), external, 1,
			weir_worker_of(n));
	return number;
}

uint32_t nat64_map(struct weir_node *n, uint32_t host, unsigned proto, uint16_t port, unsigned *out)
{
	struct nat64_state *s = n->state;
	uint32_t number = mapping_find(&s->mappings, host, proto, port), address;
	uint16_t external;

	if (number)
		return number;
	*out = NAT64_EXHAUSTED;
	external = take(n, nat64_host_at(&s->hosts, host), proto, port, &address);
	if (!external) {
		s->counts.out_of_ports++;
		return 0;
	}
	number = add(n, host, proto, port, address, external);
	s->counts.mappings_made += number != 0;
	return number;
}

uint32_t nat64_map_as(struct weir_node *n, uint32_t host, unsigned proto, uint16_t port,
		      uint32_t address, uint16_t external)
{
	struct pool *pool = &nat64_of(n)->all->pool;
	struct nat64_state *s = n->state;
	const uint32_t number = mapping_find(&s->mappings, host, proto, port);

	if (number) {
		const struct mapping *m = mapping_at(&s->mappings, number);

		return m->external_port == external && mapping_address(m) == address ? number : 0;
	}
	if (!pool_take_port(pool, address, proto, external))
		return 0;
	pool_claim(pool, pool_block(pool, address, external), weir_worker_of(n));
	return add(n, host, proto, port, address, external);
}

void nat64_map_done(struct weir_node *n, uint32_t number)
{
	const struct nat64_all *all = nat64_of(n)->all;
	struct nat64_state *s = n->state;
	const struct mapping m = *mapping_at(&s->mappings, number);
	const uint32_t address = mapping_address(&m);

	if (mapping_sessions(&m) ||
	    nat64_static_find(all, mapping_proto(&m), pool_address(&all->pool, address),
			      m.external_port))
		return;
	mapping_remove(&s->mappings, number);
	nat64_host_at(&s->hosts, m.subscriber)->mappings--;
	give(n, address, mapping_proto(&m), m.external_port);
}

// --- those that stay ---
const struct nat64_static *nat64_static_find(const struct nat64_all *all, unsigned proto,
					     be32 external, uint16_t port)
{
	for (unsigned i = 0; i < all->n_fixed; i++) {
		const struct nat64_static *x = &all->fixed[i];

		if (x->external.be == external.be && x->external_port == port && x->proto == proto)
			return x;
	}
	return NULL;
}

static const char *parse(struct weir_element *e, char **w, int n, struct nat64_static *x)
{
	static const char *const protos[] = {"tcp", "udp", "icmp"};
	struct weir_ip6 addr;

	*x = (struct nat64_static){.proto = MAPPING_PROTOS};
	for (uint8_t i = 0; n == 5 && i < MAPPING_PROTOS; i++)
		if (!strcmp(w[0], protos[i]))
			x->proto = i;
	if (x->proto == MAPPING_PROTOS ||
	    weir_parse(e, WEIR_T_IP4, w[1], "EXTERNAL", &x->external, NULL) ||
	    weir_parse(e, WEIR_T_U16, w[2], "PORT", &x->external_port, NULL) ||
	    weir_parse(e, WEIR_T_IP6, w[3], "HOST", &addr, NULL) ||
	    weir_parse(e, WEIR_T_U16, w[4], "PORT", &x->port, NULL))
		return "expected PROTOCOL EXTERNAL PORT HOST PORT, with tcp, udp or icmp";
	weir_ip6_write(x->addr, addr);
	return x->external_port ? NULL : "port 0 cannot be mapped";
}

static bool make(struct weir_element *e, const struct nat64_static *x)
{
	const struct nat64_all *all = ((const struct nat64 *)e->self)->all;
	struct weir_node *n = e->nodes[nat64_owner(all, x->addr)];
	struct nat64_state *s = n->state;
	const uint32_t host = nat64_host(&s->hosts, x->addr);
	uint32_t mapping;

	if (!host)
		return false;
	mapping = nat64_map_as(n, host, x->proto, x->port, pool_find(&all->pool, x->external),
			       x->external_port);
	if (!mapping)
		nat64_host_done(&s->hosts, host);
	return mapping;
}

unsigned nat64_fixed_begin(struct weir_element *e)
{
	const struct nat64_all *all = ((const struct nat64 *)e->self)->all;
	unsigned failed = 0;

	for (unsigned i = 0; i < all->n_fixed; i++)
		failed += !make(e, &all->fixed[i]);
	return failed;
}

const char *nat64_static_add(struct weir_element *e, char **words, int n)
{
	struct nat64_all *all = ((const struct nat64 *)e->self)->all;
	struct nat64_static x;
	const char *error = parse(e, words, n, &x);

	if (error)
		return error;
	if (pool_find(&all->pool, x.external) == POOL_NONE)
		return "the external address is not in POOL";
	if (nat64_static_find(all, x.proto, x.external, x.external_port))
		return "that port is mapped already";
	if (all->n_fixed == NAT64_FIXED)
		return "there are too many";
	if (!all->fixed)
		all->fixed = calloc(NAT64_FIXED, sizeof(*all->fixed));
	if (!all->fixed)
		return "no memory";
	if (all->n_begun && !make(e, &x))
		return "one of its ends is mapped otherwise";
	all->fixed[all->n_fixed++] = x;
	return NULL;
}

const char *nat64_static_remove(struct weir_element *e, char **words, int n)
{
	struct nat64_all *all = ((const struct nat64 *)e->self)->all;
	struct nat64_static x;
	const char *error = parse(e, words, n, &x);
	struct nat64_static *was;
	struct weir_node *node;
	struct nat64_state *s;
	uint32_t host, mapping;

	if (error)
		return error;
	was = (struct nat64_static *)nat64_static_find(all, x.proto, x.external, x.external_port);
	if (!was || memcmp(was->addr, x.addr, sizeof(x.addr)) != 0 || was->port != x.port)
		return "there is no such";
	*was = all->fixed[--all->n_fixed];
	node = e->nodes[nat64_owner(all, x.addr)];
	s = node->state;
	host = nat64_host(&s->hosts, x.addr);
	mapping = host ? mapping_find(&s->mappings, host, x.proto, x.port) : 0;
	if (mapping)
		nat64_map_done(node, mapping);
	if (host)
		nat64_host_done(&s->hosts, host);
	return NULL;
}
