// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// CheckTCPHeader in the driver.
#include <ip/check_transport.h>

struct check_tcp_header {
	struct check_transport c;
};
struct check_tcp_header_state {
	struct check_transport_state c;
};

WEIR_INLINE unsigned check_tcp_header(const struct check_tcp_header *,
				      struct check_tcp_header_state *state, struct packet *p)
{
	return check_transport_end(&state->c, check_tcp(p));
}

WEIR_DRIVER_STATE_ELEMENT(check_tcp_header);
