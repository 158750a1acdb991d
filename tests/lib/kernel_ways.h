// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Where the kernel of this network namespace says that it would send a packet, against a view.

#include <weir/kernel.h>

struct mnl_socket;

struct kernel_ways {
	struct weir_kernel *k;
	struct mnl_socket *socket; // of rtnetlink, bound
	const char *const *devices;
	unsigned n_devices;
};

enum kernel_verdict {
	WAYS_AGREE,
	WAYS_HOST, // the view leaves to the kernel what it would send by a device of the router
	WAYS_DIFFER,
};

// A packet to dst that came in by the link iif; 0: the host's own. What changes right now is asked
// again. print: says both, if they differ.
enum kernel_verdict kernel_ways_compare(const struct kernel_ways *w, const struct weir_view *v,
					uint8_t family, struct weir_ip6 dst, uint32_t iif,
					bool print);
