// SPDX-License-Identifier: BSD-2-Clause
// IPAddrRewriter: translates the source addresses of hosts (Basic NAT, RFC 3022 2.1): each gets one
// of its own, whatever the protocol; packets to that address go back to the host. An input is one
// of those of IPRewriter, with patterns `SADDR -`; SADDR may be a range L-H or a prefix, from which
// an address is chosen at random, or with `#` behind it in order. A host for which there is none is
// lost as `no-port`.
//
// Fragments are translated too; in ICMP errors only the header, as ICMPRewriter does the rest.
//
//	rw :: IPAddrRewriter(pattern 1.0.0.1-1.0.0.100 - 0 1, drop);
#include "rewriter.h"

struct ip_addr_rewriter {
	struct rewriter r;
};

static int configure(struct weir_element *e, struct weir_args *a)
{
	return rewriter_configure(e, a, REWRITER_ADDRESS, 0);
}

static const struct weir_arg args[] = {
	REWRITER_TIME(udp, "TIMEOUT", "when nothing has come for so long, a session ends",
		      .def = "7200"),
	REWRITER_TIME(udp_guarantee, "GUARANTEE",
		      "after a packet, a session does not go for another one for so long",
		      .def = "5"),
	REWRITER_ARGS,
};

static const struct weir_handler handlers[] = {
	WEIR_READ("table", rewriter_read_table,
		  "sessions, two lines each: address => what it becomes, "
		  "outputs (a star at the one that is used), input, seconds left"),
	WEIR_READ("mappings", rewriter_read_table, "the same as table"),
	REWRITER_HANDLERS,
};

REWRITER_CLASS(ip_addr_rewriter, "IPAddrRewriter", .purpose = "translates source addresses",
	       .args = args, .handlers = handlers, .configure = configure, REWRITER_NO_DRIVER);

WEIR_CASES(ip_addr_rewriter,
	   {"pattern 1.0.0.1-1.0.0.2# - 0 0",
	    "ip4 udp | ip4 src=10.0.0.9 icmp | ip4 dst=10.0.0.7 tcp | ip4 src=10.0.0.8 udp",
	    "0 | 0 | 0 | no-port",
	    "ip4 src=1.0.0.1 udp | ip4 src=1.0.0.2 icmp | ip4 src=1.0.0.1 dst=10.0.0.7 tcp"},
	   {"pattern 1.0.0.1/32 - 0 1",
	    "ip4 frag=8 udp csum=0 | ip4 src=9.9.9.9 dst=1.0.0.1 proto=47 bytes=8", "0 | 1",
	    "ip4 src=1.0.0.1 frag=8 udp csum=0 | ip4 src=9.9.9.9 dst=10.0.0.1 proto=47 bytes=8"},
	   {"drop", "ip4 udp", "no-mapping", ""},
	   {"drop", "ip4 udp network=none transport=none", "unfit", ""});
