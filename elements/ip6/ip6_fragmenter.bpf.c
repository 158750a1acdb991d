// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// IP6Fragmenter in the driver: packets that fit pass, the others are userspace's.
#include "ip6_fragmenter.h"

static inline unsigned ip6_fragmenter(const struct ip6_fragmenter *self, struct packet *p)
{
	uint32_t len = weir_len(p);

	if (WEIR_LIKELY(len <= self->mtu))
		return 0;
	// a link header does not count
	if (p->m->network != WEIR_META_NONE && weir_network_len(p) <= self->mtu)
		return 0;
	return WEIR_HANDOVER;
}

WEIR_DRIVER_ELEMENT(ip6_fragmenter);
