// SPDX-License-Identifier: BSD-2-Clause

// The hot half of receiving: buffers into the fill ring, packets out of the RX rings.

#include "rx.h"

#include <weir/node.h>

#include <abi/hdr.h>
#include <abi/meta.h>
#include <sys/socket.h>

enum {
	BURST = 64, // buffers moved between ring and pool at a time
	CONTD = 1,  // XDP_PKT_CONTD: the frame goes on in the next descriptor
};
static const uint64_t MAC_MASK = 0xffffffffffff;
static const uint64_t BASE_MASK = XSK_UNALIGNED_BUF_ADDR_MASK;

static void wake(int fd)
{
	recvfrom(fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
}

// Buffers keep the bytes of the packets before. Where the driver has no block to write, the frame
// begins at data_at, or a few bytes later if the hardware writes something in front of it.
void xsk_forget(const struct weir_pool *pool, struct packet *p)
{
	memset((uint8_t *)p + pool->data_at - sizeof(struct weir_meta), 0,
	       sizeof(struct weir_meta));
}

// --- the fill ring ---
// Gives it what it is owed, as far as there are buffers.
static void refill(struct xsk_fill *f)
{
	struct packet *v[BURST];

	while (f->owed) {
		unsigned n = f->owed < BURST ? f->owed : BURST;
		unsigned room = xsk_ring_room(&f->ring, n);

		n = weir_cache_get_raw(f->cache, v, n < room ? n : room);
		if (!n)
			break;
		for (unsigned i = 0; i < n; i++) {
			if (f->front)
				xsk_forget(f->pool, v[i]);
			*xsk_ring_addr(&f->ring, f->ring.prod + i) = weir_pool_addr(f->pool, v[i]);
		}
		xsk_ring_submit(&f->ring, n);
		f->owed -= n;
	}
}

// What other workers took. They have told the pool that it is owed.
static void collect(struct xsk_fill *f)
{
	for (unsigned i = 0; i < f->n_others; i++) {
		struct xsk_rx *q = f->others[i];
		uint32_t taken = __atomic_load_n(&q->taken, __ATOMIC_ACQUIRE), n = taken - q->known;

		if (!n)
			continue;
		__atomic_store_n(&q->known, taken, __ATOMIC_RELAXED);
		f->owed += n;
		f->reserved += n;
		f->cache->reserve += n;
	}
}

// Only what it is still owed afterwards is a matter for the other workers too: what comes and goes
// at once would cost each batch a line that all of them write.
static void top_up(struct xsk_fill *f)
{
	unsigned before = f->cache->reserve, repaid;

	refill(f);
	repaid = before - f->cache->reserve;
	weir_cache_owe(f->cache, (int)(f->owed - f->reserved + repaid));
	f->reserved = f->owed;
	if (xsk_ring_needs_wakeup(&f->ring))
		wake(f->fd);
}

// Buffers of another worker's fill ring that its owner has not heard of.
static uint32_t unknown(const struct xsk_rx *q)
{
	return __atomic_load_n(&q->taken, __ATOMIC_RELAXED) -
	       __atomic_load_n(&q->known, __ATOMIC_RELAXED);
}

// From so many on it has to.
static uint32_t due(const struct xsk_rx *q)
{
	return (q->ring.size < q->credit ? q->ring.size : q->credit) / 4;
}

// So many buffers of the fill ring are with packets now.
static void take_from(struct xsk_rx *q, unsigned n)
{
	if (WEIR_LIKELY(q->owns_fill)) {
		q->fill->owed += n;
		return;
	}
	atomic_fetch_add_explicit(&q->cache->pool->owed, n, memory_order_relaxed);
	__atomic_store_n(&q->taken, q->taken + n, __ATOMIC_RELEASE);
	if (unknown(q) >= due(q))
		weir_notify(q->base.node, q->fill->worker);
}

// Does a worker that took a part of its ring wait for more?
static bool is_due(const void *arg)
{
	const struct xsk_fill *f = ((const struct xsk_rx *)arg)->fill;

	for (unsigned i = 0; i < f->n_others; i++) {
		if (unknown(f->others[i]) >= due(f->others[i]))
			return true;
	}
	return false;
}

void xsk_fill_begin(struct xsk_fill *f)
{
	f->owed = f->reserved = f->supply;
	weir_cache_owe(f->cache, (int)f->supply);
	refill(f);
	f->reserved = f->owed;
}

void xsk_fill_undo(struct xsk_fill *f)
{
	unsigned given = f->supply - f->owed;

	for (unsigned i = 0; i < given; i++) {
		uint64_t at = *xsk_ring_addr(&f->ring, f->ring.prod - 1 - i);
		struct packet *p = weir_pool_packet(f->pool, at);

		weir_cache_put(f->cache, &p, 1);
	}
	weir_cache_owe(f->cache, -(int)f->reserved);
	f->owed = f->reserved = 0;
}

// --- the RX rings ---
WEIR_INLINE struct packet *received(const struct xsk_rx *q, const struct xdp_desc *d, uint32_t *off)
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
WEIR_INLINE uint8_t type_of(const struct xsk_rx *q, const uint8_t *frame)
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
static bool is_part(struct xsk_rx *q, const struct xdp_desc *d)
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
	p->hash = m->hash;
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

static unsigned take(struct xsk_rx *q, struct packet **v, unsigned n)
{
	struct xsk_ring *rx = &q->ring;
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
		p->class = (uint16_t)q->base.class;
		p->type = type_of(q, weir_data(p));
		bytes += d->len;
		if (q->front)
			take_front(p);
		v[k++] = p;
	}
	q->count.packets += k;
	q->count.bytes += bytes;
	return k;
}

unsigned xsk_rx_resumed(struct xsk_rx *q)
{
	struct xsk_ring *rx = &q->ring;
	uint32_t end = __atomic_load_n(rx->producer, __ATOMIC_ACQUIRE), magic, off;
	unsigned n = 0;

	for (uint32_t i = rx->cons; q->front && i != end; i++) {
		struct packet *p = received(q, xsk_ring_desc(rx, i), &off);

		memcpy(&magic, (uint8_t *)p + off - sizeof(struct weir_meta), sizeof(magic));
		n += magic == WEIR_META_MAGIC;
	}
	return n;
}

// Of packets without priority no worker takes more than the owner of the fill ring comes after
// with: they would get buffers that others have to be received into.
static unsigned rx_ring(struct xsk_rx *q, struct packet **v, unsigned max)
{
	unsigned n, k = 0;

	if (WEIR_UNLIKELY(!q->owns_fill) && !q->base.class) {
		uint32_t taken = unknown(q), left = taken < q->credit ? q->credit - taken : 0;

		max = left < max ? left : max;
	}
	n = xsk_ring_ready(&q->ring, max);
	if (n) {
		k = take(q, v, n);
		xsk_ring_release(&q->ring, n);
		take_from(q, n);
	} else if (q->busy_poll) {
		wake(q->base.fd);
	}
	if (q->owns_fill && q->fill->owed)
		top_up(q->fill);
	return k;
}

// What waited goes on before anything is taken from a ring.
static unsigned rx_parked(struct xsk_rx *q, struct packet **v, unsigned max)
{
	unsigned n = xsk_park_go_on(q->park, v, max), room;

	if (n)
		return n;
	if (!xsk_park_is_on(q->park))
		return rx_ring(q, v, max);
	room = xsk_park_room(q->park);
	n = rx_ring(q, v, room < max ? room : max);
	return xsk_park_sieve(q->park, v, n);
}

static unsigned rx(struct weir_queue *base, struct packet **v, unsigned max)
{
	struct xsk_rx *q = (struct xsk_rx *)base;

	if (WEIR_UNLIKELY(xsk_park_is_on(q->park)))
		return rx_parked(q, v, max);
	return rx_ring(q, v, max);
}

static unsigned rx_and_fill(struct weir_queue *base, struct packet **v, unsigned max)
{
	collect(((struct xsk_rx *)base)->fill);
	return rx(base, v, max);
}

const struct weir_queue_ops xsk_rx_ops = {.rx = rx};
const struct weir_queue_ops xsk_fill_ops = {.rx = rx_and_fill, .has_post = is_due};
