// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)

// Where packets leave the driver half for a worker: the block says at which input of which element
// userspace goes on, and the packet goes to the AF_XDP socket of the queue it came from. When there
// is no socket any more, or the process gives no sign of life, the packet is lost or becomes the
// host's, as configured.

#include <weir/clock.h>
#include <weir/packet.h>
#include <weir/steer.h>

#include <abi/front.h>

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WEIR_EXIT_COUNTS);
	__type(key, __u32);
	__type(value, struct weir_count);
} counts SEC(".maps");

const volatile struct weir_exit args;

static __always_inline void count_as(struct xdp_md *ctx, const struct weir_meta *m, __u32 which)
{
	struct weir_count *c = bpf_map_lookup_elem(&counts, &which);
	__u32 len = ctx->data_end - ctx->data;

	if (!c)
		return;
	c->packets++;
	asm volatile("" : "+r"(len)); // the verifier permits no other arithmetic on pointers
	c->bytes += len - m->off;     // as the elements count
}

// The last sign may be given while we look, after the clock was read.
static __always_inline int is_alive(void)
{
	__u32 zero = 0;
	struct weir_beat *b = bpf_map_lookup_elem(&weir_beat, &zero);

	return b && (!b->timeout || (__s64)(bpf_ktime_get_ns() - b->last) <= (__s64)b->timeout);
}

// The frame from its link header on, which no longer is its first byte once an element needed room
// in front. False: it cannot be the host's.
static __always_inline int give_to_host(struct xdp_md *ctx, const struct weir_meta *m)
{
	int mac = m->mac;

	if (mac == WEIR_META_NONE || bpf_xdp_adjust_meta(ctx, sizeof(*m)))
		return 0;
	return !mac || !bpf_xdp_adjust_head(ctx, mac);
}

// By the packet as its interface gave it, if it still can be told.
static __always_inline long to_socket(struct xdp_md *ctx, struct weir_meta *m)
{
	const bool has_link = m->mac != WEIR_META_NONE;

	return weir_to_socket(ctx, args.sorts, m->device, has_link ? m->mac : m->off, has_link,
			      &m->hash);
}

SEC("xdp")
int weir_to_user(struct xdp_md *ctx)
{
	struct weir_meta *m = (void *)(long)ctx->data_meta;

	if ((void *)(m + 1) > (void *)(long)ctx->data)
		return XDP_ABORTED;
	m->element = args.element;
	m->input = args.input;
	if (is_alive() && to_socket(ctx, m) == XDP_REDIRECT) {
		count_as(ctx, m, WEIR_EXIT_HANDED);
		return XDP_REDIRECT;
	}
	count_as(ctx, m, WEIR_EXIT_GONE);
	return args.gone == XDP_PASS && give_to_host(ctx, m) ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
