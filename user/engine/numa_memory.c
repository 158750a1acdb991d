// SPDX-License-Identifier: BSD-2-Clause
#include "numa_memory.h"

#include <numaif.h>

enum {
	BITS = 8 * sizeof(unsigned long),
	NODES_MAX = 1024,
	ASK = 512, // pages at a time
};

void weir_numa_bind(void *mem, size_t size, unsigned node, bool only)
{
	unsigned long mask[NODES_MAX / BITS] = {};

	if (node >= NODES_MAX)
		return;
	mask[node / BITS] = 1UL << node % BITS;
	// the kernel takes the last of the bits for one that was not given
	mbind(mem, size, only ? MPOL_BIND : MPOL_PREFERRED, mask, NODES_MAX + 1, 0);
}

size_t weir_numa_elsewhere(const void *mem, size_t size, size_t step, unsigned node)
{
	void *page[ASK];
	int at[ASK];
	size_t n = 0;

	for (size_t begin = 0; begin < size; begin += ASK * step) {
		size_t k = 0;

		for (; k < ASK && begin + k * step < size; k++)
			page[k] = (char *)mem + begin + k * step;
		if (move_pages(0, k, page, NULL, at, 0))
			return n;
		while (k--)
			n += at[k] >= 0 && (unsigned)at[k] != node;
	}
	return n;
}
