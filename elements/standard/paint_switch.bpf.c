// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// PaintSwitch in the driver: what is for all outputs is userspace's, as it takes copies.
#include "paint_switch.h"

static inline unsigned paint_switch(const struct paint_switch *self, struct packet *p)
{
	unsigned port = weir_anno_u8(p, self->anno.at);

	if (port == PAINT_SWITCH_ALL && weir_instance.n_out)
		return WEIR_HANDOVER;
	return port < weir_instance.n_out ? port : WEIR_DROP + PAINT_SWITCH_NO_OUTPUT;
}

WEIR_DRIVER_ELEMENT(paint_switch);
