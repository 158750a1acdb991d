// SPDX-License-Identifier: BSD-2-Clause
// What the workers of an ARPQuerier tell each other.
#include "arp_querier.h"

enum { NS_PER_MS = 1000000 };

bool arp_asked(struct arp_log *log, be32 ip, uint64_t now, uint64_t within)
{
	const uint32_t ms = (uint32_t)(now / NS_PER_MS);
	uint64_t *slot = &log->asked[arp_slot(ip)], old = __atomic_load_n(slot, __ATOMIC_RELAXED);

	do {
		// the clocks of two workers are a round apart: it may be before now or behind
		if (old >> 32 == ip.be &&
		    (int32_t)(ms - (uint32_t)old) < (int32_t)(within / NS_PER_MS))
			return true;
	} while (!__atomic_compare_exchange_n(slot, &old, (uint64_t)ip.be << 32 | ms, true,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return false;
}

// Those that have packets waiting; the others look when they get one.
static void call_others(struct weir_node *n)
{
	const struct weir_element *e = n->element;

	for (unsigned w = weir_workers_next(&e->runs, 0); w < WEIR_WORKERS_MAX;
	     w = weir_workers_next(&e->runs, w + 1)) {
		struct arp_querier_state *s = e->nodes[w]->state;

		if (e->nodes[w] != n && __atomic_load_n(&s->waiting, __ATOMIC_SEQ_CST))
			weir_bell_ring(n, &s->bell);
	}
}

void arp_tell_others(struct weir_node *n, be32 ip, const uint8_t *eth)
{
	struct arp_log *log = ((const struct arp_querier *)n->self)->log;
	struct arp_querier_state *s = n->state;
	struct arp_news *news;

	if (!s->share)
		return;
	arp_log_lock(log);
	news = &log->news[log->seq % ARP_LOG];
	news->ip = ip;
	memcpy(news->eth, eth, 6);
	if (s->seen == log->seq)
		s->seen++; // it is no news to the writer
	__atomic_store_n(&log->seq, log->seq + 1, __ATOMIC_SEQ_CST);
	arp_log_unlock(log);
	call_others(n);
}

// After more news than the log holds: addresses that packets wait for may have been among it.
static void catch_up(struct weir_node *n)
{
	struct arp_querier_state *s = n->state;
	struct arp_news known[ARP_LOG];
	unsigned count;

	do {
		count = 0;
		for (struct arp_entry *e = s->table.oldest; e && count < ARP_LOG; e = e->newer)
			if (e->n && arp_published(n->self, e->ip, weir_now(n), known[count].eth))
				known[count++].ip = e->ip;
		for (unsigned i = 0; i < count; i++)
			arp_insert(n, known[i].ip, known[i].eth);
	} while (count == ARP_LOG);
}

void arp_read_news(struct weir_node *n)
{
	struct arp_log *log = ((const struct arp_querier *)n->self)->log;
	struct arp_querier_state *s = n->state;
	struct arp_news news[ARP_LOG];
	unsigned count = 0;
	bool missed;

	arp_log_lock(log);
	missed = log->seq - s->seen > ARP_LOG;
	if (missed)
		s->seen = log->seq - ARP_LOG;
	for (; s->seen != log->seq; s->seen++)
		news[count++] = log->news[s->seen % ARP_LOG];
	arp_log_unlock(log);
	for (unsigned i = 0; i < count; i++)
		arp_insert(n, news[i].ip, news[i].eth);
	if (missed)
		catch_up(n);
}

void arp_called(struct weir_node *n)
{
	struct arp_log *log = ((const struct arp_querier *)n->self)->log;
	const struct arp_querier_state *s = n->state;

	if (__atomic_load_n(&log->seq, __ATOMIC_ACQUIRE) != s->seen)
		arp_read_news(n);
}
