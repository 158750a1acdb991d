// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// Runs compiled rule lists in the driver. The steps are data that the verifier does not know, so
// what it looks at does not grow with the list: the first steps are a loop in the program, and the
// rest are rounds of the same kind under bpf_loop.

#include <weir/ip6_walk.h>
#include <weir/packet.h>

#include <abi/dag.h>

enum { WEIR_DAG_ROUND = 16 }; // steps

// Without BTF for the value, as whoever loads makes it as large as the list.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct weir_dag_step));
} weir_steps SEC(".maps");

WEIR_INLINE const struct weir_dag_step *weir_dag_steps(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&weir_steps, &zero);
}

WEIR_INLINE __u32 weir_dag_next(const struct weir_dag_step *s, __u32 word)
{
	return (word & s->mask) - s->lo <= s->span ? s->yes : s->no;
}

// The word at d, of which the first n bytes are needed. False: they are not there.
WEIR_INLINE bool weir_dag_word(const __u8 *d, const __u8 *end, __u32 n, __u32 *word)
{
	__u32 have = 0;

	*word = 0;
	if (d + 4 <= end) {
		*word = *(const __u32 *)d;
		return true;
	}
	if (d + 1 <= end) {
		*word = d[0];
		have = 1;
	}
	if (d + 2 <= end) {
		*word |= (__u32)d[1] << 8;
		have = 2;
	}
	if (d + 3 <= end) {
		*word |= (__u32)d[2] << 16;
		have = 3;
	}
	return n <= have;
}

struct weir_dag_walk {
	struct xdp_md *ctx;
	const struct weir_dag_args *a;
	const struct weir_dag_step *steps;
	__u64 bases; // by enum weir_base, 16 bits each
	__u32 to;
};

// The kernel takes no function that has a parameter without a name.
static long weir_dag_round(__u32 round __attribute__((unused)), struct weir_dag_walk *w)
{
	const __u8 *data = (void *)(long)w->ctx->data, *end = (void *)(long)w->ctx->data_end;
	const __u32 mask = w->a->mask, swap = !w->a->data_only;
	__u32 to = w->to;

	for (__u32 i = 0; i < WEIR_DAG_ROUND && to >= WEIR_DAG_STEP; i++) {
		const struct weir_dag_step *s = &w->steps[to & mask];
		__u32 at = (w->bases >> 16 * s->base & 0xffff) + s->off, word;

		// the first is also true of a header that is not set
		if (at > WEIR_OFF_MASK || !weir_dag_word(data + at, end, s->need - s->off, &word))
			to = s->missing;
		else
			to = weir_dag_next(s, swap ? __builtin_bswap32(word) : word);
	}
	w->to = to;
	return to < WEIR_DAG_STEP;
}

// From a step to the end, for any packet: bytes may be missing and headers not set.
static __attribute__((noinline)) unsigned weir_apart_walk(struct xdp_md *ctx,
							  const struct weir_dag_args *a, __u32 to)
{
	struct weir_dag_walk w = {.ctx = ctx, .a = a, .steps = weir_dag_steps(), .to = to};
	const struct weir_meta *m = (void *)(long)ctx->data_meta;

	if ((void *)(m + 1) > (void *)(long)ctx->data || !w.steps)
		return to;
	w.bases =
		m->off | (__u64)m->mac << 16 | (__u64)m->network << 32 | (__u64)m->transport << 48;
	bpf_loop(a->depth, weir_dag_round, &w, 0);
	return w.to;
}

// The test of a step on a packet that is long enough.
WEIR_INLINE __u32 weir_dag_step(const struct weir_dag_step *s, const __u8 *base, const __u8 *end,
				bool data_only)
{
	const __u8 *d = base + (s->off & WEIR_OFF_MASK);
	__u32 word;

	if (d + 4 > end) // as the verifier cannot know
		return s->missing;
	word = *(const __u32 *)d;
	return weir_dag_next(s, data_only ? word : __builtin_bswap32(word));
}

// The first steps, on a packet that is long enough: a port, or the step that is next. On a compiled
// path a list that is not long is code instead (user/compile).
WEIR_INLINE __u32 weir_dag_begin(const struct weir_dag_args *a, const __u8 *from,
				 const __u8 *network, const __u8 *end, bool data_only)
{
	const struct weir_dag_step *steps = weir_dag_steps();
	__u32 to = a->start;
	__u64 mask = a->mask;

	if (!steps)
		return to;
	asm("" : "+r"(mask)); // spilled by halves, the verifier would forget it
	for (__u32 i = 0; i < WEIR_DAG_ROUND && to >= WEIR_DAG_STEP; i++) {
		const struct weir_dag_step *s = &steps[to & mask];
		bool in_network = !data_only && s->base == WEIR_BASE_NETWORK;

		to = weir_dag_step(s, in_network ? network : from, end, data_only);
	}
	return to;
}

// `from` is where the transport header begins, or for data_only the packet.
WEIR_INLINE unsigned weir_dag_run(const struct weir_dag_args *a, struct packet *p, const __u8 *from,
				  const __u8 *network, bool data_only)
{
	__u32 to = a->careful;

	if (WEIR_LIKELY(from && network)) {
		to = weir_dag_begin(a, from, network, p->end, data_only);
		if (a->depth <= WEIR_DAG_ROUND)
			return to;
	}
	return to < WEIR_DAG_STEP ? to : weir_apart_walk(p->ctx, a, to);
}

WEIR_INLINE unsigned weir_dag_run_data(const struct weir_dag_args *a, struct packet *p)
{
	const __u8 *data = weir_at(p, 0, a->need);

	return weir_dag_run(a, p, data, data, true);
}

WEIR_INLINE unsigned weir_dag_run_ip(const struct weir_dag_args *a, struct packet *p)
{
	const __u8 *transport = weir_bytes_at(p, p->m->transport, a->need);
	const __u8 *network = weir_bytes_at(p, p->m->network, sizeof(struct ip4));

	return weir_dag_run(a, p, transport, network, false);
}

enum { WEIR_DAG_FRAGMENT = 0x80 };

// The header says for a while what the walk over extension headers has found: see
// user/include/weir/dag.h.
WEIR_INLINE unsigned weir_apart_ip6(const struct weir_dag_args *a, struct packet *p)
{
	const __u16 transport = p->m->transport;
	struct ip6 *ip = weir_ip6_header(p);
	struct weir_ip6_upper upper;
	__u8 first = 0, next = 0;
	unsigned port;
	bool whole;

	if (ip) {
		first = *(__u8 *)ip;
		next = ip->next;
		whole = weir_ip6_walk(p, ip, &upper);
		p->m->transport =
			whole && !upper.later ? (__u16)(p->m->network + upper.off) : WEIR_META_NONE;
		ip->next = upper.proto;
		if (upper.fragment)
			*(__u8 *)ip = first | WEIR_DAG_FRAGMENT;
	}
	port = weir_dag_run_ip(a, p);
	ip = weir_ip6_header(p);
	if (ip) {
		*(__u8 *)ip = first;
		ip->next = next;
	}
	p->m->transport = transport;
	return port;
}

WEIR_INLINE unsigned weir_dag_run_ip6(const struct weir_dag_args *a, struct packet *p)
{
	const struct ip6 *ip = weir_ip6_header(p);

	if (WEIR_UNLIKELY(!ip || weir_ip6_is_extension(ip->next)))
		return weir_apart_ip6(a, p);
	return weir_dag_run_ip(a, p);
}
