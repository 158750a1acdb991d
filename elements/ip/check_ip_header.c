// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// CheckIPHeader: checks version, header length, length, checksum and source address of the IPv4
// header (RFC 1812 5.2.2, 5.3.7). A good packet is cut to the length that its header states (link
// padding goes), the header is marked for the elements behind, and the destination annotation is
// set to its destination. A bad packet leaves by `bad`.
//
// INTERFACES 18.26.4.9/24 18.26.8.1/24 stands for BADSRC 18.26.4.255 18.26.8.255 0.0.0.0
// 255.255.255.255 and GOODDST 18.26.4.9 18.26.8.1. The old form CheckIPHeader(BADSRC, OFFSET) is
// understood.
//
//	Strip(14) -> CheckIPHeader(INTERFACES 18.26.4.9/24) -> GetIPAddress(16) -> ...
#include "check_ip_header.h"

struct check_ip_header {
	struct check_ip c;
};
struct check_ip_header_state {
	struct check_ip_state c;
};

static inline unsigned check_ip_header(const struct check_ip_header *self,
				       struct check_ip_header_state *state, struct packet *p)
{
	return check_ip(&self->c, &state->c, p);
}

CHECK_IP_ARGS(check_ip_header, "true");
CHECK_IP_HANDLERS(check_ip_header);

WEIR_STATE_ELEMENT(check_ip_header, "CheckIPHeader", .purpose = "checks the IP header",
		   .ports = "1/1-2", .processing = "a/ah", .out = {"out", "bad"},
		   .args = check_ip_header_args, .handlers = check_ip_header_handlers,
		   .configure = check_ip_configure, .fini = check_ip_fini, .resizes = true);
