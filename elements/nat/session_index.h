// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Keys of sessions in the index: what sessions.c and session_adopt.c share.

#include "sessions.h"

struct session_key {
	struct session_tuple tuple;
	const __u64 *from6; // NULL: IPv4
	uint64_t hash;
	struct session_bucket *home;
	unsigned steps;	 // from there to the bucket that it stands in
	uint32_t *where; // its slot
};

// Those of both directions.
void session_keys(const struct sessions *t, const struct session *s, struct session_key k[2]);
bool session_keys_meet(const struct session_key k[2]); // they are the same
uint32_t session_slot(const struct sessions *t, uint64_t hash, uint32_t number, unsigned direction);
// Finds a slot for the key; nobody finds anything there until it is written. False: there is none.
bool session_key_claim(const struct sessions *t, struct session_key *k);
// Takes the key out if it is there.
void session_key_out(const struct sessions *t, struct session_key *k, uint32_t slot);
