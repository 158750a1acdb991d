// SPDX-License-Identifier: BSD-2-Clause
#include "source.h"

#include <errno.h>
#include <stdlib.h>

// The data, repeated or cut to the length.
static int make_body(struct source *s)
{
	uint32_t len = s->length < 0 ? s->data.len : (uint32_t)s->length;
	uint8_t *body = malloc(len + 1);

	if (!body)
		return -ENOMEM;
	for (uint32_t i = 0; i < len; i++)
		body[i] = s->data.len ? s->data.data[i % s->data.len] : 0;
	free(s->body.data);
	s->body = (struct weir_bytes){body, len};
	return 0;
}

int source_configure(struct weir_element *e, struct weir_args *a)
{
	struct source *s = e->self;

	if (s->data.len > 65535)
		return weir_args_error(a, -1, "DATA is longer than 65535 bytes");
	if (s->stop && s->end_call)
		return weir_args_error(a, -1, "END_CALL and STOP exclude each other");
	if (make_body(s) < 0)
		return weir_args_error(a, -1, "no memory for the packet");
	return 0;
}

int source_init(struct weir_element *e, struct weir_err *err)
{
	const struct source *s = e->self;

	return s->end_call ? weir_call_check(e, s->end_call, "END_CALL", err) : 0;
}

void source_fini_node(struct weir_node *n)
{
	weir_call_cancel(&((struct source_state *)n->state)->call);
}

void source_fini(struct weir_element *e)
{
	struct source *s = e->self;

	free(s->body.data);
	s->body.data = NULL;
}

static uint64_t left(const struct weir_node *n)
{
	const struct source *s = n->self;
	const struct source_state *state = n->state;

	if (s->limit < 0)
		return UINT64_MAX;
	return state->count < (uint64_t)s->limit ? (uint64_t)s->limit - state->count : 0;
}

unsigned source_allowed(const struct weir_node *n, unsigned want)
{
	uint64_t max = ((const struct source *)n->self)->active ? left(n) : 0;

	return want < max ? want : (unsigned)max;
}

unsigned source_make(struct weir_node *n, struct packet **v, unsigned want)
{
	const struct source *s = n->self;
	struct source_state *state = n->state;
	uint64_t now = s->timestamp ? weir_wall(n) : 0;
	unsigned made = 0;

	for (want = source_allowed(n, want); made < want; made++) {
		struct packet *p = weir_packet_new(n, s->headroom, s->body.len);

		if (WEIR_UNLIKELY(!p))
			break;
		memcpy(weir_data(p), s->body.data, s->body.len);
		p->tstamp = now;
		v[made] = p;
	}
	state->count += made;
	return made;
}

static void end(struct weir_node *n)
{
	const struct source *s = n->self;
	struct source_state *state = n->state;

	if (state->ended)
		return;
	state->ended = true;
	if (s->stop)
		weir_stop(n->element->router);
	else if (s->end_call)
		weir_call(n, &state->call, s->end_call);
}

bool source_at_end(struct weir_node *n)
{
	bool over = !left(n);

	if (over)
		end(n);
	if (!over && ((const struct source *)n->self)->active)
		return false;
	weir_sleep_until(n, UINT64_MAX);
	return true;
}

static void wake(struct weir_element *e)
{
	for (unsigned i = 0; i < e->n_nodes; i++) {
		((struct source_state *)e->nodes[i]->state)->ended = false;
		weir_wake(e->nodes[i]);
	}
}

int source_read_data(struct weir_element *e, const struct weir_handler *, const char *,
		     struct weir_buf *out, struct weir_err *)
{
	const struct source *s = e->self;

	weir_append(out, s->data.data, s->data.len);
	return 0;
}

int source_write_data(struct weir_element *e, const struct weir_handler *, const char *value,
		      struct weir_err *err)
{
	struct source *s = e->self;
	size_t len = strlen(value);
	char *copy = len <= 65535 ? strdup(value) : NULL;

	if (!copy)
		return weir_error(err, NULL, "data: no memory, or longer than 65535 bytes");
	free(s->data.data);
	s->data = (struct weir_bytes){(uint8_t *)copy, (uint32_t)len};
	return make_body(s);
}

int source_read_field(struct weir_element *e, const struct weir_handler *h, const char *,
		      struct weir_buf *out, struct weir_err *)
{
	const uint8_t *field = (const uint8_t *)e->self + h->off;

	if (h->type == WEIR_T_BOOL)
		weir_printf(out, "%s", *(const bool *)field ? "true" : "false");
	else if (h->type == WEIR_T_I32)
		weir_printf(out, "%d", *(const int32_t *)field);
	else if (h->type == WEIR_T_U32)
		weir_printf(out, "%u", *(const uint32_t *)field);
	else
		weir_printf(out, "%lld", (long long)*(const int64_t *)field);
	return 0;
}

int source_write_field(struct weir_element *e, const struct weir_handler *h, const char *value,
		       struct weir_err *err)
{
	struct source *s = e->self;
	int32_t length = s->length;
	uint32_t headroom = s->headroom;
	int r = weir_parse(e, h->type, value, h->name, (uint8_t *)e->self + h->off, err);

	if (r == 0 && (s->length < -1 || s->length > 65535)) {
		s->length = length;
		r = weir_error(err, NULL, "length: not between -1 and 65535");
	}
	if (r == 0 && s->headroom > SOURCE_HEADROOM_MAX) {
		s->headroom = headroom;
		r = weir_error(err, NULL, "headroom: more than %u", SOURCE_HEADROOM_MAX);
	}
	if (r == 0)
		r = make_body(s);
	wake(e);
	return r;
}

int source_read_count(struct weir_element *e, const struct weir_handler *, const char *,
		      struct weir_buf *out, struct weir_err *)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < e->n_nodes; i++)
		sum += ((struct source_state *)e->nodes[i]->state)->count;
	weir_printf(out, "%llu", (unsigned long long)sum);
	return 0;
}

int source_reset(struct weir_element *e, const struct weir_handler *, const char *,
		 struct weir_err *)
{
	for (unsigned i = 0; i < e->n_nodes; i++)
		((struct source_state *)e->nodes[i]->state)->count = 0;
	wake(e);
	return 0;
}
