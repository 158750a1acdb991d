// SPDX-License-Identifier: BSD-2-Clause
#include "bound.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static void need(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

// Of /proc/self/status: what RLIMIT_DATA counts.
static size_t mapped(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[128];
	size_t kb = 0;

	need(status != NULL, "/proc/self/status");
	while (fgets(line, sizeof(line), status))
		if (sscanf(line, "VmData: %zu", &kb) == 1)
			break;
	fclose(status);
	need(kb > 0, "VmData");
	return kb * 1024;
}

void bound_memory(size_t more)
{
	struct rlimit lim;

	need(!getrlimit(RLIMIT_DATA, &lim), "getrlimit");
	lim.rlim_cur = more ? mapped() + more : lim.rlim_max;
	need(!setrlimit(RLIMIT_DATA, &lim), "setrlimit");
}
