// SPDX-License-Identifier: BSD-2-Clause
#include "rows.h"

#include <packages.h>

extern const struct weir_cases *const __start_weir_cases[], *const __stop_weir_cases[];

const struct weir_cases *rows_of(unsigned i)
{
	// cppcheck-suppress comparePointers
	unsigned n = (unsigned)(__stop_weir_cases - __start_weir_cases);
	const struct weir_package *p;

	if (i < n)
		return __start_weir_cases[i];
	i -= n;
	for (unsigned k = 0; (p = weir_package(k)); k++) {
		n = (unsigned)(p->cases_end - p->cases);
		if (i < n)
			return p->cases[i];
		i -= n;
	}
	return NULL;
}
