// SPDX-License-Identifier: BSD-2-Clause
// Arguments and handlers of LookupIP6Route: `ADDR/LEN [GATEWAY] OUTPUT`.
#include "lookup_ip6_route.h"

#include <errno.h>
#include <ip/route_lines.h>
#include <stdlib.h>

struct route {
	struct weir_ip6 prefix;
	unsigned len;
	struct ip6_hop hop;
};

// What a command changed, to undo it.
struct undo {
	struct route route, old;
	bool had_old;
};

enum { ANY_PORT = UINT32_MAX }; // of a route to remove, whose output was not given

// --- the table ---
static int table_init(struct lookup_ip6_route *t)
{
	const struct ip6_hop none = {.port = IP6_NO_ROUTE};
	int rc = weir_fib6_init(&t->fib);

	rc = rc ? rc : hop_list_init(&t->list, sizeof(none), &none);
	if (rc)
		return rc;
	t->hops = t->list.area.at;
	return weir_fib6_set(&t->fib, (struct weir_ip6){}, 0, 0);
}

static void table_free(struct lookup_ip6_route *t)
{
	weir_fib6_free(&t->fib);
	hop_list_free(&t->list);
	*t = (struct lookup_ip6_route){};
}

// The route of exactly this prefix: 0 or -ENOENT.
static int table_get(const struct lookup_ip6_route *t, const struct route *r, struct route *old)
{
	uint32_t v;
	int rc = weir_fib6_get(&t->fib, r->prefix, r->len, &v);

	if (!rc && !v)
		rc = -ENOENT;
	if (!rc)
		*old = (struct route){r->prefix, r->len, t->hops[v]};
	return rc;
}

static int table_set(struct lookup_ip6_route *t, const struct route *r)
{
	uint32_t v;
	int rc = hop_list_number(&t->list, &r->hop, &v);

	return rc ? rc : weir_fib6_set(&t->fib, r->prefix, r->len, v);
}

static int table_del(struct lookup_ip6_route *t, const struct route *r)
{
	// the default route is not taken out but points at "no route" again
	return r->len ? weir_fib6_del(&t->fib, r->prefix, r->len)
		      : weir_fib6_set(&t->fib, r->prefix, 0, 0);
}

// --- text ---
static bool has_gateway(const struct ip6_hop *hop)
{
	static const uint8_t none[sizeof(hop->gw)];

	return memcmp(hop->gw, none, sizeof(none)) != 0;
}

static void print_gateway(struct weir_buf *out, const struct ip6_hop *hop)
{
	char text[WEIR_IP6_TEXT];

	weir_printf(out, "%s",
		    has_gateway(hop) ? weir_ip6_text(text, weir_ip6_read(hop->gw)) : "-");
}

static void print_route(struct weir_buf *out, const struct route *r, char sep)
{
	char text[WEIR_IP6_TEXT];

	weir_printf(out, "%s/%u%c", weir_ip6_text(text, r->prefix), r->len, sep);
	print_gateway(out, &r->hop);
	weir_printf(out, "%c%d", sep, r->hop.port == ANY_PORT ? -1 : (int)r->hop.port);
}

static bool parse_port(struct weir_element *e, const char *word, uint32_t *port)
{
	return !weir_parse(e, WEIR_T_U32, word, "OUTPUT", port, NULL) && *port != ANY_PORT;
}

static bool parse_gateway(struct weir_element *e, const char *word, uint8_t *gw)
{
	struct weir_ip6 a = {};

	if (strcmp(word, "-") != 0 && weir_parse(e, WEIR_T_IP6, word, "GATEWAY", &a, NULL))
		return false;
	weir_ip6_write(gw, a);
	return true;
}

static bool parse_words(struct weir_element *e, char **w, int n, bool remove, struct route *r)
{
	struct weir_ip6_prefix net;
	struct weir_ip6 mask;

	if (n < 1 || weir_parse(e, WEIR_T_IP6_PREFIX, w[0], "ADDR/LEN", &net, NULL))
		return false;
	mask = weir_ip6_mask(net.len);
	*r = (struct route){
		{net.addr.hi & mask.hi, net.addr.lo & mask.lo}, net.len, {.port = ANY_PORT}};
	if (n == 1)
		return remove;
	// ADDR/LEN OUTPUT
	if (n == 2 && parse_port(e, w[1], &r->hop.port))
		return true;
	if (!parse_gateway(e, w[1], r->hop.gw))
		return false;
	if (n == 2)
		return remove;
	return n == 3 && parse_port(e, w[2], &r->hop.port);
}

// Splits and parses a route; false if it is none.
static bool parse_route(struct weir_element *e, const char *text, bool remove, struct route *r)
{
	char **words = NULL;
	int n = weir_words(text, &words);
	bool ok;

	if (n < 0)
		return false;
	ok = parse_words(e, words, n, remove, r);
	weir_words_free(words, n);
	return ok;
}

static bool lacks_output(const struct weir_element *e, const struct route *r)
{
	return r->hop.port != ANY_PORT && r->hop.port >= e->n_out;
}

// --- configuration ---
int lookup_ip6_configure(struct weir_element *e, struct weir_args *a)
{
	struct lookup_ip6_route *t = e->self;
	unsigned replaced = 0;
	int rc = table_init(t);

	if (rc)
		return weir_args_error(a, -1, "out of memory");
	for (unsigned i = 0; i < a->n_rest; i++) {
		struct route r, old;

		if (!parse_route(e, a->rest[i], false, &r)) {
			rc = weir_args_error(a, (int)i,
					     "argument %u should be 'ADDR/LEN [GATEWAY] OUTPUT'",
					     i + 1);
			continue;
		}
		if (lacks_output(e, &r)) {
			rc = weir_args_error(a, (int)i, "output %u does not exist: %s has %u",
					     r.hop.port, e->name, e->n_out);
			continue;
		}
		replaced += !table_get(t, &r, &old);
		if (table_set(t, &r))
			return weir_args_error(a, (int)i, "out of memory");
	}
	if (replaced)
		weir_warn(a->err, &e->loc, "%u %s replaced by later versions", replaced,
			  replaced > 1 ? "routes" : "route");
	return rc;
}

void lookup_ip6_fini(struct weir_element *e)
{
	if (e->self)
		table_free(e->self);
}

// --- the driver ---
// The memory as it is now, as much of it as a program can reach (the verifier bounds offsets by
// 2^29).
static struct lookup_ip6_front front_of(const struct lookup_ip6_route *t)
{
	const uint32_t most = 1 << 26;

	return (struct lookup_ip6_front){
		.fib = {.n_words = t->fib.n_words < most ? t->fib.n_words : most},
		.n_hops = hop_list_room(&t->list),
	};
}

int lookup_ip6_driver(const struct weir_element *e, struct weir_front_args *a)
{
	struct lookup_ip6_route *t = e->self;
	const struct lookup_ip6_front now = front_of(t);

	if (!a->planning) {
		t->fib.shared = true;
		t->front = now;
		t->front_moves = t->fib.moves;
	}
	a->self = &t->front;
	a->size = sizeof(t->front);
	a->share[0] = (struct weir_share){.map = "nodes6",
					  .data = (void *)t->fib.words,
					  .value_size = now.fib.n_words * sizeof(*t->fib.words),
					  .n = 1,
					  .live = true,
					  .moves = t->fib.moves};
	a->share[1] = (struct weir_share){.map = "hops6",
					  .data = (void *)t->hops,
					  .value_size = now.n_hops * sizeof(*t->hops),
					  .n = 1,
					  .live = true,
					  .moves = t->fib.moves};
	a->n_share = 2;
	return 0;
}

// After a change: what the program has may be too small, or no longer the table.
static void follow(struct weir_element *e)
{
	const struct lookup_ip6_route *t = e->self;
	const struct lookup_ip6_front now = front_of(t);

	if (t->fib.shared &&
	    (t->fib.moves != t->front_moves || memcmp(&now, &t->front, sizeof(now)) != 0))
		weir_front_moved(e);
}

// --- handlers ---
static int route_error(struct weir_err *err, const char *what, const struct route *r,
		       const char *end, int rc)
{
	struct weir_buf buf = {};

	print_route(&buf, r, ' ');
	weir_error(err, NULL, "%s '%s'%s", what, buf.text ? buf.text : "", end);
	weir_buf_free(&buf);
	return rc;
}

static int run_command(struct weir_element *e, enum route_command c, const char *text, void *undo,
		       struct weir_err *err)
{
	struct lookup_ip6_route *t = e->self;
	struct undo *u = undo;
	int rc;

	if (!parse_route(e, text, c == ROUTE_REMOVE, &u->route))
		return weir_error(err, NULL, "expected 'ADDR/LEN [GATEWAY%s'",
				  c == ROUTE_REMOVE ? " OUTPUT]" : "] OUTPUT");
	if (c != ROUTE_REMOVE && lacks_output(e, &u->route))
		return weir_error(err, NULL, "output %u does not exist: %s has %u",
				  u->route.hop.port, e->name, e->n_out);
	u->had_old = !table_get(t, &u->route, &u->old);
	if (c == ROUTE_ADD && u->had_old)
		return route_error(err, "conflict with existing route", &u->old, "", -EEXIST);
	if (c != ROUTE_REMOVE) {
		rc = table_set(t, &u->route);
	} else {
		if (!u->had_old || (u->route.hop.port != ANY_PORT &&
				    memcmp(&u->route.hop, &u->old.hop, sizeof(u->old.hop)) != 0))
			return route_error(err, "route", &u->route, " not found", -ENOENT);
		rc = table_del(t, &u->route);
	}
	return rc ? (weir_error(err, NULL, "out of memory"), rc) : 0;
}

static void roll_back(struct weir_element *e, const void *undo)
{
	const struct undo *u = undo;

	if (u->had_old)
		table_set(e->self, &u->old);
	else
		table_del(e->self, &u->route);
}

static const struct route_lines lines = {sizeof(struct undo), run_command, roll_back};

static int write_routes(struct weir_element *e, const struct weir_handler *h, const char *value,
			struct weir_err *err)
{
	int rc = route_lines_run(e, &lines, (int)h->user, value, err);

	follow(e);
	return rc;
}

static int write_ctrl(struct weir_element *e, const struct weir_handler *, const char *value,
		      struct weir_err *err)
{
	int rc = route_lines_run(e, &lines, ROUTE_CTRL, value, err);

	follow(e);
	return rc;
}

static int write_flush(struct weir_element *e, const struct weir_handler *, const char *,
		       struct weir_err *err)
{
	struct lookup_ip6_route empty = {}, *t = e->self;

	if (table_init(&empty)) {
		table_free(&empty);
		return weir_error(err, NULL, "out of memory");
	}
	empty.fib.shared = t->fib.shared;
	empty.fib.moves = t->fib.moves + 1;
	table_free(t);
	*t = empty;
	follow(e);
	return 0;
}

struct dump {
	const struct lookup_ip6_route *t;
	struct weir_buf *out;
};

static int dump_one(void *arg, struct weir_ip6 prefix, unsigned len, uint32_t value)
{
	struct dump *d = arg;

	if (value) {
		print_route(d->out, &(struct route){prefix, len, d->t->hops[value]}, '\t');
		weir_printf(d->out, "\n");
	}
	return 0;
}

static int read_table(struct weir_element *e, const struct weir_handler *, const char *,
		      struct weir_buf *out, struct weir_err *)
{
	struct dump d = {e->self, out};

	return weir_fib6_walk(&d.t->fib, dump_one, &d);
}

static int read_lookup(struct weir_element *e, const struct weir_handler *, const char *param,
		       struct weir_buf *out, struct weir_err *err)
{
	const struct lookup_ip6_route *t = e->self;
	const struct ip6_hop *hop;
	struct weir_ip6 dst;

	if (weir_parse(e, WEIR_T_IP6, param, "address", &dst, NULL))
		return weir_error(err, NULL, "expected IPv6 address, not '%s'", param);
	hop = &t->hops[weir_fib6_lookup(&t->fib, dst)];
	if (hop->port == IP6_NO_ROUTE) {
		weir_printf(out, "-1");
		return 0;
	}
	weir_printf(out, "%u", hop->port);
	if (has_gateway(hop)) {
		weir_printf(out, " ");
		print_gateway(out, hop);
	}
	return 0;
}

static int read_memory(struct weir_element *e, const struct weir_handler *, const char *,
		       struct weir_buf *out, struct weir_err *)
{
	const struct lookup_ip6_route *t = e->self;

	weir_printf(out, "%zu", weir_fib6_memory(&t->fib) + hop_list_memory(&t->list));
	return 0;
}

const struct weir_handler lookup_ip6_handlers[] = {
	WEIR_WRITE("add", write_routes, "adds routes, one a line: ADDR/LEN [GATEWAY] OUTPUT",
		   .user = ROUTE_ADD),
	WEIR_WRITE("set", write_routes, "adds or replaces routes", .user = ROUTE_SET),
	WEIR_WRITE("remove", write_routes, "removes routes: ADDR/LEN [[GATEWAY] OUTPUT]",
		   .user = ROUTE_REMOVE),
	WEIR_WRITE("ctrl", write_ctrl,
		   "lines of `add|set|remove ROUTE`: all are carried out, or none"),
	WEIR_WRITE("flush", write_flush, "removes all routes"),
	WEIR_READ("table", read_table, "all routes, by address"),
	{
		.name = "lookup",
		.flags = WEIR_H_READ | WEIR_H_READ_PARAM,
		.read = read_lookup,
		.help = "output and gateway for an address; -1: no route",
	},
	WEIR_READ("memory", read_memory, "bytes that the table takes"),
	{},
};
