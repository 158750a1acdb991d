// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// Discard in the driver: XDP_DROP.
#include "discard.h"

static inline unsigned discard(const struct discard *, struct discard_state *state,
			       struct packet *p)
{
	state->count++;
	weir_end_here(p);
	return WEIR_ENDED | XDP_DROP;
}

WEIR_DRIVER_STATE_SINK(discard);
