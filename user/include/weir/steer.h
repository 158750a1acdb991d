// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Where a packet belongs, as the programs in the driver say (weir/frame.h).

#include <weir/frame.h>

// By its link header, else its first byte, up to its end. classes: NULL for none; owners: NULL for
// none, and with every key but WEIR_KEY_OWNER.
struct weir_frame_sorted weir_steer(const struct packet *p, enum weir_key key,
				    const struct weir_classes *classes,
				    const struct weir_owners *owners);
