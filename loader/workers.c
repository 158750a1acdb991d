// SPDX-License-Identifier: BSD-2-Clause

// -j and --cpus: how many workers, and where.

#include <cmd.h>
#include <errno.h>
#include <session.h>
#include <stdio.h>

int cmd_workers(struct session_options *opt, int c, const char *value)
{
	uint32_t n;

	if (c == CMD_BALANCE) {
		opt->balance = true;
		return 0;
	}
	if (c == CMD_CPUS) {
		opt->cpus = value;
		if (weir_cpus_count(value))
			return 0;
		fprintf(stderr, "weir: --cpus is a list of numbers, such as 0-3,6\n");
		return -EINVAL;
	}
	if (weir_parse(NULL, WEIR_T_U32, value, NULL, &n, NULL) < 0 || !n || n > WEIR_WORKERS_MAX) {
		fprintf(stderr, "weir: --workers is a number from 1 to %d\n", WEIR_WORKERS_MAX);
		return -EINVAL;
	}
	opt->engine.n_workers = n;
	return 0;
}

void cmd_workers_default(struct session_options *opt)
{
	unsigned n = weir_cpus_count(opt->cpus);

	if (!opt->engine.n_workers)
		opt->engine.n_workers = n < WEIR_WORKERS_MAX ? n : WEIR_WORKERS_MAX;
}
