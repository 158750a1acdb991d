// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// CheckIPHeader2: CheckIPHeader that does not check the checksum unless CHECKSUM is true, for
// packets whose checksum was checked before or is not set yet.
//
//	IPEncap(4, 10.0.0.1, 10.0.0.2) -> CheckIPHeader2 -> ...
#include "check_ip_header.h"

struct check_ip_header2 {
	struct check_ip c;
};
struct check_ip_header2_state {
	struct check_ip_state c;
};

static inline unsigned check_ip_header2(const struct check_ip_header2 *self,
					struct check_ip_header2_state *state, struct packet *p)
{
	return check_ip(&self->c, &state->c, p);
}

CHECK_IP_ARGS(check_ip_header2, "false");
CHECK_IP_HANDLERS(check_ip_header2);

CHECK_IP_PUSH(check_ip_header2)
WEIR_STATE_ELEMENT(check_ip_header2, "CheckIPHeader2",
		   .purpose = "checks the IP header but not its checksum", .ports = "1/1-2",
		   .processing = "a/ah", .out = {"out", "bad"}, .args = check_ip_header2_args,
		   .handlers = check_ip_header2_handlers, .configure = check_ip_configure,
		   .fini = check_ip_fini, .driver = check_ip_driver, CHECK_IP_REST,
		   .push = check_ip_header2_exact, .reconfigures = true);

WEIR_CASES(check_ip_header2, {"", "ip4 csum=bad udp len=60", "out", "ip4 csum=bad udp"},
	   {"CHECKSUM true", "ip4 csum=bad udp", "bad", ""}, {"", "ip4 vihl=0x55 udp", "bad", ""});
