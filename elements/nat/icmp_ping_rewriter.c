// SPDX-License-Identifier: BSD-2-Clause
// ICMPPingRewriter: translates ICMP echo requests by addresses and identifier, and turns the
// replies back. An input is one of those of IPRewriter; what its pattern says of the source port it
// says of the identifier. Replies without a session, and what is neither, leave by inputs that
// `pass`, and are lost as `no-mapping` and `unfit` otherwise.
//
// Click's older form is ICMPPingRewriter(SRC, DST), each an address or `-`, with one or two inputs
// and outputs: requests that come to input 0 make sessions, with any identifier, and what has none
// comes out as it is, or is lost if it came to input 1. Replies leave by output 1, if there is one.
//
//	ping :: ICMPPingRewriter(pattern 1.0.0.1 - 0-65535 0 1, drop);
#include "rewriter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct icmp_ping_rewriter {
	struct rewriter r;
};

static bool is_address(struct weir_element *e, const char *text)
{
	be32 addr;

	return strcmp(text, "-") == 0 || !weir_parse(e, WEIR_T_IP4, text, NULL, &addr, NULL);
}

static bool is_old_form(struct weir_element *e, const struct weir_args *a)
{
	return a->n_rest == 2 && is_address(e, a->rest[0]) && is_address(e, a->rest[1]);
}

// The same in today's words. What the first input does with replies that have no session is part of
// the class: it passes them.
static int translate_old_form(struct weir_element *e, struct weir_args *a)
{
	struct icmp_ping_rewriter *self = e->self;
	char *now[2] = {}, **before = a->rest;
	const unsigned count = a->n_rest;
	int rc = -ENOMEM;

	if (asprintf(&now[0], "pattern %s %s 0-65535 0 %u", before[0], before[1],
		     e->n_out > 1 ? 1 : 0) < 0)
		now[0] = NULL;
	now[1] = strdup("drop");
	if (now[0] && now[1]) {
		self->r.passes_replies = true;
		a->rest = now;
		a->n_rest = e->n_in > 1 ? 2 : 1;
		rc = rewriter_configure(e, a, REWRITER_PING, IPPROTO4_ICMP);
		a->rest = before;
		a->n_rest = count;
	}
	free(now[0]);
	free(now[1]);
	return rc;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	return is_old_form(e, a) ? translate_old_form(e, a)
				 : rewriter_configure(e, a, REWRITER_PING, IPPROTO4_ICMP);
}

static const struct weir_arg args[] = {
	REWRITER_TIME(udp, "TIMEOUT", "when nothing has come for so long, a session ends",
		      .def = "300"),
	REWRITER_TIME(udp_guarantee, "GUARANTEE",
		      "after a packet, a session does not go for another one for so long",
		      .def = "5"),
	REWRITER_DST_ANNO,
	REWRITER_ARGS,
};

static const struct weir_handler handlers[] = {
	WEIR_READ("table", rewriter_read_table,
		  "sessions, two lines each: (addresses and identifier) => what it becomes, "
		  "outputs (a star at the one that is used), input, seconds left"),
	WEIR_READ("mappings", rewriter_read_table, "the same as table"),
	REWRITER_HANDLERS,
};

REWRITER_CLASS(icmp_ping_rewriter, "ICMPPingRewriter", .purpose = "translates pings", .args = args,
	       .handlers = handlers, .configure = configure, REWRITER_DRIVER);

WEIR_CASES(icmp_ping_rewriter,
	   {"pattern 1.0.0.1 - 7-9# 0 1",
	    "ip4 icmp type=8 id=5 seq=1 data=\"abc\" | ip4 src=10.0.0.2 dst=1.0.0.1 icmp type=0 "
	    "id=7 seq=1",
	    "0 | 1",
	    "ip4 src=1.0.0.1 icmp type=8 id=7 seq=1 data=\"abc\" | ip4 src=10.0.0.2 dst=10.0.0.1 "
	    "icmp type=0 id=5 seq=1"},
	   {"pattern 1.0.0.1 1024-65535 - - 0 0",
	    "ip4 icmp type=8 id=5000 | ip4 src=10.0.0.3 icmp type=0 id=5000", "0 | no-mapping",
	    "ip4 src=1.0.0.1 icmp type=8 id=5000"},
	   {"1.0.0.1, -", "ip4 icmp type=8 id=5 | ip4 src=10.0.0.3 icmp type=0 id=5", "0",
	    "ip4 src=1.0.0.1 icmp type=8 id=5 | ip4 src=10.0.0.3 icmp type=0 id=5"},
	   {"pattern 1.0.0.1 - - - 0 1",
	    "ip4 icmp type=8 id=0 seq=1 | ip4 src=10.0.0.2 dst=1.0.0.1 icmp type=8 id=0 seq=1 | "
	    "ip4 src=10.0.0.2 dst=1.0.0.1 icmp type=0 id=0 seq=1",
	    "0 | no-mapping | 1",
	    "ip4 src=1.0.0.1 icmp type=8 id=0 seq=1 | ip4 src=10.0.0.2 dst=10.0.0.1 icmp type=0 "
	    "id=0 seq=1"},
	   {"pattern 1.0.0.1 - - - 0 0", "ip4 icmp type=13 zero=12", "unfit", ""},
	   {"pass", "ip4 udp", "0", ""});
