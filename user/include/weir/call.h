// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Write handlers that elements call when something happens, written `HANDLER [VALUE]` (END_CALL of
// sources, COUNT_CALL of Counter). HANDLER is `element.handler`, where the element is looked for
// from the scope of the caller outwards, or a handler of the router, such as `stop`.

#include <weir/err.h>
#include <weir/node.h>

struct weir_element;

// A call that may be under way. owner: the node; zero-initialised is idle.
struct weir_call {
	struct weir_timer timer;
	char *text;
};

// Whether the element that text names exists. Names arg in the message. 0 or -EINVAL.
int weir_call_check(struct weir_element *e, const char *text, const char *arg,
		    struct weir_err *err);

// Calls soon: after the packets that are under way now. Failures are printed on stderr. A call that
// still waits is replaced.
void weir_call(struct weir_node *n, struct weir_call *c, const char *text);
// For fini_node.
void weir_call_cancel(struct weir_call *c);
