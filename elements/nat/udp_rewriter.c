// SPDX-License-Identifier: BSD-2-Clause
// UDPRewriter: translates addresses and ports of UDP, and of TCP as if it were UDP: its sessions
// end when nothing has come for TIMEOUT, or STREAMING_TIMEOUT after three packets and an answer.
// Inputs and sessions are those of IPRewriter.
//
//	dns :: UDPRewriter(pattern 1.0.0.1 1024-65535# - - 0 1, drop, TIMEOUT 10);
#include "rewriter.h"

struct udp_rewriter {
	struct rewriter r;
};

static int configure(struct weir_element *e, struct weir_args *a)
{
	return rewriter_configure(e, a, REWRITER_PORTS, 0);
}

static const struct weir_arg args[] = {
	REWRITER_TIME(udp, "TIMEOUT", "when nothing has come for so long, a session ends",
		      .def = "300"),
	REWRITER_TIME(udp, "UDP_TIMEOUT", "the same"),
	REWRITER_TIME(udp_streaming, "STREAMING_TIMEOUT",
		      "after three packets and an answer; TIMEOUT without it"),
	REWRITER_TIME(udp_streaming, "UDP_STREAMING_TIMEOUT", "the same"),
	REWRITER_TIME(udp_guarantee, "GUARANTEE",
		      "after a packet, a session does not go for another one for so long",
		      .def = "5"),
	REWRITER_TIME(udp_guarantee, "UDP_GUARANTEE", "the same"),
	REWRITER_DST_ANNO,
	REWRITER_ARGS,
};

static const struct weir_handler handlers[] = {
	WEIR_READ("table", rewriter_read_table,
		  "sessions, two lines each: (addresses and ports) => what it becomes, "
		  "outputs (a star at the one that is used), input, seconds left"),
	WEIR_READ("mappings", rewriter_read_table, "the same as table"),
	REWRITER_HANDLERS,
};

REWRITER_CLASS(udp_rewriter, "UDPRewriter", .purpose = "translates addresses and ports of UDP",
	       .args = args, .handlers = handlers, .configure = configure, REWRITER_DRIVER);

WEIR_CASES(udp_rewriter,
	   {"pattern 1.0.0.1 5000-5009# - - 0 0", "ip4 udp | ip4 tcp", "0",
	    "ip4 src=1.0.0.1 udp sport=5000 | ip4 src=1.0.0.1 tcp sport=5001"},
	   {"pattern 1.0.0.1 5000 - - 0 0", "ip4 icmp", "unfit", ""});
