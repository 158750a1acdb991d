// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// PaintTee in the driver: packets of another colour pass; to copy one is userspace's.
#include "paint_tee.h"

static inline unsigned paint_tee(const struct paint_tee *self, struct packet *p)
{
	return weir_anno_u8(p, self->anno.at) == self->color ? WEIR_HANDOVER : 0;
}

WEIR_DRIVER_ELEMENT(paint_tee);
