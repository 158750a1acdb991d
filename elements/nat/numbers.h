// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Records of one array, by number, that workers take and give back without a lock: each has its
// own free ones, and only hundreds at a time go from worker to worker. Number 0 is never given out.
// The first eight bytes of a record that is free are its links.

#include <weir/area.h>

#include <stdint.h>

enum { NUMBERS_CHUNK = 128, NUMBERS_MOST = (1 << 24) - 1 };

// owner: the element
struct numbers {
	struct weir_area area;
	uint32_t size, most;
	uint32_t fresh; // first that nobody ever had; atomic
	unsigned lock;	// spin; for a chunk
	uint32_t spill; // chunks that workers gave back; guarded by lock
};

// owner: one worker
struct numbers_part {
	uint32_t free, n;
};

// At least `most` records of `size` bytes (a multiple of 4, at least 8), also if each of n_workers
// keeps free ones. They are zero until first used. 0 or -ENOMEM.
int numbers_open(struct numbers *t, uint32_t most, uint32_t size, unsigned n_workers);
void numbers_close(struct numbers *t);
// 0: there is none left. What is in it is what was there, but for the links.
uint32_t numbers_take(struct numbers *t, struct numbers_part *p);
void numbers_give(struct numbers *t, struct numbers_part *p, uint32_t number);

static inline void *numbers_at(const struct numbers *t, uint32_t number)
{
	return (char *)t->area.at + (uint64_t)number * t->size;
}
