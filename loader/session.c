// SPDX-License-Identifier: BSD-2-Clause
#include <device.h>
#include <errno.h>
#include <packages.h>
#include <session.h>
#include <stdlib.h>
#include <time.h>
#include <xsk.h>

// Buffers under way in the graph, in batches; MORE for each further worker.
enum { BATCHES_IN_FLIGHT = 16, BATCHES_MORE = 2 };

int session_check(struct session *s, const struct session_options *opt, struct weir_err *err)
{
	struct lang_router flat = {};
	int rc = weir_packages_load(opt->folders, err);

	if (rc)
		return rc;
	if (opt->text)
		rc = lang_parse(&flat, "<expr>", opt->text, strlen(opt->text), opt->defines,
				opt->n_defines, err);
	else
		rc = lang_parse_file(&flat, opt->file, opt->defines, opt->n_defines, err);
	if (!rc || rc == -EINVAL) // what could be read may have more mistakes
		rc = weir_router_build(&s->router, &flat, err);
	else
		lang_router_free(&flat);
	weir_err_sort(err);
	return rc;
}

// Buffers that the graph itself can hold.
static int count_buffers(struct weir_element *e, void *arg)
{
	if (e->class->capacity)
		*(unsigned *)arg += e->class->capacity(e);
	return 0;
}

static bool is_zero_copy(void *arg, const struct weir_device *d)
{
	(void)arg;
	return weir_xsk_is_zero_copy(d);
}

// What could run in the driver, if its object were there and whole.
static void name_bad_objects(const struct session *s, struct weir_err *err)
{
	for (unsigned i = 0; i < s->router->n_elements; i++) {
		const struct weir_element *e = s->router->elements[i];
		const char *placed = s->plan.placed[i].why, *why = NULL;

		weir_front_object(NULL, e->class, &why);
		if (why && placed && !strcmp(why, placed))
			weir_warn(err, NULL, "%s stays in userspace: %s", e->name, why);
	}
}

// A router whose driver half cannot be had runs in userspace, and says why; a wish that cannot be
// met is an error.
static int open_front(struct session *s, const struct session_front *o, struct weir_err *err)
{
	const struct weir_place_options place = {
		.object = weir_front_object,
		.zero_copy = is_zero_copy,
		.driver = o->driver,
		.userspace = o->userspace,
	};
	int rc = weir_place(&s->plan, s->router, &place, err);

	if (rc)
		return rc;
	s->plan.threads = s->threads.router ? &s->threads : NULL;
	name_bad_objects(s, err);
	if (s->plan.n_driver)
		weir_front_open(&s->front, &s->plan, s->xsk, &o->opt, err);
	return 0;
}

static int open_pins(struct session *s, const struct session_options *opt, struct weir_err *err)
{
	int rc = weir_pins_open(&s->pins, opt->name, opt->front.keep, err);

	s->keep = opt->front.keep;
	s->folders = opt->folders;
	rc = rc || !s->pins ? rc : weir_pins_here(s->pins, err);
	if (!rc && s->pins)
		weir_pins_memory(s->pins, s->router, s->keep);
	return rc;
}

// Elements may have memory among what is kept.
static int init_router(struct session *s, const struct session_options *opt, struct weir_err *err)
{
	int rc = opt->name && weir_router_devices(s->router) ? open_pins(s, opt, err) : 0;

	return rc ?: weir_router_init(s->router, err);
}

static int open_devices(struct session *s, const struct session_options *opt, struct weir_err *err)
{
	struct weir_xsk_options xsk = {
		.buffers = BATCHES_IN_FLIGHT * WEIR_BATCH_MAX,
		.n_workers = opt->engine.n_workers,
		.cpus = s->cpus,
		.no_sockets = opt->front.alone,
		.router = s->router,
		.moves = opt->balance,
		.keep = opt->front.keep,
	};
	int rc;

	if (opt->engine.n_workers > 1)
		xsk.buffers += (opt->engine.n_workers - 1) * BATCHES_MORE * WEIR_BATCH_MAX;
	if (s->pins) {
		xsk.kept = weir_pins_link;
		xsk.kept_arg = s->pins;
	}
	weir_each_element(s->router, count_buffers, &xsk.buffers);
	rc = weir_xsk_open(&s->xsk, weir_router_devices(s->router), &xsk, err);
	if (!rc)
		s->router->owners = weir_xsk_owners(s->xsk);
	return rc;
}

struct driver_only {
	const struct session *s;
	struct weir_err *err;
};

static int check_driver_only(struct weir_element *e, void *arg)
{
	const struct driver_only *o = arg;
	const struct weir_placed *at = o->s->plan.placed ? &o->s->plan.placed[e->index] : NULL;

	if (!e->class->driver_only || (o->s->front && at && at->side == WEIR_DRIVER))
		return 0;
	return weir_error(o->err, &e->loc, "`%s' (%s) runs in the driver only%s%s", e->name,
			  e->class->name, at && at->why ? ": " : ", and nothing runs there",
			  at && at->why ? at->why : "");
}

static bool count_queues(void *, const struct weir_device *d, unsigned *n_rx, unsigned *n_tx)
{
	if (!d->opt.n_queues)
		return weir_xsk_queues(d->name, n_rx, n_tx);
	*n_rx = *n_tx = d->opt.n_queues; // it will have so many
	return true;
}

static int node_of(void *, const struct weir_device *d)
{
	return weir_xsk_node(d->name);
}

static char *rss_of(void *, const struct weir_device *d)
{
	return weir_xsk_rss(d);
}

static bool tags_of(void *, const struct weir_device *d, struct weir_tag_offload *o)
{
	return weir_xsk_tags(d, o);
}

int session_threads(struct session *s, const struct session_options *opt, struct weir_err *err)
{
	struct weir_threads_options o = {
		.n_workers = opt->engine.n_workers ?: 1,
		.queues = count_queues,
		.balance = opt->balance,
		.node = node_of,
		.rss = rss_of,
		.tags = tags_of,
		.lenient = opt->lenient_pins,
	};
	int rc;

	if (opt->pin) {
		s->cpus = calloc(o.n_workers, sizeof(*s->cpus));
		if (!s->cpus)
			return -ENOMEM;
		rc = weir_cpus_deal(s->cpus, o.n_workers, opt->cpus, err);
		if (rc)
			return rc;
		o.cpus = s->cpus;
	}
	return weir_threads(&s->threads, s->router, &o, err);
}

int session_open(struct session *s, const struct session_options *opt, struct weir_err *err)
{
	struct weir_engine_options engine = opt->engine;
	int rc = init_router(s, opt, err) ?: session_threads(s, opt, err);

	engine.cpus = s->cpus;
	if (!rc && weir_router_devices(s->router)) {
		rc = open_devices(s, opt, err);
		if (!rc)
			engine.pools = weir_xsk_pools(s->xsk, &engine.n_pools);
	}
	if (!rc)
		rc = weir_engine_open(&s->engine, s->router, &engine, err);
	if (!rc && s->xsk && opt->front.on)
		rc = open_front(s, &opt->front, err);
	if (!rc && s->front) {
		weir_engine_half(s->engine, &weir_front_half, s->front);
		weir_front_watch(s->front, s->engine);
	} else if (!rc && opt->front.keep)
		rc = weir_error(err, NULL,
				"nothing of it runs in the driver, so nothing can be kept");
	if (!rc && opt->balance)
		rc = weir_balance_open(&s->balance, s->engine, err);
	return rc ?: weir_each_element(s->router, check_driver_only, &(struct driver_only){s, err});
}

static int take_place(struct session *s, struct weir_err *err)
{
	int rc;

	if (!s->pins)
		return 0;
	if (s->keep)
		return weir_pins_keep(s->pins, s->front, s->xsk, s->folders, err);
	rc = weir_xsk_take_over(s->xsk, err);
	if (!rc)
		weir_pins_drop(s->pins);
	return rc;
}

int session_settle(struct session *s, struct weir_err *err)
{
	int rc;

	// the last sign of life may be older than those who look for it wait, after a slow start
	if (s->front)
		weir_front_beat(s->front);
	rc = take_place(s, err);
	if (!rc && s->front && !s->keep)
		weir_front_begin(s->front);
	s->since = s->front ? weir_front_since(s->front) : (uint64_t)time(NULL);
	return rc;
}

// --- without userspace ---
// Does a packet, or the time, ever come to it in userspace? The kernel's routes stay as they were
// where ways to userspace are given up.
static bool matters(const struct weir_element *e, bool gone)
{
	if (e->n_in || e->class->kernel)
		return !gone;
	return e->n_out || e->class->task || e->class->init_node;
}

static int judge_element(const struct session *s, const struct weir_element *e, bool gone,
			 struct weir_err *err)
{
	const struct weir_placed *at = &s->plan.placed[e->index];
	struct weir_front_args a = {.self = e->self, .size = e->class->self_size};

	if (at->side != WEIR_DRIVER)
		return matters(e, gone)
			       ? weir_error(err, &e->loc, "%s :: %s needs userspace: %s", e->name,
					    e->class->name,
					    e->class->kernel ? "it follows the kernel"
					    : at->why	     ?: "no packets come to it")
			       : 0;
	if (gone || !e->class->driver || e->class->driver(e, &a) || !(a.hands || a.hands_all))
		return 0;
	if (a.hands_all)
		return weir_error(err, &e->loc, "%s :: %s needs userspace: %s", e->name,
				  e->class->name, a.why);
	return weir_error(err, &e->loc, "%s :: %s needs userspace for %s", e->name, e->class->name,
			  a.hands);
}

// Crossings into elements that are in the driver; the others are the element's fault.
static int judge_crossings(const struct session *s, struct weir_err *err)
{
	int rc = 0;

	for (unsigned i = 0; i < s->plan.n_crossings; i++) {
		const struct weir_crossing *x = &s->plan.crossings[i];
		const struct weir_connection *c = x->connection;

		if (s->plan.placed[c->to->index].side == WEIR_DRIVER)
			rc = weir_error(err, &c->from->loc, "%s[%u] -> [%u]%s needs userspace: %s",
					c->from->name, c->from_port, c->to_port, c->to->name,
					x->why);
	}
	return rc;
}

static int judge(const struct session *s, bool gone, struct weir_err *err)
{
	bool bad = !gone && judge_crossings(s, err);

	for (unsigned i = 0; i < s->router->n_elements; i++)
		if (judge_element(s, s->router->elements[i], gone, err))
			bad = true;
	if (!bad && !s->front)
		return weir_error(err, NULL, "nothing of it runs in the driver");
	return bad ? -EINVAL : 0;
}

int session_load(struct session *s, const struct session_options *opt, struct weir_err *err)
{
	int rc = init_router(s, opt, err);

	if (!rc && !weir_router_devices(s->router))
		rc = weir_error(err, NULL,
				"it has no interface, so nothing of it runs in the driver");
	rc = rc ?: open_devices(s, opt, err)
		?: open_front(s, &opt->front, err)
		?: judge(s, opt->front.gone, err);
	if (!rc)
		weir_front_compile(s->front);
	return rc ?: session_settle(s, err);
}

// The devices go before the engine's buffers: nothing may arrive where nobody listens.
void session_close(struct session *s)
{
	weir_balance_close(s->balance);
	weir_front_close(s->front);
	weir_plan_free(&s->plan);
	weir_engine_close(s->engine);
	if (s->router)
		s->router->owners = NULL;
	weir_xsk_close(s->xsk);
	weir_threads_free(&s->threads);
	weir_router_free(s->router);
	weir_pins_close(s->pins);
	weir_kept_close(s->kept);
	free(s->cpus);
	*s = (struct session){};
}
