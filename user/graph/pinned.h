// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What the user said of the workers that call tasks.

#include <threads.h>

struct weir_pinned {
	const struct weir_pin *pin; // that is nearest to the element; NULL: none
	struct weir_workers workers;
	bool nowhere; // -1
};

// Fills v, by element, which is zero. 0 or -errno with all mistakes in err.
int weir_pins_resolve(struct weir_pinned *v, const struct weir_router *r,
		      const struct weir_threads_options *opt, struct weir_err *err);
