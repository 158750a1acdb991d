// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// CheckIPHeader2 in the driver.
#include "check_ip.bpf.h"

struct check_ip_header2 {
	struct check_ip_front front;
};
struct check_ip_header2_state {
	struct check_ip_state c;
};

static inline unsigned check_ip_header2(const struct check_ip_header2 *self,
					struct check_ip_header2_state *state, struct packet *p)
{
	return check_ip_front(&self->front, &state->c, p);
}

WEIR_DRIVER_STATE_ELEMENT(check_ip_header2);
