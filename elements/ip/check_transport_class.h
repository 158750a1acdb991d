// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What the classes CheckTCPHeader, CheckUDPHeader and CheckICMPHeader have alike.

#include "check_transport.h"

// Says what was bad among the packets of the last batch; `what`: the protocol.
void check_transport_tell(struct weir_node *n, const char *what);
int check_transport_driver(const struct weir_element *e, struct weir_front_args *a);
// The handler's user is the protocol.
int check_transport_details(struct weir_element *e, const struct weir_handler *h, const char *param,
			    struct weir_buf *out, struct weir_err *err);

// The framework's loop, and then the bad packets are told.
#define CHECK_TRANSPORT_CLASS(id, class_, what_)                                                   \
	struct id {                                                                                \
		struct check_transport c;                                                          \
	};                                                                                         \
	struct id##_state {                                                                        \
		struct check_transport_state c;                                                    \
	};                                                                                         \
	static const struct weir_arg args[] = {                                                    \
		WEIR_ARG(BOOL, id, c.verbose, "VERBOSE", "say something for every bad packet",     \
			 .def = "false"),                                                          \
		WEIR_ARG(BOOL, id, c.details, "DETAILS", "count by reason (weir always does)",     \
			 .def = "false"),                                                          \
		{},                                                                                \
	};                                                                                         \
	static const struct weir_handler handlers[] = {                                            \
		WEIR_SUM("drops", id, c.drops, "bad packets so far"),                              \
		WEIR_READ("drop_details", check_transport_details, "bad packets by reason",        \
			  .user = (uintptr_t)what_),                                               \
		{},                                                                                \
	};                                                                                         \
	static inline unsigned id(const struct id *self, struct id##_state *state,                 \
				  struct packet *p);                                               \
	static void id##_push(struct weir_node *n, unsigned port, struct batch *b);                \
	static void id##_telling(struct weir_node *n, unsigned port, struct batch *b)              \
	{                                                                                          \
		const struct check_transport_state *s = n->state;                                  \
		id##_push(n, port, b);                                                             \
		if (WEIR_UNLIKELY(s->drops != s->told))                                            \
			check_transport_tell(n, what_);                                            \
	}                                                                                          \
	WEIR_STATE_ELEMENT(id, class_, .purpose = "checks the " what_ " header", .ports = "1/1-2", \
			   .processing = "a/ah", .out = {"out", "bad"}, .args = args,              \
			   .handlers = handlers, .driver = check_transport_driver,                 \
			   .push = id##_telling, .reconfigures = true)
