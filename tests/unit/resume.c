// SPDX-License-Identifier: BSD-2-Clause

// Frames that the driver's half had: what the block in front of them says, also where somebody who
// means no good wrote it. The test stands on the kernel's side of the rings.

#include <abi/meta.h>
#include <criterion/criterion.h>
#include <rx.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE = 64, BUFFERS = 128, LEN = 100 };

struct rings {
	uint32_t rx_producer, rx_consumer, fill_producer, fill_consumer, flags;
	struct xdp_desc rx_ring[SIZE];
	uint64_t fill[SIZE];
	struct weir_pool pool;
	struct xsk_rx rx;
	struct xsk_fill filling;
	struct packet *p; // last received
};

static struct rings *rings_open(bool aligned)
{
	struct rings *r = aligned_alloc(XSK_LINES, sizeof(*r));
	struct weir_err err = {};

	memset(r, 0, sizeof(*r));
	cr_assert_eq(weir_pool_open(&r->pool,
				    &(struct weir_pool_want){
					    .n = BUFFERS, .max_len = 1522, .aligned = aligned},
				    &err),
		     0);
	r->pool.unaligned = !aligned; // also where there are no hugepages
	weir_err_free(&err);
	r->filling = (struct xsk_fill){
		.ring = {.producer = &r->fill_producer,
			 .consumer = &r->fill_consumer,
			 .flags = &r->flags,
			 .desc = r->fill,
			 .mask = SIZE - 1,
			 .size = SIZE},
		.fd = -1,
		.pool = &r->pool,
		.cache = &r->pool.caches[0],
		.supply = SIZE,
		.front = true,
	};
	r->rx = (struct xsk_rx){
		.base = {.ops = &xsk_rx_ops, .fd = -1},
		.ring = {.producer = &r->rx_producer,
			 .consumer = &r->rx_consumer,
			 .flags = &r->flags,
			 .desc = r->rx_ring,
			 .mask = SIZE - 1,
			 .size = SIZE},
		.pool = &r->pool,
		.cache = &r->pool.caches[0],
		.fill = &r->filling,
		.owns_fill = true,
		.front = true,
	};
	return r;
}

static void rings_close(struct rings *r)
{
	weir_pool_close(&r->pool);
	free(r);
}

// The frame of the next buffer in the fill ring, which begins `shift` bytes from where frames do.
static uint8_t *next_frame(struct rings *r, int shift)
{
	uint64_t base = r->fill[r->fill_consumer % SIZE];
	struct packet *p = weir_pool_packet(&r->pool, base);

	return (uint8_t *)p + (int)r->pool.data_at + shift;
}

static void arrive(struct rings *r, int shift, uint32_t len)
{
	uint64_t base = r->fill[r->fill_consumer++ % SIZE];
	uint32_t off = (uint32_t)((int)(r->pool.data_at - r->pool.chunk_at) + shift);

	r->rx_ring[r->rx_producer++ % SIZE] = (struct xdp_desc){
		.addr = r->pool.unaligned ? base | (uint64_t)off << XSK_UNALIGNED_BUF_OFFSET_SHIFT
					  : base + off,
		.len = len,
	};
}

static struct packet *receive(struct rings *r)
{
	cr_assert_eq(r->rx.base.ops->rx(&r->rx.base, &r->p, 1), 1);
	return r->p;
}

static struct weir_meta block(void)
{
	struct weir_meta m = {
		.magic = WEIR_META_MAGIC,
		.element = 7,
		.input = 2,
		.off = 14,
		.network = 14,
		.transport = 34,
		.type = WEIR_BROADCAST,
		.rounds = 3,
	};

	m.anno[ANNO_PAINT] = 9;
	return m;
}

// What a packet becomes whose frame has this block.
static struct packet *arrive_with(struct rings *r, const struct weir_meta *m)
{
	uint8_t *frame = next_frame(r, 0);

	memset(frame, 0x55, LEN);
	memcpy(frame - sizeof(*m), m, sizeof(*m));
	arrive(r, 0, LEN);
	return receive(r);
}

static void goes_on(bool aligned, int shift)
{
	struct rings *r = rings_open(aligned);
	struct weir_meta m = block();
	struct packet *p;
	uint8_t *frame;

	xsk_fill_begin(&r->filling);
	frame = next_frame(r, shift);
	memcpy(frame - sizeof(m), &m, sizeof(m));
	arrive(r, shift, LEN);
	cr_assert_eq(xsk_rx_resumed(&r->rx), 1);
	p = receive(r);
	cr_expect_eq(xsk_rx_resumed(&r->rx), 0);
	cr_expect_eq(weir_data(p), frame + 14);
	cr_expect_eq(p->len, LEN - 14);
	cr_expect_eq(weir_mac(p, 14), frame);
	cr_expect_eq((void *)weir_ip4(p), frame + 14);
	cr_expect_eq(weir_transport_at(p, 0, 8), frame + 34);
	cr_expect_eq(p->type, WEIR_BROADCAST);
	cr_expect_eq(p->rounds, 3);
	cr_expect_eq(weir_anno_u8(p, ANNO_PAINT), 9);
	cr_expect_eq(p->resume_element, 7);
	cr_expect_eq(p->resume_input, 2);
	rings_close(r);
}

Test(resume, a_packet_goes_on_where_the_block_says)
{
	goes_on(true, 0);
	goes_on(false, 0);
}

Test(resume, a_head_that_the_driver_moved_is_found)
{
	goes_on(true, -WEIR_HEADROOM);
	goes_on(false, -WEIR_HEADROOM);
}

Test(resume, headers_that_are_not_set_stay_so)
{
	struct rings *r = rings_open(true);
	struct weir_meta m = block();
	struct packet *p;

	m.mac = m.network = m.transport = WEIR_META_NONE;
	xsk_fill_begin(&r->filling);
	p = arrive_with(r, &m);
	cr_expect_eq(p->resume_element, 7);
	cr_expect_null(weir_mac(p, 1));
	cr_expect_null(weir_ip4(p));
	cr_expect_null(weir_transport_at(p, 0, 1));
	rings_close(r);
}

static void expect_bad(struct rings *r, const struct weir_meta *m, const char *what)
{
	struct packet *p = arrive_with(r, m);

	cr_expect_eq(p->resume_element, WEIR_RESUME_BAD, "%s", what);
	cr_expect_eq(p->off, r->pool.data_at, "%s", what);
	cr_expect_eq(p->len, LEN, "%s", what);
	cr_expect_null(weir_ip4(p), "%s", what);
}

Test(resume, a_block_that_points_out_of_the_frame_is_refused)
{
	struct rings *r = rings_open(true);
	struct weir_meta m;

	xsk_fill_begin(&r->filling);
	m = block(), m.off = LEN + 1, expect_bad(r, &m, "start");
	m = block(), m.mac = LEN + 1, expect_bad(r, &m, "link header");
	m = block(), m.network = LEN - 19, expect_bad(r, &m, "network header");
	m = block(), m.network = 0xfffe, expect_bad(r, &m, "network header, far");
	m = block(), m.transport = LEN + 1, expect_bad(r, &m, "transport header");
	m = block(), m.type = WEIR_OUTGOING + 1, expect_bad(r, &m, "type");
	// the edges of what may be
	m = block();
	m.off = m.mac = m.transport = LEN;
	m.network = LEN - 20;
	cr_expect_eq(arrive_with(r, &m)->resume_element, 7);
	cr_expect_eq(r->p->len, 0);
	rings_close(r);
}

// The same buffer comes again, this time without a block: neither the old one nor what an element
// left in the headroom may be taken for one.
static void comes_again(int shift)
{
	struct rings *r = rings_open(true);
	const struct weir_meta m = block();
	struct packet *p;

	xsk_fill_begin(&r->filling);
	p = arrive_with(r, &m);
	cr_assert_eq(p->resume_element, 7);
	memcpy((uint8_t *)p + r->pool.data_at + shift - sizeof(m), &m, sizeof(m));
	weir_cache_put(&r->pool.caches[0], &p, 1);
	for (unsigned i = 0; i < 2 * SIZE; i++) {
		arrive(r, shift, LEN);
		receive(r);
		cr_expect_eq(r->p->resume_element, WEIR_RESUME_NONE);
		cr_expect_eq(r->p->off, (int)r->pool.data_at + shift);
		weir_cache_put(&r->pool.caches[0], &r->p, 1);
	}
	rings_close(r);
}

Test(resume, what_stands_in_the_headroom_is_no_block)
{
	comes_again(0);
	comes_again(16); // hardware that writes in front of the frame
}

Test(resume, without_a_front_nothing_is_read)
{
	struct rings *r = rings_open(true);
	const struct weir_meta m = block();

	r->rx.front = r->filling.front = false;
	xsk_fill_begin(&r->filling);
	cr_expect_eq(arrive_with(r, &m)->resume_element, WEIR_RESUME_NONE);
	cr_expect_eq(r->p->len, LEN);
	cr_expect_eq(xsk_rx_resumed(&r->rx), 0);
	rings_close(r);
}
