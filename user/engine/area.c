// SPDX-License-Identifier: BSD-2-Clause
#include "area.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096, HUGE_PAGE = 2 << 20 };

static void *map(size_t bytes, int flags)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1,
		       0);

	return p == MAP_FAILED ? NULL : p;
}

// Without reserved pages the kernel assembles huge pages by itself, but only on their alignment.
static void *map_huge(size_t bytes, bool reserved)
{
	uint8_t *p = reserved ? map(bytes, MAP_HUGETLB) : NULL;
	size_t skip, rest;

	if (p)
		return p;
	p = map(bytes + HUGE_PAGE, 0);
	if (!p)
		return NULL;
	skip = -(uintptr_t)p & (HUGE_PAGE - 1);
	rest = HUGE_PAGE - skip;
	if (skip)
		munmap(p, skip);
	munmap(p + skip + bytes, rest);
	madvise(p + skip, bytes, MADV_HUGEPAGE); // a kernel without it is slower, not wrong
	return p + skip;
}

int weir_area_grow(struct weir_area *a, size_t bytes, bool reserved)
{
	size_t unit = bytes < HUGE_PAGE ? PAGE : HUGE_PAGE;
	void *p;

	if (bytes <= a->bytes)
		return 0;
	if (bytes > SIZE_MAX / 2)
		return -ENOMEM;
	bytes = (bytes + unit - 1) & ~(unit - 1);
	p = unit == PAGE ? map(bytes, 0) : map_huge(bytes, reserved);
	if (!p)
		return -ENOMEM;
	if (a->bytes)
		memcpy(p, a->at, a->bytes);
	weir_area_free(a);
	*a = (struct weir_area){p, bytes};
	return 0;
}

void weir_area_free(struct weir_area *a)
{
	if (a->bytes)
		munmap(a->at, a->bytes);
	*a = (struct weir_area){0};
}
