// SPDX-License-Identifier: BSD-2-Clause
// IP6NDSolicitor: puts an Ethernet header in front of IPv6 packets, for the address that their
// destination annotation (DST_IP6) names, and finds out that address by Neighbor Discovery
// (RFC 4861). Input 0 takes IPv6 packets, input 1 neighbor advertisements with their Ethernet
// header. Solicitations leave by output 1 if it is there, else by 0.
//
// An advertisement is heeded if it is valid (7.1.2) and somebody asked for the address; one that
// does not override (7.2.5) does not change what is known. Packets wait for it as in ARPQuerier,
// and all its limits are here, too; but an address is asked for once a second at most (7.2.2).
// IP6NDSolicitor(NAME) takes both addresses from AddressInfo.
//
//	nd :: IP6NDSolicitor(fe80::2c0:ff:feae:67ef, 0:0:c0:ae:67:ef);
//	c :: Classifier(12/86dd 20/3aff 54/88, 12/86dd); c[0] -> [1]nd;
//	rt -> [0]nd -> ToDevice(eth0);
#include <weir/ip6.h>

#include "nd.h"
#include "neighbors.h"

#include <stdio.h>

struct ip6_nd_solicitor {
	struct neighbors core;
	char *ip_text, *eth_text;
	struct neighbor_key ip;
	uint8_t eth[6];
};

struct ip6_nd_solicitor_state {
	struct neighbors_state core;
};

// To the solicited-node multicast address; to the neighbour itself where it is only checked.
static struct packet *ask(struct weir_node *n, struct neighbor_key k, const uint8_t *dst,
			  const struct packet *about)
{
	const struct ip6_nd_solicitor *self = n->self;
	struct ip6_nd_solicitor_state *s = n->state;
	const uint32_t len = sizeof(struct nd_frame);
	struct neighbor_key to = dst ? k : nd_solicited_node(k);
	struct packet *q = weir_packet_new(n, WEIR_HEADROOM, len);
	struct nd_frame *f;

	if (!q)
		return NULL; // the next packet asks again
	f = (struct nd_frame *)weir_data(q);
	memset(f, 0, len);
	if (dst)
		memcpy(f->eth.dst, dst, 6);
	else
		nd_multicast_ether(to, f->eth.dst);
	memcpy(f->eth.src, self->eth, 6);
	memcpy(f->ip.src, &self->ip, sizeof(self->ip));
	memcpy(f->ip.dst, &to, sizeof(to));
	memcpy(f->nd.target, &k, sizeof(k));
	memcpy(f->option.eth, self->eth, 6);
	nd_finish(f, ND_SOLICITATION);
	weir_set_mac(q);
	weir_set_network(q, sizeof(f->eth), sizeof(f->ip));
	q->tstamp = about->tstamp;
	memcpy(q->anno + ANNO_VLAN_TCI, about->anno + ANNO_VLAN_TCI, 2);
	s->core.queries++;
	weir_made(n, 1, len);
	return q;
}

static bool group(const struct neighbors *, struct neighbor_key k, uint8_t *dst)
{
	if (!nd_is_multicast(k))
		return false;
	nd_multicast_ether(k, dst);
	return true;
}

static const struct neighbor_class nd_neighbors = {
	.wide = true,
	.pause = NEIGHBOR_NS, // RFC 4861 7.2.2: no more often
	.asks = "neighbor solicitations",
	.ask = ask,
	.group = group,
};

// As resolve of ARPQuerier. Addresses of IPv4 (RFC 4291 2.5.5.2) are on no link.
static bool resolve(struct weir_node *n, struct packet *p)
{
	const struct ip6_nd_solicitor *self = n->self;
	struct neighbor_key k;

	weir_dst_ip6(p, &k);
	if (!nd_is_unspecified(k) && !neighbor_is_ip4(k))
		return neighbor_resolve(n, p, k);
	if (!__atomic_exchange_n(&self->core.log->told_zero, true, __ATOMIC_RELAXED))
		fprintf(stderr, "%s: would solicit ::; missing destination annotation?\n",
			n->element->name);
	neighbor_lose(n, NEIGHBOR_NO_ADDRESS, p);
	return false;
}

// What an advertisement means for a neighbour (RFC 4861 7.2.5). False: nothing.
static bool heed(const struct weir_node *n, struct nd_message *m)
{
	uint8_t known[6];

	if (neighbor_is_ip4(m->target))
		return false;
	if (!neighbor_published(neighbors_of(n), m->target, weir_now(n), known))
		return m->has_eth;
	if (m->has_eth)
		return m->flags & ND_OVERRIDE || !memcmp(m->eth, known, 6);
	memcpy(m->eth, known, 6);
	return m->flags & ND_SOLICITED;
}

static void advertisements(struct weir_node *n, struct batch *b)
{
	struct ip6_nd_solicitor_state *s = n->state;

	for (unsigned i = 0; i < b->n; i++) {
		struct packet *p = b->p[i];
		struct nd_message m;

		b->bytes -= p->len;
		s->core.responses++;
		if (!nd_read(p, ND_ADVERTISEMENT, &m)) {
			weir_drop(n, NEIGHBOR_BAD_REPLY, p);
			continue;
		}
		weir_end(n, &p, 1);
		if (!heed(n, &m))
			continue;
		// first the others, so that none of them publishes what is no longer right
		neighbor_tell(n, m.target, m.eth);
		neighbor_insert(n, m.target, m.eth, false);
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

static void ip6_nd_solicitor(struct weir_node *n, unsigned port, struct batch *b)
{
	struct ip6_nd_solicitor_state *s = n->state;
	const uint64_t now = weir_now(n);
	const unsigned count = b->n;

	if (WEIR_UNLIKELY(neighbor_has_news(n)))
		neighbor_read_news(n);
	if (WEIR_UNLIKELY(port)) {
		advertisements(n, b);
		return;
	}
	WEIR_UNROLL
	for (unsigned i = 0; i < count; i++) {
		const struct neighbor_cached6 *c;
		struct packet *p = b->p[i];
		struct neighbor_key k;

		weir_dst_ip6(p, &k);
		c = neighbor_cached6(&s->core, k);
		if (WEIR_UNLIKELY(!neighbor_same(c->key, k) || c->until <= now ||
				  !weir_push_front(p, sizeof(c->eth)))) {
			rest(n, b, p);
			return;
		}
		neighbor_encap(p, &c->eth);
	}
}

static bool is_other(const void *was, const void *is)
{
	const struct ip6_nd_solicitor *old = was, *self = is;

	return !neighbor_same(old->ip, self->ip) || memcmp(old->eth, self->eth, 6) != 0;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	struct ip6_nd_solicitor *self = e->self;
	const char *ip = self->ip_text, *eth = self->eth_text;
	struct weir_ip6 addr;
	unsigned next = 0;
	int rc;

	self->core.class = &nd_neighbors;
	if (!neighbors_memory(&self->core, sizeof(*self->core.log)))
		return weir_args_error(a, -1, "out of memory");
	// the two may stand anywhere between the keywords
	if (!ip && next < a->n_rest)
		ip = a->rest[next++];
	if (!eth && next < a->n_rest)
		eth = a->rest[next++];
	if (next < a->n_rest)
		return weir_args_error(a, (int)next, "too many arguments; expected IP6, ETH");
	if (!ip)
		return weir_args_error(a, -1, "expected IP6, ETH");
	eth = eth ? eth : ip;
	rc = weir_parse(e, WEIR_T_IP6, ip, "IP6", &addr, a->err);
	if (weir_parse(e, WEIR_T_ETHER, eth, "ETH", self->eth, a->err))
		rc = -1;
	if (!self->core.limits.slim_factor)
		return weir_args_error(a, -1, "CAPACITY_SLIM_FACTOR cannot be zero");
	if (rc)
		return rc;
	weir_ip6_write(&self->ip, addr);
	neighbor_source(self->core.log, self->eth);
	e->len_delta = sizeof(struct eth);
	if (a->reconfigure)
		neighbors_reconfigured(e, &self->core, is_other);
	return 0;
}

static int driver(const struct weir_element *e, struct weir_front_args *a)
{
	const struct ip6_nd_solicitor *self = e->self;

	a->self = self->eth;
	a->size = sizeof(self->eth);
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

static const struct weir_arg ip6_nd_solicitor_args[] = {
	WEIR_ARG(ARG, ip6_nd_solicitor, ip_text, "IP6",
		 "address of this host; the first argument without a keyword"),
	WEIR_ARG(ARG, ip6_nd_solicitor, eth_text, "ETH",
		 "Ethernet address; the second such argument; else IP6 is a name for both"),
	NEIGHBORS_ARGS(ip6_nd_solicitor),
	WEIR_ARG(SECONDS, ip6_nd_solicitor, core.limits.timeout, "TIMEOUT",
		 "how long an advertisement is good; 0: for ever", .def = "300"),
	WEIR_ARG(SECONDS, ip6_nd_solicitor, core.poll_timeout, "POLL_TIMEOUT",
		 "when an address in use is asked for again; 0: never", .def = "60"),
	{},
};

static const struct weir_handler ip6_nd_solicitor_handlers[] = {
	NEIGHBORS_HANDLERS(ip6_nd_solicitor),
	WEIR_SUM("responses", ip6_nd_solicitor, core.responses, "advertisements received"),
	{},
};

WEIR_BATCH_ELEMENT(ip6_nd_solicitor, "IP6NDSolicitor",
		   .purpose = "encapsulates in Ethernet found by Neighbor Discovery",
		   .ports = "2/1-2", .processing = "h/h", .flow = "xy/x",
		   .in = {"ip6", "advertisements"}, .out = {"out", "queries"},
		   .drops = {NEIGHBOR_DROPS}, .state_size = sizeof(struct ip6_nd_solicitor_state),
		   .args = ip6_nd_solicitor_args, .handlers = ip6_nd_solicitor_handlers,
		   .configure = configure, .driver = driver, .init_node = init_node,
		   .fini_node = neighbors_end, .fini = fini, .held = neighbors_held,
		   .keeps = neighbors_keeps, .capacity = neighbors_capacity, .rest = "IP6 [, ETH]",
		   .rest_help = "the addresses of this host, or one name that stands for both",
		   .reconfigures = true);

WEIR_CASES(ip6_nd_solicitor,
	   {"fe80::1, 2:0:0:0:0:1", "ip6 udp dst_ip6=ff02::1:2", "out",
	    "eth src=2:0:0:0:0:1 dst=33:33:0:1:0:2 ip6 udp dst_ip6=ff02::1:2"},
	   {"fe80::1, 2:0:0:0:0:1", "ip6 udp", "no-address", ""},
	   {"fe80::1, 2:0:0:0:0:1", "ip6 udp dst_ip6=::ffff:10.0.0.1", "no-address", ""});
