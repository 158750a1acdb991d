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

// Where outputs lead: programs by port, filled in by whoever loads; a slot behind them leads to
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

// Not const and weak, so that the compiler does not believe what stands there before loading.
#define WEIR_FROZEN __attribute__((weak))

WEIR_FROZEN struct weir_instance weir_instance SEC(".rodata.instance") = {.abi = WEIR_FRONT_ABI};

WEIR_INLINE void weir_count(const struct packet *p, __u32 which)
{
	struct weir_count *c = bpf_map_lookup_elem(&weir_counts, &which);

	if (!c)
		return;
	c->packets++;
	c->bytes += weir_len(p);
}

// What an element cuts off is in the bytes that came in, and not in those that left.
WEIR_INLINE void weir_count_cut(struct packet *p)
{
	struct weir_count *c = NULL;
	__u32 derived = 0;

	if (!p->cut)
		return;
	if (weir_instance.derived)
		c = bpf_map_lookup_elem(&weir_counts, &derived);
	if (c)
		c->bytes -= p->cut;
	p->cut = 0;
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
	const unsigned more = n_out + weir_instance.input * WEIR_OUT_MORE;
	unsigned which = n_out + WEIR_COUNT_NO_PORT, reason = port - WEIR_DROP;

	if (port == WEIR_APART) {
		if (weir_packet_settle(p))
			bpf_tail_call(p->ctx, &weir_out, more + WEIR_OUT_OWN);
		return XDP_DROP;
	}
	if (port < n_out)
		which = port;
	else if (port >= WEIR_DROP && reason < n_drops)
		which = n_out + WEIR_COUNT_CLASS + reason;
	else if (port == WEIR_HANDOVER)
		which = n_out + WEIR_COUNT_CLASS + n_drops + WEIR_COUNT_HANDED;
	weir_count(p, which);
	if (port == WEIR_HANDOVER)
		port = more + WEIR_OUT_HANDOVER;
	else if (port >= n_out)
		return XDP_DROP;
	if (weir_packet_settle(p))
		bpf_tail_call(p->ctx, &weir_out, port);
	else
		weir_count(p, n_out + WEIR_COUNT_NO_PORT);
	return XDP_DROP;
}

// The first outputs are jumps that the JIT knows. In a compiled path the function of the next
// element stands in the place of weir_next_N.
#define WEIR_NEXT(n_)                                                            \
	WEIR_INLINE int weir_next_##n_(struct packet *p)                         \
	{                                                                        \
		if (weir_packet_settle(p))                                       \
			bpf_tail_call_static(p->ctx, &weir_out, n_);             \
		else                                                             \
			weir_count(p, weir_instance.n_out + WEIR_COUNT_NO_PORT); \
		return XDP_DROP;                                                 \
	}
WEIR_NEXT(0)
WEIR_NEXT(1)
WEIR_NEXT(2)
WEIR_NEXT(3)
WEIR_NEXT(4)
WEIR_NEXT(5)
WEIR_NEXT(6)
WEIR_NEXT(7)
WEIR_NEXT(8)
WEIR_NEXT(9)
WEIR_NEXT(10)
WEIR_NEXT(11)

#define WEIR_LEAVE_BY(n_)                                 \
	if (port == (n_) && (n_) < weir_instance.n_out) { \
		if ((n_) || !weir_instance.derived)       \
			weir_count(p, n_);                \
		return weir_next_##n_(p);                 \
	}
WEIR_INLINE int weir_leave(struct packet *p, unsigned port)
{
	weir_count_cut(p);
	WEIR_LEAVE_BY(0)
	WEIR_LEAVE_BY(1)
	WEIR_LEAVE_BY(2)
	WEIR_LEAVE_BY(3)
	WEIR_LEAVE_BY(4)
	WEIR_LEAVE_BY(5)
	WEIR_LEAVE_BY(6)
	WEIR_LEAVE_BY(7)
	WEIR_LEAVE_BY(8)
	WEIR_LEAVE_BY(9)
	WEIR_LEAVE_BY(10)
	WEIR_LEAVE_BY(11)
	return weir_leave_else(p, port);
}

WEIR_INLINE int weir_leave_sink(struct packet *p, unsigned port)
{
	return WEIR_LIKELY(port < WEIR_HANDOVER) ? (int)(port & ~(unsigned)WEIR_ENDED)
						 : weir_leave_else(p, port);
}

// weir_run is all that happens to a packet in the element and behind it.
#define WEIR_PROGRAM(id, leave_, call_)                                                      \
	WEIR_FROZEN union {                                                                  \
		struct id self;                                                              \
		__u32 not_empty;                                                             \
	} weir_self SEC(".rodata.self") = {};                                                \
	WEIR_INLINE int weir_run(struct packet *p_)                                          \
	{                                                                                    \
		const struct id *self_ = &weir_self.self;                                    \
                                                                                             \
		(void)self_;                                                                 \
		return leave_(p_, call_);                                                    \
	}                                                                                    \
	SEC("xdp") int id##_xdp(struct xdp_md *ctx)                                          \
	{                                                                                    \
		struct packet packet;                                                        \
		struct weir_instead instead;                                                 \
                                                                                             \
		if (weir_instance.path.aside) {                                              \
			if (!weir_packet_begin(&packet, &instead, ctx, &weir_instance.path)) \
				return XDP_PASS;                                             \
		} else if (!weir_packet_enter(&packet, &instead, ctx)) {                     \
			return XDP_ABORTED;                                                  \
		}                                                                            \
		return weir_run(&packet);                                                    \
	}

#define WEIR_ELEMENT(id, ...) WEIR_PROGRAM(id, weir_leave, id(self_, p_))
#define WEIR_SPLIT_ELEMENT(id, ...) WEIR_PROGRAM(id, weir_leave, id(self_, p_))

// A port that no element has: where what cannot happen leads.
enum { WEIR_NOWHERE = 0xffff };

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
		return state ? id(self, state, p) : WEIR_NOWHERE;                     \
	}
#define WEIR_STATE_ELEMENT(id, ...) \
	WEIR_STATE(id)              \
	WEIR_PROGRAM(id, weir_leave, id##_with_state(self_, p_))

// An element that has another form in userspace, in a file of the same name: foo.bpf.c beside
// foo.c. Its struct is what the class's `driver` function fills in; its state has the layout of the
// class's, as handlers sum over both.
#define WEIR_DRIVER_ELEMENT(id) WEIR_PROGRAM(id, weir_leave, id(self_, p_))
#define WEIR_DRIVER_STATE_ELEMENT(id) WEIR_STATE_ELEMENT(id)

// One that ends packets: unsigned id(self, p) returns WEIR_ENDED | action, or a drop reason.
#define WEIR_DRIVER_SINK(id) WEIR_PROGRAM(id, weir_leave_sink, id(self_, p_))
#define WEIR_DRIVER_STATE_SINK(id) \
	WEIR_STATE(id)             \
	WEIR_PROGRAM(id, weir_leave_sink, id##_with_state(self_, p_))

#define WEIR_SPLIT_STATE_ELEMENT(id, ...) WEIR_STATE_ELEMENT(id)
#define WEIR_CASES(id, ...) _Static_assert(1, "rows are run by userspace")
