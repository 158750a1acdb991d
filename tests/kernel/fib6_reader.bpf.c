// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)

// What fib_reader.bpf.c does, for IPv6.

#include <weir/fib6.h>

#include <fib_reader.h>

char weir_license[] SEC("license") = "Dual BSD/GPL";

const volatile struct weir_fib6_form form;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fib6_reader);
} work SEC(".maps");

// One address of a run. Returns whether to stop.
static long look_up_one(__u32 i, void *arg)
{
	const struct weir_fib6_form *f = (const struct weir_fib6_form *)&form;
	struct fib6_reader *w = *(struct fib6_reader **)arg;
	__u32 at = (w->next + i) & w->mask & (FIB_READER_ADDRESSES - 1), value;

	asm volatile("" : "+r"(f)); // the compiler must not believe the zeroes there
	value = weir_fib6_lookup(f, (struct weir_ip6){w->dst[at].hi, w->dst[at].lo});
	w->sum += value;
	if (value == w->right[at].a || value == w->right[at].b)
		return 0;
	if (value == WEIR_FIB6_NONE)
		w->beyond++;
	else
		w->wrong++;
	return 0;
}

SEC("xdp")
int fib_look_up(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct fib6_reader *w = bpf_map_lookup_elem(&work, &zero);

	(void)ctx;
	if (!w)
		return XDP_ABORTED;
	bpf_loop(FIB_READER_RUN, look_up_one, &w, 0);
	w->next += FIB_READER_RUN;
	return XDP_DROP;
}

struct question {
	struct fib6_reader *w;
	struct xdp_md *ctx;
	struct bpf_fib_lookup ask;
};

static long ask_one(__u32 i, void *arg)
{
	enum { SKIP_NEIGH = 4 }; // BPF_FIB_LOOKUP_SKIP_NEIGH is younger than the header
	struct question *q = arg;
	__u32 at = (q->w->next + i) & q->w->mask & (FIB_READER_ADDRESSES - 1);

	weir_ip6_write(q->ask.ipv6_dst, (struct weir_ip6){q->w->dst[at].hi, q->w->dst[at].lo});
	q->ask.ifindex = q->w->ifindex;
	q->w->wrong += bpf_fib_lookup(q->ctx, &q->ask, sizeof(q->ask), SKIP_NEIGH) != 0;
	return 0;
}

// The kernel's own table, asked for the same addresses. The route only, not the neighbour.
SEC("xdp")
int kernel_look_up(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct question q = {.ctx = ctx, .ask = {.family = 10, .tot_len = 64}};

	q.w = bpf_map_lookup_elem(&work, &zero);
	if (!q.w)
		return XDP_ABORTED;
	bpf_loop(FIB_READER_RUN, ask_one, &q, 0);
	q.w->next += FIB_READER_RUN;
	return XDP_DROP;
}
