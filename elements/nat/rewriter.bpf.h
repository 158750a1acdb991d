// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// IPRewriter and its relatives that tell flows apart by ports, in the driver: plain packets of
// sessions whose state none of them changes. By which input they come makes no difference.

#include "rewriter_front.h"
#include "session_lookup.bpf.h"

WEIR_INLINE unsigned rewriter_forward(const struct rewriter_front *self, struct packet *p)
{
	struct session_words key;
	const struct session_found found = session_of(&self->view, p, &key);
	unsigned out;

	if (!found.at)
		return WEIR_HANDOVER;
	out = session_forward(&found, &key, p, self->dst_anno);
	if (out != WEIR_HANDOVER && self->has_reply_anno && found.direction)
		weir_set_anno_u8(p, self->reply_anno, (__u8)found.user);
	return out;
}
