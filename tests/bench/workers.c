// SPDX-License-Identifier: BSD-2-Clause

// The IP path of the standard router on one worker and on several at once, each with packets of its
// own, in one graph over one table and one pool of buffers: what several do together over what one
// does alone.
//
//	workers [ROUNDS]		rates, in turns
//	workers --one WORKERS PACKETS	packets for each worker, on one thread, for counting
// instructions

#include "lib/setup.h"

#include <figure.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	N_PREFIXES = 256 * 1024,
	FEW_PREFIXES = 16384,
	BURST = 256,
	MOST_SETUPS = 16,
	WARM_MS = 20,
	ROUND_MS = 80,
};

static void open_path(struct setup *s, unsigned n_workers, unsigned n_prefixes)
{
	struct weir_buf r = wires_routes(n_prefixes, 1), b = {};

	weir_printf(&b, "rt :: DirectIPLookup(%s); %s FromDevice(a) -> c; rt -> %s -> ToDevice(b);",
		    r.text, wires_head, wires_tail);
	setup_open(s, b.text, n_workers, BURST);
	weir_buf_free(&r);
	weir_buf_free(&b);
}

static double rate(struct setup *s)
{
	uint64_t ns, sent = setup_measure(s, WARM_MS, ROUND_MS, &ns);

	return (double)sent * 1e3 / (double)ns;
}

static unsigned cpus(void)
{
	cpu_set_t may;

	return sched_getaffinity(0, sizeof(may), &may) ? 1 : (unsigned)CPU_COUNT(&may);
}

static void rates(unsigned rounds)
{
	static struct setup s[MOST_SETUPS];
	struct figure f[MOST_SETUPS] = {};
	char name[MOST_SETUPS][64];
	unsigned n = 0, count[MOST_SETUPS], most = cpus();

	for (unsigned k = 1; n < MOST_SETUPS && k <= most;
	     k = k < most && 2 * k > most ? most : 2 * k) {
		count[n] = k;
		snprintf(name[n], sizeof(name[n]), "IP path on %u worker%s", k, k > 1 ? "s" : "");
		f[n] = (struct figure){.name = name[n], .unit = "Mpps"};
		open_path(&s[n++], k, N_PREFIXES);
	}
	for (unsigned i = 0; i < rounds; i++)
		for (unsigned k = 0; k < n; k++)
			figure_add(&f[(i + k) % n], rate(&s[(i + k) % n]));
	for (unsigned k = 0; k < n; k++)
		figure_print(&f[k]);
	for (unsigned k = 1; k < n; k++) {
		struct figure r;

		snprintf(name[k], sizeof(name[k]), "%u workers over one", count[k]);
		r = figure_ratio(name[k], &f[k], &f[0]);
		figure_print(&r);
		figure_free(&r);
	}
	for (unsigned k = 0; k < n; k++) {
		setup_check(&s[k]);
		setup_close(&s[k]);
		figure_free(&f[k]);
	}
}

int main(int argc, char **argv)
{
	struct setup s = {};

	if (argc < 4 || strcmp(argv[1], "--one") != 0) {
		rates(argc > 1 ? (unsigned)atoi(argv[1]) : 25);
		return 0;
	}
	open_path(&s, (unsigned)atoi(argv[2]), FEW_PREFIXES);
	for (unsigned i = 0; i < s.wires.n; i++)
		s.wires.wire[i].left = strtoull(argv[3], NULL, 0);
	setup_drain(&s);
	setup_check(&s);
	setup_close(&s);
	return 0;
}
