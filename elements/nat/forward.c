// SPDX-License-Identifier: BSD-2-Clause
#include "forward.h"

#include <errno.h>
#include <stdlib.h>

struct end {
	be32 address;
	uint16_t port;
	uint8_t proto;
};

static struct end end_of(const struct forward *f, bool external)
{
	return external ? (struct end){f->external, f->external_port, f->proto}
			: (struct end){f->inside, f->port, f->proto};
}

static uint32_t place_of(const struct forwards *t, struct end e)
{
	uint64_t h = ((uint64_t)e.address.be << 32 | (uint32_t)e.proto << 16 | e.port);

	h *= 0x9e3779b97f4a7c15;
	return (uint32_t)(h >> 32 ^ h >> 48) & t->mask;
}

static const struct forward *find_end(const struct forwards *t, bool external, struct end e)
{
	for (uint32_t at = t->n ? place_of(t, e) : 0; t->n && t->place[external][at];
	     at = (at + 1) & t->mask) {
		const struct forward *f = &t->v[t->place[external][at] - 1];
		const struct end x = end_of(f, external);

		if (x.address.be == e.address.be && x.port == e.port && x.proto == e.proto)
			return f;
	}
	return NULL;
}

const struct forward *forward_find_slow(const struct forwards *t, bool external, be32 address,
					uint8_t proto, uint16_t port)
{
	const struct forward *f = NULL;

	if (proto != FORWARD_ALL)
		f = find_end(t, external, (struct end){address, port, proto});
	return f ? f : find_end(t, external, (struct end){address, 0, FORWARD_ALL});
}

static void put(struct forwards *t, bool external, uint32_t i)
{
	uint32_t at = place_of(t, end_of(&t->v[i], external));

	while (t->place[external][at])
		at = (at + 1) & t->mask;
	t->place[external][at] = i + 1;
}

// Makes the index anew for n entries. 0 or -ENOMEM, and nothing changed.
static int index_all(struct forwards *t, uint32_t n)
{
	uint32_t size = 16, *place[2];

	while (size < 4 * n)
		size *= 2;
	place[0] = calloc(size, sizeof(uint32_t));
	place[1] = calloc(size, sizeof(uint32_t));
	if (!place[0] || !place[1]) {
		free(place[0]);
		free(place[1]);
		return -ENOMEM;
	}
	for (unsigned i = 0; i < 2; i++) {
		free(t->place[i]);
		t->place[i] = place[i];
	}
	t->mask = size - 1;
	for (uint32_t i = 0; i < t->n; i++) {
		put(t, false, i);
		put(t, true, i);
	}
	return 0;
}

static bool has_end(const struct forwards *t, bool external, const struct forward *f)
{
	return find_end(t, external, end_of(f, external));
}

int forward_add(struct forwards *t, const struct forward *f)
{
	struct forward *v;

	if (has_end(t, false, f) || has_end(t, true, f))
		return -EEXIST;
	if (t->n >= FORWARD_MOST)
		return -E2BIG;
	if (!(t->n & (t->n - 1))) {
		v = realloc(t->v, (t->n ? 2 * (size_t)t->n : 1) * sizeof(*v));
		if (!v)
			return -ENOMEM;
		t->v = v;
	}
	if ((!t->n || 2 * (t->n + 1) > t->mask) && index_all(t, t->n + 1))
		return -ENOMEM;
	t->v[t->n++] = *f;
	put(t, false, t->n - 1);
	put(t, true, t->n - 1);
	return 0;
}

int forward_remove(struct forwards *t, const struct forward *f)
{
	const struct forward *x = find_end(t, false, end_of(f, false));

	if (!x || x != find_end(t, true, end_of(f, true)))
		return -ENOENT;
	t->v[x - t->v] = t->v[--t->n];
	return index_all(t, t->n);
}

void forwards_close(struct forwards *t)
{
	free(t->v);
	free(t->place[0]);
	free(t->place[1]);
	*t = (struct forwards){};
}
