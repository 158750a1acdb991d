// SPDX-License-Identifier: BSD-2-Clause
// CheckICMPHeader: checks length and checksum of ICMP messages (RFC 792): errors must quote an IP
// header and 8 bytes, timestamps have 20 bytes and information requests 8. What is no ICMP, has
// another length or a bad checksum leaves by `bad`.
//
//	CheckIPHeader(14) -> IPClassifier(icmp) -> CheckICMPHeader -> ...
#include <ip/check_transport_class.h>

CHECK_TRANSPORT_CLASS(check_icmp_header, "CheckICMPHeader", "ICMP");

static inline unsigned check_icmp_header(const struct check_icmp_header *,
					 struct check_icmp_header_state *state, struct packet *p)
{
	return check_transport_end(&state->c, check_icmp(p));
}

WEIR_CASES(check_icmp_header, {"", "ip4 icmp type=8 data=\"abc\"", "out", ""},
	   {"", "ip4 icmp type=8 data=\"abc\" len=60", "out", ""},
	   {"", "ip4 icmp type=8 csum=bad", "bad", ""}, {"", "ip4 icmp type=11 ip4 udp", "out", ""},
	   {"", "ip4 icmp type=11 ip4 zero=7", "bad", ""}, {"", "ip4 icmp type=3", "bad", ""},
	   {"", "ip4 icmp type=4", "bad", ""}, {"", "ip4 icmp type=5", "bad", ""},
	   {"", "ip4 icmp type=12", "bad", ""}, {"", "ip4 icmp type=13 zero=12", "out", ""},
	   {"", "ip4 icmp type=13 zero=13", "bad", ""}, {"", "ip4 icmp type=14 zero=11", "bad", ""},
	   {"", "ip4 icmp type=15", "out", ""}, {"", "ip4 icmp type=16 zero=1", "bad", ""},
	   {"", "ip4 icmp type=8 cut=27", "bad", ""}, {"", "ip4 iplen=27 icmp type=8", "bad", ""},
	   {"", "ip4 udp", "bad", ""}, {"", "ip4 icmp network=none transport=none", "bad", ""});
