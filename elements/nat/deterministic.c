// SPDX-License-Identifier: BSD-2-Clause
#include "deterministic.h"

uint32_t deterministic_size(uint64_t n, uint32_t n_external, uint32_t ports)
{
	const uint64_t each = n_external ? (n + n_external - 1) / n_external : 0;

	return each ? (uint32_t)(ports / each) / POOL_WORD * POOL_WORD : 0;
}

static uint32_t number_of(const struct deterministic *d, be32 inside)
{
	const uint32_t a = rd32(inside);

	for (unsigned i = 0; i < d->n_inside; i++)
		if (a - d->inside[i].first < d->inside[i].n)
			return d->inside[i].at + (a - d->inside[i].first);
	return POOL_NONE;
}

uint32_t deterministic_block(const struct deterministic *d, be32 inside)
{
	const uint32_t number = number_of(d, inside);

	// blocks are numbered as subscribers are: all of one address, then those of the next
	return number < d->n ? number : POOL_NONE;
}

bool deterministic_inside(const struct deterministic *d, uint32_t block, be32 *inside)
{
	for (unsigned i = 0; i < d->n_inside; i++)
		if (block - d->inside[i].at < d->inside[i].n) {
			*inside = wr32(d->inside[i].first + (block - d->inside[i].at));
			return true;
		}
	return false;
}
