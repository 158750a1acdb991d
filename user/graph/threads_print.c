// SPDX-License-Identifier: BSD-2-Clause

// Who works where, for people and for programs.

#include <weir/device.h>

#include "place.h"
#include "tags.h"
#include "threads.h"

#include <stdlib.h>

void weir_workers_print(const struct weir_workers *s, struct weir_buf *out)
{
	unsigned w = weir_workers_next(s, 0), last;

	if (w == WEIR_WORKERS_MAX)
		weir_printf(out, "-");
	for (const char *comma = ""; w < WEIR_WORKERS_MAX; comma = ",") {
		for (last = w; weir_workers_has(s, last + 1);)
			last++;
		weir_printf(out, last == w ? "%s%u" : "%s%u-%u", comma, w, last);
		w = weir_workers_next(s, last + 1);
	}
}

static void print_workers(struct weir_buf *out, const char *before, const struct weir_workers *s)
{
	weir_printf(out, "%sworker%s ", before, weir_workers_count(s) == 1 ? "" : "s");
	weir_workers_print(s, out);
}

static struct weir_device *device_of(const struct weir_threads *t, unsigned i)
{
	return t->router->n_elements ? weir_device_find(t->router->elements[0], i + 1) : NULL;
}

// What packets are steered by.
static const char *const keys[WEIR_KEYS] = {
	[WEIR_KEY_NONE] = "",
	[WEIR_KEY_FLOW] = "flow",
	[WEIR_KEY_HOSTS] = "hosts",
	[WEIR_KEY_SOURCE] = "source",
	[WEIR_KEY_DESTINATION] = "destination",
	[WEIR_KEY_OWNER] = "owner",
};

static const char *polling(const struct weir_device *d)
{
	return weir_device_busy_poll(d) ? "busy polling" : "need_wakeup";
}

// --- text ----------------------------------------------------------------------------------------

static void list_workers(const struct weir_threads *t, struct weir_buf *out)
{
	weir_printf(out, "workers\n");
	for (unsigned w = 0; w < t->opt.n_workers; w++) {
		weir_printf(out, "  %u", w);
		if (t->opt.cpus)
			weir_printf(out, "  CPU %u, node %u", t->opt.cpus[w].cpu,
				    t->opt.cpus[w].node);
		weir_printf(out, "\n");
	}
	weir_printf(out, "\n");
}

static void list_receiving(const struct weir_device_plan *p, struct weir_buf *out)
{
	for (unsigned q = 0; q < p->n_rx && weir_workers_count(&p->rx); q++) {
		weir_printf(out, "  RX %u: ", q);
		if (p->steer) {
			print_workers(out, "", &p->rx);
			weir_printf(out, ", filled by %u\n", weir_rx_owner(p, q));
		} else {
			weir_printf(out, "worker %u\n", weir_rx_owner(p, q));
		}
	}
}

// The workers that hand over to the owner of a queue.
static struct weir_workers handing(const struct weir_device_plan *p, unsigned queue)
{
	struct weir_workers others = {};
	bool is_own;

	for (unsigned w = weir_workers_next(&p->tx, 0); w < WEIR_WORKERS_MAX;
	     w = weir_workers_next(&p->tx, w + 1))
		if (weir_tx_queue(p, w, &is_own) == queue && !is_own)
			weir_workers_add(&others, w);
	return others;
}

static void list_sending(const struct weir_device_plan *p, struct weir_buf *out)
{
	for (unsigned q = 0; weir_workers_count(&p->tx) && q < weir_tx_queues(p); q++) {
		struct weir_workers others = handing(p, q);

		weir_printf(out, "  TX %u: worker %u", q, weir_tx_owner(p, q));
		if (weir_workers_count(&others)) {
			print_workers(out, ", to which ", &others);
			weir_printf(out, weir_workers_count(&others) == 1 ? " hands over"
									  : " hand over");
		}
		weir_printf(out, "\n");
	}
}

// Where it matters: if workers are on several nodes. -1: it does not, or is not known.
static int node_of(const struct weir_threads *t, const struct weir_device *d)
{
	const struct weir_threads_options *opt = &t->opt;
	bool several = false;

	for (unsigned w = 0; opt->cpus && w < opt->n_workers; w++)
		several |= opt->cpus[w].node != opt->cpus[0].node;
	return several && opt->node ? opt->node(opt->arg, d) : -1;
}

static char *rss_of(const struct weir_threads *t, const struct weir_device *d)
{
	return t->opt.rss ? t->opt.rss(t->opt.arg, d) : NULL;
}

static bool tags_of(const struct weir_threads *t, const struct weir_device *d,
		    struct weir_tag_offload *o, const struct weir_element **reader)
{
	*reader = NULL;
	for (unsigned i = 0; i < t->router->n_elements; i++) {
		struct weir_element *e = t->router->elements[i];

		if (weir_is_entry(e) && weir_device_of(e) == d) {
			*reader = weir_tags_reader(e);
			return t->opt.tags && t->opt.tags(t->opt.arg, d, o);
		}
	}
	return false;
}

static void list_tags(const struct weir_threads *t, const struct weir_device *d,
		      struct weir_buf *out)
{
	const struct weir_element *reader;
	struct weir_tag_offload o;
	struct weir_buf text = {};

	if (!tags_of(t, d, &o, &reader))
		return;
	weir_tags_print(&o, reader, &text);
	if (text.len)
		weir_printf(out, "  VLAN tags: %s\n", text.text);
	weir_buf_free(&text);
}

static void list_device(const struct weir_threads *t, struct weir_device *d, struct weir_buf *out)
{
	const struct weir_device_plan *p = weir_device_plan(d);
	char *rss = rss_of(t, d);
	int node = node_of(t, d);

	weir_printf(out, "%s: %s%s%s, %s", weir_device_name(d), *p->why ? p->why : "sends only",
		    p->steer ? ", steered by " : "", keys[p->key], polling(d));
	if (node >= 0)
		weir_printf(out, ", node %d", node);
	weir_printf(out, "%s\n", p->known ? "" : " (not there: taken for one queue)");
	if (rss)
		weir_printf(out, "  RSS: %s\n", rss);
	free(rss);
	list_tags(t, d, out);
	if (t->opt.n_workers == 1)
		return;
	list_receiving(p, out);
	list_sending(p, out);
}

static struct weir_workers pushers_of(const struct weir_element *e)
{
	struct weir_workers all = {}, some;

	for (unsigned p = 0; p < e->n_in; p++) {
		weir_pushers(e, p, &some);
		weir_workers_join(&all, &some);
	}
	return all;
}

// Packets change workers there.
static bool is_between(const struct weir_element *e)
{
	return e->class->changes_worker ||
	       (e->n_in && !weir_in_is_pull(e, 0) && weir_out_is_pull(e, 0));
}

static bool is_special(const struct weir_threads *t, const struct weir_element *e)
{
	return (e->n_in || e->n_out || e->class->task) &&
	       (weir_workers_count(&e->runs) != t->opt.n_workers || t->pin[e->index] ||
		is_between(e));
}

static void list_between(const struct weir_element *e, struct weir_buf *out)
{
	const struct weir_workers pushers = pushers_of(e);
	const struct weir_element *puller = weir_puller(e, 0);

	print_workers(out, "pushed to by ", &pushers);
	if (e->class->changes_worker)
		weir_printf(out, ", goes on on worker %u", e->home);
	else if (puller && weir_workers_count(&puller->tasks))
		weir_printf(out, ", pulled from by worker %u", puller->home);
	else
		weir_printf(out, ", pulled from by none");
}

static void list_element(const struct weir_threads *t, const struct weir_element *e,
			 struct weir_buf *out)
{
	weir_printf(out, "  %s :: %s: ", e->name, e->class->name);
	if (is_between(e))
		list_between(e, out);
	else
		print_workers(out, "", &e->runs);
	if (!weir_workers_count(&e->tasks) && e->class->task)
		weir_printf(out, ", its task is called by none");
	if (t->pin[e->index])
		weir_printf(out, " (pinned by %s)", t->pin[e->index]->by->name);
	weir_printf(out, "\n");
}

static void list_elements(const struct weir_threads *t, struct weir_buf *out)
{
	bool first = true;

	for (unsigned i = 0; i < t->router->n_elements; i++) {
		const struct weir_element *e = t->router->elements[i];

		if (!is_special(t, e))
			continue;
		if (first)
			weir_printf(out, "not on all workers, or between them\n");
		first = false;
		list_element(t, e, out);
	}
	if (!first)
		weir_printf(out, "\n");
}

void weir_threads_text(const struct weir_threads *t, struct weir_buf *out)
{
	struct weir_device *d;
	unsigned i;

	if (t->opt.n_workers > 1)
		list_workers(t, out);
	for (i = 0; (d = device_of(t, i)); i++)
		list_device(t, d, out);
	if (i)
		weir_printf(out, "\n");
	if (t->opt.n_workers > 1)
		list_elements(t, out);
}

// --- JSON ----------------------------------------------------------------------------------------

void weir_workers_json(const struct weir_workers *s, struct weir_buf *out)
{
	const char *comma = "";

	weir_printf(out, "[");
	for (unsigned w = weir_workers_next(s, 0); w < WEIR_WORKERS_MAX;
	     w = weir_workers_next(s, w + 1), comma = ", ")
		weir_printf(out, "%s%u", comma, w);
	weir_printf(out, "]");
}

static void add_workers(const struct weir_threads *t, struct weir_buf *out)
{
	weir_printf(out, "\t\"workers\": [");
	for (unsigned w = 0; w < t->opt.n_workers; w++) {
		weir_printf(out, "%s{\"worker\": %u", w ? ", " : "", w);
		if (t->opt.cpus)
			weir_printf(out, ", \"cpu\": %u, \"node\": %u", t->opt.cpus[w].cpu,
				    t->opt.cpus[w].node);
		weir_printf(out, "}");
	}
	weir_printf(out, "],\n");
}

static void add_queues(const struct weir_device_plan *p, struct weir_buf *out)
{
	unsigned n_rx = weir_workers_count(&p->rx) ? p->n_rx : 0;
	unsigned n_tx = weir_workers_count(&p->tx) ? weir_tx_queues(p) : 0;

	weir_printf(out, "\"rx\": [");
	for (unsigned q = 0; q < n_rx; q++) {
		struct weir_workers one = {};

		weir_workers_add(&one, weir_rx_owner(p, q));
		weir_printf(out, "%s{\"owner\": %u, \"workers\": ", q ? ", " : "",
			    weir_rx_owner(p, q));
		weir_workers_json(p->steer ? &p->rx : &one, out);
		weir_printf(out, "}");
	}
	weir_printf(out, "], \"tx\": [");
	for (unsigned q = 0; q < n_tx; q++) {
		struct weir_workers others = handing(p, q);

		weir_printf(out, "%s{\"owner\": %u, \"relays\": ", q ? ", " : "",
			    weir_tx_owner(p, q));
		weir_workers_json(&others, out);
		weir_printf(out, "}");
	}
	weir_printf(out, "]");
}

static void add_tags(const struct weir_threads *t, const struct weir_device *d,
		     struct weir_buf *out)
{
	static const char *const truth[] = {"false", "true"};
	const struct weir_element *reader;
	struct weir_tag_offload o;

	if (!tags_of(t, d, &o, &reader))
		return;
	weir_printf(out,
		    "\"vlan\": {\"strips\": %s, \"strips_fixed\": %s, \"filters\": %s, "
		    "\"filters_fixed\": %s, \"veth\": %s, ",
		    truth[o.strips], truth[o.strips_fixed], truth[o.filters],
		    truth[o.filters_fixed], truth[o.veth]);
	if (reader)
		weir_printf(out, "\"reader\": \"%s\"}, ", reader->name);
	else
		weir_printf(out, "\"reader\": null}, ");
}

// What is known of it.
static void add_hardware(const struct weir_threads *t, const struct weir_device *d,
			 struct weir_buf *out)
{
	char *rss = rss_of(t, d);
	int node = node_of(t, d);

	if (node >= 0)
		weir_printf(out, "\"node\": %d, ", node);
	if (rss)
		weir_printf(out, "\"rss\": \"%s\", ", rss);
	free(rss);
	add_tags(t, d, out);
}

void weir_threads_json(const struct weir_threads *t, struct weir_buf *out)
{
	static const char *const truth[] = {"false", "true"};
	struct weir_device *d;

	add_workers(t, out);
	weir_printf(out, "\t\"interfaces\": [");
	for (unsigned i = 0; (d = device_of(t, i)); i++) {
		const struct weir_device_plan *p = weir_device_plan(d);

		weir_printf(out,
			    "%s\n\t\t{\"name\": \"%s\", \"known\": %s, \"steered\": %s, \"key\": "
			    "\"%s\", "
			    "\"why\": \"%s\", \"busy_poll\": %s, ",
			    i ? "," : "", weir_device_name(d), truth[p->known], truth[p->steer],
			    keys[p->key], p->why, truth[weir_device_busy_poll(d)]);
		add_hardware(t, d, out);
		add_queues(p, out);
		weir_printf(out, "}");
	}
	weir_printf(out, "\n\t],\n");
}
