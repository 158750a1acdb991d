// SPDX-License-Identifier: BSD-2-Clause
#include "place.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int weir_front_refuse(struct weir_front_args *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a->why, sizeof(a->why), fmt, ap);
	va_end(ap);
	return -ENOTSUP;
}
