// SPDX-License-Identifier: BSD-2-Clause
// What CheckTCPHeader, CheckUDPHeader and CheckICMPHeader say of bad packets. Their structs begin
// with check_transport and their states with check_transport_state.
#include "check_transport_class.h"

#include <stdio.h>

// Click's words.
static void print_reason(char text[32], unsigned reason, const char *what)
{
	if (reason == CHECK_TRANSPORT_PROTO)
		snprintf(text, 32, "not %s", what);
	else if (reason == CHECK_TRANSPORT_LEN)
		snprintf(text, 32, "bad packet length");
	else
		snprintf(text, 32, "bad %s checksum", what);
}

void check_transport_tell(struct weir_node *n, const char *what)
{
	const struct check_transport *c = n->self;
	struct check_transport_state *s = n->state;
	char text[32];

	for (unsigned r = 0; r < CHECK_TRANSPORT_REASONS; r++) {
		print_reason(text, r, what);
		for (; s->told_reason[r] < s->reason[r]; s->told_reason[r]++, s->told++)
			if (c->verbose || !s->told)
				fprintf(stderr, "%s: %s header check failed: %s\n",
					n->element->name, what, text);
	}
}

int check_transport_driver(const struct weir_element *e, struct weir_front_args *a)
{
	const struct check_transport *c = e->self;

	return c->verbose ? weir_front_refuse(a, "VERBOSE speaks of every bad packet") : 0;
}

static void add_reasons(void *arg, const void *state)
{
	const struct check_transport_state *s = state;
	uint64_t *sum = arg;

	for (unsigned r = 0; r < CHECK_TRANSPORT_REASONS; r++)
		sum[r] += s->reason[r];
}

int check_transport_details(struct weir_element *e, const struct weir_handler *h, const char *,
			    struct weir_buf *out, struct weir_err *)
{
	uint64_t sum[CHECK_TRANSPORT_REASONS] = {};
	char text[32];

	weir_each_state(e, add_reasons, sum);
	for (unsigned r = 0; r < CHECK_TRANSPORT_REASONS; r++) {
		print_reason(text, r, (const char *)h->user);
		weir_printf(out, "%llu\t%s\n", (unsigned long long)sum[r], text);
	}
	return 0;
}
