// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Sequence numbers of a TCP connection in which a translator changes how long the data is. For each
// direction: from which number of the sender on (`from`, before translation) how much is added to
// its numbers, and taken from the acknowledgements that come back. The last few changes are kept,
// so that what is sent again gets what it got at first.
//
// writer: any worker that holds the version, which no one waits for. readers: all workers.

#include <weir/area.h>
#include <weir/element.h>

enum { TCP_DELTA_STEPS = 4, TCP_DELTA_MOST = 1 << 16 };

struct tcp_delta_step {
	uint32_t from;
	int32_t add;
};
struct tcp_delta_way {
	uint32_t n;  // steps, the last one first
	int32_t add; // before the first step that is known
	struct tcp_delta_step step[TCP_DELTA_STEPS];
};
struct tcp_delta {
	uint32_t version; // odd while it is written
	uint32_t number;  // of the session
	struct tcp_delta_way way[2];
	uint32_t next; // of the free ones
};

// owner: the element. Zero-initialised is empty, and has no room.
struct tcp_deltas {
	struct weir_area area; // struct tcp_delta [TCP_DELTA_MOST], from 1 on
	uint32_t fresh;	       // those from here on were never used. guarded by lock
	uint32_t free;	       // guarded by lock
	unsigned lock;
};

int tcp_deltas_open(struct tcp_deltas *d);
void tcp_deltas_close(struct tcp_deltas *d);
// For a session; 0: there is no room.
uint32_t tcp_delta_new(struct tcp_deltas *d, uint32_t number);
void tcp_delta_free(struct tcp_deltas *d, uint32_t index);
// What the sender of the direction counts as `from`, and all behind it, is `add` further on than it
// was. The same `from` again changes what was said of it. False: not now; somebody else writes, or
// it lies before what is known.
bool tcp_delta_add(struct tcp_deltas *d, uint32_t index, unsigned direction, uint32_t from,
		   int32_t add);
int32_t tcp_delta_now(const struct tcp_deltas *d, uint32_t index, unsigned direction);

uint32_t tcp_delta_seq(const struct tcp_delta_way *w, uint32_t seq);
uint32_t tcp_delta_ack(const struct tcp_delta_way *w, uint32_t ack);
// Changes sequence number, acknowledgement and SACK (RFC 2018) of a packet of the direction, and
// the checksum for that. False: what to change cannot be read now.
bool tcp_delta_apply(const struct tcp_deltas *d, uint32_t index, uint32_t number,
		     unsigned direction, struct packet *p);
