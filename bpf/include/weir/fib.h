// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// IPv4 longest-prefix match over the memory of user/include/weir/fib.h. Each map is one value as
// large as the piece of memory: that makes one look-up of a constant key, which the JIT turns into
// a few instructions, out of any number of entries.

#include <weir/packet.h>

#include <abi/fib.h>

#define WEIR_FIB4_MAP                              \
	struct {                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);  \
		__uint(map_flags, BPF_F_MMAPABLE); \
		__uint(max_entries, 1);            \
		__uint(key_size, sizeof(__u32));   \
		__uint(value_size, sizeof(__u64)); \
	}
WEIR_FIB4_MAP root SEC(".maps");
WEIR_FIB4_MAP groups SEC(".maps");

// The sizes are read where they are used: the verifier knows them then, and not when the compiler
// keeps them on the stack meanwhile.
WEIR_INLINE uint32_t weir_fib4_in_group(const struct weir_fib4_form *f, const uint32_t *entries,
					uint32_t e, uint32_t i)
{
	e &= ~WEIR_FIB4_GROUP;
	asm("" : "+r"(e)); // the verifier must see that this is compared, and this used
	if (e >= WEIR_READ_ONCE(f->n_groups))
		return WEIR_FIB4_NONE;
	entries += e * WEIR_FIB4_GROUP_SIZE;
	asm("" : "+r"(entries)); // an OR of both would be less to it than the sum
	return WEIR_READ_ONCE(entries[i]);
}

// What is compared with the number leaves room for all eight bytes of a leaf that is not the last.
WEIR_INLINE uint32_t weir_fib4_in_leaf(const struct weir_fib4_form *f, const uint32_t *entries,
				       uint32_t e, uint32_t dst)
{
	const uint32_t leaves = WEIR_FIB4_GROUP_SIZE / WEIR_FIB4_LEAF_SIZE;
	uint32_t i;

	e &= ~(WEIR_FIB4_GROUP | WEIR_FIB4_LEAF);
	asm("" : "+r"(e));
	if (e >= WEIR_READ_ONCE(f->n_groups) * leaves - 1)
		return WEIR_FIB4_NONE;
	entries += e * WEIR_FIB4_LEAF_SIZE;
	i = weir_fib4_range(WEIR_READ_ONCE(*(const uint64_t *)entries), dst & 255);
	asm volatile("" : "+r"(i));
	i &= 7;
	return WEIR_READ_ONCE(entries[WEIR_FIB4_LEAF_SIZE - WEIR_FIB4_LEAF_VALUES + i]);
}

// dst in host byte order. WEIR_FIB4_NONE: the maps do not hold the answer.
WEIR_INLINE uint32_t weir_fib4_lookup(const struct weir_fib4_form *f, uint32_t dst)
{
	uint32_t zero = 0, shift = f->shift, e;
	const uint32_t *entries = bpf_map_lookup_elem(&root, &zero);

	if (!entries)
		return WEIR_FIB4_NONE;
	e = WEIR_READ_ONCE(entries[dst >> shift]);
	if (WEIR_LIKELY(!(e & WEIR_FIB4_GROUP)))
		return e;
	entries = bpf_map_lookup_elem(&groups, &zero);
	if (!entries)
		return WEIR_FIB4_NONE;
	if (shift == 8 && e & WEIR_FIB4_LEAF)
		return weir_fib4_in_leaf(f, entries, e, dst);
	e = weir_fib4_in_group(f, entries, e, dst >> (shift - 8) & 255);
	if (WEIR_LIKELY(!(e & WEIR_FIB4_GROUP)))
		return e;
	return weir_fib4_in_group(f, entries, e, dst & 255);
}
