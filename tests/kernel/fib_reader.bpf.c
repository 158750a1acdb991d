// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)

// Many look-ups in one run, for what one packet a run cannot show: what a look-up of random
// addresses costs, and answers that are wrong for an instant.

#include <weir/fib.h>

#include <fib_reader.h>

char weir_license[] SEC("license") = "Dual BSD/GPL";

const volatile struct weir_fib4_form form;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fib_reader);
} work SEC(".maps");

// One address of a run. Returns whether to stop.
static long look_up_one(__u32 i, void *arg)
{
	const struct weir_fib4_form *f = (const struct weir_fib4_form *)&form;
	struct fib_reader *w = *(struct fib_reader **)arg;
	__u32 at = (w->next + i) & w->mask & (FIB_READER_ADDRESSES - 1), value;

	asm volatile("" : "+r"(f)); // the compiler must not believe the zeroes there
	value = weir_fib4_lookup(f, w->dst[at]);
	w->sum += value;
	if (value != w->right[at].a && value != w->right[at].b)
		w->wrong++;
	return 0;
}

SEC("xdp")
int fib_look_up(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct fib_reader *w = bpf_map_lookup_elem(&work, &zero);

	(void)ctx;
	if (!w)
		return XDP_ABORTED;
	bpf_loop(FIB_READER_RUN, look_up_one, &w, 0);
	w->next += FIB_READER_RUN;
	return XDP_DROP;
}

// The same for what it costs: nothing is compared, and a step has several, so that the loop does
// not weigh more than the look-ups.
enum { STEP = 8 };

static long time_some(__u32 i, void *arg)
{
	const struct weir_fib4_form *f = (const struct weir_fib4_form *)&form;
	struct fib_reader *w = *(struct fib_reader **)arg;
	__u32 at = (w->next + i * STEP) & w->mask & (FIB_READER_ADDRESSES - STEP);
	__u64 sum = 0;

	asm volatile("" : "+r"(f));
	_Pragma("unroll") for (__u32 k = 0; k < STEP; k++) sum +=
		weir_fib4_lookup(f, w->dst[at + k]);
	w->sum += sum;
	return 0;
}

SEC("xdp")
int fib_time(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct fib_reader *w = bpf_map_lookup_elem(&work, &zero);

	(void)ctx;
	if (!w)
		return XDP_ABORTED;
	bpf_loop(FIB_READER_RUN / STEP, time_some, &w, 0);
	w->next += FIB_READER_RUN;
	return XDP_DROP;
}

struct question {
	struct fib_reader *w;
	struct xdp_md *ctx;
	struct bpf_fib_lookup ask;
};

static long ask_one(__u32 i, void *arg)
{
	enum { SKIP_NEIGH = 4 }; // BPF_FIB_LOOKUP_SKIP_NEIGH is younger than the header
	struct question *q = arg;
	__u32 at = (q->w->next + i) & q->w->mask & (FIB_READER_ADDRESSES - 1);

	q->ask.ipv4_dst = __builtin_bswap32(q->w->dst[at]);
	q->ask.ifindex = q->w->ifindex;
	q->w->wrong += bpf_fib_lookup(q->ctx, &q->ask, sizeof(q->ask), SKIP_NEIGH) != 0;
	return 0;
}

// The kernel's own table, asked for the same addresses. The route only, not the neighbour.
SEC("xdp")
int kernel_look_up(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct question q = {.ctx = ctx, .ask = {.family = 2, .tot_len = 64}};

	q.w = bpf_map_lookup_elem(&work, &zero);
	if (!q.w)
		return XDP_ABORTED;
	bpf_loop(FIB_READER_RUN, ask_one, &q, 0);
	q.w->next += FIB_READER_RUN;
	return XDP_DROP;
}
