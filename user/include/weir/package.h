// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What a shared object with elements says of itself, and how weir knows that it was built with
// headers that mean the same. The build of elements outside of weir's tree links it in
// (share/weir/element.mk); elements need not care.

#include <weir/element.h>

// A change of what these headers mean to compiled elements changes the number, unless one of the
// sizes shows it.
enum { WEIR_ELEMENT_ABI = 2 };

struct weir_abi {
	uint32_t number, sizes[8];
};
#define WEIR_ABI                                                                             \
	{                                                                                    \
		WEIR_ELEMENT_ABI,                                                            \
			{                                                                    \
				sizeof(struct weir_class),   sizeof(struct weir_element),    \
				sizeof(struct weir_node),    sizeof(struct packet),          \
				sizeof(struct batch),	     sizeof(struct weir_arg),        \
				sizeof(struct weir_handler), sizeof(struct weir_front_args), \
			},                                                                   \
	}

// The object's only symbol for others: `weir_package`. The first member stays the first.
struct weir_package {
	struct weir_abi abi;
	const struct weir_class *const *classes, *const *classes_end;
	const struct weir_cases *const *cases, *const *cases_end;
};
