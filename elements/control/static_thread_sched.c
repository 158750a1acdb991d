// SPDX-License-Identifier: BSD-2-Clause
// StaticThreadSched: says which worker calls the task of an element. Each argument is `ELEMENT
// WORKER`; ELEMENT may be a compound, and is looked up where the StaticThreadSched stands. Workers
// count from 0; -1 means none, so that the task is never called. A FromDevice may be given several
// workers, as `0-3`, of which each receives; so may a ToDevice, of which each gets a transmit
// queue. `weir plan` shows who calls which task without it.
//
// What has no task runs where its packets come from. Elements that pull from the same Queue have
// one worker. A word about an element counts more than one about its compound, and two that differ
// are an error, as is a worker that is not there.
//
//	StaticThreadSched(in 0, worker 1, vpn/crypt 2-3);
#include <weir/element.h>

#include <errno.h>

struct static_thread_sched {
};

static int take(struct weir_element *e, struct weir_args *a, unsigned i, char **words, int n)
{
	int rc = n == 2 ? weir_pin(e, words[0], words[1], false) : -EINVAL;

	if (rc == -EINVAL)
		return weir_args_error(a, (int)i, "expected `ELEMENT WORKER', got `%s'",
				       a->rest[i]);
	if (rc == -ENOENT)
		return weir_args_error(a, (int)i, "there is no element or compound `%s'", words[0]);
	return rc;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	return weir_args_each(e, a, take);
}

WEIR_PLAIN_ELEMENT(static_thread_sched, "StaticThreadSched",
		   .purpose = "says which workers call the tasks of elements", .ports = "0/0",
		   .rest = "ELEMENT WORKER", .rest_help = "whose task only that worker calls",
		   .configure = configure);
