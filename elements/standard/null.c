// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// Null: passes packets on as they are.
#include <weir/element.h>

struct null {
};

static inline unsigned null(const struct null *, struct packet *)
{
	return 0;
}

WEIR_ELEMENT(null, "Null", .purpose = "passes packets on as they are");
WEIR_CASES(null, {"", "eth ip4 udp", "0", ""}, {"", "cut=0", "0", ""});
