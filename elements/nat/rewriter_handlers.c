// SPDX-License-Identifier: BSD-2-Clause
// Handlers of rewriters, in Click's formats. They run while all workers stand.
#include "rewriter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { NS_PER_S = 1000000000, NAME_MAX_LEN = 24 };

static void print_address(struct weir_buf *out, be32 addr)
{
	const uint32_t a = rd32(addr);

	weir_printf(out, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}

// Of a ping the identifier, which is one of the ports.
static void print_flow(struct weir_buf *out, const struct rewriter *self, struct session_tuple t,
		       unsigned direction)
{
	const be16 id = t.sport.be ? t.sport : t.dport;

	if (self->keys == REWRITER_ADDRESS) {
		print_address(out, direction ? t.dst : t.src);
		return;
	}
	weir_printf(out, "(");
	print_address(out, t.src);
	if (self->keys == REWRITER_PORTS)
		weir_printf(out, ", %u", rd16(t.sport));
	weir_printf(out, ", ");
	print_address(out, t.dst);
	if (self->keys == REWRITER_PORTS)
		weir_printf(out, ", %u", rd16(t.dport));
	else if (self->keys == REWRITER_PING)
		weir_printf(out, ", %u", rd16(id));
	weir_printf(out, ")");
}

static void print_session(struct weir_buf *out, struct weir_element *e, uint32_t number,
			  unsigned direction)
{
	const struct rewriter *self = rewriter_of(e);
	const struct session *s = &self->table.at[number];
	const uint64_t now = weir_now(e->nodes[rewriter_owner(s)]);
	const uint64_t due = rewriter_due(self, s, now), left = due > now ? due - now : 0;
	int32_t add = 0;

	print_flow(out, self, direction ? session_flip(s->to) : s->from, direction);
	weir_printf(out, " => ");
	print_flow(out, self, direction ? session_flip(s->from) : s->to, direction);
	if (s->state & REWRITER_DELTA)
		add = tcp_delta_now(&self->deltas, self->table.cold[number].more[1], direction);
	if (add)
		weir_printf(out, " seq %+d", add);
	weir_printf(out, " [%s%u %s%u] i%u exp%llu\n", direction ? "" : "*", s->out[0],
		    direction ? "*" : "", s->out[1], s->class,
		    (unsigned long long)((left + NS_PER_S / 2) / NS_PER_S));
}

int rewriter_read_table(struct weir_element *e, const struct weir_handler *h, const char *,
			struct weir_buf *out, struct weir_err *)
{
	const struct rewriter *self = rewriter_of(e);

	for (uint32_t i = 1; i <= self->table.most; i++) {
		const struct session *s = &self->table.at[i];

		if (!rewriter_is_live(s) || (h->user && s->proto != h->user))
			continue;
		print_session(out, e, i, 0);
		print_session(out, e, i, 1);
	}
	return 0;
}

static int parse_flow(struct weir_element *e, const char *text, struct session_tuple *t)
{
	char **words = NULL;
	int n = weir_words(text, &words), rc = -EINVAL;
	uint16_t port[2];

	if (n == 4 && !weir_parse(e, WEIR_T_IP4, words[0], NULL, &t->src, NULL) &&
	    !weir_parse(e, WEIR_T_TCP_PORT, words[1], NULL, &port[0], NULL) &&
	    !weir_parse(e, WEIR_T_IP4, words[2], NULL, &t->dst, NULL) &&
	    !weir_parse(e, WEIR_T_TCP_PORT, words[3], NULL, &port[1], NULL)) {
		t->sport = wr16(port[0]);
		t->dport = wr16(port[1]);
		rc = 0;
	}
	weir_words_free(words, n < 0 ? 0 : n);
	return rc;
}

int rewriter_read_lookup(struct weir_element *e, const struct weir_handler *, const char *param,
			 struct weir_buf *out, struct weir_err *err)
{
	const struct rewriter *self = rewriter_of(e);
	struct session_tuple key;
	struct session_hit hit;

	if (parse_flow(e, param, &key))
		return weir_error(err, NULL, "expected 'SADDR SPORT DADDR DPORT', not '%s'", param);
	hit = rewriter_find(self, &key, IPPROTO4_TCP);
	if (!hit.number)
		return 0;
	key = rewriter_target(self, &self->table.at[hit.number], hit.direction, key);
	print_address(out, key.src);
	weir_printf(out, " %u ", rd16(key.sport));
	print_address(out, key.dst);
	weir_printf(out, " %u", rd16(key.dport));
	return 0;
}

static uint32_t mappings(const struct weir_element *e, unsigned input)
{
	uint32_t sum = 0;

	for (unsigned w = 0; w < e->n_nodes; w++) {
		const struct rewriter_state_of_worker *s = rewriter_state(e->nodes[w]);

		sum += s->count ? s->count[input] : 0;
	}
	return sum;
}

int rewriter_read_count(struct weir_element *e, const struct weir_handler *h, const char *,
			struct weir_buf *out, struct weir_err *)
{
	const struct rewriter *self = rewriter_of(e);
	uint64_t sum = 0;

	switch ((enum rewriter_count)h->user) {
	case REWRITER_MAPPINGS:
		for (unsigned i = 0; i < self->n_spec; i++)
			sum += mappings(e, i);
		break;
	case REWRITER_FAILURES:
		for (unsigned w = 0; w < e->n_nodes; w++)
			sum += rewriter_state(e->nodes[w])->failures;
		break;
	case REWRITER_SIZE:
		sum = self->limit->live;
		break;
	case REWRITER_CAPACITY:
		sum = self->limit->capacity;
		break;
	}
	weir_printf(out, "%llu", (unsigned long long)sum);
	return 0;
}

static void print_spec(struct weir_buf *out, const struct weir_element *e, unsigned input)
{
	static const char *const words[] = {
		[REWRITER_DROP] = "<drop>",
		[REWRITER_PASS] = "<nochange>",
		[REWRITER_KEEP] = "<keep>",
		[REWRITER_ASK] = "<mapper>",
	};
	const struct rewriter_spec *s = &rewriter_of(e)->spec[input];
	const uint32_t count = mappings(e, input);

	if (s->kind == REWRITER_PATTERN)
		rewriter_pattern_print(out, s->pattern);
	else
		weir_printf(out, "%s", words[s->kind]);
	if (count)
		weir_printf(out, " [%u]", count);
	weir_printf(out, "\n");
}

// user: the input, or UINTPTR_MAX for all.
int rewriter_read_patterns(struct weir_element *e, const struct weir_handler *h, const char *,
			   struct weir_buf *out, struct weir_err *)
{
	for (unsigned i = 0; i < rewriter_of(e)->n_spec; i++)
		if (h->user == UINTPTR_MAX || h->user == i)
			print_spec(out, e, i);
	return 0;
}

// Those that an input made, or all.
static void end_sessions(struct weir_element *e, uintptr_t input)
{
	const struct rewriter *self = rewriter_of(e);

	for (uint32_t i = 1; i <= self->table.most; i++) {
		const struct session *s = &self->table.at[i];

		if (rewriter_is_live(s) && (input == UINTPTR_MAX || s->class == input))
			rewriter_end(e->nodes[rewriter_owner(s)], i);
	}
}

static int write_pattern(struct weir_element *e, const struct weir_handler *h, const char *value,
			 struct weir_err *err)
{
	struct rewriter_spec *old = &rewriter_of(e)->spec[h->user], new;
	char why[REWRITER_WHY];

	if (rewriter_spec_parse(e, value, &new, why))
		return weir_error(err, NULL, "input spec %u: %s", (unsigned)h->user, why);
	if (!rewriter_spec_fits(&new, e->n_out)) {
		rewriter_spec_free(&new);
		return weir_error(err, NULL, "input spec %u: output port out of range",
				  (unsigned)h->user);
	}
	end_sessions(e, h->user);
	rewriter_spec_free(old);
	*old = new;
	return 0;
}

// pattern0, pattern1...: one for each input.
int rewriter_add_pattern_handlers(struct rewriter *self)
{
	const size_t each = sizeof(*self->pattern_handlers) + NAME_MAX_LEN;
	char *name;

	self->pattern_handlers = calloc(self->n_spec + 1, each);
	if (!self->pattern_handlers)
		return -ENOMEM;
	name = (char *)&self->pattern_handlers[self->n_spec];
	for (unsigned i = 0; i < self->n_spec; i++, name += NAME_MAX_LEN) {
		snprintf(name, NAME_MAX_LEN, "pattern%u", i);
		self->pattern_handlers[i] = (struct weir_handler)WEIR_READ_WRITE(
			name, rewriter_read_patterns, write_pattern,
			"what an input does with new flows; written, its sessions end", .user = i);
	}
	return 0;
}

const struct weir_handler *rewriter_pattern_handler(struct weir_element *e, const char *name,
						    unsigned i)
{
	const struct rewriter *self = e->self;

	for (unsigned k = 0; self && self->pattern_handlers && k < self->n_spec; k++)
		if (name ? strcmp(self->pattern_handlers[k].name, name) == 0 : k == i)
			return &self->pattern_handlers[k];
	return NULL;
}

int rewriter_write_capacity(struct weir_element *e, const struct weir_handler *, const char *value,
			    struct weir_err *err)
{
	struct rewriter *self = rewriter_of(e);
	uint32_t capacity;

	if (weir_parse(e, WEIR_T_U32, value, NULL, &capacity, NULL) || !capacity)
		return weir_error(err, NULL, "expected a number of sessions, not '%s'", value);
	if (capacity > self->room)
		return weir_error(err, NULL,
				  "no more than %u: MAPPING_CAPACITY makes room for more",
				  self->room);
	self->limit->capacity = capacity;
	for (uint32_t i = 1; i <= self->table.most && self->limit->live > capacity; i++)
		if (rewriter_is_live(&self->table.at[i]))
			rewriter_end(e->nodes[rewriter_owner(&self->table.at[i])], i);
	return 0;
}

int rewriter_write_clear(struct weir_element *e, const struct weir_handler *, const char *,
			 struct weir_err *)
{
	end_sessions(e, UINTPTR_MAX);
	return 0;
}
