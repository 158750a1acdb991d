// SPDX-License-Identifier: BSD-2-Clause
// Handlers of elements that know neighbours. They run while all workers stand.
#include <weir/ip6.h>

#include "neighbors.h"

void neighbors_reconfigured(struct weir_element *e, const struct neighbors *self,
			    bool (*other)(const void *old, const void *self))
{
	for (unsigned i = 0; i < e->n_nodes; i++) {
		struct neighbors_state *s = e->nodes[i]->state;

		neighbor_uncache_all(s);
		s->seen = 0; // the log is a new one
		if (other(e->nodes[i]->self, self))
			neighbors_clear(e->nodes[i], NEIGHBOR_CLEARED);
		s->share = neighbors_share(e, self);
		self->log->n_packets += s->table.n_packets;
	}
}

static struct neighbors_state *state_of(struct weir_element *e, unsigned i)
{
	return e->nodes[i]->state;
}

// Does another worker know more of the address, or the same and comes first? Then it is shown
// there.
static bool shown_elsewhere(struct weir_element *e, unsigned i, const struct neighbor *x)
{
	for (unsigned k = 0; k < e->n_nodes; k++) {
		const struct neighbor *y =
			k == i ? NULL : neighbor_find(&state_of(e, k)->table, x->key);

		if (!y)
			continue;
		if (y->known != x->known ? y->known
					 : y->live > x->live || (y->live == x->live && k < i))
			return true;
	}
	return false;
}

static void print_address(struct weir_buf *out, struct neighbor_key k)
{
	char text[WEIR_IP6_TEXT];
	uint32_t a = rd32(neighbor_to_ip4(k));

	if (neighbor_is_ip4(k))
		weir_printf(out, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
	else
		weir_printf(out, "%s", weir_ip6_text(text, weir_ip6_read(&k)));
}

void neighbor_print(struct weir_buf *out, const struct neighbor *x, bool known, uint64_t now)
{
	uint64_t age = now > x->live ? (now - x->live) / 1000 : 0;

	print_address(out, x->key);
	weir_printf(out, " %d %02X-%02X-%02X-%02X-%02X-%02X %llu.%06llu\n", known, x->eth[0],
		    x->eth[1], x->eth[2], x->eth[3], x->eth[4], x->eth[5], age / 1000000ull,
		    age % 1000000ull);
}

int neighbors_read_table(struct weir_element *e, const struct weir_handler *, const char *,
			 struct weir_buf *out, struct weir_err *)
{
	const struct neighbors *self = e->self;

	for (unsigned i = 0; i < e->n_nodes; i++) {
		uint64_t now = weir_now(e->nodes[i]);

		for (const struct neighbor *x = state_of(e, i)->table.oldest; x; x = x->newer)
			if (!shown_elsewhere(e, i, x))
				neighbor_print(
					out, x,
					x->known && !neighbor_expired(x, now, self->limits.timeout),
					now);
	}
	return 0;
}

int neighbors_read_stats(struct weir_element *e, const struct weir_handler *, const char *,
			 struct weir_buf *out, struct weir_err *)
{
	const struct neighbors *self = e->self;
	unsigned long long drops = 0, queries = 0;

	for (unsigned i = 0; i < e->n_nodes; i++) {
		drops += state_of(e, i)->drops;
		queries += state_of(e, i)->queries;
	}
	weir_printf(out, "%llu packets killed\n%llu %s sent\n", drops, queries, self->class->asks);
	return 0;
}

int neighbors_read_number(struct weir_element *e, const struct weir_handler *h, const char *,
			  struct weir_buf *out, struct weir_err *)
{
	unsigned long long sum = 0;

	for (unsigned i = 0; i < e->n_nodes; i++) {
		const struct neighbor_table *t = &state_of(e, i)->table;

		if (h->user == NEIGHBORS_LENGTH)
			sum += t->n_packets;
		for (const struct neighbor *x = t->oldest; h->user == NEIGHBORS_COUNT && x;
		     x = x->newer)
			sum += !shown_elsewhere(e, i, x);
	}
	weir_printf(out, "%llu", sum);
	return 0;
}

static int parse(struct weir_element *e, const char *text, struct neighbor_key *k,
		 struct weir_err *err)
{
	const struct neighbors *self = e->self;
	struct weir_ip6 ip6 = {};
	be32 ip = {};
	int rc;

	if (self->class->wide) {
		rc = weir_parse(e, WEIR_T_IP6, text, "IP", &ip6, err);
		weir_ip6_write(k, ip6);
	} else {
		rc = weir_parse(e, WEIR_T_IP4, text, "IP", &ip, err);
		*k = neighbor_ip4(ip);
	}
	return rc;
}

int neighbors_write_insert(struct weir_element *e, const struct weir_handler *, const char *value,
			   struct weir_err *err)
{
	char **w = NULL;
	int n = weir_words(value, &w), rc = 0;
	struct neighbor_key k = {};
	uint8_t eth[6] = {};

	if (n != 2)
		rc = weir_error(err, NULL, "expected 'IP ETH'");
	if (!rc)
		rc = parse(e, w[0], &k, err);
	if (!rc)
		rc = weir_parse(e, WEIR_T_ETHER, w[1], "ETH", eth, err);
	for (unsigned i = 0; !rc && i < e->n_nodes; i++)
		if (weir_workers_has(&e->runs, i))
			neighbor_insert(e->nodes[i], k, eth, true);
	weir_words_free(w, n < 0 ? 0 : n);
	return rc;
}

int neighbors_write_delete(struct weir_element *e, const struct weir_handler *, const char *value,
			   struct weir_err *err)
{
	static const uint8_t none[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct neighbor_key k;
	int rc = parse(e, value, &k, err);

	for (unsigned i = 0; !rc && i < e->n_nodes; i++)
		if (neighbor_find(&state_of(e, i)->table, k))
			neighbor_insert(e->nodes[i], k, none, true);
	return rc;
}

int neighbors_write_clear(struct weir_element *e, const struct weir_handler *, const char *,
			  struct weir_err *)
{
	for (unsigned i = 0; i < e->n_nodes; i++) {
		struct neighbors_state *s = state_of(e, i);

		neighbors_clear(e->nodes[i], NEIGHBOR_CLEARED);
		s->queries = s->responses = s->drops = 0;
	}
	return 0;
}
