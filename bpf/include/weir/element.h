// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// The element API as the driver half sees it: the macros that register an element make an XDP
// program of its packet function instead. Its arguments are frozen in .rodata by whoever loads it.
// What is only for userspace (tables of arguments, handlers, configure) compiles to nothing.

#include_next <weir/element.h>

#include <abi/front.h>

#undef WEIR_CLASS
#undef WEIR_BATCH_ELEMENT
#undef WEIR_PLAIN_ELEMENT
#undef WEIR_ELEMENT
#undef WEIR_STATE_ELEMENT
#undef WEIR_SPLIT_ELEMENT
#undef WEIR_SPLIT_STATE_ELEMENT
#undef WEIR_CASES

char weir_license[] SEC("license") = "Dual BSD/GPL";

// Where outputs lead: programs by port, filled in by whoever loads; the slot behind them leads to
// userspace. An output without a program loses the packet, counted under the output's name.
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} weir_out SEC(".maps");

// In the order of abi/front.h.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct weir_count);
} weir_counts SEC(".maps");

const volatile struct weir_instance weir_instance SEC(".rodata.instance") = {.abi = WEIR_FRONT_ABI};

WEIR_INLINE void weir_count(const struct packet *p, __u32 which)
{
	struct weir_count *c = bpf_map_lookup_elem(&weir_counts, &which);

	if (!c)
		return;
	c->packets++;
	c->bytes += weir_len(p);
}

// What a function may return instead of an output, in a file that is for the driver only: the
// packet's way ends here, with the XDP action in the lower bits (and was counted by weir_end_here);
// or the element goes on with it in userspace.
enum { WEIR_ENDED = 0x4000, WEIR_HANDOVER = 0x4100 };

// What an element cuts off is in the bytes that came in, and not in those that left.
WEIR_INLINE void weir_count_cut(const struct packet *p)
{
	struct weir_count *c;
	__u32 derived = 0;

	if (!p->cut || !weir_instance.derived)
		return;
	c = bpf_map_lookup_elem(&weir_counts, &derived);
	if (c)
		c->bytes -= p->cut;
}

// Counts a packet as ended on purpose. Before the block is taken off.
WEIR_INLINE void weir_end_here(const struct packet *p)
{
	if (!weir_instance.derived)
		weir_count(p, weir_instance.n_out + WEIR_COUNT_CLASS + weir_instance.n_drops +
				      WEIR_COUNT_ENDED);
}

// The rare ways out. (Not a function of its own: programs that call functions pay at every tail
// call.)
WEIR_INLINE int weir_leave_else(struct packet *p, unsigned port)
{
	const unsigned n_out = weir_instance.n_out, n_drops = weir_instance.n_drops;
	unsigned which = n_out + WEIR_COUNT_NO_PORT, reason = port - WEIR_DROP;

	if (port < n_out)
		which = port;
	else if (port >= WEIR_DROP && reason < n_drops)
		which = n_out + WEIR_COUNT_CLASS + reason;
	else if (port == WEIR_HANDOVER)
		which = n_out + WEIR_COUNT_CLASS + n_drops + WEIR_COUNT_HANDED;
	weir_count(p, which);
	if (port < n_out)
		bpf_tail_call(p->ctx, &weir_out, port);
	else if (port == WEIR_HANDOVER)
		bpf_tail_call(p->ctx, &weir_out, n_out);
	return XDP_DROP;
}

// The first outputs are jumps that the JIT knows.
#define WEIR_LEAVE_BY(n_)                                          \
	do {                                                       \
		if (port_ == (n_) && (n_) < weir_instance.n_out) { \
			if ((n_) || !weir_instance.derived)        \
				weir_count(p_, n_);                \
			bpf_tail_call_static(ctx, &weir_out, n_);  \
			return XDP_DROP;                           \
		}                                                  \
	} while (0)

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
			return XDP_ABORTED;                                                    \
		port_ = call_;                                                                 \
		weir_count_cut(p_);                                                            \
		WEIR_LEAVE_BY(0);                                                              \
		WEIR_LEAVE_BY(1);                                                              \
		WEIR_LEAVE_BY(2);                                                              \
		WEIR_LEAVE_BY(3);                                                              \
		return weir_leave_else(p_, port_);                                             \
	}

#define WEIR_ELEMENT(id, ...) WEIR_PROGRAM(id, id(self_, p_))
#define WEIR_SPLIT_ELEMENT(id, ...) WEIR_PROGRAM(id, id(self_, p_))

// State: one per CPU, as there is one per worker in userspace.
#define WEIR_STATE(id)                                                                \
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
	}
#define WEIR_STATE_ELEMENT(id, ...) \
	WEIR_STATE(id)              \
	WEIR_PROGRAM(id, id##_with_state(self_, p_))

// An element that has another form in userspace, in a file of the same name: foo.bpf.c beside
// foo.c. Its struct is what the class's `driver` function fills in; its state has the layout of the
// class's, as handlers sum over both.
#define WEIR_DRIVER_ELEMENT(id) WEIR_PROGRAM(id, id(self_, p_))
#define WEIR_DRIVER_STATE_ELEMENT(id) WEIR_STATE_ELEMENT(id)

// One that ends packets: unsigned id(self, p) returns WEIR_ENDED | action, or a drop reason.
#define WEIR_DRIVER_SINK(id) WEIR_SINK_PROGRAM(id, id(self_, p_))
#define WEIR_DRIVER_STATE_SINK(id) \
	WEIR_STATE(id)             \
	WEIR_SINK_PROGRAM(id, id##_with_state(self_, p_))

#define WEIR_SINK_PROGRAM(id, call_)                                                             \
	const volatile union {                                                                   \
		struct id self;                                                                  \
		__u32 not_empty;                                                                 \
	} weir_self SEC(".rodata.self") = {};                                                    \
	SEC("xdp") int id##_xdp(struct xdp_md *ctx)                                              \
	{                                                                                        \
		const struct id *self_ = (const struct id *)&weir_self;                          \
		struct packet packet_, *p_ = &packet_;                                           \
		unsigned port_;                                                                  \
		asm volatile("" : "+r"(self_));                                                  \
                                                                                                 \
		if (!weir_packet_enter(p_, ctx))                                                 \
			return XDP_ABORTED;                                                      \
		port_ = call_;                                                                   \
		return WEIR_LIKELY(port_ < WEIR_HANDOVER) ? (int)(port_ & ~(unsigned)WEIR_ENDED) \
							  : weir_leave_else(p_, port_);          \
	}

#define WEIR_SPLIT_STATE_ELEMENT(id, ...) WEIR_STATE_ELEMENT(id)
#define WEIR_CASES(id, ...) _Static_assert(1, "rows are run by userspace")
