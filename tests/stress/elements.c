// SPDX-License-Identifier: BSD-2-Clause

// Numbered: makes packets of FLOWS flows in turn, each of which counts its packets. The numbers of
// its flows begin at FIRST. InOrder: a sink that looks at those counts. Traffic: makes frames such
// as a router sees, also broken ones, and the ARP replies that it waits for.

#include "elements.h"

#include <weir/csum.h>
#include <weir/element.h>

enum { FLOWS_MAX = 256, BURST = 32, FRAME = 74 };

// What every packet of Numbered begins with.
struct stamp {
	uint32_t flow, count; // from 1
};

// --- Numbered ---------------------------------------------------------------------------------
struct numbered {
	uint32_t first, flows;
};
struct numbered_state {
	uint32_t next, count[FLOWS_MAX];
};

static bool numbered_task(struct weir_node *n, unsigned)
{
	const struct numbered *self = n->self;
	struct numbered_state *s = n->state;
	struct packet *v[BURST];
	unsigned made = 0;

	for (; made < BURST; made++) {
		struct packet *p = weir_packet_new(n, WEIR_HEADROOM, 64);
		struct stamp stamp;

		if (!p)
			break;
		s->next = (s->next + 1) % self->flows;
		stamp = (struct stamp){self->first + s->next, ++s->count[s->next]};
		memset(weir_data(p), 0, 64);
		memcpy(weir_data(p), &stamp, sizeof(stamp));
		v[made] = p;
	}
	weir_start(n, 0, v, made);
	return made;
}

static const struct weir_arg numbered_args[] = {
	WEIR_ARG(U32, numbered, first, "FIRST", "number of the first flow", WEIR_MAND),
	WEIR_ARG(U32, numbered, flows, "FLOWS", "how many there are", WEIR_POS, .def = "16",
		 .min = 1, .max = 16),
	{},
};

WEIR_PLAIN_ELEMENT(numbered, "Numbered", .purpose = "numbers the packets of flows", .ports = "0/1",
		   .processing = "/h", .args = numbered_args, .task = numbered_task,
		   .state_size = sizeof(struct numbered_state), .is_source = true);

// --- InOrder ----------------------------------------------------------------------------------
static uint32_t last[FLOWS_MAX]; // of a flow; writers: the worker that has it
static uint64_t seen, overtaken;

uint64_t stress_overtaken(void)
{
	return __atomic_load_n(&overtaken, __ATOMIC_RELAXED);
}

uint64_t stress_in_order(void)
{
	return __atomic_load_n(&seen, __ATOMIC_RELAXED);
}

void stress_order_begin(void)
{
	memset(last, 0, sizeof(last));
	seen = overtaken = 0;
}

struct in_order {
};

static void in_order(struct weir_node *n, unsigned, struct batch *b)
{
	for (unsigned i = 0; i < b->n; i++) {
		struct stamp stamp;
		uint32_t before;

		memcpy(&stamp, weir_data(b->p[i]), sizeof(stamp));
		before = __atomic_exchange_n(&last[stamp.flow % FLOWS_MAX], stamp.count,
					     __ATOMIC_RELAXED);
		if (before >= stamp.count)
			__atomic_fetch_add(&overtaken, 1, __ATOMIC_RELAXED);
	}
	__atomic_fetch_add(&seen, b->n, __ATOMIC_RELAXED);
	weir_end(n, b->p, b->n);
	b->n = 0;
}

WEIR_BATCH_ELEMENT(in_order, "InOrder", .purpose = "looks whether flows keep their order",
		   .ports = "1/0", .processing = "h/", .is_sink = true);

// --- Traffic ----------------------------------------------------------------------------------
struct traffic {
	uint32_t net; // the third byte of the addresses it comes from
};

static void make_arp(struct packet *p, uint32_t net, uint32_t r)
{
	struct eth *eth = (struct eth *)weir_data(p);
	struct arp4 *arp = (struct arp4 *)(eth + 1);
	uint32_t host = 2 + (r >> 8) % 32;

	eth->type = wr16(0x0806);
	*arp = (struct arp4){.htype = wr16(1),
			     .ptype = wr16(0x0800),
			     .hlen = 6,
			     .plen = 4,
			     .op = wr16(r & 1 ? 2 : 1),
			     .spa = wr32(0x0a000000 | net << 8 | host),
			     .tpa = wr32(0x0a000001 | net << 8)};
	arp->sha[0] = 2;
	arp->sha[5] = (uint8_t)host;
	weir_truncate(p, sizeof(*eth) + sizeof(*arp));
}

// A UDP packet; sometimes one that cannot be delivered, must be cut, or is broken.
static void make_ip(struct packet *p, uint32_t net, uint32_t r)
{
	struct eth *eth = (struct eth *)weir_data(p);
	struct ip4 *ip = (struct ip4 *)(eth + 1);
	uint32_t other = r & 1 ? net : 3 - net, host = 1 + (r >> 8) % 40;

	eth->type = wr16(0x0800);
	*ip = (struct ip4){.vihl = 0x45,
			   .len = wr16(FRAME - sizeof(*eth)),
			   .id = wr16((uint16_t)(r >> 16)),
			   .frag = wr16(r >> 4 & 7 ? 0 : IP4_MF),
			   .ttl = r >> 20 & 15 ? 64 : 1,
			   .proto = r >> 24 & 1 ? 17 : 6,
			   .src = wr32(0x0a000002 | net << 8),
			   .dst = wr32(0x0a000000 | other << 8 | host)};
	weir_csum_ip4_set(ip, sizeof(*ip));
	if (!(r >> 26))
		ip->csum.be ^= 1;
}

static bool traffic_task(struct weir_node *n, unsigned)
{
	const uint32_t net = ((const struct traffic *)n->self)->net;
	struct packet *v[BURST];
	unsigned made = 0;

	for (; made < BURST; made++) {
		struct packet *p = weir_packet_new(n, WEIR_HEADROOM, FRAME);
		uint32_t r = weir_random(n);

		if (!p)
			break;
		memset(weir_data(p), 0, FRAME);
		weir_data(p)[0] = 2;
		weir_data(p)[5] = r >> 28 ? (uint8_t)net : 77;
		weir_set_mac(p);
		if (r >> 22 & 15)
			make_ip(p, net, weir_random(n));
		else
			make_arp(p, net, weir_random(n));
		v[made] = p;
	}
	weir_start(n, 0, v, made);
	return made;
}

static const struct weir_arg traffic_args[] = {
	WEIR_ARG(U32, traffic, net, "NET", "1 or 2: 10.0.NET.0/24", WEIR_MAND, .min = 1, .max = 2),
	{},
};

WEIR_PLAIN_ELEMENT(traffic, "Traffic", .purpose = "makes frames of all kinds", .ports = "0/1",
		   .processing = "/h", .args = traffic_args, .task = traffic_task,
		   .is_source = true);
