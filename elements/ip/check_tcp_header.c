// SPDX-License-Identifier: BSD-2-Clause
// CheckTCPHeader: checks length, data offset and checksum of the TCP header (RFC 9293 3.1). What is
// no TCP, too short for what it says, or has a bad checksum leaves by `bad`; so does a fragment, as
// its checksum is that of all.
//
//	CheckIPHeader(14) -> IPClassifier(tcp) -> CheckTCPHeader -> ...
#include <ip/check_transport_class.h>

CHECK_TRANSPORT_CLASS(check_tcp_header, "CheckTCPHeader", "TCP");

static inline unsigned check_tcp_header(const struct check_tcp_header *,
					struct check_tcp_header_state *state, struct packet *p)
{
	return check_transport_end(&state->c, check_tcp(p));
}

WEIR_CASES(check_tcp_header, {"", "ip4 tcp data=\"abc\"", "out", ""},
	   {"", "ip4 tcp data=\"abc\" len=60", "out", ""}, {"", "ip4 tcp csum=bad", "bad", ""},
	   {"", "ip4 tcp off=0xf0 data=\"abc\"", "bad", ""}, {"", "ip4 tcp off=0x40", "bad", ""},
	   {"", "ip4 opt=01010101 tcp opt=01010101", "out", ""}, {"", "ip4 udp", "bad", ""},
	   {"", "ip4 tcp cut=39", "bad", ""}, {"", "ip4 tcp data=\"abc\" cut=42", "bad", ""},
	   {"", "ip4 iplen=39 tcp", "bad", ""},
	   {"", "ip4 tcp network=none transport=none", "bad", ""});
