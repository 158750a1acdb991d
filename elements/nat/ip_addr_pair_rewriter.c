// SPDX-License-Identifier: BSD-2-Clause
// IPAddrPairRewriter: translates addresses by pair: all packets from one address to another,
// whatever the protocol, become packets between two others, and those that answer are turned back.
// An input is one of those of IPRewriter, with patterns `SADDR DADDR`; SADDR may be a range L-H or
// a prefix, from which an address is chosen that is free for the destination, at random, or with
// `#` behind it in order.
//
//	rw :: IPAddrPairRewriter(pattern 1.0.0.1-1.0.0.9# - 0 1, drop);
#include "rewriter.h"

struct ip_addr_pair_rewriter {
	struct rewriter r;
};

static int configure(struct weir_element *e, struct weir_args *a)
{
	return rewriter_configure(e, a, REWRITER_PAIR, 0);
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
		  "sessions, two lines each: (addresses) => what it becomes, "
		  "outputs (a star at the one that is used), input, seconds left"),
	WEIR_READ("mappings", rewriter_read_table, "the same as table"),
	REWRITER_HANDLERS,
};

REWRITER_CLASS(ip_addr_pair_rewriter, "IPAddrPairRewriter",
	       .purpose = "translates pairs of addresses", .args = args, .handlers = handlers,
	       .configure = configure, REWRITER_NO_DRIVER);

WEIR_CASES(ip_addr_pair_rewriter,
	   {"pattern 1.0.0.1 5.0.0.5 0 1", "ip4 udp | ip4 src=5.0.0.5 dst=1.0.0.1 tcp", "0 | 1",
	    "ip4 src=1.0.0.1 dst=5.0.0.5 udp | ip4 src=10.0.0.2 dst=10.0.0.1 tcp"},
	   {"pattern 1.0.0.1-1.0.0.2# - 0 0",
	    "ip4 udp | ip4 src=10.0.0.9 udp | ip4 src=10.0.0.8 udp | ip4 src=10.0.0.8 dst=10.0.0.3 "
	    "udp",
	    "0 | 0 | no-port | 0",
	    "ip4 src=1.0.0.1 udp | ip4 src=1.0.0.2 udp | ip4 src=1.0.0.1 dst=10.0.0.3 udp"},
	   {"pass", "ip4 udp", "0", ""});
