// SPDX-License-Identifier: BSD-2-Clause

// How batches move through the graph. An input with a single edge takes a whole batch at once;
// where edges meet, packets wait in the input's pending batch until the executor reaches it in
// topological order, so that what was split is one batch again. With a capacity of one packet every
// emit runs at once, depth first, which is Click's order.

#include <engine.h>
#include <stdlib.h>

enum {
	MAX_FRUITLESS = 8, // pulls of which nothing came through, in one call
	MAX_DEPTH = 200,   // inputs that run within each other, for the stack's sake
};
enum {
	MAX_ROUNDS = 200, // back edges that a packet may take: loops are legal, endless ones not
	MAX_COPIES = 16,  // that a batch may grow by on its way round, and still take all of them
};

struct batch *weir_spare_get(struct weir_worker *w)
{
	struct batch *b;

	if (w->n_spare)
		return w->spare[--w->n_spare];
	b = malloc(sizeof(*b) + WEIR_BATCH_MAX * sizeof(b->p[0]));
	if (!b)
		abort(); // a router without 2 kB cannot go on
	b->n = b->out = 0;
	b->bytes = 0;
	return b;
}

void weir_spare_put(struct weir_worker *w, struct batch *b)
{
	b->n = 0;
	b->bytes = 0;
	if (w->n_spare == w->spare_cap) {
		free(b);
		return;
	}
	w->spare[w->n_spare++] = b;
}

void weir_input_ready(struct weir_worker *w, struct weir_input *in)
{
	w->ready[in->index / 64] |= 1ull << in->index % 64;
	w->any_ready = true;
}

void weir_input_full(struct weir_worker *w, struct weir_input *in)
{
	struct batch *b = in->pending;

	// too deep: it waits for the next pass, as long as there is room
	if (WEIR_UNLIKELY(w->depth >= MAX_DEPTH) && b->n < WEIR_BATCH_MAX) {
		weir_input_ready(w, in);
		return;
	}
	// Enough for every packet here; only packets that multiply in a cycle can take more.
	if (!w->depth++)
		w->backs = (b->n + MAX_COPIES) * MAX_ROUNDS;
	in->pending = weir_spare_get(w);
	weir_run_input(w, in, b);
	weir_spare_put(w, b);
	w->depth--;
}

// A packet's rounds bound a cycle, but not one in which each packet becomes two: there the number
// of back edges that are taken by all that comes of one batch does. Without one (a timer's packet)
// this is the first, and free.
static bool may_go_back(struct weir_worker *w, const struct packet *p)
{
	if (p->rounds >= MAX_ROUNDS)
		return false;
	return !w->depth || (w->backs && w->backs--);
}

void weir_edge_back(struct weir_node *n, struct weir_edge *e, struct packet *p)
{
	struct weir_input *in = e->to;
	struct batch *b = in->pending;

	if (!may_go_back(n->worker, p)) {
		e = &n->out[n->n_out + WEIR_EDGE_LOOP];
		e->packets++;
		e->bytes += p->len;
		weir_recycle(n->worker, &p, 1);
		return;
	}
	p->rounds++;
	e->packets++;
	e->bytes += p->len;
	b->bytes += p->len;
	b->p[b->n++] = p;
	if (b->n >= in->cap)
		weir_input_full(n->worker, in);
	else
		weir_input_ready(n->worker, in);
}

// Adds a whole batch to what waits at an input. Running what waits may add to it again, through a
// cycle; that ends because back edges are counted.
static void join(struct weir_worker *w, struct weir_input *in, const struct batch *b)
{
	while (in->pending->n + b->n > in->cap)
		weir_input_full(w, in);
	memcpy(in->pending->p + in->pending->n, b->p, b->n * sizeof(b->p[0]));
	in->pending->n += b->n;
	in->pending->bytes += b->bytes;
	if (in->pending->n == in->cap)
		weir_input_full(w, in);
	else
		weir_input_ready(w, in);
}

static void leave_back(struct weir_node *n, struct weir_edge *e, struct batch *b)
{
	for (unsigned i = 0; i < b->n; i++)
		weir_edge_back(n, e, b->p[i]);
}

static uint64_t total(const struct batch *b)
{
	const unsigned n = b->n;
	uint64_t bytes = 0;

#pragma GCC unroll 4
	for (unsigned i = 0; i < n; i++)
		bytes += b->p[i]->len;
	return bytes;
}

// Runs a batch through an input and on along the straight part behind it. The batch is empty
// afterwards, to be used again by its owner.
void weir_run_input(struct weir_worker *w, struct weir_input *in, struct batch *b)
{
	while (b->n) {
		struct weir_node *n = in->node;
		struct weir_edge *e;

		b->out = 0;
		n->push(n, in->port, b);
		if (!b->n)
			break;
		if (n->recount)
			b->bytes = total(b);
		else
			b->bytes += (uint64_t)((int64_t)n->len_delta * b->n);
		e = weir_edge(n, b->out);
		if (WEIR_UNLIKELY(e->back)) {
			leave_back(n, e, b);
			break;
		}
		e->packets += b->n;
		e->bytes += b->bytes;
		in = e->to;
		// what waits there already came earlier
		if ((!in->chained || in->pending->n) && !w->depth_first) {
			join(w, in, b);
			break;
		}
	}
	b->n = 0;
	b->bytes = 0;
}

// One pass over the inputs that have something, in topological order. What goes back against the
// order waits for the next pass.
void weir_run_ready(struct weir_worker *w)
{
	unsigned words = (w->n_order + 63) / 64;

	if (!w->any_ready)
		return;
	w->any_ready = false;
	for (unsigned i = 0; i < words; i++) {
		uint64_t ahead = ~0ull, now;

		while ((now = w->ready[i] & ahead)) {
			unsigned bit = (unsigned)__builtin_ctzll(now);
			struct weir_input *in = w->order[i * 64 + bit];

			ahead = ~1ull << bit;
			w->ready[i] &= ~(1ull << bit);
			if (in->pending->n)
				weir_input_full(w, in);
		}
	}
	for (unsigned i = 0; i < words; i++)
		w->any_ready |= w->ready[i] != 0;
}

// Does an output before this one lead to the same input?
static bool shares_input(const struct weir_node *n, unsigned port)
{
	const struct weir_input *in = n->out[port].to;

	// where packets are lost, a batch need not wait, though many outputs lead there
	if (in->chained && in != &n->worker->free_input)
		return false;
	for (unsigned i = 0; i < port; i++)
		if (n->out[i].to == in)
			return true;
	return false;
}

// Only where all outputs lead forward, each to an input of its own with room for all.
void weir_deal_begin(struct weir_deal *d, struct weir_node *n, const struct batch *b)
{
	d->n_out = 0;
	if (n->n_out > WEIR_DEAL_OUTPUTS || n->worker->depth_first)
		return;
	for (unsigned i = 0; i < n->n_out; i++) {
		const struct weir_edge *e = &n->out[i];
		struct batch *to = e->to->pending;

		if (e->back || to->n + b->n > e->to->cap || shares_input(n, i))
			return;
		d->tail[i] = to->p + to->n;
		d->bytes[i] = 0;
	}
	d->n_out = n->n_out;
}

void weir_deal_end(struct weir_deal *d, struct weir_node *n, struct batch *b)
{
	for (unsigned i = 0; i < d->n_out; i++) {
		struct weir_edge *e = &n->out[i];
		struct batch *to = e->to->pending;
		unsigned before = to->n;

		to->n = (unsigned)(d->tail[i] - to->p);
		if (to->n == before)
			continue;
		e->packets += to->n - before;
		e->bytes += d->bytes[i];
		to->bytes += d->bytes[i];
		weir_input_ready(n->worker, e->to);
	}
	for (unsigned i = 0; i < d->n_out; i++)
		if (n->out[i].to->pending->n >= n->out[i].to->cap)
			weir_input_full(n->worker, n->out[i].to);
	b->n = 0;
	b->bytes = 0;
}

// Puts packets behind those that wait at an input; their bytes.
static uint64_t append(struct weir_worker *w, struct weir_input *in, struct packet *const *v,
		       unsigned count)
{
	uint64_t all = 0;

	for (unsigned n; count; v += n, count -= n) {
		struct batch *b = in->pending;
		uint64_t bytes = 0;

		n = in->cap - b->n < count ? in->cap - b->n : count;
		for (unsigned i = 0; i < n; i++) {
			bytes += v[i]->len;
			b->p[b->n + i] = v[i];
		}
		b->n += n;
		b->bytes += bytes;
		all += bytes;
		if (b->n == in->cap)
			weir_input_full(w, in);
		else
			weir_input_ready(w, in);
	}
	return all;
}

void weir_emit_all(struct weir_node *n, unsigned port, struct packet *const *v, unsigned count)
{
	struct weir_edge *e = weir_edge(n, port);

	for (unsigned i = 0; e->back && i < count; i++)
		weir_edge_back(n, e, v[i]);
	if (e->back)
		return;
	e->packets += count;
	e->bytes += append(n->worker, e->to, v, count);
}

void weir_driver_only(struct weir_node *n, unsigned, struct batch *b)
{
	for (unsigned i = 0; i < b->n; i++)
		weir_divert(n, b, n->n_out, b->p[i]);
	b->n = 0;
}

// A source's batch runs straight on instead of being copied into the pending batch of its output.
void weir_start(struct weir_node *n, unsigned port, struct packet *const *v, unsigned count)
{
	struct weir_edge *e = weir_edge(n, port);
	struct weir_worker *w = n->worker;

	n->made += count;
	if (w->depth_first || e->back || !e->to->chained || e->to->pending->n) {
		for (unsigned i = 0; i < count; i++)
			n->made_bytes += v[i]->len;
		weir_emit_all(n, port, v, count);
		return;
	}
	for (unsigned done = 0; done < count;) {
		struct batch *b = weir_spare_get(w);

		b->n = count - done < WEIR_BATCH_MAX ? count - done : WEIR_BATCH_MAX;
		memcpy(b->p, v + done, b->n * sizeof(b->p[0]));
		b->bytes = total(b);
		n->made_bytes += b->bytes;
		e->packets += b->n;
		e->bytes += b->bytes;
		done += b->n;
		weir_run_input(w, e->to, b);
		weir_spare_put(w, b);
	}
}

// Packets that came in some other way than by an edge go behind those that wait.
bool weir_resume(struct weir_node *n, unsigned element, unsigned input, struct packet *const *v,
		 unsigned count)
{
	struct weir_worker *w = n->worker;
	const struct weir_router *r = w->engine->router;

	if (element >= r->n_elements || input >= r->wiring[element].n_in ||
	    !w->nodes[element].in[input].pending)
		return false;
	append(w, &w->nodes[element].in[input], v, count);
	return true;
}

void weir_made(struct weir_node *n, uint64_t packets, uint64_t bytes)
{
	n->made += packets;
	n->made_bytes += bytes;
}

void weir_ended(struct weir_node *n, uint64_t packets, uint64_t bytes)
{
	n->ended += packets;
	n->ended_bytes += bytes;
}

void weir_end(struct weir_node *n, struct packet *const *v, unsigned count)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < count; i++)
		bytes += v[i]->len;
	weir_ended(n, count, bytes);
	weir_recycle(n->worker, v, count);
}

void weir_absorb(struct weir_node *n, struct packet *p)
{
	weir_end(n, &p, 1);
}

unsigned weir_pull(struct weir_node *n, unsigned port, struct packet **v, unsigned max)
{
	struct weir_upstream *up = &n->pulls[port];
	unsigned got;

	if (WEIR_UNLIKELY(!up->node))
		return 0;
	got = up->node->pull(up->node, up->port, v, max);
	for (unsigned i = 0; i < got; i++)
		up->edge->bytes += v[i]->len;
	up->edge->packets += got;
	return got;
}

// Pull through an element that is written as push: what stays in the batch is the answer. When all
// of a batch went another way there may still be more behind it; but not for ever in one call, as
// the source may be endless.
unsigned weir_pull_by_push(struct weir_node *n, unsigned port, struct packet **v, unsigned max)
{
	struct weir_worker *w = n->worker;
	struct batch *b = weir_spare_get(w);
	unsigned got = 0, fruitless = 0;

	if (max > WEIR_BATCH_MAX)
		max = WEIR_BATCH_MAX;
	while (!got && (b->n = weir_pull(n, 0, b->p, max))) {
		if (++fruitless > MAX_FRUITLESS)
			w->has_more = true;
		b->out = 0;
		b->bytes = total(b);
		n->push(n, 0, b);
		if (b->out != port)
			weir_emit_all(n, b->out, b->p, b->n);
		else
			memcpy(v, b->p, (got = b->n) * sizeof(b->p[0]));
		if (w->has_more)
			break;
	}
	weir_spare_put(w, b);
	return got;
}
