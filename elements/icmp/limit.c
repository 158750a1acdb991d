// SPDX-License-Identifier: BSD-2-Clause
#include "limit.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/random.h>

enum {
	PARTS = 16, // of a nanosecond, so that high rates are exact enough
	HOST_BITS = 10,
};
static const uint64_t SECOND = 1000000000ULL * PARTS;

// A destination has one of the buckets by a hash that senders do not know. Those that share one get
// fewer errors, never more.
struct icmp_limit_shared {
	_Atomic uint64_t all;
	uint64_t secret;
	_Atomic uint64_t hosts[1 << HOST_BITS];
};

int icmp_limit_open(struct icmp_limit *l)
{
	l->shared = calloc(1, sizeof(*l->shared));
	if (!l->shared)
		return -ENOMEM;
	if (getrandom(&l->shared->secret, sizeof(l->shared->secret), GRND_NONBLOCK) < 0)
		l->shared->secret = (uintptr_t)l->shared;
	return 0;
}

void icmp_limit_close(struct icmp_limit *l)
{
	free(l->shared);
	l->shared = NULL;
}

// How far ahead of the present a bucket that has a token left may be. A handler may have written
// any burst.
static uint64_t ahead(uint64_t rate, uint32_t burst)
{
	if (burst > ICMP_LIMIT_BURST_MAX)
		burst = ICMP_LIMIT_BURST_MAX;
	return burst ? (burst - 1ULL) * (SECOND / rate) : 0;
}

static bool has_token(uint64_t full, uint64_t now, uint64_t rate, uint32_t burst)
{
	return full <= now || full - now <= ahead(rate, burst);
}

static bool take(_Atomic uint64_t *bucket, uint64_t now, uint64_t rate, uint32_t burst)
{
	uint64_t full = atomic_load_explicit(bucket, memory_order_relaxed), next;

	do {
		if (!has_token(full, now, rate, burst))
			return false;
		next = (full > now ? full : now) + SECOND / rate;
	} while (!atomic_compare_exchange_weak_explicit(bucket, &full, next, memory_order_relaxed,
							memory_order_relaxed));
	return true;
}

// A host takes nothing while nobody gets an answer, and a flood by one takes nothing from others.
enum icmp_limit_verdict icmp_limit_ask(const struct icmp_limit *l, uint64_t now, uint64_t host,
				       bool spared)
{
	struct icmp_limit_shared *s = l->shared;
	uint64_t hash = (host ^ s->secret) * 0x9e3779b97f4a7c15;

	now *= PARTS;
	if (l->rate &&
	    !has_token(atomic_load_explicit(&s->all, memory_order_relaxed), now, l->rate, l->burst))
		return ICMP_LIMIT_RATE;
	hash = (hash ^ hash >> 32) * 0xd6e8feb86659fd93 >> (64 - HOST_BITS);
	if (l->host_rate && !spared && !take(&s->hosts[hash], now, l->host_rate, l->host_burst))
		return ICMP_LIMIT_HOST;
	return l->rate && !take(&s->all, now, l->rate, l->burst) ? ICMP_LIMIT_RATE
								 : ICMP_LIMIT_PASS;
}
