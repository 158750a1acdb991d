// SPDX-License-Identifier: BSD-2-Clause

// Memory of sessions.

#include <weir/grace.h>

#include "sessions.h"

#include <errno.h>
#include <sys/random.h>

// --- memory ---
// With 32 slots of three buckets in use, one in 13 buckets has too many keys, and one of 20 million
// keys finds no room in all the buckets that it may stand in.
static uint32_t buckets_for(uint32_t most)
{
	uint32_t n = 1 + SESSION_SPILL;

	while ((uint64_t)n * 16 < (uint64_t)most * 3)
		n *= 2;
	return n;
}

static int open_all(struct sessions *t, struct weir_element *e, struct weir_err *err)
{
	int rc = weir_persist_open(&t->kept_sessions, e, "sessions", t->most + 1, sizeof(*t->at),
				   SESSION_ABI, err);

	if (!rc)
		rc = weir_persist_open(&t->kept_buckets, e, "buckets", t->n_buckets,
				       sizeof(*t->buckets), SESSION_ABI, err);
	if (!rc)
		rc = weir_area_grow(&t->cold_area, (t->most + 1) * sizeof(*t->cold), false);
	t->at = t->kept_sessions.at;
	t->buckets = t->kept_buckets.at;
	t->cold = t->cold_area.at;
	return rc;
}

// What never was used has no seed.
static bool is_whole(const struct sessions *t)
{
	return t->kept_sessions.found && t->kept_buckets.found && t->at[0].from6[0];
}

static void begin(struct sessions *t)
{
	uint64_t seed = 0;

	if (t->kept_sessions.found)
		memset(t->at, 0, (t->most + 1) * sizeof(*t->at));
	if (t->kept_buckets.found)
		memset(t->buckets, 0, t->n_buckets * sizeof(*t->buckets));
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
		seed = (uintptr_t)t * 0x9e3779b97f4a7c15;
	t->at[0].from6[0] = seed | 1;
}

int sessions_open(struct sessions *t, struct weir_element *e, uint32_t most, bool *found,
		  struct weir_err *err)
{
	int rc;

	*t = (struct sessions){.most = most,
			       .n_buckets = buckets_for(most),
			       .slot_mask = session_slot_mask(most),
			       .fresh = 1,
			       .blind = !weir_grace_works()};
	t->magazine = most / 64 + 1;
	if (t->magazine > SESSION_MAGAZINE)
		t->magazine = SESSION_MAGAZINE;
	rc = open_all(t, e, err);
	if (rc) {
		sessions_close(t);
		if (rc == -ENOMEM)
			weir_error(err, &e->loc, "%s: no memory for %u sessions", e->name, most);
		return rc;
	}
	*found = is_whole(t);
	if (!*found)
		begin(t);
	t->seed = t->at[0].from6[0];
	return 0;
}

void sessions_close(struct sessions *t)
{
	weir_persist_close(&t->kept_sessions);
	weir_persist_close(&t->kept_buckets);
	weir_area_free(&t->cold_area);
	*t = (struct sessions){};
}
