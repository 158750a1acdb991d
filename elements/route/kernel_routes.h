// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What elements that look into KernelRoutes know of it.

#include <weir/element.h>
#include <weir/kernel.h>

struct kernel_routes {
	struct weir_kernel *kernel;
	uint32_t limit, limit6;
	uint32_t rcvbuf; // bytes
	unsigned n_devices;
};

// The element as what it is, or NULL: it is another.
const struct kernel_routes *kernel_routes_of(const struct weir_element *e);
