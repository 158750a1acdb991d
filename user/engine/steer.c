// SPDX-License-Identifier: BSD-2-Clause
#include <weir/steer.h>

static bool next_layer(void *frame, struct weir_frame_seen *s)
{
	return weir_frame_layer(frame, s);
}

struct weir_frame_sorted weir_steer(const struct packet *p, enum weir_key key,
				    const struct weir_classes *classes)
{
	const uint8_t *start = (const uint8_t *)p;
	struct weir_frame f = {start + (p->mac ? p->mac : p->off), start + p->off + p->len};
	struct weir_frame_seen s;

	if (WEIR_LIKELY(p->mac && weir_frame_plain(&f, 0, &s)))
		return (struct weir_frame_sorted){
			weir_frame_hash(&s, key),
			classes ? weir_frame_plain_class(&s, classes) : 0,
		};
	return weir_frame_sort_rest(0, p->mac, key, classes, next_layer, &f);
}
