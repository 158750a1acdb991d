// SPDX-License-Identifier: BSD-2-Clause
// CheckUDPHeader: checks length and checksum of the UDP header (RFC 768); a checksum of zero is
// none. What is no UDP, too short for what it says, or has a bad checksum leaves by `bad`.
//
//	CheckIPHeader(14) -> IPClassifier(udp) -> CheckUDPHeader -> ...
#include <ip/check_transport_class.h>

CHECK_TRANSPORT_CLASS(check_udp_header, "CheckUDPHeader", "UDP");

static inline unsigned check_udp_header(const struct check_udp_header *,
					struct check_udp_header_state *state, struct packet *p)
{
	return check_transport_end(&state->c, check_udp(p));
}

WEIR_CASES(check_udp_header, {"", "ip4 udp data=\"abc\"", "out", ""},
	   {"", "ip4 udp data=\"abc\" len=60", "out", ""}, {"", "ip4 opt=01010101 udp", "out", ""},
	   {"", "ip4 udp csum=bad", "bad", ""}, {"", "ip4 udp csum=0 data=\"abc\"", "out", ""},
	   {"", "ip4 udp udplen=7", "bad", ""}, {"", "ip4 udp udplen=9", "bad", ""},
	   {"", "ip4 tcp", "bad", ""}, {"", "ip4 udp cut=27", "bad", ""},
	   {"", "ip4 udp data=\"abc\" cut=30", "bad", ""},
	   {"", "ip4 udp network=none transport=none", "bad", ""});
