// SPDX-License-Identifier: BSD-2-Clause
#include "pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t EVEN = 0x5555555555555555;

int pool_add(struct pool *p, uint32_t first, uint32_t n)
{
	struct pool_range *v = realloc(p->ranges, (p->n_ranges + 1) * sizeof(*v));
	unsigned i = p->n_ranges;

	if (!v)
		return -ENOMEM;
	p->ranges = v;
	for (unsigned k = 0; k < p->n_ranges; k++)
		if (first <= v[k].first + (v[k].n - 1) && v[k].first <= first + (n - 1))
			return -EEXIST;
	if (n > POOL_ADDRESSES || p->n + n > POOL_ADDRESSES)
		return -E2BIG;
	for (; i > 0 && v[i - 1].first > first; i--)
		v[i] = v[i - 1];
	v[i] = (struct pool_range){.first = first, .n = n, .at = p->n};
	p->n += n;
	p->n_ranges++;
	return 0;
}

int pool_open(struct pool *p, uint32_t first, uint32_t end, uint32_t size)
{
	size_t n;

	p->first = first;
	p->size = size;
	p->n_workers = 1;
	p->n_blocks = (end - first) / size;
	n = (size_t)p->n * p->n_blocks;
	for (unsigned i = 0; i < MAPPING_PROTOS; i++) {
		p->used[i] = calloc((size_t)p->n * POOL_WORDS, sizeof(uint64_t));
		p->never[i] = calloc(POOL_WORDS, sizeof(uint64_t));
		if (!p->used[i] || !p->never[i])
			return -ENOMEM;
	}
	p->owner = calloc(n, sizeof(*p->owner));
	p->count = calloc(n, sizeof(*p->count));
	p->next = calloc(n, sizeof(*p->next));
	p->n_free = calloc(p->n, sizeof(*p->n_free));
	if (!p->owner || !p->count || !p->next || !p->n_free)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->n; i++)
		p->n_free[i] = p->n_blocks;
	for (unsigned i = 0; i < MAPPING_PROTOS; i++)
		pool_reserve(p, POOL_NONE, i, 0, 0);
	return 0;
}

void pool_close(struct pool *p)
{
	for (unsigned i = 0; i < MAPPING_PROTOS; i++) {
		free(p->used[i]);
		free(p->never[i]);
	}
	free(p->ranges);
	free(p->owner);
	free(p->count);
	free(p->next);
	free(p->n_free);
	*p = (struct pool){};
}

static uint64_t *word_of(const struct pool *p, uint32_t address, unsigned proto, uint16_t port)
{
	return &p->used[proto][(size_t)address * POOL_WORDS + port / POOL_WORD];
}

static uint64_t bit_of(uint16_t port)
{
	return 1ull << port % POOL_WORD;
}

void pool_reserve(struct pool *p, uint32_t address, unsigned proto, uint16_t from, uint16_t to)
{
	const uint32_t first = address == POOL_NONE ? 0 : address;
	const uint32_t last = address == POOL_NONE ? p->n : address + 1;

	for (uint32_t port = from; address == POOL_NONE && port <= to; port++)
		p->never[proto][port / POOL_WORD] |= bit_of((uint16_t)port);
	for (uint32_t a = first; a < last; a++)
		for (uint32_t port = from; port <= to; port++)
			*word_of(p, a, proto, (uint16_t)port) |= bit_of((uint16_t)port);
}

void pool_unreserve(struct pool *p, uint32_t address, unsigned proto, uint16_t port)
{
	*word_of(p, address, proto, port) &= ~bit_of(port);
}

uint32_t pool_find(const struct pool *p, be32 address)
{
	const uint32_t a = rd32(address);
	unsigned low = 0, high = p->n_ranges;

	while (low < high) {
		const unsigned mid = (low + high) / 2;
		const struct pool_range *r = &p->ranges[mid];

		if (a < r->first)
			high = mid;
		else if (a - r->first >= r->n)
			low = mid + 1;
		else
			return r->at + (a - r->first);
	}
	return POOL_NONE;
}

be32 pool_address(const struct pool *p, uint32_t number)
{
	unsigned i = 0;

	while (number - p->ranges[i].at >= p->ranges[i].n)
		i++;
	return wr32(p->ranges[i].first + (number - p->ranges[i].at));
}

bool pool_claim(struct pool *p, uint32_t block, unsigned worker)
{
	uint16_t nobody = 0;

	if (__atomic_load_n(&p->owner[block], __ATOMIC_RELAXED) ||
	    !__atomic_compare_exchange_n(&p->owner[block], &nobody, (uint16_t)(worker + 1), false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	__atomic_fetch_sub(&p->n_free[pool_block_address(p, block)], 1, __ATOMIC_RELAXED);
	return true;
}

uint32_t pool_claim_any(struct pool *p, uint32_t address, unsigned worker, uint32_t random)
{
	const uint32_t first = address * p->n_blocks;

	if (!__atomic_load_n(&p->n_free[address], __ATOMIC_RELAXED))
		return POOL_NONE;
	for (uint32_t i = 0; i < p->n_blocks; i++) {
		const uint32_t block = first + (random % p->n_blocks + i) % p->n_blocks;

		if (pool_claim(p, block, worker))
			return block;
	}
	return POOL_NONE;
}

void pool_release_block(struct pool *p, uint32_t block)
{
	__atomic_store_n(&p->owner[block], 0, __ATOMIC_RELEASE);
	__atomic_fetch_add(&p->n_free[pool_block_address(p, block)], 1, __ATOMIC_RELAXED);
}

static uint16_t *count_of(const struct pool *p, uint32_t address, uint16_t port)
{
	const uint32_t block = pool_block(p, address, port);

	return block == POOL_NONE ? NULL : &p->count[block];
}

bool pool_take_port(struct pool *p, uint32_t address, unsigned proto, uint16_t port)
{
	const uint64_t bit = bit_of(port);
	uint16_t *count = count_of(p, address, port);

	if (__atomic_fetch_or(word_of(p, address, proto, port), bit, __ATOMIC_RELAXED) & bit)
		return false;
	if (count)
		__atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
	return true;
}

unsigned pool_give(struct pool *p, uint32_t address, unsigned proto, uint16_t port)
{
	uint16_t *count = count_of(p, address, port);

	__atomic_fetch_and(word_of(p, address, proto, port), ~bit_of(port), __ATOMIC_RELAXED);
	return count ? __atomic_sub_fetch(count, 1, __ATOMIC_RELAXED) : 1;
}

bool pool_is_used(const struct pool *p, uint32_t address, unsigned proto, uint16_t port)
{
	return __atomic_load_n(word_of(p, address, proto, port), __ATOMIC_RELAXED) & bit_of(port);
}

bool pool_is_mapped(const struct pool *p, uint32_t address, unsigned proto, uint16_t port)
{
	return pool_is_used(p, address, proto, port) &&
	       !(p->never[proto][port / POOL_WORD] & bit_of(port));
}

// Which ports of a word would do. An even one that has its odd neighbour free goes before others,
// as the neighbour is likely to be asked for next (RFC 3550 11).
static uint64_t suitable(uint64_t used, const struct pool_wish *w)
{
	const uint64_t free = ~used;
	uint64_t pairs;

	if (!w->parity)
		return free;
	if (w->port & 1)
		return free & ~EVEN;
	pairs = free & free >> 1 & EVEN;
	return pairs ?: free & EVEN;
}

// One of the bits, each as likely as others (RFC 6056) where they are spread evenly.
static unsigned pick(uint64_t bits, uint32_t random)
{
	const unsigned turn = random % POOL_WORD;
	const uint64_t turned = bits >> turn | bits << (POOL_WORD - turn) % POOL_WORD;

	return ((unsigned)__builtin_ctzll(turned) + turn) % POOL_WORD;
}

static uint64_t load_word(const struct pool *p, uint32_t address, unsigned proto, uint32_t word)
{
	return __atomic_load_n(&p->used[proto][(size_t)address * POOL_WORDS + word],
			       __ATOMIC_RELAXED);
}

static uint16_t take_of_word(struct pool *p, uint32_t address, uint32_t word,
			     const struct pool_wish *w)
{
	const uint64_t bits = suitable(load_word(p, address, w->proto, word), w);
	uint16_t port;

	if (!bits)
		return 0;
	port = (uint16_t)(word * POOL_WORD + pick(bits, w->random));
	return pool_take_port(p, address, w->proto, port) ? port : 0;
}

// A port that was named, in a block that is the worker's or nobody's.
static bool take_named(struct pool *p, uint32_t address, unsigned worker, unsigned proto,
		       uint16_t port)
{
	const uint32_t block = pool_block(p, address, port);

	if (!port || block == POOL_NONE || pool_is_used(p, address, proto, port))
		return false;
	if (pool_owner(p, block) != worker && !pool_claim(p, block, worker))
		return false;
	return pool_take_port(p, address, proto, port);
}

struct words {
	uint32_t first, n;
};

// RFC 4787 REQ-3: where both ranges are there, a port stays in its own.
static struct words words_for(const struct pool *p, const struct pool_wish *w)
{
	const uint32_t first = p->first / POOL_WORD,
		       end = first + p->n_blocks * p->size / POOL_WORD;
	const uint32_t low = POOL_LOW / POOL_WORD;

	if (w->proto == MAPPING_ICMP || first >= low)
		return (struct words){first, end - first};
	return w->port < POOL_LOW ? (struct words){first, low - first}
				  : (struct words){low, end - low};
}

// May the worker take ports of the block? mine: of its own, or of nobody's that lies in its part of
// the address; so ports are spread, and another worker finds some, too. Else: of nobody's.
static bool may_take(struct pool *p, uint32_t block, unsigned worker, bool mine)
{
	const uint32_t owner = pool_owner(p, block);

	if (owner != POOL_NONE)
		return mine && owner == worker;
	return (!mine || block % p->n_workers == worker % p->n_workers) &&
	       pool_claim(p, block, worker);
}

static uint16_t search(struct pool *p, uint32_t address, unsigned worker, bool mine,
		       const struct pool_wish *w)
{
	const struct words in = words_for(p, w);
	const uint32_t start = in.n ? (w->random >> 6) % in.n : 0;

	for (uint32_t i = 0; i < in.n; i++) {
		const uint32_t word = in.first + (start + i < in.n ? start + i : start + i - in.n);
		const uint32_t block = pool_block(p, address, (uint16_t)(word * POOL_WORD));
		uint16_t port;

		if (!suitable(load_word(p, address, w->proto, word), w) ||
		    !may_take(p, block, worker, mine))
			continue;
		port = take_of_word(p, address, word, w);
		if (port)
			return port;
	}
	return 0;
}

uint16_t pool_take(struct pool *p, uint32_t address, unsigned worker, const struct pool_wish *w)
{
	struct pool_wish any = *w;
	uint16_t port;

	if (w->beside && take_named(p, address, worker, w->proto, w->beside))
		return w->beside;
	if (w->preserve && take_named(p, address, worker, w->proto, w->port))
		return w->port;
	if (w->strict)
		return 0;
	port = search(p, address, worker, true, w) ?: search(p, address, worker, false, w);
	if (port || !w->parity)
		return port;
	any.parity = false;
	return search(p, address, worker, true, &any) ?: search(p, address, worker, false, &any);
}

uint16_t pool_take_of(struct pool *p, uint32_t block, const struct pool_wish *w)
{
	const uint32_t address = pool_block_address(p, block);
	const uint32_t words = p->size / POOL_WORD, first = pool_block_port(p, block) / POOL_WORD;
	const uint32_t start = (w->random >> 6) % words;

	if (w->beside && pool_block(p, address, w->beside) == block &&
	    pool_take_port(p, address, w->proto, w->beside))
		return w->beside;
	if (w->preserve && pool_block(p, address, w->port) == block &&
	    pool_take_port(p, address, w->proto, w->port))
		return w->port;
	for (uint32_t i = 0; !w->strict && i < words; i++) {
		const uint16_t port = take_of_word(p, address, first + (start + i) % words, w);

		if (port)
			return port;
	}
	return 0;
}
