// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// DropBroadcasts: loses packets that arrived as link-layer broadcasts or multicasts (RFC 1812
// 5.3.4: those are not forwarded), as told by the packet type annotation.
//
//	RadixIPLookup(...) -> DropBroadcasts -> ...
#include <weir/element.h>

enum { BROADCAST = WEIR_DROP };

struct drop_broadcasts {
	uint8_t unused;
};
struct drop_broadcasts_state {
	uint64_t drops;
};

WEIR_RARE unsigned not_to_us(struct drop_broadcasts_state *state, const struct packet *p)
{
	unsigned type = weir_type(p);

	if (type != WEIR_BROADCAST && type != WEIR_MULTICAST)
		return 0;
	state->drops++;
	return BROADCAST;
}

static inline unsigned drop_broadcasts(const struct drop_broadcasts *,
				       struct drop_broadcasts_state *state, struct packet *p)
{
	if (WEIR_LIKELY(weir_type(p) == WEIR_HOST))
		return 0;
	return not_to_us(state, p);
}

static const struct weir_handler drop_broadcasts_handlers[] = {
	WEIR_SUM("drops", drop_broadcasts, drops, "packets lost"),
	{},
};

WEIR_STATE_ELEMENT(drop_broadcasts, "DropBroadcasts",
		   .purpose = "drops packets that arrived as link-layer broadcasts",
		   .drops = {"broadcast"}, .filters = true, .handlers = drop_broadcasts_handlers);

WEIR_CASES(drop_broadcasts, {"", "ip4 type=host", "0", ""},
	   {"", "ip4 type=broadcast", "broadcast", ""}, {"", "ip4 type=multicast", "broadcast", ""},
	   {"", "ip4 type=otherhost", "0", ""}, {"", "ip4 type=outgoing", "0", ""});
