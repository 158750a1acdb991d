// SPDX-License-Identifier: BSD-2-Clause
#include "rewriter.h"
#include "session_share.h"

int rewriter_driver(const struct weir_element *e, struct weir_front_args *a)
{
	struct rewriter *self = rewriter_of(e);
	struct rewriter_front *front = &self->front;

	*front = (struct rewriter_front){
		.dst_anno = self->dst_anno,
		.has_reply_anno = self->has_reply_anno,
		.reply_anno = (uint8_t)self->reply_anno.at,
	};
	sessions_share(&self->table, &front->view, a);
	a->self = front;
	a->size = sizeof(*front);
	a->hands = "packets that begin, end or change sessions, ICMP errors, fragments and options";
	return 0;
}
