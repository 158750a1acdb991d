// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// ToDevice in the driver: a redirect to the interface. What the interface then does not take, only
// its own statistics say.
#include "to_device.h"

struct to_device {
	struct to_device_front front;
};

// The one interface: an entry that is gone when the interface is.
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} devices SEC(".maps");

static inline unsigned to_device(const struct to_device *self, struct to_device_state *state,
				 struct packet *p)
{
	uint32_t len = weir_len(p);

	if (self->front.hands_all)
		return WEIR_HANDOVER;
	if (len < sizeof(struct eth))
		return WEIR_DROP + TO_DEVICE_TOO_SHORT;
	if (len > self->front.longest)
		return WEIR_DROP + TO_DEVICE_TOO_LONG;
	if (bpf_redirect_map(&devices, 0, 0) != XDP_REDIRECT)
		return WEIR_DROP + TO_DEVICE_NO_LINK;
	state->count++;
	weir_end_here(p);
	weir_packet_leave(p);
	return WEIR_ENDED | XDP_REDIRECT;
}

WEIR_DRIVER_STATE_SINK(to_device);
