// SPDX-License-Identifier: BSD-2-Clause
#include "park.h"

#include <weir/steer.h>

#include <errno.h>
#include <stdlib.h>

int xsk_park_open(struct xsk_park *k, const struct weir_steer *steer)
{
	*k = (struct xsk_park){.steer = steer};
	k->v = calloc(WEIR_MOVE_HELD, sizeof(struct packet *));
	return k->v ? 0 : -ENOMEM;
}

void xsk_park_close(struct xsk_park *k)
{
	free(k->v);
	k->v = NULL;
}

void xsk_park_hold(struct xsk_park *k, const struct weir_buckets *what)
{
	k->what = *what;
	atomic_store(&k->state, XSK_PARK_HOLDS);
}

void xsk_park_release(struct xsk_park *k)
{
	atomic_store(&k->state, XSK_PARK_GOES_ON);
}

unsigned xsk_park_go_on(struct xsk_park *k, struct packet **v, unsigned max)
{
	unsigned n = k->n - k->first < max ? k->n - k->first : max;

	if (atomic_load_explicit(&k->state, memory_order_acquire) != XSK_PARK_GOES_ON)
		return 0;
	for (unsigned i = 0; i < n; i++)
		v[i] = k->v[k->first++];
	if (k->first == k->n) {
		k->first = k->n = 0;
		atomic_store_explicit(&k->state, XSK_PARK_OFF, memory_order_release);
	}
	return n;
}

unsigned xsk_park_room(const struct xsk_park *k)
{
	return WEIR_MOVE_HELD - k->n;
}

unsigned xsk_bucket(const struct weir_steer *s, const struct packet *p)
{
	uint32_t hash =
		p->resume_element == WEIR_RESUME_NONE ? weir_steer(p, s->key, NULL, NULL).hash : p->hash;

	return hash >> WEIR_BUCKET_SHIFT;
}

unsigned xsk_park_sieve(struct xsk_park *k, struct packet **v, unsigned n)
{
	unsigned stay = 0;

	for (unsigned i = 0; i < n; i++) {
		if (weir_buckets_has(&k->what, xsk_bucket(k->steer, v[i])))
			k->v[k->n++] = v[i];
		else
			v[stay++] = v[i];
	}
	return stay;
}

unsigned xsk_park_resumed(const struct xsk_park *k)
{
	unsigned n = 0;

	for (unsigned i = k->first; i < k->n; i++)
		n += k->v[i]->resume_element != WEIR_RESUME_NONE;
	return n;
}
