// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// The hash of a packet's flow, for elements, as weir/steer.h has it in userspace.

#include <weir/frame.h>
#include <weir/packet.h>

// Functions of their own, out of the way of plain packets, and so that the verifier looks at each
// once: as one piece they are too much for it.
__attribute__((noinline)) int weir_apart_layer(struct xdp_md *ctx, struct weir_frame_seen *s)
{
	const struct weir_frame f = {WEIR_CTX_POINTER(ctx, data), WEIR_CTX_POINTER(ctx, data_end)};

	return s && weir_frame_layer(&f, s);
}

static __always_inline bool weir_hash_layer(void *ctx, struct weir_frame_seen *s)
{
	return weir_apart_layer(ctx, s);
}

__attribute__((noinline)) __u32 weir_apart_hash(struct xdp_md *ctx, __u32 off, bool has_link)
{
	return weir_frame_sort_rest(off, has_link, WEIR_KEY_FLOW, NULL, NULL, weir_hash_layer, ctx).hash;
}

// Odd; or WEIR_APART, which the element is to return: only while nothing was changed or counted.
WEIR_INLINE __u32 weir_flow_hash(const struct packet *p)
{
	const struct weir_frame f = {p->data, p->end};
	const bool has_link = p->m->mac != WEIR_META_NONE;
	struct weir_frame_seen s;

	if (WEIR_LIKELY(has_link && weir_frame_plain(&f, p->m->mac, &s)))
		return weir_frame_hash(&s, WEIR_KEY_FLOW);
	return weir_apart_hash(p->ctx, has_link ? p->m->mac : p->m->off, has_link);
}
