// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// By what packets of an interface have to be dealt out among workers, so that every element behind
// it finds on one worker what it wants together (struct weir_class, affinity).

#include <abi/steer.h>
#include <graph.h>

struct weir_demand {
	enum weir_key key; // the finest that satisfies all; WEIR_KEY_NONE: any will do
	// Who asks for it; NULL: nobody. other: who contradicts, so that one worker has to take all
	// packets; NULL: nobody.
	const struct weir_element *by, *other;
	enum weir_affinity affinity; // what `by` asks for
};

// What a class wants of the packets that come by an input.
enum weir_affinity weir_affinity_of(const struct weir_class *c, unsigned port);
// Of the elements that a FromDevice pushes to, up to where packets change the worker. 0 or -ENOMEM.
int weir_affinity(struct weir_demand *d, const struct weir_element *from);
// Whether packets of the interface are steered, and by what, once it is known who receives them and
// from how many queues. balance: they are to be, so that flows can move. 0 or -ENOMEM.
int weir_decide_steering(const struct weir_element *from, struct weir_device *d, bool balance);
