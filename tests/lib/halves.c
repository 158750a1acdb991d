// SPDX-License-Identifier: BSD-2-Clause
#include "halves.h"

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <entry.skel.h>
#include <errno.h>
#include <lang.h>
#include <program.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROUNDS = 6, MTU = 1500, MAX_CPUS = 1024 };
static const uint8_t MAC[6] = {2, 0, 0, 0, 0, 1};

static unsigned queue_rx(struct weir_queue *base, struct packet **v, unsigned)
{
	struct halves_queue *q = (struct halves_queue *)base;

	if (!q->p)
		return 0;
	v[0] = q->p;
	q->p = NULL;
	return 1;
}

static unsigned queue_tx(struct weir_queue *, struct packet *const *, unsigned)
{
	return 0;
}

static unsigned queue_room(struct weir_queue *)
{
	return 0;
}

static bool queue_flush(struct weir_queue *)
{
	return true;
}

static const struct weir_queue_ops QUEUE = {
	.rx = queue_rx, .tx = queue_tx, .tx_room = queue_room, .flush = queue_flush};

static int open_one(struct halves_one *o, const char *text, struct weir_err *err)
{
	const struct weir_engine_options opt = {.n_workers = 1, .burst = 1, .seed = 1};
	struct lang_router flat = {};
	int rc = lang_parse(&flat, "chain", text, strlen(text), NULL, 0, err);

	o->queue.base = (struct weir_queue){.ops = &QUEUE, .fd = eventfd(0, EFD_CLOEXEC)};
	o->queue.list[0] = &o->queue.base;
	rc = rc ?: weir_router_build(&o->router, &flat, err) ?: weir_router_init(o->router, err);
	if (rc)
		return rc;
	o->device = weir_router_devices(o->router);
	o->queue.worker =
		(struct weir_device_worker){.rx = o->queue.list, .n_rx = 1, .tx = &o->queue.base};
	o->device->workers = &o->queue.worker;
	o->device->n_workers = 1;
	o->device->mtu = MTU;
	memcpy(o->device->mac, MAC, sizeof(MAC));
	return weir_engine_open(&o->engine, o->router, &opt, err);
}

static void close_one(struct halves_one *o)
{
	weir_engine_close(o->engine);
	weir_router_free(o->router);
	close(o->queue.base.fd);
}

// --- the router in userspace: its FromDevice did not count what came with marks ---
static bool alone_runs(void *, const struct weir_element *e)
{
	return weir_is_entry(e);
}

static void alone_counts(void *arg, const struct weir_element *, unsigned first,
			 struct weir_count *v, unsigned n)
{
	const struct halves *h = arg;

	if (!first && n)
		v[0] = h->marked;
}

static int alone_changed(void *, const struct weir_element *, struct weir_err *)
{
	return 0;
}

static uint64_t alone_waiting(void *)
{
	return 0;
}

static bool alone_state(void *, const struct weir_element *, unsigned, void *)
{
	return false;
}

static void alone_losses(void *, void (*)(void *, const char *, uint64_t, uint64_t), void *) {}

static const struct weir_half_ops ALONE = {
	.runs = alone_runs,
	.counts = alone_counts,
	.state = alone_state,
	.changed = alone_changed,
	.waiting = alone_waiting,
	.losses = alone_losses,
};

// --- the driver's half, without an interface ---
static int open_entry(struct halves *h)
{
	struct entry *skel = entry__open();
	__u32 zero = 0;
	int rc;

	h->device.program = (struct xsk_program){.skel = skel, .link_fd = -1, .n_queues = 1};
	if (!skel)
		return -errno;
	memcpy(skel->rodata->args.mac, MAC, sizeof(MAC));
	h->socket_fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	h->xsk.sockets_fd = bpf_map_create(BPF_MAP_TYPE_XSKMAP, "sockets", 4, 4, 1, NULL);
	if (h->socket_fd < 0 || h->xsk.sockets_fd < 0)
		return -errno;
	rc = bpf_map_update_elem(h->xsk.sockets_fd, &zero, &h->socket_fd, BPF_ANY) ?:
		xsk_steer_open(&h->xsk.steer, 1)				   ?:
		weir_xsk_share(&h->xsk, skel->obj)				   ?:
		entry__load(skel);
	h->device.program.front_fd = bpf_map__fd(skel->maps.front);
	h->entry_fd = rc ? -1 : bpf_program__fd(skel->progs.weir_entry);
	return rc;
}

// The program that FromDevice leads to; -1 if the front has none.
static int first_program(const struct halves *h, __u32 slot)
{
	__u32 id;

	if (bpf_map_lookup_elem(bpf_map__fd(h->device.program.skel->maps.front), &slot, &id))
		return -1;
	return bpf_prog_get_fd_by_id(id);
}

// Packets with marks go on coming into the parts: the path knows what the entry program writes.
static void halves_compile(struct halves *h)
{
	int fd;

	weir_front_compile(h->front);
	fd = first_program(h, 1);
	h->compiled = fd >= 0;
	if (fd >= 0)
		close(fd);
}

static int open_both(struct halves *h, struct weir_err *err)
{
	const struct weir_place_options place = {.object = weir_front_object};
	const struct weir_front_options opt = {.gone_drop = true};
	int rc = open_entry(h);

	h->rx.front = h->queue.fill.front = true;
	h->rx.ring.producer = &h->nothing;
	h->queue.rx = &h->rx;
	h->queue.n_rx = 1;
	h->queue.sock.fd = -1;
	h->device.queues = &h->queue;
	h->device.n_queues = 1;
	h->both.device->opened = &h->device;
	rc = rc ?: weir_place(&h->plan, h->both.router, &place, err) ?:
		weir_front_open(&h->front, &h->plan, &h->xsk, &opt, err);
	if (!rc)
		weir_engine_half(h->both.engine, &weir_front_half, h->front);
	return rc;
}

int halves_open(struct halves *h, const char *text, bool compile)
{
	struct weir_err err = {};
	int rc;

	*h = (struct halves){.first_fd = -1, .entry_fd = -1, .socket_fd = -1};
	h->xsk.sockets_fd = -1;
	rc = open_one(&h->alone, text, &err) ?: open_one(&h->both, text, &err) ?:
		open_both(h, &err);
	if (rc) {
		fprintf(stderr, "%s%s: %s\n", text, strerror(-rc), err.text ? err.text : "");
	} else {
		weir_engine_half(h->alone.engine, &ALONE, h);
		h->first_fd = first_program(h, 0);
		if (compile)
			halves_compile(h);
	}
	weir_err_free(&err);
	return rc;
}

void halves_close(struct halves *h)
{
	if (h->first_fd >= 0)
		close(h->first_fd);
	weir_front_close(h->front);
	weir_plan_free(&h->plan);
	close_one(&h->alone);
	close_one(&h->both);
	entry__destroy(h->device.program.skel);
	if (h->socket_fd >= 0)
		close(h->socket_fd);
	xsk_steer_close(&h->xsk.steer);
	if (h->xsk.sockets_fd >= 0)
		close(h->xsk.sockets_fd);
}

// --- packets ---
static struct packet *blank(struct halves_one *o)
{
	struct packet *p =
		weir_packet_new(&o->engine->workers[0].nodes[0], WEIR_HEADROOM, PROGRAM_LONGEST);

	if (p) {
		memset((uint8_t *)p + sizeof(*p), 0, p->room - sizeof(*p));
		p->device = o->device->index;
	}
	return p;
}

// What it finds out of the packet as it is received.
static uint8_t type_of(const uint8_t *frame)
{
	static const uint8_t ALL[6] = {255, 255, 255, 255, 255, 255};

	if (!memcmp(frame, MAC, sizeof(MAC)))
		return WEIR_HOST;
	if (!(frame[0] & 1))
		return WEIR_OTHERHOST;
	return memcmp(frame, ALL, sizeof(ALL)) != 0 ? WEIR_MULTICAST : WEIR_BROADCAST;
}

// The element and input behind FromDevice.
static void resume_at_first(const struct halves_one *o, struct packet *p)
{
	for (unsigned i = 0; i < o->router->n_connections; i++) {
		const struct weir_connection *c = &o->router->connections[i];

		if (!weir_is_entry(c->from))
			continue;
		p->resume_element = (uint16_t)c->to->index;
		p->resume_input = (uint16_t)c->to_port;
	}
}

static void deliver(struct halves_one *o, struct packet *p)
{
	o->queue.p = p;
	for (unsigned i = 0; i < ROUNDS; i++)
		weir_worker_round(&o->engine->workers[0]);
}

int halves_to_alone(struct halves *h, const struct packet *from, bool marked)
{
	struct packet *p = blank(&h->alone);
	const uint32_t start = sizeof(*p) + WEIR_HEADROOM;
	uint32_t end = from->off + from->len;

	if (!p)
		return -ENOMEM;
	// both kinds of packets have the same headroom
	memcpy((uint8_t *)p + start, (const uint8_t *)from + start, end - start);
	p->off = from->off;
	p->len = from->len;
	p->resume_element = WEIR_RESUME_NONE;
	if (marked) {
		p->mac = from->mac;
		p->network = from->network;
		p->transport = from->transport;
		p->type = from->type;
		memcpy(p->anno, from->anno, sizeof(p->anno));
		resume_at_first(&h->alone, p);
		h->marked.packets++;
		h->marked.bytes += p->len;
	} else {
		p->mac = (uint16_t)p->off;
		p->type = type_of(weir_data(p));
	}
	deliver(&h->alone, p);
	return 0;
}

// Counted as if the entry program had passed it on.
static int count_entered(const struct halves *h, uint32_t len)
{
	static struct weir_entry_count v[MAX_CPUS];
	int fd = bpf_map__fd(h->device.program.skel->maps.counts);
	__u32 zero = 0;

	if (libbpf_num_possible_cpus() > MAX_CPUS)
		return -E2BIG;
	if (bpf_map_lookup_elem(fd, &zero, v))
		return -errno;
	v[0].front++;
	v[0].front_bytes += len;
	return bpf_map_update_elem(fd, &zero, v, BPF_ANY);
}

int halves_to_both(struct halves *h, const struct packet *from, bool marked)
{
	struct packet *p = blank(&h->both);
	struct program_end end;
	int rc;

	if (!p)
		return -ENOMEM;
	rc = program_follow(marked ? h->first_fd : h->entry_fd, from, marked, p, &end);
	if (!rc && marked)
		rc = count_entered(h, from->len);
	if (!rc && end.verdict != XDP_DROP && !(end.verdict == XDP_REDIRECT && end.has_block))
		rc = -EPROTO; // there is no other way out
	if (rc || end.verdict == XDP_DROP) {
		weir_packet_free(&h->both.engine->workers[0].nodes[0], p);
		return rc;
	}
	p->resume_element = end.element;
	p->resume_input = end.input;
	deliver(&h->both, p);
	return 0;
}

bool halves_in_driver(const struct halves *h, const struct weir_element *e)
{
	return h->plan.placed[e->index].side == WEIR_DRIVER && !weir_is_entry(e);
}
