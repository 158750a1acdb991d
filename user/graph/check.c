// SPDX-License-Identifier: BSD-2-Clause
// Ports that are too many, or missing.

#include "graph.h"

#include <stdio.h>
#include <stdlib.h>

static void plural(char *buf, size_t size, unsigned n, const char *what)
{
	snprintf(buf, size, "%u %s%s", n, what, n == 1 ? "" : "s");
}

static void check_in_count(struct weir_element *e, const unsigned in[2], struct weir_err *err)
{
	bool few = e->n_in < in[0] && weir_ports_known(e);
	char have[32], want[32];

	if (!few && e->n_in <= in[1])
		return;
	plural(have, sizeof(have), e->n_in, "input");
	plural(want, sizeof(want), in[!few], "input");
	weir_error(err, &e->loc, "`%s' (%s) has %s, %s %s%s", e->name, e->class->name, have,
		   few ? "needs" : "may have",
		   in[0] == in[1] ? ""
		   : few	  ? "at least "
				  : "at most ",
		   want);
	e->router->wiring[e->index].open = true;
}

// Outputs may be left unconnected: what leaves there is counted and freed. Inputs may not.
void weir_check_port_counts(struct weir_element *e, struct weir_err *err)
{
	unsigned in[2], out[2];
	char have[32], want[32];
	bool equal;

	if (!weir_code_ports(weir_ports_code(e->class), in, out, &equal))
		abort(); // the class is wrong, not the configuration
	if (equal)
		out[0] = out[1] = e->n_in;
	if (equal && !weir_ports_known(e) && out[1] < e->n_out)
		out[1] = e->n_out; // what it has too few of may be inputs
	check_in_count(e, in, err);
	if (e->n_out > out[1]) {
		plural(have, sizeof(have), e->n_out, "output");
		plural(want, sizeof(want), out[1], "output");
		weir_error(err, &e->loc, "`%s' (%s) has %s, may have %s%s", e->name, e->class->name,
			   have, out[0] == out[1] ? "" : "at most ", want);
		e->router->wiring[e->index].open = true;
	} else if (e->n_out < out[0]) {
		e->n_out = out[0];
	}
}

void weir_check_inputs(struct weir_router *r, struct weir_err *err)
{
	char name[32];

	for (unsigned i = 0; i < r->n_elements; i++) {
		struct weir_element *e = r->elements[i];

		for (unsigned p = 0; p < r->wiring[i].n_in && weir_ports_known(e); p++) {
			if (r->wiring[i].in[p].n)
				continue;
			weir_port_name(e, false, p, name, sizeof(name));
			weir_error(err, &e->loc, "input %s of `%s' (%s) is not connected", name,
				   e->name, e->class->name);
		}
	}
}
