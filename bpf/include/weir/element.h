// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// The element API as the driver half sees it: the macros that register an element make an XDP
// program of its packet function instead. Its arguments are frozen in .rodata by whoever loads it.
// What is only for userspace (tables of arguments, handlers, configure) compiles to nothing.

#include_next <weir/element.h>

// This machine's functions take no structs by value.
#define noinline always_inline

#undef WEIR_CLASS
#undef WEIR_BATCH_ELEMENT
#undef WEIR_PLAIN_ELEMENT
#undef WEIR_ELEMENT
#undef WEIR_STATE_ELEMENT
#undef WEIR_SPLIT_ELEMENT
#undef WEIR_SPLIT_STATE_ELEMENT
#undef WEIR_CASES

char weir_license[] SEC("license") = "Dual BSD/GPL";

// Where outputs lead: programs by port, filled in by the loader. A port without one ends here.
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
	__uint(max_entries, 16);
} weir_out SEC(".maps");

#define WEIR_PROGRAM(id, call_)                                                                \
	const volatile union {                                                                 \
		struct id self;                                                                \
		__u32 not_empty;                                                               \
	} weir_self SEC(".rodata.self") = {};                                                  \
	SEC("xdp") int id##_xdp(struct xdp_md *ctx)                                            \
	{                                                                                      \
		const struct id *self_ = (const struct id *)&weir_self;                        \
		struct packet packet_, *p_ = &packet_;                                         \
		unsigned port_;                                                                \
		/* the compiler must not believe the zeroes that stand there before loading */ \
		asm volatile("" : "+r"(self_));                                                \
                                                                                               \
		if (!weir_packet_enter(p_, ctx))                                               \
			return XDP_PASS;                                                       \
		port_ = call_;                                                                 \
		weir_packet_leave(p_, port_);                                                  \
		bpf_tail_call(ctx, &weir_out, port_);                                          \
		return XDP_DROP;                                                               \
	}

#define WEIR_ELEMENT(id, ...) WEIR_PROGRAM(id, id(self_, p_))
#define WEIR_SPLIT_ELEMENT(id, ...) WEIR_PROGRAM(id, id(self_, p_))

// State: one per CPU, as there is one per worker in userspace.
#define WEIR_STATE_ELEMENT(id, ...)                                                   \
	struct {                                                                      \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);                              \
		__type(key, __u32);                                                   \
		__type(value, struct id##_state);                                     \
		__uint(max_entries, 1);                                               \
	} weir_state SEC(".maps");                                                    \
	WEIR_INLINE unsigned id##_with_state(const struct id *self, struct packet *p) \
	{                                                                             \
		__u32 zero = 0;                                                       \
		struct id##_state *state = bpf_map_lookup_elem(&weir_state, &zero);   \
                                                                                      \
		return state ? id(self, state, p) : 0;                                \
	}                                                                             \
	WEIR_PROGRAM(id, id##_with_state(self_, p_))
#define WEIR_SPLIT_STATE_ELEMENT(id, ...) WEIR_STATE_ELEMENT(id)
#define WEIR_CASES(id, ...) _Static_assert(1, "rows are run by userspace")
