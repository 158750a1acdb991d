// SPDX-License-Identifier: BSD-2-Clause
#include "nat64_host.h"

#include "pool.h"

#include <errno.h>
#include <stdlib.h>

static uint32_t *place_of(const struct nat64_hosts *t, const be64 addr[2])
{
	uint64_t h = (addr[0].be ^ t->seed) * 0x9e3779b97f4a7c15;

	h = (h ^ h >> 32 ^ addr[1].be) * 0xff51afd7ed558ccd;
	return &t->place[(uint32_t)(h >> 32) & t->mask];
}

int nat64_hosts_open(struct nat64_hosts *t, struct numbers *all, uint32_t most, uint64_t seed)
{
	uint32_t n = 64;

	while (n < most)
		n *= 2;
	*t = (struct nat64_hosts){.all = all, .mask = n - 1, .seed = seed};
	t->place = calloc(n, sizeof(*t->place));
	return t->place ? 0 : -ENOMEM;
}

void nat64_hosts_close(struct nat64_hosts *t)
{
	free(t->place);
	*t = (struct nat64_hosts){};
}

uint32_t nat64_host(struct nat64_hosts *t, const be64 addr[2])
{
	uint32_t *at = place_of(t, addr), number;

	for (uint32_t i = *at; i; i = nat64_host_at(t, i)->chain)
		if (!((nat64_host_at(t, i)->addr[0].be ^ addr[0].be) |
		      (nat64_host_at(t, i)->addr[1].be ^ addr[1].be)))
			return i;
	number = numbers_take(t->all, &t->part);
	if (!number)
		return 0;
	*nat64_host_at(t, number) = (struct nat64_host){
		.chain = *at,
		.external = POOL_NONE,
		.addr = {addr[0], addr[1]},
	};
	*at = number;
	t->n++;
	return number;
}

void nat64_host_done(struct nat64_hosts *t, uint32_t number)
{
	const struct nat64_host *x = nat64_host_at(t, number);
	uint32_t *at = place_of(t, x->addr);

	if (x->sessions || x->mappings)
		return;
	while (*at != number)
		at = &nat64_host_at(t, *at)->chain;
	*at = x->chain;
	numbers_give(t->all, &t->part, number);
	t->n--;
}
