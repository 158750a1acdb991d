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

CHECK_IP_PUSH(check_ip_header)
WEIR_STATE_ELEMENT(check_ip_header, "CheckIPHeader", .purpose = "checks the IP header",
		   .ports = "1/1-2", .processing = "a/ah", .out = {"out", "bad"},
		   .args = check_ip_header_args, .handlers = check_ip_header_handlers,
		   .configure = check_ip_configure, .fini = check_ip_fini,
		   .driver = check_ip_driver, CHECK_IP_REST, .push = check_ip_header_exact,
		   .reconfigures = true);

WEIR_CASES(check_ip_header,
	   {"", "ip4 udp data=\"abc\"", "out",
	    "ip4 udp data=\"abc\" dst_ip=10.0.0.2 network=0 transport=20"},
	   {"", "ip4 udp data=\"abc\" len=46", "out", "ip4 udp data=\"abc\""},
	   {"14", "eth ip4 udp len=60", "out", "eth ip4 udp network=14 transport=34"},
	   {"OFFSET 14", "eth ip4 opt=01010101 udp", "out",
	    "eth ip4 opt=01010101 udp network=14 transport=38"},
	   {"", "ip4 opt=01010101 udp len=60", "out", "ip4 opt=01010101 udp"},
	   {"", "ip4 udp csum=bad", "out", ""}, {"", "ip4 csum=bad udp", "bad", ""},
	   {"", "ip4 opt=01010101 csum=bad udp", "bad", ""},
	   {"CHECKSUM false", "ip4 csum=bad udp", "out", "ip4 csum=bad udp"},
	   {"", "ip4 cut=19", "bad", ""}, {"", "eth cut=0", "bad", ""},
	   {"14", "eth ip4 cut=33", "bad", ""}, {"65535", "ip4 udp", "bad", ""},
	   {"", "ip4 vihl=0x65 udp", "bad", ""}, {"", "ip4 vihl=0x44 udp", "bad", ""},
	   {"", "ip4 vihl=0x4f udp", "bad", ""}, {"", "ip4 iplen=19 udp", "bad", ""},
	   {"", "ip4 iplen=29 udp", "bad", ""}, {"", "ip4 opt=01010101 iplen=20 udp", "bad", ""},
	   {"BADSRC 10.0.0.255 1.2.3.4", "ip4 src=10.0.0.255 udp", "bad", ""},
	   {"BADSRC 10.0.0.255 1.2.3.4", "ip4 src=1.2.3.4 udp", "bad", ""},
	   {"BADSRC 10.0.0.255 1.2.3.4", "ip4 src=10.0.1.255 udp", "out", ""},
	   {"BADSRC 10.0.0.255, GOODDST 10.0.0.2", "ip4 src=10.0.0.255 udp", "out", ""},
	   {"10.0.0.255", "ip4 src=255.255.255.255 udp", "bad", ""},
	   {"10.0.0.255, 14", "eth ip4 src=0.0.0.0 udp", "bad", ""},
	   {"INTERFACES 10.0.0.9/24 10.1.0.9/16", "ip4 src=10.0.0.255 udp", "bad", ""},
	   {"INTERFACES 10.0.0.9/24 10.1.0.9/16", "ip4 src=10.1.255.255 udp", "bad", ""},
	   {"INTERFACES 10.0.0.9/24 10.1.0.9/16", "ip4 src=0.0.0.0 udp", "bad", ""},
	   {"INTERFACES 10.0.0.9/24 10.1.0.9/16", "ip4 src=0.0.0.0 dst=10.0.0.9 udp", "out", ""});
