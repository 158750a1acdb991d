// SPDX-License-Identifier: BSD-2-Clause

// The hot half of sending: packets into the TX ring, buffers back from the completion ring, and
// what workers hand over to each other for that.

#include "tx.h"

#include <weir/node.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
	BURST = 64, // buffers moved between rings and pool at a time
	MAX_KICKS = 256,
};
static const uint64_t BASE_MASK = XSK_UNALIGNED_BUF_ADDR_MASK;

// Buffers that were sent go back to the pool.
static void reclaim(struct xsk_tx *q)
{
	struct xsk_ring *comp = &q->comp;
	const uint64_t mask = q->pool->unaligned ? BASE_MASK : ~(uint64_t)(q->pool->chunk - 1);
	struct packet *v[BURST];
	unsigned n;

	while ((n = xsk_ring_ready(comp, BURST))) {
		for (unsigned i = 0; i < n; i++) {
			uint64_t at = *xsk_ring_addr(comp, comp->cons + i) & mask;

			v[i] = (struct packet *)(q->pool->mem + at);
		}
		xsk_ring_release(comp, n);
		weir_cache_put(q->cache, v, n);
		q->in_flight -= n;
		q->count.packets += n;
	}
}

static unsigned tx_room(struct weir_queue *base)
{
	struct xsk_tx *q = (struct xsk_tx *)base;

	reclaim(q);
	return q->ring.size - q->in_flight; // which counts what is still in the ring too
}

// Moves a packet of the heap or of other memory into a buffer. NULL: it is lost.
static struct packet *into_buffer(struct xsk_tx *q, struct packet *p)
{
	struct packet *b = NULL;

	if (!p->len || p->len > q->pool->stride - q->pool->data_at || p->pool == q->pool->id) {
		q->count.invalid++;
	} else {
		b = weir_cache_get(q->cache);
		if (!b)
			q->count.no_buffer++;
	}
	if (b) {
		b->len = p->len;
		memcpy(weir_data(b), weir_data(p), p->len);
		q->count.copied++;
		q->count.copied_numa += p->pool != 0;
	}
	if (p->pool)
		weir_cache_put(&weir_pool_find(p->pool)->caches[q->worker], &p, 1);
	else
		free(p);
	return b;
}

// Can the kernel send this buffer as it is? It rejects what is empty or longer than a chunk, and
// not every kernel gives the buffer of a rejected descriptor back.
WEIR_INLINE bool is_sendable(const struct xsk_tx *q, const struct packet *p)
{
	return p->pool == q->pool->id && p->len - 1 < q->pool->chunk;
}

// The address is the descriptor's, and the offset of the first byte apart from it: so a completion
// says which buffer it was, wherever in it the packet began.
WEIR_INLINE uint64_t tx_address(const struct weir_pool *pool, const struct packet *p)
{
	uint64_t base = (uint64_t)((const uint8_t *)p - pool->mem);

	return pool->unaligned ? base | (uint64_t)p->off << XSK_UNALIGNED_BUF_OFFSET_SHIFT
			       : base + p->off;
}

static unsigned tx(struct weir_queue *base, struct packet *const *v, unsigned n)
{
	struct xsk_tx *q = (struct xsk_tx *)base;
	struct xsk_ring *tx = &q->ring;
	unsigned room = tx->size - q->in_flight, k = 0;
	uint64_t bytes = 0;

	if (room < n)
		room = tx_room(base);
	if (n > room)
		n = room;
	for (unsigned i = 0; i < n; i++) {
		struct packet *p = v[i];

		if (WEIR_UNLIKELY(!is_sendable(q, p))) {
			p = into_buffer(q, p);
			if (!p)
				continue;
		}
		*xsk_ring_desc(tx, tx->prod + k++) = (struct xdp_desc){
			.addr = tx_address(q->pool, p),
			.len = p->len,
		};
		bytes += p->len;
	}
	xsk_ring_submit(tx, k);
	q->in_flight += k;
	q->count.bytes += bytes;
	return n;
}

// In copy mode sending happens in this system call, a part of the ring each time (32 packets, or
// what XDP_MAX_TX_SKB_BUDGET says). Ends when the ring is empty or when nothing moves. False: it is
// worth another try soon; an interface that is down is not, what is in the ring waits for it.
static bool kick_copy(struct xsk_tx *q)
{
	const struct xsk_ring *tx = &q->ring;
	uint32_t before = __atomic_load_n(tx->consumer, __ATOMIC_ACQUIRE);

	for (unsigned i = 0; i < MAX_KICKS && before != tx->prod; i++) {
		ssize_t r = sendto(q->fd, NULL, 0, MSG_DONTWAIT, NULL, 0);
		uint32_t after = __atomic_load_n(tx->consumer, __ATOMIC_ACQUIRE);

		if (after == before)
			return r < 0 && errno != EAGAIN && errno != ENOBUFS && errno != EBUSY;
		before = after;
	}
	return before == tx->prod;
}

// A socket that prefers busy polling does not wake the driver by sendto: that polls the NAPI of the
// receiving side only. Some drivers send from another one (igb, with few queues), which poll wakes.
static void kick_zc(const struct xsk_tx *q)
{
	struct pollfd fd = {.fd = q->fd, .events = POLLOUT};

	if (q->busy_poll)
		sendto(q->fd, NULL, 0, MSG_DONTWAIT, NULL, 0);
	if (!xsk_ring_needs_wakeup(&q->ring))
		return;
	if (q->busy_poll)
		poll(&fd, 1, 0);
	else
		sendto(q->fd, NULL, 0, MSG_DONTWAIT, NULL, 0);
}

static bool flush(struct weir_queue *base)
{
	struct xsk_tx *q = (struct xsk_tx *)base;
	bool done = true;

	if (!q->in_flight)
		return true;
	if (q->zc)
		kick_zc(q);
	else
		done = kick_copy(q);
	reclaim(q);
	return done;
}

const struct weir_queue_ops xsk_tx_ops = {.tx = tx, .tx_room = tx_room, .flush = flush};

// --- what other workers hand over ---
unsigned xsk_tx_waiting(const struct xsk_tx *q)
{
	unsigned n = 0;

	for (unsigned i = 0; i < q->n_from; i++)
		n += weir_ring_length(&q->from[i].ring);
	return n;
}

// From one worker, as many as there is room for.
static unsigned take_over(struct xsk_tx *q, struct xsk_handover *h, unsigned room)
{
	struct packet *v[BURST];
	unsigned sum = 0, n;

	while (sum < room &&
	       (n = weir_ring_take(&h->ring, v, room - sum < BURST ? room - sum : BURST))) {
		tx(&q->base, v, n);
		sum += n;
	}
	return sum;
}

static unsigned relay(struct weir_queue *base)
{
	struct xsk_tx *q = (struct xsk_tx *)base;
	unsigned room = tx_room(base), sum = 0;

	room = room > base->reserve ? room - base->reserve : 0;
	for (unsigned i = 0; i < q->n_from; i++)
		sum += take_over(q, &q->from[(q->next + i) % q->n_from], room - sum);
	q->next++; // so that a full ring has room for each of them in turn
	q->count.handed_over += sum;
	q->stuck = sum == room && xsk_tx_waiting(q);
	return sum;
}

// A ring that does not move is looked at again in a while, not for ever.
static bool has_post(const void *arg)
{
	const struct xsk_tx *q = arg;

	return !q->stuck && xsk_tx_waiting(q);
}

const struct weir_queue_ops xsk_relay_ops = {
	.tx = tx,
	.tx_room = tx_room,
	.flush = flush,
	.relay = relay,
	.has_post = has_post,
};

static unsigned hand_over(struct weir_queue *base, struct packet *const *v, unsigned n)
{
	struct xsk_handover *h = (struct xsk_handover *)base;

	n = weir_ring_put(&h->ring, v, n);
	h->news |= n;
	return n;
}

static unsigned handover_room(struct weir_queue *base)
{
	return weir_ring_room(&((struct xsk_handover *)base)->ring, WEIR_BATCH_MAX + base->reserve);
}

static bool tell(struct weir_queue *base)
{
	struct xsk_handover *h = (struct xsk_handover *)base;

	if (h->news)
		weir_notify(base->node, h->to);
	h->news = false;
	return true;
}

const struct weir_queue_ops xsk_handover_ops = {
	.tx = hand_over,
	.tx_room = handover_room,
	.flush = tell,
};

void xsk_handover_close(struct xsk_handover *h)
{
	struct packet *p;

	while (h->ring.slot && weir_ring_take(&h->ring, &p, 1))
		if (!p->pool) // others go with their pool
			free(p);
	weir_ring_close(&h->ring);
}
