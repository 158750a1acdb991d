// SPDX-License-Identifier: BSD-2-Clause
// IPRewriter: translates addresses and ports of TCP and UDP (NAPT, RFC 3022). It keeps a table of
// sessions: what the packets of a flow become, what those that answer it become, and by which
// output each direction leaves. A packet of a flow without a session is dealt with as its input
// says:
//
//	drop                      it is lost as `no-mapping` (also `discard`)
//	pass [OUTPUT]             it leaves by OUTPUT as it is (also `nochange`, `passthrough`)
//	keep FOUTPUT ROUTPUT      a session that changes nothing
//	pattern SADDR SPORT DADDR DPORT FOUTPUT ROUTPUT
//	                          a session that puts these in; `-` keeps what the packet has
//	pattern NAME FOUTPUT ROUTPUT   the same, by a name that IPRewriterPatterns gives
//	ELEMENT                   what a mapper chooses: RoundRobinIPMapper, SourceIPHashMapper
//
// Packets of the flow leave by FOUTPUT, answers by ROUTPUT. SPORT may be a range L-H: the packet's
// own port if it lies there and is free, else one at random; L-H? is always at random, L-H# in
// order. A port is free if the answers can be told from those to others: flows to different
// destinations may have the same one. A flow for which there is none is lost as `no-port`. Where
// the pattern leaves no choice, the flow takes the place of the one whose answers would look the
// same.
//
// Packets of other protocols, and fragments but the first (put IPReassembler in front), leave by
// inputs that `pass`, and are lost as `unfit` otherwise.
//
// A session ends when nothing has come for its time. TCP: TCP_NODATA_TIMEOUT until both sides have
// sent data, then TCP_TIMEOUT, and TCP_DONE_TIMEOUT when both have sent FIN, or one RST. UDP:
// UDP_TIMEOUT, and UDP_STREAMING_TIMEOUT after three packets and an answer. Where CAPACITY is
// reached, the session goes that would end first, if the worker has one whose GUARANTEE is over;
// otherwise the new flow is lost as `full`.
//
// Any worker finds any session; who makes it, ends it. A router that is kept (weir run --keep), or
// was killed, leaves its sessions to the next one of its name.
//
//	rw :: IPRewriter(pattern 1.0.0.1 1024-65535 - - 0 1, drop);
//	inside -> [0] rw; outside -> [1] rw; rw[0] -> to_outside; rw[1] -> to_inside;
#include "rewriter.h"

struct ip_rewriter {
	struct rewriter r;
};

static int configure(struct weir_element *e, struct weir_args *a)
{
	return rewriter_configure(e, a, REWRITER_PORTS, 0);
}

static const struct weir_arg args[] = {
	REWRITER_TIME(tcp, "TCP_TIMEOUT", "of TCP connections with data in both directions",
		      .def = "86400"),
	REWRITER_TIME(tcp, "TIMEOUT", "the same"),
	REWRITER_TIME(tcp_done, "TCP_DONE_TIMEOUT", "of finished TCP connections", .def = "240"),
	REWRITER_TIME(tcp_nodata, "TCP_NODATA_TIMEOUT", "of other TCP connections", .def = "300"),
	REWRITER_TIME(tcp_guarantee, "TCP_GUARANTEE",
		      "after a packet, a TCP session does not go for another one for so long",
		      .def = "5"),
	REWRITER_TIME(tcp_guarantee, "GUARANTEE", "the same"),
	REWRITER_TIME(udp, "UDP_TIMEOUT", "of UDP", .def = "300"),
	REWRITER_TIME(udp_streaming, "UDP_STREAMING_TIMEOUT",
		      "of UDP after three packets and an answer; UDP_TIMEOUT without it"),
	REWRITER_TIME(udp_guarantee, "UDP_GUARANTEE", "as TCP_GUARANTEE, of UDP", .def = "5"),
	REWRITER_TIME(reap, "REAP_TCP", "accepted; sessions end when their time has come"),
	REWRITER_TIME(reap, "REAP_TCP_DONE", "the same"),
	REWRITER_TIME(reap, "REAP_UDP", "the same"),
	REWRITER_DST_ANNO,
	REWRITER_ARGS,
};

static const struct weir_handler handlers[] = {
	WEIR_READ("tcp_table", rewriter_read_table,
		  "TCP sessions, two lines each: (addresses and ports) => (what they become), "
		  "outputs (a star at the one that is used), input, seconds left",
		  .user = IPPROTO4_TCP),
	WEIR_READ("udp_table", rewriter_read_table, "UDP sessions", .user = IPPROTO4_UDP),
	WEIR_READ("tcp_mappings", rewriter_read_table, "the same as tcp_table",
		  .user = IPPROTO4_TCP),
	WEIR_READ("udp_mappings", rewriter_read_table, "the same as udp_table",
		  .user = IPPROTO4_UDP),
	REWRITER_LOOKUP("tcp_lookup"),
	REWRITER_HANDLERS,
};

REWRITER_CLASS(ip_rewriter, "IPRewriter",
	       .purpose = "translates addresses and ports of TCP and UDP", .args = args,
	       .handlers = handlers, .configure = configure, REWRITER_DRIVER);

WEIR_CASES(ip_rewriter,
	   {"pattern 1.0.0.1 5000-5000 - - 0 1",
	    "ip4 udp data=\"abc\" | ip4 src=10.0.0.2 dst=1.0.0.1 udp sport=2000 dport=5000",
	    "0 | 1",
	    "ip4 src=1.0.0.1 udp sport=5000 data=\"abc\" dst_ip=10.0.0.2 | ip4 src=10.0.0.2 "
	    "dst=10.0.0.1 udp sport=2000 dport=1000 dst_ip=10.0.0.1"},
	   {"pattern - - 1.0.0.9 80 0 0", "ip4 tcp flags=syn", "0",
	    "ip4 dst=1.0.0.9 tcp dport=80 flags=syn dst_ip=1.0.0.9"},
	   {"pattern 1.0.0.1 1000-1001 - - 0 0, DST_ANNO false",
	    "ip4 udp csum=0 dst_ip=9.9.9.9 | ip4 src=10.0.0.3 udp | ip4 src=10.0.0.4 udp",
	    "0 | 0 | no-port",
	    "ip4 src=1.0.0.1 udp csum=0 dst_ip=9.9.9.9 | ip4 src=1.0.0.1 udp sport=1001"},
	   {"pattern 1.0.0.1 1000-1000 - - 0 0", "ip4 udp | ip4 src=10.0.0.3 dst=10.0.0.4 udp",
	    "0 | 0", "ip4 src=1.0.0.1 udp | ip4 src=1.0.0.1 dst=10.0.0.4 udp"},
	   {"pattern 1.0.0.1 7000-7009# - - 0 0",
	    "ip4 udp | ip4 tcp | ip4 udp sport=7001 | ip4 udp", "0",
	    "ip4 src=1.0.0.1 udp sport=7000 | ip4 src=1.0.0.1 tcp sport=7001 | ip4 src=1.0.0.1 udp "
	    "sport=7002 | ip4 src=1.0.0.1 udp sport=7000"},
	   {"keep 1 0", "ip4 udp | ip4 src=10.0.0.2 dst=10.0.0.1 udp sport=2000 dport=1000",
	    "1 | 0", ""},
	   {"drop", "ip4 udp", "no-mapping", ""}, {"pass", "ip4 udp", "0", ""},
	   {"pass 1", "ip4 icmp | ip4 frag=8 udp", "1", ""},
	   {"pattern 1.0.0.1 - - - 0 0", "ip4 icmp", "unfit", ""},
	   {"pattern 1.0.0.1 - - - 0 0", "ip4 frag=8 udp", "unfit", ""},
	   {"pattern 1.0.0.1 - - - 0 0", "ip4 udp cut=27", "unfit", ""},
	   {"pattern 1.0.0.1 - - - 0 0", "ip4 udp network=none transport=none", "unfit", ""},
	   {"pattern 1.0.0.1 5000-5009# - - 0 0, MAPPING_CAPACITY 1",
	    "ip4 udp | ip4 udp sport=1001", "0 | full", "ip4 src=1.0.0.1 udp sport=5000"});
