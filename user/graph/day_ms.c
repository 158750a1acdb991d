// SPDX-License-Identifier: BSD-2-Clause
#include <weir/time.h>

#include <time.h>

uint32_t weir_day_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint32_t)(now.tv_sec % 86400 * 1000 + now.tv_nsec / 1000000);
}
