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
#include "arp_querier.h"

#include <stdio.h>
#include <stdlib.h>

enum { OUT, QUERIES };
enum { NS = 1000000000 };

static void encap(struct packet *p, const struct eth *eth)
{
	weir_set_mac(p);
	memcpy(weir_data(p), eth, sizeof(*eth));
}

// Loses a packet that is in no batch.
static void lose(struct weir_node *n, enum arp_reason why, struct packet *p)
{
	struct arp_querier_state *s = n->state;

	s->drops++;
	weir_drop(n, why, p);
}

// The question for an address, because of a packet. dst: the neighbour itself when it is only
// checked, else NULL. NULL without a buffer: the next packet asks again.
static struct packet *make_query(struct weir_node *n, be32 ip, const uint8_t *dst,
				 const struct packet *about)
{
	const struct arp_querier *self = n->self;
	struct arp_querier_state *s = n->state;
	const uint32_t len = sizeof(struct eth) + sizeof(struct arp4);
	struct packet *q = weir_packet_new(n, WEIR_HEADROOM, len);
	struct arp4 *arp;
	struct eth *eth;

	if (!q)
		return NULL;
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
		.tpa = ip,
	};
	memcpy(arp->sha, self->eth, 6);
	weir_set_mac(q);
	weir_set_network(q, sizeof(*eth), sizeof(*arp));
	q->tstamp = about->tstamp;
	memcpy(q->anno + ANNO_VLAN_TCI, about->anno + ANNO_VLAN_TCI, 2);
	s->queries++;
	weir_made(n, 1, len);
	return q;
}

// The answer may come back before this returns: the table must be in order, and what was found in
// it before may be gone after.
static void send_query(struct weir_node *n, struct packet *q)
{
	if (q)
		weir_emit(n, n->element->n_out > QUERIES ? QUERIES : OUT, q);
}

// Whether an address may be asked for now; if so, notes that it was.
static bool ask_now(struct weir_node *n, struct arp_entry *e, uint64_t now)
{
	const struct arp_querier_state *s = n->state;
	uint64_t pause = arp_poll_pause(e);

	if (!arp_may_poll(e, now))
		return false;
	e->polled = now;
	e->polls += e->polls < 255;
	return !s->share ||
	       !arp_asked(((const struct arp_querier *)n->self)->log, e->ip, now, pause);
}

static void keep(struct weir_node *n, struct arp_entry *e, struct packet *p)
{
	struct arp_log *log = ((const struct arp_querier *)n->self)->log;
	struct arp_querier_state *s = n->state;

	arp_append(&s->table, e, p);
	__atomic_fetch_add(&log->n_packets, 1, __ATOMIC_RELAXED);
	if (!s->share || s->waiting)
		return;
	// A reply may just have come in elsewhere. Who heard it writes first and then looks who
	// waits, this is the other way round: one of the two sees the other.
	__atomic_store_n(&s->waiting, true, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&log->seq, __ATOMIC_SEQ_CST) != s->seen)
		weir_bell_ring(n, &s->bell);
}

// The oldest packet that waits for a neighbour; NULL: none.
static struct packet *take(struct weir_node *n, struct arp_entry *e)
{
	struct arp_querier_state *s = n->state;
	struct packet *p = arp_take(&s->table, e);

	if (!p)
		return NULL;
	__atomic_fetch_sub(&((const struct arp_querier *)n->self)->log->n_packets, 1,
			   __ATOMIC_RELAXED);
	if (!s->table.n_packets)
		__atomic_store_n(&s->waiting, false, __ATOMIC_RELAXED);
	return p;
}

static uint32_t most_entries(const struct arp_limits *l)
{
	return l->entries && l->entries < ARP_ENTRIES_MAX ? l->entries : ARP_ENTRIES_MAX;
}

// How many of this worker's packets are too many, when `coming` more are to wait.
static uint32_t surplus(struct weir_node *n, uint32_t coming)
{
	const struct arp_querier *self = n->self;
	const struct arp_querier_state *s = n->state;
	const struct arp_limits *l = &self->limits;
	uint32_t all = __atomic_load_n(&self->log->n_packets, __ATOMIC_RELAXED) + coming;
	uint32_t mine = s->table.n_packets + coming;
	uint32_t most = l->packets - l->packets / l->slim_factor;

	if (!l->packets || all <= l->packets || mine <= s->share)
		return 0;
	most = most ? most : 1;
	return all - most < mine - s->share ? all - most : mine - s->share;
}

// Expired entries go, then entries beyond the limit, then packets, the oldest first.
static void slim(struct weir_node *n, uint64_t now, uint32_t coming)
{
	const struct arp_limits *l = &((const struct arp_querier *)n->self)->limits;
	struct arp_querier_state *s = n->state;
	struct arp_table *t = &s->table;
	uint32_t most = most_entries(l), many;
	struct arp_entry *e;
	struct packet *p;

	while ((e = t->oldest) && (arp_expired(e, now, l->timeout) || t->n_entries > most)) {
		while ((p = take(n, e)))
			lose(n, ARP_TIMEOUT, p);
		arp_forget(n, e->ip);
		arp_remove(t, e);
	}
	for (many = surplus(n, coming); e && many; e = e->newer)
		for (; many && (p = take(n, e)); many--)
			lose(n, ARP_CAPACITY, p);
}

static void run_timer(struct weir_node *n, struct weir_timer *timer)
{
	const struct arp_querier *self = n->self;

	slim(n, weir_now(n), 0);
	weir_timer_set(timer, n, weir_now(n) + self->limits.timeout + NS, run_timer);
}

// When a neighbour that is in use is to be asked for again.
static uint64_t poll_time(const struct arp_querier *self, const struct arp_entry *e)
{
	return self->poll_timeout ? e->live + self->poll_timeout : UINT64_MAX;
}

static uint64_t until_timeout(const struct arp_querier *self, const struct arp_entry *e,
			      uint64_t until)
{
	uint64_t end = self->limits.timeout ? e->live + self->limits.timeout : UINT64_MAX;

	return end < until ? end : until;
}

// The header for a neighbour that is known; also fills the cache. Asks again when it is time.
static bool known_header(struct weir_node *n, const struct packet *p, be32 ip, struct eth *eth)
{
	const struct arp_querier *self = n->self;
	struct arp_querier_state *s = n->state;
	struct arp_entry *e = arp_find(&s->table, ip);
	struct arp_cached *c = arp_cached(s, ip);
	uint64_t now = weir_now(n), until;
	struct packet *query = NULL;

	if (!e || !e->known || arp_expired(e, now, self->limits.timeout))
		return false;
	memcpy(eth->dst, e->eth, 6);
	until = poll_time(self, e);
	if (now >= until) {
		until = now + ARP_POLL_NS;
		if (ask_now(n, e, now))
			query = make_query(n, ip, e->eth, p);
	}
	until = until_timeout(self, e, until);
	arp_publish(n, ip, e->eth, until);
	*c = (struct arp_cached){.until = until, .ip = ip, .eth = *eth};
	send_query(n, query);
	return true;
}

// The header where no neighbour is to be asked for.
static bool group_header(const struct arp_querier *self, be32 ip, struct eth *eth)
{
	uint32_t a = rd32(ip);

	if (a == 0xffffffff || ip.be == self->broadcast.be) {
		memset(eth->dst, 0xff, 6);
		return true;
	}
	if (a >> 28 == 14) { // RFC 1112 6.4
		const uint8_t dst[6] = {
			0x01, 0x00, 0x5e, (uint8_t)(a >> 16 & 0x7f), (uint8_t)(a >> 8), (uint8_t)a};

		memcpy(eth->dst, dst, 6);
		return true;
	}
	return false;
}

// Keeps a packet whose next hop is unknown, and asks.
static void wait(struct weir_node *n, struct packet *p, be32 ip)
{
	const struct arp_limits *l = &((const struct arp_querier *)n->self)->limits;
	struct arp_querier_state *s = n->state;
	struct arp_table *t = &s->table;
	struct packet *query = NULL;
	uint64_t now = weir_now(n);
	struct arp_entry *e;

	e = arp_ensure(t, ip, now);
	if (!e || !weir_may_keep(n)) {
		lose(n, ARP_NO_BUFFER, p);
		return;
	}
	arp_refresh(t, e, now, l->timeout);
	if (l->packets_per_entry && e->n >= l->packets_per_entry) {
		lose(n, ARP_CAPACITY, p);
		return;
	}
	if (ask_now(n, e, now))
		query = make_query(n, ip, NULL, p);
	// the packet counts already, but is not the one to go
	if (surplus(n, 1) || t->n_entries > most_entries(l))
		slim(n, now, 1);
	keep(n, e, p);
	send_query(n, query);
}

// Sends, keeps or loses one packet that is in no batch. True: it has its header now and is to
// leave by OUT.
static bool resolve(struct weir_node *n, struct packet *p)
{
	const struct arp_querier *self = n->self;
	struct eth eth = {.type = wr16(ETHERTYPE_IP4)};
	be32 ip = weir_dst_ip(p);

	if (!self->ip.be || !ip.be) {
		if (self->ip.be &&
		    !__atomic_exchange_n(&self->log->told_zero, true, __ATOMIC_RELAXED))
			fprintf(stderr,
				"%s: would query for 0.0.0.0; missing dest IP addr "
				"annotation?\n",
				n->element->name);
		lose(n, ARP_NO_ADDRESS, p);
		return false;
	}
	memcpy(eth.src, self->eth, 6);
	if (!known_header(n, p, ip, &eth) && !group_header(self, ip, &eth)) {
		wait(n, p, ip);
		return false;
	}
	if (!weir_push_front(p, sizeof(eth))) {
		struct packet *q = weir_packet_room(n, p, WEIR_HEADROOM, 0);

		if (!q) {
			lose(n, ARP_NO_ROOM, p);
			return false;
		}
		// room moved it; the caller's batch takes the packet as it is
		weir_push_front(q, sizeof(eth));
		encap(q, &eth);
		weir_emit(n, OUT, q);
		return false;
	}
	encap(p, &eth);
	return true;
}

void arp_insert(struct weir_node *n, be32 ip, const uint8_t *eth)
{
	const struct arp_querier *self = n->self;
	struct arp_querier_state *s = n->state;
	uint64_t now = weir_now(n);
	struct arp_entry *e = arp_ensure(&s->table, ip, now);
	struct packet *p, *waiting = NULL, **at = &waiting;

	if (!e)
		return;
	arp_learn(&s->table, e, eth, now);
	arp_forget(n, ip);
	if (!e->known)
		return;
	arp_publish(n, ip, e->eth, until_timeout(self, e, poll_time(self, e)));
	while ((p = take(n, e))) {
		*at = p;
		at = &p->next;
	}
	*at = NULL;
	if (s->table.n_entries > most_entries(&self->limits))
		slim(n, now, 0);
	while ((p = waiting)) {
		waiting = p->next;
		if (resolve(n, p))
			weir_emit(n, OUT, p);
	}
}

void arp_clear(struct weir_node *n, enum arp_reason why)
{
	struct arp_querier_state *s = n->state;
	struct arp_entry *e;
	struct packet *p;

	while ((e = s->table.oldest)) {
		while ((p = take(n, e)))
			lose(n, why, p);
		arp_forget(n, e->ip);
		arp_remove(&s->table, e);
	}
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
			s->responses++;
		if (!is_reply(p)) {
			weir_drop(n, ARP_BAD_REPLY, p);
			continue;
		}
		memcpy(&arp, weir_data(p) + sizeof(struct eth), sizeof(arp));
		weir_end(n, &p, 1);
		// first the others, so that none of them publishes what is no longer right
		arp_tell_others(n, arp.spa, arp.sha);
		arp_insert(n, arp.spa, arp.sha);
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
	struct arp_log *log = ((const struct arp_querier *)n->self)->log;
	struct arp_querier_state *s = n->state;
	const uint64_t now = weir_now(n);
	const unsigned count = b->n;

	if (WEIR_UNLIKELY(__atomic_load_n(&log->seq, __ATOMIC_ACQUIRE) != s->seen))
		arp_read_news(n);
	if (WEIR_UNLIKELY(port)) {
		replies(n, b);
		return;
	}
	WEIR_UNROLL
	for (unsigned i = 0; i < count; i++) {
		struct packet *p = b->p[i];
		be32 ip = weir_dst_ip(p);
		const struct arp_cached *c = arp_cached(s, ip);

		if (WEIR_UNLIKELY(c->ip.be != ip.be || c->until <= now ||
				  !weir_push_front(p, sizeof(c->eth)))) {
			rest(n, b, p);
			return;
		}
		encap(p, &c->eth);
	}
}

static int init_node(struct weir_node *n, struct weir_err *)
{
	const struct arp_querier *self = n->self;
	struct arp_querier_state *s = n->state;

	s->table.seed = weir_random(n);
	s->share = arp_share(n->element, self);
	weir_bell_open(&s->bell, n, arp_called);
	weir_timer_set(&s->timer, n, weir_now(n) + self->limits.timeout + NS, run_timer);
	return 0;
}

static void fini_node(struct weir_node *n)
{
	struct arp_querier_state *s = n->state;
	struct arp_entry *e;
	struct packet *p;

	weir_timer_clear(&s->timer);
	while ((e = s->table.oldest)) {
		while ((p = arp_take(&s->table, e)))
			weir_packet_free(n, p);
		arp_remove(&s->table, e);
	}
	free(s->table.buckets);
}

static void fini(struct weir_element *e)
{
	struct arp_querier *self = e->self;

	if (!self)
		return;
	free(self->log);
	weir_area_free(&self->neighbors);
}

static bool keeps(const struct weir_node *n, bool (*fn)(void *arg, const struct packet *p),
		  void *arg)
{
	const struct arp_querier_state *s = n->state;

	for (const struct arp_entry *e = s->table.oldest; e; e = e->newer)
		for (const struct packet *p = e->head; p; p = p->next)
			if (fn(arg, p))
				return true;
	return false;
}

static unsigned held(struct weir_node *n)
{
	return ((const struct arp_querier_state *)n->state)->table.n_packets;
}

// Of several workers, one may hold all while the others hold their part, too.
static unsigned capacity(const struct weir_element *e)
{
	const struct arp_querier *self = e->self;

	return self->limits.packets * (weir_workers_count(&e->runs) > 1 ? 2 : 1);
}

WEIR_BATCH_ELEMENT(arp_querier, "ARPQuerier", .purpose = "encapsulates in Ethernet found by ARP",
		   .ports = "2/1-2", .processing = "h/h", .flow = "xy/x", .in = {"ip", "replies"},
		   .out = {"out", "queries"},
		   .drops = {"timeout", "capacity", "no-buffer", "no-address", "no-room",
			     "bad-reply", "cleared"},
		   .state_size = sizeof(struct arp_querier_state), .args = arp_querier_args,
		   .handlers = arp_querier_handlers, .configure = arp_querier_configure,
		   .driver = arp_querier_driver, .init_node = init_node, .fini_node = fini_node,
		   .fini = fini, .held = held, .keeps = keeps, .capacity = capacity,
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
