// SPDX-License-Identifier: BSD-2-Clause

// What the kernel would say to a KernelNeighbors `n`, from a thread of its own: neighbours that
// come, move, fail and go while workers send to them.

#include "elements.h"

#include <arpa/inet.h>
#include <ethernet/kernel_neighbors.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

static struct weir_element *element; // that hears it
static pthread_t thread;
static atomic_bool ends;

static void *say(void *)
{
	static const enum weir_neighbor_state states[] = {WEIR_NEIGHBOR_KNOWN, WEIR_NEIGHBOR_KNOWN,
							  WEIR_NEIGHBOR_GONE, WEIR_NEIGHBOR_KNOWN,
							  WEIR_NEIGHBOR_FAILED};
	const struct timespec pause = {.tv_nsec = 200000};

	for (unsigned i = 0; !atomic_load(&ends); i++) {
		struct weir_neighbor_news news = {.mac = {2, [5] = (uint8_t)i},
						  .state = states[i / 2 % 5]};

		news.family = i % 2 ? AF_INET : AF_INET6;
		inet_pton(news.family, i % 2 ? "10.0.0.2" : "fe80::2", news.addr);
		kernel_neighbors_hear(element->self, &news);
		// sometimes more at once than the log holds
		if (i % 1024 > 200)
			nanosleep(&pause, NULL);
	}
	return NULL;
}

void stress_neighbors_begin(struct weir_router *r)
{
	element = weir_find(r, "n");
	atomic_store(&ends, false);
	if (element && pthread_create(&thread, NULL, say, NULL))
		element = NULL;
}

void stress_neighbors_end(void)
{
	atomic_store(&ends, true);
	if (element)
		pthread_join(thread, NULL);
}
