// SPDX-License-Identifier: BSD-2-Clause
#include "wires.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { BUFFERS = 4096 };

const char wires_head[] =
	"c :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -); c[0], c[1], c[3] -> "
	"Discard;"
	"c[2] -> Paint(1) -> Strip(14) -> CheckIPHeader -> GetIPAddress(16) -> rt;";
const char wires_tail[] =
	"DropBroadcasts -> PaintTee(9) -> IPGWOptions(10.0.0.1) -> FixIPSrc(10.0.0.1) -> DecIPTTL"
	" -> IPFragmenter(1500) -> EtherEncap(0x0800, 2:0:0:0:0:1, 2:0:0:0:0:2)";

const char wires_head6[] = "c :: Classifier(12/86dd, -); c[1] -> Discard;"
			   "c[0] -> Paint(1) -> Strip(14) -> CheckIP6Header -> rt;";
const char wires_tail6[] =
	"DropBroadcasts -> PaintTee(9) -> IP6GWOptions -> DecIP6HLIM -> IP6Fragmenter(1500)"
	" -> EtherEncap(0x86dd, 2:0:0:0:0:1, 2:0:0:0:0:2)";

// From Ethernet to UDP; checksum and destination are those of each packet.
const uint8_t wires_headers[WIRES_PACKET] = {2, 0, 0,  0, 0, 9, 2, 0,  0,  0, 0, 8,  8, 0, 0x45,
					     0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1};
struct wires_destination *wires_destinations;
unsigned wires_n_destinations;
static uint64_t *wires_destinations6; // first halves, network byte order

static uint16_t header_sum(const uint8_t *h)
{
	uint32_t s = 0;

	for (unsigned i = 0; i < 20; i += 2)
		s += (uint32_t)h[i] << 8 | h[i + 1];
	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

static struct wires_destination destination(uint32_t address)
{
	struct wires_destination d = {.address = __builtin_bswap32(address)};
	uint8_t h[20];

	memcpy(h, wires_headers + 14, sizeof(h));
	memcpy(h + 16, &d.address, sizeof(d.address));
	d.sum = __builtin_bswap16(header_sum(h));
	return d;
}

// Prefix lengths of an Internet table, roughly: 55 % /24, 25 % /20../23, 20 % /16../19.
struct weir_buf wires_routes(unsigned n_prefixes, unsigned n_out)
{
	struct weir_buf b = {};
	uint32_t x = 1;

	wires_destinations = realloc(wires_destinations, n_prefixes * sizeof(*wires_destinations));
	if (!wires_destinations)
		abort();
	wires_n_destinations = n_prefixes;
	weir_printf(&b, "0.0.0.0/0 0");
	for (unsigned i = 0; i < n_prefixes; i++) {
		x = x * 1664525 + 1013904223;
		unsigned kind = (x >> 8) % 100, len = kind < 55	  ? 24
						      : kind < 80 ? 20 + kind % 4
								  : 16 + kind % 4;
		x = x * 1664525 + 1013904223;
		uint32_t a = x & ~(0xffffffffu >> len);

		weir_printf(&b, ", %u.%u.%u.%u/%u %u", a >> 24, a >> 16 & 255, a >> 8 & 255,
			    a & 255, len, i % n_out);
		wires_destinations[i] = destination(a | (x >> 3 & 0xff));
	}
	return b;
}

// Prefixes of the first 64 bits, nearly half of them /48, as in the Internet's table.
struct weir_buf wires_routes6(unsigned n_prefixes)
{
	struct weir_buf b = {};
	uint64_t x = 1;

	wires_destinations6 = realloc(wires_destinations6, n_prefixes * sizeof(uint64_t));
	if (!wires_destinations6)
		abort();
	weir_printf(&b, "::/0 0");
	for (unsigned i = 0; i < n_prefixes; i++) {
		const unsigned len = i % 2 ? 48 : 29 + i / 2 % 20;
		uint64_t a;

		x = x * 6364136223846793005 + 1442695040888963407;
		a = (1ULL << 61 | x >> 3) & ~0ULL << (64 - len);
		weir_printf(&b, ", %x:%x:%x::/%u 0", (unsigned)(a >> 48),
			    (unsigned)(a >> 32 & 0xffff), (unsigned)(a >> 16 & 0xffff), len);
		wires_destinations6[i] = __builtin_bswap64(a | (x & 0xff));
	}
	return b;
}

void wires_write6(uint8_t *data, unsigned i)
{
	static const uint8_t head[] = {2,    0,	   0, 0, 0, 9, 2, 0,  0,  0,	0, 8,	 0x86,
				       0xdd, 0x60, 0, 0, 0, 0, 8, 17, 64, 0x20, 1, 0x0d, 0xb8};

	memcpy(data, head, sizeof(head));
	memset(data + sizeof(head), 0, WIRES_PACKET6 - sizeof(head));
	memcpy(data + 38, &wires_destinations6[i], sizeof(*wires_destinations6));
	data[53] = 1;
	data[59] = 8; // length of UDP
}

// How many packets may be given now.
static uint64_t allowed(struct wire *w)
{
	uint64_t under_way = w->given - w->seen_sent;

	if (w->sender && under_way >= WIRES_WINDOW / 2) {
		w->seen_sent = wire_sent(w->sender);
		under_way = w->given - w->seen_sent;
	}
	if (!w->sender || w->left < WIRES_WINDOW - under_way)
		return w->left;
	return under_way < WIRES_WINDOW ? WIRES_WINDOW - under_way : 0;
}

static unsigned wire_rx(struct weir_queue *q, struct packet **v, unsigned max)
{
	struct wire *w = (struct wire *)q;
	uint64_t may = allowed(w);
	unsigned n = weir_cache_get_raw(w->cache, v, may < max ? (unsigned)may : max);

	// what a card would write there is in no other core's cache
	for (unsigned i = 0; i < n; i++)
		__builtin_prefetch(v[i], 1);
	for (unsigned i = 0; i < n; i++) {
		weir_pool_blank(w->cache->pool, v[i]);
		weir_set_mac(v[i]);
		v[i]->len = WIRES_PACKET;
		wires_write(weir_data(v[i]), w->next);
		w->next = w->next + 1 < wires_n_destinations ? w->next + 1 : 0;
	}
	w->left -= n;
	w->given += n;
	return n;
}

static unsigned wire_tx(struct weir_queue *q, struct packet *const *v, unsigned n)
{
	struct wire *w = (struct wire *)q;

	weir_cache_put(w->cache, v, n);
	__atomic_store_n(&w->sent, w->sent + n, __ATOMIC_RELAXED);
	return n;
}

static unsigned wire_room(struct weir_queue *)
{
	return WEIR_BATCH_MAX;
}

static bool wire_flush(struct weir_queue *)
{
	return true;
}

static const struct weir_queue_ops ops = {
	.rx = wire_rx, .tx = wire_tx, .tx_room = wire_room, .flush = wire_flush};

int wires_open(struct wires *w, struct weir_router *r, unsigned n_workers, struct weir_err *err)
{
	const struct weir_pool_want want = {
		.n = BUFFERS * n_workers, .max_len = 1514, .n_workers = n_workers};
	int rc = weir_pool_open(&w->pool, &want, err);

	if (rc)
		return rc;
	w->n = n_workers;
	w->wire = aligned_alloc(_Alignof(struct wire), n_workers * sizeof(*w->wire));
	w->workers = calloc(n_workers, sizeof(*w->workers));
	w->rx = calloc(n_workers, sizeof(struct weir_queue *));
	if (!w->wire || !w->workers || !w->rx)
		abort();
	for (unsigned i = 0; i < n_workers; i++) {
		w->wire[i] = (struct wire){
			.base = {.ops = &ops, .fd = eventfd(0, EFD_CLOEXEC)},
			.cache = &w->pool.caches[i],
			.next = wires_n_destinations / n_workers * i,
		};
		w->rx[i] = &w->wire[i].base;
		w->workers[i] = (struct weir_device_worker){
			.rx = &w->rx[i], .n_rx = 1, .tx = &w->wire[i].base};
	}
	for (struct weir_device *d = weir_router_devices(r); d; d = d->next) {
		d->workers = w->workers;
		d->n_workers = n_workers;
		d->mtu = 1500;
	}
	return 0;
}

void wires_close(struct wires *w)
{
	for (unsigned i = 0; i < w->n; i++)
		close(w->wire[i].base.fd);
	free(w->wire);
	free(w->workers);
	free(w->rx);
	weir_pool_close(&w->pool);
	*w = (struct wires){};
}
