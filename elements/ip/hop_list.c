// SPDX-License-Identifier: BSD-2-Clause
#include "hop_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_HOPS = 64, MOST_HOPS = 1 << 22 };

static uint8_t *record(const struct hop_list *l, uint32_t number)
{
	return (uint8_t *)l->area.at + number * l->size;
}

// FNV-1a.
static uint32_t hash(const struct hop_list *l, const uint8_t *hop)
{
	uint32_t h = 0x811c9dc5;

	for (size_t i = 0; i < l->size; i++)
		h = (h ^ hop[i]) * 0x01000193;
	return (h ^ h >> 15) & (l->n_index - 1);
}

static void index_add(struct hop_list *l, uint32_t number)
{
	uint32_t at = hash(l, record(l, number));

	while (l->index[at])
		at = (at + 1) & (l->n_index - 1);
	l->index[at] = number + 1;
}

// Makes room for one more record: the array grows by doubling, and the index, which is kept at most
// half full, is built again. Readers in the driver may be at work: the array stays where it is.
static int grow(struct hop_list *l)
{
	uint32_t cap = l->n_index ? l->n_index : FIRST_HOPS;
	uint32_t *index;

	if (weir_area_grow(&l->area, cap * l->size, false))
		return -ENOMEM;
	index = calloc((size_t)cap * 2, sizeof(*index));
	if (!index)
		return -ENOMEM;
	free(l->index);
	l->index = index;
	l->n_index = cap * 2;
	for (uint32_t i = 0; i < l->n; i++)
		index_add(l, i);
	return 0;
}

int hop_list_number(struct hop_list *l, const void *hop, uint32_t *number)
{
	int rc;

	for (uint32_t at = hash(l, hop); l->index[at]; at = (at + 1) & (l->n_index - 1)) {
		if (!memcmp(record(l, l->index[at] - 1), hop, l->size)) {
			*number = l->index[at] - 1;
			return 0;
		}
	}
	if (l->n >= l->n_index / 2) {
		rc = grow(l);
		if (rc)
			return rc;
	}
	*number = l->n++;
	memcpy(record(l, *number), hop, l->size);
	index_add(l, *number);
	return 0;
}

int hop_list_init(struct hop_list *l, size_t size, const void *first)
{
	uint32_t number;
	int rc;

	*l = (struct hop_list){.size = size};
	rc = weir_area_reserve(&l->area, MOST_HOPS * size);
	rc = rc ? rc : grow(l);
	return rc ? rc : hop_list_number(l, first, &number);
}

void hop_list_free(struct hop_list *l)
{
	weir_area_free(&l->area);
	free(l->index);
	*l = (struct hop_list){};
}

uint32_t hop_list_room(const struct hop_list *l)
{
	return (uint32_t)(l->area.bytes / l->size);
}

size_t hop_list_memory(const struct hop_list *l)
{
	return l->area.bytes + l->n_index * sizeof(*l->index);
}
