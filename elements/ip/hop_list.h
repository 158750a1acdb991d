// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What the values of a table of routes number: records of a next hop and an output, each once.
// writer: control; readers: workers, and programs in the driver. A record does not change, and
// stays when its last route goes, so that it is found again when a route flaps; there are few (one
// per neighbour).

#include <weir/area.h>

#include <stdint.h>

struct hop_list {
	struct weir_area area; // the records; stays where it is
	size_t size;	       // of one
	uint32_t *index;       // hash of records: number + 1, or 0; linear probing
	uint32_t n, n_index;
};

// 0 or -ENOMEM. Then with `first` as record 0.
int hop_list_init(struct hop_list *l, size_t size, const void *first);
void hop_list_free(struct hop_list *l);
// The number of a record, which is added if it is new: 0 or -ENOMEM.
int hop_list_number(struct hop_list *l, const void *hop, uint32_t *number);
uint32_t hop_list_room(const struct hop_list *l); // records
size_t hop_list_memory(const struct hop_list *l); // bytes
