// SPDX-License-Identifier: BSD-2-Clause

// Memory in whole pages: that moves, that grows where it is, and whose pages are replaced.

#include <weir/area.h>
#include <weir/fib.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, ROOM = 64 << 20 };

Test(area, keeps_what_it_held)
{
	struct weir_area a = {};
	uint8_t *p;

	cr_assert_eq(weir_area_grow(&a, 10, false), 0);
	cr_assert_eq(a.bytes, PAGE);
	memset(a.at, 7, a.bytes);
	cr_assert_eq(weir_area_grow(&a, 5 << 20, false), 0);
	p = a.at;
	cr_assert_eq(a.bytes, 6 << 20);
	cr_assert(p[0] == 7 && p[PAGE - 1] == 7 && !p[PAGE] && !p[a.bytes - 1]);
	weir_area_free(&a);
	cr_assert(!a.at && !a.bytes);
}

Test(area, grows_in_place)
{
	struct weir_area a = {};
	uint8_t *p;

	cr_assert_eq(weir_area_reserve(&a, ROOM), 0);
	cr_assert_eq(a.bytes, 0);
	p = a.at;
	for (size_t n = 1; n <= ROOM; n *= 2) {
		cr_assert_eq(weir_area_grow(&a, n, false), 0);
		cr_assert_eq(a.at, p);
		cr_assert(a.bytes >= n && a.bytes % PAGE == 0);
		cr_assert_eq(p[n - 1], 0);
		p[n - 1] = 7;
	}
	cr_assert_eq(weir_area_grow(&a, ROOM + 1, false), -ENOMEM);
	cr_assert(a.bytes == ROOM && p[0] == 7 && p[ROOM - 1] == 7);
	weir_area_free(&a);
	cr_assert_eq(msync(p, PAGE, MS_ASYNC), -1, "all of it is given back");
	weir_area_free(&a);
}

// As when a map takes the place of the first pages: those behind are there still, and grow.
Test(area, pages_replaced)
{
	int fd = memfd_create("map", 0);
	struct weir_area a = {};
	uint8_t *p;

	cr_assert(fd >= 0 && !ftruncate(fd, 2 * PAGE));
	cr_assert_eq(weir_area_reserve(&a, ROOM), 0);
	cr_assert_eq(weir_area_grow(&a, 3 * PAGE, false), 0);
	p = a.at;
	p[2 * PAGE] = 3;
	cr_assert_eq(mmap(p, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0), p);
	p[1] = 5;
	cr_assert_eq(weir_area_grow(&a, 4 << 20, false), 0);
	cr_assert(p[1] == 5 && p[2 * PAGE] == 3 && !p[a.bytes - 1]);
	weir_area_free(&a);
	cr_assert_eq(msync(p, PAGE, MS_ASYNC), -1);
	close(fd);
}

// A table that is shared keeps its memory where it is, whatever grows.
Test(area, shared_table_stays)
{
	struct weir_fib4 f;
	const uint32_t *root, *groups;
	unsigned moves;

	cr_assert_eq(weir_fib4_init(&f), 0);
	f.shared = true;
	f.grow_at = UINT32_MAX;
	root = f.view->root;
	groups = f.view->groups;
	moves = f.moves;
	for (uint32_t i = 0; i < 2000; i++)
		cr_assert_eq(weir_fib4_set(&f, i << 16 | 1, 32, i), 0);
	cr_assert(f.view->root == root && f.view->groups == groups && f.moves == moves);
	cr_assert_geq(f.n_groups, 4000);
	f.grow_at = 100;
	cr_assert_eq(weir_fib4_set(&f, 5, 32, 1), 0);
	cr_assert(f.view->root != root && f.view->groups != groups && f.moves == moves + 1);
	weir_fib4_free(&f);
}

// What is given back is not written to while readers may be there: the chain lies elsewhere.
Test(area, groups_given_back_are_left_alone)
{
	struct weir_fib4 f;
	uint32_t e, copy[WEIR_FIB4_GROUP_SIZE];
	const uint32_t *g;

	cr_assert_eq(weir_fib4_init(&f), 0);
	f.shared = true;
	cr_assert_eq(weir_fib4_set(&f, 10u << 24, 8, 3), 0);
	cr_assert_eq(weir_fib4_set(&f, 10u << 24 | 1 << 16, 24, 4), 0);
	e = f.view->root[10u << 8 | 1];
	cr_assert(e & WEIR_FIB4_GROUP);
	g = f.view->groups + (size_t)(e & ~WEIR_FIB4_GROUP) * WEIR_FIB4_GROUP_SIZE;
	cr_assert_eq(weir_fib4_del(&f, 10u << 24 | 1 << 16, 24), 0);
	memcpy(copy, g, sizeof(copy));
	for (unsigned i = 0; i < WEIR_FIB4_GROUP_SIZE; i++)
		cr_assert_eq(g[i], 3);
	cr_assert_eq(weir_fib4_set(&f, 10u << 24 | 2 << 16, 24, 9), 0);
	cr_assert(!memcmp(copy, g, sizeof(copy)));
	weir_fib4_free(&f);
}
