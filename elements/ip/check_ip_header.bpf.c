// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// CheckIPHeader in the driver.
#include "check_ip.bpf.h"

struct check_ip_header {
	struct check_ip_front front;
};
struct check_ip_header_state {
	struct check_ip_state c;
};

static inline unsigned check_ip_header(const struct check_ip_header *self,
				       struct check_ip_header_state *state, struct packet *p)
{
	return check_ip_front(&self->front, &state->c, p);
}

WEIR_DRIVER_STATE_ELEMENT(check_ip_header);
