// SPDX-License-Identifier: BSD-2-Clause
#include "cpus.h"

#include "numa_node.h"

#include <errno.h>
#include <sched.h>

struct chosen {
	unsigned cpu[CPU_SETSIZE], n;
};

static int count(void *arg, uint32_t)
{
	(*(unsigned *)arg)++;
	return 0;
}

static int take(void *arg, uint32_t cpu)
{
	struct chosen *c = arg;

	if (c->n < CPU_SETSIZE)
		c->cpu[c->n++] = cpu;
	return 0;
}

static void take_all(struct chosen *c, const cpu_set_t *may)
{
	for (unsigned cpu = CPU_SETSIZE; cpu-- > 0;)
		if (CPU_ISSET(cpu, may))
			take(c, cpu);
}

unsigned weir_cpus_count(const char *list)
{
	unsigned n = 0;
	cpu_set_t may;

	if (list)
		return weir_each_number(list, CPU_SETSIZE - 1, count, &n) ? 0 : n;
	return sched_getaffinity(0, sizeof(may), &may) ? 1 : (unsigned)CPU_COUNT(&may);
}

int weir_cpus_deal(struct weir_worker_cpu *v, unsigned n, const char *list, struct weir_err *err)
{
	struct chosen c = {};
	cpu_set_t may;

	if (sched_getaffinity(0, sizeof(may), &may) || !CPU_COUNT(&may))
		return weir_error(err, NULL, "the CPUs that may be used cannot be known: %s",
				  strerror(errno));
	if (!list)
		take_all(&c, &may);
	else if (weir_each_number(list, CPU_SETSIZE - 1, take, &c))
		return weir_error(err, NULL, "`%s' is no list of CPUs, such as 0-3,6", list);
	for (unsigned i = 0; i < c.n; i++)
		if (!CPU_ISSET(c.cpu[i], &may))
			return weir_error(err, NULL, "CPU %u is not one that may be used",
					  c.cpu[i]);
	for (unsigned i = 0; c.n && i < n; i++) {
		v[i].cpu = c.cpu[i % c.n];
		v[i].node = weir_numa_node(v[i].cpu);
	}
	return 0;
}
