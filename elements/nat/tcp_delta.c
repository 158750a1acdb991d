// SPDX-License-Identifier: BSD-2-Clause
// Sequence numbers that differ on both sides of a translator.
#include "tcp_delta.h"

#include <weir/csum.h>

#include <errno.h>
#include <sched.h>

enum { READ_TRIES = 64, WINDOW = 1 << 30, TCP_OPT_END = 0, TCP_OPT_NOP = 1, TCP_OPT_SACK = 5 };

int tcp_deltas_open(struct tcp_deltas *d)
{
	if (d->area.at)
		return 0;
	d->fresh = 1;
	return weir_area_grow(&d->area, TCP_DELTA_MOST * sizeof(struct tcp_delta), false);
}

void tcp_deltas_close(struct tcp_deltas *d)
{
	weir_area_free(&d->area);
}

static struct tcp_delta *at(const struct tcp_deltas *d, uint32_t index)
{
	return (struct tcp_delta *)d->area.at + index;
}

// For the first PORT of a connection and when it ends.
static void lock(struct tcp_deltas *d)
{
	while (__atomic_exchange_n(&d->lock, 1, __ATOMIC_ACQUIRE))
		sched_yield();
}

static void unlock(struct tcp_deltas *d)
{
	__atomic_store_n(&d->lock, 0, __ATOMIC_RELEASE);
}

static bool begin(struct tcp_delta *x, uint32_t *version)
{
	*version = __atomic_load_n(&x->version, __ATOMIC_RELAXED);
	if (*version & 1 || !__atomic_compare_exchange_n(&x->version, version, *version + 1, false,
							 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	return true;
}

static void end(struct tcp_delta *x, uint32_t version)
{
	__atomic_store_n(&x->version, version + 2, __ATOMIC_RELEASE);
}

// Words, as who reads meanwhile throws away what it got; in this order against the version.
static void store(struct tcp_delta_way *to, const struct tcp_delta_way *from)
{
	for (unsigned i = 0; i < sizeof(*to) / sizeof(uint32_t); i++)
		__atomic_store_n((uint32_t *)to + i, ((const uint32_t *)from)[i], __ATOMIC_RELEASE);
}

static void load(struct tcp_delta_way *to, const struct tcp_delta_way *from)
{
	for (unsigned i = 0; i < sizeof(*to) / sizeof(uint32_t); i++)
		((uint32_t *)to)[i] = __atomic_load_n((const uint32_t *)from + i, __ATOMIC_ACQUIRE);
}

uint32_t tcp_delta_new(struct tcp_deltas *d, uint32_t number)
{
	const struct tcp_delta_way none = {};
	struct tcp_delta *x;
	uint32_t index, version;

	if (!d->area.at)
		return 0;
	lock(d);
	index = d->free;
	if (index)
		d->free = at(d, index)->next;
	else if (d->fresh < TCP_DELTA_MOST)
		index = d->fresh++;
	unlock(d);
	if (!index)
		return 0;
	x = at(d, index);
	if (!begin(x, &version))
		return 0;
	__atomic_store_n(&x->number, number, __ATOMIC_RELEASE);
	store(&x->way[0], &none);
	store(&x->way[1], &none);
	end(x, version);
	return index;
}

void tcp_delta_free(struct tcp_deltas *d, uint32_t index)
{
	if (!index)
		return;
	lock(d);
	at(d, index)->next = d->free;
	d->free = index;
	unlock(d);
}

static bool is_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static int32_t add_before(const struct tcp_delta_way *w, unsigned step)
{
	return step + 1 < w->n ? w->step[step + 1].add : w->add;
}

// What lies too far back to be compared, and what there is no room for, is before all steps.
static void forget(struct tcp_delta_way *w, uint32_t from)
{
	while (w->n && (w->n == TCP_DELTA_STEPS || from - w->step[w->n - 1].from > WINDOW))
		w->add = w->step[--w->n].add;
}

static bool add_step(struct tcp_delta_way *w, uint32_t from, int32_t add)
{
	struct tcp_delta_step new = {from, add};

	for (unsigned i = 0; i < w->n; i++) {
		if (w->step[i].from != from)
			continue;
		if (i)
			return w->step[i].add == add_before(w, i) + add;
		w->step[0].add = add_before(w, 0) + add;
		return true;
	}
	if (w->n && is_before(from, w->step[0].from))
		return false;
	new.add += w->n ? w->step[0].add : w->add;
	forget(w, from);
	memmove(&w->step[1], &w->step[0], w->n * sizeof(w->step[0]));
	w->step[0] = new;
	w->n++;
	return true;
}

bool tcp_delta_add(struct tcp_deltas *d, uint32_t index, unsigned direction, uint32_t from,
		   int32_t add)
{
	struct tcp_delta *x = at(d, index);
	struct tcp_delta_way w;
	uint32_t version;
	bool done;

	if (!begin(x, &version))
		return false;
	w = x->way[direction];
	done = add_step(&w, from, add);
	if (done)
		store(&x->way[direction], &w);
	end(x, version);
	return done;
}

int32_t tcp_delta_now(const struct tcp_deltas *d, uint32_t index, unsigned direction)
{
	const struct tcp_delta_way *w = index ? &at(d, index)->way[direction] : NULL;

	return !w ? 0 : w->n ? w->step[0].add : w->add;
}

uint32_t tcp_delta_seq(const struct tcp_delta_way *w, uint32_t seq)
{
	for (unsigned i = 0; i < w->n; i++)
		if (!is_before(seq, w->step[i].from))
			return seq + (uint32_t)w->step[i].add;
	return seq + (uint32_t)w->add;
}

// Never behind the place where what was changed ends, if only a part of it is acknowledged.
uint32_t tcp_delta_ack(const struct tcp_delta_way *w, uint32_t ack)
{
	uint32_t was;

	for (unsigned i = 0; i < w->n; i++) {
		was = ack - (uint32_t)w->step[i].add;
		if (!is_before(was, w->step[i].from))
			return was;
		was = ack - (uint32_t)add_before(w, i);
		if (is_before(w->step[i].from, was))
			return w->step[i].from;
	}
	return ack - (uint32_t)w->add;
}

static void edit(struct tcp *tcp, void *where, uint32_t value)
{
	const uint32_t now = __builtin_bswap32(value);
	const bool odd = ((uintptr_t)where - (uintptr_t)tcp) & 1;
	uint32_t was;

	memcpy(&was, where, sizeof(was));
	memcpy(where, &now, sizeof(now));
	tcp->csum = weir_csum_edit32(tcp->csum, (be32){odd ? __builtin_bswap32(was) : was},
				     (be32){odd ? __builtin_bswap32(now) : now});
}

static uint32_t read_number(const void *where)
{
	be32 v;

	memcpy(&v, where, sizeof(v));
	return rd32(v);
}

static void apply_sack(struct packet *p, const struct tcp_delta_way *back)
{
	struct tcp *tcp = weir_transport_at(p, 0, sizeof(*tcp));
	const unsigned len = (tcp->off >> 4) * 4u;
	uint8_t *o = weir_transport_at(p, 0, len);
	unsigned i = sizeof(*tcp);

	if (!o)
		return;
	while (i < len && o[i] != TCP_OPT_END) {
		const unsigned n = o[i] == TCP_OPT_NOP ? 1 : i + 1 < len ? o[i + 1] : 0;

		if (!n || (n < 2 && o[i] != TCP_OPT_NOP) || i + n > len)
			return;
		for (unsigned k = 2; o[i] == TCP_OPT_SACK && k + 4 <= n; k += 4)
			edit(tcp, o + i + k, tcp_delta_ack(back, read_number(o + i + k)));
		i += n;
	}
}

// A snapshot of both directions; false: it changes all the time. One that was given to another
// session says that there is nothing to change.
static bool snapshot(const struct tcp_delta *x, uint32_t number, struct tcp_delta_way way[2])
{
	for (unsigned i = 0; i < READ_TRIES; i++) {
		const uint32_t version = __atomic_load_n(&x->version, __ATOMIC_ACQUIRE);
		const bool is_ours = __atomic_load_n(&x->number, __ATOMIC_ACQUIRE) == number;

		load(&way[0], &x->way[0]);
		load(&way[1], &x->way[1]);
		if (version & 1 || __atomic_load_n(&x->version, __ATOMIC_RELAXED) != version)
			continue;
		if (!is_ours)
			memset(way, 0, 2 * sizeof(*way));
		return true;
	}
	return false;
}

bool tcp_delta_apply(const struct tcp_deltas *d, uint32_t index, uint32_t number,
		     unsigned direction, struct packet *p)
{
	struct tcp *tcp = weir_transport_at(p, 0, sizeof(*tcp));
	struct tcp_delta_way way[2];

	if (!index || !tcp)
		return true;
	if (!snapshot(at(d, index), number, way))
		return false;
	edit(tcp, &tcp->seq, tcp_delta_seq(&way[direction], rd32(tcp->seq)));
	if (!(tcp->flags & TCP_ACK))
		return true;
	edit(tcp, &tcp->ack, tcp_delta_ack(&way[!direction], rd32(tcp->ack)));
	if (tcp->off > 5 << 4)
		apply_sack(p, &way[!direction]);
	return true;
}
