// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// Tee in the driver, where it has one output: a driver cannot copy a packet.
#include <weir/element.h>

struct tee {
	uint8_t unused;
};

static inline unsigned tee(const struct tee *, struct packet *)
{
	return 0;
}

WEIR_DRIVER_ELEMENT(tee);
