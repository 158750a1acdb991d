// SPDX-License-Identifier: BSD-2-Clause
#include "arp_table.h"

#include <stdlib.h>

static struct arp_entry **bucket_of(const struct arp_table *t, be32 ip)
{
	uint32_t h = (ip.be ^ t->seed) * 0x9e3779b1;

	return &t->buckets[(h ^ h >> 16) & (t->n_buckets - 1)];
}

struct arp_entry *arp_find(const struct arp_table *t, be32 ip)
{
	struct arp_entry *e;

	if (!t->n_buckets)
		return NULL;
	for (e = *bucket_of(t, ip); e && e->ip.be != ip.be; e = e->chain)
		;
	return e;
}

static void age_unlink(struct arp_table *t, struct arp_entry *e)
{
	if (e->older)
		e->older->newer = e->newer;
	else
		t->oldest = e->newer;
	if (e->newer)
		e->newer->older = e->older;
	else
		t->newest = e->older;
}

// Puts e in front of `newer`; NULL: at the new end.
static void age_link(struct arp_table *t, struct arp_entry *e, struct arp_entry *newer)
{
	e->newer = newer;
	e->older = newer ? newer->older : t->newest;
	if (e->older)
		e->older->newer = e;
	else
		t->oldest = e;
	if (newer)
		newer->older = e;
	else
		t->newest = e;
}

// Keeps chains short. False without memory and without any bucket.
static bool grow(struct arp_table *t)
{
	uint32_t n = t->n_buckets ? t->n_buckets * 2 : 64;
	struct arp_entry **buckets;

	if (t->n_entries < t->n_buckets)
		return true;
	buckets = calloc(n, sizeof(struct arp_entry *));
	if (!buckets)
		return t->n_buckets;
	free(t->buckets);
	t->buckets = buckets;
	t->n_buckets = n;
	for (struct arp_entry *e = t->oldest; e; e = e->newer) {
		struct arp_entry **at = bucket_of(t, e->ip);

		e->chain = *at;
		*at = e;
	}
	return true;
}

struct arp_entry *arp_ensure(struct arp_table *t, be32 ip, uint64_t now)
{
	struct arp_entry *e = arp_find(t, ip), **at;

	if (e)
		return e;
	e = grow(t) ? calloc(1, sizeof(*e)) : NULL;
	if (!e)
		return NULL;
	e->ip = ip;
	memset(e->eth, 0xff, 6);
	e->live = now;
	e->polled = now > 10ull * ARP_POLL_NS ? now - 10ull * ARP_POLL_NS : 0;
	at = bucket_of(t, ip);
	e->chain = *at;
	*at = e;
	age_link(t, e, NULL);
	t->n_entries++;
	return e;
}

void arp_learn(struct arp_table *t, struct arp_entry *e, const uint8_t *eth, uint64_t now)
{
	static const uint8_t none[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	memcpy(e->eth, eth, 6);
	e->known = memcmp(eth, none, 6) != 0;
	e->live = now;
	e->polled = now > 10ull * ARP_POLL_NS ? now - 10ull * ARP_POLL_NS : 0;
	e->polls = 0;
	age_unlink(t, e);
	age_link(t, e, NULL);
}

void arp_refresh(struct arp_table *t, struct arp_entry *e, uint64_t now, uint64_t timeout)
{
	struct arp_entry *next = e->newer;

	if (!timeout || now < timeout || e->live >= now - timeout)
		return;
	e->live = now - timeout; // just not expired, but what was known is too old
	e->known = false;
	while (next && next->live < e->live)
		next = next->newer;
	age_unlink(t, e);
	age_link(t, e, next);
}

void arp_append(struct arp_table *t, struct arp_entry *e, struct packet *p)
{
	p->next = NULL;
	if (e->tail)
		e->tail->next = p;
	else
		e->head = p;
	e->tail = p;
	e->n++;
	t->n_packets++;
}

struct packet *arp_take(struct arp_table *t, struct arp_entry *e)
{
	struct packet *p = e->head;

	if (!p)
		return NULL;
	e->head = p->next;
	if (!e->head)
		e->tail = NULL;
	e->n--;
	t->n_packets--;
	return p;
}

void arp_remove(struct arp_table *t, struct arp_entry *e)
{
	struct arp_entry **at = bucket_of(t, e->ip);

	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
	age_unlink(t, e);
	t->n_entries--;
	free(e);
}
