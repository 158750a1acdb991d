// SPDX-License-Identifier: BSD-2-Clause
#include "handoff.h"

#include <weir/element.h>
#include <weir/ring.h>

#include <errno.h>

enum {
	PLACES = 1024,	  // on the way from one worker, to all others together
	FEWEST = 32,	  // to one
	STAGED = 32,	  // that are put into a ring at once
	MOST_ROUNDS = 16, // workers that a packet sees
};

struct handoff_lane {
	struct weir_ring ring;
	struct packet *staged[STAGED];
	unsigned n;
} __attribute__((aligned(128)));

static uint32_t places(unsigned n_workers)
{
	uint32_t n = PLACES / (n_workers - 1);

	return n > FEWEST ? n : FEWEST;
}

static const struct handoff *peer(const struct handoff *h, unsigned worker)
{
	const struct weir_node *n = h->node;
	const size_t at = (size_t)((const uint8_t *)h - (const uint8_t *)n->state);

	return (const struct handoff *)((const uint8_t *)n->element->nodes[worker]->state + at);
}

// What the other has for this one; NULL: it is not open.
static struct weir_ring *from(const struct handoff *h, unsigned worker)
{
	const struct handoff *other = peer(h, worker);

	return other->lane ? &other->lane[weir_worker_of(h->node)].ring : NULL;
}

static bool has_some(const void *arg)
{
	const struct handoff *h = arg;

	for (unsigned w = weir_workers_next(&h->peers, 0); w < WEIR_WORKERS_MAX;
	     w = weir_workers_next(&h->peers, w + 1)) {
		const struct weir_ring *r = from(h, w);

		if (r && weir_ring_length(r))
			return true;
	}
	return false;
}

// --- opening ---
int handoff_open(struct weir_node *n, struct handoff *h, unsigned lost)
{
	const struct weir_workers *all = &n->element->runs;
	const unsigned count = weir_workers_count(all), n_lanes = weir_n_workers(n->element);
	struct handoff_lane *lane;

	*h = (struct handoff){.node = n, .peers = *all, .lost = lost};
	if (count < 2 || !weir_workers_has(all, weir_worker_of(n)))
		return 0;
	weir_workers_remove(&h->peers, weir_worker_of(n));
	lane = aligned_alloc(_Alignof(struct handoff_lane), n_lanes * sizeof(*lane));
	if (!lane)
		return -ENOMEM;
	memset(lane, 0, n_lanes * sizeof(*lane));
	h->lane = lane;
	for (unsigned w = weir_workers_next(&h->peers, 0); w < WEIR_WORKERS_MAX;
	     w = weir_workers_next(&h->peers, w + 1))
		if (weir_ring_open(&lane[w].ring, places(count)))
			return -ENOMEM;
	return weir_watch_inbox(n, has_some, h);
}

static void close_lane(struct weir_node *n, struct handoff_lane *lane)
{
	struct packet *p;

	while (lane->ring.slot && weir_ring_take(&lane->ring, &p, 1))
		weir_packet_free(n, p);
	weir_ring_close(&lane->ring);
}

void handoff_close(struct weir_node *n, struct handoff *h)
{
	if (!h->lane)
		return;
	weir_unwatch_inbox(n, h);
	for (unsigned w = weir_workers_next(&h->peers, 0); w < WEIR_WORKERS_MAX;
	     w = weir_workers_next(&h->peers, w + 1))
		close_lane(n, &h->lane[w]);
	free(h->lane);
	h->lane = NULL;
}

// --- putting ---
static void send(struct weir_node *n, struct handoff *h, unsigned worker)
{
	struct handoff_lane *lane = &h->lane[worker];

	weir_ring_put(&lane->ring, lane->staged, lane->n); // there is room: see handoff_put
	h->handed += lane->n;
	lane->n = 0;
	weir_notify(n, worker);
}

void handoff_send(struct weir_node *n, struct handoff *h)
{
	for (unsigned w = weir_workers_next(&h->dirty, 0); w < WEIR_WORKERS_MAX;
	     w = weir_workers_next(&h->dirty, w + 1))
		send(n, h, w);
	h->dirty = (struct weir_workers){};
	h->any_dirty = false;
}

bool handoff_put(struct weir_node *n, struct handoff *h, unsigned worker, unsigned input,
		 struct packet *p)
{
	struct handoff_lane *lane;

	if (!h->lane || !weir_workers_has(&h->peers, worker) || p->rounds >= MOST_ROUNDS ||
	    !weir_may_keep(n))
		return false;
	lane = &h->lane[worker];
	if (lane->n == STAGED)
		send(n, h, worker);
	if (weir_ring_room(&lane->ring, lane->n + 1) <= lane->n)
		return false;
	p->rounds++;
	p->resume_input = (uint16_t)input;
	lane->staged[lane->n++] = p;
	weir_workers_add(&h->dirty, worker);
	h->any_dirty = true;
	return true;
}

// --- taking ---
// What another worker wrote lies in its core's cache: all lines at once, to be written.
static void fetch(struct packet *const *v, unsigned n)
{
	uint32_t off;

	if (!n)
		return;
	for (unsigned i = 0; i < n; i++) {
		__builtin_prefetch(v[i], 1);
		__builtin_prefetch((const uint8_t *)v[i] + sizeof(struct packet) / 2, 1);
	}
	off = v[0]->off;
	for (unsigned i = 0; i < n; i++)
		__builtin_prefetch((const uint8_t *)v[i] + off, 1);
}

// Those that came by one input go on together.
static void go_on(struct weir_node *n, const struct handoff *h, struct packet *const *v,
		  unsigned count)
{
	for (unsigned i = 0, k; i < count; i += k) {
		const unsigned input = v[i]->resume_input;

		for (k = 1; i + k < count && v[i + k]->resume_input == input; k++)
			continue;
		if (!weir_resume(n, n->element->index, input, v + i, k))
			weir_emit_all(n, WEIR_DROP + h->lost, v + i, k);
	}
}

bool handoff_task(struct weir_node *n, struct handoff *h, unsigned burst)
{
	struct packet *v[WEIR_BATCH_MAX];
	bool did = false;

	for (unsigned w = weir_workers_next(&h->peers, 0); h->lane && w < WEIR_WORKERS_MAX;
	     w = weir_workers_next(&h->peers, w + 1)) {
		struct weir_ring *r = from(h, w);
		const unsigned got = r ? weir_ring_take(r, v, burst) : 0;

		fetch(v, got);
		go_on(n, h, v, got);
		did |= got;
	}
	return did;
}

// --- the ledger ---
void handoff_passed(const struct handoff *h, uint32_t *put, uint32_t *taken)
{
	*put = *taken = 0;
	for (unsigned w = weir_workers_next(&h->peers, 0); h->lane && w < WEIR_WORKERS_MAX;
	     w = weir_workers_next(&h->peers, w + 1)) {
		*put += h->lane[w].ring.tail;
		*taken += h->lane[w].ring.head;
	}
}

unsigned handoff_held(const struct handoff *h)
{
	unsigned sum = 0;

	for (unsigned w = weir_workers_next(&h->peers, 0); h->lane && w < WEIR_WORKERS_MAX;
	     w = weir_workers_next(&h->peers, w + 1))
		sum += weir_ring_length(&h->lane[w].ring);
	return sum;
}

unsigned handoff_capacity(const struct weir_element *e)
{
	const unsigned n = weir_workers_count(&e->runs);

	return n < 2 ? 0 : n * (n - 1) * places(n);
}
