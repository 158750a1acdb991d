// SPDX-License-Identifier: BSD-2-Clause
#include "session_share.h"

void sessions_share(const struct sessions *t, struct session_view *view, struct weir_front_args *a)
{
	*view = (struct session_view){
		.seed = t->seed,
		.bucket_mask = t->n_buckets - 1,
		.slot_mask = t->slot_mask,
	};
	a->share[a->n_share++] = (struct weir_share){
		.map = "sessions",
		.data = t->at,
		.value_size = sizeof(*t->at),
		.n = t->most + 1,
		.live = true,
		.fd = t->kept_sessions.fd,
	};
	a->share[a->n_share++] = (struct weir_share){
		.map = "buckets",
		.data = t->buckets,
		.value_size = sizeof(*t->buckets),
		.n = t->n_buckets,
		.live = true,
		.fd = t->kept_buckets.fd,
	};
}
