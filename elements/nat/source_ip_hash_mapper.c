// SPDX-License-Identifier: BSD-2-Clause
// SourceIPHashMapper: chooses the pattern of a new flow of an IPRewriter, or a relative of it, by
// the source address, so that all flows of a host get the same one. Each pattern has an ID; if one
// is taken out of the list or put in, only the hosts that it had or gets change (consistent
// hashing): each ID has NNODES places on a circle, and a host belongs to the next one. More places
// share the hosts out more evenly. SEED chooses the places.
//
//	SourceIPHashMapper(NNODES SEED, PATTERN FOUTPUT ROUTPUT ID, ...)
//
//	map :: SourceIPHashMapper(100 7, - - 10.0.0.1 - 0 1 1, - - 10.0.0.2 - 0 1 2);
//	rw :: IPRewriter(map, drop);
#include "pattern.h"

#include <errno.h>
#include <stdlib.h>

enum { NODES_MAX = 100000 };

struct place {
	uint32_t at;
	uint32_t spec;
};
enum { PLACES, IDS }; // of m.own: sorted; as given

struct source_ip_hash_mapper {
	struct mapper m;
	uint32_t nodes, n_places, seed;
};

static struct place *places_of(const struct source_ip_hash_mapper *self)
{
	return self->m.own[PLACES];
}

static uint32_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return (uint32_t)(x >> 32);
}

static unsigned choose(struct mapper *m, const struct session_tuple *flow, unsigned *tries)
{
	const struct source_ip_hash_mapper *self = (const struct source_ip_hash_mapper *)m;
	const uint32_t at = mix((uint64_t)rd32(flow->src) + 1);
	const struct place *places = places_of(self);
	uint32_t low = 0, high = self->n_places;

	*tries = 1;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (places[mid].at < at)
			low = mid + 1;
		else
			high = mid;
	}
	return places[low < self->n_places ? low : 0].spec;
}

static int compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->spec < y->spec ? -1 : x->spec > y->spec;
}

static int put_places(struct source_ip_hash_mapper *self)
{
	const uint32_t *ids = self->m.own[IDS];
	struct place *v = reallocarray(NULL, (size_t)self->m.n * self->nodes, sizeof(*v));

	if (!v)
		return -ENOMEM;
	self->m.own[PLACES] = v;
	for (uint32_t i = 0; i < self->m.n; i++) {
		uint64_t from = mix((uint64_t)self->seed << 32 | ids[i]);

		for (uint32_t k = 0; k < self->nodes; k++)
			v[self->n_places++] = (struct place){mix(from << 32 | k), i};
	}
	qsort(v, self->n_places, sizeof(*v), compare);
	return 0;
}

static int take_circle(struct weir_element *e, struct weir_args *a, char **words, int n)
{
	struct source_ip_hash_mapper *self = e->self;

	if (n != 2)
		return weir_args_error(a, 0, "expected `NNODES SEED'");
	if (weir_parse(e, WEIR_T_U32, words[0], NULL, &self->nodes, NULL) || !self->nodes ||
	    self->nodes > NODES_MAX)
		return weir_args_error(a, 0, "the number of nodes must be 1 to %d", NODES_MAX);
	if (weir_parse(e, WEIR_T_U32, words[1], NULL, &self->seed, NULL))
		return weir_args_error(a, 0, "the hash seed must be an integer");
	return 0;
}

static int take(struct weir_element *e, struct weir_args *a, unsigned i, char **words, int n)
{
	struct source_ip_hash_mapper *self = e->self;
	uint32_t id, *ids;
	int rc;

	if (!i)
		return take_circle(e, a, words, n);
	if (n < 2 || weir_parse(e, WEIR_T_U32, words[n - 1], NULL, &id, NULL))
		return weir_args_error(a, (int)i, "bad server ID in pattern spec");
	ids = reallocarray(self->m.own[IDS], self->m.n + 1, sizeof(*ids));
	if (!ids)
		return -ENOMEM;
	self->m.own[IDS] = ids;
	rc = mapper_add(e, &self->m, a, i, words, n - 1);
	if (!rc)
		ids[self->m.n - 1] = id;
	return rc;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	struct source_ip_hash_mapper *self = e->self;
	int rc;

	self->m.choose = choose;
	if (!a->n_rest)
		return weir_args_error(a, -1, "no hash seed given");
	if (a->n_rest == 1)
		return weir_args_error(a, -1, "no patterns given");
	if (a->n_rest == 2)
		weir_args_warn(a, -1, "only one pattern given");
	rc = weir_args_each(e, a, take);
	return rc ? rc : put_places(self);
}

WEIR_PLAIN_ELEMENT(source_ip_hash_mapper, "SourceIPHashMapper",
		   .purpose = "chooses patterns of a rewriter by source address", .ports = "0/0",
		   .rest = "NNODES SEED, PATTERN FOUTPUT ROUTPUT ID",
		   .rest_help = "places on the circle for each ID, and what chooses them; then any "
				"number of patterns",
		   .configure = configure, .fini = mapper_fini,
		   .userspace = "says something about others");
