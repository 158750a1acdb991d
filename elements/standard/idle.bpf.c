// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// Idle in the driver.
#include <weir/element.h>

struct idle {
};

static inline unsigned idle(const struct idle *, struct packet *p)
{
	weir_end_here(p);
	return WEIR_ENDED | XDP_DROP;
}

WEIR_DRIVER_SINK(idle);
