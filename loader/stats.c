// SPDX-License-Identifier: BSD-2-Clause

// `weir stats`: what every element saw, what the rings of the devices count, and the ledger.

#include <device.h>
#include <inttypes.h>
#include <session.h>
#include <stdio.h>
#include <time.h>
#include <xsk.h>

struct weir_count session_came_in(const struct weir_element *e)
{
	const struct weir_router *r = e->router;
	const struct weir_wiring *w = weir_wiring(e);
	struct weir_count sum = {};

	for (unsigned p = 0; p < w->n_in; p++)
		for (unsigned i = w->in[p].first; i < w->in[p].first + w->in[p].n; i++) {
			const struct weir_connection *c = &r->connections[w->by_in[i]];
			const struct weir_count one = weir_edge_count(c->from, c->from_port);

			sum.packets += one.packets;
			sum.bytes += one.bytes;
		}
	return sum;
}

static void print_element(struct weir_engine *g, const struct weir_element *e, struct weir_buf *out)
{
	const struct weir_node *n = g->workers[0].nodes + e->index;
	const struct weir_count in = session_came_in(e);
	bool any = false;
	char port[64];

	weir_printf(out, "%-32s %-18s %-9s %12" PRIu64 " %14" PRIu64, e->name, e->class->name,
		    weir_half_runs(e) ? "driver" : "userspace", (uint64_t)in.packets,
		    (uint64_t)in.bytes);
	for (unsigned p = 0; p < n->n_out; p++) {
		const uint64_t packets = weir_edge_count(e, p).packets;

		if (!packets && n->n_out > 1)
			continue;
		weir_port_name(e, true, p, port, sizeof(port));
		weir_printf(out, "%s%s %" PRIu64, any ? ", " : "  ", port, packets);
		any = true;
	}
	weir_printf(out, "\n");
}

static void print_drop(void *arg, const char *name, uint64_t packets, uint64_t bytes)
{
	weir_printf(arg, "%-51s %12" PRIu64 " %14" PRIu64 "\n", name, packets, bytes);
}

static void print_devices(const struct session *s, struct weir_buf *out)
{
	struct weir_xsk_count v[WEIR_XSK_COUNTS];
	char name[64];

	for (struct weir_device *d = weir_router_devices(s->router); d; d = d->next)
		for (unsigned q = 0; q < weir_device_n_queues(d); q++) {
			unsigned n = weir_xsk_counts(s->xsk, d, q, v);

			weir_printf(out, "%s queue %u:", weir_device_name(d), q);
			for (unsigned i = 0; i < n; i++) {
				if (!v[i].value && v[i].lost)
					continue;
				weir_xsk_count_name(&v[i], name, sizeof(name));
				weir_printf(out, " %s %" PRIu64, name, v[i].value);
			}
			weir_printf(out, "\n");
		}
}

int64_t session_ledger(const struct session *s, struct weir_ledger *l)
{
	weir_ledger(s->engine, l);
	return (int64_t)(l->made - l->ended - l->held - l->dropped);
}

void session_since(const struct session *s, struct weir_buf *out)
{
	weir_printf(out, "%" PRIu64, s->since);
}

// An older router's counters are not in them.
static void print_since(const struct session *s, struct weir_buf *out)
{
	const time_t since = (time_t)s->since;
	char text[32] = "";
	struct tm tm;

	if (!s->since || !gmtime_r(&since, &tm))
		return;
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	weir_printf(out, "\ncounted since %s", text);
}

void session_stats(const struct session *s, struct weir_buf *out)
{
	struct weir_ledger l;
	int64_t missing;

	weir_printf(out, "%-32s %-18s %-9s %12s %14s  %s\n", "element", "class", "runs in",
		    "packets in", "bytes in", "packets out");
	for (unsigned i = 0; i < s->router->n_elements; i++)
		print_element(s->engine, s->router->elements[i], out);
	if (s->xsk) {
		weir_printf(out, "\n");
		print_devices(s, out);
	}
	missing = session_ledger(s, &l);
	if (l.dropped) {
		weir_printf(out, "\n%-51s %12s %14s\n", "lost by", "packets", "bytes");
		weir_each_drop(s->engine, print_drop, out);
	}
	print_since(s, out);
	weir_printf(out,
		    "\nledger: %" PRIu64 " received or made = %" PRIu64
		    " sent or delivered + %" PRIu64 " held + %" PRIu64 " lost by name",
		    l.made, l.ended, l.held, l.dropped);
	if (missing)
		weir_printf(out, " + %" PRId64 " %s", missing,
			    s->kept ? "handed to a process that is gone" : "missing");
	weir_printf(out, "\n");
}
