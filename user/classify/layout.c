// SPDX-License-Identifier: BSD-2-Clause
#include "steps.h"

#include <errno.h>
#include <stdlib.h>

static void visit(struct order *o, uint32_t step)
{
	if (!is_step(step) || o->to[step - WEIR_DAG_STEP])
		return;
	o->to[step - WEIR_DAG_STEP] = WEIR_DAG_STEP + o->n;
	o->step[o->n++] = step;
}

int graph_order(struct order *o, const struct graph *g, const uint32_t roots[2])
{
	uint32_t done = 0;

	*o = (struct order){};
	o->step = calloc(g->steps.n + 1, sizeof(*o->step));
	o->to = calloc(g->steps.n + 1, sizeof(*o->to));
	if (!o->step || !o->to)
		return -ENOMEM;
	for (unsigned i = 0; i < 2; i++) {
		visit(o, roots[i]);
		for (; done < o->n; done++) {
			const struct step *s = graph_step(g, o->step[done]);

			visit(o, s->yes);
			visit(o, s->no);
			visit(o, s->missing);
		}
	}
	return 0;
}

void order_free(struct order *o)
{
	free(o->step);
	free(o->to);
	*o = (struct order){};
}

static uint32_t renamed(const struct order *o, uint32_t to)
{
	return is_step(to) ? o->to[to - WEIR_DAG_STEP] : to;
}

static void emit(struct weir_dag_step *out, const struct graph *g, const struct order *o,
		 uint32_t step, bool data_only)
{
	static const uint16_t at[] = {
		[WEIR_BASE_DATA] = offsetof(struct packet, off),
		[WEIR_BASE_MAC] = offsetof(struct packet, mac),
		[WEIR_BASE_NETWORK] = offsetof(struct packet, network),
		[WEIR_BASE_TRANSPORT] = offsetof(struct packet, transport),
	};
	const struct step *s = graph_step(g, step);
	const struct test *t = graph_test(g, s->test);

	*out = (struct weir_dag_step){
		.mask = data_only ? __builtin_bswap32(t->mask) : t->mask,
		.lo = data_only ? __builtin_bswap32(t->lo) : t->lo,
		.span = t->hi - t->lo,
		.off = (uint16_t)t->off,
		.need = (uint16_t)test_need(t),
		.base = (uint16_t)t->base,
		.at = at[t->base],
		.yes = renamed(o, s->yes),
		.no = renamed(o, s->no),
		.missing = renamed(o, s->missing),
	};
}

// Bytes that a packet must have so that no byte is missing anywhere. The transport header begins at
// least 20 bytes behind the network header, so one number is enough for both.
static uint32_t need(const struct weir_dag_step *steps, uint32_t n)
{
	uint32_t most = n ? 0 : 4;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t end = steps[i].off + 4u;

		if (steps[i].base == WEIR_BASE_MAC)
			return UINT32_MAX;
		if (steps[i].base == WEIR_BASE_NETWORK)
			end -= end < sizeof(struct ip4) ? end : (uint32_t)sizeof(struct ip4);
		if (end > most)
			most = end;
	}
	return most;
}

static int depth(struct weir_dag *d, const struct graph *g, const uint32_t roots[2])
{
	uint32_t n = g->steps.n, *length = calloc(n + 1, sizeof(*length));

	if (!length)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		const struct step *s = graph_step(g, WEIR_DAG_STEP + i);
		const uint32_t next[] = {s->yes, s->no, s->missing};

		length[i] = 1;
		for (unsigned k = 0; k < 3; k++)
			if (is_step(next[k]) && length[next[k] - WEIR_DAG_STEP] >= length[i])
				length[i] = length[next[k] - WEIR_DAG_STEP] + 1;
	}
	for (unsigned k = 0; k < 2; k++)
		if (is_step(roots[k]) && length[roots[k] - WEIR_DAG_STEP] > d->depth)
			d->depth = length[roots[k] - WEIR_DAG_STEP];
	free(length);
	return 0;
}

// The verifier wants a mask for the number of a step.
static uint32_t room_for(uint32_t n)
{
	uint32_t room = 1;

	while (room < n)
		room *= 2;
	return room;
}

int lay_out(struct weir_dag *d, const struct graph *g, const struct order *o,
	    const uint32_t roots[2], bool data_only)
{
	struct weir_dag_step *steps = calloc(room_for(o->n), sizeof(*steps));

	if (!steps || depth(d, g, roots)) {
		free(steps);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < o->n; i++)
		emit(&steps[i], g, o, o->step[i], data_only);
	d->steps = steps;
	d->n = o->n;
	d->careful = renamed(o, roots[1]);
	d->need = need(steps, o->n);
	if (is_step(roots[0])) {
		d->root = steps[0];
	} else { // nothing to test
		d->root.at = offsetof(struct packet, transport);
		d->root.yes = d->root.no = roots[0];
	}
	d->args = (struct weir_dag_args){
		.start = renamed(o, roots[0]),
		.careful = d->careful,
		.need = d->need,
		.depth = d->depth,
		.mask = room_for(o->n) - 1,
		.data_only = data_only,
	};
	return 0;
}

// Where a step's base begins in a packet; 0: not set.
static uint32_t base_of(const struct weir_dag_step *s, const struct packet *p)
{
	uint16_t mark;

	if (s->base == WEIR_BASE_DATA)
		return p->off;
	memcpy(&mark, (const uint8_t *)p + s->at, sizeof(mark));
	return mark;
}

unsigned weir_dag_run_careful(const struct weir_dag_step *steps, uint32_t to, bool data_only,
			      struct packet *p)
{
	while (to >= WEIR_DAG_STEP) {
		const struct weir_dag_step *s = &steps[to - WEIR_DAG_STEP];
		uint32_t start = base_of(s, p), end = p->off + p->len, word = 0;

		if (!start || start + s->need > end) {
			to = s->missing;
			continue;
		}
		start += s->off;
		if (WEIR_LIKELY(end - start >= 4))
			word = weir_dag_load((const uint8_t *)p + start);
		else
			memcpy(&word, (const uint8_t *)p + start, end - start);
		if (!data_only)
			word = __builtin_bswap32(word);
		to = (word & s->mask) - s->lo <= s->span ? s->yes : s->no;
	}
	return to;
}

unsigned weir_dag_run_ip6_rest(const struct weir_dag *d, struct packet *p)
{
	struct ip6 *ip = weir_ip6_header(p);
	const uint16_t transport = p->transport;
	struct weir_ip6_upper upper;
	struct ip6 old;
	unsigned port;
	bool whole;

	if (!ip)
		return weir_dag_run_careful(d->steps, d->careful, false, p);
	old = *ip;
	whole = weir_ip6_walk(p, ip, &upper);
	p->transport = whole && !upper.later ? (uint16_t)(p->network + upper.off) : 0;
	ip->next = upper.proto;
	if (upper.fragment)
		*(uint8_t *)ip |= WEIR_DAG_FRAGMENT;
	port = weir_dag_run_ip(d, p);
	*ip = old;
	p->transport = transport;
	return port;
}

void weir_dag_free(struct weir_dag *d)
{
	free((void *)d->steps);
	*d = (struct weir_dag){};
}
