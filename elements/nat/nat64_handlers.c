// SPDX-License-Identifier: BSD-2-Clause
// Handlers of NAT64.
#include "nat64.h"

#include <errno.h>

static const char *const protos[MAPPING_PROTOS + 1] = {"tcp", "udp", "icmp", "other"};

static void print_ip4(struct weir_buf *out, be32 addr, uint16_t port)
{
	const uint8_t *b = (const uint8_t *)&addr;

	weir_printf(out, "%u.%u.%u.%u:%u", b[0], b[1], b[2], b[3], port);
}

static void print_ip6(struct weir_buf *out, const be64 addr[2], uint16_t port)
{
	char text[WEIR_IP6_TEXT];

	weir_printf(out, "[%s]:%u", weir_ip6_text(text, weir_ip6_read(addr)), port);
}

// Calls fn for each mapping of each worker.
struct each {
	struct weir_node *n;
	struct weir_buf *out;
};

static void each_mapping(struct weir_element *e, struct weir_buf *out,
			 void (*fn)(void *arg, uint32_t number))
{
	const struct nat64_all *all = ((const struct nat64 *)e->self)->all;

	for (unsigned i = 0; i < all->n_workers; i++) {
		struct each arg = {e->nodes[all->worker[i]], out};

		mappings_each(&((struct nat64_state *)arg.n->state)->mappings, fn, &arg);
	}
}

static void print_mapping(void *arg, uint32_t number)
{
	const struct each *x = arg;
	const struct nat64_all *all = nat64_of(x->n)->all;
	const struct nat64_state *s = x->n->state;
	const struct mapping *m = mapping_at(&s->mappings, number);
	const be32 external = pool_address(&all->pool, mapping_address(m));
	const unsigned proto = mapping_proto(m);

	weir_printf(x->out, "%s ", protos[proto]);
	print_ip6(x->out, nat64_host_at(&s->hosts, m->subscriber)->addr, m->port);
	weir_append(x->out, " ", 1);
	print_ip4(x->out, external, m->external_port);
	weir_printf(x->out, "%s\n",
		    nat64_static_find(all, proto, external, m->external_port) ? " static" : "");
}

static int read_bib(struct weir_element *e, const struct weir_handler *, const char *,
		    struct weir_buf *out, struct weir_err *)
{
	each_mapping(e, out, print_mapping);
	return 0;
}

static void print_session(struct weir_buf *out, const struct weir_node *n, const struct session *x)
{
	const struct nat64 *self = n->self;
	const struct xlat_tuple6 t = nat64_tuple6(self, x);
	const uint64_t until = nat64_session_until(n, x), now = weir_now(n);

	weir_printf(out, "%s ", protos[nat64_proto(x->proto)]);
	print_ip6(out, t.dst, rd16(t.dport));
	weir_append(out, " ", 1);
	print_ip6(out, t.src, rd16(t.sport));
	weir_append(out, " ", 1);
	print_ip4(out, x->to.src, rd16(x->to.sport));
	weir_append(out, " ", 1);
	print_ip4(out, x->to.dst, rd16(x->to.dport));
	weir_printf(out, " %s %llu\n", x->proto == IPPROTO4_TCP ? tcp_state_name(x->state) : "-",
		    (unsigned long long)(until > now ? (until - now) / 1000000000 : 0));
}

static void print_sessions(void *arg, uint32_t number)
{
	const struct each *x = arg;
	const struct sessions *t = &nat64_of(x->n)->all->sessions;
	const struct nat64_state *s = x->n->state;

	for (uint32_t i = mapping_sessions(mapping_at(&s->mappings, number)); i;
	     i = t->cold[i].more[0])
		print_session(x->out, x->n, &t->at[i]);
}

static int read_sessions(struct weir_element *e, const struct weir_handler *, const char *,
			 struct weir_buf *out, struct weir_err *)
{
	each_mapping(e, out, print_sessions);
	return 0;
}

static void end_sessions(void *arg, uint32_t number)
{
	const struct each *x = arg;
	const struct nat64_state *s = x->n->state;
	struct mapping *m = mapping_at(&s->mappings, number);

	// with the last of them the mapping may go
	for (uint32_t i = mapping_sessions(m), next; i; i = next) {
		next = nat64_of(x->n)->all->sessions.cold[i].more[0];
		nat64_session_end(x->n, i);
	}
}

static int write_clear(struct weir_element *e, const struct weir_handler *, const char *,
		       struct weir_err *)
{
	each_mapping(e, NULL, end_sessions);
	return 0;
}

enum { COUNT_SESSIONS, COUNT_MAPPINGS, COUNT_HOSTS };

static int read_count(struct weir_element *e, const struct weir_handler *h, const char *,
		      struct weir_buf *out, struct weir_err *)
{
	const struct nat64_all *all = ((const struct nat64 *)e->self)->all;
	uint64_t sum = 0;

	for (unsigned i = 0; i < all->n_workers; i++) {
		const struct nat64_state *s = e->nodes[all->worker[i]]->state;

		sum += h->user == COUNT_SESSIONS   ? s->part.live
		       : h->user == COUNT_MAPPINGS ? s->mappings.n
						   : s->hosts.n;
	}
	weir_printf(out, "%llu\n", (unsigned long long)sum);
	return 0;
}

static int write_bib(struct weir_element *e, const struct weir_handler *h, const char *value,
		     struct weir_err *err)
{
	char **words = NULL;
	int n = weir_words(value, &words);
	const char *error = "no memory";

	if (n >= 0)
		error = h->user ? nat64_static_add(e, words, n) : nat64_static_remove(e, words, n);
	weir_words_free(words, n < 0 ? 0 : n);
	return error ? weir_error(err, &e->loc, "%s", error) : 0;
}

const struct weir_handler nat64_handlers[] = {
	WEIR_READ("bib", read_bib, "protocol, host, external address, whether it stays"),
	WEIR_READ("sessions", read_sessions,
		  "protocol, both ends in IPv6, both in IPv4, TCP state, seconds left"),
	WEIR_READ("count", read_count, "sessions", .user = COUNT_SESSIONS),
	WEIR_READ("mappings", read_count, "mappings", .user = COUNT_MAPPINGS),
	WEIR_READ("hosts", read_count, "hosts that have mappings", .user = COUNT_HOSTS),
	WEIR_WRITE("bib_add", write_bib, "PROTOCOL EXTERNAL PORT HOST PORT: a mapping that stays",
		   .user = 1),
	WEIR_WRITE("bib_delete", write_bib,
		   "the same: its sessions go on, and it goes with the last"),
	WEIR_BUTTON("clear", write_clear, "ends all sessions"),
	WEIR_SUM("out_of_ports", nat64, counts.out_of_ports, "packets for which no port was left"),
	WEIR_SUM("limited", nat64, counts.limited, "packets of hosts with too many sessions"),
	WEIR_SUM("table_full", nat64, counts.table_full, "packets for which a table had no room"),
	WEIR_SUM("hairpinned", nat64, counts.hairpinned, "packets from host to host"),
	WEIR_SUM("errors", nat64, counts.errors, "ICMP errors translated"),
	WEIR_SUM("mappings_made", nat64, counts.mappings_made, "mappings made"),
	WEIR_SUM("handed", nat64, handoff.handed, "packets handed to another worker"),
	{},
};
