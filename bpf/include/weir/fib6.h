// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// IPv6 longest-prefix match over the memory of user/include/weir/fib6.h. The map is one value as
// large as that memory, as in weir/fib.h.

#include <weir/ip6.h>

#include <abi/fib6.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u64));
} nodes6 SEC(".maps");

// A word at a place that the table says. What is beyond the map is no value and no node.
WEIR_INLINE uint32_t weir_fib6_word(const uint32_t *words, uint32_t at, uint32_t n_words)
{
	asm("" : "+r"(at)); // the verifier must see that this is compared, and this used
	return at < n_words ? WEIR_READ_ONCE(words[at]) : WEIR_FIB6_NONE;
}

// Which word of a leaf is the entry for a key. Keys are below 2^31, so the sign of a difference
// says which is larger; conditions would be guessed wrong too often.
WEIR_INLINE uint32_t weir_fib6_range(const uint32_t *leaf, uint64_t key)
{
	uint64_t i = WEIR_FIB6_LINE - 1;

#pragma clang loop unroll(full)
	for (unsigned k = 1; k < WEIR_FIB6_RANGES; k++)
		i += (uint64_t)((int64_t)(key - leaf[k]) >> 63);
	asm("" : "+r"(i)); // for the verifier the next line bounds it, not what was known before
	return i & (WEIR_FIB6_LINE - 1);
}

// WEIR_FIB6_NONE: there is no route, or the map does not hold it.
WEIR_INLINE uint32_t weir_fib6_lookup(const struct weir_fib6_form *f, struct weir_ip6 dst)
{
	const uint32_t n_words = f->n_words, line_mask = (1u << WEIR_FIB6_KIND_SHIFT) - 1;
	uint64_t rest = dst.hi << WEIR_FIB6_ROOT_BITS;
	const uint32_t *words, *leaf;
	uint32_t zero = 0, e, at;

	words = bpf_map_lookup_elem(&nodes6, &zero);
	if (!words)
		return WEIR_FIB6_NONE;
	e = WEIR_READ_ONCE(words[dst.hi >> (64 - WEIR_FIB6_ROOT_BITS)]);
#pragma clang loop unroll(disable)
	for (unsigned i = 0; i < WEIR_FIB6_MOST_STEPS; i++) {
		const uint32_t kind = e >> WEIR_FIB6_KIND_SHIFT & 15;

		if (!(e & WEIR_FIB6_NODE))
			return e;
		at = (e & line_mask) * WEIR_FIB6_LINE;
		if (WEIR_LIKELY(kind)) {
			e = weir_fib6_word(words, at + (uint32_t)(rest >> (64 - kind)), n_words);
			rest <<= kind;
			continue;
		}
		asm("" : "+r"(at));
		if (at > n_words - WEIR_FIB6_LINE)
			return WEIR_FIB6_NONE;
		leaf = words + at;
		at = weir_fib6_range(leaf, rest >> (64 - (leaf[0] & WEIR_FIB6_WIDTH)));
		e = WEIR_READ_ONCE(leaf[at]);
		rest = leaf[0] & WEIR_FIB6_LOW ? dst.lo : rest << (leaf[0] & WEIR_FIB6_WIDTH);
	}
	return WEIR_FIB6_NONE;
}
