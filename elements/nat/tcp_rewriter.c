// SPDX-License-Identifier: BSD-2-Clause
// TCPRewriter: translates addresses and ports of TCP, and where FTPPortMapper changes how long the
// data is, sequence numbers and acknowledgements, selective ones (SACK, RFC 2018) too. Inputs,
// sessions and times are those of IPRewriter.
//
//	control :: TCPRewriter(pattern 1.0.0.1 1024-65535 - - 0 1, drop);
//	FTPPortMapper(control, rw, 0) -> [0] control;
#include "rewriter.h"

struct tcp_rewriter {
	struct rewriter r;
};

static int configure(struct weir_element *e, struct weir_args *a)
{
	return rewriter_configure(e, a, REWRITER_PORTS, IPPROTO4_TCP);
}

static const struct weir_arg args[] = {
	REWRITER_TIME(tcp, "TCP_TIMEOUT", "of connections with data in both directions",
		      .def = "86400"),
	REWRITER_TIME(tcp, "TIMEOUT", "the same"),
	REWRITER_TIME(tcp_done, "TCP_DONE_TIMEOUT", "of finished connections", .def = "240"),
	REWRITER_TIME(tcp_nodata, "TCP_NODATA_TIMEOUT", "of other connections", .def = "300"),
	REWRITER_TIME(tcp_guarantee, "TCP_GUARANTEE",
		      "after a packet, a session does not go for another one for so long",
		      .def = "5"),
	REWRITER_TIME(tcp_guarantee, "GUARANTEE", "the same"),
	REWRITER_TIME(reap, "REAP_TCP", "accepted; sessions end when their time has come"),
	REWRITER_TIME(reap, "REAP_TCP_DONE", "the same"),
	REWRITER_DST_ANNO,
	REWRITER_ARGS,
};

static const struct weir_handler handlers[] = {
	WEIR_READ("table", rewriter_read_table,
		  "sessions, two lines each: (addresses and ports) => what it becomes, "
		  "outputs (a star at the one that is used), input, seconds left"),
	WEIR_READ("mappings", rewriter_read_table, "the same as table"),
	REWRITER_LOOKUP("lookup"),
	REWRITER_HANDLERS,
};

REWRITER_CLASS(tcp_rewriter, "TCPRewriter",
	       .purpose = "translates addresses, ports and sequence numbers of TCP", .args = args,
	       .handlers = handlers, .configure = configure, REWRITER_DRIVER);

WEIR_CASES(tcp_rewriter,
	   {"pattern 1.0.0.1 5000-5009# - - 0 1",
	    "ip4 tcp flags=syn opt=020405b4 | ip4 src=10.0.0.2 dst=1.0.0.1 tcp sport=2000 "
	    "dport=5000 flags=syn+ack",
	    "0 | 1",
	    "ip4 src=1.0.0.1 tcp sport=5000 flags=syn opt=020405b4 | ip4 src=10.0.0.2 dst=10.0.0.1 "
	    "tcp sport=2000 dport=1000 flags=syn+ack"},
	   {"pattern 1.0.0.1 5000 - - 0 0", "ip4 udp", "unfit", ""});
