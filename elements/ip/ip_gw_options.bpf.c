// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// IPGWOptions in the driver: packets without options pass, those with options are userspace's.
#include <weir/element.h>

struct ip_gw_options {
	uint8_t unused;
};

static inline unsigned ip_gw_options(const struct ip_gw_options *, struct packet *p)
{
	const struct ip4 *ip = weir_ip4(p);

	return WEIR_LIKELY(!ip || ip->vihl == 0x45) ? 0 : WEIR_HANDOVER;
}

WEIR_DRIVER_ELEMENT(ip_gw_options);
