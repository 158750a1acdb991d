// SPDX-License-Identifier: BSD-2-Clause
#include <weir/element.h>
#include <weir/steer.h>

#include <graph.h>

static bool next_layer(void *frame, struct weir_frame_seen *s)
{
	return weir_frame_layer(frame, s);
}

struct weir_frame_sorted weir_steer(const struct packet *p, enum weir_key key,
				    const struct weir_classes *classes,
				    const struct weir_owners *owners)
{
	const uint8_t *start = (const uint8_t *)p;
	struct weir_frame f = {start + (p->mac ? p->mac : p->off), start + p->off + p->len};
	struct weir_frame_seen s;

	if (WEIR_LIKELY(p->mac && weir_frame_plain(&f, 0, &s))) {
		const uint32_t hash = weir_frame_hash(&s, key);

		return (struct weir_frame_sorted){
			owners ? weir_frame_owned(&s, hash, owners) : hash,
			classes ? weir_frame_plain_class(&s, classes) : 0,
		};
	}
	return weir_frame_sort_rest(0, p->mac, key, classes, owners, next_layer, &f);
}

void weir_owner_note(const struct weir_element *e, be32 address, uint16_t port, uint32_t n,
		     unsigned worker)
{
	const uint32_t first = port - port % WEIR_OWNER_PORTS, end = port + n;
	const unsigned bucket = weir_workers_rank(&e->runs, worker);
	struct weir_owners *o = e->router->owners;

	if (!o || bucket >= WEIR_OWNER_BUCKETS)
		return;
	for (uint32_t at = first; at < end && at <= UINT16_MAX; at += WEIR_OWNER_PORTS)
		__atomic_store_n(&o->bucket[weir_owner_place(rd32(address), (uint16_t)at)],
				 (uint8_t)(bucket + 1), __ATOMIC_RELAXED);
}
