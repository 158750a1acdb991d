// SPDX-License-Identifier: BSD-2-Clause
#include <device.h>
#include <errno.h>
#include <packages.h>
#include <session.h>
#include <xsk.h>

enum { BATCHES_IN_FLIGHT = 16 }; // buffers under way in the graph, in batches

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

static const char *find_object(void *, const struct weir_class *c, const char **why)
{
	return weir_front_object(c, why);
}

static bool is_zero_copy(void *arg, const struct weir_device *d)
{
	(void)arg;
	return weir_xsk_is_zero_copy(d);
}

// A router whose driver half cannot be had runs in userspace, and says why; a wish that cannot be
// met is an error.
static int open_front(struct session *s, const struct session_front *o, struct weir_err *err)
{
	const struct weir_place_options place = {
		.object = find_object,
		.zero_copy = is_zero_copy,
		.driver = o->driver,
		.userspace = o->userspace,
	};
	int rc = weir_place(&s->plan, s->router, &place, err);

	if (rc || !s->plan.n_driver)
		return rc;
	if (!weir_front_open(&s->front, &s->plan, s->xsk, &o->opt, err))
		weir_engine_half(s->engine, &weir_front_half, s->front);
	return 0;
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

int session_open(struct session *s, const struct session_options *opt, struct weir_err *err)
{
	struct weir_engine_options engine = opt->engine;
	unsigned buffers = BATCHES_IN_FLIGHT * WEIR_BATCH_MAX;
	int rc = weir_router_init(s->router, err);

	if (!rc && weir_router_devices(s->router)) {
		weir_each_element(s->router, count_buffers, &buffers);
		rc = weir_xsk_open(&s->xsk, weir_router_devices(s->router), buffers, err);
		if (!rc)
			engine.pool = weir_xsk_pool(s->xsk);
	}
	if (!rc)
		rc = weir_engine_open(&s->engine, s->router, &engine, err);
	if (!rc && s->xsk && opt->front.on)
		rc = open_front(s, &opt->front, err);
	return rc ?: weir_each_element(s->router, check_driver_only, &(struct driver_only){s, err});
}

// The devices go before the engine's buffers: nothing may arrive where nobody listens.
void session_close(struct session *s)
{
	weir_front_close(s->front);
	weir_plan_free(&s->plan);
	weir_engine_close(s->engine);
	weir_xsk_close(s->xsk);
	weir_router_free(s->router);
	*s = (struct session){};
}
