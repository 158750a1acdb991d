// SPDX-License-Identifier: BSD-2-Clause
#include "mapping.h"

#include <errno.h>
#include <stdlib.h>

enum { INSIDE, EXTERNAL };

static uint32_t place_of(const struct mappings *t, uint32_t who, unsigned proto, uint16_t port)
{
	uint64_t h = ((uint64_t)who << 32 | proto << 16 | port) ^ t->seed;

	h *= 0x9e3779b97f4a7c15;
	h ^= h >> 32;
	h *= 0xff51afd7ed558ccd;
	return (uint32_t)(h >> 32) & t->mask;
}

int mappings_open(struct mappings *t, struct numbers *all, uint32_t most, uint64_t seed)
{
	uint32_t n = 64;

	while (n < most / 2)
		n *= 2;
	*t = (struct mappings){.all = all, .mask = n - 1, .seed = seed};
	t->place[INSIDE] = calloc(n, sizeof(uint32_t));
	t->place[EXTERNAL] = calloc(n, sizeof(uint32_t));
	return t->place[INSIDE] && t->place[EXTERNAL] ? 0 : -ENOMEM;
}

void mappings_close(struct mappings *t)
{
	free(t->place[INSIDE]);
	free(t->place[EXTERNAL]);
	*t = (struct mappings){};
}

uint32_t mapping_find(const struct mappings *t, uint32_t subscriber, unsigned proto, uint16_t port)
{
	uint32_t i = t->place[INSIDE][place_of(t, subscriber, proto, port)];

	while (i) {
		const struct mapping *m = mapping_at(t, i);

		if (m->subscriber == subscriber && m->port == port && mapping_proto(m) == proto)
			break;
		i = m->next[INSIDE] & MAPPING_NUMBER;
	}
	return i;
}

uint32_t mapping_find_external(const struct mappings *t, uint32_t address, unsigned proto,
			       uint16_t port)
{
	uint32_t i = t->place[EXTERNAL][place_of(t, address, proto, port)];

	while (i) {
		const struct mapping *m = mapping_at(t, i);

		if (m->external_port == port && mapping_proto(m) == proto &&
		    mapping_address(m) == address)
			break;
		i = m->next[EXTERNAL] & MAPPING_NUMBER;
	}
	return i;
}

uint32_t mapping_add(struct mappings *t, uint32_t subscriber, unsigned proto, uint16_t port,
		     uint32_t address, uint16_t external_port)
{
	uint32_t *in = &t->place[INSIDE][place_of(t, subscriber, proto, port)];
	uint32_t *ext = &t->place[EXTERNAL][place_of(t, address, proto, external_port)];
	uint32_t number = numbers_take(t->all, &t->part);

	if (!number)
		return 0;
	*mapping_at(t, number) = (struct mapping){
		.next = {*in | (address & 0xff) << 24, *ext | address >> 8 << 24},
		.sessions = proto << 24,
		.subscriber = subscriber,
		.port = port,
		.external_port = external_port,
	};
	*in = number;
	*ext = number;
	t->n++;
	return number;
}

// The link to a number becomes that to the one behind it; what else is in the word stays.
static void unlink_from(struct mappings *t, unsigned end, uint32_t *at, uint32_t number)
{
	while ((*at & MAPPING_NUMBER) != number)
		at = &mapping_at(t, *at & MAPPING_NUMBER)->next[end];
	*at = (*at & ~(uint32_t)MAPPING_NUMBER) |
	      (mapping_at(t, number)->next[end] & MAPPING_NUMBER);
}

void mapping_remove(struct mappings *t, uint32_t number)
{
	const struct mapping *m = mapping_at(t, number);
	const unsigned proto = mapping_proto(m);

	unlink_from(t, INSIDE, &t->place[INSIDE][place_of(t, m->subscriber, proto, m->port)],
		    number);
	unlink_from(t, EXTERNAL,
		    &t->place[EXTERNAL][place_of(t, mapping_address(m), proto, m->external_port)],
		    number);
	numbers_give(t->all, &t->part, number);
	t->n--;
}

void mappings_each(const struct mappings *t, void (*fn)(void *arg, uint32_t number), void *arg)
{
	for (uint32_t i = 0; t->n && i <= t->mask; i++)
		for (uint32_t m = t->place[INSIDE][i], next; m; m = next) {
			next = mapping_at(t, m)->next[INSIDE] & MAPPING_NUMBER;
			fn(arg, m);
		}
}
