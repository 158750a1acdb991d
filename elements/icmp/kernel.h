// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What the followed kernel (KernelRoutes) says about an ICMP error: from which address it is sent,
// and who is whose neighbour.

#include <weir/element.h>
#include <weir/kernel.h>

struct icmp_kernel {
	struct weir_element *routes; // NULL: nobody is asked
	char *iif;
	struct weir_kernel *kernel;
	const struct weir_view *view;
};

#define ICMP_KERNEL_ARG(id_)                                                                       \
	WEIR_ARG(                                                                                  \
		ELEMENT, id_, kernel.routes, "KERNEL",                                             \
		"a KernelRoutes: the source is the address that the kernel would send from; SRC, " \
		"if it has none, and of redirects"),                                               \
		WEIR_ARG(WORD, id_, kernel.iif, "IIF",                                             \
			 "with KERNEL: as the routes of packets say that come in by that "         \
			 "interface")

// For configure. 0 or -EINVAL.
int icmp_kernel_configure(struct icmp_kernel *k, struct weir_args *a);

// Are both addresses neighbours on the same link?
bool icmp_kernel_joins4(const struct icmp_kernel *k, be32 a, be32 b);
bool icmp_kernel_joins6(const struct icmp_kernel *k, struct weir_ip6 a, struct weir_ip6 b);
