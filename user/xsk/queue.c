// SPDX-License-Identifier: BSD-2-Clause

// The hot half: packets in and out of the rings.

#include "queue.h"

#include <abi/hdr.h>
#include <abi/meta.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
	BURST = 64, // buffers moved between rings and pool at a time
	ETH_LEN = 14,
	CONTD = 1, // XDP_PKT_CONTD: the frame goes on in the next descriptor
	MAX_KICKS = 256,
};
static const uint64_t MAC_MASK = 0xffffffffffff;
static const uint64_t BASE_MASK = XSK_UNALIGNED_BUF_ADDR_MASK;

static void wake_rx(struct xsk_queue *q)
{
	recvfrom(q->sock.fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
}

// Buffers keep the bytes of the packets before. Where the driver has no block to write, the frame
// begins at data_at, or a few bytes later if the hardware writes something in front of it.
void xsk_queue_forget(const struct weir_pool *pool, struct packet *p)
{
	memset((uint8_t *)p + pool->data_at - sizeof(struct weir_meta), 0,
	       sizeof(struct weir_meta));
}

// Gives the fill ring what it is owed, as far as the pool can.
static void refill(struct xsk_queue *q)
{
	struct xsk_ring *fill = &q->sock.fill;
	struct packet *v[BURST];

	while (q->owed) {
		unsigned n = q->owed < BURST ? q->owed : BURST;
		unsigned room = xsk_ring_room(fill, n);

		n = weir_cache_get_raw(q->cache, v, n < room ? n : room);
		if (!n)
			break;
		for (unsigned i = 0; i < n; i++) {
			if (q->front)
				xsk_queue_forget(q->pool, v[i]);
			*xsk_ring_addr(fill, fill->prod + i) = weir_pool_addr(q->pool, v[i]);
		}
		xsk_ring_submit(fill, n);
		q->owed -= n;
	}
}

WEIR_INLINE struct packet *received(const struct xsk_queue *q, const struct xdp_desc *d,
				    uint32_t *off)
{
	const struct weir_pool *pool = q->pool;
	uint64_t base;

	if (pool->unaligned) {
		base = d->addr & BASE_MASK;
		*off = pool->chunk_at + (uint32_t)(d->addr >> XSK_UNALIGNED_BUF_OFFSET_SHIFT);
	} else {
		base = d->addr & ~(uint64_t)(pool->chunk - 1);
		*off = (uint32_t)(d->addr - base);
	}
	return weir_pool_packet(pool, base);
}

// Reads 8 bytes, which lie in the buffer however short the frame is.
WEIR_INLINE uint8_t type_of(const struct xsk_queue *q, const uint8_t *frame)
{
	uint64_t dst;

	memcpy(&dst, frame, sizeof(dst));
	dst &= MAC_MASK;
	if (WEIR_LIKELY(dst == q->mac))
		return WEIR_HOST;
	if (!(frame[0] & 1))
		return WEIR_OTHERHOST;
	return dst == MAC_MASK ? WEIR_BROADCAST : WEIR_MULTICAST;
}

// A frame of several buffers: none of them becomes a packet.
static bool is_part(struct xsk_queue *q, const struct xdp_desc *d)
{
	bool goes_on = d->options & CONTD;

	if (WEIR_LIKELY(!goes_on && !q->skip))
		return false;
	if (!q->skip)
		q->count.multi_buffer++;
	q->skip = goes_on;
	return true;
}

// An offset of the block as one of a packet whose frame begins at `at`. False: n bytes from there
// do not lie in the frame.
static bool take_offset(uint16_t *to, uint16_t from, uint32_t n, uint32_t at, uint32_t len)
{
	*to = 0;
	if (from == WEIR_META_NONE)
		return true;
	*to = (uint16_t)(at + from);
	return from + n <= len;
}

// Takes over what the block says of the packet; false if it cannot be.
static bool take_block(struct packet *p, const struct weir_meta *m)
{
	const uint32_t at = p->off, len = p->len;

	if (m->off > len || m->type > WEIR_OUTGOING || !take_offset(&p->mac, m->mac, 0, at, len) ||
	    !take_offset(&p->network, m->network, sizeof(struct ip4), at, len) ||
	    !take_offset(&p->transport, m->transport, 0, at, len))
		return false;
	p->off = at + m->off;
	p->len = len - m->off;
	p->type = m->type;
	p->rounds = m->rounds;
	memcpy(p->anno, m->anno, sizeof(p->anno));
	p->resume_element = m->element;
	p->resume_input = m->input;
	return true;
}

// What the driver's half left in front of the frame, if it had it. It is read once: the next frame
// in this buffer may come without.
static void take_front(struct packet *p)
{
	uint8_t *at = weir_data(p) - sizeof(struct weir_meta);
	struct weir_meta m;

	if (p->off < sizeof(*p) + sizeof(m))
		return;
	memcpy(&m, at, sizeof(m));
	if (m.magic != WEIR_META_MAGIC)
		return;
	memset(at, 0, sizeof(m.magic));
	if (WEIR_LIKELY(take_block(p, &m)))
		return;
	p->mac = p->network = p->transport = 0;
	p->resume_element = WEIR_RESUME_BAD;
}

static unsigned take(struct xsk_queue *q, struct packet **v, unsigned n)
{
	struct xsk_ring *rx = &q->sock.rx;
	unsigned k = 0;
	uint64_t bytes = 0;
	uint32_t off;

	for (unsigned i = 0; i < n; i++) {
		struct packet *p = received(q, xsk_ring_desc(rx, rx->cons + i), &off);

		__builtin_prefetch((uint8_t *)p + off);
		__builtin_prefetch(p, 1);
		__builtin_prefetch((uint8_t *)p + 64, 1);
	}
	for (unsigned i = 0; i < n; i++) {
		const struct xdp_desc *d = xsk_ring_desc(rx, rx->cons + i);
		struct packet *p = received(q, d, &off);

		if (WEIR_UNLIKELY(is_part(q, d))) {
			weir_cache_put(q->cache, &p, 1);
			continue;
		}
		weir_pool_blank(q->pool, p);
		p->off = off;
		p->mac = (uint16_t)off;
		p->len = d->len;
		p->device = q->device;
		p->type = type_of(q, weir_data(p));
		bytes += d->len;
		if (q->front)
			take_front(p);
		v[k++] = p;
	}
	q->count.rx_packets += k;
	q->count.rx_bytes += bytes;
	return k;
}

unsigned xsk_queue_resumed(struct xsk_queue *q)
{
	struct xsk_ring *rx = &q->sock.rx;
	uint32_t end = __atomic_load_n(rx->producer, __ATOMIC_ACQUIRE), magic, off;
	unsigned n = 0;

	for (uint32_t i = rx->cons; q->front && i != end; i++) {
		struct packet *p = received(q, xsk_ring_desc(rx, i), &off);

		memcpy(&magic, (uint8_t *)p + off - sizeof(struct weir_meta), sizeof(magic));
		n += magic == WEIR_META_MAGIC;
	}
	return n;
}

static unsigned queue_rx(struct weir_queue *base, struct packet **v, unsigned max)
{
	struct xsk_queue *q = (struct xsk_queue *)base;
	unsigned n = xsk_ring_ready(&q->sock.rx, max), k = 0;

	if (n) {
		k = take(q, v, n);
		xsk_ring_release(&q->sock.rx, n);
		q->owed += n;
		weir_cache_owe(q->cache, (int)n);
	} else if (q->busy_poll) {
		wake_rx(q);
	}
	if (q->owed) {
		refill(q);
		if (xsk_ring_needs_wakeup(&q->sock.fill))
			wake_rx(q);
	}
	return k;
}

// Buffers that were sent go back to the pool.
static void reclaim(struct xsk_queue *q)
{
	struct xsk_ring *comp = &q->sock.comp;
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
		q->count.tx_packets += n;
	}
}

static unsigned queue_tx_room(struct weir_queue *base)
{
	struct xsk_queue *q = (struct xsk_queue *)base;

	reclaim(q);
	return q->sock.tx.size - q->in_flight; // which counts what is still in the ring too
}

// Moves a heap packet into a buffer. NULL: it is lost.
static struct packet *into_buffer(struct xsk_queue *q, struct packet *p)
{
	struct packet *b = NULL;

	if (!p->len || p->len > q->pool->stride - q->pool->data_at || p->pool) {
		q->count.tx_invalid++;
	} else {
		b = weir_cache_get(q->cache);
		if (!b)
			q->count.tx_no_buffer++;
	}
	if (b) {
		b->len = p->len;
		memcpy(weir_data(b), weir_data(p), p->len);
	}
	if (p->pool)
		weir_cache_put(&weir_pool_find(p->pool)->caches[q->cache - q->pool->caches], &p, 1);
	else
		free(p);
	return b;
}

// Can the kernel send this buffer as it is? It rejects what is empty or longer than a chunk, and
// not every kernel gives the buffer of a rejected descriptor back.
WEIR_INLINE bool is_sendable(const struct xsk_queue *q, const struct packet *p)
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

static unsigned queue_tx(struct weir_queue *base, struct packet *const *v, unsigned n)
{
	struct xsk_queue *q = (struct xsk_queue *)base;
	struct xsk_ring *tx = &q->sock.tx;
	unsigned room = tx->size - q->in_flight, k = 0;
	uint64_t bytes = 0;

	if (room < n)
		room = queue_tx_room(base);
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
	q->count.tx_bytes += bytes;
	return n;
}

// In copy mode sending happens in this system call, a part of the ring each time (32 packets, or
// what XDP_MAX_TX_SKB_BUDGET says). Ends when the ring is empty or when nothing moves. False: it is
// worth another try soon; an interface that is down is not, what is in the ring waits for it.
static bool kick_copy(struct xsk_queue *q)
{
	const struct xsk_ring *tx = &q->sock.tx;
	uint32_t before = __atomic_load_n(tx->consumer, __ATOMIC_ACQUIRE);

	for (unsigned i = 0; i < MAX_KICKS && before != tx->prod; i++) {
		ssize_t r = sendto(q->sock.fd, NULL, 0, MSG_DONTWAIT, NULL, 0);
		uint32_t after = __atomic_load_n(tx->consumer, __ATOMIC_ACQUIRE);

		if (after == before)
			return r < 0 && errno != EAGAIN && errno != ENOBUFS && errno != EBUSY;
		before = after;
	}
	return before == tx->prod;
}

// A socket that prefers busy polling does not wake the driver by sendto: that polls the NAPI of the
// receiving side only. Some drivers send from another one (igb, with few queues), which poll wakes.
static void kick_zc(const struct xsk_queue *q)
{
	struct pollfd fd = {.fd = q->sock.fd, .events = POLLOUT};

	if (q->busy_poll)
		sendto(q->sock.fd, NULL, 0, MSG_DONTWAIT, NULL, 0);
	if (!xsk_ring_needs_wakeup(&q->sock.tx))
		return;
	if (q->busy_poll)
		poll(&fd, 1, 0);
	else
		sendto(q->sock.fd, NULL, 0, MSG_DONTWAIT, NULL, 0);
}

static bool queue_flush(struct weir_queue *base)
{
	struct xsk_queue *q = (struct xsk_queue *)base;
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

const struct weir_queue_ops xsk_queue_ops = {
	.rx = queue_rx,
	.tx = queue_tx,
	.tx_room = queue_tx_room,
	.flush = queue_flush,
};

static struct weir_queue *via(struct weir_queue *base)
{
	return &((struct xsk_queue *)base)->via->base;
}

static unsigned via_tx(struct weir_queue *base, struct packet *const *v, unsigned n)
{
	return queue_tx(via(base), v, n);
}

static unsigned via_tx_room(struct weir_queue *base)
{
	return queue_tx_room(via(base));
}

static bool via_flush(struct weir_queue *base)
{
	return queue_flush(via(base));
}

const struct weir_queue_ops xsk_queue_via_ops = {
	.rx = queue_rx,
	.tx = via_tx,
	.tx_room = via_tx_room,
	.flush = via_flush,
};

void xsk_queue_fill(struct xsk_queue *q)
{
	q->owed = q->sock.fill.size;
	refill(q);
}

void xsk_queue_unfill(struct xsk_queue *q)
{
	struct xsk_ring *fill = &q->sock.fill;
	unsigned given = fill->size - q->owed;

	for (unsigned i = 0; i < given; i++) {
		uint64_t at = *xsk_ring_addr(fill, fill->prod - 1 - i);
		struct packet *p = weir_pool_packet(q->pool, at);

		weir_cache_put(q->cache, &p, 1);
	}
	weir_cache_owe(q->cache, (int)given);
	q->owed = 0;
}
