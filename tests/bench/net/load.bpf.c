// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)

// The load of the network benchmarks, inside the kernel at both ends: `generate` runs under
// BPF_PROG_RUN with live frames, `sink` sits on the far host's interface, `back` on the sender's.
// No process has to be scheduled for a packet to be sent, timed or counted.

#include "load.h"

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include <stdbool.h>

enum { TTL = 64, PORT = 7777, SPINS = 1 << 23 };

struct load_config config;
__u32 destinations[4 * LOAD_DESTINATIONS]; // wire order; four words each if IPv6
struct load_sent sent;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LOAD_WAYS);
	__type(key, __u32);
	__type(value, struct load_seen);
} seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LOAD_WAYS *LOAD_BUCKETS);
	__type(key, __u32);
	__type(value, __u64);
} times SEC(".maps");

struct frame {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	struct load_tag tag;
} __attribute__((packed, aligned(2)));
_Static_assert(sizeof(struct frame) == LOAD_MIN, "the smallest frame");

struct frame6 {
	struct ethhdr eth;
	struct ipv6hdr ip;
	struct udphdr udp;
	struct load_tag tag;
} __attribute__((packed, aligned(2)));
_Static_assert(sizeof(struct frame6) == LOAD_MIN6, "the smallest frame");

static long spin(__u32 i, void *arg)
{
	return bpf_ktime_get_ns() >= *(__u64 *)arg;
}

// Waits for this packet's turn and returns the time. A sender that was held up catches up at most
// `slack`: beyond that the load would be bursts of its own making.
static __u64 await(void)
{
	__u64 now = bpf_ktime_get_ns(), due, late;

	if (!sent.next) {
		sent.next = now << LOAD_NS_BITS;
		sent.begun = now;
	}
	due = sent.next >> LOAD_NS_BITS;
	if (now < due) {
		bpf_loop(SPINS, spin, &due, 0);
		now = bpf_ktime_get_ns();
	}
	late = now - due;
	if (late > sent.late)
		sent.late = late;
	if (late > config.slack) {
		sent.slipped += late;
		sent.next = now << LOAD_NS_BITS;
	}
	sent.next += config.gap;
	return now;
}

// Twelve packets: seven of 64 bytes, four of 594, one of 1518, the large ones apart.
static __u32 frame_length(__u64 n)
{
	if (!config.mix)
		return config.ip6 ? LOAD_MIN6 : LOAD_MIN;
	n %= 12;
	return n == 6 ? LOAD_MAX : n % 3 == 1 ? 590 : LOAD_MIN;
}

// The one's complement sum of a header that has no options and sum zero.
static __u16 header_sum(const struct frame *f)
{
	const __u16 *w = (const void *)f + sizeof(f->eth);
	__u32 sum = 0;

	for (unsigned i = 0; i < sizeof(f->ip) / 2; i++)
		sum += w[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

static void fill_eth(struct ethhdr *eth, __u16 proto)
{
	__builtin_memcpy(eth->h_dest, config.dst_mac, ETH_ALEN);
	__builtin_memcpy(eth->h_source, config.src_mac, ETH_ALEN);
	eth->h_proto = bpf_htons(proto);
}

// 256 flows. Routers do not look at the checksum, so there is none.
static struct udphdr udp(__u32 len, __u64 n)
{
	return (struct udphdr){.source = bpf_htons(1024 + (n & 255)),
			       .dest = bpf_htons(PORT),
			       .len = bpf_htons(len)};
}

static struct load_tag tag(__u64 n, __u64 now)
{
	__u16 flags = config.probe_every && n % config.probe_every == 0 ? LOAD_PROBE : 0;

	return (struct load_tag){config.run, flags, n, now};
}

static void fill(struct frame *f, __u32 len, __u64 n, __u64 now)
{
	fill_eth(&f->eth, ETH_P_IP);
	f->ip = (struct iphdr){.version = 4,
			       .ihl = 5,
			       .tot_len = bpf_htons(len - sizeof(f->eth)),
			       .ttl = TTL,
			       .protocol = IPPROTO_UDP,
			       .saddr = config.src[0],
			       .daddr = destinations[n & config.mask & (LOAD_DESTINATIONS - 1)]};
	f->ip.check = header_sum(f);
	f->udp = udp(len - sizeof(f->eth) - sizeof(f->ip), n);
	f->tag = tag(n, now);
}

static void fill6(struct frame6 *f, __u64 n, __u64 now)
{
	const __u32 *dst = &destinations[4 * (n & config.mask & (LOAD_DESTINATIONS - 1))];

	fill_eth(&f->eth, ETH_P_IPV6);
	f->ip = (struct ipv6hdr){.version = 6,
				 .payload_len = bpf_htons(sizeof(f->udp) + sizeof(f->tag)),
				 .nexthdr = IPPROTO_UDP,
				 .hop_limit = TTL};
	__builtin_memcpy(&f->ip.saddr, config.src, sizeof(f->ip.saddr));
	__builtin_memcpy(&f->ip.daddr, dst, sizeof(f->ip.daddr));
	f->udp = udp(sizeof(f->udp) + sizeof(f->tag), n);
	f->tag = tag(n, now);
}

// Writes a packet into a frame that is long enough.
static bool write_frame(struct xdp_md *ctx, __u32 len, __u64 n)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct frame *f = data;
	struct frame6 *f6 = data;
	__u64 now = config.gap ? await() : 0;

	sent.ended = now;
	if (config.ip6) {
		if ((void *)(f6 + 1) > end)
			return false;
		fill6(f6, n, now);
	} else {
		if ((void *)(f + 1) > end)
			return false;
		fill(f, len, n, now);
	}
	return true;
}

// Every frame is written anew: the pages come back as the routers on the way left them.
SEC("xdp") int generate(struct xdp_md *ctx)
{
	__u64 n = sent.packets;
	__u32 len = frame_length(n);

	if (len != ctx->data_end - ctx->data &&
	    bpf_xdp_adjust_tail(ctx, (int)len - (int)(ctx->data_end - ctx->data)))
		return XDP_ABORTED;
	if (!write_frame(ctx, len, n))
		return XDP_ABORTED;
	sent.packets = n + 1;
	sent.bytes += len;
	return XDP_TX;
}

static __u32 bucket(__u64 ns)
{
	__u32 log = 0;

	if (ns >> 32)
		return LOAD_BUCKETS - 1;
	for (__u32 half = 16; half; half /= 2)
		if (ns >> (log + half))
			log += half;
	if (log <= LOAD_SUB_BITS)
		return ns;
	return ((log - LOAD_SUB_BITS) << LOAD_SUB_BITS) + (ns >> (log - LOAD_SUB_BITS));
}

static void count(__u32 way, const struct load_tag *tag, __u32 len)
{
	struct load_seen *s = bpf_map_lookup_elem(&seen, &way);
	__u64 now, *t;
	__u32 key;

	if (!s)
		return;
	s->packets++;
	s->bytes += len;
	if (!config.measure_time && s->first)
		return;
	now = bpf_ktime_get_ns();
	if (!s->first)
		s->first = now;
	s->last = now;
	if (!config.measure_time)
		return;
	key = way * LOAD_BUCKETS + bucket(now - tag->sent);
	t = bpf_map_lookup_elem(&times, &key);
	if (t)
		(*t)++;
}

static void turn_round(struct frame *f)
{
	unsigned char mac[ETH_ALEN];
	__u32 src = f->ip.saddr;

	__builtin_memcpy(mac, f->eth.h_source, ETH_ALEN);
	__builtin_memcpy(f->eth.h_source, f->eth.h_dest, ETH_ALEN);
	__builtin_memcpy(f->eth.h_dest, mac, ETH_ALEN);
	f->ip.saddr = f->ip.daddr;
	f->ip.daddr = src;
	f->ip.ttl = TTL;
	f->ip.check = 0;
	f->ip.check = header_sum(f);
	f->tag.flags = LOAD_REPLY;
}

// What marks a packet of this run; NULL: it is none. Probes are IPv4.
static struct load_tag *ours(void *data, void *end)
{
	struct frame *f = data;
	struct frame6 *f6 = data;
	struct load_tag *t = 0;

	if ((void *)(f + 1) > end)
		return 0;
	if (f->eth.h_proto == bpf_htons(ETH_P_IP))
		t = &f->tag;
	else if (f->eth.h_proto == bpf_htons(ETH_P_IPV6) && (void *)(f6 + 1) <= end)
		t = &f6->tag;
	return t && t->run == config.run ? t : 0;
}

SEC("xdp") int sink(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct load_tag *t = ours(data, end);

	if (!t)
		return XDP_PASS; // ARP: the far host answers like any other
	count(LOAD_ONE_WAY, t, end - data);
	if (t->flags != LOAD_PROBE)
		return XDP_DROP;
	turn_round(data);
	// XDP_TX on a veth reaches a far end that has a program only, this one also GRO
	return bpf_redirect(ctx->ingress_ifindex, 0);
}

SEC("xdp") int back(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct load_tag *t = ours(data, end);

	if (!t)
		return XDP_PASS;
	if (t->flags == LOAD_REPLY)
		count(LOAD_ROUND_TRIP, t, end - data);
	return XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
