// SPDX-License-Identifier: BSD-2-Clause
// Arguments of NAT44.
#include "nat44.h"

#include <errno.h>
#include <stdlib.h>

enum { BLOCK_FIRST = 1024, INSIDE_MOST = 1 << 24 };

// --- words ---
static int prefix(struct weir_element *e, const char *word, uint32_t *first, uint32_t *n)
{
	struct weir_ip4_prefix net;
	uint32_t mask;

	if (weir_parse(e, WEIR_T_IP4_PREFIX, word, "IP/MASK", &net, NULL))
		return -EINVAL;
	mask = rd32(net.mask);
	if (~mask & (~mask + 1) || !mask)
		return -EINVAL;
	*first = rd32(net.addr) & mask;
	*n = ~mask + 1;
	return 0;
}

static const char *add_pool(struct weir_element *e, struct nat44_all *all, const char *word)
{
	uint32_t first, n;

	if (prefix(e, word, &first, &n))
		return "expected addresses or prefixes";
	switch (pool_add(&all->pool, first, n)) {
	case 0:
		return NULL;
	case -EEXIST:
		return "addresses are there twice";
	case -E2BIG:
		return "more than 65536 addresses";
	default:
		return "out of memory";
	}
}

static const char *add_prefix(struct weir_element *e, struct nat44_prefixes *v, const char *word)
{
	struct pool_range *r = realloc(v->v, (v->n + 1) * sizeof(*r)), x = {};

	if (!r)
		return "out of memory";
	v->v = r;
	if (prefix(e, word, &x.first, &x.n))
		return "expected addresses or prefixes";
	x.at = (uint32_t)v->total;
	for (unsigned i = 0; i < v->n; i++)
		if (x.first - r[i].first < r[i].n || r[i].first - x.first < x.n)
			return "prefixes overlap";
	v->total += x.n;
	r[v->n++] = x;
	return NULL;
}

static int proto_of(const char *word)
{
	if (!strcmp(word, "tcp"))
		return MAPPING_TCP;
	return strcmp(word, "udp") ? -1 : MAPPING_UDP;
}

// "80" or "8000-8099".
static bool port_range(const char *word, uint32_t *from, uint32_t *to)
{
	char *end;

	*from = *to = (uint32_t)strtoul(word, &end, 10);
	if (end == word)
		return false;
	if (*end == '-') {
		word = end + 1;
		*to = (uint32_t)strtoul(word, &end, 10);
		if (end == word)
			return false;
	}
	return !*end && *from > 0 && *from <= *to && *to <= 65535;
}

// --- what is mapped for good ---
static const char *say(int rc)
{
	switch (rc) {
	case 0:
		return NULL;
	case -EEXIST:
		return "one end is mapped already";
	case -ENOENT:
		return "there is none such";
	case -EADDRINUSE:
		return "the port is in use";
	case -E2BIG:
		return "too many of them";
	default:
		return "out of memory";
	}
}

// The port itself, once the pool is open.
static int reserve(struct nat44_all *all, const struct forward *f, bool add)
{
	const uint32_t address = pool_find(&all->pool, f->external);

	if (!all->pool.owner)
		return 0;
	if (!add) {
		pool_unreserve(&all->pool, address, f->proto, f->external_port);
		return 0;
	}
	if (pool_is_used(&all->pool, address, f->proto, f->external_port))
		return -EADDRINUSE;
	pool_reserve(&all->pool, address, f->proto, f->external_port, f->external_port);
	return 0;
}

static int change(struct weir_element *e, const struct forward *f, bool add)
{
	struct nat44_all *all = ((const struct nat44 *)e->self)->all;
	int rc;

	if (!add)
		rc = forward_remove(&all->forwards, f);
	else
		rc = forward_add(&all->forwards, f);
	if (!rc && add && all->n_workers)
		nat44_forward_note(e, f);
	if (rc || f->proto == FORWARD_ALL)
		return rc;
	rc = reserve(all, f, add);
	if (rc)
		forward_remove(&all->forwards, f);
	return rc;
}

// INSIDE EXTERNAL
static int change_address(struct weir_element *e, char **w, bool add, const char **error)
{
	struct nat44_all *all = ((const struct nat44 *)e->self)->all;
	struct forward f = {.proto = FORWARD_ALL};

	if (weir_parse(e, WEIR_T_IP4, w[0], "INSIDE", &f.inside, NULL) ||
	    weir_parse(e, WEIR_T_IP4, w[1], "EXTERNAL", &f.external, NULL)) {
		*error = "expected two addresses";
		return -EINVAL;
	}
	if (pool_find(&all->pool, f.external) != POOL_NONE) {
		*error = "the external address is in POOL";
		return -EINVAL;
	}
	*error = say(change(e, &f, add));
	return *error ? -EINVAL : 0;
}

// PROTO EXTERNAL PORTS INSIDE [PORT]
static int change_ports(struct weir_element *e, char **w, int n, bool add, const char **error)
{
	struct nat44_all *all = ((const struct nat44 *)e->self)->all;
	struct forward f = {.proto = (uint8_t)proto_of(w[0])};
	uint32_t from, to, inside = 0, end;

	*error = NULL;
	if (proto_of(w[0]) < 0)
		*error = "expected tcp or udp";
	else if (weir_parse(e, WEIR_T_IP4, w[1], "EXTERNAL", &f.external, NULL) ||
		 weir_parse(e, WEIR_T_IP4, w[3], "INSIDE", &f.inside, NULL))
		*error = "expected an address";
	else if (!port_range(w[2], &from, &to))
		*error = "expected a port or a range of ports";
	else if (n == 5 && (!port_range(w[4], &inside, &end) || inside + (to - from) > 65535))
		*error = "expected the first port inside";
	else if (pool_find(&all->pool, f.external) == POOL_NONE)
		*error = "the external address is not in POOL";
	if (*error)
		return -EINVAL;
	if (n < 5)
		inside = from;
	for (uint32_t i = 0; i <= to - from && !*error; i++) {
		f.external_port = (uint16_t)(from + i);
		f.port = (uint16_t)(inside + i);
		*error = say(change(e, &f, add));
	}
	return *error ? -EINVAL : 0;
}

int nat44_forward_words(struct weir_element *e, char **w, int n, bool add, const char **error)
{
	if (n == 2)
		return change_address(e, w, add, error);
	if (n == 4 || n == 5)
		return change_ports(e, w, n, add, error);
	*error = "expected INSIDE EXTERNAL, or PROTO EXTERNAL PORTS INSIDE [PORT]";
	return -EINVAL;
}

// --- lists ---
// PORT TIMEOUT: of UDP to that port.
static const char *add_udp_port(struct weir_element *e, struct nat44_all *all, char **w, int n)
{
	uint64_t timeout = 0;
	uint32_t port = 0;

	if (n != 2 || weir_parse(e, WEIR_T_U32, w[0], "PORT", &port, NULL) ||
	    weir_parse(e, WEIR_T_SECONDS, w[1], "TIMEOUT", &timeout, NULL))
		return "expected PORT TIMEOUT";
	// RFC 4787 REQ-5: only these may have shorter ones
	if (!port || port >= NAT44_WELL_KNOWN)
		return "expected a port below 1024";
	if (all->n_classes == NAT44_CLASSES)
		return "more than 63 ports";
	all->udp_class[port] = (uint8_t)all->n_classes;
	all->udp_timeout[all->n_classes++] = timeout;
	return NULL;
}

static const char *take(struct weir_element *e, struct nat44_all *all, char **w, int n)
{
	const char *error = NULL;

	if (n < 2)
		return "missing";
	if (!strcmp(w[0], "UDP_PORT"))
		return add_udp_port(e, all, w + 1, n - 1);
	if (!strcmp(w[0], "STATIC") || !strcmp(w[0], "FORWARD")) {
		if ((n == 3) != !strcmp(w[0], "STATIC"))
			return n == 3 ? "expected PROTO EXTERNAL PORTS INSIDE [PORT]"
				      : "expected INSIDE EXTERNAL";
		nat44_forward_words(e, w + 1, n - 1, true, &error);
		return error;
	}
	for (int i = 1; i < n && !error; i++) {
		if (!strcmp(w[0], "INSIDE"))
			error = add_prefix(e, &all->inside, w[i]);
		else if (!strcmp(w[0], "EXCLUDE"))
			error = add_prefix(e, &all->excluded, w[i]);
	}
	return error;
}

static const char *take_pool(struct weir_element *e, struct nat44_all *all, char **w, int n)
{
	const char *error = n < 2 ? "missing" : NULL;

	for (int k = 1; k < n && !error; k++)
		error = add_pool(e, all, w[k]);
	return error;
}

// The pool comes first: others look into it.
static int take_all(struct weir_element *e, struct weir_args *a, bool pool)
{
	struct nat44_all *all = ((const struct nat44 *)e->self)->all;
	int rc = 0;

	for (unsigned i = 0; i < a->n_rest; i++) {
		const char *error = NULL;
		char **w = NULL;
		int n = weir_words(a->rest[i], &w);

		if (n < 0)
			return n;
		if (n && pool == !strcmp(w[0], "POOL"))
			error = pool ? take_pool(e, all, w, n) : take(e, all, w, n);
		if (error)
			rc = weir_args_error(a, (int)i, "%s: %s", w[0], error);
		weir_words_free(w, n);
	}
	return rc;
}

// --- ports ---
static int reserve_one(void *arg, uint32_t port)
{
	struct pool *pool = arg;

	for (unsigned i = 0; i < MAPPING_ICMP; i++)
		pool_reserve(pool, POOL_NONE, i, (uint16_t)port, (uint16_t)port);
	return 0;
}

static void reserve_outside(struct pool *pool, uint32_t from, uint32_t to)
{
	for (unsigned i = 0; i < MAPPING_ICMP; i++) {
		if (from > 1)
			pool_reserve(pool, POOL_NONE, i, 1, (uint16_t)(from - 1));
		if (to < 65535)
			pool_reserve(pool, POOL_NONE, i, (uint16_t)(to + 1), 65535);
	}
}

static uint32_t up(uint32_t port)
{
	return (port + POOL_WORD - 1) / POOL_WORD * POOL_WORD;
}

static int reserve_all(struct nat44_all *all, struct weir_args *a, const char *reserved)
{
	if (reserved && weir_each_number(reserved, 65535, reserve_one, &all->pool))
		return weir_args_error(a, -1, "RESERVED: expected ports, got `%s'", reserved);
	for (uint32_t i = 0; i < all->forwards.n; i++) {
		const struct forward *f = &all->forwards.v[i];

		if (f->proto != FORWARD_ALL)
			pool_reserve(&all->pool, pool_find(&all->pool, f->external), f->proto,
				     f->external_port, f->external_port);
	}
	return 0;
}

// Of the ports of an address, from..to.
static int open_blocks(const struct nat44 *self, struct weir_args *a, uint32_t from, uint32_t to)
{
	struct nat44_all *all = self->all;
	const uint32_t first = up(from);
	uint32_t size = self->block;

	if (self->deterministic)
		size = first > to
			       ? 0
			       : deterministic_size(all->inside.total, all->pool.n, to + 1 - first);
	if (self->deterministic && !size)
		return weir_args_error(
			a, -1, "DETERMINISTIC: %llu subscribers are too many for %u addresses",
			(unsigned long long)all->inside.total, all->pool.n);
	if (first + size > to + 1)
		return weir_args_error(a, -1, "PORTS: no block has room there");
	all->deterministic = (struct deterministic){
		.pool = &all->pool,
		.inside = all->inside.v,
		.n_inside = all->inside.n,
		.n = (uint32_t)all->inside.total,
	};
	return pool_open(&all->pool, first, to + 1, size);
}

static int open_pool(struct weir_element *e, struct weir_args *a)
{
	const struct nat44 *self = e->self;
	struct nat44_all *all = self->all;
	const bool blocks = self->block || self->deterministic;
	uint32_t from = blocks ? BLOCK_FIRST : 1, to = 65535;
	int rc;

	if (self->ports && !port_range(self->ports, &from, &to))
		return weir_args_error(a, -1, "PORTS: expected a range of ports, got `%s'",
				       self->ports);
	rc = blocks ? open_blocks(self, a, from, to) : pool_open(&all->pool, 0, 65536, POOL_WORD);
	if (rc)
		return rc;
	reserve_outside(&all->pool, from, to);
	return reserve_all(all, a, self->reserved);
}

static int check(struct weir_args *a, const struct nat44 *self)
{
	const struct nat44_all *all = self->all;

	if (!all->pool.n && !all->forwards.n)
		return weir_args_error(a, -1, "POOL: missing (external addresses)");
	if (self->block % POOL_WORD)
		return weir_args_error(a, -1, "BLOCK: %u is not a multiple of %u", self->block,
				       POOL_WORD);
	if (self->block && self->deterministic)
		return weir_args_error(a, -1, "BLOCK and DETERMINISTIC exclude each other");
	if (self->deterministic && (!all->inside.n || all->inside.total > INSIDE_MOST))
		return weir_args_error(a, -1,
				       "DETERMINISTIC: INSIDE must say who the "
				       "subscribers are, at most 2^24");
	return 0;
}

int nat44_configure(struct weir_element *e, struct weir_args *a)
{
	struct nat44 *self = e->self;
	int rc;

	self->all = calloc(1, sizeof(*self->all));
	if (!self->all)
		return -ENOMEM;
	self->all->udp_timeout[0] = self->udp;
	self->all->n_classes = 1;
	if (!self->log_events_given)
		self->log_events = self->block ? NAT44_LOG_BLOCKS : NAT44_LOG_MAPPINGS;
	rc = take_all(e, a, true);
	rc = take_all(e, a, false) ?: rc;
	rc = rc ?: check(a, self);
	return rc ?: open_pool(e, a);
}

void nat44_all_free(struct nat44_all *all)
{
	nat_log_close(all->log);
	sessions_close(&all->sessions);
	numbers_close(&all->mappings);
	numbers_close(&all->subscribers);
	pool_close(&all->pool);
	forwards_close(&all->forwards);
	free(all->inside.v);
	free(all->excluded.v);
	free(all);
}

static const char *const filterings[] = {"ENDPOINT_INDEPENDENT", "ADDRESS_DEPENDENT",
					 "ADDRESS_AND_PORT_DEPENDENT", NULL};
static const char *const poolings[] = {"PAIRED", "ARBITRARY", NULL};
static const char *const events[] = {"NONE", "BLOCKS", "MAPPINGS", "SESSIONS", NULL};

const struct weir_arg nat44_args[] = {
	{.name = "POOL",
	 .type = WEIR_T_ARG,
	 .flags = WEIR_LIST,
	 .help = "external addresses or prefixes"},
	{.name = "INSIDE",
	 .type = WEIR_T_ARG,
	 .flags = WEIR_LIST,
	 .help = "addresses that are translated; without it all"},
	{.name = "EXCLUDE",
	 .type = WEIR_T_ARG,
	 .flags = WEIR_LIST,
	 .help = "addresses inside that are not translated"},
	{.name = "STATIC",
	 .type = WEIR_T_ARG,
	 .flags = WEIR_LIST,
	 .help = "INSIDE EXTERNAL: an address that has one of its own, not of POOL"},
	{.name = "FORWARD",
	 .type = WEIR_T_ARG,
	 .flags = WEIR_LIST,
	 .help = "PROTO EXTERNAL PORTS INSIDE [PORT]: ports of POOL that lead inside"},
	WEIR_ARG(ENUM, nat44, filtering, "FILTERING",
		 "who may send to a mapping (RFC 4787 5): anybody, addresses that it sent to, or "
		 "those with their port",
		 .def = "ENDPOINT_INDEPENDENT", .names = filterings),
	WEIR_ARG(ENUM, nat44, pooling, "POOLING",
		 "do mappings of an inside address share the external one (RFC 4787 4.1)",
		 .def = "PAIRED", .names = poolings),
	WEIR_ARG(BOOL, nat44, hairpin, "HAIRPIN", "packets from inside to POOL come back in",
		 .def = "true"),
	WEIR_ARG(BOOL, nat44, preserve, "PRESERVE", "keeps ports where they are free",
		 .def = "true"),
	WEIR_ARG(BOOL, nat44, parity, "PARITY", "keeps even ports of UDP even, and odd ones odd",
		 .def = "true"),
	WEIR_ARG(STRING, nat44, ports, "PORTS",
		 "external ports; default all, with blocks from 1024 on"),
	WEIR_ARG(STRING, nat44, reserved, "RESERVED", "ports, such as 22,60000-60999, but these"),
	WEIR_ARG(U32, nat44, block, "BLOCK",
		 "each subscriber gets blocks of so many ports, a multiple of 64; 0: single ports",
		 .def = "0", .max = 64512),
	WEIR_ARG(U32, nat44, blocks_each, "BLOCKS", "most blocks of a subscriber", .def = "4",
		 .min = 1, .max = 1024),
	WEIR_ARG(BOOL, nat44, deterministic, "DETERMINISTIC",
		 "a subscriber's block follows from its address (RFC 7422)", .def = "false"),
	WEIR_ARG(U32, nat44, ports_each, "PORTS_EACH",
		 "most mappings of a subscriber (RFC 6888 REQ-4); 0: any number", .def = "0"),
	WEIR_ARG(U32, nat44, sessions_each, "SESSIONS_EACH",
		 "most sessions of a subscriber; 0: any number", .def = "0"),
	WEIR_ARG(U32, nat44, rate_each, "RATE_EACH",
		 "most sessions that a subscriber begins in a second; 0: any number", .def = "0",
		 .max = 65535),
	WEIR_ARG(SECONDS, nat44, udp, "UDP_TIMEOUT", "of UDP (RFC 4787 REQ-5)", .def = "300"),
	{.name = "UDP_PORT",
	 .type = WEIR_T_ARG,
	 .flags = WEIR_LIST,
	 .help = "PORT TIMEOUT: of UDP to a port below 1024, such as 53"},
	WEIR_ARG(BOOL, nat44, refresh_inbound, "REFRESH_INBOUND",
		 "packets from outside keep UDP sessions alive (RFC 4787 REQ-6)", .def = "false"),
	WEIR_ARG(SECONDS, nat44, tcp_established, "TCP_ESTABLISHED",
		 "of connections that are established (RFC 5382 REQ-5)", .def = "7440"),
	WEIR_ARG(SECONDS, nat44, tcp_opening, "TCP_OPENING", "of those that are half open",
		 .def = "240"),
	WEIR_ARG(SECONDS, nat44, tcp_closing, "TCP_CLOSING",
		 "of those that both sides closed, or one reset", .def = "240"),
	WEIR_ARG(SECONDS, nat44, icmp, "ICMP_TIMEOUT", "of ICMP queries (RFC 5508 REQ-2)",
		 .def = "60"),
	WEIR_ARG(SECONDS, nat44, other, "OTHER_TIMEOUT", "of other protocols, with STATIC",
		 .def = "300"),
	WEIR_ARG(SECONDS, nat44, syn, "SYN_HOLD",
		 "how long nothing is said to a SYN that nobody wanted (RFC 5382 REQ-4)",
		 .def = "6"),
	WEIR_ARG(SECONDS, nat44, port_hold, "PORT_HOLD",
		 "how long a port of UDP or ICMP, or a block, is nobody else's (RFC 6888 REQ-8)",
		 .def = "120"),
	WEIR_ARG(SECONDS, nat44, fragment, "FRAGMENT_TIMEOUT",
		 "how long fragments wait for the first, and its translation is known", .def = "5"),
	WEIR_ARG(U32, nat44, fragments, "FRAGMENTS",
		 "most fragments that wait, and datagrams in fragments, on a worker", .def = "1024",
		 .min = 1, .max = 65536),
	WEIR_ARG(U32, nat44, sessions, "SESSIONS", "most sessions", .def = "262144", .min = 1,
		 .max = SESSION_MOST - 1),
	WEIR_ARG(U32, nat44, subscribers, "SUBSCRIBERS", "most subscribers", .def = "65536",
		 .min = 1, .max = 1 << 23),
	WEIR_ARG(FILE, nat44, log, "LOG", "file that the log is appended to; - is standard output"),
	WEIR_ARG(ENUM, nat44, log_events, "LOG_EVENTS",
		 "what has lines in the log: blocks (with BLOCK), else mappings, or sessions with "
		 "their destinations",
		 .def = "NONE", .names = events, .given = offsetof(struct nat44, log_events_given)),
	WEIR_ARG(U32, nat44, log_rate, "LOG_RATE", "most lines a second; 0: any number",
		 .def = "100000"),
	{},
};
