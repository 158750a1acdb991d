// SPDX-License-Identifier: BSD-2-Clause
// Arguments and handlers of ARPQuerier. Handlers run while all workers stand.
#include "arp_querier.h"

#include <stdlib.h>

uint32_t arp_share(const struct weir_element *e, const struct arp_querier *self)
{
	unsigned n = weir_workers_count(&e->runs);

	if (n < 2)
		return 0;
	return self->limits.packets > n ? self->limits.packets / n : 1;
}

// Neighbours stay known unless the router itself becomes another one; headers are made anew. The
// nodes still have their old arguments.
static void reconfigured(struct weir_element *e, const struct arp_querier *self)
{
	for (unsigned i = 0; i < e->n_nodes; i++) {
		const struct arp_querier *old = e->nodes[i]->self;
		struct arp_querier_state *s = e->nodes[i]->state;

		memset(s->cache, 0, sizeof(s->cache));
		s->seen = 0; // the log is a new one
		if (old->ip.be != self->ip.be || memcmp(old->eth, self->eth, 6) != 0)
			arp_clear(e->nodes[i], ARP_CLEARED);
		s->share = arp_share(e, self);
		self->log->n_packets += s->table.n_packets;
	}
}

int arp_querier_configure(struct weir_element *e, struct weir_args *a)
{
	struct arp_querier *self = e->self;
	const char *ip = self->ip_text, *eth = self->eth_text;
	struct weir_ip4_prefix net;
	unsigned next = 0;
	int rc;

	if (!arp_memory(self))
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
	if (!self->limits.slim_factor)
		return weir_args_error(a, -1, "CAPACITY_SLIM_FACTOR cannot be zero");
	if (rc)
		return rc;
	self->ip = net.addr;
	if (!self->broadcast_given) {
		self->broadcast.be = net.addr.be | ~net.mask.be;
		if (self->broadcast.be == net.addr.be)
			self->broadcast.be = 0xffffffff;
	}
	e->len_delta = sizeof(struct eth);
	if (a->reconfigure)
		reconfigured(e, self);
	return 0;
}

static struct arp_querier_state *state_of(struct weir_element *e, unsigned i)
{
	return e->nodes[i]->state;
}

// Does another worker know more of the address, or the same and comes first? Then it is shown
// there.
static bool shown_elsewhere(struct weir_element *e, unsigned i, const struct arp_entry *x)
{
	for (unsigned k = 0; k < e->n_nodes; k++) {
		const struct arp_entry *y = k == i ? NULL : arp_find(&state_of(e, k)->table, x->ip);

		if (!y)
			continue;
		if (y->known != x->known ? y->known
					 : y->live > x->live || (y->live == x->live && k < i))
			return true;
	}
	return false;
}

static int read_table(struct weir_element *e, const struct weir_handler *, const char *,
		      struct weir_buf *out, struct weir_err *)
{
	const struct arp_querier *self = e->self;

	for (unsigned i = 0; i < e->n_nodes; i++) {
		uint64_t now = weir_now(e->nodes[i]);

		for (const struct arp_entry *x = state_of(e, i)->table.oldest; x; x = x->newer) {
			uint32_t a = rd32(x->ip);
			uint64_t age = now > x->live ? (now - x->live) / 1000 : 0;

			if (shown_elsewhere(e, i, x))
				continue;
			weir_printf(out,
				    "%u.%u.%u.%u %d %02X-%02X-%02X-%02X-%02X-%02X %llu.%06llu\n",
				    a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255,
				    x->known && !arp_expired(x, now, self->limits.timeout),
				    x->eth[0], x->eth[1], x->eth[2], x->eth[3], x->eth[4],
				    x->eth[5], age / 1000000ull, age % 1000000ull);
		}
	}
	return 0;
}

static int read_stats(struct weir_element *e, const struct weir_handler *, const char *,
		      struct weir_buf *out, struct weir_err *)
{
	unsigned long long drops = 0, queries = 0;

	for (unsigned i = 0; i < e->n_nodes; i++) {
		drops += state_of(e, i)->drops;
		queries += state_of(e, i)->queries;
	}
	weir_printf(out, "%llu packets killed\n%llu ARP queries sent\n", drops, queries);
	return 0;
}

enum { COUNT, LENGTH };

static int read_number(struct weir_element *e, const struct weir_handler *h, const char *,
		       struct weir_buf *out, struct weir_err *)
{
	unsigned long long sum = 0;

	for (unsigned i = 0; i < e->n_nodes; i++) {
		const struct arp_table *t = &state_of(e, i)->table;

		if (h->user == LENGTH)
			sum += t->n_packets;
		for (const struct arp_entry *x = t->oldest; h->user == COUNT && x; x = x->newer)
			sum += !shown_elsewhere(e, i, x);
	}
	weir_printf(out, "%llu", sum);
	return 0;
}

static int write_insert(struct weir_element *e, const struct weir_handler *, const char *value,
			struct weir_err *err)
{
	char **w = NULL;
	int n = weir_words(value, &w), rc = 0;
	uint8_t eth[6] = {};
	be32 ip = {0};

	if (n != 2)
		rc = weir_error(err, NULL, "expected 'IP ETH'");
	if (!rc)
		rc = weir_parse(e, WEIR_T_IP4, w[0], "IP", &ip, err);
	if (!rc)
		rc = weir_parse(e, WEIR_T_ETHER, w[1], "ETH", eth, err);
	for (unsigned i = 0; !rc && i < e->n_nodes; i++)
		if (weir_workers_has(&e->runs, i))
			arp_insert(e->nodes[i], ip, eth);
	weir_words_free(w, n < 0 ? 0 : n);
	return rc;
}

static int write_delete(struct weir_element *e, const struct weir_handler *, const char *value,
			struct weir_err *err)
{
	static const uint8_t none[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	be32 ip = {0};
	int rc = weir_parse(e, WEIR_T_IP4, value, "IP", &ip, err);

	for (unsigned i = 0; !rc && i < e->n_nodes; i++)
		if (arp_find(&state_of(e, i)->table, ip))
			arp_insert(e->nodes[i], ip, none);
	return rc;
}

static int write_clear(struct weir_element *e, const struct weir_handler *, const char *,
		       struct weir_err *)
{
	for (unsigned i = 0; i < e->n_nodes; i++) {
		struct arp_querier_state *s = state_of(e, i);

		arp_clear(e->nodes[i], ARP_CLEARED);
		s->queries = s->responses = s->drops = 0;
	}
	return 0;
}

const struct weir_arg arp_querier_args[] = {
	WEIR_ARG(
		ARG, arp_querier, ip_text, "IP",
		"address of this host, or prefix, from which BROADCAST follows; the first argument "
		"without a keyword"),
	WEIR_ARG(ARG, arp_querier, eth_text, "ETH",
		 "Ethernet address; the second such argument; else IP is a name for both"),
	WEIR_ARG(U32, arp_querier, limits.packets, "CAPACITY",
		 "packets that may wait; 0: any number", .def = "2048"),
	WEIR_ARG(U32, arp_querier, limits.entries, "ENTRY_CAPACITY", "addresses; 0: 65536",
		 .def = "0"),
	WEIR_ARG(U32, arp_querier, limits.packets_per_entry, "ENTRY_PACKET_CAPACITY",
		 "packets that may wait for one address; 0: any number", .def = "0"),
	WEIR_ARG(U32, arp_querier, limits.slim_factor, "CAPACITY_SLIM_FACTOR",
		 "when CAPACITY is reached, 1/this of the packets go", .def = "2"),
	WEIR_ARG(SECONDS, arp_querier, limits.timeout, "TIMEOUT",
		 "how long a reply is good; 0: for ever", .def = "300"),
	WEIR_ARG(SECONDS, arp_querier, poll_timeout, "POLL_TIMEOUT",
		 "when an address in use is asked for again; 0: never", .def = "60"),
	WEIR_ARG(IP4, arp_querier, broadcast, "BROADCAST", "local broadcast address",
		 .given = offsetof(struct arp_querier, broadcast_given)),
	WEIR_ARG(BOOL, arp_querier, broadcast_poll, "BROADCAST_POLL",
		 "ask everyone, not the neighbour, when it is only checked", .def = "false"),
	{},
};

const struct weir_handler arp_querier_handlers[] = {
	WEIR_READ("table", read_table, "address, 1 if known, Ethernet address, age in seconds"),
	WEIR_READ("stats", read_stats, "packets lost and queries sent"),
	WEIR_READ("count", read_number, "addresses in the table", .user = COUNT),
	WEIR_READ("length", read_number, "packets that wait", .user = LENGTH),
	WEIR_SUM("queries", arp_querier, queries, "queries sent"),
	WEIR_SUM("responses", arp_querier, responses, "replies received"),
	WEIR_SUM("drops", arp_querier, drops, "packets lost"),
	WEIR_FIELD_RW("broadcast", IP4, arp_querier, broadcast, "local broadcast address"),
	WEIR_FIELD_RW("ipaddr", IP4, arp_querier, ip, "address of this host"),
	WEIR_WRITE("insert", write_insert, "IP ETH: as if a reply had said so"),
	WEIR_WRITE("delete", write_delete, "IP: forgets its Ethernet address"),
	{
		.name = "clear",
		.flags = WEIR_H_WRITE | WEIR_H_BUTTON,
		.write = write_clear,
		.help = "forgets all, and loses what waits",
	},
	{},
};
