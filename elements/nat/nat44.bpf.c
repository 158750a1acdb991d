// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// NAT44 in the driver: plain packets of established sessions, from the side from which they may
// come. Userspace begins and ends sessions, and does what needs more than one.
#include "session_lookup.bpf.h"

struct nat44 {
	struct session_view view;
};

static inline unsigned nat44(const struct nat44 *self, struct packet *p)
{
	struct session_words key;
	const struct session_found found = session_of(&self->view, p, &key);

	if (!found.at || found.direction != weir_instance.input)
		return WEIR_HANDOVER;
	// the next hop of what goes out was looked up before
	return session_forward(&found, &key, p, found.direction);
}

WEIR_DRIVER_ELEMENT(nat44);
