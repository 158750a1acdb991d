// SPDX-License-Identifier: BSD-2-Clause
// Arguments and handlers of the look-up elements: `ADDR/MASK [GATEWAY] OUTPUT`.
#include "ip_table_routes.h"
#include "route_lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

// What a command changed, to undo it.
struct undo {
	struct ip_route route, old;
	bool had_old;
};

enum { ANY_PORT = UINT32_MAX }; // of a route to remove, whose output was not given

static struct ip_table *table_of(struct weir_element *e)
{
	return e->self; // the only member of each class's struct
}

static void print_route(struct weir_buf *out, const struct ip_route *r, char sep)
{
	uint32_t a = r->prefix, g = rd32(r->hop.gw);
	size_t start = out->len;

	weir_printf(out, "%u.%u.%u.%u/%u%c", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255, r->len,
		    sep);
	if (sep == '\t' && out->len < start + 17)
		weir_printf(out, "\t");
	start = out->len;
	if (g)
		weir_printf(out, "%u.%u.%u.%u%c", g >> 24, g >> 16 & 255, g >> 8 & 255, g & 255,
			    sep);
	else
		weir_printf(out, "-%c", sep);
	if (sep == '\t' && out->len < start + 9)
		weir_printf(out, "\t");
	weir_printf(out, "%d", r->hop.port == ANY_PORT ? -1 : (int)r->hop.port);
}

static bool parse_port(struct weir_element *e, const char *word, uint32_t *port)
{
	return !weir_parse(e, WEIR_T_U32, word, "OUTPUT", port, NULL) && *port != ANY_PORT;
}

static bool parse_words(struct weir_element *e, char **w, int n, bool remove, struct ip_route *r)
{
	struct weir_ip4_prefix net;
	uint32_t mask;

	if (n < 1 || weir_parse(e, WEIR_T_IP4_PREFIX, w[0], "ADDR/MASK", &net, NULL))
		return false;
	mask = rd32(net.mask);
	r->len = (uint32_t)__builtin_popcount(mask);
	if (mask != (r->len ? ~0u << (32 - r->len) : 0))
		return false;
	r->prefix = rd32(net.addr) & mask;
	r->hop = (struct ip_hop){.port = ANY_PORT};
	if (n == 1)
		return remove;
	// ADDR/MASK OUTPUT
	if (n == 2 && parse_port(e, w[1], &r->hop.port))
		return true;
	if ((w[1][0] != '-' || w[1][1]) &&
	    weir_parse(e, WEIR_T_IP4, w[1], "GATEWAY", &r->hop.gw, NULL))
		return false;
	if (n == 2)
		return remove;
	return n == 3 && parse_port(e, w[2], &r->hop.port);
}

static bool lacks_output(const struct weir_element *e, const struct ip_route *r)
{
	return r->hop.port != ANY_PORT && r->hop.port >= e->n_out;
}

// Splits and parses a route; false if it is none.
static bool parse_route(struct weir_element *e, const char *text, bool remove, struct ip_route *r)
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

int ip_table_configure(struct weir_element *e, struct weir_args *a)
{
	struct ip_table *t = table_of(e);
	unsigned replaced = 0;
	int rc = ip_table_init(t);

	if (rc)
		return weir_args_error(a, -1, "out of memory");
	for (unsigned i = 0; i < a->n_rest; i++) {
		struct ip_route r, old;

		if (!parse_route(e, a->rest[i], false, &r)) {
			rc = weir_args_error(a, (int)i,
					     "argument %u should be 'ADDR/MASK [GATEWAY] OUTPUT'",
					     i + 1);
			continue;
		}
		if (lacks_output(e, &r)) {
			rc = weir_args_error(a, (int)i, "output %u does not exist: %s has %u",
					     r.hop.port, e->name, e->n_out);
			continue;
		}
		replaced += !ip_table_get(t, &r, &old);
		if (ip_table_set(t, &r))
			return weir_args_error(a, (int)i, "out of memory");
	}
	if (replaced)
		weir_warn(a->err, &e->loc, "%u %s replaced by later versions", replaced,
			  replaced > 1 ? "routes" : "route");
	return rc;
}

void ip_table_fini(struct weir_element *e)
{
	if (e->self)
		ip_table_free(table_of(e));
}

// The memory as it is now, as much of it as a program can reach (the verifier bounds offsets by
// 2^29).
static struct ip_front front_of(const struct ip_table *t)
{
	const uint32_t most = 1 << 18;

	return (struct ip_front){
		.fib = {.shift = weir_fib4_view(&t->fib)->shift,
			.n_groups = t->fib.n_groups < most ? t->fib.n_groups : most},
		.n_hops = hop_list_room(&t->list),
	};
}

static struct weir_share share(const char *map, const void *data, size_t n, size_t size)
{
	return (struct weir_share){
		.map = map, .data = (void *)data, .value_size = n * size, .n = 1, .live = true};
}

int ip_table_driver(const struct weir_element *e, struct weir_front_args *a)
{
	struct ip_table *t = e->self;
	const struct weir_fib4 *f = &t->fib;
	const struct weir_fib4_view *v = weir_fib4_view(f);
	struct ip_front now = front_of(t);

	if (!a->planning) {
		t->fib.shared = true;
		t->front = now;
		t->front_moves = f->moves;
	}
	a->self = &t->front;
	a->size = sizeof(t->front);
	a->share[0] = share("root", v->root, (size_t)1 << (32 - v->shift), sizeof(*v->root));
	a->share[1] = share("groups", v->groups, now.fib.n_groups,
			    WEIR_FIB4_GROUP_SIZE * sizeof(*v->groups));
	a->share[0].moves = a->share[1].moves = f->moves;
	a->share[2] = share("hops", t->hops, now.n_hops, sizeof(*t->hops));
	a->n_share = 3;
	return 0;
}

// After a change: what the program has may be too small, or no longer the table.
static void follow(struct weir_element *e)
{
	const struct ip_table *t = table_of(e);
	const struct ip_front now = front_of(t);

	if (t->fib.shared &&
	    (t->fib.moves != t->front_moves || memcmp(&now, &t->front, sizeof(now)) != 0))
		weir_front_moved(e);
}

static int route_error(struct weir_err *err, const char *what, const struct ip_route *r,
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
	struct ip_table *t = table_of(e);
	struct undo *u = undo;
	int rc;

	if (!parse_route(e, text, c == ROUTE_REMOVE, &u->route))
		return weir_error(err, NULL, "expected 'ADDR/MASK [GATEWAY%s'",
				  c == ROUTE_REMOVE ? " OUTPUT]" : "] OUTPUT");
	if (c != ROUTE_REMOVE && lacks_output(e, &u->route))
		return weir_error(err, NULL, "output %u does not exist: %s has %u",
				  u->route.hop.port, e->name, e->n_out);
	u->had_old = !ip_table_get(t, &u->route, &u->old);
	if (c == ROUTE_ADD && u->had_old)
		return route_error(err, "conflict with existing route", &u->old, "", -EEXIST);
	if (c != ROUTE_REMOVE) {
		rc = ip_table_set(t, &u->route);
	} else {
		if (!u->had_old ||
		    (u->route.hop.port != ANY_PORT && (u->route.hop.gw.be != u->old.hop.gw.be ||
						       u->route.hop.port != u->old.hop.port)))
			return route_error(err, "route", &u->route, " not found", -ENOENT);
		rc = ip_table_del(t, &u->route);
	}
	return rc ? (weir_error(err, NULL, "out of memory"), rc) : 0;
}

static void roll_back(struct weir_element *e, const void *undo)
{
	const struct undo *u = undo;

	if (u->had_old)
		ip_table_set(table_of(e), &u->old);
	else
		ip_table_del(table_of(e), &u->route);
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
	struct ip_table empty = {}, *t = table_of(e);

	if (ip_table_init(&empty)) {
		ip_table_free(&empty);
		return weir_error(err, NULL, "out of memory");
	}
	empty.fib.shared = t->fib.shared;
	empty.fib.moves = t->fib.moves + 1;
	ip_table_free(t);
	*t = empty;
	follow(e);
	return 0;
}

struct dump {
	const struct ip_table *t;
	struct weir_buf *out;
};

static int dump_one(void *arg, uint32_t prefix, unsigned len, uint32_t value)
{
	struct dump *d = arg;

	if (value) {
		print_route(d->out, &(struct ip_route){prefix, len, d->t->hops[value]}, '\t');
		weir_printf(d->out, "\n");
	}
	return 0;
}

static int read_table(struct weir_element *e, const struct weir_handler *, const char *,
		      struct weir_buf *out, struct weir_err *)
{
	struct dump d = {table_of(e), out};

	return weir_fib4_walk(&d.t->fib, dump_one, &d);
}

static int read_lookup(struct weir_element *e, const struct weir_handler *, const char *param,
		       struct weir_buf *out, struct weir_err *err)
{
	const struct ip_table *t = table_of(e);
	struct ip_hop hop;
	be32 dst;

	if (weir_parse(e, WEIR_T_IP4, param, "address", &dst, NULL))
		return weir_error(err, NULL, "expected IP address, not '%s'", param);
	hop = t->hops[weir_fib4_lookup(&t->fib, rd32(dst))];
	if (hop.port == IP_NO_ROUTE) {
		weir_printf(out, "-1");
	} else if (!hop.gw.be) {
		weir_printf(out, "%u", hop.port);
	} else {
		uint32_t g = rd32(hop.gw);

		weir_printf(out, "%u %u.%u.%u.%u", hop.port, g >> 24, g >> 16 & 255, g >> 8 & 255,
			    g & 255);
	}
	return 0;
}

static int read_memory(struct weir_element *e, const struct weir_handler *, const char *,
		       struct weir_buf *out, struct weir_err *)
{
	const struct ip_table *t = table_of(e);

	weir_printf(out, "%zu", weir_fib4_memory(&t->fib) + hop_list_memory(&t->list));
	return 0;
}

const struct weir_handler ip_table_handlers[] = {
	WEIR_WRITE("add", write_routes, "adds routes, one a line: ADDR/MASK [GATEWAY] OUTPUT",
		   .user = ROUTE_ADD),
	WEIR_WRITE("set", write_routes, "adds or replaces routes", .user = ROUTE_SET),
	WEIR_WRITE("remove", write_routes, "removes routes: ADDR/MASK [[GATEWAY] OUTPUT]",
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
