// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// A packet while it is made from its text.

#include "pkt.h"

enum { MAX_LAYERS = 16, MAX_BYTES = WEIR_PACKET_MAX + 1000 };

struct layer {
	enum pkt_layer is;
	uint32_t at, len;
	uint64_t given; // a bit for each byte of the header that the text sets
	bool bad_csum;
};

struct builder {
	struct pkt *k;
	uint32_t n;
	struct layer layers[MAX_LAYERS];
	unsigned n_layers;
	int64_t pad, cut, strip, quote; // -1: not given
};

// Says what is wrong with the text, if nothing has yet; false.
bool pkt_broken(struct builder *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// n zero bytes behind the others; NULL if there is no room.
uint8_t *pkt_room(struct builder *b, uint64_t n);
// Fills in what the text does not give. False: it is broken.
bool pkt_finish(struct builder *b);
