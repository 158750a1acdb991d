// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// ToHost in the driver: XDP_PASS, for packets that arrive where they came from. Those that are to
// arrive elsewhere go on in userspace.
#include "to_host.h"

struct to_host {
	struct to_host_front front;
};

static inline unsigned to_host(const struct to_host *self, struct to_host_state *state,
			       struct packet *p)
{
	if (weir_len(p) < sizeof(struct eth)) {
		state->drops++;
		return WEIR_DROP + TO_HOST_TOO_SHORT;
	}
	if (self->front.ifindex && self->front.ifindex != p->ctx->ingress_ifindex)
		return WEIR_HANDOVER;
	weir_end_here(p);
	weir_packet_leave(p);
	return WEIR_ENDED | XDP_PASS;
}

WEIR_DRIVER_STATE_SINK(to_host);
