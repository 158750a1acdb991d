// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Packets that came to one worker and belong to another of the same element. It puts them here, and
// they come to the element on that worker, by the same input, in its task. Each pair of workers has
// a ring, so no worker waits for another, and what one hands to another keeps its order.
//
// The class calls handoff_open from init_node, handoff_close from fini_node, handoff_flush at the
// end of push, handoff_task from its task, and has `passed`, `held` and `capacity` say what the
// functions below say. Its packets come from packets that are pushed to it (else it has its task on
// one worker only), and it must not change the worker.

#include <weir/node.h>
#include <weir/workers.h>

// Of one node; in its state, at the same place in all of them. Zero-initialised is closed.
struct handoff {
	struct handoff_lane *lane; // by worker: what this one has for it; NULL: there is no other
	struct weir_node *node;
	struct weir_workers peers; // without this one
	struct weir_workers dirty; // whose lanes have packets that are not in the ring yet
	bool any_dirty;
	unsigned lost; // drop reason
	uint64_t handed;
};

// lost: the class's drop reason for what the element does not take on the other worker (it does not
// happen). 0 or -errno.
int handoff_open(struct weir_node *n, struct handoff *h, unsigned lost);
void handoff_close(struct weir_node *n, struct handoff *h);

// The packet is the other worker's now, after handoff_flush. False, and it is the caller's still:
// there is no room, or buffers are short, or it went from worker to worker too often, or there is
// no such worker.
bool handoff_put(struct weir_node *n, struct handoff *h, unsigned worker, unsigned input,
		 struct packet *p);
void handoff_send(struct weir_node *n, struct handoff *h);
static inline void handoff_flush(struct weir_node *n, struct handoff *h)
{
	if (WEIR_UNLIKELY(h->any_dirty))
		handoff_send(n, h);
}

// What others have for this worker, a batch of each. True if there was something.
bool handoff_task(struct weir_node *n, struct handoff *h, unsigned burst);

void handoff_passed(const struct handoff *h, uint32_t *put, uint32_t *taken);
unsigned handoff_held(const struct handoff *h);
// Of all workers together.
unsigned handoff_capacity(const struct weir_element *e);
