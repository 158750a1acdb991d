// SPDX-License-Identifier: BSD-2-Clause
#include <weir/area.h>

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096, HUGE_PAGE = 2 << 20, READ_WRITE = PROT_READ | PROT_WRITE };

static void *map(size_t bytes, int prot, int flags)
{
	void *p = mmap(NULL, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

// Without reserved pages the kernel assembles huge pages by itself, but only on their alignment.
static void *map_aligned(size_t bytes, int prot)
{
	uint8_t *p = map(bytes + HUGE_PAGE, prot, 0);
	size_t skip, rest;

	if (!p)
		return NULL;
	skip = -(uintptr_t)p & (HUGE_PAGE - 1);
	rest = HUGE_PAGE - skip;
	if (skip)
		munmap(p, skip);
	munmap(p + skip + bytes, rest);
	return p + skip;
}

static void *map_huge(size_t bytes, bool reserved)
{
	void *p = reserved ? map(bytes, READ_WRITE, MAP_HUGETLB) : NULL;

	if (p)
		return p;
	p = map_aligned(bytes, READ_WRITE);
	if (p)
		madvise(p, bytes, MADV_HUGEPAGE); // a kernel without it is slower, not wrong
	return p;
}

static size_t whole_pages(size_t bytes)
{
	size_t unit = bytes < HUGE_PAGE ? PAGE : HUGE_PAGE;

	return (bytes + unit - 1) & ~(unit - 1);
}

int weir_area_reserve(struct weir_area *a, size_t room)
{
	room = whole_pages(room);
	a->at = map_aligned(room, PROT_NONE);
	a->room = a->at ? room : 0;
	return a->at ? 0 : -ENOMEM;
}

static int grow_in_place(struct weir_area *a, size_t bytes)
{
	uint8_t *end = (uint8_t *)a->at + a->bytes;

	if (bytes > a->room || mprotect(end, bytes - a->bytes, READ_WRITE))
		return -ENOMEM;
	if (bytes >= HUGE_PAGE)
		madvise(end, bytes - a->bytes, MADV_HUGEPAGE);
	a->bytes = bytes;
	return 0;
}

int weir_area_grow(struct weir_area *a, size_t bytes, bool reserved)
{
	void *p;

	if (bytes <= a->bytes)
		return 0;
	if (bytes > SIZE_MAX / 2)
		return -ENOMEM;
	bytes = whole_pages(bytes);
	if (a->room)
		return grow_in_place(a, bytes);
	p = bytes < HUGE_PAGE ? map(bytes, READ_WRITE, 0) : map_huge(bytes, reserved);
	if (!p)
		return -ENOMEM;
	if (a->bytes)
		memcpy(p, a->at, a->bytes);
	weir_area_free(a);
	*a = (struct weir_area){p, bytes, 0};
	return 0;
}

void weir_area_free(struct weir_area *a)
{
	if (a->room || a->bytes)
		munmap(a->at, a->room ? a->room : a->bytes);
	*a = (struct weir_area){0};
}
