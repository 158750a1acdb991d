// SPDX-License-Identifier: BSD-2-Clause
// ARPQuerier: puts an Ethernet header in front of IP packets, for the address that their
// destination annotation names, and finds out that address by ARP (RFC 826). Input 0 takes IP
// packets, input 1 ARP replies with their Ethernet header. Queries leave by output 1 if it is
// there, else by 0.
//
// Packets wait for the reply: at most CAPACITY of them (the oldest give way, RFC 1122 2.3.2.2), at
// most ENTRY_PACKET_CAPACITY for one address. An address is asked for ten times a second at most.
// It is forgotten TIMEOUT after the last reply, and asked for again (without holding packets up)
// POLL_TIMEOUT after it, when it is used. Broadcasts and multicasts need no query. IP may be given
// as a prefix, from which BROADCAST follows; ARPQuerier(NAME) takes both addresses from
// AddressInfo.
//
// With several workers, what a reply says is known to all of them, whichever heard it, and packets
// leave on the worker on which they waited. An address is asked for as often as with one. CAPACITY
// is shared; but a worker may always hold its part of it, whatever the others hold.
//
//	arpq :: ARPQuerier(18.26.4.24/24, 0:0:c0:ae:67:ef);
//	c :: Classifier(12/0806 20/0002, 12/0800); c[0] -> [1]arpq;
//	rt -> [0]arpq -> ToDevice(eth0);
#include "neighbors.h"

#include <stdio.h>

struct arp_querier {
	struct neighbors core;
	char *ip_text, *eth_text;
	be32 ip, broadcast;
	uint8_t eth[6];
	bool broadcast_poll, broadcast_given;
	struct arp_front {
		be32 ip, broadcast; // ip 0: none is known, so nothing can leave
		uint8_t eth[6];
	} front;
};

struct arp_querier_state {
	struct neighbors_state core;
};

static struct packet *ask(struct weir_node *n, struct neighbor_key k, const uint8_t *dst,
			  const struct packet *about)
{
	const struct arp_querier *self = n->self;
	struct arp_querier_state *s = n->state;
	const uint32_t len = sizeof(struct eth) + sizeof(struct arp4);
	struct packet *q = weir_packet_new(n, WEIR_HEADROOM, len);
	struct arp4 *arp;
	struct eth *eth;

	if (!q)
		return NULL; // the next packet asks again
	eth = (struct eth *)weir_data(q);
	arp = (struct arp4 *)(eth + 1);
	memset(eth->dst, 0xff, 6);
	if (dst && !self->broadcast_poll)
		memcpy(eth->dst, dst, 6);
	memcpy(eth->src, self->eth, 6);
	eth->type = wr16(ETHERTYPE_ARP);
	*arp = (struct arp4){
		.htype = wr16(1),
		.ptype = wr16(ETHERTYPE_IP4),
		.hlen = 6,
		.plen = 4,
		.op = wr16(ARP_REQUEST),
		.spa = self->ip,
		.tpa = neighbor_to_ip4(k),
	};
	memcpy(arp->sha, self->eth, 6);
	weir_set_mac(q);
	weir_set_network(q, sizeof(*eth), sizeof(*arp));
	q->tstamp = about->tstamp;
	memcpy(q->anno + ANNO_VLAN_TCI, about->anno + ANNO_VLAN_TCI, 2);
	s->core.queries++;
	weir_made(n, 1, len);
	return q;
}

static bool group(const struct neighbors *core, struct neighbor_key k, uint8_t *dst)
{
	const struct arp_querier *self = (const struct arp_querier *)core;
	be32 ip = neighbor_to_ip4(k);

	if (neighbor_multicast4(ip, dst))
		return true;
	if (rd32(ip) != 0xffffffff && ip.be != self->broadcast.be)
		return false;
	memset(dst, 0xff, 6);
	return true;
}

static const struct neighbor_class arp_neighbors = {
	.learns_all = true,
	.pause = NEIGHBOR_NS / 10,
	.asks = "ARP queries",
	.ask = ask,
	.group = group,
};

// Sends, keeps or loses one packet that is in no batch. True: it has its header now and is to
// leave by OUT.
static bool resolve(struct weir_node *n, struct packet *p)
{
	const struct arp_querier *self = n->self;
	be32 ip = weir_dst_ip(p);

	if (self->ip.be && ip.be)
		return neighbor_resolve(n, p, neighbor_ip4(ip));
	if (self->ip.be && !__atomic_exchange_n(&self->core.log->told_zero, true, __ATOMIC_RELAXED))
		fprintf(stderr,
			"%s: would query for 0.0.0.0; missing dest IP addr "
			"annotation?\n",
			n->element->name);
	neighbor_lose(n, NEIGHBOR_NO_ADDRESS, p);
	return false;
}

static bool is_reply(struct packet *p)
{
	struct eth *eth = weir_at(p, 0, sizeof(*eth) + sizeof(struct arp4));
	const struct arp4 *arp;

	if (!eth)
		return false;
	arp = (const struct arp4 *)(eth + 1);
	return rd16(eth->type) == ETHERTYPE_ARP && rd16(arp->htype) == 1 &&
	       rd16(arp->ptype) == ETHERTYPE_IP4 && arp->hlen == 6 && arp->plen == 4 &&
	       rd16(arp->op) == ARP_REPLY && !(arp->sha[0] & 1) && arp->spa.be;
}

static void replies(struct weir_node *n, struct batch *b)
{
	struct arp_querier_state *s = n->state;

	for (unsigned i = 0; i < b->n; i++) {
		struct packet *p = b->p[i];
		struct arp4 arp;

		b->bytes -= p->len;
		if (p->len >= sizeof(struct eth) + sizeof(arp))
			s->core.responses++;
		if (!is_reply(p)) {
			weir_drop(n, NEIGHBOR_BAD_REPLY, p);
			continue;
		}
		memcpy(&arp, weir_data(p) + sizeof(struct eth), sizeof(arp));
		weir_end(n, &p, 1);
		// first the others, so that none of them publishes what is no longer right
		neighbor_tell(n, neighbor_ip4(arp.spa), arp.sha);
		neighbor_insert(n, neighbor_ip4(arp.spa), arp.sha, true);
	}
	b->n = 0;
}

// From the first packet on whose neighbour is not in the cache.
static __attribute__((noinline)) void rest(struct weir_node *n, struct batch *b,
					   const struct packet *first)
{
	const unsigned count = b->n;
	unsigned i = weir_batch_find(b, first), k = i;

	for (; i < count; i++) {
		uint32_t len = b->p[i]->len;

		if (resolve(n, b->p[i]))
			b->p[k++] = b->p[i];
		else
			b->bytes -= len;
	}
	b->n = k;
}

static void arp_querier(struct weir_node *n, unsigned port, struct batch *b)
{
	struct arp_querier_state *s = n->state;
	const uint64_t now = weir_now(n);
	const unsigned count = b->n;

	if (WEIR_UNLIKELY(neighbor_has_news(n)))
		neighbor_read_news(n);
	if (WEIR_UNLIKELY(port)) {
		replies(n, b);
		return;
	}
	WEIR_UNROLL
	for (unsigned i = 0; i < count; i++) {
		struct packet *p = b->p[i];
		be32 ip = weir_dst_ip(p);
		const struct neighbor_cached4 *c = neighbor_cached4(&s->core, ip);

		if (WEIR_UNLIKELY(c->ip.be != ip.be || c->until <= now ||
				  !weir_push_front(p, sizeof(c->eth)))) {
			rest(n, b, p);
			return;
		}
		neighbor_encap(p, &c->eth);
	}
}

static bool is_other(const void *was, const void *is)
{
	const struct arp_querier *old = was, *self = is;

	return old->ip.be != self->ip.be || memcmp(old->eth, self->eth, 6) != 0;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	struct arp_querier *self = e->self;
	const char *ip = self->ip_text, *eth = self->eth_text;
	struct weir_ip4_prefix net;
	unsigned next = 0;
	int rc;

	self->core.class = &arp_neighbors;
	if (!neighbors_memory(&self->core, sizeof(*self->core.log)))
		return weir_args_error(a, -1, "out of memory");
	// the two may stand anywhere between the keywords
	if (!ip && next < a->n_rest)
		ip = a->rest[next++];
	if (!eth && next < a->n_rest)
		eth = a->rest[next++];
	if (next < a->n_rest)
		return weir_args_error(a, (int)next, "too many arguments; expected IP, ETH");
	if (!ip)
		return weir_args_error(a, -1, "expected IP, ETH");
	eth = eth ? eth : ip;
	rc = weir_parse(e, WEIR_T_IP4_PREFIX, ip, "IP", &net, a->err);
	if (weir_parse(e, WEIR_T_ETHER, eth, "ETH", self->eth, a->err))
		rc = -1;
	if (!self->core.limits.slim_factor)
		return weir_args_error(a, -1, "CAPACITY_SLIM_FACTOR cannot be zero");
	if (rc)
		return rc;
	self->ip = net.addr;
	neighbor_source(self->core.log, self->eth);
	if (!self->broadcast_given) {
		self->broadcast.be = net.addr.be | ~net.mask.be;
		if (self->broadcast.be == net.addr.be)
			self->broadcast.be = 0xffffffff;
	}
	e->len_delta = sizeof(struct eth);
	if (a->reconfigure)
		neighbors_reconfigured(e, &self->core, is_other);
	return 0;
}

static int driver(const struct weir_element *e, struct weir_front_args *a)
{
	struct arp_querier *self = e->self;

	self->front = (struct arp_front){.ip = self->ip, .broadcast = self->broadcast};
	memcpy(self->front.eth, self->eth, sizeof(self->front.eth));
	a->self = &self->front;
	a->size = sizeof(self->front);
	neighbors_shared(&self->core, a);
	return 0;
}

static int init_node(struct weir_node *n, struct weir_err *)
{
	neighbors_begin(n);
	return 0;
}

static void fini(struct weir_element *e)
{
	if (e->self)
		neighbors_memory_free(e->self);
}

static const struct weir_arg arp_querier_args[] = {
	WEIR_ARG(
		ARG, arp_querier, ip_text, "IP",
		"address of this host, or prefix, from which BROADCAST follows; the first argument "
		"without a keyword"),
	WEIR_ARG(ARG, arp_querier, eth_text, "ETH",
		 "Ethernet address; the second such argument; else IP is a name for both"),
	NEIGHBORS_ARGS(arp_querier),
	WEIR_ARG(SECONDS, arp_querier, core.limits.timeout, "TIMEOUT",
		 "how long a reply is good; 0: for ever", .def = "300"),
	WEIR_ARG(SECONDS, arp_querier, core.poll_timeout, "POLL_TIMEOUT",
		 "when an address in use is asked for again; 0: never", .def = "60"),
	WEIR_ARG(IP4, arp_querier, broadcast, "BROADCAST", "local broadcast address",
		 .given = offsetof(struct arp_querier, broadcast_given)),
	WEIR_ARG(BOOL, arp_querier, broadcast_poll, "BROADCAST_POLL",
		 "ask everyone, not the neighbour, when it is only checked", .def = "false"),
	{},
};

static const struct weir_handler arp_querier_handlers[] = {
	NEIGHBORS_HANDLERS(arp_querier),
	WEIR_SUM("responses", arp_querier, core.responses, "replies received"),
	WEIR_FIELD_RW("broadcast", IP4, arp_querier, broadcast, "local broadcast address"),
	WEIR_FIELD_RW("ipaddr", IP4, arp_querier, ip, "address of this host"),
	{},
};

WEIR_BATCH_ELEMENT(arp_querier, "ARPQuerier", .purpose = "encapsulates in Ethernet found by ARP",
		   .ports = "2/1-2", .processing = "h/h", .flow = "xy/x", .in = {"ip", "replies"},
		   .out = {"out", "queries"}, .drops = {NEIGHBOR_DROPS},
		   .state_size = sizeof(struct arp_querier_state), .args = arp_querier_args,
		   .handlers = arp_querier_handlers, .configure = configure, .driver = driver,
		   .init_node = init_node, .fini_node = neighbors_end, .fini = fini,
		   .held = neighbors_held, .keeps = neighbors_keeps, .capacity = neighbors_capacity,
		   .rest = "IP [, ETH]",
		   .rest_help = "the addresses of this host, or one name that stands for both",
		   .reconfigures = true);

WEIR_CASES(arp_querier,
	   {"10.0.0.1/24, 2:0:0:0:0:1", "ip4 udp dst_ip=10.0.0.255", "out",
	    "eth src=2:0:0:0:0:1 dst=ff:ff:ff:ff:ff:ff ip4 udp dst_ip=10.0.0.255"},
	   {"10.0.0.1, 2:0:0:0:0:1", "ip4 udp dst_ip=255.255.255.255", "out",
	    "eth src=2:0:0:0:0:1 dst=ff:ff:ff:ff:ff:ff ip4 udp dst_ip=255.255.255.255"},
	   {"10.0.0.1, 2:0:0:0:0:1", "ip4 udp dst_ip=239.129.2.3", "out",
	    "eth src=2:0:0:0:0:1 dst=1:0:5e:1:2:3 ip4 udp dst_ip=239.129.2.3"},
	   {"10.0.0.1, 2:0:0:0:0:1", "ip4 udp", "no-address", ""});
